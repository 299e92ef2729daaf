// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/composition.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"

namespace linmo::culture {
namespace {

CompositionFeatures composition_of(const Image& rgb) {
  const Subject subject = make_subject(rgb);
  Void found;
  measure_tone(subject, &found);
  return measure_composition(subject, found);
}

Bits dark_of(const Image& luma) {
  const int threshold = otsu(histogram(luma.samples<uint8_t>()));
  Bits dark(luma.width(), luma.height());
  for (size_t i = 0; i < dark.values.size(); ++i) dark.values[i] = luma.samples<uint8_t>()[i] <= threshold;
  return dark;
}

// Values of Aesthetics-Toolbox 1.0.2.
TEST(Composition, BalanceAndSymmetryOfReferencePictures) {
  struct {
    const char* name;
    double balance, mirror, homogeneity;
  } const cases[] = {{"ramp", 14.773147, 26.26875, 86.491941},
                     {"checker", 1.145935, 25.065104, 99.898717},
                     {"noise", .188770, 24.668253, 99.893035},
                     {"ink", 37.031096, 7.326081, 74.843140},
                     {"rings", 14.167635, 59.599857, 90.254434}};
  for (const auto& c : cases) {
    const Image picture = reference_picture(c.name);
    EXPECT_NEAR(balance(mass_sums(picture), Polarity::parity), c.balance, 1e-6) << c.name;
    EXPECT_NEAR(mirror_symmetry(dark_of(picture)).of_all_axes, c.mirror, 1e-6) << c.name;
    EXPECT_NEAR(homogeneity(picture, mass_sums(picture), Polarity::parity), c.homogeneity, 1e-6) << c.name;
  }
  const MassCentre ink = centre_of_mass(mass_sums(ink_picture()), Polarity::parity);
  EXPECT_NEAR(ink.distance, 45.211363, 1e-6);
  EXPECT_NEAR(ink.x, .070312, 1e-6);
  EXPECT_NEAR(ink.y, -.214844, 1e-6);
}

// The field's symmetry of random dots is their share squared, ours is 0 for any share.
TEST(Composition, ChanceSymmetryIsNone) {
  for (const double share : {0.1, 0.25, 0.5, 0.75}) {
    Bits dots(301, 300);
    Random random(3);
    for (uint8_t& v : dots.values) v = random.uniform() < share;
    const Mirrored m = mirror_symmetry(dots);
    EXPECT_NEAR(m.of_all_axes, 100 * share * share, 1);
    const double p = m.upright_p;
    EXPECT_NEAR((m.upright - p * p) / (p - p * p), 0, 0.02) << share;
  }
}

TEST(Composition, MirrorImagesAreSymmetric) {
  Image picture = noise_picture(3);
  for (int64_t y = 0; y < 256; ++y) {
    const auto row = picture.row<uint8_t>(y);
    for (size_t x = 0; x < 128; ++x) {
      for (size_t c = 0; c < 3; ++c) row[3 * (255 - x) + c] = row[3 * x + c];
    }
  }
  const CompositionFeatures f = composition_of(picture);
  EXPECT_NEAR(f.mirror_lr, 1, 1e-9);
  EXPECT_NEAR(f.mirror_correlation_lr, 1, 1e-6);
  EXPECT_NEAR(f.mirror_ud, 0, 0.05);
  EXPECT_NEAR(f.dark_x, 0.5, 1e-5);
}

TEST(Composition, PolaritiesChangePlaces) {
  Image light = ink_picture(), dark = light;
  for (uint8_t& v : dark.samples<uint8_t>()) v = static_cast<uint8_t>(255 - v);
  EXPECT_NEAR(balance(mass_sums(light), Polarity::dark), balance(mass_sums(dark), Polarity::light), 1e-9);
  EXPECT_NEAR(centre_of_mass(mass_sums(light), Polarity::dark).distance,
              centre_of_mass(mass_sums(dark), Polarity::light).distance, 1e-9);
}

// 8 grey levels.
TEST(Composition, FirstPartitionOfTheInkPicture) {
  std::vector<uint16_t> labels;
  const Image ink = ink_picture();
  for (const uint8_t v : ink.samples<uint8_t>()) labels.push_back(v >> 5);
  const Part whole{0, 0, 256, 256};
  EXPECT_NEAR(label_entropy(labels, 256, whole), .799061, 1e-6);
  const Cut level = best_cut(labels, 256, whole, true), upright = best_cut(labels, 256, whole, false);
  EXPECT_EQ(level.position, 152);
  EXPECT_NEAR(level.gain, .333445, 1e-6);
  EXPECT_EQ(upright.position, 190);
  EXPECT_NEAR(upright.gain, .075732, 1e-6);
}

TEST(Composition, FindsHorizonAndSkyline) {
  // Even sky over dark noise that ends 96 px above the bottom of 256, with one peak 32 px wide up to 192.
  const Image grain = noise_picture();
  const Image picture = grey_picture([&](int64_t x, int64_t y) {
    const bool ground = y >= 160 || (x >= 100 && x < 132 && y >= 64);
    return ground ? 20 + grain.row<uint8_t>(y)[static_cast<size_t>(x)] / 4 : 230;
  });
  const CompositionFeatures f = composition_of(to_rgb(picture, 0));
  EXPECT_NEAR(f.horizon, 96.0 / 256, 1e-9);
  EXPECT_GT(f.horizon_gain, 0.2);
  EXPECT_EQ(f.cut_horizontal[0], 1);
  EXPECT_NEAR(f.cut_position[0], 160.0 / 256, 1e-9);
  EXPECT_NEAR(f.skyline_high, 0.75, 0.03);
  EXPECT_NEAR(f.skyline_low, 96.0 / 256, 0.03);
  EXPECT_GT(f.dark_y, 0.6);
}

TEST(Composition, LinesOfThirdsAndFigures) {
  // A dark bar around the upright line at 2/3, and a spot.
  const Image picture = grey_picture([](int64_t x, int64_t y) {
    const bool bar = std::abs(x - 171) < 10;
    const bool spot = (x - 40) * (x - 40) + (y - 200) * (y - 200) < 400;
    return bar || spot ? 20 : 220;
  });
  const CompositionFeatures f = composition_of(to_rgb(picture, 0));
  EXPECT_GT(f.thirds_right, 3);
  EXPECT_LT(f.thirds_left, 1);
  EXPECT_NEAR(f.figure_share, 19 / 256.0, 0.01);
  EXPECT_EQ(f.figure_count, 2);
  EXPECT_LT(f.axis_level, 0);  // upright
}

TEST(Composition, DiagonalsHaveDirection) {
  const Image picture = grey_picture([](int64_t x, int64_t y) { return std::abs(x - y) < 20 ? 20 : 220; });
  const CompositionFeatures f = composition_of(to_rgb(picture, 0));
  EXPECT_GT(f.diagonal_falling, 0.5);
  EXPECT_LT(f.diagonal_rising, 0.1);
  EXPECT_LT(f.axis_rising, -0.3);
}

TEST(Composition, LayoutSaysWhereMassesLie) {
  // All of the darkness in the second cell of the third row, 30 × 9 px.
  Image picture(240, 72, 3);
  std::ranges::fill(picture.samples<uint8_t>(), uint8_t{255});
  for (int64_t y = 18; y < 27; ++y)
    for (int64_t x = 3 * 30; x < 3 * 60; ++x) picture.row<uint8_t>(y)[static_cast<size_t>(x)] = 0;
  const Subject subject = make_subject(picture);
  Void found;
  measure_tone(subject, &found);
  Layout layout;
  measure_composition(subject, found, &layout);
  ASSERT_TRUE(layout.masses[Layout::dark]);
  for (size_t i = 0; i < 64; ++i) EXPECT_NEAR((*layout.masses[Layout::dark])[i], i == 17 ? 64 : 0, 1e-3) << i;
  EXPECT_FALSE(layout.masses[Layout::chroma]);  // black and white
  EXPECT_GT((*layout.masses[Layout::edges])[17], 10);
  EXPECT_GT((*layout.masses[Layout::salience])[17], 10);
  const std::string text = to_text(layout);
  const Layout read = parse_layout(text);
  EXPECT_EQ(to_text(read), text);
  EXPECT_FALSE(read.masses[Layout::chroma]);
  EXPECT_NEAR((*read.masses[Layout::dark])[17], 255 / 64.0, 1e-9);  // the highest that a text can say
  for (const char* wrong : {"dark", "dark=00", "darker=00", "x", ";", "dark=;"})
    EXPECT_THROW(parse_layout(wrong), Error);
  EXPECT_THROW(parse_layout("dark=" + std::string(127, '0') + "g"), Error);
  EXPECT_NO_THROW(parse_layout(""));
}

// Sides that the grid does not divide: cells are means, whatever their sizes.
TEST(Composition, LayoutOfAnEvenPictureIsOne) {
  Image picture(83, 61, 3);
  std::ranges::fill(picture.samples<uint8_t>(), uint8_t{90});
  Layout layout;
  measure_composition(make_subject(picture), Void{std::nullopt, Bits(83, 61)}, &layout);
  for (const double v : *layout.masses[Layout::dark]) EXPECT_NEAR(v, 1, 1e-5);
  EXPECT_FALSE(layout.masses[Layout::edges]);
  EXPECT_FALSE(layout.masses[Layout::salience]);
}

TEST(Composition, AFlatPictureHasNone) {
  const CompositionFeatures f = composition_of(Image(40, 90, 3));
  EXPECT_TRUE(std::isnan(f.horizon));
  EXPECT_TRUE(std::isnan(f.centre_weight));
  EXPECT_TRUE(std::isnan(f.mirror_correlation_lr));
  EXPECT_NEAR(f.log_aspect, std::log(40 / 90.0), 1e-12);
}

}  // namespace
}  // namespace linmo::culture
