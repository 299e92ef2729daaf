// SPDX-License-Identifier: Apache-2.0
// What surrounds the losses in a step, against tests/golden/make_training.py: augmentation, pool, optimiser,
// schedule and average; and dropout against its definition.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "linmo/model/golden_test.h"
#include "linmo/net/builder.h"
#include "linmo/train/augment.h"
#include "linmo/train/network.h"
#include "linmo/train/optimiser.h"
#include "linmo/train/pool.h"

namespace linmo::train {
namespace {

using at::Tensor;

Tensor noise(const std::string& name, std::vector<int64_t> shape, double amplitude = 1) {
  return to_torch(golden::noise(name, std::move(shape), amplitude, 0));
}

// The file holds float64's results.
void expect(const golden::File& file, const std::string& key, const Tensor& ours, double bound) {
  ASSERT_TRUE(ours.defined()) << key;
  const Tensor t = ours.detach().contiguous();
  file.expect_close<float>(key, {t.data_ptr<float>(), static_cast<size_t>(t.numel())},
                           bound * file.scale(key));
}

TEST(GoldenTraining, DiffAugment) {
  const golden::File file("training");
  for (const std::string policy : {"color", "translation", "cutout", "color,translation,cutout"}) {
    SCOPED_TRACE(policy);
    const Tensor x = noise("augment/x", {3, 3, 16, 23}).set_requires_grad(true);
    Random random(7, 3);
    const Tensor y = augment(x, policy, random);
    (y * noise("augment/weight", {3, 3, 16, 23})).sum().backward();
    expect(file, "augment." + policy + "/value", y, 2e-6);
    expect(file, "augment." + policy + "/grad", x.grad(), 2e-6);
  }
}

TEST(GoldenTraining, PicturePool) {
  const golden::File file("training");
  PicturePool pool(3);
  Random random(11, 5);
  std::vector<Tensor> answers;
  for (int i = 0; i < 40; ++i) {
    const Tensor batch = at::arange(2 * i + 1, 2 * i + 3, at::kFloat).view({2, 1, 1, 1});
    answers.push_back(pool.query(batch, random).flatten());
  }
  expect(file, "pool/answers", at::cat(answers), 0);
}

TEST(GoldenTraining, AdamScheduleClippingAndAverage) {
  const golden::File file("training");
  struct Case {
    const char* name;
    int64_t warm_up;
    double clip;
  };
  constexpr int64_t kSteps = 12;
  for (const Case& c : {Case{"plain", 0, 0}, Case{"warm", 4, 0}, Case{"clipped", 3, 0.9}}) {
    SCOPED_TRACE(c.name);
    std::vector<Tensor> parameters, averages;
    for (const auto& shape : std::vector<std::vector<int64_t>>{{5, 7}, {3}, {2, 4}}) {
      parameters.push_back(
          noise(fmt::format("adam/parameter.{}", parameters.size()), shape).set_requires_grad(true));
      averages.push_back(parameters.back().detach().clone());
    }
    Adam adam(parameters, {.rate = 1e-2, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8, .clip_norm = c.clip});
    for (int64_t n = 0; n < kSteps; ++n) {
      adam.zero_grad();
      for (size_t i = 0; i < parameters.size(); ++i) {
        if (i == 2 && n % 3 == 2) continue;
        parameters[i].mutable_grad() =
            noise(fmt::format("adam/gradient.{}.{}", i, n), parameters[i].sizes().vec(),
                  0.1 + 0.05 * static_cast<double>(n));
      }
      adam.step(rate_schedule(static_cast<double>(n) / kSteps, 0.5, n, c.warm_up));
      average_weights(averages, parameters, 0.9, n);
    }
    for (size_t i = 0; i < parameters.size(); ++i) {
      expect(file, fmt::format("adam.{}/parameter.{}", c.name, i), parameters[i], 2e-6);
      expect(file, fmt::format("adam.{}/average.{}", c.name, i), averages[i], 2e-6);
    }
  }
}

TEST(Training, DropoutKeepsTheMeanAndIsOffWhenApplied) {
  constexpr double kRate = 0.4;
  net::Builder builder("dropout", 1);
  builder.add(net::Dropout{kRate});
  const Network network(builder.finish(), Init::normal, 1, Random(1, 1));
  const Tensor x = (noise("dropout/x", {2, 1, 96, 96}) + 2).set_requires_grad(true);
  at::manual_seed(3);
  const Tensor y = network(x);
  y.sum().backward();
  const Tensor kept = y.detach() != 0;
  // Srivastava 2014, inverted: kept with probability 1 − p, then divided by it; the gradient sees the same
  // mask.
  EXPECT_TRUE(at::allclose(y.detach(), at::where(kept, x.detach() / (1 - kRate), at::zeros_like(x))));
  EXPECT_TRUE(at::allclose(x.grad(), kept.to(at::kFloat) / (1 - kRate)));
  // 18,432 independent draws: four standard deviations.
  EXPECT_NEAR(kept.to(at::kFloat).mean().item<double>(), 1 - kRate, 4 * std::sqrt(0.24 / 18432));
  Pass applied;
  applied.train = false;
  EXPECT_TRUE(at::equal(network(x, applied), x));
}

}  // namespace
}  // namespace linmo::train
