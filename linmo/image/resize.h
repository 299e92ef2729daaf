// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "linmo/image/image.h"

namespace linmo {

// Separable filters with support scaled when reducing (anti-aliased), as Pillow computes them: box, triangle
// (bilinear), Keys cubic a = −0.5 (bicubic), Lanczos 3.
enum class Filter { nearest, box, bilinear, bicubic, lanczos };

// Any depth; alpha pictures are weighted by alpha, so that transparent colours do not bleed. Runs on the
// calling thread; the samples are the same on every machine. 8-bit results without alpha equal Pillow's
// Image.resize within one grey level (its fixed point rounds twice); nearest may take the other neighbour
// where two are equally near. Integer samples are cut to their range after each pass, as Pillow does; float
// ones may overshoot 0 … 1 at edges (bicubic, lanczos). Throws ErrorKind::usage for an empty picture or size.
Image resize(const Image& image, int64_t width, int64_t height, Filter filter = Filter::bicubic);

// Reduced by Lanczos so that the longer side is `max_side`, the other at least 1 px; the picture itself when
// it is not larger, or when max_side is 0.
Image reduced(Image image, int64_t max_side);

}  // namespace linmo
