// SPDX-License-Identifier: Apache-2.0
// Traces that generators leave in pictures. None of them is a fault by itself (a woven cloth has a grid, a
// matted print an edge), so each is read beside the same figure of the content.
#pragma once

#include <optional>

#include "linmo/measure/plane.h"

namespace linmo::measure {

// How far the power at the frequencies of upsampling stands out of its surroundings [dB], 0 where nothing
// does. Layers that double the size leave patterns that repeat every 2 or 4 pixels (Odena, Dumoulin & Olah
// 2016, "Deconvolution and checkerboard artifacts"; Zhang, Karaman & Chang 2019 find them as peaks of the
// spectrum). Of up to 64 blocks of 64 × 64 pixels, mean taken off, under a Hann window, the logarithms of
// power are averaged, so that flat skies count as much as foliage; rounding to 8 bits sets the floor. At each
// of the frequencies 1/4 and 1/2 of either axis and their combinations this is compared with the median of
// its neighbours (3 … 6 bins away, along the axis for peaks on an axis), and the largest difference is the
// result. JPEG's blocks have such peaks too. Nothing where a side is shorter than 64 px.
std::optional<double> grid_peak(const Plane& luma);

// How much the outermost pixels differ from those beside them, as a multiple of what neighbouring rows and
// columns 4 … 8 px further in differ by: 1 where nothing happens at the edge; the pale lines that zero
// padding leaves give more. Mean absolute differences over all four sides. Nothing where a side is shorter
// than 20 px or the picture is flat there.
std::optional<double> edge_step(const Plane& luma);

// How far the mean colour of a picture lies from its content's: 100 times the distance in OKLab (oklab.h), so
// that 2 can just be seen. A style may want it; a drift that the style's own pictures do not have is a fault.
double colour_shift(const Image& picture, const Image& content);

// How much the colours of a picture differ among themselves: 100·√(variance of a + variance of b) in OKLab. 0
// for monochrome pictures; far below the style's own figure where the colours have collapsed into one.
double colour_spread(const Image& picture);

}  // namespace linmo::measure
