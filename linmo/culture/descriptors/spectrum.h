// SPDX-License-Identifier: Apache-2.0
// The power of a picture's spatial frequencies.
#pragma once

#include <span>
#include <vector>

#include "linmo/measure/plane.h"

namespace linmo::culture {

// Mean |F|² over each ring of frequencies whose distance from 0 rounds to r = 0 … `rings` − 1 cycles a
// picture. The plane is square, its side a power of two and at least 2 · `rings`; F is not normalised
// (numpy.fft). Power below what the arithmetic can tell from none is 0.
std::vector<double> ring_power(const measure::Plane& square, int64_t rings);

// y ≈ slope · x + offset by least squares, and the residuals' standard deviation (divided by n).
struct Line {
  double slope, offset, deviation;
};
Line fit_line(std::span<const double> x, std::span<const double> y);

}  // namespace linmo::culture
