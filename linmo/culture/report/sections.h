// SPDX-License-Identifier: Apache-2.0
// The parts of a report.
#pragma once

#include <string>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/culture/figures/figures.h"
#include "linmo/culture/report/page.h"
#include "linmo/culture/report/thumbnails.h"
#include "linmo/culture/study.h"

namespace linmo::culture {

// What cannot be told, loudly; then the verdicts in a few sentences.
void write_opening(Page& page, const Study& study);
void write_hypotheses(Page& page, const Study& study);
// A pair of groups: forest plot, findings with pictures, what is equal, what cannot be told, all results.
void write_pair(Page& page, const Study& study, int64_t first, int64_t second, Thumbnails& thumbnails,
                const std::vector<Figure>& figures);
// Everything multivariate: the ladder, distances, what else explains the variation.
void write_together(Page& page, const Study& study);
// Nearest works across collections, and works unlike all others of theirs.
void write_works(Page& page, const Study& study, Thumbnails& thumbnails);
void write_datasheet(Page& page, const Study& study, Thumbnails& thumbnails);
void write_credits(Page& page, const Study& study, const Thumbnails& thumbnails);
void write_method(Page& page, const Study& study);
void write_measures(Page& page, const Study& study);

void write_figure(Page& page, const Figure& figure);

// The whole of map.html.
std::string map_page(const Study& study, EventSink& sink);

// The groups' names as a title has them.
Phrase names_of(const Study& study);
// "0.034", "0.0001"; "< 0.0001" below.
std::string p_text(double p);
// 0 … 1 as a whole number of a hundred.
std::string hundred_text(double share);
// a; b; c
Phrase listed(const std::vector<Phrase>& items);
// Style, no parity form: what a report counts and speaks of.
bool is_counted(const Study& study, const Comparison& comparison);
// The order in which a report speaks of differences: measures that file and scan hardly move before fragile
// ones, core measures (little correlated) before others, larger effects before smaller ones.
bool speaks_first(const Study& study, const Comparison& a, const Comparison& b);
// A rank correlation under which a measure counts as fragile (Reliability::least_rank).
inline constexpr double kFragile = .8;

}  // namespace linmo::culture
