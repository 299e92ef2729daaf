// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/similarity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/image/convert.h"
#include "linmo/measure/golden_test.h"

namespace linmo::measure {
namespace {

Image stripes(int64_t side, bool upright, int bright) {
  Image image(side, side, 1);
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) {
      image.row<uint8_t>(y)[static_cast<size_t>(x)] =
          static_cast<uint8_t>((upright ? x : y) / 4 % 2 * bright);
    }
  }
  return image;
}

TEST(Similarity, EqualsIndependentPrograms) {
  const nlohmann::json golden = nlohmann::json::parse(golden_file("measure.json"));
  for (const nlohmann::json& pair : golden.at("pairs")) {
    const int64_t width = pair.at("width"), height = pair.at("height");
    const Image a = golden_picture(pair.at("first"), width, height, 4);
    const Image b = golden_picture(pair.at("second"), width, height, pair.at("noise"));
    SCOPED_TRACE(pair.dump());
    EXPECT_NEAR(l1(a, b), pair.at("l1").get<double>(), 1e-9);
    EXPECT_NEAR(psnr(a, b), pair.at("psnr").get<double>(), 1e-9);
    EXPECT_NEAR(ssim_rgb(a, b).value(), pair.at("ssim_rgb").get<double>(), 1e-6);
    EXPECT_NEAR(ssim_luma(a, b).value(), pair.at("ssim_luma").get<double>(), 1e-6);
    EXPECT_NEAR(edge_orientation_correlation(a, b), pair.at("edges").get<double>(), 1e-6);
    ASSERT_EQ(ms_ssim(a, b).has_value(), pair.contains("ms_ssim"));
    // Samples of the coarser scales are kept in single precision.
    if (!pair.contains("ms_ssim")) continue;
    EXPECT_NEAR(ms_ssim(a, b).value(), pair.at("ms_ssim").get<double>(), 1e-6);
  }
}

TEST(Similarity, OfAPictureWithItself) {
  const Image a = golden_picture(5, 170, 161, 80);
  EXPECT_EQ(l1(a, a), 0);
  EXPECT_TRUE(std::isinf(psnr(a, a)));
  EXPECT_NEAR(ssim_rgb(a, a).value(), 1, 1e-12);
  EXPECT_NEAR(ms_ssim(a, a).value(), 1, 1e-12);
  EXPECT_NEAR(edge_orientation_correlation(a, a), 1, 1e-12);
}

TEST(Similarity, KnownDifferences) {
  Image black(20, 20, 3), white(20, 20, 3);
  for (uint8_t& v : white.samples<uint8_t>()) v = 255;
  EXPECT_NEAR(l1(black, white), 1, 1e-12);
  EXPECT_NEAR(psnr(black, white), 0, 1e-12);
  // No variance on either side: what is left is C₁ / (255² + C₁).
  EXPECT_NEAR(ssim_rgb(black, white).value(), 6.5025 / (255.0 * 255.0 + 6.5025), 1e-9);
}

TEST(Similarity, DepthAndChannelsDoNotMatter) {
  const Image a = golden_picture(2, 40, 30, 50), b = golden_picture(6, 40, 30, 50);
  EXPECT_NEAR(ssim_rgb(to_depth(a, Depth::u16), to_depth(b, Depth::f32)).value(), ssim_rgb(a, b).value(),
              1e-6);
  const Image grey = to_grey(a);
  EXPECT_NEAR(l1(grey, to_rgb(grey, 255)), 0, 1e-12);
  Image clear(4, 4, 4), white(4, 4, 3);  // transparent black against white paper
  for (uint8_t& v : white.samples<uint8_t>()) v = 255;
  EXPECT_NEAR(l1(clear, white), 0, 1e-12);
}

TEST(Similarity, EdgesCountByDirectionNotColour) {
  const Image upright = stripes(64, true, 200);
  EXPECT_NEAR(edge_orientation_correlation(upright, stripes(64, true, 90)), 1, 1e-9);
  Image negative = upright;
  for (uint8_t& v : negative.samples<uint8_t>()) v = static_cast<uint8_t>(255 - v);
  EXPECT_NEAR(edge_orientation_correlation(upright, negative), 1, 1e-9);
  EXPECT_LT(edge_orientation_correlation(upright, stripes(64, false, 200)), -0.4);
  Image right(64, 64, 1), down(64, 64, 1);
  for (int64_t y = 0; y < 64; ++y) {
    for (int64_t x = 0; x < 64; ++x) {
      right.row<uint8_t>(y)[static_cast<size_t>(x)] = static_cast<uint8_t>(x);
      down.row<uint8_t>(y)[static_cast<size_t>(x)] = static_cast<uint8_t>(y);
    }
  }
  EXPECT_NEAR(edge_orientation_correlation(right, down), -1, 0.02) << "the border's gradient is halved";
  const Image flat(64, 64, 3);
  EXPECT_EQ(edge_orientation_correlation(flat, flat), 1);
  EXPECT_EQ(edge_orientation_correlation(upright, flat), 0);
}

TEST(Similarity, SmallAndUnequalPictures) {
  EXPECT_FALSE(ssim_rgb(Image(10, 40, 3), Image(10, 40, 3)).has_value());
  EXPECT_FALSE(ssim_luma(Image(1, 1, 3), Image(1, 1, 3)).has_value());
  EXPECT_FALSE(ms_ssim(Image(160, 400, 3), Image(160, 400, 3)).has_value());
  EXPECT_TRUE(ms_ssim(Image(161, 161, 3), Image(161, 161, 3)).has_value());
  EXPECT_EQ(edge_orientation_correlation(Image(1, 1, 3), Image(1, 1, 3)), 1);
  EXPECT_THROW(l1(Image(3, 4, 3), Image(4, 3, 3)), Error);
  EXPECT_THROW(ssim_luma(Image(13, 14, 3), Image(14, 13, 3)), Error);
  EXPECT_THROW(psnr(Image(0, 0, 3), Image(0, 0, 3)), Error);
}

}  // namespace
}  // namespace linmo::measure
