// SPDX-License-Identifier: Apache-2.0
// Depth, channels, cutting and turning.
#pragma once

#include "linmo/image/image.h"

namespace linmo {

Image to_depth(const Image& image, Depth depth);       // rounds to nearest; u8 ↔ u16 by ×257
Image to_rgb(const Image& image, uint8_t background);  // grey → RGB; alpha composed over that grey level
Image drop_alpha(const Image& image);                  // colour channels as they are
Image alpha_of(const Image& image);                    // one channel; opaque where there is none
Image with_alpha(const Image& colour, const Image& alpha);
Image to_grey(const Image& image);  // ITU-R BT.601 luma of the coded values, as Pillow "L"
Image crop(const Image& image, int64_t x, int64_t y, int64_t width, int64_t height);
Image flip_horizontal(const Image& image);
// EXIF orientation 1 … 8 → upright.
Image apply_orientation(const Image& image, int orientation);

}  // namespace linmo
