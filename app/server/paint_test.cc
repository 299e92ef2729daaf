// SPDX-License-Identifier: Apache-2.0
#include "app/server/paint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "app/server/samples.h"

namespace linmo::studio {
namespace {

Image flat(int64_t width, int64_t height, uint8_t value) {
  Image image(width, height, 3);
  for (uint8_t& sample : image.samples<uint8_t>()) sample = value;
  return image;
}

TEST(Blended, IsTheWeightedMeanRoundedToNearest) {
  const Image mixed = blended({flat(3, 2, 10), flat(3, 2, 21), flat(3, 2, 200)}, {0.5, 0.25, 0.25});
  for (const uint8_t sample : mixed.samples<uint8_t>()) EXPECT_EQ(sample, 60);  // 60.25
  EXPECT_EQ(blended({flat(3, 2, 7)}, {1}), flat(3, 2, 7));
  Image deep(1, 1, 1, Depth::u16), white(1, 1, 1, Depth::u16);
  deep.samples<uint16_t>()[0] = 1000;
  white.samples<uint16_t>()[0] = 65535;
  EXPECT_EQ(blended({deep, white}, {0.5, 0.5}).samples<uint16_t>()[0], 33268);  // 33267.5, away from zero
}

TEST(Blended, RefusesWhatHasNoMean) {
  EXPECT_THROW(blended({flat(3, 2, 1), flat(2, 3, 1)}, {0.5, 0.5}), Error);
  EXPECT_THROW(blended({flat(3, 2, 1)}, {0.5, 0.5}), Error);
  EXPECT_THROW(blended({}, {}), Error);
}

TEST(SampleLandscape, HasSkyLandAndDetailAndIsAlwaysTheSame) {
  const Image drawn = sample_landscape(96, 64);
  EXPECT_EQ(drawn, sample_landscape(96, 64));
  const auto sky = drawn.row<uint8_t>(2), shore = drawn.row<uint8_t>(62);
  EXPECT_GT(sky[2], sky[0]);      // blue
  EXPECT_GT(shore[1], shore[2]);  // green
  const auto all = drawn.samples<uint8_t>();
  EXPECT_GT(std::set<uint8_t>(all.begin(), all.end()).size(), 120u);
}

TEST(SampleCharacters, AreBlackOnWhiteAndNoRowIsAnother) {
  const Image drawn = sample_characters(384, 256);
  EXPECT_EQ(drawn, sample_of("characters", 384, 256));
  EXPECT_EQ(sample_landscape(96, 64), sample_of("", 96, 64));
  const auto cell = [&](int64_t column, int64_t row) {
    std::vector<uint8_t> of;
    for (int64_t y = 0; y < 64; ++y)
      for (int64_t x = 0; x < 64; ++x)
        of.push_back(drawn.row<uint8_t>(64 * row + y)[static_cast<size_t>(3 * (64 * column + x))]);
    return of;
  };
  for (int64_t column = 0; column < 6; ++column) {
    const std::vector<uint8_t> one = cell(column, 0);
    EXPECT_EQ(one[0], 255);  // paper at the border
    const auto black = std::count(one.begin(), one.end(), 0);
    EXPECT_GT(black, 150);
    EXPECT_LT(black, 1500);
    EXPECT_NE(one, cell(column, 1));
    EXPECT_NE(one, cell((column + 1) % 6, 0));
  }
}

}  // namespace
}  // namespace linmo::studio
