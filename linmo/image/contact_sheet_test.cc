// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/contact_sheet.h"

#include <gtest/gtest.h>

#include "linmo/image/convert.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

Image plain(int64_t width, int64_t height, uint8_t level) {
  Image image(width, height, 1);
  for (auto& v : image.samples<uint8_t>()) v = level;
  return image;
}

TEST(ContactSheet, FitsEveryPictureInItsCell) {
  const Image sheet = contact_sheet({plain(20, 10, 200), plain(3, 6, 100), plain(8, 8, 50)}, 2, 8, 30);
  ASSERT_EQ(sheet.width(), 16);
  ASSERT_EQ(sheet.height(), 16);
  ASSERT_EQ(sheet.channels(), 3);
  const Image grey = to_grey(sheet);
  const auto at = [&](int64_t x, int64_t y) { return int{grey.row<uint8_t>(y)[static_cast<size_t>(x)]}; };
  EXPECT_EQ(at(0, 1), 30);  // 20 × 10 becomes 8 × 4, two rows from the top
  EXPECT_EQ(at(0, 2), 200);
  EXPECT_EQ(at(7, 5), 200);
  EXPECT_EQ(at(0, 6), 30);
  EXPECT_EQ(at(9, 4), 30);  // 3 × 6 becomes 4 × 8
  EXPECT_EQ(at(10, 0), 100);
  EXPECT_EQ(at(13, 7), 100);
  EXPECT_EQ(at(14, 4), 30);
  EXPECT_EQ(at(0, 8), 50);
  EXPECT_EQ(at(7, 15), 50);
  EXPECT_EQ(at(12, 12), 30);  // an unfilled cell
}

TEST(ContactSheet, TakesEveryDepthAndShowsTheBackgroundThroughAlpha) {
  const Image hidden = with_alpha(plain(8, 8, 255), plain(8, 8, 0));
  const Image sheet = contact_sheet({to_depth(hidden, Depth::u16), noise(9, 5, 4, Depth::f32)}, 1, 8, 77);
  ASSERT_EQ(sheet.height(), 16);
  EXPECT_EQ(sheet.row<uint8_t>(3)[10], 77);
}

TEST(ContactSheet, RefusesNothingToShow) {
  EXPECT_THROW(contact_sheet({}, 2, 8, 0), Error);
  EXPECT_THROW(contact_sheet({plain(1, 1, 0)}, 0, 8, 0), Error);
  EXPECT_THROW(contact_sheet({plain(1, 1, 0)}, 1, 0, 0), Error);
}

}  // namespace
}  // namespace linmo
