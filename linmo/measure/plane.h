// SPDX-License-Identifier: Apache-2.0
// One channel of numbers, as the measures compute on it.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "linmo/image/image.h"

namespace linmo::measure {

// Leaves numbers unset where a vector is only given a size: planes are written whole after they are made, and
// clearing them first is 4 % of all that describing a picture takes.
template <class T>
struct Unset : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = Unset<U>;
  };
  template <class U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
};
template <class T>
using UnsetVector = std::vector<T, Unset<T>>;

// Row-major, dense.
struct Plane {
  int64_t width = 0, height = 0;
  UnsetVector<float> values;

  Plane() = default;
  Plane(int64_t w, int64_t h) : width(w), height(h), values(static_cast<size_t>(w * h), 0.0f) {}
  // Not cleared: for those who write every pixel.
  static Plane unset(int64_t w, int64_t h) {
    Plane out;
    out.width = w;
    out.height = h;
    out.values.resize(static_cast<size_t>(w * h));
    return out;
  }
  std::span<float> row(int64_t y) {
    return std::span(values).subspan(static_cast<size_t>(y * width), static_cast<size_t>(width));
  }
  std::span<const float> row(int64_t y) const {
    return std::span(values).subspan(static_cast<size_t>(y * width), static_cast<size_t>(width));
  }
};

// Red, green and blue on the scale 0 … 255 whatever the depth. Grey counts as three equal channels, alpha is
// composed over white: two pictures are compared as they look on paper.
std::vector<Plane> rgb_planes(const Image& image);

// ITU-R BT.601 luma, .299 R + .587 G + .114 B of the coded values, not rounded, 0 … 255.
Plane luma_plane(const Image& image);

}  // namespace linmo::measure
