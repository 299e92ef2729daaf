// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/kernels.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "linmo/core/error.h"
#include "linmo/core/simd.h"

namespace linmo::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

struct Bf16 {
  uint16_t bits;
};
inline __attribute__((always_inline)) float load(const Bf16& v) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(v.bits) << 16);
}
inline __attribute__((always_inline)) float load(const float& v) {
  return v;
}
inline __attribute__((always_inline)) double load(const double& v) {
  return v;
}
inline __attribute__((always_inline)) void store(Bf16& to, float v) {
  // Round to nearest even; NaN stays NaN because its mantissa's top bit is set before the shift.
  const uint32_t bits = __builtin_bit_cast(uint32_t, v);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  to.bits = static_cast<uint16_t>(v != v ? 0x7fc0u : rounded);
}
inline __attribute__((always_inline)) void store(float& to, float v) {
  to = v;
}
inline __attribute__((always_inline)) void store(double& to, double v) {
  to = v;
}

// Statistics are kept in fp32 for fp32 and bf16 tensors, in fp64 for fp64.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;

constexpr int64_t kBlock = 256;  // pixels summed in one go; fixed, so that sums have one order

// sums[0…C) += x − shift, sums[C…2C) += (x − shift)² over `pixels` pixels
template <class T>
inline __attribute__((always_inline)) void moments_body(const T* x, const Wide<T>* shift, int64_t pixels,
                                                        int64_t channels, Wide<T>* sums) {
  for (int64_t p = 0; p < pixels; ++p) {
    const T* row = x + p * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const Wide<T> d = load(row[c]) - shift[c];
      sums[c] += d;
      sums[channels + c] += d * d;
    }
  }
}
template <class T>
inline __attribute__((always_inline)) void normalise_body(const T* x, const T* residual, const Wide<T>* scale,
                                                          const Wide<T>* shift, Wide<T> slope, int64_t pixels,
                                                          int64_t channels, T* y) {
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t o = p * channels;
    if (residual) {
      for (int64_t c = 0; c < channels; ++c) {
        const Wide<T> v = load(x[o + c]) * scale[c] + shift[c];
        store(y[o + c], (v > 0 ? v : v * slope) + load(residual[o + c]));
      }
    } else {
      for (int64_t c = 0; c < channels; ++c) {
        const Wide<T> v = load(x[o + c]) * scale[c] + shift[c];
        store(y[o + c], v > 0 ? v : v * slope);
      }
    }
  }
}
// sums[0…C) += g', sums[C…2C) += g'·x̂ with g' the gradient before the activation
template <class T>
inline __attribute__((always_inline)) void backward_sums_body(const T* x, const T* g, const Wide<T>* scale,
                                                              const Wide<T>* shift, const Wide<T>* rstd,
                                                              const Wide<T>* minus_mean_rstd, Wide<T> slope,
                                                              int64_t pixels, int64_t channels,
                                                              Wide<T>* sums) {
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t o = p * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const Wide<T> v = load(x[o + c]);
      const Wide<T> pre = v * scale[c] + shift[c];
      const Wide<T> d = load(g[o + c]) * (pre > 0 ? Wide<T>(1) : slope);
      sums[c] += d;
      sums[channels + c] += d * (v * rstd[c] + minus_mean_rstd[c]);
    }
  }
}
// dx = a·g' + b·x + k per channel
template <class T>
inline __attribute__((always_inline)) void backward_apply_body(const T* x, const T* g, const Wide<T>* scale,
                                                               const Wide<T>* shift, const Wide<T>* a,
                                                               const Wide<T>* b, const Wide<T>* k,
                                                               Wide<T> slope, int64_t pixels,
                                                               int64_t channels, T* dx) {
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t o = p * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const Wide<T> v = load(x[o + c]);
      const Wide<T> pre = v * scale[c] + shift[c];
      const Wide<T> d = load(g[o + c]) * (pre > 0 ? Wide<T>(1) : slope);
      store(dx[o + c], a[c] * d + b[c] * v + k[c]);
    }
  }
}

