// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "linmo/image/image.h"

namespace linmo {

// Separable filters with support scaled when reducing (anti-aliased), as Pillow computes them: box, triangle
// (bilinear), Keys cubic a = −0.5 (bicubic), Lanczos 3.
enum class Filter { nearest, box, bilinear, bicubic, lanczos };

// Any depth; alpha pictures are weighted by alpha, so that transparent colours do not bleed. Runs on the
// calling thread. 8-bit results equal Pillow's Image.resize within one grey level (its fixed point rounds
// twice).
Image resize(const Image& image, int64_t width, int64_t height, Filter filter = Filter::bicubic);

}  // namespace linmo
