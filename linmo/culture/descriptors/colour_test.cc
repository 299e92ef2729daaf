// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/colour.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"
#include "linmo/culture/descriptors/tone.h"

namespace linmo::culture {
namespace {

Image filled(int64_t width, int64_t height, std::array<uint8_t, 3> colour) {
  Image image(width, height, 3);
  auto s = image.samples<uint8_t>();
  for (size_t i = 0; i < s.size(); ++i) s[i] = colour[i % 3];
  return image;
}

void paint(Image& image, int64_t left, int64_t top, int64_t width, int64_t height,
           std::array<uint8_t, 3> colour) {
  for (int64_t y = top; y < top + height; ++y) {
    for (int64_t x = left; x < left + width; ++x) {
      for (size_t c = 0; c < 3; ++c) image.row<uint8_t>(y)[static_cast<size_t>(3 * x) + c] = colour[c];
    }
  }
}

TEST(Colour, LabAndOklabOfKnownColours) {
  struct {
    std::array<uint8_t, 3> rgb;
    Lab lab;
  } const labs[] = {{{255, 255, 255}, {100, 0, 0}},
                    {{255, 255, 0}, {97.1393, -21.5537, 94.4780}},
                    {{0, 255, 255}, {91.1132, -48.0875, -14.1312}},
                    {{0, 255, 0}, {87.7347, -86.1827, 83.1793}},
                    {{255, 0, 255}, {60.3242, 98.2343, -60.8249}},
                    {{255, 0, 0}, {53.2408, 80.0925, 67.2032}},
                    {{0, 0, 255}, {32.2970, 79.1875, -107.8602}}};
  for (const auto& c : labs) {  // Lindbloom's, to two decimals, as scikit-image tests them
    const Lab lab = lab_of_srgb(c.rgb[0], c.rgb[1], c.rgb[2]);
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(lab[k], c.lab[k], 0.01);
  }
  const Lab brown = lab_of_srgb(128, 64, 32);
  EXPECT_NEAR(brown[0], 34.7248, 1e-4);
  EXPECT_NEAR(brown[1], 24.9996, 1e-4);
  EXPECT_NEAR(brown[2], 31.3728, 1e-4);
  const auto& linear = linear_of_srgb();
  const Lab ok = oklab_of_linear(linear[128], linear[64], linear[32]);
  EXPECT_NEAR(ok[0], .446630, 1e-6);
  EXPECT_NEAR(ok[1], .069503, 1e-6);
  EXPECT_NEAR(ok[2], .070578, 1e-6);
  const std::pair<Lab, Lab> primaries[] = {{{1, 0, 0}, {.627955, .224863, .125846}},
                                           {{0, 1, 0}, {.866440, -.233888, .179498}},
                                           {{0, 0, 1}, {.452014, -.032457, -.311528}}};
  for (const auto& [rgb, lab] : primaries) {
    const Lab found = oklab_of_linear(rgb[0], rgb[1], rgb[2]);
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(found[k], lab[k], 1e-6);
  }
  const Lab back = linear_of_oklab(ok);
  EXPECT_EQ(srgb_of_linear(back[0]), 128);
  EXPECT_EQ(srgb_of_linear(back[2]), 32);
}

TEST(Colour, CubeRootIsExactEnough) {
  for (double x = 1e-9; x < 2; x = x * 1.37 + 1e-9) {
    const Lab lab = lab_of_linear(x, x, x);
    const double y = x * (0.212671 + 0.715160 + 0.072169);
    EXPECT_NEAR(lab[0], y > 0.008856 ? 116 * std::cbrt(y) - 16 : 903.292 * y, 1e-10);
  }
}

// Pairs of Sharma, Wu & Dalal 2005, table 1.
TEST(Colour, DeltaE2000) {
  struct {
    Lab x, y;
    double e;
  } const pairs[] = {{{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
                     {{50, -1.3802, -84.2814}, {50, 0, -82.7485}, 1.0000},
                     {{50, 0, 0}, {50, -1, 2}, 2.3669},
                     {{50, 2.49, -.001}, {50, -2.49, .0011}, 7.2195},
                     {{50, 2.5, 0}, {56, -27, -3}, 31.9030},
                     {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
                     {{2.0776, .0795, -1.1350}, {.9033, -.0636, -.5514}, .9082}};
  for (const auto& p : pairs) {
    EXPECT_NEAR(delta_e_2000(p.x, p.y), p.e, 1e-4);
    EXPECT_NEAR(delta_e_2000(p.y, p.x), p.e, 1e-4);
  }
}

// The fast form for planes against the formula, near and far from the colour, and for greys.
TEST(Colour, DeltaEOfPlanesEqualsThatOfColours) {
  Random random(11);
  const Lab papers[] = {{85, 2, 14}, {50, 0, 0}, {30, 20, -60}, {60, -40, 30}, {95, 0.01, -0.01}};
  Plane l(61, 50), a(61, 50), b(61, 50), fast;
  for (const Lab& paper : papers) {
    for (size_t i = 0; i < l.values.size(); ++i) {
      const double reach = i % 3 == 0 ? 3 : 160;
      const auto near = [&](size_t k) { return paper[k] + reach * (random.uniform() - .5); };
      l.values[i] = static_cast<float>(std::clamp(near(0), 0.0, 100.0));
      a.values[i] = i % 7 == 0 ? 0 : static_cast<float>(near(1));
      b.values[i] = i % 7 == 0 ? 0 : static_cast<float>(near(2));
    }
    delta_e_2000(l, a, b, paper, fast);
    for (size_t i = 0; i < l.values.size(); ++i) {
      const Lab colour{l.values[i], a.values[i], b.values[i]};
      EXPECT_NEAR(fast.values[i], delta_e_2000(colour, paper), 2e-3)
          << colour[0] << " " << colour[1] << " " << colour[2];
    }
  }
}

TEST(Colour, HaslerSuesstrunk) {
  EXPECT_EQ(colourfulness(filled(32, 32, {90, 90, 90})), 0);
  EXPECT_NEAR(colourfulness(filled(32, 32, {255, 0, 0})), 85.5296, 1e-4);
  EXPECT_NEAR(colourfulness(filled(32, 32, {0, 0, 255})), 76.5, 1e-9);
  Image half = filled(32, 32, {255, 0, 0});
  paint(half, 0, 0, 16, 32, {0, 0, 255});
  EXPECT_NEAR(colourfulness(half), 272.6187, 1e-4);
  EXPECT_NEAR(colourfulness(grad_picture()), 104.586064, 1e-6);
  EXPECT_NEAR(colourfulness(noise_picture(3)), 138.482772, 1e-6);
  Image warm = to_rgb(ink_picture(), 0);  // (g, 230 g/255, 190 g/255)
  const auto samples = warm.samples<uint8_t>();
  for (size_t i = 0; i < samples.size(); i += 3) {
    const int g = samples[i];
    samples[i + 1] = static_cast<uint8_t>(g * 230 / 255);
    samples[i + 2] = static_cast<uint8_t>(g * 190 / 255);
  }
  EXPECT_NEAR(colourfulness(warm), 30.175087, 1e-6);
}

TEST(Colour, MeansOfReferencePictures) {
  const ColourFeatures grad = measure_colour(make_subject(grad_picture()), nullptr, nullptr);
  EXPECT_NEAR(grad.lab_l, 56.16392, 1e-4);
  EXPECT_NEAR(grad.lab_a, 1.85986, 1e-4);
  EXPECT_NEAR(grad.lab_b, 5.19563, 1e-4);
  EXPECT_NEAR(grad.hsv_hue_entropy, 2.102552, 5e-4);  // ties of round() hang on the last bit
  const ColourFeatures noise = measure_colour(make_subject(noise_picture(3)), nullptr, nullptr);
  EXPECT_NEAR(noise.lab_l, 57.42816, 1e-4);
  EXPECT_NEAR(noise.lab_a, 6.96874, 1e-4);
  EXPECT_NEAR(noise.lab_b, 3.44353, 1e-4);
}

TEST(Colour, SharesOfKnownPatches) {
  // A quarter each of vermilion, Prussian blue, gold, and paper.
  Image image = filled(200, 200, {236, 224, 200});
  paint(image, 0, 0, 100, 100, {200, 60, 40});
  paint(image, 100, 0, 100, 100, {30, 60, 110});
  paint(image, 0, 100, 100, 100, {215, 180, 70});
  const Lab paper = lab_of_srgb(236, 224, 200);
  std::vector<PaletteColour> palette;
  const ColourFeatures c = measure_colour(make_subject(image), &paper, &palette);
  EXPECT_NEAR(c.strong_red, 0.25, 1e-9);
  EXPECT_NEAR(c.blue, 0.25, 1e-9);
  EXPECT_NEAR(c.gold, 0.25, 1e-9);
  EXPECT_NEAR(c.monochrome, 0.25, 1e-9);
  EXPECT_EQ(c.flat_regions, 4);
  EXPECT_GT(c.flat_share, 0.85);
  EXPECT_EQ(palette.size(), 4u);
  EXPECT_NEAR(c.palette_entropy, std::log(4) / std::log(8), 1e-9);
  EXPECT_EQ(c.relevant_colours, 4);
  EXPECT_GT(c.warm_cool, 0);
}

TEST(Colour, GreyHasNoHue) {
  const ColourFeatures c = measure_colour(make_subject(to_rgb(noise_picture(), 0)), nullptr, nullptr);
  EXPECT_TRUE(std::isnan(c.hue_entropy));
  EXPECT_TRUE(std::isnan(c.hue_mean));
  EXPECT_EQ(c.monochrome, 1);
  EXPECT_LT(c.chroma, 0.05);
  EXPECT_EQ(c.flat_share, 0);
}

TEST(Colour, StepsEqualAllPairs) {
  const Scale s = make_scale(noise_picture(3));
  double sum = 0;
  int64_t pairs = 0;
  for (int64_t y = 0; y < s.height(); ++y) {
    for (int64_t x = 0; x < s.width(); ++x) {
      for (const auto& [dx, dy] : {std::pair{8, 0}, std::pair{0, 8}}) {
        if (x + dx >= s.width() || y + dy >= s.height()) continue;
        const auto i = static_cast<size_t>(y * s.width() + x),
                   j = static_cast<size_t>((y + dy) * s.width() + x + dx);
        sum += std::hypot(s.l.values[i] - s.l.values[j], s.a.values[i] - s.a.values[j],
                          s.b.values[i] - s.b.values[j]);
        ++pairs;
      }
    }
  }
  EXPECT_NEAR(colour_step(s, 8), sum / static_cast<double>(pairs), 1e-4);
  EXPECT_TRUE(std::isnan(colour_step(s, 256)));
}

TEST(Colour, PaletteDistanceIsTheCheapestTransport) {
  const auto at = [](double l, double weight) { return PaletteColour{{l, 0, 0}, weight}; };
  // On a line it is the area between the distribution functions.
  EXPECT_NEAR(palette_distance({at(0, .5), at(.5, .5)}, {at(.25, 1)}), .25, 1e-12);
  EXPECT_NEAR(palette_distance({at(0, .7), at(1, .3)}, {at(0, .2), at(1, .8)}), .5, 1e-12);
  EXPECT_NEAR(palette_distance({at(.1, .3), at(.4, .3), at(.8, .4)}, {at(.2, .5), at(.9, .5)}),
              .3 * .1 + .2 * .2 + .1 * .5 + .4 * .1, 1e-12);
  const std::vector<PaletteColour> same{at(.3, .4), at(.6, .6)};
  EXPECT_NEAR(palette_distance(same, same), 0, 1e-12);
  EXPECT_THROW(palette_distance({}, same), Error);
}

TEST(Colour, PalettesAsText) {
  const auto palette = parse_palette("#ff0000 0.25; #ecE0c8 0.75");
  ASSERT_EQ(palette.size(), 2u);
  EXPECT_EQ(to_text(palette), "#ff0000 0.2500; #ece0c8 0.7500");
  for (const char* wrong : {"red", "#ff000 1", "#ff0000", "#ff0000 x", "#gg0000 1", "#ff0000 -1"})
    EXPECT_THROW(parse_palette(wrong), Error) << wrong;
}

TEST(Tone, ReferencePictures) {
  struct {
    const char* name;
    double mean, contrast;
  } const cases[] = {{"ramp", 51.818532, 29.480669},
                     {"checker", 50, 50},
                     {"noise", 51.749949, 29.478073},
                     {"ink", 75.951153, 28.656547},
                     {"rings", 17.081164, 11.982488}};
  for (const auto& c : cases) {
    const Subject s = make_subject(to_rgb(reference_picture(c.name), 0));
    EXPECT_NEAR(measure_tone(s).rms_contrast, c.contrast, 5e-6) << c.name;
    EXPECT_NEAR(measure_colour(s, nullptr, nullptr).lab_l, c.mean, 5e-6) << c.name;
  }
  const Image noise = noise_picture();
  const auto grey = noise.samples<uint8_t>();
  EXPECT_NEAR(scaled_entropy(std::vector<float>(grey.begin(), grey.end())), 7.997336, 1e-6);
  EXPECT_NEAR(scaled_entropy(reference_scale("noise").l.values), 7.895307652, 1e-6);  // scikit-image 0.19.3
  EXPECT_NEAR(scaled_entropy(reference_scale("ink").l.values), .928105, 1e-6);
}

TEST(Tone, VoidOfKnownArea) {
  // Paper with noise, a quarter painted with a coarse pattern.
  Image image = filled(256, 256, {230, 220, 200});
  for (int64_t y = 128; y < 256; y += 4) {
    for (int64_t x = 128; x < 256; x += 4) paint(image, x, y, 2, 2, {40, 40, 40});
  }
  Void found;
  const ToneFeatures t = measure_tone(make_subject(image), &found);
  ASSERT_TRUE(found.paper.has_value());
  EXPECT_NEAR((*found.paper)[0], lab_of_srgb(230, 220, 200)[0], 0.01);
  // The pattern's own paper counts within 7 px of the even part.
  EXPECT_GE(t.void_share, 0.75 - 1e-9);
  EXPECT_LT(t.void_share, 0.75 + 2 * 8 * 128 / 65536.0);
  EXPECT_NEAR(t.void_quadtree, 0.75, 1e-9);
  EXPECT_GT(t.void_cells[0], 0.999);
  EXPECT_LT(t.void_cells[8], 0.01);
  EXPECT_NEAR(t.void_at_border, 1, 1e-3);
  EXPECT_LT(t.void_x, 0.5);
  EXPECT_NEAR(t.void_convexity, 0.75 / 0.875, 0.02);
  // A solid shape: the void ends at its edge.
  Image solid = filled(256, 256, {230, 220, 200});
  paint(solid, 64, 64, 100, 100, {50, 40, 30});
  EXPECT_NEAR(measure_tone(make_subject(solid)).void_share, 1 - 10000 / 65536.0, 1e-9);
  // Nothing even and light, no void.
  EXPECT_EQ(measure_tone(make_subject(noise_picture(3))).void_share, 0);
}

TEST(Tone, GradationOfARamp) {
  EXPECT_GT(measure_tone(make_subject(to_rgb(ramp_picture(), 0))).gradation, 0.9);
  EXPECT_EQ(measure_tone(make_subject(filled(128, 128, {80, 80, 80}))).gradation, 0);
  EXPECT_EQ(measure_tone(make_subject(to_rgb(checker_picture(), 0))).tonal_modes, 2);
  EXPECT_EQ(measure_tone(make_subject(filled(64, 64, {80, 80, 80}))).tonal_modes, 1);
}

}  // namespace
}  // namespace linmo::culture