template <class T>
inline __attribute__((always_inline)) void add_rows_body(const Wide<T>* row, int64_t pixels, int64_t channels,
                                                         T* x) {
  for (int64_t p = 0; p < pixels; ++p) {
    for (int64_t c = 0; c < channels; ++c) store(x[p * channels + c], load(x[p * channels + c]) + row[c]);
  }
}

// target_clones does not go with templates: one clone set a type.
#define LINMO_KERNELS(T)                                                                                     \
  LINMO_SIMD void moments(const T* __restrict x, const Wide<T>* __restrict shift, int64_t n, int64_t c,      \
                          Wide<T>* __restrict sums) {                                                        \
    moments_body<T>(x, shift, n, c, sums);                                                                   \
  }                                                                                                          \
  LINMO_SIMD void normalise(const T* __restrict x, const T* __restrict residual,                             \
                            const Wide<T>* __restrict scale, const Wide<T>* __restrict shift, Wide<T> slope, \
                            int64_t n, int64_t c, T* __restrict y) {                                         \
    normalise_body<T>(x, residual, scale, shift, slope, n, c, y);                                            \
  }                                                                                                          \
  LINMO_SIMD void backward_sums(const T* __restrict x, const T* __restrict g,                                \
                                const Wide<T>* __restrict scale, const Wide<T>* __restrict shift,            \
                                const Wide<T>* __restrict rstd, const Wide<T>* __restrict mmr,               \
                                Wide<T> slope, int64_t n, int64_t c, Wide<T>* __restrict sums) {             \
    backward_sums_body<T>(x, g, scale, shift, rstd, mmr, slope, n, c, sums);                                 \
  }                                                                                                          \
  LINMO_SIMD void backward_apply(                                                                            \
      const T* __restrict x, const T* __restrict g, const Wide<T>* __restrict scale,                         \
      const Wide<T>* __restrict shift, const Wide<T>* __restrict a, const Wide<T>* __restrict b,             \
      const Wide<T>* __restrict k, Wide<T> slope, int64_t n, int64_t c, T* __restrict dx) {                  \
    backward_apply_body<T>(x, g, scale, shift, a, b, k, slope, n, c, dx);                                    \
  }                                                                                                          \
  LINMO_SIMD void add_rows(const Wide<T>* __restrict row, int64_t n, int64_t c, T* __restrict x) {           \
    add_rows_body<T>(row, n, c, x);                                                                          \
  }
LINMO_KERNELS(Bf16)
LINMO_KERNELS(float)
LINMO_KERNELS(double)
#undef LINMO_KERNELS

template <class F>
auto dispatch(const Tensor& t, F&& f) {
  switch (t.scalar_type()) {
    case at::kBFloat16:
      return f(Bf16{});
    case at::kFloat:
      return f(float{});
    case at::kDouble:
      return f(double{});
    default:
      fail(ErrorKind::usage, "kernels: unsupported tensor type");
  }
}

template <class T>
T* data(const Tensor& t) {
  return static_cast<T*>(t.data_ptr());
}

Tensor nhwc(const Tensor& t) {
  return t.contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor empty_nhwc(at::IntArrayRef sizes, const Tensor& like) {
  return at::empty(sizes, like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

// Adds up f's block sums over the pixels of one picture; `width` numbers a block. The blocks are summed in
// their order whatever thread made them.
template <class W, class F>
std::vector<double> block_sums(int64_t pixels, int64_t width, F&& f) {
  const int64_t blocks = (pixels + kBlock - 1) / kBlock;
  std::vector<W> partial(static_cast<size_t>(blocks * width), W(0));
  at::parallel_for(0, blocks, std::max<int64_t>(1, 16384 / (kBlock * width / 2 + 1)),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t b = begin; b < end; ++b)
                       f(b * kBlock, std::min(kBlock, pixels - b * kBlock), partial.data() + b * width);
                   });
  std::vector<double> total(static_cast<size_t>(width), 0.0);
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t c = 0; c < width; ++c)
      total[static_cast<size_t>(c)] += partial[static_cast<size_t>(b * width + c)];
  }
  return total;
}

