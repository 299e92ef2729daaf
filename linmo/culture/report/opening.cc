// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "linmo/culture/figures/parts.h"
#include "linmo/culture/report/sections.h"

namespace linmo::culture {
namespace {

// A warning as a sentence of the table; in English words where the table does not have it.
Phrase warning_phrase(const StudyWarning& w) {
  const std::string key = "w." + w.code;
  if (!find_text(key)) return w.text;
  Phrase::Values values;
  for (const auto& [name, value] : w.values) {
    // A refused file's name could be anything; only the first two values belong to the sentence.
    if (values.size() >= 3) continue;
    values.emplace_back(name, name == "descriptor"                ? descriptor_phrase(value)
                              : name == "source" && value.empty() ? say("table.unrecorded")
                                                                  : Phrase(value));
  }
  return say(key, values);
}

const LadderRung* rung_of(const Study& study, int64_t first, int64_t second, std::string_view name) {
  for (const LadderRung& r : study.ladder)
    if (r.first == first && r.second == second && r.name == name && r.is_possible && std::isfinite(r.auc))
      return &r;
  return nullptr;
}

void write_pair_verdict(Page& page, const Study& study, int64_t first, int64_t second) {
  int64_t verdicts[3] = {0, 0, 0};
  std::vector<const Comparison*> found;
  for (const Comparison& c : study.comparisons) {
    if (c.first != first || c.second != second || !is_counted(study, c)) continue;
    ++verdicts[static_cast<int>(c.verdict)];
    if (c.verdict == Verdict::different) found.push_back(&c);
  }
  page.element("p", say("open.pair", {{"first", study.groups[first].name},
                                      {"second", study.groups[second].name},
                                      {"n", std::to_string(verdicts[0] + verdicts[1] + verdicts[2])},
                                      {"different", std::to_string(verdicts[0])},
                                      {"equivalent", std::to_string(verdicts[1])},
                                      {"unknown", std::to_string(verdicts[2])}}));
  page.open("p");
  std::stable_sort(found.begin(), found.end(),
                   [&](const auto* a, const auto* b) { return speaks_first(study, *a, *b); });
  // One of each group of measures: within a group they say much the same.
  std::vector<Phrase> items;
  std::vector<std::string> groups;
  for (const Comparison* c : found) {
    const Descriptor& d = study.table.columns.descriptors[c->descriptor];
    if (items.size() >= 3 || std::find(groups.begin(), groups.end(), d.group) != groups.end()) continue;
    groups.push_back(d.group);
    items.push_back(say("open.more", {{"descriptor", descriptor_phrase(d.name)},
                                      {"group", study.groups[c->delta > 0 ? second : first].name}}));
  }
  if (!items.empty()) page.words(say("open.strongest", {{"list", listed(items)}}));
  // What a classifier does counts where chance does not do it as well, and where chance can be told at all.
  const auto may_be_chance = [&](const LadderRung& r) { return !(r.p <= study.settings.alpha); };
  const auto values = [](const LadderRung& r) {
    return Phrase::Values{{"auc", hundred_text(r.auc)},
                          {"low", hundred_text(r.auc_interval.low)},
                          {"high", hundred_text(r.auc_interval.high)},
                          {"p", p_text(r.p)}};
  };
  constexpr double kHardly = .6;
  if (const LadderRung* r = rung_of(study, first, second, "nuisance"))
    page.words(say(!may_be_chance(*r) ? "open.scan"
                   : r->auc < kHardly ? "open.scan_none"
                                      : "open.scan_chance",
                   values(*r)));
  if (const LadderRung* r = rung_of(study, first, second, "style_without_nuisance")) {
    const bool is_none = may_be_chance(*r) && r->auc_interval.low <= .5;
    page.words(say(is_none ? "open.style_none" : "open.style", values(*r)));
    if (may_be_chance(*r) && !is_none) page.words(say("open.chance", values(*r)));
  }
  if (const LadderRung* r = rung_of(study, first, second, "leave_source_out")) {
    page.words(say("open.left_out", values(*r)));
    if (may_be_chance(*r)) page.words(say("open.chance", values(*r)));
  } else {
    page.words(say("open.left_out_not"));
  }
  page.close();
}

}  // namespace

Phrase names_of(const Study& study) {
  std::string names;
  for (const Group& g : study.groups) names += (names.empty() ? "" : " · ") + g.name;
  return fitted(names, 1, 120);
}

std::string p_text(double p) {
  if (!std::isfinite(p)) return "–";
  return p < .0001 ? "< 0.0001" : fmt::format("{:.2g}", p);
}

std::string hundred_text(double share) {
  return std::isfinite(share) ? fmt::format("{:.0f}", 100 * share) : "–";
}

Phrase listed(const std::vector<Phrase>& items) {
  Phrase out = items.empty() ? Phrase() : items.back();
  for (size_t i = items.empty() ? 0 : items.size() - 1; i-- > 0;)
    out = say("open.list", {{"a", items[i]}, {"b", out}});
  return out;
}

bool is_counted(const Study& study, const Comparison& c) {
  const Descriptor& d = study.table.columns.descriptors[c.descriptor];
  return !d.is_nuisance && !d.is_parity && std::isfinite(c.delta);
}

bool speaks_first(const Study& study, const Comparison& a, const Comparison& b) {
  const auto rank = [&](const Comparison& c) {
    const Descriptor& d = study.table.columns.descriptors[c.descriptor];
    const bool is_fragile = d.reliability && d.reliability->least_rank() < kFragile;
    return std::tuple(is_fragile, !d.is_core, -std::abs(c.delta));
  };
  return rank(a) < rank(b);
}

void write_opening(Page& page, const Study& study) {
  const bool is_severe =
      std::any_of(study.warnings.begin(), study.warnings.end(), [](const auto& w) { return w.is_severe; });
  if (is_severe) {
    page.open("section.loud", "role=\"alert\"");
    page.element("h2", say("page.read_first"));
    for (const StudyWarning& w : study.warnings)
      if (w.is_severe) page.element("p", warning_phrase(w));
    page.close();
  }
  page.open("section.short");
  page.element("h2", say("page.short"));
  const auto pairs = shown_pairs(study);
  for (const auto& [first, second] : pairs) write_pair_verdict(page, study, first, second);
  const size_t all = study.groups.size() * (study.groups.size() - 1) / 2;
  if (pairs.size() < all)
    page.element("p.note", say("page.more_pairs",
                               {{"shown", std::to_string(pairs.size())}, {"all", std::to_string(all)}}));
  page.close();
  if (std::any_of(study.warnings.begin(), study.warnings.end(), [](const auto& w) { return !w.is_severe; })) {
    page.open("section");
    page.element("h3", say("page.also"));
    page.open("ul");
    for (const StudyWarning& w : study.warnings)
      if (!w.is_severe) page.element("li", warning_phrase(w));
    page.close();
    page.close();
  }
}

void write_hypotheses(Page& page, const Study& study) {
  if (study.hypotheses.empty()) return;
  page.open("section");
  page.element("h2", say("page.confirmatory"));
  page.open("ul");
  for (const HypothesisResult& h : study.hypotheses) {
    page.open("li");
    page.words(say("hyp.line",
                   {{"claim", say("hyp." + h.hypothesis.direction,
                                  {{"descriptor", descriptor_phrase(h.hypothesis.descriptor)},
                                   {"first", h.hypothesis.first},
                                   {"second", h.hypothesis.second}})},
                    {"outcome", say(h.outcome == HypothesisOutcome::supported      ? "outcome.supported"
                                    : h.outcome == HypothesisOutcome::contradicted ? "outcome.contradicted"
                                                                                   : "outcome.cannot_tell")},
                    {"p", p_text(h.p)},
                    {"holm", p_text(h.p_adjusted)}}));
    if (!h.hypothesis.note.empty()) page.element("span.note", h.hypothesis.note);
    page.close();
  }
  page.close();
  page.close();
}

}  // namespace linmo::culture
