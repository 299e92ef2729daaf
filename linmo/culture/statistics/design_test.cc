// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/design.h"

#include <gtest/gtest.h>

#include <map>

namespace linmo::culture {
namespace {

// Two groups of 6 artists with 1 … 3 works, in strata by artist; a third group that takes no part.
Design example_design() {
  Design design;
  design.groups = 3;
  design.strata = {"landscape", "portrait"};
  for (int64_t group = 0; group < 3; ++group)
    for (int64_t artist = 0; artist < 6; ++artist)
      for (int64_t work = 0; work <= artist % 3; ++work) {
        Unit unit;
        unit.group = group;
        unit.cluster = group * 6 + artist;
        // Every artist's last work is in the other stratum: the block is that of most works.
        unit.stratum = (artist / 3 + (work == 2)) % 2;
        design.units.push_back(unit);
      }
  finish(design);
  return design;
}

TEST(Design, ClustersChangePlacesWholeAndWithinBlocks) {
  const Design design = example_design();
  const Lots lots(design, {0, 2});
  EXPECT_EQ(lots.size(), 24u);
  EXPECT_EQ(lots.cluster_count(), 12u);
  const auto count = [&](std::span<const int64_t> labels) {
    std::map<std::pair<int64_t, int64_t>, std::map<int64_t, int>> seen;
    for (size_t i = 0; i < labels.size(); ++i) {
      const Unit& unit = design.units[lots.units()[i]];
      seen[{design.clusters[unit.cluster].block, labels[i]}][unit.cluster] = 1;
    }
    std::map<std::pair<int64_t, int64_t>, size_t> out;
    for (const auto& [key, clusters] : seen) out[key] = clusters.size();
    return out;
  };
  bool moved = false;
  for (uint64_t b = 0; b < 20; ++b) {
    Random random(1, b);
    std::vector<int64_t> labels(lots.size(), -1);
    lots.permute(random, labels);
    EXPECT_EQ(count(labels), count(lots.labels()));
    moved = moved || labels != lots.labels();
    std::map<int64_t, int64_t> of;
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto [at, is_new] = of.try_emplace(lots.clusters()[i], labels[i]);
      EXPECT_EQ(at->second, labels[i]);  // an artist's works stay together
    }
  }
  EXPECT_TRUE(moved);
}

TEST(Design, SamplesHaveAsManyClustersOfEachGroup) {
  const Design design = example_design();
  const Lots lots(design, {1, 2});
  std::vector<double> weights(lots.size());
  for (uint64_t b = 0; b < 20; ++b) {
    Random random(2, b);
    lots.resample(random, weights);
    std::map<int64_t, double> of_cluster;
    for (size_t i = 0; i < weights.size(); ++i) {
      const auto [at, is_new] = of_cluster.try_emplace(lots.clusters()[i], weights[i]);
      EXPECT_EQ(at->second, weights[i]);  // an artist comes with all works
    }
    double drawn[2] = {0, 0};
    for (const auto& [cluster, weight] : of_cluster) drawn[cluster >= 6] += weight;
    EXPECT_EQ(drawn[0], 6);
    EXPECT_EQ(drawn[1], 6);
  }
}

TEST(Design, EveryClusterIsLeftOutOnce) {
  const Design design = example_design();
  const Lots lots(design, {0, 1});
  std::vector<double> weights(lots.size()), left_out(lots.size());
  for (size_t k = 0; k < lots.jackknife_size(); ++k) {
    lots.leave_out(k, weights);
    for (size_t i = 0; i < weights.size(); ++i) left_out[i] += 1 - weights[i];
  }
  for (double n : left_out) EXPECT_EQ(n, 1);
}

}  // namespace
}  // namespace linmo::culture
