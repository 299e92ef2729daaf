// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/maps.h"

#include <gtest/gtest.h>

#include <cmath>

namespace linmo::culture {
namespace {

Eigen::MatrixXd between(const std::vector<MapPoint>& points) {
  Eigen::MatrixXd p(points.size(), 2);
  for (size_t i = 0; i < points.size(); ++i) p.row(static_cast<int64_t>(i)) << points[i].x, points[i].y;
  return distances(p);
}

TEST(Maps, ScalingGivesThePlaneBack) {
  const std::vector<MapPoint> points{{0, 0}, {4, 0}, {0, 3}, {5, 5}};
  const Scaling s = classical_mds(between(points));
  EXPECT_NEAR((between(s.points) - between(points)).norm(), 0, 1e-9);
  EXPECT_NEAR(s.explained[0] + s.explained[1], 1, 1e-9);
  const auto turned = turned_onto(s.points, points);
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_NEAR(turned[i].x, points[i].x, 1e-9);
    EXPECT_NEAR(turned[i].y, points[i].y, 1e-9);
  }
}

TEST(Maps, TwoItemsLieOnALine) {
  Eigen::MatrixXd d(2, 2);
  d << 0, 2, 2, 0;
  const Scaling s = classical_mds(d);
  EXPECT_NEAR(std::abs(s.points[0].x - s.points[1].x), 2, 1e-12);
  EXPECT_NEAR(s.points[0].y, 0, 1e-12);
}

TEST(Maps, AverageLinkage) {  // scipy.cluster.hierarchy.linkage([[0], [1], [4], [6], [20]], "average")
  Eigen::MatrixXd p(5, 1);
  p << 0, 1, 4, 6, 20;
  const auto merges = average_linkage(distances(p));
  ASSERT_EQ(merges.size(), 4u);
  const double heights[] = {1, 2, 4.5, 17.25};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(merges[i].height, heights[i], 1e-12);
  EXPECT_EQ(merges[2].a, 5);
  EXPECT_EQ(merges[2].b, 6);
  EXPECT_EQ(merges[3].a, 4);
  EXPECT_EQ(merges[3].b, 7);
  const Eigen::MatrixXd c = cophenetic_distances(merges, 5);
  EXPECT_NEAR(c(0, 3), 4.5, 1e-12);
  EXPECT_NEAR(c(0, 4), 17.25, 1e-12);
}

TEST(Maps, PrincipalComponentsOfALine) {
  Eigen::MatrixXd p(4, 2);
  p << 0, 0, 1, 2, 2, 4, 3, 6;
  const PrincipalComponents c = principal_components(p);
  EXPECT_NEAR(c.explained[0], 1, 1e-12);
  EXPECT_NEAR(c.loadings(0, 0), 1 / std::sqrt(5.0), 1e-12);
  EXPECT_NEAR(c.loadings(1, 0), 2 / std::sqrt(5.0), 1e-12);
  EXPECT_NEAR(c.scores(3, 0) - c.scores(0, 0), std::sqrt(45.0), 1e-12);
}

}  // namespace
}  // namespace linmo::culture
