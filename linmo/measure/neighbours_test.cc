// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/neighbours.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/core/random.h"

namespace linmo::measure {
namespace {

Features line(std::vector<float> places) {
  return {static_cast<int64_t>(places.size()), 1, std::move(places)};
}

Features normals(uint64_t seed, int64_t count, int64_t dimensions, double shift = 0, double spread = 1) {
  Features f{count, dimensions, {}};
  Random random(seed);
  for (int64_t i = 0; i < count * dimensions; ++i)
    f.values.push_back(static_cast<float>(spread * random.normal() + shift));
  return f;
}

// On a line everything can be told by hand. Style 0 1 2 10, k = 1: reaches 1 1 1 8.
TEST(Neighbours, OnALineByHand) {
  const NeighbourScores s =
      neighbour_scores(line({0.5F, 1.75F, 30, 31}), line({0, 1, 2, 10}), {.k = 1, .most = 100});
  // 0.5 lies in the balls of 0 and 1, 1.75 in those of 1 and 2; 30 and 31 in none (10 reaches below 18).
  EXPECT_DOUBLE_EQ(s.precision, 0.5);
  EXPECT_DOUBLE_EQ(s.density, 1.0);
  // Outputs reach 1.25 1.25 1 1: 0.5 holds 0 and 1, 1.75 holds 1 and 2, nobody holds 10.
  EXPECT_DOUBLE_EQ(s.recall, 0.75);
  // 0, 1 and 2 have an output in their balls; between 2 and 18, where 10 reaches, there is none.
  EXPECT_DOUBLE_EQ(s.coverage, 0.75);
  // 0.5 and 1.75 are nearer to a style picture than its neighbour; 30 and 31 are not.
  EXPECT_DOUBLE_EQ(s.authenticity, 0.5);
}

TEST(Neighbours, EqualDistributionsScoreNearOne) {
  const NeighbourScores s = neighbour_scores(normals(1, 400, 8), normals(2, 300, 8));
  EXPECT_GT(s.precision, 0.9);
  EXPECT_GT(s.recall, 0.9);
  EXPECT_NEAR(s.density, 1, 0.15);
  EXPECT_GT(s.coverage, 0.9);
  EXPECT_NEAR(s.authenticity, 0.6, 0.15);  // an output's nearest is rather one in the open
}

TEST(Neighbours, WhatIsWrongShowsInItsOwnScore) {
  const Features style = normals(2, 300, 8);
  // Elsewhere: neither.
  const NeighbourScores away = neighbour_scores(normals(1, 300, 8, 20), style);
  EXPECT_EQ(away.precision + away.recall + away.density + away.coverage, 0);
  EXPECT_EQ(away.authenticity, 1);
  // One good picture again and again: good, not varied.
  const NeighbourScores same = neighbour_scores(normals(1, 300, 8, 0, 0.1), style);
  EXPECT_GT(same.precision, 0.95);
  EXPECT_LT(same.recall, 0.1);
  EXPECT_LT(same.coverage, 0.5);
  // The style itself: perfect, and copied.
  const NeighbourScores copied = neighbour_scores(style, style);
  EXPECT_EQ(copied.precision, 1);
  EXPECT_EQ(copied.recall, 1);
  EXPECT_EQ(copied.coverage, 1);
  EXPECT_EQ(copied.authenticity, 0);
}

TEST(Neighbours, ThreadsDoNotMatterAndTooFewAreRefused) {
  const Features a = normals(1, 60, 300), b = normals(2, 70, 300);
  const auto with = [&](int threads) {
    return neighbour_scores(a, b, {.k = 3, .most = 50, .threads = threads});
  };
  EXPECT_EQ(with(1).density, with(3).density);
  EXPECT_EQ(with(1).recall, with(3).recall);
  EXPECT_THROW(neighbour_scores(line({0, 1, 2}), line({0, 1, 2}), {.k = 3}), Error);
  EXPECT_THROW(neighbour_scores(a, normals(2, 70, 8)), Error);
}

}  // namespace
}  // namespace linmo::measure
