// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/sprites.h"

#include <gtest/gtest.h>

#include "linmo/core/random.h"
#include "linmo/engine/random_weights.h"
#include "linmo/image/convert.h"
#include "linmo/net/builder.h"
#include "linmo/net/generators.h"

namespace linmo::apply {
namespace {

Stylizer stylizer_of(net::Description d) {
  model::Model m;
  m.tensors = engine::random_weights(d, 3);
  m.network = std::move(d);
  return Stylizer(m, {engine::Precision::fp32, 1, 4});
}
Stylizer compact() {
  return stylizer_of(net::compact({.ngf = 8, .blocks = 1}));
}

Image noise(int64_t width, int64_t height, int channels, uint64_t seed) {
  Image image(width, height, channels);
  Random random(seed, 5);
  for (uint8_t& v : image.samples<uint8_t>()) v = static_cast<uint8_t>(random.bits());
  return image;
}

void put(Image& sheet, const Image& part, int64_t x, int64_t y) {
  for (int64_t row = 0; row < part.height(); ++row)
    std::copy_n(part.row<uint8_t>(row).begin(), part.width() * part.channels(),
                sheet.row<uint8_t>(y + row).begin() + x * part.channels());
}

TEST(Sprites, CellsDoNotSeeTheirNeighbours) {
  const Stylizer s = compact();
  SpriteSettings cells;
  cells.cell_width = 16;
  cells.cell_height = 12;
  // 2 × 2 cells and a rest on the right.
  Image sheet = noise(39, 24, 4, 1);
  const Image cell = noise(16, 12, 4, 2);
  put(sheet, cell, 16, 12);
  const Image out = apply_sprites(s, sheet, cells, {});
  ASSERT_EQ(out.width(), 39);
  EXPECT_EQ(crop(out, 16, 12, 16, 12), s.apply(cell));
  EXPECT_EQ(crop(out, 32, 0, 7, 12), s.apply(crop(sheet, 32, 0, 7, 12)));
  // The same cell elsewhere, among others, is the same again.
  Image other = noise(39, 24, 4, 3);
  put(other, cell, 0, 0);
  EXPECT_EQ(crop(apply_sprites(s, other, cells, {}), 0, 0, 16, 12), crop(out, 16, 12, 16, 12));
  EXPECT_NE(crop(s.apply(sheet), 16, 12, 16, 12), crop(out, 16, 12, 16, 12));
}

TEST(Sprites, EmptyCellsStayAsTheyAre) {
  SpriteSettings cells;
  cells.cell_width = cells.cell_height = 8;
  Image sheet = noise(16, 8, 4, 1);
  for (int64_t y = 0; y < 8; ++y) {
    for (int64_t x = 0; x < 8; ++x) sheet.row<uint8_t>(y)[static_cast<size_t>(4 * x + 3)] = 0;
  }
  const Image out = apply_sprites(compact(), sheet, cells, {});
  EXPECT_EQ(crop(out, 0, 0, 8, 8), crop(sheet, 0, 0, 8, 8));
  EXPECT_NE(crop(out, 8, 0, 8, 8), crop(sheet, 8, 0, 8, 8));
}

TEST(Sprites, CellsOfModelsThatEnlarge) {
  net::Builder b("double", 3);
  b.add(net::Upsample{net::Interpolation::nearest, 2, false});
  const Stylizer twice = stylizer_of(b.finish());
  SpriteSettings cells;
  cells.cell_width = cells.cell_height = 4;
  const Image sheet = noise(10, 4, 3, 1);
  EXPECT_EQ(apply_sprites(twice, sheet, cells, {}), twice.apply(sheet));
  // Pixel art keeps its size.
  EXPECT_EQ(apply_sprites(twice, sheet, {.pixel_art = true}, {}).width(), 10);
}

TEST(Sprites, PixelArtKeepsPixelsAndColours) {
  net::Builder b("negative", 3);
  b.add(net::ScaleShift{{-1}, {0}});
  const Stylizer negative = stylizer_of(b.finish());
  Image art(7, 5, 4);
  for (int64_t i = 0; i < 35; ++i) {
    const auto at = static_cast<size_t>(4 * i);
    const auto samples = art.samples<uint8_t>();
    const auto shade = static_cast<uint8_t>(i % 3 * 100);
    samples[at] = shade, samples[at + 1] = 50, samples[at + 2] = 0;
    samples[at + 3] = i % 4 == 0 ? 0 : i % 4 == 1 ? 128 : 255;
  }
  const Image out = apply_sprites(negative, art, {.pixel_art = true}, {});
  EXPECT_EQ(alpha_of(out), alpha_of(art));
  EXPECT_EQ(count_colours(out, 99), 3);
  for (size_t i = 0; i < 35; ++i) {
    if (art.samples<uint8_t>()[4 * i + 3] == 0) continue;
    EXPECT_EQ(out.samples<uint8_t>()[4 * i], 255 - art.samples<uint8_t>()[4 * i]);
  }
  // A network that mixes colours must not leave more of them.
  const Image painted = apply_sprites(compact(), art, {.pixel_art = true}, {});
  EXPECT_LE(count_colours(painted, 99), 3);
  EXPECT_EQ(painted.width(), 7);
  EXPECT_LE(
      count_colours(apply_sprites(compact(), noise(20, 20, 3, 4), {.pixel_art = true, .colours = 5}, {}), 99),
      5);
}

TEST(Sprites, PalettesHoldTheColoursThatMatter) {
  Image picture(10, 10, 3);
  const auto samples = picture.samples<uint8_t>();
  for (size_t i = 0; i < 100; ++i) {  // three clusters
    const auto v = static_cast<uint8_t>((i % 3 == 0 ? 20 : i % 3 == 1 ? 120 : 230) + i % 4);
    samples[3 * i] = samples[3 * i + 1] = samples[3 * i + 2] = v;
  }
  const Image out = snap_to_palette(picture, 3);
  EXPECT_EQ(count_colours(out, 9), 3);
  for (size_t i = 0; i < 300; ++i) EXPECT_NEAR(out.samples<uint8_t>()[i], samples[i], 3);
  EXPECT_EQ(snap_to_palette(picture, 256), picture);
  EXPECT_EQ(count_colours(snap_to_palette(noise(30, 30, 1, 1), 4), 99), 4);
  EXPECT_THROW(snap_to_palette(picture, 0), Error);
}

TEST(Sprites, RefusesSettingsOutOfRange) {
  const Stylizer s = compact();
  const Image p = noise(8, 8, 3, 1);
  EXPECT_THROW(apply_sprites(s, p, {.cell_width = 4}, {}), Error);
  EXPECT_THROW(apply_sprites(s, p, {.cell_width = -4, .cell_height = -4, .pixel_art = true}, {}), Error);
  EXPECT_THROW(apply_sprites(s, p, {.pixel_art = true, .colours = 257}, {}), Error);
  EXPECT_EQ(apply_sprites(s, p, {}, {}), s.apply(p));
}

}  // namespace
}  // namespace linmo::apply
