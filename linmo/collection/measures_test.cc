// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/measures.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>

#include "linmo/collection/test_pictures.h"
#include "linmo/image/convert.h"

namespace linmo {
namespace {

Image grey(int64_t width, int64_t height, const std::function<int(int64_t, int64_t)>& value) {
  Image image(width, height, 1);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x)
      image.row<uint8_t>(y)[static_cast<size_t>(x)] = static_cast<uint8_t>(value(x, y));
  }
  return image;
}

TEST(Measures, HashReadsTheSignsOfTheLowFrequencies) {
  // A picture made of the 63 lowest cosines with chosen signs, as many up (with the mean) as down: the median
  // is zero, and the hash is the signs.
  Random random(5);
  std::vector<int> signs(63, 1);
  std::fill(signs.begin() + 31, signs.end(), -1);
  random.shuffle(std::span(signs));
  uint64_t expected = 1;
  for (const int s : signs) expected = expected << 1 | (s > 0 ? 1 : 0);
  const Image image = grey(32, 32, [&](int64_t x, int64_t y) {
    double v = 128;
    for (int i = 1; i < 64; ++i) {
      v += 2 * signs[static_cast<size_t>(i - 1)] * std::cos(std::numbers::pi * (i / 8) * (2 * y + 1) / 64.0) *
           std::cos(std::numbers::pi * (i % 8) * (2 * x + 1) / 64.0);
    }
    return static_cast<int>(std::lround(v));
  });
  EXPECT_EQ(perceptual_hash(image), expected);
}

TEST(Measures, HashHasAsManyOnesAsZeros) {
  for (uint64_t seed = 0; seed < 10; ++seed) EXPECT_EQ(std::popcount(perceptual_hash(painting(seed))), 32);
}

TEST(Measures, SharpnessIsTheVarianceOfTheLaplacian) {
  EXPECT_EQ(sharpness(grey(20, 20, [](auto, auto) { return 90; })), 0);
  EXPECT_EQ(sharpness(grey(20, 20, [](auto x, auto y) { return 5 * x + 3 * y; })), 0);
  // A chequerboard of 0 and 100: L = ±400 at every inner pixel, half of each.
  EXPECT_DOUBLE_EQ(sharpness(grey(22, 22, [](auto x, auto y) { return (x + y) % 2 * 100; })), 160000);
  // One bright pixel a in 8 × 8 inner ones: L is −4a once and a four times, the mean is 0.
  EXPECT_DOUBLE_EQ(sharpness(grey(10, 10, [](auto x, auto y) { return x == 4 && y == 5 ? 10 : 0; })),
                   2000.0 / 64);
  EXPECT_EQ(sharpness(grey(2, 50, [](auto, auto y) { return y % 2 * 200; })), 0);
  const Image big = painting(1, 1100, 700);
  EXPECT_GT(sharpness(big), sharpness(resize(resize(big, 110, 70), 1100, 700)));
}

TEST(Measures, BorderIsFoundOnEachSide) {
  const Image art = painting(3, 90, 70);
  Image mounted(120, 100, 3);
  Random random(1);
  for (uint8_t& v : mounted.samples<uint8_t>()) v = static_cast<uint8_t>(200 + random.below(5));  // paper
  for (int64_t y = 0; y < 70; ++y) {
    const auto from = art.row<uint8_t>(y);
    std::copy(from.begin(), from.end(), mounted.row<uint8_t>(y + 20).begin() + 3 * 11);
  }
  EXPECT_EQ(find_border(mounted), (Border{11, 20, 19, 10}));
  EXPECT_EQ(find_border(art), Border{});
}

TEST(Measures, BorderOfTransparentMarginsAndFlatPictures) {
  const Image colour = painting(4, 60, 50);
  Image alpha(60, 50, 1);
  for (int64_t y = 5; y < 50; ++y) {
    for (size_t x = 7; x < 60; ++x) alpha.row<uint8_t>(y)[x] = 255;
  }
  EXPECT_EQ(find_border(with_alpha(colour, alpha)), (Border{7, 5, 0, 0}));
  bool uniform = false;
  EXPECT_EQ(find_border(grey(30, 30, [](auto, auto) { return 77; }), &uniform), Border{});
  EXPECT_TRUE(uniform);
  // Two flat halves: nothing is left between the margins, but it is not one colour.
  EXPECT_EQ(find_border(grey(30, 30, [](auto, auto y) { return y < 15 ? 10 : 200; }), &uniform), Border{});
  EXPECT_FALSE(uniform);
}

TEST(Measures, AllAtOnceAgreesWithOneByOne) {
  const Image image = painting(9);
  const Measures m = measure_picture(image, image.width());
  EXPECT_EQ(m.phash, perceptual_hash(image));
  EXPECT_EQ(m.thumbnail, thumbnail(image));
  EXPECT_EQ(m.sharpness, sharpness(image));
  EXPECT_FALSE(m.uniform);
  EXPECT_EQ(m.pixels_sha256.size(), 64u);
  Image other = image;
  other.samples<uint8_t>()[100] ^= 1;
  EXPECT_NE(measure_picture(other, image.width()).pixels_sha256, m.pixels_sha256);
  // A border measured on a picture decoded at half size is given in pixels of the whole.
  const Image art = painting(2, 100, 70);
  Image framed(100, 80, 3);
  for (int64_t y = 10; y < 80; ++y) {
    const auto from = art.row<uint8_t>(y - 10);
    std::copy(from.begin(), from.end(), framed.row<uint8_t>(y).begin());
  }
  EXPECT_EQ(measure_picture(framed, 200).border.top, 20);
}

}  // namespace
}  // namespace linmo
