// SPDX-License-Identifier: Apache-2.0
// Where a network may be cut into tiles, and how far a tile must look beyond what is kept of it.
#pragma once

#include <vector>

#include "linmo/engine/engine.h"
#include "linmo/net/description.h"

namespace linmo::engine {

struct Geometry {
  bool local = true;         // no layer looks at the whole picture but norms
  int64_t align = 1;         // tiles begin at multiples of this
  std::vector<double> step;  // input pixels between neighbouring values of each layer
};
Geometry geometry(const net::Description& description);

// Whether a layer's result has the input's size divided by its step, to the pixel.
bool proportional(const Geometry& geometry, const std::vector<net::Shape>& shapes, int layer);

// A rectangle of input pixels in a layer's own.
Rect scaled(const Geometry& geometry, Rect input, int layer);

// How far one value of `layer` sees to each side [input px], with room for the asymmetry of strides.
int64_t halo_of(const net::Description& description, const Geometry& geometry, int layer);

struct Window {
  int64_t start = 0, size = 0;  // what is computed
  int64_t from = 0, to = 0;     // what is kept of it
};
// Windows of one size along one axis; only at the picture's ends do they reach what they keep.
std::vector<Window> windows(int64_t length, int64_t size, int64_t halo);

// f(window, kept part) for every tile of a picture, in bands from the top and from the left within a band.
template <class F>
void each_tile(int64_t height, int64_t width, int64_t window_height, int64_t window_width, int64_t halo,
               F&& f) {
  for (const Window& y : windows(height, window_height, halo)) {
    for (const Window& x : windows(width, window_width, halo))
      f(Rect{x.start, y.start, x.size, y.size}, Rect{x.from, y.from, x.to - x.from, y.to - y.from});
  }
}

inline int64_t round_up(int64_t x, int64_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}

}  // namespace linmo::engine
