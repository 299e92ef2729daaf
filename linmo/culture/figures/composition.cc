// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/composition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/culture/figures/figures.h"
#include "linmo/culture/figures/parts.h"

namespace linmo::culture {
namespace {

constexpr double kCell = 132, kGap = 22, kLeftEdge = 8, kTop = 44, kName = 20;

// White to dark blue, evenly stepped in lightness: readable in grey and for the
// colour-blind (a single hue).
std::string heat(double share) {
  const double t = std::clamp(share, 0., 1.);
  const auto mix = [&](int from, int to) { return static_cast<int>(std::lround(from + t * (to - from))); };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(255, 8), mix(255, 48), mix(255, 107));
}

struct Mass {
  Layout::Mass mass;
  const char *x, *y, *title;  // descriptors of its centre
};
constexpr Mass kMasses[] = {{Layout::dark, "dark_x", "dark_y", "figure.mass_dark"},
                            {Layout::chroma, "chroma_x", "chroma_y", "figure.mass_chroma"},
                            {Layout::edges, "edges_x", "edges_y", "figure.mass_edges"},
                            {Layout::salience, nullptr, nullptr, "figure.mass_salience"}};

// Mean over the works of a group of where its masses lie.
using MeanLayouts = std::vector<Layout>;  // of every group
MeanLayouts mean_layouts(const Study& study, int64_t column) {
  MeanLayouts out(study.groups.size());
  for (size_t g = 0; g < study.groups.size(); ++g) {
    std::array<double, Layout::kMasses> n{};
    std::array<Layout::Cells, Layout::kMasses> sums{};
    for (int64_t row : study.groups[g].rows) {
      Layout layout;
      try {
        layout = parse_layout(study.table.rows[row].metadata[column]);
      } catch (const Error&) {
        continue;  // a table of another program may have a column of that name with something else in it
      }
      for (size_t m = 0; m < Layout::kMasses; ++m) {
        if (!layout.masses[m]) continue;
        ++n[m];
        for (size_t i = 0; i < sums[m].size(); ++i) sums[m][i] += (*layout.masses[m])[i];
      }
    }
    for (size_t m = 0; m < Layout::kMasses; ++m) {
      if (n[m] == 0) continue;
      for (double& v : sums[m]) v /= n[m];
      out[g].masses[m] = sums[m];
    }
  }
  return out;
}

struct Ends {
  double low = INFINITY, high = -INFINITY;
};
Ends ends_of(const MeanLayouts& layouts, Layout::Mass mass) {
  Ends out;
  for (const Layout& l : layouts) {
    if (!l.masses[mass]) continue;
    const auto [low, high] = std::ranges::minmax(*l.masses[mass]);
    out = {std::min(out.low, low), std::max(out.high, high)};
  }
  return out;
}

constexpr const char* kVoids[9] = {"void_top_left",    "void_top",    "void_top_right",
                                   "void_left",        "void_centre", "void_right",
                                   "void_bottom_left", "void_bottom", "void_bottom_right"};

// Mean centre of the works' masses.
void mark_centres(Svg& svg, const Study& study, size_t group, const Mass& mass, double left, double top) {
  const int64_t cx = study.table.columns.find_descriptor(mass.x),
                cy = study.table.columns.find_descriptor(mass.y);
  if (cx < 0 || cy < 0) return;
  double x = 0, y = 0, n = 0;
  for (int64_t row : study.groups[group].rows) {
    const double px = study.table.rows[row].values[cx], py = study.table.rows[row].values[cy];
    if (std::isfinite(px) && std::isfinite(py)) x += px, y += py, ++n;
  }
  if (n > 0) svg.disc(left + x / n * kCell, top + y / n * kCell, 3.5, "#D55E00", 1);
}

}  // namespace

