// SPDX-License-Identifier: Apache-2.0
// Horizontal pass, then vertical pass, in float. Rows are taken kLanes at a time and transposed, so that a
// vector holds one sample of kLanes rows: the filter loop is then the same for every channel count and
// depth. A ring of filtered rows feeds the vertical pass, so memory does not grow with the height.
#include "linmo/image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "linmo/image/convert.h"

namespace linmo {
namespace {

constexpr int64_t kLanes = 8;

double sinc(double x) {
  if (x == 0) return 1;
  const double phase = std::numbers::pi * x;
  return std::sin(phase) / phase;
}

struct Kernel {
  double support;
  double (*weight)(double);
};

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::nearest:
      break;
    case Filter::box:
      return {0.5, [](double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }};
    case Filter::bilinear:
      return {1, [](double x) { return std::max(0.0, 1 - std::abs(x)); }};
    case Filter::bicubic:
      // Keys, "Cubic convolution interpolation for digital image processing", 1981, eq. 4 with a = −0.5.
      return {2, [](double x) {
                constexpr double a = -0.5;
                x = std::abs(x);
                if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
                if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
                return 0.0;
              }};
    case Filter::lanczos:
      return {3, [](double x) { return std::abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0.0; }};
  }
  fail(ErrorKind::usage, "this filter has no kernel");
}

// For each output sample: which inputs it takes and by how much.
struct Taps {
  struct Range {
    int64_t first, count;
  };
  std::vector<Range> ranges;
  std::vector<float> weights;  // `most` a sample
  int64_t most = 0;

  const float* of(int64_t i) const { return weights.data() + i * most; }
};

Taps make_taps(const Kernel& kernel, int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(1.0, scale);  // wider when reducing: anti-aliasing
  const double reach = kernel.support * stretch;
  Taps taps;
  taps.most = static_cast<int64_t>(std::ceil(reach)) * 2 + 1;
  taps.ranges.resize(static_cast<size_t>(to));
  taps.weights.assign(static_cast<size_t>(to * taps.most), 0.0f);
  std::vector<double> row(static_cast<size_t>(taps.most));
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(centre - reach + 0.5));
    const int64_t last = std::min(from, static_cast<int64_t>(centre + reach + 0.5));
    double sum = 0;
    for (int64_t k = first; k < last; ++k) {
      const double w = kernel.weight((static_cast<double>(k) - centre + 0.5) / stretch);
      row[static_cast<size_t>(k - first)] = w;
      sum += w;
    }
    taps.ranges[static_cast<size_t>(i)] = {first, last - first};
    for (int64_t k = 0; k < last - first; ++k) {
      taps.weights[static_cast<size_t>(i * taps.most + k)] =
          static_cast<float>(row[static_cast<size_t>(k)] / sum);
    }
  }
  return taps;
}

template <class T>
constexpr bool kInteger = !std::is_same_v<T, float>;
template <class T>
constexpr float kTop = sizeof(T) == 1 ? 255.0f : 65535.0f;
template <>
constexpr float kTop<float> = 1.0f;

// kLanes rows (`rows[lane]`) → block[sample][lane]; colours times alpha where there is one.
template <class T>
void gather(const std::array<const T*, kLanes>& rows, int64_t samples, int channels, float* block) {
  for (int64_t s = 0; s < samples; ++s) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      block[s * kLanes + lane] = static_cast<float>(rows[static_cast<size_t>(lane)][s]);
    }
  }
  if (channels % 2) return;
  for (int64_t p = 0; p < samples; p += channels) {
    const float* alpha = block + (p + channels - 1) * kLanes;
    for (int c = 0; c < channels - 1; ++c) {
      float* colour = block + (p + c) * kLanes;
      for (int64_t lane = 0; lane < kLanes; ++lane) colour[lane] *= alpha[lane] / kTop<T>;
    }
  }
}

// One output pixel of kLanes rows: out[channel][lane] = Σ weight · block[tap][channel][lane].
template <int kChannels>
void filter_pixel(const float* block, const float* weights, int64_t count, float* out) {
  float sum[kChannels * kLanes] = {};
  for (int64_t k = 0; k < count; ++k, block += kChannels * kLanes) {
    for (int64_t i = 0; i < kChannels * kLanes; ++i) sum[i] += weights[k] * block[i];
  }
  std::copy_n(sum, kChannels * kLanes, out);
}

template <int kChannels>
void filter_block(const float* block, const Taps& taps, float* out) {
  for (size_t x = 0; x < taps.ranges.size(); ++x) {
    const auto [first, count] = taps.ranges[x];
    filter_pixel<kChannels>(block + first * kChannels * kLanes, taps.of(static_cast<int64_t>(x)), count,
                            out + static_cast<int64_t>(x) * kChannels * kLanes);
  }
}

using FilterBlock = void (*)(const float*, const Taps&, float*);
constexpr std::array<FilterBlock, 5> kFilterBlock = {nullptr, filter_block<1>, filter_block<2>,
                                                     filter_block<3>, filter_block<4>};

