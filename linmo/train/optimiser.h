// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace linmo::train {

// Adam (Kingma & Ba 2015) as torch.optim.Adam computes it, one pass over memory for all that a parameter
// needs: moments, update and (Polyak) average of the weights.
class Adam {
 public:
  struct Settings {
    double rate = 2e-4, beta1 = 0.5, beta2 = 0.999, eps = 1e-8;
    double clip_norm = 0;  // gradients are scaled down to this global L2 norm; 0: off
  };
  Adam() = default;
  Adam(std::vector<at::Tensor> parameters, Settings settings);

  void zero_grad();               // forgets the gradients (nothing is filled with zeros)
  void step(double rate_factor);  // parameters without a gradient are left alone
  int64_t steps() const { return steps_; }

  // First and second moments, one pair a parameter; for checkpoints.
  std::vector<at::Tensor> moments() const;
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  Settings settings_;
  std::vector<at::Tensor> parameters_, first_, second_;
  int64_t steps_ = 0;
};

// Exponential moving average of `weights`: average ← decay·average + (1 − decay)·weight. The decay is warmed
// up as min(decay, (1 + steps)/(10 + steps)), so that the first average is not the random beginning.
void average_weights(const std::vector<at::Tensor>& averages, const std::vector<at::Tensor>& weights,
                     double decay, int64_t steps);

}  // namespace linmo::train
