// SPDX-License-Identifier: Apache-2.0
// A picture made ready to be measured: the scales and planes that the descriptors share.
#pragma once

#include "linmo/image/image.h"
#include "linmo/measure/plane.h"

namespace linmo::culture {

using measure::Plane;

// Long side of the standard scale, px: no larger picture is measured, and none is ever enlarged. Descriptors
// that look at neighbourhoods (flat colour, void, strokes) work at the smaller scale.
inline constexpr int64_t kStandardSide = 1024;
inline constexpr int64_t kSmallSide = 512;
// Edge descriptors: the field's standard (Redies et al. 2017), 300 × 400.
inline constexpr int64_t kEdgePixels = 120'000;

struct Scale {
  Image rgb;      // 8 bit
  Image luma;     // 8 bit, BT.601 of the coded values (as Pillow's "L")
  Plane l, a, b;  // CIELAB, D65, 2° observer
  int64_t width() const { return rgb.width(); }
  int64_t height() const { return rgb.height(); }
  int64_t pixels() const { return rgb.pixels(); }
  int64_t long_side() const { return std::max(width(), height()); }
};

struct Subject {
  Scale standard;
  Scale reduced;  // empty when the standard scale is no larger than kSmallSide
  const Scale& small() const { return reduced.rgb.empty() ? standard : reduced; }
};

// `rgb`: 8 or 16 bits, 3 channels, sRGB, upright. Throws ErrorKind::input for pictures of which a side would
// have fewer than 16 px at the standard scale.
Subject make_subject(const Image& rgb, int64_t standard_side = kStandardSide);
// One scale as it is, without resampling.
Scale make_scale(Image rgb8);

// The size with the long side at most `side`, never enlarged.
struct Size {
  int64_t width, height;
};
Size fitted(int64_t width, int64_t height, int64_t side);

}  // namespace linmo::culture
