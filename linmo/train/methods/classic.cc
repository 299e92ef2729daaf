// SPDX-License-Identifier: Apache-2.0
// The source document's procedure: step 1 trains generator and discriminator with log loss or cross-entropy,
// step 2 adjusts the generator's parameters to the style, step 3 applies it (linmo apply).
//
// What the document leaves open, and how it is closed here:
//  - Nothing ties the result to its input: a generator that ignores the content can win. A reconstruction
//  term
//    λ·|G(x) − x|₁ keeps the content.
//  - "Adjusts the generator's parameters": in the last `adjust` share of the budget the discriminator, which
//  by
//    then knows the style, stands still and only the generator learns, with half the reconstruction weight
//    and a fifth of the rate, because a fixed judge can be fooled by patterns if it is chased too long.
#include <ATen/ATen.h>

#include "linmo/train/method.h"

namespace linmo::train {
namespace {

using at::Tensor;

class Classic : public Method {
 public:
  explicit Classic(const TrainSettings& settings)
      : Method(settings),
        g_(add_generator("G")),
        d_(add_discriminator("D", 3)),
        adam_g_(add_optimiser("adam_G", {g_})),
        adam_d_(add_optimiser("adam_D", {d_})) {
    gan_loss_ = {gan_loss_from_name(settings.gan_loss), settings.label_smoothing, settings.saturating};
  }

  Losses step(const Batch& batch, const StepContext& context) override {
    const Tensor& content = batch.content;
    Random random = context.random;
    const bool adjusting = settings_.adjust > 0 && context.progress >= 1 - settings_.adjust;
    const Tensor fake = run_generator(*g_, content);
    Losses losses;

    if (!adjusting) {
      adam_d_.zero_grad();
      const Tensor loss_d = discriminator_loss(*d_, batch.style, fake, random);
      loss_d.backward();
      adam_d_.step(context.rate_factor);
      losses.emplace_back("D", loss_d.item<double>());
    }

    const Tensor gan = generator_loss(*d_, fake, random);
    const Tensor reconstruction = at::l1_loss(fake, content);
    adam_g_.zero_grad();
    (settings_.lambda_gan * gan + settings_.lambda_content * (adjusting ? 0.5 : 1.0) * reconstruction)
        .backward();
    adam_g_.step(context.rate_factor * (adjusting ? 0.2 : 1.0));

    update_averages(context.step);
    losses.insert(losses.begin(),
                  {{"G_gan", gan.item<double>()}, {"content", reconstruction.item<double>()}});
    return losses;
  }

  double flops_per_step() const override { return 3 * flops(*g_) + 2 * flops(*d_) + 2 * 3 * flops(*d_); }

 private:
  std::shared_ptr<Network> g_, d_;
  Adam &adam_g_, &adam_d_;
};

}  // namespace

std::unique_ptr<Method> make_classic(const TrainSettings& settings) {
  return std::make_unique<Classic>(settings);
}

}  // namespace linmo::train
