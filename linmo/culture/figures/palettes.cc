// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "linmo/core/error.h"
#include "linmo/culture/descriptors/colour.h"
#include "linmo/culture/descriptors/colour_space.h"
#include "linmo/culture/figures/figures.h"
#include "linmo/culture/figures/parts.h"

namespace linmo::culture {
namespace {

constexpr int kColours = 10, kStarts = 5;
constexpr size_t kMostWorks = 120;

std::string hex(const Lab& oklab) {
  const Lab linear = linear_of_oklab(oklab);
  return fmt::format("#{:02x}{:02x}{:02x}", srgb_of_linear(linear[0]), srgb_of_linear(linear[1]),
                     srgb_of_linear(linear[2]));
}

std::vector<std::vector<PaletteColour>> palettes_of(const Study& study, size_t group, int64_t column) {
  std::vector<std::vector<PaletteColour>> out;
  for (int64_t row : study.groups[group].rows) {
    const std::string& text = study.table.rows[row].metadata[column];
    if (text.empty()) continue;
    try {
      out.push_back(parse_palette(text));
    } catch (const Error&) {
      // A table of another program may have a column of that name with something else in it.
    }
  }
  return out;
}

double mean_lightness(const std::vector<PaletteColour>& palette) {
  double sum = 0, weight = 0;
  for (const PaletteColour& c : palette) sum += c.weight * c.oklab[0], weight += c.weight;
  return weight > 0 ? sum / weight : 0;
}

// Light first; a palette's colours of equal lightness by hue.
void sort_colours(std::vector<PaletteColour>& palette) {
  std::stable_sort(palette.begin(), palette.end(),
                   [](const auto& a, const auto& b) { return a.oklab[0] > b.oklab[0]; });
}

}  // namespace

Figure draw_palettes(const Study& study) {
  Figure out;
  const int64_t column = study.table.columns.find_metadata("palette");
  if (column < 0) return out;
  constexpr double kWide = 720, kBar = 46, kWorks = 60, kName = 20, kGap = 22, kEdge = 8;
  std::vector<std::pair<size_t, std::vector<std::vector<PaletteColour>>>> groups;
  for (size_t g = 0; g < study.groups.size(); ++g)
    if (auto list = palettes_of(study, g, column); !list.empty()) groups.emplace_back(g, std::move(list));
  if (groups.empty()) return out;
  Svg svg(kWide + 2 * kEdge, static_cast<double>(groups.size()) * (kName + kBar + kWorks + kGap) + 8);
  double top = kEdge;
  for (auto& [g, list] : groups) {
    svg.marker(static_cast<int64_t>(g), kEdge + 5, top + 8, 5, 1);
    svg.text(kEdge + 16, top + 12, fitted(study.groups[g].name, 12, 600), {.size = 12, .bold = true});
    top += kName;
    std::vector<PaletteColour> cells;
    for (const auto& palette : list)
      for (PaletteColour c : palette) {
        c.weight /= static_cast<double>(list.size());
        cells.push_back(c);
      }
    std::vector<PaletteColour> common = cluster_colours(cells, kColours, kStarts);
    sort_colours(common);
    double whole = 0, x = kEdge;
    for (const PaletteColour& c : common) whole += c.weight;
    for (const PaletteColour& c : common) {
      const double width = kWide * c.weight / whole;
      svg.rect(x, top, width, kBar - 4, hex(c.oklab));
      if (width > 30)
        svg.text(x + width / 2, top + kBar - 10, percent_text(c.weight / whole),
                 {.size = 9.5, .anchor = Anchor::middle, .colour = c.oklab[0] > .6 ? "#111" : "#fff"});
      x += width;
    }
    top += kBar;
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return mean_lightness(a) > mean_lightness(b); });
    const size_t n = std::min(list.size(), kMostWorks);
    for (size_t i = 0; i < n; ++i) {
      std::vector<PaletteColour>& palette = list[i * list.size() / n];
      sort_colours(palette);
      double sum = 0, y = top;
      for (const PaletteColour& c : palette) sum += c.weight;
      const double left = kEdge + kWide * static_cast<double>(i) / static_cast<double>(n);
      for (const PaletteColour& c : palette) {
        const double height = sum > 0 ? (kWorks - 4) * c.weight / sum : 0;
        svg.rect(left, y, kWide / static_cast<double>(n) + .3, height + .3, hex(c.oklab));
        y += height;
      }
    }
    top += kWorks + kGap;
  }
  out.name = "palettes";
  out.title = say("figure.palettes");
  out.caption = say("figure.palettes_caption",
                    {{"colours", std::to_string(kColours)}, {"works", std::to_string(kMostWorks)}});
  out.svg = svg.finish(out.title, out.caption);
  return out;
}

}  // namespace linmo::culture
