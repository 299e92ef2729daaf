// SPDX-License-Identifier: Apache-2.0
// sRGB → CIELAB and OKLab; colour differences.
#pragma once

#include <array>

#include "linmo/image/image.h"
#include "linmo/measure/plane.h"

namespace linmo::culture {

using Lab = std::array<double, 3>;

// sRGB code 0 … 255 → linear light 0 … 1 (IEC 61966-2-1).
const std::array<double, 256>& linear_of_srgb();

// CIELAB with D65 white (.95047, 1, 1.08883), 2° observer, L* 0 … 100 (CIE 15; the constants of
// scikit-image).
Lab lab_of_srgb(uint8_t r, uint8_t g, uint8_t b);
Lab lab_of_linear(double r, double g, double b);
// OKLab (Ottosson 2020), L 0 … 1.
Lab oklab_of_linear(double r, double g, double b);
Lab linear_of_oklab(const Lab& lab);
uint8_t srgb_of_linear(double value);  // rounded, cut to 0 … 255

void lab_planes(const Image& rgb8, measure::Plane& l, measure::Plane& a, measure::Plane& b);
void oklab_planes(const Image& rgb8, measure::Plane& l, measure::Plane& a, measure::Plane& b);

// CIEDE2000 with kL = kC = kH = 1 (Sharma, Wu & Dalal 2005).
double delta_e_2000(const Lab& x, const Lab& y);
// The same of every pixel from one colour, in float: within 0.002 of it.
void delta_e_2000(const measure::Plane& l, const measure::Plane& a, const measure::Plane& b, const Lab& from,
                  measure::Plane& out);

}  // namespace linmo::culture
