// SPDX-License-Identifier: Apache-2.0
// The one EXIF field that pictures cannot be shown right without.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace linmo {

// EXIF tag 0x0112 of a raw EXIF block (beginning with its TIFF header): 1 … 8; 1 when absent or damaged.
int exif_orientation(std::span<const std::byte> exif);

// The same block with its orientation set to 1, to be stored beside pixels that have been turned upright.
// A block that cannot be parsed comes back unchanged: no reader will find an orientation in it either.
std::vector<std::byte> exif_upright(std::span<const std::byte> exif);

}  // namespace linmo
