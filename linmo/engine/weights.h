// SPDX-License-Identifier: Apache-2.0
// The numbers of a network in the form that the steps of a Program want them.
#pragma once

#include <vector>

#include "linmo/engine/program.h"
#include "linmo/model/tensor.h"

namespace linmo::engine {

struct ConvWeights {
  std::vector<float> weight;  // out × in/groups × kernel_h × kernel_w
  std::vector<float> bias;    // out
};
// Batch norm folded in, taps chosen and summed, as step.form asks.
ConvWeights conv_weights(const net::Description& description, const model::TensorMap& tensors,
                         const ConvStep& step);

// For each output channel, what one unit of an 8-bit weight stands for when the input is quantised as said:
// max |w · input scale| / 127.
std::vector<float> weight_scales(const ConvWeights& weights, const std::vector<float>& input_scale);

// The quantised inputs that a model's tensors hold ("block0.conv1.u8_scale": a number an input channel), put
// there by quantise(). Throws ErrorKind::input when one has a wrong shape or is not a positive number.
Quantisation stored_quantisation(const net::Description& description, const model::TensorMap& tensors);

struct ScaleShift {
  std::vector<float> scale, shift;  // a number a channel
};
// y = x·scale + shift of a batch norm (running statistics), a ScaleShift layer, or the affine part of
// another norm.
ScaleShift scale_shift(const net::Description& description, const model::TensorMap& tensors, int layer,
                       int64_t channels);

// The slopes of a piecewise linear activation below 0; empty for tanh and sigmoid.
std::vector<float> slopes(const net::Description& description, const model::TensorMap& tensors, int layer,
                          int64_t channels);

// Taps × channels of a BlurDown (3 × 3) or BlurUp (4 × 4).
std::vector<float> blur_filter(const net::Description& description, const model::TensorMap& tensors,
                               int layer);

// Throws ErrorKind::input, naming what is missing or has another shape.
void check_tensors(const net::Description& description, const model::TensorMap& tensors);

}  // namespace linmo::engine
