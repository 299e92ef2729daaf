// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/distances.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/measure/golden_test.h"

namespace linmo::measure {
namespace {

Features normals(uint64_t seed, int64_t count, int64_t dimensions) {
  Features f{count, dimensions, {}};
  Random random(seed);
  for (int64_t i = 0; i < count * dimensions; ++i) f.values.push_back(static_cast<float>(random.normal()));
  return f;
}

TEST(Distances, AgreeWithPytorchFidAndTorchFidelity) {
  const nlohmann::json golden = nlohmann::json::parse(golden_file("measure.json"));
  for (const nlohmann::json& c : golden.at("features")) {
    const int64_t m = c.at("a"), n = c.at("b"), d = c.at("dimensions");
    const Features a = golden_features(static_cast<uint64_t>(100 + m), m, d, 0);
    const Features b = golden_features(static_cast<uint64_t>(200 + n), n, d, c.at("shift"));
    SCOPED_TRACE(c.dump());
    const double frechet = c.at("frechet"), mmd2 = c.at("mmd2");
    EXPECT_NEAR(frechet_distance(a, b), frechet, 1e-5 * frechet);
    EXPECT_NEAR(frechet_distance(gaussian(a), gaussian(b)), frechet, 1e-5 * frechet);
    EXPECT_NEAR(kernel_distance(a, b).all, mmd2, 1e-4 * mmd2 + 1e-6);
  }
}

TEST(Distances, FrechetOfKnownGaussians) {
  // Diagonal covariances commute: the distance is |Δμ|² + Σ (√s₁ − √s₂)².
  Gaussian a{3, {0, 0, 0}, {4, 0, 0, 0, 9, 0, 0, 0, 0}}, b{3, {1, 2, -2}, {1, 0, 0, 0, 16, 0, 0, 0, 25}};
  EXPECT_NEAR(frechet_distance(a, b), 9 + 1 + 1 + 25, 1e-9);
  EXPECT_NEAR(frechet_distance(b, a), 36, 1e-9);
  EXPECT_NEAR(frechet_distance(a, a), 0, 1e-9);
  // 2 × 2 in general: tr (Σ₁Σ₂)^½ = √(tr Σ₁Σ₂ + 2 √det Σ₁Σ₂).
  const Gaussian c{2, {0, 0}, {2, 1, 1, 3}}, d{2, {0, 0}, {5, -2, -2, 1}};
  const double trace = 2 * 5 - 2 * 2 + 3 * 1, determinant = (2 * 3 - 1) * (5 * 1 - 4);
  EXPECT_NEAR(frechet_distance(c, d), 5 + 6 - 2 * std::sqrt(trace + 2 * std::sqrt(determinant)), 1e-9);
}

TEST(Distances, BothWaysToFrechetAgreeAtTheirBorder) {
  for (const int64_t count : {31, 32, 33, 34}) {
    const Features a = normals(1, count, 32), b = normals(2, 40, 32);
    const double by_covariance = frechet_distance(gaussian(a), gaussian(b));
    EXPECT_NEAR(frechet_distance(a, b), by_covariance, 1e-6 * by_covariance);
    EXPECT_NEAR(frechet_distance(b, a), by_covariance, 1e-6 * by_covariance);
  }
}

TEST(Distances, KernelOfEqualDistributionsIsNothing) {
  const KernelDistance same = kernel_distance(normals(1, 400, 8), normals(2, 300, 8));
  EXPECT_EQ(same.subset_size, 150);
  EXPECT_GT(same.deviation, 0);
  EXPECT_LT(std::abs(same.mean), 2 * same.deviation);
  EXPECT_LT(std::abs(same.all), 2 * same.deviation);
  Features moved = normals(2, 300, 8);
  for (float& v : moved.values) v += 0.5f;
  EXPECT_GT(kernel_distance(normals(1, 400, 8), moved).mean, 10 * same.deviation);
}

TEST(Distances, SubsetsEstimateWhatAllPicturesGive) {
  const Features a = golden_features(1, 300, 12, 0), b = golden_features(2, 260, 12, 0.2);
  KernelSettings s;
  s.subset_size = 100, s.subsets = 400;
  const KernelDistance k = kernel_distance(a, b, s);
  EXPECT_EQ(k.subset_size, 100);
  EXPECT_NEAR(k.mean, k.all, 4 * k.deviation / 20);
}

TEST(Distances, KernelDoesNotDependOnThreads) {
  const Features a = golden_features(1, 300, 12, 0), b = golden_features(2, 260, 12, 0.2);
  KernelSettings s;
  s.threads = 1, s.most = 200;
  const KernelDistance one = kernel_distance(a, b, s);
  s.threads = 4;
  const KernelDistance four = kernel_distance(a, b, s);
  EXPECT_EQ(one.mean, four.mean);
  EXPECT_EQ(one.deviation, four.deviation);
  EXPECT_EQ(one.all, four.all);
  s.most = 5000;
  EXPECT_NE(kernel_distance(a, b, s).all, one.all);
}

TEST(Distances, RefuseWhatCannotBeCompared) {
  const Features one = normals(1, 1, 4), two = normals(2, 2, 4), other = normals(3, 2, 5);
  EXPECT_THROW(frechet_distance(one, two), Error);
  EXPECT_THROW(kernel_distance(two, one), Error);
  EXPECT_THROW(frechet_distance(two, other), Error);
  Features broken = two;
  broken.values[3] = NAN;
  EXPECT_THROW(kernel_distance(two, broken), Error);
  EXPECT_GE(frechet_distance(two, two), -1e-9);
}

}  // namespace
}  // namespace linmo::measure
