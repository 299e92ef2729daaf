// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/artefacts.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "linmo/core/random.h"

namespace linmo::measure {
namespace {

Plane noise(int64_t width, int64_t height, double deviation) {
  Random random(7);
  Plane plane(width, height);
  for (float& v : plane.values) v = static_cast<float>(128 + deviation * random.normal());
  return plane;
}

// A wave of amplitude A in white noise of deviation σ: under the window w its bin holds |A/2 · Σw|² (A·Σw for
// the highest frequency, whose two halves coincide), the noise σ²·Σw², and the mean logarithm of noise power
// lies Euler's γ below the logarithm of its mean.
TEST(GridPeak, IsTheClosedFormsOfAWaveInNoise) {
  constexpr double kSigma = 10, kSum = 32. * 32, kSquares = 24. * 24, kGamma = .5772156649;
  struct Case {
    double period_x, period_y, amplitude;
  };
  for (const Case& c :
       {Case{4, 0, 3}, Case{0, 4, 3}, Case{4, 4, 3}, Case{4, -4, 3}, Case{2, 0, 3}, Case{2, 2, 3}}) {
    Plane plane = noise(512, 512, kSigma);
    const bool highest = std::abs(c.period_x) != 4 && std::abs(c.period_y) != 4;
    for (int64_t y = 0; y < 512; ++y) {
      for (int64_t x = 0; x < 512; ++x) {
        const double phase = (c.period_x != 0 ? static_cast<double>(x) / c.period_x : 0) +
                             (c.period_y != 0 ? static_cast<double>(y) / c.period_y : 0);
        plane.row(y)[static_cast<size_t>(x)] +=
            static_cast<float>(c.amplitude * std::cos(2 * std::numbers::pi * phase));
      }
    }
    const double wave = c.amplitude * (highest ? 1 : .5) * kSum;
    const double expected =
        10 * std::log10(wave * wave / (kSigma * kSigma * kSquares)) + 10 / std::numbers::ln10 * kGamma;
    // One bin's mean over 64 blocks: the noise in it moves it by some tenths of a decibel.
    EXPECT_NEAR(*grid_peak(plane), expected, 1) << c.period_x << " " << c.period_y;
  }
}

TEST(GridPeak, IsSmallWhereNothingRepeats) {
  EXPECT_LT(*grid_peak(noise(512, 512, 10)), 2.5);
  EXPECT_LT(*grid_peak(noise(64, 64, 10)), 30);  // one block only: noise has peaks
  EXPECT_EQ(*grid_peak(noise(100, 80, 0)), 0);
  Plane ramp(300, 200);
  for (int64_t y = 0; y < 200; ++y) {
    for (int64_t x = 0; x < 300; ++x) ramp.row(y)[static_cast<size_t>(x)] = static_cast<float>(x) * .5F;
  }
  EXPECT_LT(*grid_peak(ramp), 1);
  EXPECT_FALSE(grid_peak(noise(63, 300, 10)));
}

TEST(GridPeak, DoesNotTakeEdgesForAGrid) {
  Plane plane = noise(512, 384, 2);
  for (int64_t y = 0; y < 384; ++y) {
    for (int64_t x = 0; x < 512; ++x) {
      if (x / 37 % 2) plane.row(y)[static_cast<size_t>(x)] += 60;  // upright bars, no whole number of blocks
    }
  }
  EXPECT_LT(*grid_peak(plane), 4);
}

TEST(EdgeStep, IsTheRatioOfTheSteps) {
  Plane plane(60, 40);
  for (int64_t y = 0; y < 40; ++y) {
    for (int64_t x = 0; x < 60; ++x)
      plane.row(y)[static_cast<size_t>(x)] =
          static_cast<float>((x + y) % 2 == 0 ? 100 : 110);  // every step is 10
  }
  EXPECT_NEAR(*edge_step(plane), 1, 1e-6);
  for (int64_t x = 0; x < 60; ++x) {
    plane.row(0)[static_cast<size_t>(x)] = plane.row(1)[static_cast<size_t>(x)] + 30;
    plane.row(39)[static_cast<size_t>(x)] = plane.row(38)[static_cast<size_t>(x)] + 30;
  }
  for (int64_t y = 1; y < 39; ++y) {
    plane.row(y)[0] = plane.row(y)[1] + 30;
    plane.row(y)[59] = plane.row(y)[58] + 30;
  }
  EXPECT_NEAR(*edge_step(plane), 3, .2);  // the four corners have their own
  EXPECT_FALSE(edge_step(noise(19, 60, 5)));
  EXPECT_FALSE(edge_step(noise(60, 60, 0)));
}

// A picture whose left half has one colour and whose right half another.
Image halves(std::array<uint8_t, 3> left, std::array<uint8_t, 3> right) {
  Image image(40, 30, 3, Depth::u8);
  for (int64_t y = 0; y < 30; ++y) {
    const auto row = image.row<uint8_t>(y);
    for (size_t x = 0; x < 40; ++x) {
      for (size_t c = 0; c < 3; ++c) row[3 * x + c] = x < 20 ? left[c] : right[c];
    }
  }
  return image;
}

// Values of sRGB's corners in OKLab: red (.62796, .22486, .12585), green (.86644, −.23389, .17950).
TEST(Colour, ShiftAndSpreadAreThoseOfKnownColours) {
  const Image white = halves({255, 255, 255}, {255, 255, 255}), black = halves({0, 0, 0}, {0, 0, 0});
  const Image red = halves({255, 0, 0}, {255, 0, 0}), mixed = halves({255, 0, 0}, {0, 255, 0});
  EXPECT_NEAR(colour_shift(white, black), 100, .01);
  EXPECT_NEAR(colour_shift(red, red), 0, 1e-6);
  EXPECT_NEAR(colour_shift(red, black), 100 * std::hypot(.62796, .22486, .12585), .01);
  EXPECT_NEAR(colour_spread(red), 0, .05);
  EXPECT_NEAR(colour_spread(mixed), 50 * std::hypot(.22486 + .23389, .12585 - .17950), .01);
  EXPECT_NEAR(colour_spread(halves({0, 0, 0}, {255, 255, 255})), 0, .05);
}

}  // namespace
}  // namespace linmo::measure
