// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/multivariate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "linmo/culture/statistics/classifier.h"
#include "linmo/culture/statistics/permanova.h"

namespace linmo::culture {
namespace {

Eigen::MatrixXd example_points() {
  Eigen::MatrixXd out(8, 2);
  out << 0, 0, 1, 0, 0, 1, 1, 1, 2, 2, 3, 2, 2, 3, 4, 4;
  return out;
}
const std::vector<int64_t> kLabels{0, 0, 0, 0, 1, 1, 1, 1};

// All 70 ways to choose the second group.
std::vector<std::vector<int64_t>> all_labellings() {
  std::vector<int64_t> labels = kLabels;
  std::vector<std::vector<int64_t>> out;
  do out.push_back(labels);
  while (std::next_permutation(labels.begin(), labels.end()));
  return out;
}

TEST(Multivariate, EnergyAndMmdOfTheExample) {  // values of R's energy and of the formulas in numpy
  const Eigen::MatrixXd d = distances(example_points());
  const double e = energy_distance(d, kLabels);
  EXPECT_NEAR(e, 4.341964486, 1e-9);
  EXPECT_NEAR(e * 4 * 4 / 8, 8.683928972, 1e-9);
  int as_large = 0;
  for (const auto& labels : all_labellings()) as_large += energy_distance(d, labels) >= e - 1e-12;
  EXPECT_EQ(as_large, 2);  // exact p = 2/70
  EXPECT_NEAR(median_distance(d), 2.236068, 1e-6);
  EXPECT_NEAR(mmd_squared(d, kLabels, median_distance(d)), .810781, 1e-6);
}

TEST(Multivariate, EnergyOfOneNumber) {
  Eigen::MatrixXd v(10, 1);
  v << 1, 2, 3, 4, 5, 2, 4, 6, 8, 10;
  const std::vector<int64_t> labels{0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  EXPECT_NEAR(energy_distance(distances(v), labels), 2.32, 1e-12);
}

TEST(Multivariate, FrechetOfTheExampleAddsUp) {
  const Eigen::MatrixXd p = example_points();
  const Frechet f = frechet(p.topRows(4), p.bottomRows(4));
  EXPECT_NEAR(f.distance, 10.544120, 1e-6);
  EXPECT_NEAR(f.mean.sum() + f.spread.sum(), f.distance, 1e-12);
  EXPECT_NEAR(f.mean.sum(), 2 * 2.25 * 2.25, 1e-12);
  const Frechet back = frechet(p.bottomRows(4), p.topRows(4));
  EXPECT_NEAR(back.distance, f.distance, 1e-9);
  EXPECT_NEAR((back.spread - f.spread).norm(), 0, 1e-9);  // the same from both sides
}

TEST(Multivariate, FrechetWithoutTheBiasOfSmallSets) {
  Random random(4);
  Eigen::MatrixXd x(150, 6), y(150, 6);
  for (int64_t i = 0; i < x.size(); ++i) {
    x.data()[i] = random.normal();
    y.data()[i] = random.normal();
  }
  const double plain = frechet(x, y).distance;
  EXPECT_GT(plain, .1);  // of one and the same distribution
  EXPECT_LT(frechet_infinite(x, y, random), plain / 2);
}

TEST(Permanova, Example) {
  const Coordinates points{example_points(), {}};
  const std::vector<Factor> factors{make_factor("group", kLabels)};
  const auto terms = permanova(points, factors, 0, nullptr, 1, null_sink());
  ASSERT_EQ(terms.size(), 3u);
  EXPECT_NEAR(terms[0].f, 16.2, 1e-9);
  EXPECT_NEAR(terms[0].r2, .729730, 1e-6);
  EXPECT_EQ(terms[0].degrees, 1);
  // The same through distances.
  const auto again =
      permanova(coordinates_of(distances(example_points())), factors, 0, nullptr, 1, null_sink());
  EXPECT_NEAR(again[0].f, 16.2, 1e-9);
  int as_large = 0;
  for (const auto& labels : all_labellings()) {
    const std::vector<Factor> other{make_factor("group", labels)};
    as_large += permanova(points, other, 0, nullptr, 1, null_sink())[0].f >= 16.2 - 1e-9;
  }
  EXPECT_EQ(as_large, 2);
}

TEST(Permanova, AliasedFactorsHaveNoTest) {
  const Coordinates points{example_points(), {}};
  const std::vector<Factor> factors{make_factor("group", kLabels), make_factor("source", kLabels)};
  const auto terms = permanova(points, factors, 0, nullptr, 1, null_sink());
  EXPECT_EQ(terms[0].degrees, 0);
  EXPECT_TRUE(std::isnan(terms[0].f));
  const VariationPartition v = partition_variation(points, factors[0], factors[1]);
  EXPECT_NEAR(v.group, 0, 1e-12);
  EXPECT_GT(v.shared, .6);
  EXPECT_FALSE(v.is_separable);
}

TEST(Classifier, AreaUnderCurve) {
  EXPECT_DOUBLE_EQ(area_under_curve(std::vector<double>{.1, .4, .35, .8}, std::vector<int64_t>{0, 0, 1, 1}),
                   .75);
  EXPECT_DOUBLE_EQ(area_under_curve(std::vector<double>{1, 1}, std::vector<int64_t>{0, 1}), .5);
}

TEST(Classifier, NuisanceIsTakenOut) {
  // Style is nuisance and noise: nothing of the nuisance is left on rows that were not learnt from.
  Random random(9);
  Eigen::MatrixXd nuisance(400, 1), style(400, 1);
  std::vector<int64_t> train, test;
  for (int64_t i = 0; i < 400; ++i) {
    nuisance(i, 0) = random.normal();
    style(i, 0) = 3 * nuisance(i, 0) + random.normal();
    (i % 2 ? test : train).push_back(i);
  }
  remove_nuisance(nuisance, train, test, 1, style);
  const Eigen::VectorXd a = nuisance(test, 0), b = style(test, 0);
  EXPECT_LT(std::abs(a.dot(b)) / (a.norm() * b.norm()), .15);
  EXPECT_NEAR(b.norm() / std::sqrt(200.0), 1, .15);
}

}  // namespace
}  // namespace linmo::culture