template <class F>
void over_blocks(int64_t pixels, int64_t channels, F&& f) {
  const int64_t blocks = (pixels + kBlock - 1) / kBlock;
  at::parallel_for(0, blocks, std::max<int64_t>(1, 16384 / (kBlock * channels + 1)),
                   [&](int64_t begin, int64_t end) {
                     f(begin * kBlock, std::min(end * kBlock, pixels) - begin * kBlock);
                   });
}

// y = act(x·scale + shift) per picture and channel; scale and shift are what the backward pass needs again.
template <class W>
struct Affine {
  std::vector<W> scale, shift, rstd, minus_mean_rstd;
};

// Picture n's row of a gradient or parameter of [C] or [N, C]; null where there is none.
double* row_of(const Tensor& t, int64_t n) {
  return t.defined() ? t.data_ptr<double>() + (t.dim() == 2 ? n * t.size(1) : 0) : nullptr;
}

Tensor in_double(const Tensor& t) {
  return t.defined() ? t.to(at::kDouble).contiguous() : Tensor();
}

// gamma, beta: of one picture, null for 1 and 0.
template <class T>
Affine<Wide<T>> affine_of(const double* mean, const double* rstd, const double* gamma, const double* beta,
                          int64_t channels) {
  using W = Wide<T>;
  Affine<W> a;
  for (int64_t c = 0; c < channels; ++c) {
    const double scale = rstd[c] * (gamma ? gamma[c] : 1.0);
    a.scale.push_back(static_cast<W>(scale));
    a.shift.push_back(static_cast<W>((beta ? beta[c] : 0.0) - mean[c] * scale));
    a.rstd.push_back(static_cast<W>(rstd[c]));
    a.minus_mean_rstd.push_back(static_cast<W>(-mean[c] * rstd[c]));
  }
  return a;
}

double slope_of(const NormEpilogue& e) {
  switch (e.kind) {
    case NormEpilogue::Kind::none:
      return 1.0;
    case NormEpilogue::Kind::relu:
      return 0.0;
    case NormEpilogue::Kind::leaky_relu:
      return e.slope;
  }
  return 1.0;
}

using MaybeTensor = c10::optional<Tensor>;

MaybeTensor maybe(const Tensor& t) {
  return t.defined() ? MaybeTensor(t) : MaybeTensor();
}

