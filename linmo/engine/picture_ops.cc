// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/picture_ops.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

namespace linmo::engine {
namespace {

int64_t source_index(int64_t i, int64_t n, net::PadMode mode) {
  if (mode == net::PadMode::replicate) return std::clamp<int64_t>(i, 0, n - 1);
  if (i < 0) return -i;
  return i < n ? i : 2 * (n - 1) - i;
}

}  // namespace

ThreadCount::ThreadCount(int threads) : before_(omp_get_max_threads()) {
  omp_set_num_threads(threads);
}
ThreadCount::~ThreadCount() {
  omp_set_num_threads(before_);
}

void parallel(int64_t n, const std::function<void(int64_t)>& f) {
  if (n <= 1 || omp_get_max_threads() == 1) {
    for (int64_t i = 0; i < n; ++i) f(i);
    return;
  }
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; ++i) f(i);
}

View view_of(const Value& v, std::byte* data, bool with_border) {
  View view;
  view.type = v.type;
  view.pixel = v.stored_channels;
  view.row = v.stored_width() * v.stored_channels;
  view.channels = v.arrangement == Arrangement::blocks ? v.stored_channels : v.shape.channels;
  view.height = v.shape.height;
  view.width = v.shape.width;
  view.data = data;
  if (v.arrangement == Arrangement::phases) {
    view.phase = v.stored_height() * view.row;
  } else if (v.arrangement == Arrangement::blocks) {
    view.height /= 2, view.width /= 2;
  } else if (with_border) {
    view.height = v.stored_height();
    view.width = v.stored_width();
  } else {
    view.data = view.at(v.border.top, v.border.left);
  }
  return view;
}

void fill_border(const Value& v, std::byte* data) {
  const Border& b = v.border;
  if (!b.any()) return;
  const View all = view_of(v, data, true), inner = view_of(v, data, false);
  const auto pixel_bytes = static_cast<size_t>(all.pixel * size_of(all.type));
  const auto row_bytes = static_cast<size_t>(all.row * size_of(all.type));
  const bool zero = b.mode == net::PadMode::zero;
  parallel(inner.height, [&](int64_t y) {
    const auto side = [&](int64_t from, int64_t to) {
      for (int64_t x = from; x < to; ++x) {
        if (zero)
          std::memset(inner.at(y, x), 0, pixel_bytes);
        else
          std::memcpy(inner.at(y, x), inner.at(y, source_index(x, inner.width, b.mode)), pixel_bytes);
      }
    };
    side(-b.left, 0);
    side(inner.width, inner.width + b.right);
  });
  parallel(b.top + b.bottom, [&](int64_t k) {
    const int64_t y = k < b.top ? k - b.top : inner.height + k - b.top;
    if (zero)
      std::memset(inner.at(y, -b.left), 0, row_bytes);
    else
      std::memcpy(inner.at(y, -b.left), inner.at(source_index(y, inner.height, b.mode), -b.left), row_bytes);
  });
}

void map_picture(const View& in, const View& residual, const View& out, const MapTables& tables,
                 const View& quantised, const float* quant_factor) {
  const View& size = out.data ? out : quantised;
  parallel(size.height, [&](int64_t y) {
    MapRow row;
    row.src_type = in.type, row.dst_type = out.type, row.residual_type = residual.type;
    row.channels = size.channels;
    row.quant_type = quantised.type, row.quant_factor = quant_factor;
    row.scale = tables.scale, row.shift = tables.shift;
    row.before = tables.before, row.after = tables.after;
    const int64_t step = in.phase ? 2 : 1;
    for (int64_t x = 0; x < step; ++x) {
      row.src = in.phase ? in.data + ((2 * (y % 2) + x) * in.phase + y / 2 * in.row) * size_of(in.type)
                         : in.at(y, 0);
      row.src_pitch = in.pixel;
      row.dst = out.data ? out.at(y, x) : nullptr;
      row.dst_pitch = step * out.pixel;
      row.residual = residual.data ? residual.at(y, x) : nullptr;
      row.residual_pitch = step * residual.pixel;
      row.quant = quantised.data ? quantised.at(y, x) : nullptr;
      row.quant_pitch = step * quantised.pixel;
      row.pixels = (size.width - x + step - 1) / step;
      map_row(row);
    }
  });
}

