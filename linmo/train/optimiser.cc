// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/optimiser.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/simd.h"

namespace linmo::train {
namespace {

LINMO_SIMD void adam_kernel(float* __restrict w, const float* __restrict g, float* __restrict m,
                            float* __restrict v, int64_t n, float scale, float beta1, float beta2,
                            float step_size, float root_correction, float eps) {
  for (int64_t i = 0; i < n; ++i) {
    const float gradient = g[i] * scale;
    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    w[i] -= step_size * m[i] / (std::sqrt(v[i]) / root_correction + eps);
  }
}

LINMO_SIMD void average_kernel(float* __restrict average, const float* __restrict weight, int64_t n,
                               float share) {
  for (int64_t i = 0; i < n; ++i) {
    const float way = weight[i] - average[i];
    average[i] = way == 0 ? average[i] : average[i] + share * way;  // a −0 that stands still stays one
  }
}

}  // namespace

Adam::Adam(std::vector<at::Tensor> parameters, Settings settings)
    : settings_(settings), parameters_(std::move(parameters)) {
  for (const at::Tensor& p : parameters_) {
    first_.push_back(at::zeros_like(p.detach()));
    second_.push_back(at::zeros_like(p.detach()));
  }
  steps_ = at::zeros({static_cast<int64_t>(parameters_.size())}, at::kLong);
}

void Adam::zero_grad() {
  for (at::Tensor& p : parameters_) p.mutable_grad().reset();
}

void Adam::step(double rate_factor) {
  RECORD_USER_SCOPE("linmo::adam");
  double scale = 1;
  if (settings_.clip_norm > 0) {
    double sum = 0;
    for (const at::Tensor& p : parameters_) {
      if (p.grad().defined()) sum += std::pow(p.grad().norm().item<double>(), 2);
    }
    const double norm = std::sqrt(sum);
    if (norm > settings_.clip_norm) scale = settings_.clip_norm / (norm + 1e-6);
  }
  const double rate = settings_.rate * rate_factor;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& p = parameters_[i];
    if (!p.grad().defined()) continue;
    const auto steps = static_cast<double>(++steps_.data_ptr<int64_t>()[i]);
    const double correction1 = 1 - std::pow(settings_.beta1, steps);
    const double correction2 = 1 - std::pow(settings_.beta2, steps);
    const at::Tensor g = p.grad().contiguous();
    auto* w = static_cast<float*>(p.data_ptr());
    const auto* gd = static_cast<const float*>(g.data_ptr());
    auto* m = static_cast<float*>(first_[i].data_ptr());
    auto* v = static_cast<float*>(second_[i].data_ptr());
    at::parallel_for(0, p.numel(), 1 << 15, [&](int64_t begin, int64_t end) {
      adam_kernel(w + begin, gd + begin, m + begin, v + begin, end - begin, static_cast<float>(scale),
                  static_cast<float>(settings_.beta1), static_cast<float>(settings_.beta2),
                  static_cast<float>(rate / correction1), static_cast<float>(std::sqrt(correction2)),
                  static_cast<float>(settings_.eps));
    });
    // The kernel writes past libtorch's back; packed forms of the weights must know.
    p.unsafeGetTensorImpl()->bump_version();
  }
}

std::vector<std::pair<std::string, at::Tensor>> Adam::state() const {
  std::vector<std::pair<std::string, at::Tensor>> items{{"steps", steps_}};
  for (size_t i = 0; i < first_.size(); ++i) {
    items.emplace_back(fmt::format("{}.first_moment", i), first_[i]);
    items.emplace_back(fmt::format("{}.second_moment", i), second_[i]);
  }
  return items;
}

double rate_schedule(double progress, double decay_from, int64_t step, int64_t warm_up) {
  double factor = 1;
  if (progress > decay_from) factor *= std::max(0.0, (1 - progress) / std::max(1e-9, 1 - decay_from));
  if (step < warm_up) factor *= static_cast<double>(step + 1) / static_cast<double>(warm_up);
  return factor;
}

void average_weights(const std::vector<at::Tensor>& averages, const std::vector<at::Tensor>& weights,
                     double decay, int64_t steps) {
  RECORD_USER_SCOPE("linmo::average");
  const at::NoGradGuard no_gradients;
  const double d = std::min(decay, static_cast<double>(1 + steps) / static_cast<double>(10 + steps));
  for (size_t i = 0; i < averages.size(); ++i) {
    if (averages[i].scalar_type() != at::kFloat) {
      averages[i].copy_(weights[i]);
      continue;
    }
    auto* average = averages[i].data_ptr<float>();
    const auto* weight = weights[i].data_ptr<float>();
    at::parallel_for(0, averages[i].numel(), 1 << 15, [&](int64_t begin, int64_t end) {
      average_kernel(average + begin, weight + begin, end - begin, static_cast<float>(1 - d));
    });
    averages[i].unsafeGetTensorImpl()->bump_version();
  }
}

}  // namespace linmo::train
