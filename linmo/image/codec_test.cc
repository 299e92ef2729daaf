// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/codec.h"

#include <gtest/gtest.h>

#include "linmo/image/contact_sheet.h"
#include "linmo/image/resize.h"
namespace linmo {
TEST(Smoke, All) {
  Image a(101, 67, 3);
  auto s = a.samples<uint8_t>();
  for (size_t i = 0; i < s.size(); ++i) s[i] = uint8_t(i / 101);
  Image b = decode_image(encode_image(a, ImageFormat::png), {}, "a.png");
  EXPECT_TRUE(a == b);
  Image c = decode_image(encode_image(a, ImageFormat::jpeg), {}, "a.jpg");
  EXPECT_EQ(c.width(), 101);
  double err = 0;
  for (size_t i = 0; i < s.size(); ++i) err += std::abs(int(s[i]) - int(c.samples<uint8_t>()[i]));
  EXPECT_LT(err / double(s.size()), 3);
  EXPECT_EQ(resize(a, 33, 200).height(), 200);
  EXPECT_EQ(contact_sheet({a, b, c}, 2, 64, 30).height(), 128);
}
}  // namespace linmo