Moments moments(const View& in, Rect region) {
  const auto channels = static_cast<size_t>(in.channels);
  // Deviations are taken from one pixel's values, so that squares of a large mean do not swallow a small
  // variance. The number of parts does not depend on the number of threads, so neither does the result.
  std::vector<float> origin(channels);
  const auto pixel = [&](int64_t y, int64_t x) -> const std::byte* {
    if (!in.phase) return in.at(y, x);
    return in.data +
           ((2 * (y % 2) + x % 2) * in.phase + y / 2 * in.row + x / 2 * in.pixel) * size_of(in.type);
  };
  const std::byte* first = pixel(region.y + region.height / 2, region.x + region.width / 2);
  for (size_t c = 0; c < channels; ++c) origin[c] = load(in.type, first, static_cast<int64_t>(c));
  const int64_t parts = std::min<int64_t>(region.height, 64);
  std::vector<double> sums(static_cast<size_t>(parts) * channels), squares(sums.size());
  parallel(parts, [&](int64_t part) {
    double* sum = sums.data() + static_cast<size_t>(part) * channels;
    double* square = squares.data() + static_cast<size_t>(part) * channels;
    for (int64_t y = region.y + region.height * part / parts;
         y < region.y + region.height * (part + 1) / parts; ++y) {
      if (!in.phase) {
        moments_row(in.type, in.at(y, region.x), in.pixel, region.width, in.channels, origin.data(), sum,
                    square);
        continue;
      }
      for (int64_t x = region.x; x < std::min(region.x + 2, region.x + region.width); ++x) {
        moments_row(in.type, pixel(y, x), in.pixel, (region.x + region.width - x + 1) / 2, in.channels,
                    origin.data(), sum, square);
      }
    }
  });
  Moments m;
  m.count = static_cast<double>(region.width) * static_cast<double>(region.height);
  m.mean.resize(channels);
  m.m2.resize(channels);
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0, square = 0;
    for (size_t part = 0; part < static_cast<size_t>(parts); ++part) {
      sum += sums[part * channels + c];
      square += squares[part * channels + c];
    }
    m.mean[c] = static_cast<double>(origin[c]) + sum / m.count;
    m.m2[c] = std::max(0.0, square - sum * sum / m.count);
  }
  return m;
}

void upsample(const View& in, const View& out, const net::Upsample& op) {
  const auto pixel_bytes = static_cast<size_t>(in.channels * size_of(in.type));
  if (op.mode == net::Interpolation::nearest) {
    parallel(out.height, [&](int64_t y) {
      for (int64_t x = 0; x < out.width; ++x)
        std::memcpy(out.at(y, x), in.at(y / op.factor, x / op.factor), pixel_bytes);
    });
    return;
  }
  struct Place {
    int64_t low, high;
    float part;
  };
  const auto place = [&](int64_t i, int64_t n, int64_t n_out) {
    const double scale = op.align_corners
                             ? (n_out > 1 ? static_cast<double>(n - 1) / static_cast<double>(n_out - 1) : 0)
                             : static_cast<double>(n) / static_cast<double>(n_out);
    const auto position = static_cast<double>(i);
    const double p = op.align_corners ? position * scale : std::max(0.0, (position + 0.5) * scale - 0.5);
    const auto low = std::min<int64_t>(static_cast<int64_t>(p), n - 1);
    return Place{low, std::min(low + 1, n - 1), static_cast<float>(p - static_cast<double>(low))};
  };
  parallel(out.height, [&](int64_t y) {
    const Place py = place(y, in.height, out.height);
    for (int64_t x = 0; x < out.width; ++x) {
      const Place px = place(x, in.width, out.width);
      const std::array<const void*, 4> from = {in.at(py.low, px.low), in.at(py.low, px.high),
                                               in.at(py.high, px.low), in.at(py.high, px.high)};
      const std::array<float, 4> weight = {(1 - py.part) * (1 - px.part), (1 - py.part) * px.part,
                                           py.part * (1 - px.part), py.part * px.part};
      weigh_pixel(in.type, from.data(), 4, weight.data(), 1, 0, out.at(y, x), in.channels);
    }
  });
}

