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
    // Generators. Each way round is differentiated by itself, and the gradients add up: of the activations
    // that the backward pass needs, half as many are alive at once.
    adam_g_.zero_grad();
    const Way there = way(*g_, *g_b_, *d_, a, b, random), back = way(*g_b_, *g_, *d_a_, b, a, random);
    adam_g_.step(context.rate_factor);
    Losses losses = {
        {"G_gan", there.gan}, {"G_B_gan", back.gan}, {"cycle_A", there.cycle}, {"cycle_B", back.cycle}};
    if (settings_.lambda_identity > 0) losses.emplace_back("identity", back.identity + there.identity);

    // Discriminators.
    adam_d_.zero_grad();
    const Tensor loss_d = discriminator_loss(*d_, b, pool_b_.query(there.result, random), random);
    loss_d.backward();
    const Tensor loss_d_a = discriminator_loss(*d_a_, a, pool_a_.query(back.result, random), random);
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
  struct Way {
    Tensor result;  // detached
    double gan, cycle, identity;
  };
  // From `content` through g to its result, which d judges, and back again through `inverse`; for the
  // identity loss g also sees `style`, in one batch with the content.
  Way way(const Network& g, const Network& inverse, const Network& d, const Tensor& content,
          const Tensor& style, Random& random) {
    const double cycle = settings_.lambda_cycle, identity = settings_.lambda_identity;
    Tensor result, same;
    if (identity > 0) {
      const auto results = g.run_together({fed(g, content), fed(g, style)});
      result = results[0][0], same = results[1][0];
    } else {
      result = run_generator(g, content);
    }
    const Tensor gan = generator_loss(d, result, random);
    const Tensor around = at::l1_loss(run_generator(inverse, result), content);
    Tensor loss = settings_.lambda_gan * gan + cycle * around;
    Way out{result.detach(), gan.item<double>(), around.item<double>(), 0};
    if (identity > 0) {
      const Tensor kept = at::l1_loss(same, style);
      loss = loss + cycle * identity * kept;
      out.identity = kept.item<double>();
    }
    loss.backward();
    return out;
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
