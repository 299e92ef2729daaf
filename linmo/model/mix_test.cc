// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/mix.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/model/problem_test.h"
#include "linmo/model/sample_model_test.h"

namespace linmo::model {
namespace {

Model random_model(uint64_t seed, net::NormChoice norm = net::NormChoice::batch) {
  Model m = sample_model(norm);
  Random random(seed);
  for (auto& [name, tensor] : m.tensors) {
    if (!is_float(tensor.dtype())) continue;
    std::vector<float> values(static_cast<size_t>(tensor.count()));
    for (float& v : values) v = static_cast<float>(random.uniform() - 0.5);
    tensor = Tensor::from_floats(tensor.shape(), values);
  }
  m.card = {{"title", "模 " + std::to_string(seed)}, {"licence", "CC0"}, {"data", {{"credit", "ours"}}}};
  return m;
}

// `a` moved a little towards noise: what tuning does.
Model near(const Model& a, uint64_t seed) {
  Model m = a;
  const Model noise = random_model(seed);
  for (auto& [name, tensor] : m.tensors) {
    if (!is_float(tensor.dtype())) continue;
    std::vector<float> x = tensor.floats();
    const std::vector<float> y = noise.tensors.at(name).floats();
    for (size_t i = 0; i < x.size(); ++i) x[i] += 0.3F * y[i];
    tensor = Tensor::from_floats(tensor.shape(), x);
  }
  return m;
}

TEST(Mix, IsTheWeightedMeanOfEveryParameter) {
  const Model a = random_model(1), b = near(a, 2), c = near(a, 3);
  const std::vector<Ingredient> all = {{"a", a}, {"b", b}, {"c", c}};
  const Model m = mix(all, std::vector<double>{1, 2, 1});
  for (const char* key : {"model.1.weight", "model.2.bias", "model.2.running_var"}) {
    const auto x = a.tensors.at(key).floats(), y = b.tensors.at(key).floats(), z = c.tensors.at(key).floats(),
               got = m.tensors.at(key).floats();
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(got[i], x[i] / 4 + y[i] / 2 + z[i] / 4, 1e-6) << key;
  }
  EXPECT_EQ(m.tensors.at("model.2.num_batches_tracked").dtype(), DType::i64);
  EXPECT_TRUE(parameter_problems(m.network, m.tensors).empty());
}

TEST(Mix, EndsAreTheIngredients) {
  const Model a = random_model(1), b = near(a, 2);
  const std::vector<Ingredient> both = {{"a", a}, {"b", b}};
  for (const auto& [key, tensor] : mix(both, std::vector<double>{0, 7}).tensors) {
    if (is_float(tensor.dtype())) {
      EXPECT_EQ(tensor.floats(), b.tensors.at(key).floats()) << key;
    }
  }
}

TEST(Mix, CardNamesIngredientsLicencesAndData) {
  Model a = random_model(1), b = near(a, 2);
  b.card["licence"] = "CC BY-SA 4.0";
  const std::vector<Ingredient> both = {{"a", a}, {"b", b}};
  const nlohmann::json card = mix(both, std::vector<double>{1, 3}).card;
  EXPECT_EQ(card["licence"], "CC0; CC BY-SA 4.0");
  EXPECT_EQ(card["data"]["credit"], "ours");
  EXPECT_EQ(card["mixed_of"][1]["weight"], 0.75);
  EXPECT_EQ(card["mixed_of"][1]["resemblance_to_first"], resemblance(a, b));
  EXPECT_EQ(card["title"], "0.25 × 模 1 + 0.75 × 模 1");
  // What it paints is said where all ingredients agree.
  EXPECT_FALSE(card.contains("subject"));
  std::vector<Ingredient> letters = both;
  letters[0].model.card["subject"] = letters[1].model.card["subject"] = "characters";
  EXPECT_EQ(mix(letters, std::vector<double>{1, 3}).card["subject"], "characters");
}

TEST(Mix, StrangersAreRefusedWithAReason) {
  const Model a = random_model(1), b = random_model(2), c = random_model(1, net::NormChoice::instance);
  EXPECT_LT(std::abs(resemblance(a, b)), 0.3);
  EXPECT_NEAR(resemblance(a, a), 1, 1e-6);
  EXPECT_GT(resemblance(a, near(a, 2)), 0.9);
  const auto refused = [](Ingredient x, Ingredient y, std::vector<double> w) {
    const std::vector<Ingredient> both = {std::move(x), std::move(y)};
    return problem([&] { mix(both, w); });
  };
  EXPECT_NE(refused({"a", a}, {"b", b}, {1, 1}).find("noise, not a style"), std::string::npos);
  EXPECT_NE(refused({"a", a}, {"c", c}, {1, 1}).find("different sizes or options"), std::string::npos);
  EXPECT_NE(refused({"a", a}, {"a", a}, {1, -1}).find("-1"), std::string::npos);
  EXPECT_NE(refused({"a", a}, {"a", a}, {0, 0}).find("add up to 0"), std::string::npos);
  EXPECT_NE(refused({"a", a}, {"a", a}, {1}).find("2 models and 1 weights"), std::string::npos);
}

}  // namespace
}  // namespace linmo::model
