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

  // What a checkpoint must hold, by name: the moments of each parameter ("3.first_moment"), and "steps", how
  // often each was moved (int64). The tensors are the optimiser's own.
  std::vector<std::pair<std::string, at::Tensor>> state() const;

 private:
  Settings settings_;
  std::vector<at::Tensor> parameters_, first_, second_;
  at::Tensor steps_;  // of each parameter: one that had no gradient has its bias corrected as if younger
};

// The learning rate's factor: rises linearly over `warm_up` steps, stays at 1, and falls linearly to 0 over
// the budget's share from `decay_from` on (CycleGAN's schedule, by share instead of by epoch). `progress`:
// share of the budget used, 0 … 1; `step`: steps done.
double rate_schedule(double progress, double decay_from, int64_t step, int64_t warm_up);

// Exponential moving average of `weights`: average ← decay·average + (1 − decay)·weight. The decay is warmed
// up as min(decay, (1 + steps)/(10 + steps)), so that the first average is not the random beginning.
void average_weights(const std::vector<at::Tensor>& averages, const std::vector<at::Tensor>& weights,
                     double decay, int64_t steps);

}  // namespace linmo::train
