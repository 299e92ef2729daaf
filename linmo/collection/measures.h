// SPDX-License-Identifier: Apache-2.0
// What is measured of every picture of a collection. All of it is computed on 8-bit upright sRGB; alpha is
// composed over mid-grey (128), so a transparent margin is a uniform one.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "linmo/collection/manifest.h"
#include "linmo/image/image.h"

namespace linmo {

// 32 × 32 luma (BT.601, box-filtered, 0 … 255, rows first): the second look at a pair that the hash takes for
// near-duplicates.
inline constexpr int kThumbnailSide = 32;
using Thumbnail = std::array<uint8_t, kThumbnailSide * kThumbnailSide>;

struct Measures {
  uint64_t phash = 0;
  Thumbnail thumbnail{};
  double sharpness = 0;
  Border border;
  bool uniform = false;       // one flat colour: nothing to learn from
  std::string pixels_sha256;  // of width, height, channels and the samples as decoded
};

// DCT hash (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010): luma,
// Lanczos to 32 × 32, DCT-II both ways, the 8 × 8 lowest frequencies; a bit is set where the coefficient is
// above their median; row by row, the first in the highest bit. Bit for bit what Python's imagehash.phash
// writes, where the pixels are the same.
uint64_t perceptual_hash(const Image& image);

Thumbnail thumbnail(const Image& image);

// Variance of the Laplacian (Pech-Pacheco et al. 2000) of the luma Y, reduced to 512 px on its long side
// (never enlarged): L = Y(x−1,y) + Y(x+1,y) + Y(x,y−1) + Y(x,y+1) − 4 Y(x,y) over all inner pixels; grey
// levels², 0 … ~10⁶; 0 for pictures under 3 px. Compare it within a collection: it grows with contrast as
// well as focus.
double sharpness(const Image& image);

// Uniform margins. Seen from an edge inwards, a line of pixels belongs to the margin while, in each of R, G
// and B, its standard deviation is at most 6 and its mean within 8 levels of that of the line at the edge.
// Rows first (whole width), then columns (between the rows that are left). Zero on all sides when that would
// eat the whole picture; `uniform` then says so.
Border find_border(const Image& image, bool* uniform = nullptr);

// All of the above; `full_width` is the picture's when `image` was decoded at a reduced size (border is given
// in pixels of the full picture).
Measures measure_picture(const Image& image, int64_t full_width);

}  // namespace linmo
