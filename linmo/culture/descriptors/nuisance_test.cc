// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/nuisance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linmo/core/random.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"

namespace linmo::culture {
namespace {

Plane plane_of(const Image& grey) {
  Plane out(grey.width(), grey.height());
  for (size_t i = 0; i < out.values.size(); ++i) out.values[i] = grey.samples<uint8_t>()[i];
  return out;
}

Plane ramp(int64_t side) {
  Plane out(side, side);
  for (int64_t y = 0; y < side; ++y)
    for (int64_t x = 0; x < side; ++x)
      out.row(y)[static_cast<size_t>(x)] = 60 + static_cast<float>(x + y) / 8;
  return out;
}

void add_noise(Plane& plane, double sigma) {
  Random random(7, 1);
  for (float& v : plane.values) v += static_cast<float>(sigma * random.normal());
}

TEST(Nuisance, NoiseOfKnownDeviationIsFound) {
  EXPECT_NEAR(noise_sigma(ramp(256)), 0, 1e-3);
  for (const double sigma : {1.0, 4.0, 16.0}) {
    Plane noisy = ramp(256);
    add_noise(noisy, sigma);
    EXPECT_NEAR(noise_sigma(noisy), sigma, 0.03 * sigma);
  }
  EXPECT_TRUE(std::isnan(noise_sigma(Plane(2, 9))));
}

TEST(Nuisance, BlurEffectAgreesWithScikitImage) {
  // skimage.measure.blur_effect 0.19.3 on the same pictures, in double precision.
  const std::pair<Image, double> cases[] = {{noise_picture(), 0.12020161550927654},
                                            {rings_picture(), 0.8818512396694216},
                                            {ink_picture(), 0.3582790319094635},
                                            {checker_picture(), 0.18181818181818216}};
  for (const auto& [picture, expected] : cases) EXPECT_NEAR(blur_effect(plane_of(picture)), expected, 2e-6);
}

TEST(Nuisance, BlurEffectGrowsWithBlur) {
  const Plane sharp = plane_of(noise_picture(1));
  const double b0 = blur_effect(sharp), b1 = blur_effect(gaussian_blur(sharp, 1)),
               b2 = blur_effect(gaussian_blur(sharp, 4));
  EXPECT_GE(b0, 0);
  EXPECT_LT(b0, b1);
  EXPECT_LT(b1, b2);
  EXPECT_LT(b2, 1);
  EXPECT_TRUE(std::isnan(blur_effect(Plane(64, 64))));  // nothing to be sharp
}

TEST(Nuisance, BlockinessFollowsJpegQualityAndFindsTheGrid) {
  const Image noise = to_rgb(noise_picture(1), 0);
  EXPECT_NEAR(blockiness(plane_of(to_grey(noise))), 0, 0.02);
  const Image picture = grad_picture();
  double last = 0;
  for (const int quality : {90, 20, 5}) {
    Image textured = picture;
    for (size_t i = 0; i < textured.samples<uint8_t>().size(); ++i)
      textured.samples<uint8_t>()[i] = static_cast<uint8_t>(
          std::clamp(picture.samples<uint8_t>()[i] + noise.samples<uint8_t>()[i] / 8 - 16, 0, 255));
    const Image back =
        decode_image(encode_image(textured, ImageFormat::jpeg, {.quality = quality}), {}, "made");
    const double value = blockiness(plane_of(to_grey(back)));
    EXPECT_GT(value, last) << quality;
    last = value;
    // Cut so that blocks begin elsewhere: the same grid is found.
    EXPECT_NEAR(blockiness(plane_of(to_grey(crop(back, 3, 5, 240, 240)))), value, 0.02) << quality;
  }
}

TEST(Nuisance, ClippingAndCasts) {
  Image rgb(100, 100, 3);
  for (int64_t y = 0; y < 100; ++y)
    for (int64_t x = 0; x < 100; ++x) {
      uint8_t* p = rgb.row<uint8_t>(y).data() + 3 * x;
      // A tenth black, a fifth white, the rest mid-grey.
      const uint8_t v = x < 10 ? 0 : x < 30 ? 255 : 128;
      p[0] = p[1] = p[2] = v;
    }
  NuisanceFeatures f;
  measure_scan(rgb, f);
  EXPECT_DOUBLE_EQ(f.clipped_shadows, 0.1);
  EXPECT_DOUBLE_EQ(f.clipped_highlights, 0.2);
  // Bluish blacks.
  for (int64_t y = 0; y < 100; ++y)
    for (int64_t x = 0; x < 10; ++x) rgb.row<uint8_t>(y)[static_cast<size_t>(3 * x + 2)] = 40;
  const Lab paper{90, 2, 12};
  measure_cast(make_scale(rgb), &paper, f);
  const Lab blue = lab_of_srgb(0, 0, 40);
  EXPECT_NEAR(f.shadow_a, blue[1], 1e-3);
  EXPECT_NEAR(f.shadow_b, blue[2], 1e-3);
  EXPECT_DOUBLE_EQ(f.paper_b, 12);
}

}  // namespace
}  // namespace linmo::culture
