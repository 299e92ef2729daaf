// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/strokes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "linmo/core/random.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"

namespace linmo::culture {
namespace {

template <class F>
Image large_grey(int64_t side, F value) {
  Image image(side, side, 3);
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) {
      for (int c = 0; c < 3; ++c)
        image.row<uint8_t>(y)[static_cast<size_t>(3 * x + c)] = static_cast<uint8_t>(value(x, y));
    }
  }
  return image;
}

StrokeFeatures strokes_of(const Image& rgb) {
  return measure_strokes(make_subject(rgb));
}

TEST(Strokes, ShortestRunsEqualTheDefinition) {
  Bits ink(37, 29);
  Random random(5);
  for (uint8_t& v : ink.values) v = random.uniform() < 0.7;
  const Plane widths = stroke_widths(ink);
  const auto at = [&](int64_t x, int64_t y) {
    return x >= 0 && y >= 0 && x < ink.width && y < ink.height && ink.row(y)[x];
  };
  for (int64_t y = 0; y < ink.height; ++y) {
    for (int64_t x = 0; x < ink.width; ++x) {
      double least = 0;
      if (at(x, y)) {
        least = 1e9;
        for (const auto& [dx, dy] : {std::pair<int64_t, int64_t>{1, 0}, {0, 1}, {1, 1}, {1, -1}}) {
          int64_t n = 1;
          for (int64_t i = 1; at(x + i * dx, y + i * dy); ++i) ++n;
          for (int64_t i = 1; at(x - i * dx, y - i * dy); ++i) ++n;
          least = std::min(least, static_cast<double>(n) * std::hypot(dx, dy));
        }
      }
      EXPECT_NEAR(widths.row(y)[static_cast<size_t>(x)], least, 1e-4) << x << ", " << y;
    }
  }
}

TEST(Strokes, BarsHaveTheirWidth) {
  for (const int64_t width : {2, 5, 9}) {
    const auto bars = [&](auto place) {
      return strokes_of(large_grey(512, [&](int64_t x, int64_t y) { return place(x, y) ? 40 : 220; }));
    };
    const StrokeFeatures upright = bars([&](int64_t x, int64_t) { return x % 64 < width; });
    EXPECT_NEAR(upright.stroke_width * 0.512, width, 1) << width;
    EXPECT_LT(upright.stroke_width_iqr * 0.512, 1);
    EXPECT_NEAR(upright.ink_share, static_cast<double>(width) / 64, 1e-9);
    const StrokeFeatures slanted =
        bars([&](int64_t x, int64_t y) { return (x + y) % 90 < static_cast<double>(width) * 1.41421; });
    EXPECT_NEAR(slanted.stroke_width * 0.512, width, 1) << width;
    EXPECT_NEAR(upright.line_share, width < 5.12 ? 1 : 0, 0.01);
  }
}

TEST(Strokes, OutlinesAreToldFromEdges) {
  const auto disc = [](bool outlined) {
    return strokes_of(large_grey(512, [=](int64_t x, int64_t y) {
      const double r = std::hypot(x - 256, y - 256);
      if (outlined && std::abs(r - 150) < 2) return 20;
      return r < 150 ? 120 : 210;
    }));
  };
  const StrokeFeatures with = disc(true), without = disc(false);
  EXPECT_GT(with.outline_share, 0.95);
  EXPECT_LT(with.outline_darkness, -20);
  EXPECT_LT(without.outline_share, 0.05);
  EXPECT_GT(without.outline_darkness, -1);
}

// A line between a dark robe and light paper is lost in the step from one to the other when it is smoothed.
TEST(Strokes, OutlinesOfDarkThingsCount) {
  const auto squares = [](int line) {
    return strokes_of(large_grey(512, [=](int64_t x, int64_t y) {
      const int64_t u = x % 64, v = y % 64;
      const int64_t depth = std::min({u - 10, 53 - u, v - 10, 53 - v});  // within the square
      return depth < 0 ? 225 : depth < 2 ? line : 70;
    }));
  };
  const StrokeFeatures none = squares(70), slight = squares(50), strong = squares(20);
  EXPECT_NEAR(none.outline_darkness, 0, 0.5);
  // L* of 70, 50 and 20: 29.5, 20.8 and 6.3.
  EXPECT_NEAR(slight.outline_darkness, -8.7, 2);
  EXPECT_NEAR(strong.outline_darkness, -23.2, 3);
  EXPECT_GT(slight.outline_share, 0.9);
}

TEST(Strokes, CurvatureIsOneOverTheRadius) {
  for (const double radius : {30.0, 60.0, 200.0}) {
    const StrokeFeatures f = strokes_of(large_grey(512, [=](int64_t x, int64_t y) {
      return 60 + 140 * std::clamp(std::hypot(x - 256, y - 256) - radius + 0.5, 0.0, 1.0);
    }));
    EXPECT_NEAR(f.edge_curvature, 512 / radius, 0.12 * 512 / radius) << radius;
    EXPECT_NEAR(f.edge_straightness, radius > 128 ? 1 : 0, 0.1) << radius;
  }
  const StrokeFeatures square = strokes_of(large_grey(
      512, [](int64_t x, int64_t y) { return x > 100 && x < 400 && y > 100 && y < 400 ? 60 : 200; }));
  EXPECT_NEAR(square.edge_curvature, 0, 0.1);
  EXPECT_GT(square.edge_straightness, 0.9);
}

TEST(Strokes, AFlatPictureHasNone) {
  const StrokeFeatures f = strokes_of(Image(64, 64, 3));
  EXPECT_EQ(f.ink_share, 0);
  EXPECT_TRUE(std::isnan(f.stroke_width));
  EXPECT_TRUE(std::isnan(f.outline_share));
}

}  // namespace
}  // namespace linmo::culture
