// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "linmo/culture/figures/parts.h"
#include "linmo/culture/report/sections.h"

namespace linmo::culture {
namespace {

void write_boundaries(Page& page, const Study& study, Thumbnails& thumbnails) {
  if (study.boundaries.empty()) return;
  page.open("section");
  page.element("h2", say("page.boundary"));
  page.element("p", say("page.boundary_text"));
  for (const auto& [first, second] : shown_pairs(study))
    for (const Boundary& b : study.boundaries) {
      if (b.first != first || b.second != second) continue;
      page.element("h3", study.groups[first].name + " · " + study.groups[second].name);
      for (size_t side = 0; side < 2; ++side) {
        page.element("p", say("page.boundary_line", {{"group", study.groups[side == 0 ? first : second].name},
                                                     {"other", study.groups[side == 0 ? second : first].name},
                                                     {"across", std::to_string(b.across[side])},
                                                     {"works", std::to_string(b.works[side])}}));
        if (b.rows[side].empty()) continue;
        page.open("div.row");
        for (int64_t row : b.rows[side]) thumbnails.draw(page, row);
        thumbnails.offer(page);
        page.close();
      }
    }
  page.close();
}

}  // namespace

void write_together(Page& page, const Study& study) {
  page.open("section");
  page.element("h2", say("page.together"));
  page.element("p", say("ladder.intro"));
  for (const auto& [first, second] : shown_pairs(study)) {
    page.element("h3", study.groups[first].name + " → " + study.groups[second].name);
    page.open("ul");
    for (const LadderRung& r : study.ladder) {
      if (r.first != first || r.second != second) continue;
      const Phrase name = say("ladder." + r.name);
      if (!r.is_possible)
        page.element("li", say("ladder.not", {{"rung", name}}));
      else
        page.element("li", say("ladder.line", {{"rung", name},
                                               {"auc", hundred_text(r.auc)},
                                               {"low", hundred_text(r.auc_interval.low)},
                                               {"high", hundred_text(r.auc_interval.high)},
                                               {"p", p_text(r.p)}}));
    }
    for (const Separation& s : study.separations) {
      if (s.first != first || s.second != second) continue;
      std::vector<Phrase> shares;
      for (const FrechetShare& f : s.frechet_shares)
        if (shares.size() < 5)
          shares.push_back(
              say("multi.share",
                  {{"descriptor", descriptor_phrase(study.table.columns.descriptors[f.descriptor].name)},
                   {"share", percent_text(f.share)}}));
      page.element("li", say("multi.energy", {{"energy", number_text(s.energy)},
                                              {"p", p_text(s.energy_p)},
                                              {"list", listed(shares)}}));
    }
    page.close();
  }
  for (const PermanovaTerm& t : study.permanova)
    if (t.name == "group" && std::isfinite(t.r2))
      page.element("p", say("multi.permanova", {{"r2", percent_text(t.r2)},
                                                {"p", p_text(t.p)},
                                                {"dispersion", p_text(study.dispersion.p)}}));
  for (const VariationPartition& v : study.partitions)
    page.element("p", say(v.is_separable ? "multi.partition" : "multi.partition_not",
                          {{"other", v.other},
                           {"alone", percent_text(v.group)},
                           {"shared", percent_text(v.shared)},
                           {"rest", percent_text(v.other_alone)}}));
  page.close();
}

void write_works(Page& page, const Study& study, Thumbnails& thumbnails) {
  page.open("section");
  page.element("h2", say("page.neighbours"));
  page.element("p", say("page.neighbours_text"));
  for (const auto& [first, second] : shown_pairs(study))
    for (const Neighbours& n : study.neighbours) {
      if (n.first != first || n.second != second || n.pairs.empty()) continue;
      page.element("h3", study.groups[first].name + " · " + study.groups[second].name);
      page.open("div.strip");
      for (const Neighbour& pair : n.pairs) {
        page.open("div.pair");
        thumbnails.draw(page, pair.row);
        thumbnails.draw(page, pair.other);
        page.close();
      }
      thumbnails.offer(page);
      page.close();
    }
  page.close();
  write_boundaries(page, study, thumbnails);
  page.open("section");
  page.element("h2", say("page.outliers"));
  page.element("p", say("page.outliers_text"));
  for (const Place& p : study.places) {
    page.element("h3", study.groups[p.group].name);
    page.open("div.row");
    for (const Neighbour& o : p.outliers) thumbnails.draw(page, o.row);
    if (!p.outliers.empty()) thumbnails.offer(page);
    page.close();
  }
  page.close();
}

}  // namespace linmo::culture
