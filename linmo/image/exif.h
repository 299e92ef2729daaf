// SPDX-License-Identifier: Apache-2.0
// EXIF blocks (CIPA DC-008, a TIFF file without pixels): what must change when pixels are stored anew, and
// the way between such a block and a TIFF's own directories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace linmo {

// EXIF tag 0x0112 of a raw EXIF block (beginning with its TIFF header): 1 … 8; 1 when absent or damaged.
int exif_orientation(std::span<const std::byte> exif);

// The same block with its orientation set to 1 and without its thumbnail, which shows the picture as it was:
// to be stored beside pixels that have been changed. Everything else keeps its place, since makers' notes
// hold offsets; the thumbnail's bytes are cut off at the end, or zeroed. A block that cannot be parsed comes
// back unchanged: no reader will find an orientation in it either.
std::vector<std::byte> exif_upright(std::span<const std::byte> exif);

// The EXIF block that a TIFF file (classic or Big) amounts to: texts on camera, author and time, and the EXIF
// and GPS directories. Makers' notes are left out, their offsets being lost. Empty when there is nothing.
std::vector<std::byte> exif_of_tiff(std::span<const std::byte> file);

// What a TIFF file needs to carry a block: texts by tag, and the two directories laid out for the place in
// the file where they will stand, in this machine's byte order.
struct ExifForTiff {
  std::vector<std::pair<uint32_t, std::string>> texts;
  std::vector<std::byte> bytes;             // both directories; begin at an even offset
  std::optional<uint64_t> exif_at, gps_at;  // offsets in the file
};
ExifForTiff exif_for_tiff(std::span<const std::byte> exif, uint64_t at, bool big_tiff);

}  // namespace linmo
