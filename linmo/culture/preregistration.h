// SPDX-License-Identifier: Apache-2.0
// Hypotheses written down before looking, as TOML:
//
//   alpha = 0.05
//   [[hypothesis]]
//   descriptor = "void_10"     # the column
//   first = "Europe"           # two groups
//   second = "China"
//   direction = "higher"       # of the second over the first: higher, lower, different, equivalent
//   margin = 0.147             # Cliff's delta that counts as none; alpha, margin, note may be left out
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linmo/culture/study.h"

namespace linmo::culture {

// Throws ErrorKind::input, with the file's name, for text that is no such file: unknown keys, a direction
// that is none of the four, numbers out of range, no hypothesis.
std::vector<Hypothesis> parse_preregistration(std::string_view text, std::string_view name);

// Throws ErrorKind::usage when a hypothesis names a group or a descriptor that the study does not have.
void check_hypotheses(const std::vector<Hypothesis>& hypotheses, const Study& study);

// A file to start from: every pair of groups and core descriptor with the direction "different". It depends
// on the names alone, never on a value.
std::string preregistration_template(const Study& study);

}  // namespace linmo::culture
