// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/tile_geometry.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/net/cost.h"

namespace linmo::engine {

Geometry geometry(const net::Description& d) {
  Geometry g;
  double largest = 1;
  for (const net::Layer& layer : d.layers) {
    double step = layer.inputs.empty() ? 1 : g.step[static_cast<size_t>(layer.inputs[0])];
    if (const auto* conv = std::get_if<net::Conv>(&layer.op)) step *= conv->stride;
    if (const auto* pool = std::get_if<net::Pool>(&layer.op)) step *= pool->stride;
    if (const auto* down = std::get_if<net::PixelUnshuffle>(&layer.op)) step *= down->factor;
    if (std::holds_alternative<net::BlurDown>(layer.op)) step *= 2;
    if (const auto* up = std::get_if<net::ConvTranspose>(&layer.op)) step /= up->stride;
    if (const auto* up = std::get_if<net::Upsample>(&layer.op)) {
      step /= up->factor;
      // Its grid hangs on the picture's corners, so that every pixel depends on the picture's size.
      if (up->mode == net::Interpolation::bilinear && up->align_corners) g.local = false;
    }
    if (const auto* up = std::get_if<net::PixelShuffle>(&layer.op)) step /= up->factor;
    if (std::holds_alternative<net::BlurUp>(layer.op)) step /= 2;
    if (std::holds_alternative<net::GlobalPool>(layer.op)) g.local = false;
    g.step.push_back(step);
    largest = std::max(largest, step);
  }
  g.align = std::lcm(static_cast<int64_t>(d.size_multiple), static_cast<int64_t>(std::ceil(largest)));
  return g;
}

bool proportional(const Geometry& g, const std::vector<net::Shape>& shapes, int layer) {
  const net::Shape s = shapes[static_cast<size_t>(layer)];
  const double step = g.step[static_cast<size_t>(layer)];
  return static_cast<double>(s.height) * step == static_cast<double>(shapes[0].height) &&
         static_cast<double>(s.width) * step == static_cast<double>(shapes[0].width);
}

Rect scaled(const Geometry& g, Rect r, int layer) {
  const auto to = [&](int64_t x) {
    return static_cast<int64_t>(std::llround(static_cast<double>(x) / g.step[static_cast<size_t>(layer)]));
  };
  return {to(r.x), to(r.y), to(r.width), to(r.height)};
}

int64_t halo_of(const net::Description& d, const Geometry& g, int layer) {
  net::Description prefix;
  prefix.layers.assign(d.layers.begin(), d.layers.begin() + layer + 1);
  prefix.outputs = {layer};
  return round_up(net::receptive_field(prefix) / 2 + 1 + g.align, g.align);
}

std::vector<Window> windows(int64_t length, int64_t size, int64_t halo) {
  if (size >= length) return {{0, length, 0, length}};
  std::vector<Window> list;
  int64_t from = 0;
  while (from < length) {
    const int64_t start = std::max<int64_t>(0, from - halo);
    if (start + size >= length) {
      list.push_back({length - size, size, from, length});
      break;
    }
    list.push_back({start, size, from, start + size - halo});
    from = start + size - halo;
  }
  return list;
}

}  // namespace linmo::engine
