// SPDX-License-Identifier: Apache-2.0
// pix2pix: Isola, Zhu, Zhou, Efros 2017, "Image-to-image translation with conditional adversarial networks".
// The discriminator judges content and result together.
#include <ATen/ATen.h>

#include "linmo/train/method.h"

namespace linmo::train {
namespace {

using at::Tensor;

class Paired : public Method {
 public:
  explicit Paired(const TrainSettings& settings)
      : Method(settings),
        g_(add_generator("G")),
        d_(add_discriminator("D", 6)),
        adam_g_(add_optimiser("adam_G", {g_})),
        adam_d_(add_optimiser("adam_D", {d_})) {
    gan_loss_ = {gan_loss_from_name(settings.gan_loss), settings.label_smoothing, settings.saturating};
  }

  Losses step(const Batch& batch, const StepContext& context) override {
    const Tensor &content = batch.content, &truth = batch.style;
    Random random = context.random;
    const Tensor fake = run_generator(*g_, content);
    const auto pair = [&](const Tensor& result) { return at::cat({content, result}, 1); };

    adam_d_.zero_grad();
    const Tensor loss_d = discriminator_loss(*d_, pair(truth), pair(fake), random);
    loss_d.backward();
    adam_d_.step(context.rate_factor);

    const Tensor gan = generator_loss(*d_, pair(fake), random);
    const Tensor l1 = at::l1_loss(fake, truth);
    adam_g_.zero_grad();
    (settings_.lambda_gan * gan + settings_.lambda_l1 * l1).backward();
    adam_g_.step(context.rate_factor);

    update_averages(context.step);
    return {{"G_gan", gan.item<double>()}, {"L1", l1.item<double>()}, {"D", loss_d.item<double>()}};
  }

  double flops_per_step() const override { return 3 * flops(*g_) + 2 * flops(*d_) + 2 * 3 * flops(*d_); }

 private:
  std::shared_ptr<Network> g_, d_;
  Adam &adam_g_, &adam_d_;
};

}  // namespace

std::unique_ptr<Method> make_paired(const TrainSettings& settings) {
  return std::make_unique<Paired>(settings);
}

}  // namespace linmo::train
