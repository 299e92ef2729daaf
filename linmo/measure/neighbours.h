// SPDX-License-Identifier: Apache-2.0
// What distances between whole sets hide, from who is whose nearest neighbour: are the outputs good, and are
// they varied?
#pragma once

#include <cstdint>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/measure/distances.h"

namespace linmo::measure {

struct NeighbourSettings {
  int k = 5;            // Naeem 2020's choice
  int64_t most = 5000;  // of a larger set so many are drawn once, and only these are looked at
  uint64_t seed = 0;
  int threads = 0;  // 0: all; the result does not depend on it
};

// With B(x) the ball around x that reaches to x's k-th nearest other of its own set (its border left out),
// outputs o₁ … o_M and style pictures s₁ … s_N:
struct NeighbourScores {
  // Share of outputs in any B(s), and of style pictures in any B(o) (Kynkäänniemi et al. 2019, "Improved
  // precision and recall metric", eq. 1-2). 0 … 1, higher is better; a single outlier makes both generous.
  double precision = 0, recall = 0;
  // Σ over outputs of the number of B(s) around them, by k·M (0 …; 1 when the sets are alike); share of
  // B(s) with an output in them, 0 … 1 (Naeem et al. 2020, "Reliable fidelity and diversity metrics", eq. 5,
  // 7).
  double density = 0, coverage = 0;
  // Share of outputs that are no nearer to a style picture than that one is to its nearest other (Alaa et al.
  // 2022, "How faithful is your synthetic data?", authenticity). Near 0.6 for fresh pictures of the style's
  // kind, 0 for copies.
  double authenticity = 0;
};

// Throws ErrorKind::usage when a set has no more than k pictures or the dimensions differ,
// ErrorKind::cancelled when the sink asks to stop.
NeighbourScores neighbour_scores(const Features& outputs, const Features& style,
                                 const NeighbourSettings& settings = {}, EventSink& sink = null_sink());

// The picture of a set that a picture is nearest to.
struct Nearest {
  int64_t index = 0;  // row of the set
  // The distance to it as a share of the distance from it to its own nearest other, 0 …; the authentic of
  // NeighbourScores have 1 or more. Infinite where the set holds that picture twice.
  double share = 0;
};

// For each output. The style must hold at least two pictures. Throws as neighbour_scores() does.
std::vector<Nearest> nearest_in(const Features& outputs, const Features& style, int threads = 0,
                                EventSink& sink = null_sink());

}  // namespace linmo::measure
