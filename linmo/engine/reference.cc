// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/reference.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "linmo/core/error.h"
#include "linmo/core/overload.h"
#include "linmo/net/styles.h"

namespace linmo::engine {
namespace {

using Picture = ReferencePicture;

struct Numbers {
  const model::TensorMap& tensors;
  std::string prefix;
  std::vector<float> operator()(std::string_view suffix) const {
    const auto found = tensors.find(fmt::format("{}.{}", prefix, suffix));
    if (found == tensors.end())
      fail(ErrorKind::input, "the model has no numbers named {}.{}", prefix, suffix);
    return found->second.floats();
  }
};

bool inside(const Picture& p, int64_t y, int64_t x) {
  return y >= 0 && y < p.shape.height && x >= 0 && x < p.shape.width;
}

int64_t fold(int64_t i, int64_t n, net::PadMode mode) {
  if (mode == net::PadMode::replicate) return std::clamp<int64_t>(i, 0, n - 1);
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

void conv(const net::Conv& op, const Numbers& numbers, const Picture& in, Picture& out) {
  const std::vector<float> w = numbers("weight");
  const std::vector<float> bias = op.bias ? numbers("bias") : std::vector<float>();
  const int in_each = op.in / op.groups, out_each = op.out / op.groups;
  for (int64_t o = 0; o < op.out; ++o)
    for (int64_t y = 0; y < out.shape.height; ++y)
      for (int64_t x = 0; x < out.shape.width; ++x) {
        double sum = op.bias ? static_cast<double>(bias[static_cast<size_t>(o)]) : 0;
        for (int64_t i = 0; i < in_each; ++i)
          for (int64_t ky = 0; ky < op.kernel_h; ++ky)
            for (int64_t kx = 0; kx < op.kernel_w; ++kx) {
              const int64_t iy = y * op.stride - op.pad_h + ky, ix = x * op.stride - op.pad_w + kx;
              if (!inside(in, iy, ix)) continue;
              const int64_t k = ((o * in_each + i) * op.kernel_h + ky) * op.kernel_w + kx;
              sum +=
                  static_cast<double>(w[static_cast<size_t>(k)]) * in.at(o / out_each * in_each + i, iy, ix);
            }
        out.at(o, y, x) = sum;
      }
}

void conv_transpose(const net::ConvTranspose& op, const Numbers& numbers, const Picture& in, Picture& out) {
  const std::vector<float> w = numbers("weight");
  const std::vector<float> bias = op.bias ? numbers("bias") : std::vector<float>();
  for (int64_t o = 0; o < op.out; ++o) {
    for (int64_t y = 0; y < out.shape.height; ++y)
      for (int64_t x = 0; x < out.shape.width; ++x)
        out.at(o, y, x) = op.bias ? static_cast<double>(bias[static_cast<size_t>(o)]) : 0;
    for (int64_t i = 0; i < op.in; ++i)
      for (int64_t y = 0; y < in.shape.height; ++y)
        for (int64_t x = 0; x < in.shape.width; ++x)
          for (int64_t ky = 0; ky < op.kernel; ++ky)
            for (int64_t kx = 0; kx < op.kernel; ++kx) {
              const int64_t oy = y * op.stride - op.pad + ky, ox = x * op.stride - op.pad + kx;
              if (!inside(out, oy, ox)) continue;
              const int64_t k = ((i * op.out + o) * op.kernel + ky) * op.kernel + kx;
              out.at(o, oy, ox) += static_cast<double>(w[static_cast<size_t>(k)]) * in.at(i, y, x);
            }
  }
}

void norm(const net::Norm& op, const Numbers& numbers, const Picture& in, Picture& out) {
  const int64_t area = in.shape.height * in.shape.width, channels = op.channels;
  std::vector<float> weight, bias, mean, variance;
  if (op.affine) weight = numbers("weight"), bias = numbers("bias");
  if (op.kind == net::NormKind::batch) mean = numbers("running_mean"), variance = numbers("running_var");
  const int64_t groups = op.kind == net::NormKind::layer   ? 1
                         : op.kind == net::NormKind::group ? op.groups
                                                           : channels;
  const int64_t each = channels / groups;
  for (int64_t g = 0; g < groups; ++g) {
    double m = 0, v = 0;
    const int64_t first = g * each * area, last = (g + 1) * each * area;
    if (op.kind == net::NormKind::batch) {
      m = static_cast<double>(mean[static_cast<size_t>(g)]);
      v = static_cast<double>(variance[static_cast<size_t>(g)]);
    } else {
      for (int64_t k = first; k < last; ++k) m += in.values[static_cast<size_t>(k)];
      m /= static_cast<double>(each * area);
      for (int64_t k = first; k < last; ++k) {
        const double difference = in.values[static_cast<size_t>(k)] - m;
        v += difference * difference;
      }
      v /= static_cast<double>(each * area);  // biased, as torch normalises
    }
    for (int64_t k = first; k < last; ++k) {
      double y = (in.values[static_cast<size_t>(k)] - m) / std::sqrt(v + op.eps);
      const auto c = static_cast<size_t>(k / area);
      if (op.affine) y = y * static_cast<double>(weight[c]) + static_cast<double>(bias[c]);
      out.values[static_cast<size_t>(k)] = y;
    }
  }
}

void activation(const net::Activation& op, const Numbers& numbers, const Picture& in, Picture& out) {
  std::vector<float> slopes;
  if (op.kind == net::ActivationKind::prelu) slopes = numbers("weight");
  const auto area = static_cast<size_t>(in.shape.height * in.shape.width);
  for (size_t k = 0; k < in.values.size(); ++k) {
    const double x = in.values[k];
    double y = 0;
    switch (op.kind) {
      case net::ActivationKind::relu:
        y = std::max(x, 0.0);
        break;
      case net::ActivationKind::leaky_relu:
        y = x > 0 ? x : op.slope * x;
        break;
      case net::ActivationKind::tanh:
        y = std::tanh(x);
        break;
      case net::ActivationKind::sigmoid:
        y = 1 / (1 + std::exp(-x));
        break;
      case net::ActivationKind::prelu:
        y = x > 0 ? x : static_cast<double>(slopes[slopes.size() == 1 ? 0 : k / area]) * x;
        break;
    }
    out.values[k] = y;
  }
}

void upsample(const net::Upsample& op, const Picture& in, Picture& out) {
  struct Line {
    int64_t low, high;
    double part;
  };
  const auto line = [&](int64_t i, int64_t n, int64_t n_out) {
    if (op.mode == net::Interpolation::nearest) return Line{i / op.factor, i / op.factor, 0};
    double p = 0;
    if (op.align_corners)
      p = n_out > 1 ? static_cast<double>(i) * static_cast<double>(n - 1) / static_cast<double>(n_out - 1)
                    : 0;
    else
      p = std::max(0.0, (static_cast<double>(i) + 0.5) / op.factor - 0.5);
    const auto low = std::min<int64_t>(static_cast<int64_t>(std::floor(p)), n - 1);
    return Line{low, std::min(low + 1, n - 1), p - static_cast<double>(low)};
  };
  for (int64_t c = 0; c < out.shape.channels; ++c)
    for (int64_t y = 0; y < out.shape.height; ++y)
      for (int64_t x = 0; x < out.shape.width; ++x) {
        const Line v = line(y, in.shape.height, out.shape.height),
                   h = line(x, in.shape.width, out.shape.width);
        const double top = (1 - h.part) * in.at(c, v.low, h.low) + h.part * in.at(c, v.low, h.high);
        const double bottom = (1 - h.part) * in.at(c, v.high, h.low) + h.part * in.at(c, v.high, h.high);
        out.at(c, y, x) = (1 - v.part) * top + v.part * bottom;
      }
}

void blur_down(const Numbers& numbers, const Picture& in, Picture& out) {
  const std::vector<float> filter = numbers("filt");
  for (int64_t c = 0; c < out.shape.channels; ++c)
    for (int64_t y = 0; y < out.shape.height; ++y)
      for (int64_t x = 0; x < out.shape.width; ++x) {
        double sum = 0;
        for (int64_t ky = 0; ky < 3; ++ky)
          for (int64_t kx = 0; kx < 3; ++kx)
            sum += static_cast<double>(filter[static_cast<size_t>(c * 9 + ky * 3 + kx)]) *
                   in.at(c, fold(2 * y - 1 + ky, in.shape.height, net::PadMode::reflect),
                         fold(2 * x - 1 + kx, in.shape.width, net::PadMode::reflect));
        out.at(c, y, x) = sum;
      }
}

// ReplicationPad2d(1); conv_transpose2d(stride 2, padding 2); without the first and the last row and column.
void blur_up(const Numbers& numbers, const Picture& in, Picture& out) {
  const std::vector<float> filter = numbers("filt");
  for (int64_t c = 0; c < out.shape.channels; ++c)
    for (int64_t py = 0; py < in.shape.height + 2; ++py)
      for (int64_t px = 0; px < in.shape.width + 2; ++px) {
        const double value = in.at(c, fold(py - 1, in.shape.height, net::PadMode::replicate),
                                   fold(px - 1, in.shape.width, net::PadMode::replicate));
        for (int64_t ky = 0; ky < 4; ++ky)
          for (int64_t kx = 0; kx < 4; ++kx) {
            const int64_t y = py * 2 - 2 + ky - 1, x = px * 2 - 2 + kx - 1;
            if (inside(out, y, x))
              out.at(c, y, x) +=
                  static_cast<double>(filter[static_cast<size_t>(c * 16 + ky * 4 + kx)]) * value;
          }
      }
}

void pool(const net::Pool& op, const Picture& in, Picture& out) {
  for (int64_t c = 0; c < out.shape.channels; ++c)
    for (int64_t y = 0; y < out.shape.height; ++y)
      for (int64_t x = 0; x < out.shape.width; ++x) {
        double sum = 0, best = -INFINITY;
        int count = 0;
        for (int64_t ky = 0; ky < op.kernel; ++ky)
          for (int64_t kx = 0; kx < op.kernel; ++kx) {
            const int64_t iy = y * op.stride - op.pad + ky, ix = x * op.stride - op.pad + kx;
            if (!inside(in, iy, ix)) continue;
            sum += in.at(c, iy, ix);
            best = std::max(best, in.at(c, iy, ix));
            ++count;
          }
        out.at(c, y, x) = op.maximum ? best : sum / (op.count_pad ? op.kernel * op.kernel : count);
      }
}

}  // namespace

std::vector<ReferencePicture> run_reference(const net::Description& d, const model::TensorMap& tensors,
                                            net::Shape input, std::span<const float> in,
                                            const std::vector<ReferencePicture>* before) {
  net::require_one_style(d);
  const std::vector<net::Shape> shapes = net::infer_shapes(d, input);
  std::vector<Picture> results;
  for (size_t k = 0; k < d.layers.size(); ++k) {
    const net::Layer& layer = d.layers[k];
    const Numbers numbers{tensors, layer.name};
    Picture out{shapes[k], std::vector<double>(static_cast<size_t>(shapes[k].count()))};
    const auto from = [&](size_t i) -> const Picture& {
      return results[static_cast<size_t>(layer.inputs.at(i))];
    };
    const auto each = [&](auto&& value) {
      for (int64_t c = 0; c < out.shape.channels; ++c)
        for (int64_t y = 0; y < out.shape.height; ++y)
          for (int64_t x = 0; x < out.shape.width; ++x) out.at(c, y, x) = value(c, y, x);
    };
    std::visit(Overload{
                   [&](const net::Input&) { out.values.assign(in.begin(), in.end()); },
                   [&](const net::Conv& op) { conv(op, numbers, from(0), out); },
                   [&](const net::ConvTranspose& op) { conv_transpose(op, numbers, from(0), out); },
                   [&](const net::Pad& op) {
                     const Picture& p = from(0);
                     each([&](int64_t c, int64_t y, int64_t x) {
                       y -= op.top, x -= op.left;
                       if (op.mode == net::PadMode::zero) return inside(p, y, x) ? p.at(c, y, x) : 0;
                       return p.at(c, fold(y, p.shape.height, op.mode), fold(x, p.shape.width, op.mode));
                     });
                   },
                   [&](const net::Norm& op) { norm(op, numbers, from(0), out); },
                   [&](const net::Activation& op) { activation(op, numbers, from(0), out); },
                   [&](const net::Add&) {
                     for (size_t i = 0; i < layer.inputs.size(); ++i)
                       for (size_t v = 0; v < out.values.size(); ++v) out.values[v] += from(i).values[v];
                   },
                   [&](const net::Concat&) {
                     out.values.clear();
                     for (size_t i = 0; i < layer.inputs.size(); ++i)
                       out.values.insert(out.values.end(), from(i).values.begin(), from(i).values.end());
                   },
                   [&](const net::Upsample& op) { upsample(op, from(0), out); },
                   [&](const net::BlurDown&) { blur_down(numbers, from(0), out); },
                   [&](const net::BlurUp&) { blur_up(numbers, from(0), out); },
                   [&](const net::Dropout&) { out.values = from(0).values; },
                   [&](const net::PixelShuffle& op) {
                     const int64_t f = op.factor;
                     each([&](int64_t c, int64_t y, int64_t x) {
                       return from(0).at(c * f * f + y % f * f + x % f, y / f, x / f);
                     });
                   },
                   [&](const net::PixelUnshuffle& op) {
                     const int64_t f = op.factor;
                     each([&](int64_t c, int64_t y, int64_t x) {
                       return from(0).at(c / (f * f), y * f + c % (f * f) / f, x * f + c % f);
                     });
                   },
                   [&](const net::Pool& op) { pool(op, from(0), out); },
                   [&](const net::GlobalPool&) {
                     const int64_t area = from(0).shape.height * from(0).shape.width;
                     for (int64_t k2 = 0; k2 < area * out.shape.channels; ++k2)
                       out.values[static_cast<size_t>(k2 / area)] +=
                           from(0).values[static_cast<size_t>(k2)] / static_cast<double>(area);
                   },
                   [&](const net::ScaleShift& op) {
                     each([&](int64_t c, int64_t y, int64_t x) {
                       const auto i = static_cast<size_t>(c);
                       return from(0).at(c, y, x) * op.scale[op.scale.size() == 1 ? 0 : i] +
                              op.shift[op.shift.size() == 1 ? 0 : i];
                     });
                   },
                   [&](const net::Multiply&) {
                     out.values = from(0).values;
                     for (size_t i = 1; i < layer.inputs.size(); ++i)
                       for (size_t v = 0; v < out.values.size(); ++v) out.values[v] *= from(i).values[v];
                   },
                   [&](const net::Memory&) {
                     for (const auto& [memory, source] : d.memories) {
                       if (before && memory == static_cast<int>(k))
                         out.values = before->at(static_cast<size_t>(source)).values;
                     }
                   },
               },
               layer.op);
    results.push_back(std::move(out));
  }
  return results;
}

}  // namespace linmo::engine