class InstanceNorm : public torch::autograd::Function<InstanceNorm> {
 public:
  // libtorch 1.13 takes no undefined tensors here; optionals it does.
  static Tensor forward(AutogradContext* context, const Tensor& input, const MaybeTensor& maybe_gamma,
                        const MaybeTensor& maybe_beta, double eps, double slope,
                        const MaybeTensor& maybe_residual) {
    const Tensor x = nhwc(input);
    const Tensor gamma = maybe_gamma.value_or(Tensor()), beta = maybe_beta.value_or(Tensor());
    const Tensor residual = maybe_residual ? nhwc(*maybe_residual) : Tensor();
    const int64_t batch = x.size(0), channels = x.size(1), pixels = x.size(2) * x.size(3);
    Tensor y = empty_nhwc(x.sizes(), x);
    Tensor statistics =
        at::empty({2, batch, channels}, x.options().dtype(at::kDouble).memory_format(c10::nullopt));
    double* mean = statistics.data_ptr<double>();
    double* rstd = mean + batch * channels;
    const Tensor gammas = in_double(gamma), betas = in_double(beta);
    dispatch(x, [&](auto tag) {
      using T = decltype(tag);
      using W = Wide<T>;
      for (int64_t n = 0; n < batch; ++n) {
        const T* xn = data<T>(x) + n * pixels * channels;
        // Sums are taken about the first pixel: E[x²] − E[x]² about zero would cancel in fp32.
        std::vector<W> about(static_cast<size_t>(channels));
        for (int64_t c = 0; c < channels; ++c) about[static_cast<size_t>(c)] = load(xn[c]);
        const std::vector<double> sums =
            block_sums<W>(pixels, 2 * channels, [&](int64_t from, int64_t count, W* out) {
              moments(xn + from * channels, about.data(), count, channels, out);
            });
        for (int64_t c = 0; c < channels; ++c) {
          const double d = sums[static_cast<size_t>(c)] / static_cast<double>(pixels);
          const double variance =
              sums[static_cast<size_t>(channels + c)] / static_cast<double>(pixels) - d * d;
          mean[n * channels + c] = static_cast<double>(about[static_cast<size_t>(c)]) + d;
          rstd[n * channels + c] = 1.0 / std::sqrt(std::max(variance, 0.0) + eps);
        }
        const auto a = affine_of<T>(mean + n * channels, rstd + n * channels, row_of(gammas, n),
                                    row_of(betas, n), channels);
        T* yn = data<T>(y) + n * pixels * channels;
        const T* rn = residual.defined() ? data<T>(residual) + n * pixels * channels : nullptr;
        over_blocks(pixels, channels, [&](int64_t from, int64_t count) {
          normalise(xn + from * channels, rn ? rn + from * channels : nullptr, a.scale.data(), a.shift.data(),
                    static_cast<W>(slope), count, channels, yn + from * channels);
        });
      }
    });
    context->save_for_backward({x, gamma, beta, statistics});
    context->saved_data["slope"] = slope;
    context->saved_data["residual"] = residual.defined();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor &gamma = saved[1], &beta = saved[2];
    const double* mean = saved[3].data_ptr<double>();
    const double slope = context->saved_data["slope"].toDouble();
    const int64_t batch = x.size(0), channels = x.size(1), pixels = x.size(2) * x.size(3);
    const double* rstd = mean + batch * channels;
    const Tensor g = nhwc(gradients[0].to(x.scalar_type()));
    Tensor dx = empty_nhwc(x.sizes(), x);
    Tensor d_gamma, d_beta;
    if (gamma.defined()) {
      d_gamma = at::zeros(gamma.sizes(), at::kDouble);
      d_beta = at::zeros(beta.sizes(), at::kDouble);
    }
    const Tensor gammas = in_double(gamma), betas = in_double(beta);
    dispatch(x, [&](auto tag) {
      using T = decltype(tag);
      using W = Wide<T>;
      for (int64_t n = 0; n < batch; ++n) {
        const T* xn = data<T>(x) + n * pixels * channels;
        const T* gn = data<T>(g) + n * pixels * channels;
        const auto a = affine_of<T>(mean + n * channels, rstd + n * channels, row_of(gammas, n),
                                    row_of(betas, n), channels);
        double *d_gamma_n = row_of(d_gamma, n), *d_beta_n = row_of(d_beta, n);
        const std::vector<double> sums =
            block_sums<W>(pixels, 2 * channels, [&](int64_t from, int64_t count, W* out) {
              backward_sums(xn + from * channels, gn + from * channels, a.scale.data(), a.shift.data(),
                            a.rstd.data(), a.minus_mean_rstd.data(), static_cast<W>(slope), count, channels,
                            out);
            });
        // dx = γ·rstd·(g' − mean(g') − x̂·mean(g'·x̂)), written as a·g' + b·x + k
        std::vector<W> ka, kb, kk;
        for (int64_t c = 0; c < channels; ++c) {
          const double s = static_cast<double>(a.scale[static_cast<size_t>(c)]);
          const double m1 = sums[static_cast<size_t>(c)] / static_cast<double>(pixels);
          const double m2 = sums[static_cast<size_t>(channels + c)] / static_cast<double>(pixels);
          const double r = rstd[n * channels + c], m = mean[n * channels + c];
          ka.push_back(static_cast<W>(s));
          kb.push_back(static_cast<W>(-s * r * m2));
          kk.push_back(static_cast<W>(-s * (m1 - m * r * m2)));
          if (d_gamma.defined()) {
            d_beta_n[c] += sums[static_cast<size_t>(c)];
            d_gamma_n[c] += sums[static_cast<size_t>(channels + c)];
          }
        }
        T* dn = data<T>(dx) + n * pixels * channels;
        over_blocks(pixels, channels, [&](int64_t from, int64_t count) {
          backward_apply(xn + from * channels, gn + from * channels, a.scale.data(), a.shift.data(),
                         ka.data(), kb.data(), kk.data(), static_cast<W>(slope), count, channels,
                         dn + from * channels);
        });
      }
    });
    if (d_gamma.defined()) {
      d_gamma = d_gamma.to(gamma.scalar_type());
      d_beta = d_beta.to(beta.scalar_type());
    }
    const Tensor d_residual = context->saved_data["residual"].toBool() ? gradients[0] : Tensor();
    return {dx, d_gamma, d_beta, Tensor(), Tensor(), d_residual};
  }
};

