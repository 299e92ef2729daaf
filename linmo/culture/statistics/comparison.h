// SPDX-License-Identifier: Apache-2.0
// Every descriptor between two groups: effects, intervals, tests, verdicts.
#pragma once

#include <span>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/culture/statistics/design.h"
#include "linmo/culture/study.h"

namespace linmo::culture {

// values[descriptor][unit]; NaN: missing.
using UnitValues = std::vector<std::vector<double>>;

struct PairComparison {
  std::vector<Comparison> comparisons;      // one a descriptor
  std::vector<std::vector<double>> deltas;  // of every descriptor: bootstrap values of δ
};

// The same for any number of threads. Multiplicity: Benjamini–Hochberg within each descriptor group; max-T
// (Westfall & Young 1993) over the descriptors that are not nuisance, each in units of its own standard
// deviation under permutation.
PairComparison compare_pair(const Design& design, const UnitValues& values,
                            std::span<const Descriptor> descriptors, int64_t first, int64_t second,
                            const CompareSettings& settings, EventSink& sink);

// Two one-sided tests (Schuirmann 1987) with the bootstrap distribution: the larger of its shares beyond
// +margin and beyond −margin, (1 + b) / (1 + B).
double equivalence_p(std::span<const double> deltas, double margin);

// Confirmatory tests of hypotheses against the comparisons of all pairs; Holm over the hypotheses.
std::vector<HypothesisResult> test_hypotheses(std::span<const Hypothesis> hypotheses, const Study& study,
                                              std::span<const std::vector<double>> deltas);

}  // namespace linmo::culture
