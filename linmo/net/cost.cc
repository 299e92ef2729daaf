// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/cost.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace linmo::net {
namespace {

struct Macs {
  int64_t needed = 0, at_output = 0;
};

Macs macs_of(const Layer& layer, const std::vector<Shape>& shapes, const Shape& out) {
  const int64_t area = out.height * out.width;
  if (const auto* conv = std::get_if<Conv>(&layer.op)) {
    const int64_t macs = area * conv->out * (conv->in / conv->groups) * conv->kernel_h * conv->kernel_w;
    return {macs, macs};
  }
  if (const auto* up = std::get_if<ConvTranspose>(&layer.op)) {
    const Shape in = shapes[static_cast<size_t>(layer.inputs[0])];
    const int64_t per_place = int64_t{up->in} * up->out * up->kernel * up->kernel;
    return {in.height * in.width * per_place, area * per_place};
  }
  return {};
}

}  // namespace

int64_t macs_until(const Description& d, Shape input, int last) {
  const std::vector<Shape> shapes = infer_shapes(d, input);
  int64_t sum = 0;
  for (int i = 0; i <= last; ++i) {
    sum += macs_of(d.layers[static_cast<size_t>(i)], shapes, shapes[static_cast<size_t>(i)]).needed;
  }
  return sum;
}

Cost cost(const Description& d, Shape input) {
  const std::vector<Shape> shapes = infer_shapes(d, input);
  Cost c;
  for (const ParameterInfo& p : parameters(d)) {
    const int64_t n = std::accumulate(p.shape.begin(), p.shape.end(), int64_t{1}, std::multiplies<>());
    if (p.trainable())
      c.parameters += n;
    else if (p.kind != ParameterInfo::Kind::batches_tracked)
      c.buffers += n;
  }
  std::vector<size_t> last_use(d.layers.size());
  for (size_t i = 0; i < d.layers.size(); ++i) {
    last_use[i] = i;
    for (const int k : d.layers[i].inputs) last_use[static_cast<size_t>(k)] = i;
  }
  for (const int k : d.outputs) last_use[static_cast<size_t>(k)] = d.layers.size();
  for (const auto& [memory, source] : d.memories) last_use[static_cast<size_t>(source)] = d.layers.size();
  int64_t alive = 0;
  for (size_t i = 0; i < d.layers.size(); ++i) {
    const Layer& layer = d.layers[i];
    const Shape out = shapes[i];
    const Macs macs = macs_of(layer, shapes, out);
    c.macs += macs.needed;
    c.macs_at_output += macs.at_output;
    c.activation_values += out.count();
    alive += out.count();
    c.peak_values = std::max(c.peak_values, alive);
    for (size_t k = 0; k <= i; ++k) {
      if (last_use[k] == i) {
        alive -= shapes[k].count();
        last_use[k] = d.layers.size() + 1;  // freed
      }
    }
  }
  return c;
}

int64_t receptive_field(const Description& d) {
  struct Span {
    double size, step;  // input pixels seen by a value; input pixels between neighbouring values
  };
  std::vector<Span> spans;
  for (const Layer& layer : d.layers) {
    if (layer.inputs.empty()) {
      spans.push_back({1, 1});
      continue;
    }
    Span s = spans[static_cast<size_t>(layer.inputs[0])];
    if (std::holds_alternative<Memory>(layer.op)) {  // has only its places in common with its input
      spans.push_back({s.step, s.step});
      continue;
    }
    for (const int k : layer.inputs) s.size = std::max(s.size, spans[static_cast<size_t>(k)].size);
    const auto window = [&](int kernel, int stride) {
      s.size += (kernel - 1) * s.step;
      s.step *= stride;
    };
    if (const auto* conv = std::get_if<Conv>(&layer.op))
      window(std::max(conv->kernel_h, conv->kernel_w), conv->stride);
    else if (const auto* pool = std::get_if<Pool>(&layer.op))
      window(pool->kernel, pool->stride);
    else if (std::holds_alternative<BlurDown>(layer.op))
      window(3, 2);
    else if (const auto* unshuffle = std::get_if<PixelUnshuffle>(&layer.op))
      window(unshuffle->factor, unshuffle->factor);
    else if (const auto* up = std::get_if<ConvTranspose>(&layer.op)) {
      // An output value reads ceil(kernel / stride) neighbouring inputs.
      s.size += ((up->kernel + up->stride - 1) / up->stride - 1) * s.step;
      s.step /= up->stride;
    } else if (std::holds_alternative<BlurUp>(layer.op)) {
      s.size += s.step;
      s.step /= 2;
    } else if (const auto* upsample = std::get_if<Upsample>(&layer.op)) {
      if (upsample->mode == Interpolation::bilinear) s.size += s.step;
      s.step /= upsample->factor;
    } else if (const auto* shuffle = std::get_if<PixelShuffle>(&layer.op)) {
      s.step /= shuffle->factor;
    }
    spans.push_back(s);
  }
  double largest = 0;
  for (const int k : d.outputs) largest = std::max(largest, spans[static_cast<size_t>(k)].size);
  return static_cast<int64_t>(std::ceil(largest));
}

}  // namespace linmo::net
