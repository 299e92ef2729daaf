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
