// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "linmo/culture/figures/parts.h"
#include "linmo/culture/report/sections.h"

namespace linmo::culture {
namespace {

constexpr size_t kMostFindings = 8, kMostOfGroup = 2, kMostListed = 60;
constexpr int64_t kPicturesAtPercentile = 2;

// Romano et al. 2006.
const char* size_key(double delta) {
  const double size = std::abs(delta);
  return size < .147   ? "size.negligible"
         : size < .33  ? "size.small"
         : size < .474 ? "size.medium"
                       : "size.large";
}

// What moves a measure most, where it is so much that a reader must know.
const char* fragile_cause(const Descriptor& d, double* rank) {
  if (!d.reliability) return nullptr;
  const std::pair<const char*, double> causes[] = {{"cause.resize", d.reliability->resize.rank},
                                                   {"cause.jpeg", d.reliability->jpeg.rank},
                                                   {"cause.noise", d.reliability->noise.rank},
                                                   {"cause.crop", d.reliability->crop.rank}};
  const char* worst = nullptr;
  *rank = kFragile;
  for (const auto& [key, value] : causes)
    if (value < *rank) {
      worst = key;
      *rank = value;
    }
  return worst;
}

// "the same with …" after what it is the same as.
std::string formula_of(const Study& study, int64_t descriptor) {
  const auto& all = study.table.columns.descriptors;
  const auto line = [&](int64_t d) { return all[d].name + ": " + all[d].formula; };
  int64_t base = descriptor;
  while (base > 0 && all[base].formula.starts_with("the same")) --base;
  return base == descriptor ? line(descriptor) : line(descriptor) + " — " + line(base);
}

void write_exemplars(Page& page, const Study& study, const Comparison& c, Thumbnails& thumbnails) {
  page.open("div.strip");
  for (int64_t group : {c.first, c.second}) {
    page.open("div.of");
    page.element("b", study.groups[group].name);
    page.open("div.row");
    for (double percentile : {5., 50., 95.})
      for (const Exemplars& e : study.exemplars) {
        if (e.descriptor != c.descriptor || e.group != group || e.percentile != percentile) continue;
        const auto n = std::min<int64_t>(kPicturesAtPercentile, static_cast<int64_t>(e.rows.size()));
        for (int64_t i = 0; i < n; ++i)
          thumbnails.draw(page, e.rows[i],
                          i > 0 ? Phrase()
                                : say(percentile < 10   ? "page.least"
                                      : percentile > 90 ? "page.most"
                                                        : "page.typical"));
      }
    page.close();
    page.close();
  }
  thumbnails.offer(page);
  page.close();
}

void write_finding(Page& page, const Study& study, const Comparison& c, Thumbnails& thumbnails) {
  const Descriptor& d = study.table.columns.descriptors[c.descriptor];
  const bool is_second = c.delta > 0;
  const Group& high = study.groups[is_second ? c.second : c.first];
  const Group& low = study.groups[is_second ? c.first : c.second];
  const auto turned = [&](const Interval& i) { return is_second ? i : Interval{-i.high, -i.low}; };
  const double sign = is_second ? 1 : -1;
  const Interval delta = turned(c.delta_interval), shift = turned(c.shift_interval);
  const Phrase name = descriptor_phrase(d.name);
  page.open("article.finding");
  page.element("h4", say("find.head", {{"descriptor", name}, {"high", high.name}}));
  page.open("p");
  page.words(say("find.body", {{"high", high.name},
                               {"low", low.name},
                               {"shift", number_text(sign * c.shift) + unit_text(d.unit)},
                               {"shift_low", number_text(shift.low)},
                               {"shift_high", number_text(shift.high)},
                               {"superiority", hundred_text((sign * c.delta + 1) / 2)},
                               {"size", say(size_key(c.delta))},
                               {"delta", signed_text(sign * c.delta, 2)},
                               {"delta_low", signed_text(delta.low, 2)},
                               {"delta_high", signed_text(delta.high, 2)},
                               {"q", p_text(c.q)},
                               {"overlap", percent_text(c.overlap)}}));
  page.words(say("find.medians", {{"first", study.groups[c.first].name},
                                  {"a", number_text(c.median_first) + unit_text(d.unit)},
                                  {"second", study.groups[c.second].name},
                                  {"b", number_text(c.median_second) + unit_text(d.unit)}}));
  double rank = 0;
  if (const char* cause = fragile_cause(d, &rank))
    page.words(say("find.fragile", {{"cause", say(cause)}, {"rank", fmt::format("{:.2f}", rank)}}));
  page.close();
  page.element("p.note", formula_of(study, c.descriptor));
  write_exemplars(page, study, c, thumbnails);
  page.close();
}

void write_all_results(Page& page, const Study& study, const std::vector<const Comparison*>& all) {
  if (all.empty()) return;
  page.open("details");
  page.element("summary", say("page.all_results", {{"n", std::to_string(all.size())}}));
  std::vector<std::vector<Phrase>> rows;
  for (const Comparison* c : all) {
    const Descriptor& d = study.table.columns.descriptors[c->descriptor];
    rows.push_back(
        {descriptor_phrase(d.name), say("group." + d.group),
         say(c->verdict == Verdict::different    ? "verdict.different"
             : c->verdict == Verdict::equivalent ? "verdict.equivalent"
                                                 : "verdict.cannot_tell"),
         fmt::format("{} [{}, {}]", signed_text(c->delta, 2), signed_text(c->delta_interval.low, 2),
                     signed_text(c->delta_interval.high, 2)),
         fmt::format("{} [{}, {}]{}", number_text(c->shift), number_text(c->shift_interval.low),
                     number_text(c->shift_interval.high), unit_text(d.unit)),
         number_text(c->median_first), number_text(c->median_second), p_text(c->q), p_text(c->p_max_t),
         percent_text(c->overlap)});
  }
  page.table({say("table.measure"), say("table.group"), say("table.verdict"), say("figure.delta_interval"),
              say("figure.shift_interval"), say("table.median", {{"name", study.groups[all[0]->first].name}}),
              say("table.median", {{"name", study.groups[all[0]->second].name}}), "q", "p (max-T)",
              say("table.overlap")},
             rows);
  page.close();
}

}  // namespace

void write_figure(Page& page, const Figure& figure) {
  page.open("figure.figure");
  page.raw(figure.svg);
  page.open("figcaption");
  page.element("b", figure.title);
  page.words(figure.caption);
  page.close();
  page.close();
}

void write_pair(Page& page, const Study& study, int64_t first, int64_t second, Thumbnails& thumbnails,
                const std::vector<Figure>& figures) {
  std::vector<const Comparison*> all, found;
  std::vector<Phrase> equal, unknown;
  for (const Comparison& c : study.comparisons) {
    if (c.first != first || c.second != second) continue;
    if (std::isfinite(c.delta)) all.push_back(&c);
    if (!is_counted(study, c)) continue;
    const Phrase name = descriptor_phrase(study.table.columns.descriptors[c.descriptor].name);
    if (c.verdict == Verdict::different)
      found.push_back(&c);
    else
      (c.verdict == Verdict::equivalent ? equal : unknown).push_back(name);
  }
  page.open("section");
  page.element("h2", study.groups[first].name + " → " + study.groups[second].name);
  for (const Figure& f : figures)
    if (f.name == fmt::format("forest-{}-{}", first + 1, second + 1)) write_figure(page, f);
  page.element("h3", say("page.findings"));
  std::stable_sort(found.begin(), found.end(),
                   [&](const auto* a, const auto* b) { return speaks_first(study, *a, *b); });
  std::map<std::string, size_t> of_group;
  size_t shown = 0;
  for (const Comparison* c : found) {
    const Descriptor& d = study.table.columns.descriptors[c->descriptor];
    if (shown >= kMostFindings || of_group[d.group]++ >= kMostOfGroup) continue;
    write_finding(page, study, *c, thumbnails);
    ++shown;
  }
  if (found.empty()) page.element("p", say("find.none"));
  const auto list = [](std::vector<Phrase> items) {
    if (items.size() > kMostListed) {
      items.resize(kMostListed);
      items.emplace_back("…");
    }
    return listed(items);
  };
  page.element("h3", say("page.equal"));
  page.element("p", equal.empty() ? say("find.equal_none")
                                  : say("find.equal", {{"margin", number_text(study.settings.margin)},
                                                       {"list", list(equal)}}));
  page.element("h3", say("page.unknown"));
  page.element("p",
               unknown.empty() ? say("find.unknown_none") : say("find.unknown", {{"list", list(unknown)}}));
  write_all_results(page, study, all);
  page.close();
}

}  // namespace linmo::culture
