// SPDX-License-Identifier: Apache-2.0
// Operations on planes that several groups of descriptors need.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "linmo/measure/plane.h"

namespace linmo::culture {

using measure::Plane;

struct Bits {  // a set of pixels, row-major, 0 or 1
  int64_t width = 0, height = 0;
  std::vector<uint8_t> values;
  Bits() = default;
  Bits(int64_t w, int64_t h) : width(w), height(h), values(static_cast<size_t>(w * h)) {}
  uint8_t* row(int64_t y) { return values.data() + y * width; }
  const uint8_t* row(int64_t y) const { return values.data() + y * width; }
  int64_t count() const;
  double share() const;  // of all pixels, 0 … 1
};

// Standard deviation (divided by n) in the window of `side` × `side` px around every pixel, of what lies
// inside the picture. `side` is odd.
Plane local_deviation(const Plane& plane, int side);

// The place 0 … count − 1 that stands for place i when edges are mirrored: …dcba|abcd|dcba….
int64_t mirrored(int64_t i, int64_t count);

// Gaussian blur, cut at 4 σ (rounded), edges mirrored(). sigma ≥ 3/8: five taps at least.
Plane gaussian_blur(const Plane& plane, double sigma);

// Connected sets of pixels.
struct Component {
  int64_t area = 0;
  int64_t left = 0, top = 0, right = 0, bottom = 0;  // of the box around it, last pixel included
  double x = 0, y = 0;                               // mean position, px
  int64_t width() const { return right - left + 1; }
  int64_t height() const { return bottom - top + 1; }
};
// Labels start at 1; 0 is outside. `eight`: diagonal neighbours count.
std::vector<Component> components(const Bits& bits, bool eight, std::vector<int32_t>* labels = nullptr);

// Pixels with a set pixel within `reach` rows and columns.
Bits dilated(const Bits& bits, int64_t reach);

// Otsu's threshold (1979) on a histogram of 256: the level t for which the variance between {≤ t} and {> t}
// is largest; the first of equals, as scikit-image 0.19.
int otsu(std::span<const int64_t, 256> histogram);
std::array<int64_t, 256> histogram(std::span<const uint8_t> values);

// Shannon entropy of counts or weights, in bits.
double entropy_bits(std::span<const double> weights);

// For each of `q` (0 … 1, ascending, at most 32), what lies between the neighbours of place q · (n − 1) in
// the sorted values, linearly (numpy.percentile). v is not empty and finite.
std::vector<double> quantiles(std::span<const float> v, std::span<const double> q);
double quantile(std::span<const float> v, double q);

struct Range {
  float low, high;
};
Range range_of(std::span<const float> v);  // not empty

// Counts of round(255 v / high) in 256 bins, halves to even; v ≥ 0, high > 0.
std::array<double, 256> scaled_histogram(std::span<const float> v, double high);
std::array<double, 256> scaled_histogram(std::span<const double> v, double high);

}  // namespace linmo::culture
