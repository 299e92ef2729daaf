// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/univariate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/random.h"

namespace linmo::culture {
namespace {

const std::vector<double> kX{1, 2, 3, 4, 5}, kY{2, 4, 6, 8, 10};

// The plain twin: all differences, sorted.
double plain_shift(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<double> all;
  for (double a : x)
    for (double b : y) all.push_back(b - a);
  std::sort(all.begin(), all.end());
  return quantile(all, .5);
}

double plain_delta(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;
  for (double a : x)
    for (double b : y) sum += a > b ? 1 : a < b ? -1 : 0;
  return sum / static_cast<double>(x.size() * y.size());
}

std::vector<double> draw(Random& random, size_t n, int levels) {
  std::vector<double> out;
  for (size_t i = 0; i < n; ++i)
    out.push_back(levels ? static_cast<double>(random.below(levels)) : random.normal());
  return out;
}

TEST(Univariate, WorkedExample) {  // values of scipy 1.10
  EXPECT_DOUBLE_EQ(cliffs_delta(kX, kY), -.6);
  EXPECT_NEAR(hodges_lehmann(kX, kY), 3, 1e-9);
}

TEST(Univariate, EqualsThePlainTwins) {
  Random random(7);
  for (int levels : {0, 3, 20})
    for (const auto& [n, m] : {std::pair{1, 1}, {2, 3}, {7, 4}, {30, 31}, {1, 40}}) {
      const auto x = draw(random, n, levels), y = draw(random, m, levels);
      EXPECT_NEAR(cliffs_delta(x, y), plain_delta(x, y), 1e-12);
      EXPECT_NEAR(hodges_lehmann(x, y), plain_shift(x, y), 1e-9) << n << " " << m << " " << levels;
    }
}

TEST(Univariate, WeightsAreRepetitions) {
  Random random(3);
  const auto x = draw(random, 9, 6), y = draw(random, 12, 6);
  std::vector<double> values = x, weights;
  values.insert(values.end(), y.begin(), y.end());
  std::vector<int64_t> labels(21), strata(21);
  std::fill(labels.begin() + 9, labels.end(), 1);
  std::vector<double> repeated[2];
  for (size_t i = 0; i < 21; ++i) {
    weights.push_back(static_cast<double>(random.below(4)));
    for (int k = 0; k < weights[i]; ++k) repeated[labels[i]].push_back(values[i]);
  }
  const TwoSamples samples(values, labels, strata);
  EXPECT_NEAR(samples.delta(weights), plain_delta(repeated[1], repeated[0]), 1e-12);
  EXPECT_NEAR(samples.shift(weights), plain_shift(repeated[0], repeated[1]), 1e-5);
}

TEST(Univariate, StrataAreComparedLikeWithLike) {
  // Within both strata the second group is higher by 1; taken together it would be lower.
  std::vector<double> values;
  std::vector<int64_t> labels, strata;
  const auto add = [&](double v, int64_t label, int64_t stratum) {
    values.push_back(v);
    labels.push_back(label);
    strata.push_back(stratum);
  };
  for (int i = 0; i < 2; ++i) add(0 + .1 * i, 0, 0);
  for (int i = 0; i < 8; ++i) add(1 + .1 * i, 1, 0);
  for (int i = 0; i < 8; ++i) add(10 + .1 * i, 0, 1);
  for (int i = 0; i < 2; ++i) add(11 + .1 * i, 1, 1);
  add(100, 1, 2);   // a stratum that the first group does not have
  add(100, 1, -1);  // unknown
  const TwoSamples samples(values, labels, strata);
  EXPECT_EQ(samples.count(1), 10);
  EXPECT_DOUBLE_EQ(samples.delta(), 1);
  EXPECT_NEAR(samples.shift(), 1.0, .35);
  const std::vector<std::string> names{"a", "b", "c"};
  const auto parts = samples.by_stratum(names);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_DOUBLE_EQ(parts[0].weight, .5);
  EXPECT_DOUBLE_EQ(samples.delta_of(labels), samples.delta());
  std::vector<int64_t> swapped = labels;
  for (int64_t& l : swapped) l = 1 - l;
  EXPECT_NEAR(samples.delta_of(swapped), -1, 1e-12);
}

TEST(Univariate, OverlapOfTwoNormals) {
  // 2Φ(−d/2) for a distance of d standard deviations.
  Random random(5);
  std::vector<double> x, y;
  for (int i = 0; i < 20000; ++i) {
    x.push_back(random.normal());
    y.push_back(random.normal() + 1);
  }
  EXPECT_NEAR(overlap(x, y), 2 * normal_cdf(-.5), .02);
  EXPECT_NEAR(overlap(x, x), 1, 1e-3);
  EXPECT_EQ(overlap(std::vector<double>{1, 1}, std::vector<double>{1, 1}), 1);
  EXPECT_EQ(overlap(std::vector<double>{1, 1}, std::vector<double>{2, 2}), 0);
}

TEST(Univariate, MultiplicityAsInR) {
  // The teaching set of Benjamini & Hochberg: p.adjust(…, "BH")
  const std::vector<double> p{.001, .008, .039, .041, .042, .060, .074, .205, .212, .216, .222, .251, .269,
                              .275, .340, .341, .384, .569, .594, .696, .762, .940, .942, .975, .986};
  const auto q = benjamini_hochberg(p);
  const std::vector<double> first{.025, .1, .21, .21, .21, .25};
  for (size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(q[i], first[i], 1e-12) << i;
  const auto h = holm(std::vector<double>{.01, .04, NAN, .03});
  EXPECT_DOUBLE_EQ(h[0], .03);
  EXPECT_DOUBLE_EQ(h[1], .06);
  EXPECT_TRUE(std::isnan(h[2]));
  EXPECT_DOUBLE_EQ(h[3], .06);
}

TEST(Univariate, IntervalsOfASymmetricStatistic) {
  std::vector<double> values;
  for (int i = 1; i <= 999; ++i) values.push_back(i / 1000.0);
  const std::vector<double> jackknife{.4, .45, .5, .55, .6};
  std::vector<double> copy = values;
  const Interval plain = percentile_interval(copy, .9);
  EXPECT_NEAR(plain.low, .05, .001);
  EXPECT_NEAR(plain.high, .95, .001);
  copy = values;
  const Interval bca = bca_interval(copy, .5, jackknife, .9);  // no bias, no skew: the same
  EXPECT_NEAR(bca.low, plain.low, 1e-6);
  EXPECT_NEAR(bca.high, plain.high, 1e-6);
  copy = values;
  EXPECT_GT(bca_interval(copy, .6, jackknife, .9).low, plain.low);  // the bootstrap lies below the estimate
}

TEST(Univariate, NormalDistribution) {
  EXPECT_NEAR(normal_cdf(1.959963984540054), .975, 1e-12);
  EXPECT_NEAR(normal_quantile(.975), 1.959963984540054, 1e-9);
}

}  // namespace
}  // namespace linmo::culture
