// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "linmo/core/random.h"
#include "linmo/train/network.h"

namespace linmo::train {

// CUT's projection heads: one two-layer perceptron (C → width, ReLU, width → width) a tap; weights Xavier.
class NceHeads {
 public:
  NceHeads(const std::vector<int64_t>& tap_channels, int64_t width, double gain, Random random);

  // A tap's features (N × C × H × W) at `places` (indices into H·W, the same for every picture) → N·P ×
  // width, unit length.
  at::Tensor project(size_t tap, const at::Tensor& features, const at::Tensor& places) const;

  struct Entry {
    std::string name;  // mlp_<tap>.0.weight …, the official keys
    at::Tensor tensor;
  };
  const std::vector<Entry>& state() const { return state_; }
  void set_precision(Precision precision) { precision_ = precision; }

 private:
  std::vector<Entry> state_;
  Precision precision_ = Precision::fp32;
};

// min(count, H·W) different places of an H × W map, drawn from `random`.
at::Tensor draw_places(int64_t height, int64_t width, int64_t count, Random& random);

}  // namespace linmo::train
