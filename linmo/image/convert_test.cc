// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

Image one_pixel(std::initializer_list<uint8_t> samples) {
  Image image(1, 1, static_cast<int>(samples.size()));
  std::copy(samples.begin(), samples.end(), image.samples<uint8_t>().begin());
  return image;
}

TEST(Depths, EightBitsSurviveEveryOtherDepth) {
  Image levels(256, 1, 1);
  for (size_t i = 0; i < 256; ++i) levels.samples<uint8_t>()[i] = static_cast<uint8_t>(i);
  const Image deep = to_depth(levels, Depth::u16), real = to_depth(levels, Depth::f32);
  EXPECT_EQ(deep.samples<uint16_t>()[255], 65535);
  EXPECT_EQ(deep.samples<uint16_t>()[1], 257);
  EXPECT_FLOAT_EQ(real.samples<float>()[51], 0.2f);
  EXPECT_EQ(to_depth(deep, Depth::u8), levels);
  EXPECT_EQ(to_depth(real, Depth::u8), levels);
  EXPECT_EQ(to_depth(real, Depth::u16), deep);
}

TEST(Depths, SixteenBitsRoundToTheNearestLevel) {
  Image all(65536, 1, 1, Depth::u16);
  for (size_t i = 0; i < 65536; ++i) all.samples<uint16_t>()[i] = static_cast<uint16_t>(i);
  const Image bytes = to_depth(all, Depth::u8);
  for (size_t i = 0; i < 65536; ++i) {
    ASSERT_EQ(bytes.samples<uint8_t>()[i], std::lround(static_cast<double>(i) / 257)) << i;
  }
  EXPECT_EQ(to_depth(to_depth(all, Depth::f32), Depth::u16), all);
}

TEST(Depths, FloatsOutsideTheRangeAreCut) {
  Image odd(4, 1, 1, Depth::f32);
  const float values[] = {-0.5f, 1.5f, std::numeric_limits<float>::quiet_NaN(), 0.5f};
  std::copy_n(values, 4, odd.samples<float>().begin());
  const Image bytes = to_depth(odd, Depth::u8);
  EXPECT_EQ(bytes.samples<uint8_t>()[0], 0);
  EXPECT_EQ(bytes.samples<uint8_t>()[1], 255);
  EXPECT_EQ(bytes.samples<uint8_t>()[2], 0);
  EXPECT_EQ(bytes.samples<uint8_t>()[3], 128);
}

TEST(Channels, AlphaIsComposedOverTheBackground) {
  EXPECT_EQ(to_rgb(one_pixel({10, 20, 30, 0}), 200), one_pixel({200, 200, 200}));
  EXPECT_EQ(to_rgb(one_pixel({10, 20, 30, 255}), 200), one_pixel({10, 20, 30}));
  EXPECT_EQ(to_rgb(one_pixel({0, 100, 255, 128}), 255), one_pixel({127, 177, 255}));
  EXPECT_EQ(to_rgb(one_pixel({100, 51}), 0), one_pixel({20, 20, 20}));
  EXPECT_EQ(to_rgb(one_pixel({77}), 0), one_pixel({77, 77, 77}));
  const Image deep = to_rgb(to_depth(one_pixel({0, 100, 255, 128}), Depth::u16), 255);
  EXPECT_EQ(to_depth(deep, Depth::u8), one_pixel({127, 177, 255}));
}

TEST(Channels, AlphaComesOffAndGoesOnAgain) {
  for (const Depth depth : {Depth::u8, Depth::u16, Depth::f32}) {
    for (const int channels : {2, 4}) {
      const Image image = noise(7, 5, channels, depth);
      EXPECT_EQ(drop_alpha(image).channels(), channels - 1);
      EXPECT_EQ(with_alpha(drop_alpha(image), alpha_of(image)), image);
      EXPECT_EQ(with_alpha(image, alpha_of(image)), image);
    }
  }
  EXPECT_EQ(alpha_of(one_pixel({1, 2, 3})), one_pixel({255}));
  EXPECT_EQ(alpha_of(to_depth(one_pixel({9}), Depth::f32)).samples<float>()[0], 1.0f);
  EXPECT_THROW(with_alpha(noise(3, 3, 3), noise(3, 4, 1)), Error);
  EXPECT_THROW(with_alpha(noise(3, 3, 3), noise(3, 3, 2)), Error);
}

