// SPDX-License-Identifier: Apache-2.0
// OKLab of single colours (Ottosson 2020, https://bottosson.github.io/posts/oklab/): steps of equal length
// look about equally large in it. culture/descriptors/colour_space.h has it for whole planes.
#pragma once

#include <array>

namespace linmo {

// sRGB 0 … 1 to linear light and back (IEC 61966-2-1).
float linear_of_srgb(float coded);
float srgb_of_linear(float linear);

// L 0 … 1, a and b about −0.4 … 0.4, of sRGB 0 … 1.
std::array<float, 3> oklab_of_srgb(const std::array<float, 3>& coded);
// Linear red, green, blue; outside 0 … 1 for colours that sRGB does not have.
std::array<float, 3> linear_of_oklab(float lightness, float a, float b);

}  // namespace linmo
