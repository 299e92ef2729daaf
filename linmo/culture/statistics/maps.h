// SPDX-License-Identifier: Apache-2.0
// Where works and collections lie with respect to one another.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "linmo/culture/statistics/multivariate.h"
#include "linmo/culture/statistics/prepare.h"

namespace linmo::culture {

struct PrincipalComponents {
  Eigen::MatrixXd scores;         // rows × components
  Eigen::MatrixXd loadings;       // columns × components: unit vectors, the largest entry positive
  std::vector<double> explained;  // shares of the variance, largest first
};
// Of centred columns.
PrincipalComponents principal_components(const Eigen::MatrixXd& points);

struct Scaling {
  std::vector<MapPoint> points;
  std::vector<double> explained;  // shares of the positive eigenvalues, of x and y
};
// Classical multidimensional scaling (Torgerson 1952) to the plane; the largest coordinate of each axis is
// positive.
Scaling classical_mds(const Eigen::MatrixXd& distances);

// Average linkage (UPGMA, Sokal & Michener 1958); n − 1 merges, heights ascending; ties go to the first pair.
std::vector<Merge> average_linkage(const Eigen::MatrixXd& distances);
// Height at which two items first lie together.
Eigen::MatrixXd cophenetic_distances(std::span<const Merge> merges, int64_t items);

// Turned, mirrored and shifted (not scaled) so that the points lie as near as can be to their targets.
std::vector<MapPoint> turned_onto(std::span<const MapPoint> points, std::span<const MapPoint> target);

// Fills pca, collections, plane, exemplars, neighbours, places.
void draw_maps(const Prepared& prepared, Study& study, EventSink& sink);

}  // namespace linmo::culture
