// SPDX-License-Identifier: Apache-2.0
// Studies in which nothing is to be found, and studies in which something is: how often each is said.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/culture/statistics/classifier.h"
#include "linmo/culture/statistics/comparison.h"
#include "linmo/culture/statistics/multivariate.h"
#include "linmo/culture/statistics/permanova.h"

namespace linmo::culture {
namespace {

constexpr int kDescriptors = 6;

// Two groups of artists with their own habits (intraclass correlation ½) and unequal numbers of works, from
// sources of which each group has its own; `effect` lifts the first descriptor of the second group.
Study simulated(uint64_t number, double effect) {
  Random random(99, number);
  Study study;
  study.settings.seed = static_cast<int64_t>(number);
  study.settings.permutations = 199;
  study.settings.multivariate_permutations = 99;
  study.settings.bootstrap = 100;
  study.settings.interval = "percentile";
  study.settings.threads = 1;
  study.settings.covariates = "source";
  study.table.columns.metadata = {"artist", "source"};
  for (int d = 0; d < kDescriptors + 1; ++d) {
    Descriptor descriptor;
    descriptor.name = "d" + std::to_string(d);
    descriptor.group = d < 3 ? "tone" : d < kDescriptors ? "line" : "nuisance";
    descriptor.is_core = d < kDescriptors;
    descriptor.is_nuisance = d == kDescriptors;
    study.table.columns.descriptors.push_back(descriptor);
  }
  study.groups.resize(2);
  study.groups[0].name = "A";
  study.groups[1].name = "B";
  for (int64_t group : {0, 1})
    for (int artist = 0; artist < 12; ++artist) {
      std::vector<double> habit;
      for (int d = 0; d <= kDescriptors; ++d) habit.push_back(random.normal());
      const int64_t works = 1 + random.below(4);
      for (int64_t w = 0; w < works; ++w) {
        FeatureRow row;
        row.file = std::to_string(group) + "/" + std::to_string(artist) + "/" + std::to_string(w);
        row.metadata = {"a" + std::to_string(group * 100 + artist),
                        "s" + std::to_string(group * 10 + artist % 3)};
        for (int d = 0; d <= kDescriptors; ++d)
          row.values.push_back(habit[d] + random.normal() + (d == 0 && group == 1 ? effect : 0));
        study.table.rows.push_back(row);
        study.row_groups.push_back(group);
      }
    }
  return study;
}

struct Counts {
  double studies = 0, descriptor = 0, any = 0, max_t = 0, equivalent = 0, energy = 0, mmd = 0, permanova = 0,
         dispersion = 0;
  double rung[4] = {0, 0, 0, 0};
};

Counts simulate(int studies, double effect, bool with_everything) {
  Counts out;
  for (int i = 0; i < studies; ++i) {
    Study study = simulated(i, effect);
    const Prepared prepared = prepare(study);
    const double alpha = study.settings.alpha;
    const auto pair = compare_pair(prepared.design, prepared.values, study.table.columns.descriptors, 0, 1,
                                   study.settings, null_sink());
    out.studies += 1;
    out.descriptor += pair.comparisons[0].p <= alpha;
    double least = 1;
    bool any = false;
    for (const Comparison& c : pair.comparisons) {
      if (c.descriptor == kDescriptors) continue;
      least = std::min(least, c.p_max_t);
      any = any || c.verdict == Verdict::different;
      out.equivalent += c.descriptor == 0 && c.verdict == Verdict::equivalent;
    }
    out.any += any;
    out.max_t += least <= alpha;
    if (!with_everything) continue;
    const Separation s =
        separate(prepared.design, prepared.values, study.core, 0, 1, study.settings, null_sink());
    out.energy += s.energy_p <= alpha;
    out.mmd += s.mmd_p <= alpha;
    explain_variation(prepared, study, null_sink());
    out.dispersion += study.dispersion.p <= alpha;
    // Sources nested in groups leave PERMANOVA only the groups themselves.
    EXPECT_EQ(study.permanova_left_out, std::vector<std::string>{"source"});
    out.permanova += study.permanova[0].p <= alpha;
    const auto ladder = climb_ladder(prepared, study, 0, 1, null_sink()).rungs;
    for (size_t r = 0; r < ladder.size(); ++r) out.rung[r] += ladder[r].is_possible && ladder[r].p <= alpha;
  }
  return out;
}

// α = .05 and three standard errors of a share of so many studies.
double bound(double studies) {
  return .05 + 3 * std::sqrt(.05 * .95 / studies);
}

TEST(Calibration, NothingIsFoundWhereNothingIs) {
  const Counts c = simulate(60, 0, false);
  EXPECT_LE(c.descriptor / c.studies, bound(c.studies));
  EXPECT_LE(c.max_t / c.studies, bound(c.studies));
}

TEST(Calibration, WhatIsThereIsFound) {
  const Counts c = simulate(15, 2.5, false);
  EXPECT_GE(c.descriptor / c.studies, .9);
  EXPECT_EQ(c.equivalent, 0);
}

// A pseudo-replicating test (every work for itself) fails here: that is what clusters are for.
TEST(Calibration, WorksAreNotIndependent) {
  int found = 0;
  for (int i = 0; i < 60; ++i) {
    Study study = simulated(i, 0);
    study.settings.cluster = "unit";
    const Prepared prepared = prepare(study);
    found += compare_pair(prepared.design, prepared.values, study.table.columns.descriptors, 0, 1,
                          study.settings, null_sink())
                 .comparisons[0]
                 .p <= .05;
  }
  EXPECT_GT(found / 60.0, .1);
}

TEST(SlowCalibration, FalsePositivesOfEveryTest) {
  const Counts c = simulate(2000, 0, true);
  const auto rate = [&](const char* name, double count) {
    RecordProperty(name, std::to_string(count / c.studies));
    EXPECT_LE(count / c.studies, bound(c.studies)) << name;
  };
  rate("one descriptor", c.descriptor);
  rate("max-T over descriptors", c.max_t);
  rate("energy", c.energy);
  rate("MMD", c.mmd);
  rate("PERMANOVA", c.permanova);
  rate("dispersion", c.dispersion);
  rate("nuisance rung", c.rung[0]);
  rate("style rung", c.rung[1]);
  rate("style without nuisance rung", c.rung[2]);
  rate("leave-source-out rung", c.rung[3]);
  // Benjamini–Hochberg within two families: each finds something by chance in at most α of the studies.
  EXPECT_LE(c.any / c.studies, 2 * bound(c.studies));
  EXPECT_LE(c.equivalent / c.studies, bound(c.studies) + .05);
}

}  // namespace
}  // namespace linmo::culture
