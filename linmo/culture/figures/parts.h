// SPDX-License-Identifier: Apache-2.0
// What several figures have: axes, the groups' legend, numbers as text.
#pragma once

#include <string>
#include <vector>

#include "linmo/culture/figures/svg.h"

namespace linmo::culture {

// "+0.34", "−1.2", "0.000"; "–" where it is not known.
std::string signed_text(double value, int decimals);
// Three significant digits with a true minus sign, exponents only where they must be.
std::string number_text(double value);
std::string percent_text(double share);
// "" for plain numbers, else with a space in front.
std::string unit_text(const std::string& unit);

// Frame with ticks and names on the left and below.
void draw_axes(Svg& svg, const Scale1& x, const Scale1& y, const Phrase& x_name, const Phrase& y_name);
// One row a group from (x, y) down; returns the y below.
double draw_legend(Svg& svg, const Study& study, double x, double y, double width);

// Every k-th of the points, so that no more than `most` are drawn.
size_t drawn_step(size_t points, size_t most);
inline constexpr size_t kMostPoints = 4000;

// What a row's table says in a column; empty where it has none.
std::string metadata_of(const Study& study, int64_t row, std::string_view column);
// File, or title and artist where they are known, for people.
std::string work_name(const Study& study, int64_t row);

}  // namespace linmo::culture