void blur_down(const View& in, const View& out, const float* filter) {
  parallel(out.height, [&](int64_t y) {
    for (int64_t x = 0; x < out.width; ++x) {
      std::array<const void*, 9> from;
      for (int64_t k = 0; k < 9; ++k) {
        from[static_cast<size_t>(k)] =
            in.at(source_index(2 * y - 1 + k / 3, in.height, net::PadMode::reflect),
                  source_index(2 * x - 1 + k % 3, in.width, net::PadMode::reflect));
      }
      weigh_pixel(in.type, from.data(), 9, filter, in.channels, 1, out.at(y, x), in.channels);
    }
  });
}

// Row 2y reads rows y − 1 and y with the filter's taps 3 and 1, row 2y + 1 rows y and y + 1 with 2 and 0.
void blur_up(const View& in, const View& out, const float* filter) {
  const int64_t channels = in.channels;
  std::array<std::vector<float>, 4> phases;  // four taps each, in the order of `from` below
  for (int64_t phase = 0; phase < 4; ++phase) {
    const std::array<int64_t, 2> ky = phase / 2 ? std::array<int64_t, 2>{2, 0} : std::array<int64_t, 2>{3, 1};
    const std::array<int64_t, 2> kx = phase % 2 ? std::array<int64_t, 2>{2, 0} : std::array<int64_t, 2>{3, 1};
    for (const int64_t y : ky) {
      for (const int64_t x : kx) {
        const float* tap = filter + (y * 4 + x) * channels;
        auto& taps = phases[static_cast<size_t>(phase)];
        taps.insert(taps.end(), tap, tap + channels);
      }
    }
  }
  parallel(out.height, [&](int64_t y) {
    const int64_t y0 = y / 2 - 1 + y % 2;
    for (int64_t x = 0; x < out.width; ++x) {
      const int64_t x0 = x / 2 - 1 + x % 2;
      std::array<const void*, 4> from;
      for (int64_t k = 0; k < 4; ++k) {
        from[static_cast<size_t>(k)] = in.at(std::clamp<int64_t>(y0 + k / 2, 0, in.height - 1),
                                             std::clamp<int64_t>(x0 + k % 2, 0, in.width - 1));
      }
      weigh_pixel(in.type, from.data(), 4, phases[static_cast<size_t>(2 * (y % 2) + x % 2)].data(), channels,
                  1, out.at(y, x), channels);
    }
  });
}

void pool(const View& in, const View& out, const net::Pool& op) {
  parallel(out.height, [&](int64_t y) {
    std::vector<const void*> from;
    for (int64_t x = 0; x < out.width; ++x) {
      from.clear();
      for (int64_t ky = 0; ky < op.kernel; ++ky) {
        for (int64_t kx = 0; kx < op.kernel; ++kx) {
          const int64_t iy = y * op.stride - op.pad + ky, ix = x * op.stride - op.pad + kx;
          if (iy >= 0 && iy < in.height && ix >= 0 && ix < in.width) from.push_back(in.at(iy, ix));
        }
      }
      const int count = static_cast<int>(from.size());
      if (op.maximum) {
        max_pixel(in.type, from.data(), count, out.at(y, x), in.channels);
      } else {
        const float weight = 1.0f / static_cast<float>(op.count_pad ? op.kernel * op.kernel : count);
        weigh_pixel(in.type, from.data(), count, &weight, 0, 0, out.at(y, x), in.channels);
      }
    }
  });
}

void global_pool(const View& in, const View& out) {
  const Moments m = moments(in, {0, 0, in.width, in.height});
  for (int64_t c = 0; c < in.channels; ++c)
    store(out.type, out.data, c, static_cast<float>(m.mean[static_cast<size_t>(c)]));
}

