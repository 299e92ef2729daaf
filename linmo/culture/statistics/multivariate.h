// SPDX-License-Identifier: Apache-2.0
// All core descriptors together: distances between groups, and what they are made of.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "linmo/culture/statistics/comparison.h"
#include "linmo/culture/statistics/design.h"

namespace linmo::culture {

// Units × descriptors: (value − median) / (1.4826 · MAD) over all units, the mean absolute deviation · 1.2533
// where the MAD is 0; missing values are 0 (the median). Beyond ±`kMostDeviations` values are cut, so that no
// single descriptor's outlier decides a distance.
inline constexpr double kMostDeviations = 8;
Eigen::MatrixXd robust_scale(const UnitValues& values, std::span<const int64_t> descriptors,
                             std::span<const int64_t> units);

// Euclidean distances between rows.
Eigen::MatrixXd distances(const Eigen::MatrixXd& points);
// 2E|X−Y| − E|X−X'| − E|Y−Y'| of labels 0 and 1 (V-statistic; Székely & Rizzo 2004).
double energy_distance(const Eigen::MatrixXd& distances, std::span<const int64_t> labels);
// Unbiased squared maximum mean discrepancy (Gretton et al. 2012), kernel exp(−d²/(2σ²)).
double mmd_squared(const Eigen::MatrixXd& distances, std::span<const int64_t> labels, double sigma);
// Of all pairs of different rows.
double median_distance(const Eigen::MatrixXd& distances);

struct Frechet {
  double distance = 0;           // ‖Δμ‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½)
  Eigen::VectorXd mean, spread;  // its two terms, one a column; they sum to the distance
};
// Between the normal distributions with the means and covariances (n − 1) of the two sets of rows. A column's
// part of the second term is how far, squared, works move along it in the optimal transport between the two
// (the diagonal of Σ₁ + Σ₂ − (Σ₁Σ₂)^½ − (Σ₂Σ₁)^½; Dowson & Landau 1982, Givens & Shortt 1984).
Frechet frechet(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y);
// Without the bias of small sets: intercept of a line through the distances of 15 sizes of samples over
// 1/size (Chong & Forsyth 2020); never below 0.
double frechet_infinite(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, Random& random);

// The p of energy distance and MMD: restricted permutation. The same for any number of threads.
Separation separate(const Design& design, const UnitValues& values, std::span<const int64_t> core,
                    int64_t first, int64_t second, const CompareSettings& settings, EventSink& sink);

// At most settings.max_units observations of each group, and so many in all that their distances fit into
// memory, drawn by lot; a design of its own. `units`: which of `design` they are.
Design sampled(const Design& design, const CompareSettings& settings, std::vector<int64_t>& units);

}  // namespace linmo::culture
