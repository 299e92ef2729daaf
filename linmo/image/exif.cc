// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/exif.h"

#include <cstdint>
#include <optional>

namespace linmo {
namespace {

constexpr uint32_t kOrientationTag = 0x0112, kShortType = 3;

// Reads little- or big-endian numbers at any offset; nothing past the end.
class TiffBlock {
 public:
  explicit TiffBlock(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::optional<uint32_t> number(size_t offset, size_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < length; ++i) {
      const size_t at = big_endian() ? offset + i : offset + length - 1 - i;
      value = value << 8 | static_cast<uint32_t>(bytes_[at]);
    }
    return value;
  }
  bool big_endian() const { return !bytes_.empty() && bytes_[0] == std::byte{'M'}; }

  // Where the orientation's 16-bit value lies.
  std::optional<size_t> orientation_offset() const {
    const bool known = bytes_.size() >= 8 && bytes_[0] == bytes_[1] &&
                       (bytes_[0] == std::byte{'M'} || bytes_[0] == std::byte{'I'});
    if (!known || number(2, 2) != 42u) return std::nullopt;
    const uint32_t directory = *number(4, 4);
    const auto entries = number(directory, 2);
    for (size_t i = 0; entries && i < *entries; ++i) {
      const size_t entry = size_t{directory} + 2 + i * 12;
      if (!number(entry, 2)) return std::nullopt;
      if (number(entry, 2) == kOrientationTag && number(entry + 2, 2) == kShortType && number(entry + 8, 2)) {
        return entry + 8;
      }
    }
    return std::nullopt;
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
  const TiffBlock block(exif);
  const auto offset = block.orientation_offset();
  if (!offset) return 1;
  const auto value = *block.number(*offset, 2);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

std::vector<std::byte> exif_upright(std::span<const std::byte> exif) {
  std::vector<std::byte> upright(exif.begin(), exif.end());
  const TiffBlock block(exif);
  if (const auto offset = block.orientation_offset()) {
    upright[*offset] = std::byte{static_cast<unsigned char>(block.big_endian() ? 0 : 1)};
    upright[*offset + 1] = std::byte{static_cast<unsigned char>(block.big_endian() ? 1 : 0)};
  }
  return upright;
}

}  // namespace linmo
