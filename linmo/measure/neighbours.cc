// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/neighbours.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"

namespace linmo::measure {
namespace {

// Of the differences, not from norms and products: of near pictures those would leave rounding alone.
double squared_distance(std::span<const float> a, std::span<const float> b) {
  const auto vector = [](std::span<const float> x) {
    return Eigen::Map<const Eigen::VectorXf>(x.data(), static_cast<Eigen::Index>(x.size()));
  };
  return static_cast<double>((vector(a) - vector(b)).squaredNorm());
}

// Squared distance of every picture to its nearest and to its k-th nearest other.
struct Reach {
  std::vector<double> first, kth;
};

void check_dimensions(const Features& outputs, const Features& style) {
  if (outputs.dimensions != style.dimensions)
    fail(ErrorKind::usage, "features of {} and of {} dimensions cannot be compared", outputs.dimensions,
         style.dimensions);
}

void run(int64_t count, int threads, EventSink& sink, const std::function<void(size_t)>& work) {
  if (!for_each_parallel(static_cast<size_t>(count), threads, "neighbours", sink, work))
    fail(ErrorKind::cancelled, "the search for neighbours was stopped");
}

Reach reach(const Features& set, const NeighbourSettings& s, EventSink& sink) {
  Reach result;
  result.first.resize(static_cast<size_t>(set.count));
  result.kth.resize(static_cast<size_t>(set.count));
  run(set.count, s.threads, sink, [&](size_t i) {
    std::vector<double> others;
    for (int64_t j = 0; j < set.count; ++j) {
      if (j != static_cast<int64_t>(i))
        others.push_back(squared_distance(set.row(static_cast<int64_t>(i)), set.row(j)));
    }
    std::nth_element(others.begin(), others.begin() + (s.k - 1), others.end());
    result.kth[i] = others[static_cast<size_t>(s.k - 1)];
    result.first[i] = *std::min_element(others.begin(), others.begin() + s.k);
  });
  return result;
}

}  // namespace

NeighbourScores neighbour_scores(const Features& all_outputs, const Features& all_style,
                                 const NeighbourSettings& s, EventSink& sink) {
  check_dimensions(all_outputs, all_style);
  if (s.k < 1 || s.most <= s.k || std::min(all_outputs.count, all_style.count) <= s.k)
    fail(ErrorKind::usage, "{} and {} pictures are too few for neighbourhoods of {}", all_outputs.count,
         all_style.count, s.k);
  const Features outputs = at_most(all_outputs, s.most, s.seed, 0),
                 style = at_most(all_style, s.most, s.seed, 1);
  const Reach of_outputs = reach(outputs, s, sink), of_style = reach(style, s, sink);
  const auto m = static_cast<size_t>(outputs.count), n = static_cast<size_t>(style.count);
  // Of each output, and of each (output, style picture) what the style's side needs.
  std::vector<int> around(m), authentic(m);
  std::vector<uint8_t> covers(m * n), recalls(m * n);
  run(outputs.count, s.threads, sink, [&](size_t i) {
    double nearest = 0;
    size_t who = n;
    for (size_t j = 0; j < n; ++j) {
      const double d =
          squared_distance(outputs.row(static_cast<int64_t>(i)), style.row(static_cast<int64_t>(j)));
      covers[i * n + j] = d < of_style.kth[j];
      recalls[i * n + j] = d < of_outputs.kth[i];
      around[i] += covers[i * n + j];
      if (who == n || d < nearest) nearest = d, who = j;
    }
    authentic[i] = nearest >= of_style.first[who];
  });
  NeighbourScores result;
  for (size_t i = 0; i < m; ++i) {
    result.precision += around[i] > 0;
    result.density += around[i];
    result.authenticity += authentic[i];
  }
  for (size_t j = 0; j < n; ++j) {
    bool covered = false, recalled = false;
    for (size_t i = 0; i < m; ++i) {
      covered |= covers[i * n + j] != 0;
      recalled |= recalls[i * n + j] != 0;
    }
    result.coverage += covered;
    result.recall += recalled;
  }
  result.precision /= static_cast<double>(m);
  result.authenticity /= static_cast<double>(m);
  result.density /= static_cast<double>(m) * s.k;
  result.recall /= static_cast<double>(n);
  result.coverage /= static_cast<double>(n);
  return result;
}

std::vector<Nearest> nearest_in(const Features& outputs, const Features& style, int threads,
                                EventSink& sink) {
  check_dimensions(outputs, style);
  if (style.count < 2) fail(ErrorKind::usage, "one picture of the style has no nearest other");
  // Row of `set` nearest to a vector, itself left out, and its squared distance.
  const auto nearest = [&style](std::span<const float> to, int64_t but) {
    std::pair<int64_t, double> best = {-1, 0};
    for (int64_t j = 0; j < style.count; ++j) {
      if (j == but) continue;
      const double d = squared_distance(to, style.row(j));
      if (best.first < 0 || d < best.second) best = {j, d};
    }
    return best;
  };
  std::vector<Nearest> all(static_cast<size_t>(outputs.count));
  run(outputs.count, threads, sink, [&](size_t i) {
    const auto [who, distance] = nearest(outputs.row(static_cast<int64_t>(i)), -1);
    all[i] = {who, distance == 0 ? 0 : std::sqrt(distance / nearest(style.row(who), who).second)};
  });
  return all;
}

}  // namespace linmo::measure
