// SPDX-License-Identifier: Apache-2.0
// Functions that loops of LINMO_SIMD can be made of. The sources are built without fused multiply-add
// (CMakeLists.txt), so that a picture gets the same figures on every machine.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "linmo/core/simd.h"

namespace linmo::culture {

// Cube root of x ≥ 0 within 1e-15 relative: a guess from the exponent's bits, two steps of Halley in float,
// one in double.
inline double cube_root(double x) {
  const float f = static_cast<float>(x) + 1e-30f;
  const float bits = static_cast<float>(std::bit_cast<int32_t>(f));
  float y = std::bit_cast<float>(static_cast<int32_t>(bits * (1.0f / 3.0f)) + 709921077);
  float c = y * y * y;
  y = y * (c + 2 * f) / (2 * c + f);
  c = y * y * y;
  y = y * (c + 2 * f) / (2 * c + f);
  const double d = y, e = d * d * d;
  return d * (e + 2 * x) / (2 * e + x + 1e-300);
}

// The same within 3e-7 relative.
inline float cube_root(float x) {
  const float f = x + 1e-30f;
  const float bits = static_cast<float>(std::bit_cast<int32_t>(f));
  float y = std::bit_cast<float>(static_cast<int32_t>(bits * (1.0f / 3.0f)) + 709921077);
  float c = y * y * y;
  y = y * (c + 2 * f) / (2 * c + f);
  c = y * y * y;
  return y * (c + 2 * f) / (2 * c + f);
}

// To the nearest whole number, halves to even; |x| < 2⁵¹. A call of the C library would stop the vectors.
inline double nearest(double x) {
  return x + 6755399441055744.0 - 6755399441055744.0;
}

// The same for |x| < 2²².
inline float nearest_float(float x) {
  return x + 12582912.0f - 12582912.0f;
}

// atan2 in degrees, 0 … 360, within 1e-4° (odd polynomial of degree 13 on 0 … 1, from the Chebyshev series).
inline float hue_degrees(float y, float x) {
  const float ax = std::fabs(x), ay = std::fabs(y);
  const float big = std::max(ax, ay), small = std::min(ax, ay);
  const float t = small / std::max(big, 1e-20f), s = t * t;
  float p = t * (0.99999611f +
                 s * (-0.33317376f +
                      s * (0.19807812f +
                           s * (-0.13233510f + s * (0.07962632f + s * (-0.03360627f + s * 0.00681178f))))));
  p *= 57.29577951f;
  p = ay > ax ? 90.0f - p : p;
  p = x < 0 ? 180.0f - p : p;
  return y < 0 ? 360.0f - p : p;
}

}  // namespace linmo::culture
