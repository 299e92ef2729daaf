// SPDX-License-Identifier: Apache-2.0
// Who may be compared with whom: observations within clusters (artists) within groups, strata, and the two
// ways of drawing lots that respect them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "linmo/core/random.h"

namespace linmo::culture {

// One observation: what is averaged into one value before anything is computed.
struct Unit {
  int64_t group = 0;
  int64_t cluster = 0;  // of Design::clusters
  int64_t stratum = 0;  // of Design::strata; −1: not known
  int64_t source = -1;  // of Design::sources; −1: not known
  int64_t fold = 0;     // units with the same number stay together in cross-validation
  std::vector<int64_t> rows;
};

struct Cluster {
  int64_t group = 0;
  int64_t block = 0;  // the stratum of most of its units: labels are permuted within blocks
  std::vector<int64_t> units;
};

struct Design {
  int64_t groups = 0;
  std::vector<Unit> units;
  std::vector<Cluster> clusters;
  std::vector<std::string> strata;   // one with an empty name where there are none
  std::vector<std::string> sources;  // names
};

// Fills clusters and blocks from units whose `cluster` is set.
void finish(Design& design);

// The observations of some groups, numbered 0 … n−1 in the order of the design. Labels are positions in
// `groups`.
class Lots {
 public:
  Lots(const Design& design, std::vector<int64_t> groups);

  size_t size() const { return units_.size(); }
  size_t groups() const { return groups_.size(); }
  const std::vector<int64_t>& units() const { return units_; }    // of the design
  const std::vector<int64_t>& labels() const { return labels_; }  // 0 … groups−1
  const std::vector<int64_t>& strata() const { return strata_; }
  const std::vector<int64_t>& clusters() const { return clusters_; }  // 0 … clusters−1, local
  size_t cluster_count() const { return members_.size(); }

  // Labels after clusters, each whole, have changed places within their blocks (restricted permutation;
  // Anderson & Robinson 2001). The number of clusters of each label in each block stays.
  void permute(Random& random, std::span<int64_t> labels) const;
  // How often each observation is in a bootstrap sample: as many clusters as there are, drawn with
  // replacement within each group, each with all of its observations (Davison & Hinkley 1997, §3.8).
  void resample(Random& random, std::span<double> weights) const;
  // Weights (0 or 1) with one of jackknife_size() sets of clusters left out.
  size_t jackknife_size() const;
  void leave_out(size_t k, std::span<double> weights) const;

 private:
  std::vector<int64_t> groups_, units_, labels_, strata_, clusters_;
  std::vector<std::vector<int64_t>> members_;  // of every cluster: local numbers
  std::vector<int64_t> cluster_labels_;
  std::vector<std::vector<int64_t>> by_group_, by_block_;  // clusters
};

}  // namespace linmo::culture