// Where row or column `i` of the padded picture comes from; −1: zero.
int64_t source(int64_t i, int64_t size, int before, net::PadMode mode) {
  int64_t k = i - before;
  if (k >= 0 && k < size) return k;
  switch (mode) {
    case net::PadMode::zero:
      return -1;
    case net::PadMode::replicate:
      return std::clamp<int64_t>(k, 0, size - 1);
    case net::PadMode::reflect:
      return k < 0 ? -k : 2 * (size - 1) - k;
  }
  return -1;
}

std::vector<int64_t> sources(int64_t out, int64_t size, int before, net::PadMode mode) {
  std::vector<int64_t> table(static_cast<size_t>(out));
  for (int64_t i = 0; i < out; ++i) table[static_cast<size_t>(i)] = source(i, size, before, mode);
  return table;
}

class Padding : public torch::autograd::Function<Padding> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& input, int64_t mode, int64_t left,
                        int64_t right, int64_t top, int64_t bottom) {
    const Tensor x = nhwc(input);
    const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    const int64_t oh = h + top + bottom, ow = w + left + right;
    Tensor y = empty_nhwc({n, c, oh, ow}, x);
    const auto pad_mode = static_cast<net::PadMode>(mode);
    const auto rows = sources(oh, h, static_cast<int>(top), pad_mode);
    const auto columns = sources(ow, w, static_cast<int>(left), pad_mode);
    const int64_t pixel = c * static_cast<int64_t>(x.element_size());
    const char* from = static_cast<const char*>(x.data_ptr());
    char* to = static_cast<char*>(y.data_ptr());
    at::parallel_for(0, n * oh, 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        char* out = to + i * ow * pixel;
        const int64_t row = rows[static_cast<size_t>(i % oh)];
        if (row < 0) {
          std::memset(out, 0, static_cast<size_t>(ow * pixel));
          continue;
        }
        const char* in = from + ((i / oh) * h + row) * w * pixel;
        std::memcpy(out + left * pixel, in, static_cast<size_t>(w * pixel));
        const auto edge = [&](int64_t j) {
          const int64_t column = columns[static_cast<size_t>(j)];
          if (column < 0)
            std::memset(out + j * pixel, 0, static_cast<size_t>(pixel));
          else
            std::memcpy(out + j * pixel, in + column * pixel, static_cast<size_t>(pixel));
        };
        for (int64_t j = 0; j < left; ++j) edge(j);
        for (int64_t j = left + w; j < ow; ++j) edge(j);
      }
    });
    context->saved_data["pad"] = std::vector<int64_t>{mode, left, right, top, bottom};
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto pad = context->saved_data["pad"].toIntVector();
    const auto mode = static_cast<net::PadMode>(pad[0]);
    const int64_t left = pad[1], right = pad[2], top = pad[3], bottom = pad[4];
    const Tensor g = nhwc(gradients[0]);
    const int64_t n = g.size(0), c = g.size(1), oh = g.size(2), ow = g.size(3);
    const int64_t h = oh - top - bottom, w = ow - left - right;
    Tensor dx = empty_nhwc({n, c, h, w}, g);
    const auto rows = sources(oh, h, static_cast<int>(top), mode);
    const auto columns = sources(ow, w, static_cast<int>(left), mode);
    // For every input row the padded rows that copied it; the sum's order is fixed.
    std::vector<std::vector<int64_t>> row_targets(static_cast<size_t>(h));
    for (int64_t i = 0; i < oh; ++i) {
      if (rows[static_cast<size_t>(i)] >= 0)
        row_targets[static_cast<size_t>(rows[static_cast<size_t>(i)])].push_back(i);
    }
    dispatch(g, [&](auto tag) {
      using T = decltype(tag);
      using W = Wide<T>;
      at::parallel_for(0, n * h, 4, [&](int64_t begin, int64_t end) {
        std::vector<W> sum(static_cast<size_t>(w * c));
        for (int64_t i = begin; i < end; ++i) {
          const auto& targets = row_targets[static_cast<size_t>(i % h)];
          T* out = data<T>(dx) + i * w * c;
          const auto in_row = [&](int64_t t) { return data<T>(g) + ((i / h) * oh + t) * ow * c; };
          if (targets.size() == 1 && mode == net::PadMode::zero) {
            std::memcpy(out, in_row(targets[0]) + left * c, static_cast<size_t>(w * c) * sizeof(T));
            continue;
          }
          std::fill(sum.begin(), sum.end(), W(0));
          for (const int64_t t : targets) {
            const T* in = in_row(t);
            const T* middle = in + left * c;
            for (int64_t k = 0; k < w * c; ++k) sum[static_cast<size_t>(k)] += load(middle[k]);
            const auto edge = [&](int64_t j) {
              const int64_t column = columns[static_cast<size_t>(j)];
              if (column < 0) return;
              for (int64_t k = 0; k < c; ++k) sum[static_cast<size_t>(column * c + k)] += load(in[j * c + k]);
            };
            for (int64_t j = 0; j < left; ++j) edge(j);
            for (int64_t j = left + w; j < ow; ++j) edge(j);
          }
          for (int64_t k = 0; k < w * c; ++k) store(out[k], sum[static_cast<size_t>(k)]);
        }
      });
    });
    return {dx, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

class UpsampleNearest : public torch::autograd::Function<UpsampleNearest> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& input, int64_t factor) {
    const Tensor x = nhwc(input);
    const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    Tensor y = empty_nhwc({n, c, h * factor, w * factor}, x);
    const int64_t pixel = c * static_cast<int64_t>(x.element_size()), out_row = w * factor * pixel;
    const char* from = static_cast<const char*>(x.data_ptr());
    char* to = static_cast<char*>(y.data_ptr());
    at::parallel_for(0, n * h, 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        char* first = to + i * factor * out_row;
        for (int64_t j = 0; j < w; ++j) {
          for (int64_t k = 0; k < factor; ++k) {
            std::memcpy(first + (j * factor + k) * pixel, from + (i * w + j) * pixel,
                        static_cast<size_t>(pixel));
          }
        }
        for (int64_t k = 1; k < factor; ++k)
          std::memcpy(first + k * out_row, first, static_cast<size_t>(out_row));
      }
    });
    context->saved_data["factor"] = factor;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const int64_t factor = context->saved_data["factor"].toInt();
    const Tensor g = nhwc(gradients[0]);
    const int64_t n = g.size(0), c = g.size(1), h = g.size(2) / factor, w = g.size(3) / factor;
    Tensor dx = empty_nhwc({n, c, h, w}, g);
    dispatch(g, [&](auto tag) {
      using T = decltype(tag);
      using W = Wide<T>;
      at::parallel_for(0, n * h, 4, [&](int64_t begin, int64_t end) {
        std::vector<W> sum(static_cast<size_t>(c));
        for (int64_t i = begin; i < end; ++i) {
          for (int64_t j = 0; j < w; ++j) {
            std::fill(sum.begin(), sum.end(), W(0));
            for (int64_t u = 0; u < factor; ++u) {
              const T* in = data<T>(g) + ((i * factor + u) * w * factor + j * factor) * c;
              for (int64_t v = 0; v < factor; ++v) {
                for (int64_t k = 0; k < c; ++k) sum[static_cast<size_t>(k)] += load(in[v * c + k]);
              }
            }
            T* out = data<T>(dx) + (i * w + j) * c;
            for (int64_t k = 0; k < c; ++k) store(out[k], sum[static_cast<size_t>(k)]);
          }
        }
      });
    });
    return {dx, Tensor()};
  }
};

