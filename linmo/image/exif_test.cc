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

// A block as cameras write it: make, orientation 6, an EXIF directory with an exposure time, a time and a
// maker's note, a GPS directory, and a thumbnail of four bytes at the end.
std::vector<std::byte> camera_block() {
  std::vector<std::byte> b;
  const auto put = [&](uint64_t value, int length) {
    for (int i = 0; i < length; ++i) b.push_back(static_cast<std::byte>(value >> 8 * i));
  };
  const auto entry = [&](unsigned tag, unsigned type, unsigned count, unsigned value) {
    put(tag, 2), put(type, 2), put(count, 4), put(value, 4);
  };
  const auto text = [&](std::string_view t) {
    for (const char c : t) b.push_back(static_cast<std::byte>(c));
  };
  text("II"), put(42, 2), put(8, 4);
  put(4, 2);
  entry(0x010F, 2, 6, 62);
  entry(0x0112, 3, 1, 6);
  entry(0x8769, 4, 1, 68);
  entry(0x8825, 4, 1, 144);
  put(162, 4);         // to the thumbnail
  text("Acme\0\0"sv);  // 62
  put(3, 2);           // 68
  entry(0x829A, 5, 1, 110);
  entry(0x9003, 2, 20, 118);
  entry(0x927C, 7, 6, 138);
  put(0, 4);
  put(1, 4), put(250, 4);           // 110
  text("2024:05:06 07:08:09\0"sv);  // 118
  text("maker!");                   // 138
  put(1, 2);                        // 144
  entry(0x0001, 2, 2, 'N');
  put(0, 4);
  put(2, 2);  // 162
  entry(0x0201, 4, 1, 192);
  entry(0x0202, 4, 1, 4);
  put(0, 4);
  text("\xFF\xD8\xFF\xD9");  // 192
  return b;
}
bool contains(std::span<const std::byte> bytes, std::string_view text) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).find(text) !=
         std::string_view::npos;
}

TEST(Exif, TheThumbnailGoesAndNothingElseMoves) {
  const auto before = camera_block();
  ASSERT_EQ(before.size(), 196u);
  ASSERT_EQ(exif_orientation(before), 6);
  const auto after = exif_upright(before);
  ASSERT_EQ(after.size(), 162u);
  for (size_t i = 0; i < after.size(); ++i) {
    const bool changes = i == 30 || i == 58;  // orientation, link
    EXPECT_EQ(after[i] != before[i], changes) << i;
  }
  EXPECT_EQ(exif_upright(after), after);
}

TEST(Exif, AThumbnailInTheMiddleIsZeroed) {
  auto whole = camera_block();
  const auto last = block("tail");
  whole.insert(whole.end(), last.begin(), last.end());
  const auto after = exif_upright(whole);
  EXPECT_EQ(after.size(), whole.size());
  EXPECT_FALSE(contains(after, "\xFF\xD8"));
  EXPECT_TRUE(contains(after, "tail"));
  EXPECT_TRUE(contains(after, "maker!"));
}

TEST(Exif, ThroughTiffDirectoriesAndBack) {
  for (const bool big : {false, true}) {
    const ExifForTiff made = exif_for_tiff(camera_block(), 1000, big);
    ASSERT_EQ(made.texts.size(), 1u);
    EXPECT_EQ(made.texts[0], (std::pair<uint32_t, std::string>(0x010F, "Acme")));
    EXPECT_EQ(made.exif_at, 1000u);
    EXPECT_GT(made.gps_at, 1000u);
    EXPECT_TRUE(contains(made.bytes, "2024:05:06 07:08:09"));
    EXPECT_FALSE(contains(made.bytes, "maker!"));
  }
  const auto back = exif_of_tiff(camera_block());
  EXPECT_TRUE(contains(back, "Acme"));
  EXPECT_TRUE(contains(back, "2024:05:06 07:08:09"));
  EXPECT_EQ(exif_of_tiff(back), back);
  EXPECT_TRUE(exif_of_tiff(block("no block")).empty());
}

}  // namespace
}  // namespace linmo
