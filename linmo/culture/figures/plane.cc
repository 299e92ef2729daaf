// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "linmo/culture/descriptors/complexity.h"
#include "linmo/culture/figures/figures.h"
#include "linmo/culture/figures/parts.h"

namespace linmo::culture {
namespace {

constexpr int kOrders = 24;  // of 2 × 2 pixels

// Martin, Plastino & Rosso 2006: the least complexity at an entropy has one share apart from all others, the
// largest one has some shares of nothing, one in between, and the others alike.
std::vector<MapPoint> least_complexity() {
  std::vector<MapPoint> out;
  constexpr int kSteps = 160;
  for (int i = 0; i <= kSteps; ++i) {
    const double p = 1. / kOrders + (1 - 1. / kOrders) * i / kSteps;
    std::vector<double> shares(kOrders, (1 - p) / (kOrders - 1));
    shares[0] = p;
    const EntropyComplexity at = entropy_complexity(shares);
    out.push_back({at.h, at.c});
  }
  return out;
}

std::vector<MapPoint> largest_complexity() {
  std::vector<MapPoint> out;
  constexpr int kSteps = 12;
  for (int zeros = 0; zeros <= kOrders - 2; ++zeros)
    for (int i = 0; i <= kSteps; ++i) {
      const int others = kOrders - zeros - 1;
      const double p = (1. / (others + 1)) * (kSteps - i) / kSteps;
      std::vector<double> shares(kOrders, 0);
      shares[0] = p;
      for (int k = 1; k <= others; ++k) shares[static_cast<size_t>(k)] = (1 - p) / others;
      const EntropyComplexity at = entropy_complexity(shares);
      out.push_back({at.h, at.c});
    }
  return out;
}

}  // namespace

Figure draw_plane(const Study& study) {
  Figure out;
  if (study.plane.size() < 3) return out;
  constexpr double kWide = 520, kHigh = 400, kLeft = 62, kTop = 12;
  Svg svg(kLeft + kWide + 178, kTop + kHigh + 46);
  const std::vector<MapPoint> low = least_complexity(), high = largest_complexity();
  // The whole plane where pictures lie all over it, else the part that they take.
  std::vector<double> xs, ys;
  for (const PlanePoint& p : study.plane) xs.push_back(p.entropy), ys.push_back(p.complexity);
  Scale1 x = scale_over(xs, kLeft, kLeft + kWide), y = scale_over(ys, kTop + kHigh, kTop);
  x.low = std::max(0., std::floor(x.low * 20) / 20);
  x.high = 1.005;
  y.low = 0;
  y.high = std::ceil(y.high * 20) / 20;
  draw_axes(svg, x, y, say("figure.entropy"), say("figure.complexity"));
  for (const auto* curve : {&low, &high}) {
    std::vector<MapPoint> line;
    for (const MapPoint& p : *curve)
      if (p.x >= x.low && p.y <= y.high) line.push_back({x(p.x), y(p.y)});
    svg.path(line, false, "none", {.colour = "#777", .width = 1.25, .dash = "5 3"});
  }
  const size_t step = drawn_step(study.plane.size(), kMostPoints);
  for (size_t i = 0; i < study.plane.size(); i += step)
    svg.marker(study.plane[i].group, x(study.plane[i].entropy), y(study.plane[i].complexity), 2.6, .5);
  for (size_t g = 0; g < study.groups.size(); ++g) {
    double h = 0, c = 0, n = 0;
    for (const PlanePoint& p : study.plane)
      if (p.group == static_cast<int64_t>(g)) h += p.entropy, c += p.complexity, ++n;
    if (n == 0) continue;
    const Stroke edge{.colour = "#fff", .width = 2};
    svg.disc(x(h / n), y(c / n), 8, "#fff", .9, &edge);
    svg.marker(static_cast<int64_t>(g), x(h / n), y(c / n), 6, 1);
  }
  draw_legend(svg, study, kLeft + kWide + 16, kTop + 14, 150);
  out.name = "plane";
  out.title = say("figure.plane");
  out.caption = say("figure.plane_caption");
  out.svg = svg.finish(out.title, out.caption);
  return out;
}

}  // namespace linmo::culture
