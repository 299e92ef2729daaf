// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "linmo/culture/figures/figures.h"
#include "linmo/culture/figures/parts.h"

namespace linmo::culture {
namespace {

constexpr size_t kMostCloudPoints = 200;

std::string item_name(const Study& study, const MapItem& item) {
  const std::string& group = study.groups[item.group].name;
  return item.source.empty() ? group : group + " · " + item.source;
}

}  // namespace

Figure draw_collections(const Study& study) {
  const CollectionMap& map = study.collections;
  Figure out;
  if (map.items.size() < 2 || map.points.size() != map.items.size()) return out;
  constexpr double kSide = 480, kLeft = 62, kTop = 12;
  Svg svg(kLeft + kSide + 178, kTop + kSide + 46);
  // One scale for both axes: distances mean the same in all directions.
  std::vector<double> xs, ys;
  const auto add = [&](const MapPoint& p) { xs.push_back(p.x), ys.push_back(p.y); };
  for (const MapPoint& p : map.points) add(p);
  for (const auto& cloud : map.clouds) std::for_each(cloud.begin(), cloud.end(), add);
  Scale1 x = scale_over(xs, kLeft, kLeft + kSide), y = scale_over(ys, kTop + kSide, kTop);
  const double half = std::max(x.high - x.low, y.high - y.low) / 2 * 1.08;
  for (Scale1* s : {&x, &y}) {
    const double middle = (s->low + s->high) / 2;
    s->low = middle - half;
    s->high = middle + half;
  }
  const auto axis = [&](size_t i) {
    return say("figure.dimension",
               {{"n", std::to_string(i + 1)},
                {"share", percent_text(i < map.explained.size() ? map.explained[i] : 0)}});
  };
  draw_axes(svg, x, y, axis(0), axis(1));
  for (size_t i = 0; i < map.clouds.size(); ++i) {
    const size_t step = drawn_step(map.clouds[i].size(), kMostCloudPoints);
    for (size_t k = 0; k < map.clouds[i].size(); k += step)
      svg.disc(x(map.clouds[i][k].x), y(map.clouds[i][k].y), 1.4, group_colour(map.items[i].group), .3);
    std::vector<MapPoint> ellipse = ellipse_of(map.clouds[i], .95);
    for (MapPoint& p : ellipse) p = {x(p.x), y(p.y)};
    svg.path(ellipse, true, "none", {.colour = group_colour(map.items[i].group), .width = 1.25});
  }
  for (size_t i = 0; i < map.items.size(); ++i) {
    const double px = x(map.points[i].x), py = y(map.points[i].y);
    svg.marker(map.items[i].group, px, py, 6, 1);
    const std::string name = fitted(item_name(study, map.items[i]), 11, 230);
    const bool is_right = px + 12 + text_width(name, 11) > kLeft + kSide;
    svg.text(px + (is_right ? -10 : 10), py + 4, name,
             {.anchor = is_right ? Anchor::end : Anchor::start, .bold = true, .halo = true});
  }
  draw_legend(svg, study, kLeft + kSide + 16, kTop + 14, 150);
  out.name = "collections";
  out.title = say("figure.collections");
  out.caption = say("figure.collections_caption");
  out.svg = svg.finish(out.title, out.caption);
  return out;
}

Figure draw_dendrogram(const Study& study) {
  const CollectionMap& map = study.collections;
  const size_t n = map.items.size();
  Figure out;
  if (n < 3 || map.dendrogram.size() != n - 1) return out;
  constexpr double kLeft = 24, kWidth = 420, kNames = 290, kTop = 16, kRow = 30;
  Svg svg(kLeft + kWidth + kNames, kTop + kRow * static_cast<double>(n) + 48);
  // Leaves from the top down in the order in which the tree hangs.
  std::vector<double> place(2 * n - 1), height(2 * n - 1, 0);
  std::vector<size_t> todo{2 * n - 2};
  double next = kTop + kRow / 2;
  while (!todo.empty()) {
    const size_t node = todo.back();
    todo.pop_back();
    if (node < n) {
      place[node] = next;
      next += kRow;
    } else {
      const Merge& m = map.dendrogram[node - n];
      todo.push_back(static_cast<size_t>(m.b));
      todo.push_back(static_cast<size_t>(m.a));
    }
  }
  const Scale1 x{0, std::max(map.dendrogram.back().height, 1e-9) * 1.06, kLeft + kWidth, kLeft};
  const double bottom = kTop + kRow * static_cast<double>(n);
  for (double v : x.ticks(6)) {
    svg.line(x(v), kTop, x(v), bottom, {.colour = "#e4e4e4", .width = .75});
    svg.text(x(v), bottom + 14, number_text(v), {.size = 10, .anchor = Anchor::middle});
  }
  const Stroke branch{.colour = "#333", .width = 1.5};
  for (size_t i = 0; i < map.dendrogram.size(); ++i) {
    const Merge& m = map.dendrogram[i];
    const auto a = static_cast<size_t>(m.a), b = static_cast<size_t>(m.b);
    height[n + i] = m.height;
    place[n + i] = (place[a] + place[b]) / 2;
    svg.path({{x(height[a]), place[a]},
              {x(m.height), place[a]},
              {x(m.height), place[b]},
              {x(height[b]), place[b]}},
             false, "none", branch);
    svg.text(x(m.height) + 4, place[n + i] - 3, percent_text(m.support),
             {.size = 10, .bold = true, .halo = true});
  }
  for (size_t i = 0; i < n; ++i) {
    svg.marker(map.items[i].group, kLeft + kWidth + 8, place[i], 5, 1);
    svg.text(kLeft + kWidth + 20, place[i] + 4, fitted(item_name(study, map.items[i]), 11, kNames - 70));
    svg.text(kLeft + kWidth + kNames - 8, place[i] + 4,
             say("figure.works", {{"n", std::to_string(map.items[i].units)}}),
             {.size = 9.5, .anchor = Anchor::end, .colour = "#555"});
  }
  svg.text(kLeft + kWidth / 2, bottom + 30, say("figure.energy_axis"), {.anchor = Anchor::middle});
  out.name = "dendrogram";
  out.title = say("figure.dendrogram");
  out.caption = say("figure.dendrogram_caption", {{"r", number_text(map.cophenetic)}});
  out.svg = svg.finish(out.title, out.caption);
  return out;
}

}  // namespace linmo::culture
