// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/design.h"

#include <algorithm>
#include <map>

namespace linmo::culture {
namespace {

constexpr size_t kMostJackknifeSets = 200;

}  // namespace

void finish(Design& design) {
  int64_t count = 0;
  for (const Unit& u : design.units) count = std::max(count, u.cluster + 1);
  design.clusters.assign(count, {});
  for (size_t u = 0; u < design.units.size(); ++u) {
    Cluster& c = design.clusters[design.units[u].cluster];
    c.group = design.units[u].group;
    c.units.push_back(static_cast<int64_t>(u));
  }
  for (Cluster& c : design.clusters) {
    std::map<int64_t, int64_t> votes;
    for (int64_t u : c.units) ++votes[design.units[u].stratum];
    const auto most = std::max_element(votes.begin(), votes.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    c.block = most == votes.end() ? 0 : most->first;
  }
}

Lots::Lots(const Design& design, std::vector<int64_t> groups) : groups_(std::move(groups)) {
  std::vector<int64_t> label_of(design.groups, -1);
  for (size_t i = 0; i < groups_.size(); ++i) label_of[groups_[i]] = static_cast<int64_t>(i);
  std::vector<int64_t> local(design.clusters.size(), -1);
  std::map<int64_t, std::vector<int64_t>> blocks;
  by_group_.resize(groups_.size());
  for (size_t u = 0; u < design.units.size(); ++u) {
    const Unit& unit = design.units[u];
    const int64_t label = label_of[unit.group];
    if (label < 0) continue;
    if (local[unit.cluster] < 0) {
      const int64_t number = static_cast<int64_t>(members_.size());
      local[unit.cluster] = number;
      members_.emplace_back();
      cluster_labels_.push_back(label);
      by_group_[label].push_back(number);
      blocks[design.clusters[unit.cluster].block].push_back(number);
    }
    members_[local[unit.cluster]].push_back(static_cast<int64_t>(units_.size()));
    units_.push_back(static_cast<int64_t>(u));
    labels_.push_back(label);
    strata_.push_back(unit.stratum);
    clusters_.push_back(local[unit.cluster]);
  }
  for (auto& [block, clusters] : blocks) by_block_.push_back(std::move(clusters));
}

void Lots::permute(Random& random, std::span<int64_t> labels) const {
  std::vector<int64_t> drawn;
  for (const auto& block : by_block_) {
    drawn.clear();
    for (int64_t c : block) drawn.push_back(cluster_labels_[c]);
    random.shuffle(std::span(drawn));
    for (size_t i = 0; i < block.size(); ++i)
      for (int64_t u : members_[block[i]]) labels[u] = drawn[i];
  }
}

void Lots::resample(Random& random, std::span<double> weights) const {
  std::fill(weights.begin(), weights.end(), 0.0);
  for (const auto& group : by_group_)
    for (size_t i = 0; i < group.size(); ++i)
      for (int64_t u : members_[group[random.below(static_cast<int64_t>(group.size()))]]) weights[u] += 1;
}

size_t Lots::jackknife_size() const {
  return std::min(members_.size(), kMostJackknifeSets);
}

void Lots::leave_out(size_t k, std::span<double> weights) const {
  std::fill(weights.begin(), weights.end(), 1.0);
  for (size_t c = k; c < members_.size(); c += jackknife_size())
    for (int64_t u : members_[c]) weights[u] = 0;
}

}  // namespace linmo::culture
