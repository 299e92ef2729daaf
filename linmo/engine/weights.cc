// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/weights.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "linmo/core/error.h"

namespace linmo::engine {
namespace {

std::vector<float> numbers(const net::Description& d, const model::TensorMap& tensors, int layer,
                           std::string_view suffix) {
  const std::string key = fmt::format("{}.{}", d.layers.at(static_cast<size_t>(layer)).name, suffix);
  const auto found = tensors.find(key);
  if (found == tensors.end()) fail(ErrorKind::input, "the model has no numbers named {}", key);
  return found->second.floats();
}

template <class T>
const T& op(const net::Description& d, int layer) {
  return std::get<T>(d.layers.at(static_cast<size_t>(layer)).op);
}

}  // namespace

void check_tensors(const net::Description& description, const model::TensorMap& tensors) {
  for (const net::ParameterInfo& p : net::parameters(description)) {
    if (p.kind == net::ParameterInfo::Kind::batches_tracked) continue;
    const auto found = tensors.find(p.name);
    if (found == tensors.end()) fail(ErrorKind::input, "the model has no numbers named {}", p.name);
    if (found->second.shape() != p.shape)
      fail(ErrorKind::input, "the model's {} has shape {}, but its network needs {}", p.name,
           fmt::join(found->second.shape(), " × "), fmt::join(p.shape, " × "));
  }
}

ScaleShift scale_shift(const net::Description& d, const model::TensorMap& tensors, int layer,
                       int64_t channels) {
  const auto count = static_cast<size_t>(channels);
  ScaleShift out{std::vector<float>(count, 1), std::vector<float>(count, 0)};
  if (layer < 0) return out;
  if (const auto* fixed = std::get_if<net::ScaleShift>(&d.layers.at(static_cast<size_t>(layer)).op)) {
    for (size_t c = 0; c < count; ++c) {
      out.scale[c] = static_cast<float>(fixed->scale[fixed->scale.size() == 1 ? 0 : c]);
      out.shift[c] = static_cast<float>(fixed->shift[fixed->shift.size() == 1 ? 0 : c]);
    }
    return out;
  }
  const auto& norm = op<net::Norm>(d, layer);
  if (norm.affine) {
    out.scale = numbers(d, tensors, layer, "weight");
    out.shift = numbers(d, tensors, layer, "bias");
  }
  if (norm.kind == net::NormKind::batch) {
    const std::vector<float> mean = numbers(d, tensors, layer, "running_mean");
    const std::vector<float> variance = numbers(d, tensors, layer, "running_var");
    for (size_t c = 0; c < count; ++c) {
      const double scale = static_cast<double>(out.scale[c]) /
                           std::sqrt(std::max(static_cast<double>(variance[c]), 0.0) + norm.eps);
      out.scale[c] = static_cast<float>(scale);
      out.shift[c] =
          static_cast<float>(static_cast<double>(out.shift[c]) - static_cast<double>(mean[c]) * scale);
    }
  }
  return out;
}

ConvWeights conv_weights(const net::Description& d, const model::TensorMap& tensors, const ConvStep& step) {
  using Form = ConvStep::Form;
  const std::vector<float> source = numbers(d, tensors, step.layer, "weight");
  const bool transposed = step.form == Form::transposed_phase || step.form == Form::deconvolution;
  int kernel_h = 0, kernel_w = 0, pad = 0, out = 0;
  bool has_bias = false;
  if (transposed) {
    const auto& up = op<net::ConvTranspose>(d, step.layer);
    kernel_h = kernel_w = up.kernel, pad = up.pad, out = up.out, has_bias = up.bias;
  } else {
    const auto& conv = op<net::Conv>(d, step.layer);
    kernel_h = conv.kernel_h, kernel_w = conv.kernel_w, pad = conv.pad_h, out = conv.out;
    has_bias = conv.bias;
  }
  const int in = step.in_channels / step.groups;
  // w[o][i][y][x] of the layer, whose order differs between the two kinds.
  const auto at = [&](int o, int i, int y, int x) {
    const int64_t pair = transposed ? int64_t{i} * out + o : int64_t{o} * in + i;
    return source[static_cast<size_t>((pair * kernel_h + y) * kernel_w + x)];
  };
  ConvWeights w;
  w.weight.assign(static_cast<size_t>(step.out_channels) * static_cast<size_t>(in * step.kernel_h) *
                      static_cast<size_t>(step.kernel_w),
                  0);
  w.bias.assign(static_cast<size_t>(step.out_channels), 0);
  const bool copied = step.form == Form::plain;
  if (copied) w.weight = source;
  const auto to = [&](int o, int i, int y, int x) -> float& {
    return w.weight[static_cast<size_t>(((int64_t{o} * in + i) * step.kernel_h + y) * step.kernel_w + x)];
  };
  const std::vector<float> bias =
      has_bias ? numbers(d, tensors, step.layer, "bias") : std::vector<float>(static_cast<size_t>(out), 0);
  for (int o = 0; o < out; ++o) {
    w.bias[static_cast<size_t>(o)] = bias[static_cast<size_t>(o)];
    for (int i = 0; i < in && !copied; ++i) {
      switch (step.form) {
        case Form::plain:
          break;
        case Form::deconvolution:
          for (int y = 0; y < kernel_h; ++y)
            for (int x = 0; x < kernel_w; ++x) to(o, i, y, x) = at(o, i, y, x);
          break;
        case Form::transposed_phase: {
          const Taps ty = transposed_taps(kernel_h, 2, pad, step.phase_y);
          const Taps tx = transposed_taps(kernel_w, 2, pad, step.phase_x);
          for (int y = 0; y < ty.count; ++y)
            for (int x = 0; x < tx.count; ++x)
              to(o, i, ty.count - 1 - y, tx.count - 1 - x) = at(o, i, ty.first + 2 * y, tx.first + 2 * x);
          break;
        }
        case Form::upsampled_phase: {
          const Reach ry = upsampled_reach(kernel_h, pad, step.phase_y);
          const Reach rx = upsampled_reach(kernel_w, pad, step.phase_x);
          for (int y = 0; y < kernel_h; ++y)
            for (int x = 0; x < kernel_w; ++x)
              to(o, i, floor_half(step.phase_y + y - pad) - ry.low,
                 floor_half(step.phase_x + x - pad) - rx.low) += at(o, i, y, x);
          break;
        }
        case Form::block:
          // Output channel (2·dy + dx)·out + o is pixel (dy, dx) of each 2 × 2.
          for (int p = 0; p < 4; ++p)
            for (int y = 0; y < kernel_h; ++y)
              for (int x = 0; x < kernel_w; ++x) to(p * out + o, i, y + p / 2, x + p % 2) = at(o, i, y, x);
          break;
      }
    }
  }
  if (step.form == Form::block) {
    for (int p = 1; p < 4; ++p)
      for (int o = 0; o < out; ++o) w.bias[static_cast<size_t>(p * out + o)] = w.bias[static_cast<size_t>(o)];
  }
  if (step.batch_norm >= 0) {
    const ScaleShift norm = scale_shift(d, tensors, step.batch_norm, out);
    const size_t each = w.weight.size() / w.bias.size();
    const size_t filled = step.form == Form::block ? static_cast<size_t>(4 * out) : static_cast<size_t>(out);
    for (size_t o = 0; o < filled; ++o) {
      const size_t channel = o % static_cast<size_t>(out);
      for (size_t k = 0; k < each; ++k) w.weight[o * each + k] *= norm.scale[channel];
      w.bias[o] = w.bias[o] * norm.scale[channel] + norm.shift[channel];
    }
  }
  return w;
}

std::vector<float> weight_scales(const ConvWeights& weights, const std::vector<float>& input_scale) {
  std::vector<float> scales(weights.bias.size());
  const size_t each = weights.weight.size() / scales.size(), taps = each / input_scale.size();
  for (size_t o = 0; o < scales.size(); ++o) {
    float largest = 0;
    for (size_t k = 0; k < each; ++k)
      largest = std::max(largest, std::abs(weights.weight[o * each + k]) * input_scale[k / taps]);
    scales[o] = largest > 0 ? largest / 127 : 1;
  }
  return scales;
}

Quantisation stored_quantisation(const net::Description& d, const model::TensorMap& tensors) {
  Quantisation found;
  for (size_t i = 0; i < d.layers.size(); ++i) {
    const int layer = static_cast<int>(i);
    if (!can_quantise(d, layer)) continue;
    for (const auto& [suffix, type] : {std::pair{"u8_scale", Type::u8}, std::pair{"s8_scale", Type::s8}}) {
      const auto place = tensors.find(fmt::format("{}.{}", d.layers[i].name, suffix));
      if (place == tensors.end()) continue;
      const auto* up = std::get_if<net::ConvTranspose>(&d.layers[i].op);
      const int channels = up ? up->in : op<net::Conv>(d, layer).in;
      std::vector<float> scale;
      if (place->second.shape() == std::vector<int64_t>{channels}) scale = place->second.floats();
      if (scale.empty() || !std::all_of(scale.begin(), scale.end(), [](float s) {
            return std::isfinite(s) && s >= 1e-30f && s <= 1e30f;
          }))
        fail(ErrorKind::input,
             "the model's {} is damaged: it must hold {} positive numbers; run linmo quantise again",
             place->first, channels);
      found[layer] = {type, std::move(scale)};
    }
  }
  return found;
}

std::vector<float> slopes(const net::Description& d, const model::TensorMap& tensors, int layer,
                          int64_t channels) {
  const auto& activation = op<net::Activation>(d, layer);
  const auto count = static_cast<size_t>(channels);
  switch (activation.kind) {
    case net::ActivationKind::relu:
      return std::vector<float>(count, 0);
    case net::ActivationKind::leaky_relu:
      return std::vector<float>(count, static_cast<float>(activation.slope));
    case net::ActivationKind::prelu: {
      const std::vector<float> stored = numbers(d, tensors, layer, "weight");
      return stored.size() == 1 ? std::vector<float>(count, stored[0]) : stored;
    }
    case net::ActivationKind::tanh:
    case net::ActivationKind::sigmoid:
      break;
  }
  return {};
}

std::vector<float> blur_filter(const net::Description& d, const model::TensorMap& tensors, int layer) {
  const std::vector<float> stored = numbers(d, tensors, layer, "filt");
  const bool down = std::holds_alternative<net::BlurDown>(d.layers.at(static_cast<size_t>(layer)).op);
  const size_t taps = down ? 9 : 16, channels = stored.size() / taps;
  std::vector<float> filter(stored.size());
  for (size_t c = 0; c < channels; ++c)
    for (size_t k = 0; k < taps; ++k) filter[k * channels + c] = stored[c * taps + k];
  return filter;
}

}  // namespace linmo::engine
