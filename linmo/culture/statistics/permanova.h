// SPDX-License-Identifier: Apache-2.0
// Where the variation of many descriptors goes: PERMANOVA, its companion for dispersion, and variation
// partitioning.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "linmo/culture/statistics/prepare.h"

namespace linmo::culture {

// Points whose Euclidean distances are the given ones (principal coordinates, Gower 1966). Distances that are
// not Euclidean also need imaginary axes, whose squares are subtracted.
struct Coordinates {
  Eigen::MatrixXd real, imaginary;  // rows × axes; imaginary may have no columns
};
Coordinates coordinates_of(const Eigen::MatrixXd& distances);

// One factor (or several numbers) of a linear model: columns without the intercept.
struct Factor {
  std::string name;
  Eigen::MatrixXd columns;  // rows × columns
};
Factor make_factor(std::string name, std::span<const int64_t> levels);

// Sum of squares that the columns explain beyond the mean; `degrees` is their rank beyond the intercept.
struct Fit {
  double sum_of_squares = 0;
  int64_t degrees = 0;
};
Fit fit(const Coordinates& points, std::span<const Factor* const> factors);
double total_sum_of_squares(const Coordinates& points);

// Pseudo-F of every factor given all others (marginal; Anderson 2001, McArdle & Anderson 2001), then
// "residual" and "total". The first factor is tested: `permuted(b)` says which row of it each row has in the
// b-th permutation, the other factors stay (no function: no test). A factor without degrees of freedom beyond
// the others has NaN.
std::vector<PermanovaTerm> permanova(const Coordinates& points, std::span<const Factor> factors,
                                     int64_t permutations,
                                     const std::function<std::vector<int64_t>(int64_t)>& permuted,
                                     int threads, EventSink& sink);

// ANOVA of the distances to group centroids (Anderson 2006). p: the points less their centroids are exchanged
// (`permuted` gives labels) and the centroids taken anew, for a fitted centroid lies nearer to the points
// that it was fitted to, and the nearer the fewer they are; exchanging the distances alone would call that a
// difference too often.
Dispersion permdisp(const Coordinates& points, std::span<const int64_t> labels, int64_t groups,
                    int64_t permutations, const std::function<std::vector<int64_t>(int64_t)>& permuted);

// Fractions of adjusted R² (Peres-Neto et al. 2006) of two sets of columns.
VariationPartition partition_variation(const Coordinates& points, const Factor& group, const Factor& other);

// All of these for a study's groups; fills permanova, permanova_left_out, dispersion, partitions.
void explain_variation(const Prepared& prepared, Study& study, EventSink& sink);

}  // namespace linmo::culture
