// SPDX-License-Identifier: Apache-2.0
// Losses and their gradients against the papers' formulas in PyTorch (tests/golden/make_losses.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstring>

#include "linmo/model/golden_test.h"
#include "linmo/net/discriminators.h"
#include "linmo/train/losses.h"
#include "linmo/train/nce.h"
#include "linmo/train/network.h"

namespace linmo::train {
namespace {

using at::Tensor;

// The files hold float64's results; float32 is off by about 1e-7 a sum, more where differences cancel.
constexpr double kBound = 5e-6;

Tensor noise(const std::string& name, std::vector<int64_t> shape, double amplitude = 1, double centre = 0) {
  return to_torch(golden::noise(name, std::move(shape), amplitude, centre));
}

void expect(const golden::File& file, const std::string& key, const Tensor& ours, double absolute = 1e-9) {
  ASSERT_TRUE(ours.defined()) << key;
  const Tensor t = ours.detach().contiguous();
  file.expect_close<float>(key, {t.data_ptr<float>(), static_cast<size_t>(t.numel())},
                           absolute + kBound * file.scale(key));
}

std::vector<Tensor> logits(const std::string& side) {
  std::vector<Tensor> maps;
  for (const auto& shape : std::vector<std::vector<int64_t>>{{2, 1, 5, 6}, {2, 1, 3, 4}}) {
    maps.push_back(
        noise(fmt::format("logits/{}.{}", side, maps.size()), shape, 4, 0.5).set_requires_grad(true));
  }
  return maps;
}

TEST(GoldenLosses, Adversarial) {
  const golden::File file("losses");
  const std::pair<std::string, GanLossKind> kinds[] = {{"log", GanLossKind::log},
                                                       {"cross_entropy", GanLossKind::cross_entropy},
                                                       {"least_squares", GanLossKind::least_squares},
                                                       {"hinge", GanLossKind::hinge},
                                                       {"wasserstein", GanLossKind::wasserstein}};
  size_t compared = 0;
  for (const auto& [name, kind] : kinds) {
    for (const char* part : {"real", "real_smooth", "fake", "generator", "generator_saturating"}) {
      const std::string key = fmt::format("{}.{}", name, part);
      if (!file.has(key + "/value")) continue;
      SCOPED_TRACE(key);
      GanLoss loss;
      loss.kind = kind;
      loss.label_smoothing = key.ends_with("smooth") ? 0.1 : 0;
      loss.saturating = key.ends_with("saturating");
      const bool real = std::string_view(part).starts_with("real");
      const std::vector<Tensor> maps = logits(real ? "real" : "fake");
      const Tensor value = real                               ? loss.discriminator_real(maps)
                           : std::string_view(part) == "fake" ? loss.discriminator_fake(maps)
                                                              : loss.generator(maps);
      value.backward();
      expect(file, key + "/value", value);
      for (size_t i = 0; i < maps.size(); ++i)
        expect(file, fmt::format("{}/grad.{}", key, i), maps[i].grad());
      ++compared;
    }
  }
  EXPECT_EQ(compared, 18u);
}

TEST(GoldenLosses, Penalties) {
  const golden::File file("losses");
  const Tensor real = noise("penalty/real", {2, 3, 12, 10}), fake = noise("penalty/fake", {2, 3, 12, 10}),
               alpha = noise("penalty/alpha", {2, 1, 1, 1}, 0.5, 0.5);
  for (const auto& [name, norm] :
       {std::pair{"none", net::NormChoice::none}, std::pair{"instance", net::NormChoice::instance}}) {
    for (const bool r1 : {false, true}) {
      const std::string key = fmt::format("{}_{}", r1 ? "r1" : "gradient_penalty", name);
      SCOPED_TRACE(key);
      const net::Description d = net::patch_discriminator({3, 4, 1, norm});
      Network critic(d, Init::normal, 1, Random(1, 1));
      critic.load(golden::weights(d, fmt::format("penalty_{}", name)), key);
      Pass plain;
      plain.plain = true;
      const auto judge = [&](const Tensor& x) { return critic.run(x, plain); };
      const Tensor loss =
          r1 ? 5.0 / 2 * r1_penalty(judge, real) : 10 * gradient_penalty(judge, real, fake, alpha);
      loss.backward();
      expect(file, key + "/value", loss);
      for (const Network::Entry& e : critic.state()) {
        // A bias that is added after everything that bends has no gradient at all.
        const Tensor gradient =
            e.tensor.grad().defined() ? e.tensor.grad() : at::zeros_like(e.tensor.detach());
        expect(file, key + "/grad." + e.name, gradient, kBound * file.scale(key + "/grad."));
      }
    }
  }
}

TEST(GoldenLosses, PatchNce) {
  const golden::File file("losses");
  const int64_t batch = 2, channels = 6, hidden = 8;
  const Tensor q = noise("nce/query", {batch, channels, 5, 7}).set_requires_grad(true),
               k = noise("nce/key", {batch, channels, 5, 7}).set_requires_grad(true);
  const Tensor places = at::tensor(std::vector<int64_t>{3, 34, 0, 17, 8, 21, 30, 12, 5}, at::kLong);
  const NceHeads heads({channels}, hidden, 1, Random(1, 1));
  for (const NceHeads::Entry& e : heads.state()) {
    const at::NoGradGuard guard;
    Tensor t = e.tensor;
    t.copy_(to_torch(golden::parameter("nce/mlp_0", e.name.substr(std::strlen("mlp_0.")), t.sizes().vec())));
  }
  const Tensor query = heads.project(0, q, places), key = heads.project(0, k, places);
  const Tensor loss = patch_nce(query, key, batch, 0.07);
  loss.backward();
  EXPECT_FALSE(k.grad().defined());
  expect(file, "nce/query_features", query);
  expect(file, "nce/value", loss);
  expect(file, "nce/grad.query", q.grad());
  for (const NceHeads::Entry& e : heads.state()) expect(file, "nce/grad." + e.name, e.tensor.grad());
}

}  // namespace
}  // namespace linmo::train
