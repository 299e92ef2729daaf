// SPDX-License-Identifier: Apache-2.0
// What R, vegan and energy say of the same numbers (tests/golden/make_compare.R). Tolerances: both compute in
// double precision, in another order.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "linmo/core/files.h"
#include "linmo/culture/statistics/classifier.h"
#include "linmo/culture/statistics/maps.h"
#include "linmo/culture/statistics/multivariate.h"
#include "linmo/culture/statistics/permanova.h"
#include "linmo/culture/statistics/univariate.h"

namespace linmo::culture {
namespace {

constexpr int64_t kRows = 40, kColumns = 3;

class CompareGolden : public testing::Test {
 protected:
  void SetUp() override {
    json_ = nlohmann::json::parse(read_text(LINMO_SOURCE_DIR "/tests/golden/compare.json"));
    points_.resize(kRows, kColumns);
    counts_.resize(kRows, 6);
    for (int64_t i = 0; i < kRows; ++i) {
      group_.push_back(i >= 18);
      covariate_.push_back(i * 7 % 3);
      for (int64_t j = 0; j < kColumns; ++j)
        points_(i, j) = static_cast<double>((i * 7919 + j * 104729 + i * i * 31) % 1009) / 1009;
      points_(i, 0) += .3 * static_cast<double>(group_[i]) + .1 * static_cast<double>(covariate_[i]);
      points_(i, 1) *= 1 + static_cast<double>(group_[i]);
      for (int64_t j = 0; j < 6; ++j)
        counts_(i, j) = static_cast<double>((i * i * 31 + j * 17 + 7 * i * j + 3 * group_[i] * j) % 11);
    }
  }

  // Bray & Curtis's dissimilarity, which is not Euclidean.
  Eigen::MatrixXd bray_curtis() const {
    Eigen::MatrixXd out(kRows, kRows);
    for (int64_t i = 0; i < kRows; ++i)
      for (int64_t j = 0; j < kRows; ++j)
        out(i, j) = (counts_.row(i) - counts_.row(j)).cwiseAbs().sum() /
                    std::max(1e-300, counts_.row(i).sum() + counts_.row(j).sum());
    return out;
  }

  void expect_terms(const Coordinates& points, const nlohmann::json& golden) const {
    const std::vector<Factor> factors{make_factor("group", group_), make_factor("covariate", covariate_)};
    const auto terms = permanova(points, factors, 0, nullptr, 1, null_sink());
    for (int t : {0, 1}) {
      EXPECT_NEAR(terms[t].f, golden["f"][t], 1e-9);
      EXPECT_NEAR(terms[t].r2, golden["r2"][t], 1e-10);
    }
    for (int t = 0; t < 4; ++t) EXPECT_NEAR(terms[t].sum_of_squares, golden["ss"][t], 1e-9);
    const Dispersion d = permdisp(points, group_, 2, 0, nullptr);
    EXPECT_NEAR(d.f, golden["dispersion"], 1e-8);
    for (int g : {0, 1}) EXPECT_NEAR(d.mean_distance[g], golden["centroid"][g], 1e-10);
  }

  std::vector<double> column(int64_t c, int64_t group) const {
    std::vector<double> out;
    for (int64_t i = 0; i < kRows; ++i)
      if (group_[i] == group) out.push_back(points_(i, c));
    return out;
  }