Figure draw_composition(const Study& study) {
  Figure out;
  const FeatureColumns& columns = study.table.columns;
  const bool has_void = std::all_of(std::begin(kVoids), std::end(kVoids),
                                    [&](const char* name) { return columns.find_descriptor(name) >= 0; });
  const int64_t column = columns.find_metadata("layout");
  const MeanLayouts layouts = column < 0 ? MeanLayouts{} : mean_layouts(study, column);
  std::vector<Mass> masses;
  for (const Mass& m : kMasses)
    if (ends_of(layouts, m.mass).high > 0) masses.push_back(m);
  const size_t panels = masses.size() + (has_void ? 1 : 0);
  if (panels == 0) return out;
  const auto groups = static_cast<double>(study.groups.size());
  Svg svg(kLeftEdge * 2 + static_cast<double>(panels) * (kCell + kGap) - kGap,
          kTop + groups * (kCell + kName + kGap));
  const Stroke frame{.colour = "#333"};
  size_t panel = 0;
  const auto left = [&] { return kLeftEdge + static_cast<double>(panel) * (kCell + kGap); };
  const auto top = [&](size_t g) { return kTop + kName + static_cast<double>(g) * (kCell + kName + kGap); };
  for (size_t g = 0; g < study.groups.size(); ++g) {
    svg.marker(static_cast<int64_t>(g), kLeftEdge + 5, top(g) - 10, 5, 1);
    svg.text(kLeftEdge + 16, top(g) - 6, fitted(study.groups[g].name, 12, 500), {.size = 12, .bold = true});
  }
  if (has_void) {
    svg.text(left() + kCell / 2, 18, say("figure.void_map"), {.anchor = Anchor::middle, .bold = true});
    for (size_t g = 0; g < study.groups.size(); ++g) {
      for (int cell = 0; cell < 9; ++cell) {
        const int64_t column = columns.find_descriptor(kVoids[cell]);
        double sum = 0, n = 0;
        for (int64_t row : study.groups[g].rows)
          if (const double v = study.table.rows[row].values[column]; std::isfinite(v)) sum += v, ++n;
        const double mean = n > 0 ? sum / n : NAN;
        const double x = left() + kCell / 3 * (cell % 3), y = top(g) + kCell / 3 * std::floor(cell / 3.);
        svg.rect(x, y, kCell / 3, kCell / 3, std::isnan(mean) ? "#eee" : heat(mean));
        svg.text(x + kCell / 6, y + kCell / 6 + 4, percent_text(mean),
                 {.anchor = Anchor::middle, .colour = mean > .45 ? "#fff" : "#222"});
      }
      svg.rect(left(), top(g), kCell, kCell, "none", 1, &frame);
    }
    ++panel;
  }
  for (const Mass& m : masses) {
    // One scale for all groups, so that they can be compared.
    const Ends ends = ends_of(layouts, m.mass);
    svg.text(left() + kCell / 2, 18, say(m.title), {.anchor = Anchor::middle, .bold = true});
    svg.text(left() + kCell / 2, 32,
             say("figure.mass_scale", {{"low", number_text(ends.low)}, {"high", number_text(ends.high)}}),
             {.size = 9.5, .anchor = Anchor::middle, .colour = "#555"});
    for (size_t g = 0; g < study.groups.size(); ++g) {
      if (!layouts[g].masses[m.mass]) continue;
      constexpr double kStep = kCell / Layout::kGrid;
      for (int i = 0; i < Layout::kGrid * Layout::kGrid; ++i) {
        const double v = (*layouts[g].masses[m.mass])[static_cast<size_t>(i)];
        svg.rect(left() + i % Layout::kGrid * kStep, top(g) + i / Layout::kGrid * kStep, kStep + .2,
                 kStep + .2, heat(ends.high > ends.low ? (v - ends.low) / (ends.high - ends.low) : 0));
      }
      const double middle = kCell / 2;
      const Stroke cross{.colour = "#D55E00", .width = .75, .dash = "3 3"};
      svg.line(left() + middle, top(g), left() + middle, top(g) + kCell, cross);
      svg.line(left(), top(g) + middle, left() + kCell, top(g) + middle, cross);
      if (m.x) mark_centres(svg, study, g, m, left(), top(g));
      svg.rect(left(), top(g), kCell, kCell, "none", 1, &frame);
    }
    ++panel;
  }
  out.name = "composition";
  out.title = say("figure.composition");
  out.caption = say("figure.composition_caption");
  out.svg = svg.finish(out.title, out.caption);
  return out;
}

}  // namespace linmo::culture
