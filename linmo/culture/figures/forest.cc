// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "linmo/culture/figures/figures.h"
#include "linmo/culture/figures/parts.h"

namespace linmo::culture {
namespace {

constexpr double kRow = 18, kHead = 62, kLeft = 212, kPlot = 270, kNumbers = 300, kEdge = 8;

struct Rows {
  std::vector<std::pair<std::string, std::vector<const Comparison*>>> groups;
  size_t count = 0;
};

Rows rows_of(const Study& study, int64_t first, int64_t second, bool is_core_only) {
  Rows out;
  for (const Comparison& c : study.comparisons) {
    if (c.first != first || c.second != second) continue;
    const Descriptor& d = study.table.columns.descriptors[c.descriptor];
    if (d.is_nuisance || d.is_parity || (is_core_only && !d.is_core) || std::isnan(c.delta)) continue;
    if (out.groups.empty() || out.groups.back().first != d.group) out.groups.push_back({d.group, {}});
    out.groups.back().second.push_back(&c);
    ++out.count;
  }
  return out;
}

class Forest {
 public:
  Forest(const Study& study, int64_t first, int64_t second, const Rows& rows)
      : study_(study),
        first_(first),
        second_(second),
        svg_(kLeft + kPlot + kNumbers + 2 * kEdge,
             kHead + kRow * static_cast<double>(rows.count + rows.groups.size()) + 52) {
    draw_back(rows);
    double y = kHead;
    for (const auto& [group, list] : rows.groups) {
      svg_.text(kEdge, y + 13, say("group." + group), {.size = 11, .bold = true});
      y += kRow;
      for (const Comparison* c : list) draw_row(*c, y), y += kRow;
    }
    draw_foot(y);
  }

  const Svg& svg() const { return svg_; }

 private:
  double x(double delta) const { return kLeft + kPlot * (delta + 1) / 2; }

  void draw_back(const Rows& rows) {
    const double bottom = kHead + kRow * static_cast<double>(rows.count + rows.groups.size());
    const double margin = study_.settings.margin;
    svg_.rect(x(-margin), kHead, x(margin) - x(-margin), bottom - kHead, "#ececec");
    for (double v : {-1., -.5, .5, 1.})
      svg_.line(x(v), kHead, x(v), bottom, {.colour = "#ddd", .width = .75});
    svg_.line(x(0), kHead, x(0), bottom, {.colour = "#555"});
    for (double v : {-1., -.5, 0., .5, 1.})
      svg_.text(x(v), kHead - 5, v == 0 ? "0" : signed_text(v, v == std::trunc(v) ? 0 : 1),
                {.size = 10, .anchor = Anchor::middle});
    const double half = kPlot / 2 + 40;
    const auto side = [&](int64_t group, double at, Anchor anchor, const char* key) {
      svg_.text(at, kHead - 34, fitted(study_.groups[group].name, 12, half),
                {.size = 12, .anchor = anchor, .colour = group_colour(group), .bold = true});
      svg_.text(at, kHead - 20, say(key), {.size = 10, .anchor = anchor, .colour = "#555"});
    };
    side(first_, x(0) - 12, Anchor::end, "figure.higher_left");
    side(second_, x(0) + 12, Anchor::start, "figure.higher_right");
    svg_.text(kLeft + kPlot + 12, kHead - 20, say("figure.delta_interval"), {.size = 10, .colour = "#555"});
    svg_.text(kLeft + kPlot + 124, kHead - 20, say("figure.shift_interval"), {.size = 10, .colour = "#555"});
  }

  void draw_row(const Comparison& c, double y) {
    const Descriptor& d = study_.table.columns.descriptors[c.descriptor];
    const double middle = y + kRow / 2;
    const Phrase name = descriptor_phrase(d.name);
    svg_.text(kEdge + 8, middle + 4, name);
    const bool is_different = c.verdict == Verdict::different;
    const std::string colour =
        is_different ? group_colour(c.delta > 0 ? c.second : c.first) : std::string("#666");
    if (std::isfinite(c.delta_interval.low) && std::isfinite(c.delta_interval.high))
      svg_.line(x(c.delta_interval.low), middle, x(c.delta_interval.high), middle,
                {.colour = colour, .width = is_different ? 2. : 1.25});
    const Stroke outline{.colour = colour, .width = 1.5};
    if (c.verdict == Verdict::equivalent)
      svg_.rect(x(c.delta) - 3.5, middle - 3.5, 7, 7, "#fff", 1, &outline);
    else
      svg_.disc(x(c.delta), middle, 4, is_different ? colour : "#fff", 1, &outline);
    svg_.text(kLeft + kPlot + 12, middle + 4,
              fmt::format("{} [{}, {}]", signed_text(c.delta, 2), signed_text(c.delta_interval.low, 2),
                          signed_text(c.delta_interval.high, 2)),
              {.size = 10});
    svg_.text(kLeft + kPlot + 124, middle + 4,
              fmt::format("{} [{}, {}]{}", number_text(c.shift), number_text(c.shift_interval.low),
                          number_text(c.shift_interval.high), unit_text(d.unit)),
              {.size = 10});
  }

  void draw_foot(double y) {
    const Stroke outline{.colour = "#444", .width = 1.5};
    y += 20;
    svg_.disc(kEdge + 6, y - 4, 4, "#444", 1, &outline);
    svg_.text(kEdge + 16, y, say("verdict.different"));
    svg_.rect(kEdge + 130, y - 7.5, 7, 7, "#fff", 1, &outline);
    svg_.text(kEdge + 142, y,
              say("figure.equivalent_within", {{"margin", number_text(study_.settings.margin)}}));
    svg_.disc(kEdge + 372, y - 4, 4, "#fff", 1, &outline);
    svg_.text(kEdge + 382, y, say("verdict.cannot_tell"));
    svg_.text(kEdge, y + 20, say("figure.forest_foot", {{"level", percent_text(study_.settings.level)}}),
              {.size = 10, .colour = "#555"});
  }

  const Study& study_;
  int64_t first_, second_;
  Svg svg_;
};

}  // namespace

std::vector<std::pair<int64_t, int64_t>> shown_pairs(const Study& study) {
  std::vector<std::pair<int64_t, int64_t>> out;
  const auto n = static_cast<int64_t>(study.groups.size());
  for (int64_t a = 0; a < n; ++a)
    for (int64_t b = a + 1; b < n && out.size() < kMostPairs; ++b) out.emplace_back(a, b);
  return out;
}

Figure draw_forest(const Study& study, int64_t first, int64_t second, bool is_core_only) {
  const Rows rows = rows_of(study, first, second, is_core_only);
  Figure out;
  if (rows.count == 0) return out;
  out.name = fmt::format("forest-{}-{}{}", first + 1, second + 1, is_core_only ? "" : "-all");
  const Phrase::Values names{{"first", study.groups[first].name}, {"second", study.groups[second].name}};
  out.title = say(is_core_only ? "figure.forest" : "figure.forest_all", names);
  out.caption = say("figure.forest_caption", {{"first", study.groups[first].name},
                                              {"second", study.groups[second].name},
                                              {"level", percent_text(study.settings.level)},
                                              {"margin", number_text(study.settings.margin)}});
  out.svg = Forest(study, first, second, rows).svg().finish(out.title, out.caption);
  return out;
}

}  // namespace linmo::culture