  nlohmann::json json_;
  Eigen::MatrixXd points_, counts_;
  std::vector<int64_t> group_, covariate_;
};

TEST_F(CompareGolden, OneNumber) {
  const auto x = column(0, 0), y = column(0, 1);
  EXPECT_NEAR(hodges_lehmann(x, y), json_["shift"], 1e-10);
  EXPECT_NEAR((cliffs_delta(y, x) + 1) / 2 * 18 * 22, json_["u"], 1e-9);
  std::vector<double> values(kRows);
  for (int64_t i = 0; i < kRows; ++i) values[i] = points_(i, 1);
  const std::vector<int64_t> strata(kRows, 0);
  EXPECT_NEAR(TwoSamples(values, group_, strata).dispersion_of(group_), json_["brown_forsythe"], 1e-9);
  std::vector<double> p;
  for (double v : {3., 1., 8., 5., 2., 7.}) p.push_back(v * v / 1600);
  const auto h = holm(p), q = benjamini_hochberg(p);
  for (size_t i = 0; i < p.size(); ++i) {
    EXPECT_NEAR(h[i], json_["holm"][i], 1e-14);
    EXPECT_NEAR(q[i], json_["bh"][i], 1e-14);
  }
}

TEST_F(CompareGolden, EnergyDistance) {
  const double e = energy_distance(distances(points_), group_);
  EXPECT_NEAR(e * 18 * 22 / 40, json_["energy"], 1e-10);
}

TEST_F(CompareGolden, WhereTheVariationGoes) {
  expect_terms({points_, {}}, json_["euclidean"]);
  expect_terms(coordinates_of(bray_curtis()), json_["bray"]);
  const VariationPartition v =
      partition_variation({points_, {}}, make_factor("group", group_), make_factor("covariate", covariate_));
  EXPECT_NEAR(v.group, json_["varpart"][0], 1e-10);
  EXPECT_NEAR(v.shared, json_["varpart"][2], 1e-10);
  EXPECT_NEAR(v.other_alone, json_["varpart"][1], 1e-10);
  EXPECT_NEAR(v.residual, json_["varpart"][3], 1e-10);
}

TEST_F(CompareGolden, RidgeScores) {
  std::vector<int64_t> train, test, labels;
  for (int64_t i = 0; i < kRows; ++i) {
    if ((i + 1) % 2 == 0) {
      train.push_back(i);
      labels.push_back(group_[i]);
    } else {
      test.push_back(i);
    }
  }
  const Eigen::VectorXd scores =
      Ridge(points_(train, Eigen::all), points_(test, Eigen::all), 10).scores(labels);
  ASSERT_EQ(static_cast<size_t>(scores.size()), json_["ridge"].size());
  for (int64_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores(i), json_["ridge"][i], 1e-10);
}

// Where R is installed with vegan, energy and jsonlite (packages.txt does not ask for it), it is asked again.
TEST(CompareSlow, LiveOraclesAgree) {
  const char* ask =
      "Rscript -e 'stopifnot(requireNamespace(\"vegan\"), requireNamespace(\"energy\"), "
      "requireNamespace(\"jsonlite\"))' >/dev/null 2>&1";
  if (std::system(ask) != 0) GTEST_SKIP() << "R with vegan, energy and jsonlite is not installed";
  const std::filesystem::path made = std::filesystem::path(testing::TempDir()) / "linmo-compare-live.json";
  ASSERT_EQ(
      std::system(
          ("Rscript '" LINMO_SOURCE_DIR "/tests/golden/make_compare.R' > '" + made.string() + "'").c_str()),
      0);
  const auto live = nlohmann::json::parse(read_text(made)).flatten();
  const auto stored =
      nlohmann::json::parse(read_text(LINMO_SOURCE_DIR "/tests/golden/compare.json")).flatten();
  std::filesystem::remove(made);
  ASSERT_EQ(live.size(), stored.size());
  for (const auto& [key, value] : stored.items())
    EXPECT_NEAR(live.at(key).get<double>(), value.get<double>(),
                1e-9 * std::max(1.0, std::abs(value.get<double>())))
        << key;
}

TEST_F(CompareGolden, MapsOfPoints) {
  const Eigen::MatrixXd d = distances(points_.topRows(8));
  const auto merges = average_linkage(d);
  for (size_t i = 0; i < merges.size(); ++i) EXPECT_NEAR(merges[i].height, json_["heights"][i], 1e-10);
  const PrincipalComponents pca = principal_components(points_);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(pca.explained[i], json_["variances"][i], 1e-10);
  const auto placed = classical_mds(d).points;
  size_t at = 0;
  for (size_t i = 0; i < 8; ++i)
    for (size_t j = i + 1; j < 8; ++j)
      EXPECT_NEAR(std::hypot(placed[i].x - placed[j].x, placed[i].y - placed[j].y), json_["mds"][at++], 1e-9);
}

}  // namespace
}  // namespace linmo::culture
