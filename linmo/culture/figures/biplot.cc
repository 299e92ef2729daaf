// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "linmo/culture/figures/figures.h"
#include "linmo/culture/figures/parts.h"

namespace linmo::culture {
namespace {

constexpr size_t kArrows = 10;

void draw_loadings(Svg& svg, const Study& study, const Scale1& x, const Scale1& y) {
  const PcaMap& pca = study.pca;
  std::vector<size_t> order(pca.loadings.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto length = [&](size_t i) { return std::hypot(pca.loadings[i][0], pca.loadings[i][1]); };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return length(a) > length(b); });
  order.resize(std::min(order.size(), kArrows));
  if (order.empty() || length(order[0]) == 0) return;
  // As long as the paper allows, so that directions can be read; the origin stays where it is.
  const double ox = std::clamp(x(0), x.from + 40, x.to - 40), oy = std::clamp(y(0), y.to + 40, y.from - 40);
  double size = .5 * (x.to - x.from) / length(order[0]);
  for (size_t i : order) {
    const double dx = pca.loadings[i][0], dy = -pca.loadings[i][1];
    size = std::min(size, (dx < 0 ? ox - x.from - 8 : x.to - ox - 8) / std::max(std::abs(dx), 1e-12));
    size = std::min(size, (dy < 0 ? oy - y.to - 14 : y.from - oy - 14) / std::max(std::abs(dy), 1e-12));
  }
  std::vector<std::pair<double, double>> taken;
  for (size_t i : order) {
    const double tx = ox + pca.loadings[i][0] * size, ty = oy - pca.loadings[i][1] * size;
    svg.arrow(ox, oy, tx, ty, {.colour = "#333", .width = 1.25});
    // Towards the middle of the paper where the name would run off it.
    const bool is_left = tx - x.from > 150 && (tx < ox || x.to - tx < 150);
    double at = ty + (ty > oy ? 11 : -4);
    // Names one under the other rather than one over the other.
    for (int tries = 0; tries < 12; ++tries) {
      const bool is_free = std::none_of(taken.begin(), taken.end(), [&](const auto& t) {
        return std::abs(t.second - at) < 11 && std::abs(t.first - tx) < 130;
      });
      if (is_free) break;
      at += ty > oy ? 11 : -11;
    }
    taken.emplace_back(tx, at);
    svg.text(tx + (is_left ? -3 : 3), at,
             descriptor_phrase(study.table.columns.descriptors[pca.descriptors[i]].name),
             {.size = 10, .anchor = is_left ? Anchor::end : Anchor::start, .bold = true, .halo = true});
  }
}

}  // namespace

Figure draw_biplot(const Study& study) {
  const PcaMap& pca = study.pca;
  Figure out;
  if (pca.points.size() < 3 || pca.explained.size() < 2) return out;
  constexpr double kSide = 520, kLeft = 62, kTop = 12;
  Svg svg(kLeft + kSide + 178, kTop + kSide + 46);
  std::vector<double> xs, ys;
  for (const MapPoint& p : pca.points) xs.push_back(p.x), ys.push_back(p.y);
  const Scale1 x = scale_over(xs, kLeft, kLeft + kSide), y = scale_over(ys, kTop + kSide, kTop);
  const auto axis = [&](int i) {
    return say("figure.component", {{"n", std::to_string(i + 1)}, {"share", percent_text(pca.explained[i])}});
  };
  draw_axes(svg, x, y, axis(0), axis(1));
  const size_t step = drawn_step(pca.points.size(), kMostPoints);
  for (size_t i = 0; i < pca.points.size(); i += step)
    svg.marker(pca.groups[i], x(pca.points[i].x), y(pca.points[i].y), 2.6, .45);
  for (size_t g = 0; g < pca.centroid_clouds.size(); ++g) {
    std::vector<MapPoint> ellipse = ellipse_of(pca.centroid_clouds[g], .95);
    for (MapPoint& p : ellipse) p = {x(p.x), y(p.y)};
    const auto group = static_cast<int64_t>(g);
    svg.path(ellipse, true, group_colour(group), {.colour = "#fff", .width = 3}, 0);
    svg.path(ellipse, true, group_colour(group), {.colour = group_colour(group), .width = 1.75}, .25);
  }
  draw_loadings(svg, study, x, y);
  draw_legend(svg, study, kLeft + kSide + 16, kTop + 14, 150);
  out.name = "pca";
  out.title = say("figure.pca");
  out.caption = say("figure.pca_caption", {{"x", percent_text(pca.explained[0])},
                                           {"y", percent_text(pca.explained[1])},
                                           {"descriptors", std::to_string(pca.descriptors.size())},
                                           {"works", std::to_string((pca.points.size() + step - 1) / step)}});
  out.svg = svg.finish(out.title, out.caption);
  return out;
}

}  // namespace linmo::culture
