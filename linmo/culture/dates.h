// SPDX-License-Identifier: Apache-2.0
// What catalogues write as a date → a range of years.
#pragma once

#include <optional>
#include <string_view>

namespace linmo::culture {

// First and last year that a text allows, both included; −500 is 500 BCE, there is no year 0. Nothing where
// the text leaves that side open ("after 1830").
struct Years {
  std::optional<int> from, to;
  bool operator==(const Years&) const = default;
};

// Understands years and ranges ("c. 1830–33", "1830/1833", "206 BCE–220 CE", ISO dates), decades, centuries
// with early, mid, late, halves and quarters ("late 12th c.", "18世紀後半"), dynasties and periods of China,
// Japan and Korea ("Edo period", 江户, 明代), and Japanese era and Chinese reign years (天保三年, Tenpō 3,
// 乾隆五十年). Where a text says several things, the most exact counts: years before decades before centuries
// before periods, and of those the narrowest ("Edo period (1615–1868), 1830"). "c." before a single year
// means five years either way; early, mid and late are thirds. Nothing where no date is understood. Reads at
// most the first 300 characters.
Years parse_years(std::string_view text);

}  // namespace linmo::culture
