// SPDX-License-Identifier: Apache-2.0
// A frozen feature network beside a training run.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "linmo/train/network.h"

namespace linmo::train {

class Features {
 public:
  // A model file or a bundled model's name, with taps "features.0" … (net/features.h).
  explicit Features(const std::string& model);

  // x: N × 3 × H × W in [−1, 1] → the network's own features, fine to coarse, fp32. Gradients pass to x only.
  std::vector<at::Tensor> operator()(const at::Tensor& x) const;
  // What it gives as outputs (a perceptual network: its image of the teacher's features).
  void set_precision(Precision precision) { network_->set_precision(precision); }
  const Network& network() const { return *network_; }
  const std::vector<int>& layers() const { return layers_; }
  std::vector<int64_t> channels() const;
  std::vector<int64_t> strides() const;  // side of the picture / side of the stage

 private:
  std::shared_ptr<Network> network_;
  std::vector<int> layers_;
};

// Features at every place scaled to unit length over the channels (LPIPS, Zhang 2018).
at::Tensor unit_features(const at::Tensor& features);

}  // namespace linmo::train
