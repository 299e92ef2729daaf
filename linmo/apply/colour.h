// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "linmo/image/image.h"

namespace linmo::apply {

using Rgb = std::array<float, 3>;

// Lightness of `lightness`, colour of `colour`, both coded sRGB 0 … 1 (see ApplySettings::keep_colour).
Rgb with_colour_of(const Rgb& lightness, const Rgb& colour);

// Gives fully transparent pixels the colours of the visible ones around them (averages over growing squares,
// "push-pull", Gortler et al. 1996); alpha and all other pixels stay. A picture without alpha, or without a
// visible pixel, comes back as it is.
Image bleed_colours(const Image& picture);

}  // namespace linmo::apply
