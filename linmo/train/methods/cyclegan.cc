// SPDX-License-Identifier: Apache-2.0
// CycleGAN: Zhu, Park, Isola, Efros 2017, "Unpaired image-to-image translation using cycle-consistent
// adversarial networks". A is the content, B the style; G paints A as B, G_B paints B as A; D judges B's
// look, D_A A's.
#include <ATen/ATen.h>

#include "linmo/core/error.h"
#include "linmo/train/method.h"
#include "linmo/train/pool.h"

namespace linmo::train {
namespace {

using at::Tensor;

class CycleGan : public Method {
 public:
  explicit CycleGan(const TrainSettings& settings)
      : Method(settings),
        g_(add_generator("G")),
        g_b_(add_generator("G_B")),
        d_(add_discriminator("D", 3)),
        d_a_(add_discriminator("D_A", 3)),
        adam_g_(add_optimiser("adam_G", {g_, g_b_})),
        adam_d_(add_optimiser("adam_D", {d_, d_a_})),
        pool_b_(settings.pool_size),
        pool_a_(settings.pool_size) {
    gan_loss_ = {gan_loss_from_name(settings.gan_loss), settings.label_smoothing, settings.saturating};
  }

  Losses step(const Batch& batch, const StepContext& context) override {
    const Tensor &a = batch.content, &b = batch.style;
    Random random = context.random;
    const double cycle = settings_.lambda_cycle, identity = settings_.lambda_identity;

    // Generators.
    const auto [fake_b, same_b] = both(*g_, a, b, identity > 0);
    const auto [fake_a, same_a] = both(*g_b_, b, a, identity > 0);
    const Tensor rec_a = run_generator(*g_b_, fake_b), rec_b = run_generator(*g_, fake_a);
    const Tensor gan = generator_loss(*d_, fake_b, random), gan_a = generator_loss(*d_a_, fake_a, random);
    const Tensor cycle_a = at::l1_loss(rec_a, a), cycle_b = at::l1_loss(rec_b, b);
    Tensor loss = settings_.lambda_gan * (gan + gan_a) + cycle * (cycle_a + cycle_b);
    Losses losses = {{"G_gan", gan.item<double>()},
                     {"G_B_gan", gan_a.item<double>()},
                     {"cycle_A", cycle_a.item<double>()},
                     {"cycle_B", cycle_b.item<double>()}};
    if (identity > 0) {
      const Tensor idt_b = at::l1_loss(same_b, b), idt_a = at::l1_loss(same_a, a);
      loss = loss + cycle * identity * (idt_a + idt_b);
      losses.emplace_back("identity", idt_a.item<double>() + idt_b.item<double>());
    }
    adam_g_.zero_grad();
    loss.backward();
    adam_g_.step(context.rate_factor);

    // Discriminators.
    adam_d_.zero_grad();
    const Tensor loss_d = discriminator_loss(*d_, b, pool_b_.query(fake_b, random), random);
    loss_d.backward();
    const Tensor loss_d_a = discriminator_loss(*d_a_, a, pool_a_.query(fake_a, random), random);
    loss_d_a.backward();
    adam_d_.step(context.rate_factor);

    update_averages(context.step);
    losses.emplace_back("D", loss_d.item<double>());
    losses.emplace_back("D_A", loss_d_a.item<double>());
    return losses;
  }

  double flops_per_step() const override {
    const double passes = settings_.lambda_identity > 0 ? 6 : 4;
    return passes * 3 * flops(*g_) + 2 * 2 * flops(*d_) + 2 * 2 * 3 * flops(*d_);
  }

  std::vector<StateItem> state() const override {
    std::vector<StateItem> items = Method::state();
    for (const auto& [name, pool] : {std::pair{"pool_B", &pool_b_}, std::pair{"pool_A", &pool_a_}}) {
      for (size_t i = 0; i < pool->pictures().size(); ++i)
        items.push_back({fmt::format("{}/{}", name, i), pool->pictures()[i]});
    }
    return items;
  }

  void prepare_state(const std::map<std::string, std::vector<int64_t>>& shapes) override {
    for (const auto& [name, pool] : {std::pair{"pool_B", &pool_b_}, std::pair{"pool_A", &pool_a_}}) {
      std::vector<Tensor> pictures;
      for (size_t i = 0;; ++i) {
        const auto it = shapes.find(fmt::format("{}/{}", name, i));
        if (it == shapes.end()) break;
        pictures.push_back(at::empty(it->second));
      }
      pool->set_pictures(std::move(pictures));
    }
  }

 private:
  // What a generator makes of its content and, for the identity loss, of a picture in its style already.
  static std::pair<Tensor, Tensor> both(const Network& g, const Tensor& content, const Tensor& style,
                                        bool identity) {
    if (!identity) return {run_generator(g, content), Tensor()};
    const auto results = g.run_together({fed(g, content), fed(g, style)});
    return {results[0][0], results[1][0]};
  }

  std::shared_ptr<Network> g_, g_b_, d_, d_a_;
  Adam &adam_g_, &adam_d_;
  PicturePool pool_b_, pool_a_;
};

}  // namespace

std::unique_ptr<Method> make_cyclegan(const TrainSettings& settings) {
  return std::make_unique<CycleGan>(settings);
}

}  // namespace linmo::train