// Output row: Σ weight · row, then back to straight alpha, clipped and rounded.
template <class T>
void finish_row(std::span<float> sums, int channels, std::span<T> out) {
  if (channels % 2 == 0) {
    for (size_t p = 0; p < sums.size(); p += static_cast<size_t>(channels)) {
      const float alpha = sums[p + static_cast<size_t>(channels) - 1];
      const float back = alpha > 0 ? kTop<T> / alpha : 0.0f;
      for (size_t c = 0; c + 1 < static_cast<size_t>(channels); ++c) sums[p + c] *= back;
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    if constexpr (kInteger<T>) {
      out[i] = static_cast<T>(std::clamp(sums[i], 0.0f, kTop<T>) + 0.5f);
    } else {
      out[i] = sums[i];
    }
  }
}

template <class T>
void resize_rows(const Image& image, Image& out, const Kernel& kernel) {
  const Taps across = make_taps(kernel, image.width(), out.width());
  const Taps down = make_taps(kernel, image.height(), out.height());
  const int channels = image.channels();
  const int64_t in_samples = image.width() * channels, out_samples = out.width() * channels;
  std::vector<float> block(static_cast<size_t>(in_samples * kLanes));
  std::vector<float> filtered(static_cast<size_t>(out_samples * kLanes));
  const int64_t ring_rows = down.most + kLanes;
  std::vector<float> ring(static_cast<size_t>(ring_rows * out_samples));
  std::vector<float> sums(static_cast<size_t>(out_samples));
  int64_t ready = 0;  // input rows filtered so far
  for (int64_t y = 0; y < out.height(); ++y) {
    const auto [first, count] = down.ranges[static_cast<size_t>(y)];
    if (ready < first) ready = first;  // rows between two windows are not needed
    while (ready < first + count) {
      const int64_t rows = std::min(kLanes, image.height() - ready);
      std::array<const T*, kLanes> pointers;
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        pointers[static_cast<size_t>(lane)] = image.row<T>(ready + std::min(lane, rows - 1)).data();
      }
      gather<T>(pointers, in_samples, channels, block.data());
      kFilterBlock[static_cast<size_t>(channels)](block.data(), across, filtered.data());
      for (int64_t lane = 0; lane < rows; ++lane) {
        float* row = ring.data() + (ready + lane) % ring_rows * out_samples;
        for (int64_t s = 0; s < out_samples; ++s) {
          const float value = filtered[static_cast<size_t>(s * kLanes + lane)];
          // Pillow stores integers between the passes, which cuts overshoot off; so is it cut here.
          row[s] = kInteger<T> ? std::clamp(value, 0.0f, kTop<T>) : value;
        }
      }
      ready += rows;
    }
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (int64_t k = 0; k < count; ++k) {
      const float weight = down.of(y)[k];
      const float* row = ring.data() + (first + k) % ring_rows * out_samples;
      for (int64_t s = 0; s < out_samples; ++s) sums[static_cast<size_t>(s)] += weight * row[s];
    }
    finish_row<T>(sums, channels, out.row<T>(y));
  }
}

Image resize_nearest(const Image& image, int64_t width, int64_t height) {
  const size_t pixel = static_cast<size_t>(image.channels()) * static_cast<size_t>(image.depth());
  const auto source = [](int64_t i, int64_t from, int64_t to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    return std::min(from - 1, static_cast<int64_t>((static_cast<double>(i) + 0.5) * scale));
  };
  Image out(width, height, image.channels(), image.depth());
  std::vector<size_t> offsets(static_cast<size_t>(width));
  for (int64_t x = 0; x < width; ++x) {
    offsets[static_cast<size_t>(x)] = static_cast<size_t>(source(x, image.width(), width)) * pixel;
  }
  std::byte* to = out.samples<std::byte>().data();
  for (int64_t y = 0; y < height; ++y) {
    const auto row = static_cast<size_t>(source(y, image.height(), height) * image.width()) * pixel;
    for (const size_t offset : offsets) {
      std::memcpy(to, image.bytes().data() + row + offset, pixel);
      to += pixel;
    }
  }
  return out;
}

}  // namespace

Image resize(const Image& image, int64_t width, int64_t height, Filter filter) {
  if (image.empty() || width < 1 || height < 1) {
    fail(ErrorKind::usage, "cannot resize a picture of {} × {} to {} × {}", image.width(), image.height(),
         width, height);
  }
  if (width == image.width() && height == image.height()) return image;
  if (filter == Filter::nearest) return resize_nearest(image, width, height);
  const Kernel kernel = kernel_of(filter);
  Image out(width, height, image.channels(), image.depth());
  switch (image.depth()) {
    case Depth::u8:
      resize_rows<uint8_t>(image, out, kernel);
      break;
    case Depth::u16:
      resize_rows<uint16_t>(image, out, kernel);
      break;
    case Depth::f32:
      resize_rows<float>(image, out, kernel);
      break;
  }
  return out;
}

}  // namespace linmo
