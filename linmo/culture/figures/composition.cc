// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "linmo/culture/figures/figures.h"
#include "linmo/culture/figures/parts.h"

namespace linmo::culture {
namespace {

constexpr double kCell = 132, kGap = 22, kLeft = 8, kTop = 44, kName = 20;

// White to dark blue, evenly stepped in lightness: readable in grey and for the
// colour-blind (a single hue).
std::string heat(double share) {
  const double t = std::clamp(share, 0., 1.);
  const auto mix = [&](int from, int to) { return static_cast<int>(std::lround(from + t * (to - from))); };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(255, 8), mix(255, 48), mix(255, 107));
}

std::vector<MapPoint> centres(const Study& study, const Group& group, int64_t x, int64_t y) {
  std::vector<MapPoint> out;
  for (int64_t row : group.rows) {
    const double px = study.table.rows[row].values[x], py = study.table.rows[row].values[y];
    if (std::isfinite(px) && std::isfinite(py)) out.push_back({px, py});
  }
  return out;
}

// Gaussian density of the centres over `side`² cells, of the part from kNear to kFar of both sides.
constexpr int kSide = 22;
constexpr double kNear = .2, kFar = .8, kBandwidth = .025;
std::vector<double> density(const std::vector<MapPoint>& points) {
  std::vector<double> out(size_t{kSide} * kSide, 0);
  for (int i = 0; i < kSide; ++i)
    for (int j = 0; j < kSide; ++j) {
      const double cx = kNear + (kFar - kNear) * (j + .5) / kSide,
                   cy = kNear + (kFar - kNear) * (i + .5) / kSide;
      for (const MapPoint& p : points)
        out[static_cast<size_t>(i) * kSide + static_cast<size_t>(j)] +=
            std::exp(-((p.x - cx) * (p.x - cx) + (p.y - cy) * (p.y - cy)) / (2 * kBandwidth * kBandwidth));
    }
  return out;
}

struct Mass {
  const char *x, *y, *title;
};
constexpr Mass kMasses[] = {{"dark_x", "dark_y", "figure.mass_dark"},
                            {"chroma_x", "chroma_y", "figure.mass_chroma"},
                            {"edges_x", "edges_y", "figure.mass_edges"}};
constexpr const char* kVoids[9] = {"void_top_left",    "void_top",    "void_top_right",
                                   "void_left",        "void_centre", "void_right",
                                   "void_bottom_left", "void_bottom", "void_bottom_right"};

}  // namespace

Figure draw_composition(const Study& study) {
  Figure out;
  const FeatureColumns& columns = study.table.columns;
  const bool has_void = std::all_of(std::begin(kVoids), std::end(kVoids),
                                    [&](const char* name) { return columns.find_descriptor(name) >= 0; });
  std::vector<Mass> masses;
  for (const Mass& m : kMasses)
    if (columns.find_descriptor(m.x) >= 0 && columns.find_descriptor(m.y) >= 0) masses.push_back(m);
  const size_t panels = masses.size() + (has_void ? 1 : 0);
  if (panels == 0) return out;
  const auto groups = static_cast<double>(study.groups.size());
  Svg svg(kLeft * 2 + static_cast<double>(panels) * (kCell + kGap) - kGap,
          kTop + groups * (kCell + kName + kGap));
  const Stroke frame{.colour = "#333"};
  size_t panel = 0;
  const auto left = [&] { return kLeft + static_cast<double>(panel) * (kCell + kGap); };
  const auto top = [&](size_t g) { return kTop + kName + static_cast<double>(g) * (kCell + kName + kGap); };
  for (size_t g = 0; g < study.groups.size(); ++g) {
    svg.marker(static_cast<int64_t>(g), kLeft + 5, top(g) - 10, 5, 1);
    svg.text(kLeft + 16, top(g) - 6, fitted(study.groups[g].name, 12, 500), {.size = 12, .bold = true});
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
    svg.text(left() + kCell / 2, 18, say(m.title), {.anchor = Anchor::middle, .bold = true});
    svg.text(left() + kCell / 2, 32, say("figure.middle_part"),
             {.size = 9.5, .anchor = Anchor::middle, .colour = "#555"});
    const int64_t cx = columns.find_descriptor(m.x), cy = columns.find_descriptor(m.y);
    for (size_t g = 0; g < study.groups.size(); ++g) {
      const std::vector<MapPoint> points = centres(study, study.groups[g], cx, cy);
      const std::vector<double> cells = density(points);
      const double most = std::max(1e-300, *std::max_element(cells.begin(), cells.end()));
      constexpr double kStep = kCell / kSide;
      for (int i = 0; i < kSide; ++i)
        for (int j = 0; j < kSide; ++j)
          if (const double v = cells[static_cast<size_t>(i) * kSide + static_cast<size_t>(j)] / most;
              v > .015)
            svg.rect(left() + j * kStep, top(g) + i * kStep, kStep + .2, kStep + .2, heat(v));
      const double middle = kCell / 2;
      for (int side = 0; side < 2; ++side) {
        const Stroke cross{.colour = "#D55E00", .width = .75, .dash = "3 3"};
        if (side == 0)
          svg.line(left() + middle, top(g), left() + middle, top(g) + kCell, cross);
        else
          svg.line(left(), top(g) + middle, left() + kCell, top(g) + middle, cross);
      }
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
