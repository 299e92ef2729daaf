// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/exif.h"

#include <gtest/gtest.h>

#include <string_view>

namespace linmo {
namespace {
using namespace std::string_view_literals;

std::vector<std::byte> block(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

// Two entries: image width (4) and orientation 6.
constexpr auto kLittle =
    "II*\0\x08\0\0\0\x02\0"
    "\x00\x01\x03\0\x01\0\0\0\x04\0\0\0"
    "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"sv;
constexpr auto kBig =
    "MM\0*\0\0\0\x08\0\x01"
    "\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0"sv;

TEST(Exif, OrientationIsFoundInBothByteOrders) {
  EXPECT_EQ(exif_orientation(block(kLittle)), 6);
  EXPECT_EQ(exif_orientation(block(kBig)), 8);
}

TEST(Exif, UprightChangesOnlyTheOrientation) {
  for (const auto text : {kLittle, kBig}) {
    const auto before = block(text), after = exif_upright(before);
    EXPECT_EQ(exif_orientation(after), 1);
    ASSERT_EQ(after.size(), before.size());
    int changed = 0;
    for (size_t i = 0; i < after.size(); ++i) changed += after[i] != before[i];
    EXPECT_EQ(changed, 1);
  }
}

TEST(Exif, DamagedBlocksAreUprightAndUnchanged) {
  for (size_t length = 0; length < kLittle.size() - 6; ++length) {
    const auto cut = block(kLittle.substr(0, length));
    EXPECT_EQ(exif_orientation(cut), 1) << length;
    EXPECT_EQ(exif_upright(cut), cut) << length;
  }
  auto far = block(kLittle);
  far[4] = far[5] = far[6] = far[7] = std::byte{0xFF};  // the directory lies past the end
  EXPECT_EQ(exif_orientation(far), 1);
  auto odd = block(kLittle);
  odd[30] = std::byte{9};
  EXPECT_EQ(exif_orientation(odd), 1);
}

}  // namespace
}  // namespace linmo
