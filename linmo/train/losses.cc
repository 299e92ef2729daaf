// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/losses.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "linmo/core/error.h"

namespace linmo::train {
namespace {

using at::Tensor;

template <class F>
Tensor mean_over_scales(const std::vector<Tensor>& maps, F&& f) {
  Tensor sum;
  for (const Tensor& map : maps) {
    const Tensor value = f(map.to(map.scalar_type() == at::kDouble ? at::kDouble : at::kFloat));
    sum = sum.defined() ? sum + value : value;
  }
  return sum / static_cast<double>(maps.size());
}

Tensor minus_log_sigmoid(const Tensor& x) {
  return at::softplus(-x).mean();
}

// Sum of the critic's logits differentiated by its input, N × (C·H·W).
Tensor input_gradient(const std::function<std::vector<Tensor>(const Tensor&)>& critic, const Tensor& input) {
  Tensor sum;
  for (const Tensor& map : critic(input)) sum = sum.defined() ? sum + map.sum() : map.sum();
  const Tensor gradient = torch::autograd::grad({sum}, {input}, {}, true, true)[0];
  return gradient.reshape({gradient.size(0), -1});
}

}  // namespace

const std::vector<std::string>& gan_loss_names() {
  static const std::vector<std::string> names = {"log", "cross-entropy", "least-squares", "hinge",
                                                 "wasserstein-gp"};
  return names;
}

GanLossKind gan_loss_from_name(const std::string& name) {
  // pytorch-CycleGAN-and-pix2pix's names are understood too.
  if (name == "log") return GanLossKind::log;
  if (name == "cross-entropy" || name == "vanilla") return GanLossKind::cross_entropy;
  if (name == "least-squares" || name == "lsgan") return GanLossKind::least_squares;
  if (name == "hinge") return GanLossKind::hinge;
  if (name == "wasserstein-gp" || name == "wgangp") return GanLossKind::wasserstein;
  fail(ErrorKind::usage, "the GAN loss \"{}\" is not known; choose one of: {}", name,
       fmt::join(gan_loss_names(), ", "));
}

Tensor GanLoss::discriminator_real(const std::vector<Tensor>& real) const {
  return mean_over_scales(real, [&](const Tensor& x) {
    switch (kind) {
      case GanLossKind::log:
        return minus_log_sigmoid(x);
      case GanLossKind::cross_entropy:
        return at::binary_cross_entropy_with_logits(x, at::full_like(x, 1 - label_smoothing));
      case GanLossKind::least_squares:
        return (x - (1 - label_smoothing)).square().mean();
      case GanLossKind::hinge:
        return at::relu(1 - x).mean();
      case GanLossKind::wasserstein:
        return -x.mean();
    }
    return x;
  });
}

Tensor GanLoss::discriminator_fake(const std::vector<Tensor>& fake) const {
  return mean_over_scales(fake, [&](const Tensor& x) {
    switch (kind) {
      case GanLossKind::log:
        return minus_log_sigmoid(-x);
      case GanLossKind::cross_entropy:
        return at::binary_cross_entropy_with_logits(x, at::zeros_like(x));
      case GanLossKind::least_squares:
        return x.square().mean();
      case GanLossKind::hinge:
        return at::relu(1 + x).mean();
      case GanLossKind::wasserstein:
        return x.mean();
    }
    return x;
  });
}

Tensor GanLoss::discriminator(const std::vector<Tensor>& real, const std::vector<Tensor>& fake) const {
  const Tensor sum = discriminator_real(real) + discriminator_fake(fake);
  return kind == GanLossKind::wasserstein || kind == GanLossKind::hinge ? sum : sum * 0.5;
}

Tensor GanLoss::generator(const std::vector<Tensor>& fake) const {
  return mean_over_scales(fake, [&](const Tensor& x) {
    switch (kind) {
      case GanLossKind::log:
        return saturating ? -minus_log_sigmoid(-x) : minus_log_sigmoid(x);
      case GanLossKind::cross_entropy:
        return at::binary_cross_entropy_with_logits(x, at::ones_like(x));
      case GanLossKind::least_squares:
        return (x - 1).square().mean();
      case GanLossKind::hinge:
      case GanLossKind::wasserstein:
        return -x.mean();
    }
    return x;
  });
}

Tensor gradient_penalty(const std::function<std::vector<Tensor>(const Tensor&)>& critic, const Tensor& real,
                        const Tensor& fake, const Tensor& alpha) {
  const Tensor between = (alpha * real.detach() + (1 - alpha) * fake.detach()).set_requires_grad(true);
  // 1e-16 keeps the root differentiable where the gradient vanishes.
  return ((input_gradient(critic, between).square().sum(1) + 1e-16).sqrt() - 1).square().mean();
}

Tensor r1_penalty(const std::function<std::vector<Tensor>(const Tensor&)>& critic, const Tensor& real) {
  const Tensor input = real.detach().clone().set_requires_grad(true);
  return input_gradient(critic, input).square().sum(1).mean();
}

Tensor patch_nce(const Tensor& query, const Tensor& key, int64_t batch, double temperature) {
  const int64_t patches = query.size(0) / batch, channels = query.size(1);
  const Tensor q = query.view({batch, patches, channels});
  const Tensor k = key.detach().view({batch, patches, channels});
  // The similarity of a place with itself stands on the diagonal: the positive of a cross-entropy.
  const Tensor logits = (at::bmm(q, k.transpose(1, 2)) / temperature).view({batch * patches, patches});
  const Tensor target = at::arange(patches, at::kLong).repeat({batch});
  return at::cross_entropy_loss(logits, target);
}

}  // namespace linmo::train