void pixel_shuffle(const View& in, const View& out, int factor) {
  const int64_t f = factor, area = f * f;
  parallel(out.height, [&](int64_t y) {
    for (int64_t x = 0; x < out.width; ++x) {
      const std::byte* from = in.at(y / f, x / f);
      std::byte* to = out.at(y, x);
      const int64_t phase = y % f * f + x % f;
      for (int64_t c = 0; c < out.channels; ++c)
        store(out.type, to, c, load(in.type, from, c * area + phase));
    }
  });
}

void pixel_unshuffle(const View& in, const View& out, int factor) {
  const int64_t f = factor, area = f * f;
  parallel(out.height, [&](int64_t y) {
    for (int64_t x = 0; x < out.width; ++x) {
      std::byte* to = out.at(y, x);
      for (int64_t phase = 0; phase < area; ++phase) {
        const std::byte* from = in.at(y * f + phase / f, x * f + phase % f);
        for (int64_t c = 0; c < in.channels; ++c)
          store(out.type, to, c * area + phase, load(in.type, from, c));
      }
    }
  });
}

void concat(std::span<const View> in, const View& out) {
  parallel(out.height, [&](int64_t y) {
    for (int64_t x = 0; x < out.width; ++x) {
      std::byte* to = out.at(y, x);
      for (const View& v : in) {
        const int64_t bytes = v.channels * size_of(v.type);
        std::memcpy(to, v.at(y, x), static_cast<size_t>(bytes));
        to += bytes;
      }
    }
  });
}

void multiply(std::span<const View> in, const View& out) {
  parallel(out.height, [&](int64_t y) {
    for (int64_t x = 0; x < out.width; ++x) {
      std::byte* to = out.at(y, x);
      for (int64_t c = 0; c < out.channels; ++c) store(out.type, to, c, 1);
      for (const View& v : in) {
        if (v.type == out.type) {
          multiply_by(out.type, v.at(y, x), to, out.channels);
          continue;
        }
        for (int64_t c = 0; c < out.channels; ++c)
          store(out.type, to, c, load(out.type, to, c) * load(v.type, v.at(y, x), c));
      }
    }
  });
}

void import_picture(std::span<const float> in, Layout layout, const View& out) {
  const bool planar = layout == Layout::planar;
  const int64_t plane = out.height * out.width;
  parallel(out.height, [&](int64_t y) {
    if (!planar && out.pixel == out.channels)
      return store_row(out.type, out.at(y, 0), in.data() + y * out.width * out.channels,
                       out.width * out.channels);
    for (int64_t x = 0; x < out.width; ++x) {
      std::byte* to = out.at(y, x);
      const int64_t pixel = y * out.width + x;
      for (int64_t c = 0; c < out.channels; ++c) {
        store(out.type, to, c,
              in[static_cast<size_t>(planar ? c * plane + pixel : pixel * out.channels + c)]);
      }
    }
  });
}

void export_picture(const View& in, bool blocks, Rect crop, int64_t channels, Layout layout,
                    std::span<float> out) {
  const bool planar = layout == Layout::planar;
  const int64_t plane = crop.width * crop.height;
  parallel(crop.height, [&](int64_t row) {
    const int64_t y = crop.y + row;
    for (int64_t column = 0; column < crop.width; ++column) {
      const int64_t x = crop.x + column;
      const std::byte* from = blocks ? in.at(y / 2, x / 2) : in.at(y, x);
      const int64_t first = blocks ? (2 * (y % 2) + x % 2) * channels : 0;
      const int64_t pixel = row * crop.width + column;
      if (!planar && in.type == Type::f32) {
        std::copy_n(reinterpret_cast<const float*>(from) + first, channels, out.data() + pixel * channels);
        continue;
      }
      for (int64_t c = 0; c < channels; ++c)
        out[static_cast<size_t>(planar ? c * plane + pixel : pixel * channels + c)] =
            load(in.type, from, first + c);
    }
  });
}

}  // namespace linmo::engine