TEST(Channels, GreyIsLuma) {
  EXPECT_EQ(to_grey(one_pixel({255, 0, 0})), one_pixel({76}));
  EXPECT_EQ(to_grey(one_pixel({0, 255, 0})), one_pixel({150}));
  EXPECT_EQ(to_grey(one_pixel({0, 0, 255, 9})), one_pixel({29}));
  EXPECT_EQ(to_grey(one_pixel({42, 9})), one_pixel({42}));
  EXPECT_EQ(to_grey(to_depth(one_pixel({255, 255, 255}), Depth::u16)).samples<uint16_t>()[0], 65535);
}

TEST(Cutting, TakesExactlyTheRectangle) {
  const Image image = noise(11, 7, 3, Depth::u16);
  const Image part = crop(image, 2, 3, 5, 4);
  ASSERT_EQ(part.width(), 5);
  for (int64_t y = 0; y < 4; ++y) {
    for (size_t i = 0; i < 15; ++i) {
      ASSERT_EQ(part.row<uint16_t>(y)[i], image.row<uint16_t>(y + 3)[i + 6]);
    }
  }
  EXPECT_EQ(crop(image, 0, 0, 11, 7), image);
  EXPECT_THROW(crop(image, 7, 0, 5, 1), Error);
  EXPECT_THROW(crop(image, -1, 0, 5, 1), Error);
  EXPECT_THROW(crop(image, 0, 0, 0, 1), Error);
  EXPECT_THROW(crop(image, 1, 1, INT64_MAX, 1), Error);
}

// EXIF 2.32, tag 274: where the stored picture's row 0 and column 0 belong.
TEST(Orientation, EveryCodeTurnsTheStoredPictureUpright) {
  for (const int channels : {1, 2, 3, 4}) {
    for (const Depth depth : {Depth::u8, Depth::u16, Depth::f32}) {
      const Image image = noise(67, 35, channels, depth);
      const size_t pixel = static_cast<size_t>(channels) * static_cast<size_t>(depth);
      const auto at = [&](const Image& from, int64_t x, int64_t y) {
        return from.bytes().subspan(static_cast<size_t>(y * from.width() + x) * pixel, pixel);
      };
      for (int code = 1; code <= 8; ++code) {
        const Image upright = apply_orientation(image, code);
        const int64_t w = image.width(), h = image.height();
        ASSERT_EQ(upright.width(), code < 5 ? w : h);
        ASSERT_EQ(upright.height(), code < 5 ? h : w);
        for (int64_t y = 0; y < h; ++y) {
          for (int64_t x = 0; x < w; ++x) {
            const bool from_right = code == 2 || code == 3 || code == 7 || code == 8;
            const bool from_bottom = code == 3 || code == 4 || code == 6 || code == 7;
            // Rows of the stored picture count from the top or bottom (1–4), or are columns (5–8).
            const int64_t along = from_right ? w - 1 - x : x, across = from_bottom ? h - 1 - y : y;
            const auto got = code < 5 ? at(upright, along, across) : at(upright, across, along);
            const auto want = at(image, x, y);
            ASSERT_TRUE(std::equal(got.begin(), got.end(), want.begin())) << code << " " << x << " " << y;
          }
        }
      }
    }
  }
  EXPECT_EQ(flip_horizontal(noise(5, 4, 3)), apply_orientation(noise(5, 4, 3), 2));
  EXPECT_THROW(apply_orientation(noise(2, 2, 1), 0), Error);
  EXPECT_THROW(apply_orientation(noise(2, 2, 1), 9), Error);
}

}  // namespace
}  // namespace linmo