// libtorch 1.13's instance_norm computes a wrong gradient for one picture when the picture or the gradient
// that it is given is channels-last, as it is behind a permute().
struct ContiguousGradient : public torch::autograd::Function<ContiguousGradient> {
  static Tensor forward(AutogradContext*, const Tensor& x) { return x.view_as(x); }
  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return {gradients[0].contiguous()};
  }
};

}  // namespace

// The names of the scopes are what `linmo bench train --profile` counts by.
Tensor instance_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps,
                     NormEpilogue epilogue, const Tensor& residual) {
  RECORD_USER_SCOPE("linmo::instance_norm");
  return InstanceNorm::apply(x, maybe(gamma), maybe(beta), eps, slope_of(epilogue), maybe(residual));
}

Tensor instance_norm_plain(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps,
                           NormEpilogue epilogue, const Tensor& residual) {
  const auto wide = x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x;
  const bool own = gamma.defined() && gamma.dim() == 2;  // a row a picture: libtorch's knows none
  Tensor y = ContiguousGradient::apply(
      at::instance_norm(wide.contiguous(), own ? Tensor() : gamma, own ? Tensor() : beta, {}, {},
                        /*use_input_stats=*/true, 0.1, eps, /*cudnn_enabled=*/false));
  if (own) y = y * gamma.unsqueeze(2).unsqueeze(3) + beta.unsqueeze(2).unsqueeze(3);
  if (epilogue.kind == NormEpilogue::Kind::relu) y = at::relu(y);
  if (epilogue.kind == NormEpilogue::Kind::leaky_relu) y = at::leaky_relu(y, epilogue.slope);
  if (residual.defined()) y = y + residual;
  return y.to(x.scalar_type());
}

