// SPDX-License-Identifier: Apache-2.0
// From a table of pictures to groups of observations, and what has to be said about them before any number.
#pragma once

#include "linmo/culture/statistics/comparison.h"
#include "linmo/culture/statistics/design.h"
#include "linmo/culture/study.h"

namespace linmo::culture {

struct Prepared {
  Design design;
  UnitValues values;  // every descriptor; means over the pictures of an observation
  // The covariates of the settings that are there, as level numbers of every unit (−1: not known).
  std::vector<std::string> covariates;
  std::vector<std::vector<int64_t>> covariate_levels;
};

// `study` has table, row_groups, settings and groups with names; fills what is known of the groups, `core`
// and the warnings. Throws ErrorKind::usage for columns of the settings that the table does not have, and for
// fewer than two groups with observations.
Prepared prepare(Study& study);

// Level of "period" of a row: "1800–1899", from the column period, else the middle of year_from and year_to;
// empty where it is not known.
std::string period_of(const FeatureTable& table, size_t row, double years);

}  // namespace linmo::culture