void add_bias(const Tensor& x, const Tensor& bias) {
  const int64_t channels = x.size(1), pixels = x.size(0) * x.size(2) * x.size(3);
  if (!x.is_contiguous(at::MemoryFormat::ChannelsLast))
    fail(ErrorKind::usage, "kernels: a bias is added to channels-last tensors");
  dispatch(x, [&](auto tag) {
    using T = decltype(tag);
    const Tensor row = bias.to(c10::CppTypeToScalarType<Wide<T>>::value).contiguous();
    over_blocks(pixels, channels, [&](int64_t from, int64_t count) {
      add_rows(data<Wide<T>>(row), count, channels, data<T>(x) + from * channels);
    });
  });
}

Tensor channel_sums(const Tensor& input) {
  const Tensor x = nhwc(input);
  const int64_t channels = x.size(1), pixels = x.size(0) * x.size(2) * x.size(3);
  return dispatch(x, [&](auto tag) {
    using T = decltype(tag);
    using W = Wide<T>;
    const std::vector<W> zero(static_cast<size_t>(channels), W(0));
    const std::vector<double> sums =
        block_sums<W>(pixels, 2 * channels, [&](int64_t from, int64_t count, W* out) {
          moments(data<T>(x) + from * channels, zero.data(), count, channels, out);
        });
    Tensor result = at::empty({channels}, c10::CppTypeToScalarType<W>::value);
    std::copy_n(sums.begin(), channels, data<W>(result));
    return result;
  });
}

Tensor pad(const Tensor& x, const net::Pad& p) {
  if (p.mode == net::PadMode::reflect &&
      (std::max(p.left, p.right) >= x.size(3) || std::max(p.top, p.bottom) >= x.size(2))) {
    fail(ErrorKind::input, "a picture of {} × {} is too small to be reflected by {}", x.size(3), x.size(2),
         std::max({p.left, p.right, p.top, p.bottom}));
  }
  RECORD_USER_SCOPE("linmo::pad");
  return Padding::apply(x, static_cast<int64_t>(p.mode), p.left, p.right, p.top, p.bottom);
}

Tensor pad_plain(const Tensor& x, const net::Pad& p) {
  const std::array<int64_t, 4> sides = {p.left, p.right, p.top, p.bottom};
  switch (p.mode) {
    case net::PadMode::zero:
      return at::constant_pad_nd(x, sides, 0);
    case net::PadMode::reflect:
      return at::reflection_pad2d(x, sides);
    case net::PadMode::replicate:
      return at::replication_pad2d(x, sides);
  }
  return x;
}

Tensor upsample_nearest(const Tensor& x, int factor) {
  RECORD_USER_SCOPE("linmo::upsample");
  return UpsampleNearest::apply(x, static_cast<int64_t>(factor));
}

Tensor upsample_nearest_plain(const Tensor& x, int factor) {
  return at::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
}

}  // namespace linmo::train
