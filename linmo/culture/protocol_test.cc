// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/protocol.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linmo/core/error.h"
#include "linmo/culture/descriptors/marks.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"

namespace linmo::culture {
namespace {

using Rgb = std::array<int, 3>;

Image flat(int64_t width, int64_t height, Rgb colour) {
  Image out(width, height, 3);
  for (int64_t i = 0; i < out.pixels(); ++i)
    for (size_t c = 0; c < 3; ++c)
      out.samples<uint8_t>()[static_cast<size_t>(i) * 3 + c] = static_cast<uint8_t>(colour[c]);
  return out;
}

void fill(Image& image, int64_t left, int64_t top, int64_t width, int64_t height, Rgb colour) {
  for (int64_t y = top; y < top + height; ++y)
    for (int64_t x = left; x < left + width; ++x)
      for (size_t c = 0; c < 3; ++c)
        image.row<uint8_t>(y)[static_cast<size_t>(x) * 3 + c] = static_cast<uint8_t>(colour[c]);
}

// Something with detail everywhere.
void paint(Image& image, int64_t left, int64_t top, int64_t width, int64_t height) {
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const int v = static_cast<int>(40 + (x * 7 + y * 13) % 90 + (x / 9 + y / 7) % 2 * 60);
      fill(image, left + x, top + y, 1, 1, {v, v * 3 / 4, v / 2});
    }
}

PreparedPicture prepared(const Image& image, const Protocol& protocol = {}) {
  return prepare(encode_image(image, ImageFormat::png), protocol, "made.png");
}

TEST(Protocol, MountsWithStraightEdgesAreCutOff) {
  Image page = flat(400, 300, {245, 245, 245});  // page
  fill(page, 30, 20, 330, 260, {120, 100, 80});  // mount
  paint(page, 60, 50, 260, 200);
  const Border got = find_mount(page), want{60, 50, 80, 50};
  // A pixel of the picture goes with each edge: it is blurred.
  for (const auto& [g, w] : {std::pair{got.left, want.left},
                             {got.top, want.top},
                             {got.right, want.right},
                             {got.bottom, want.bottom}}) {
    EXPECT_GE(g, w);
    EXPECT_LE(g, w + 3);
  }
  const PreparedPicture picture = prepared(page);
  EXPECT_NEAR(picture.nuisance.mount_share, 1 - 260.0 * 200 / (400 * 300), 0.02);
  EXPECT_NEAR(picture.nuisance.source_aspect, 1.3, 0.02);
  EXPECT_EQ(picture.nuisance.source_width, 400);
  EXPECT_GT(picture.nuisance.mount_lightness, 40);
  const PreparedPicture kept = prepared(page, {.keep_mount = true});
  EXPECT_EQ(kept.subject.standard.width(), 400);
  EXPECT_TRUE(std::isnan(kept.nuisance.mount_share));
}

TEST(Protocol, BlankGroundOfAPaintingStays) {
  // Ink in the lower right on blank paper: uniform margins, but they end raggedly.
  Image paper = flat(300, 400, {232, 226, 210});
  for (int64_t k = 0; k < 120; ++k) {
    const int64_t height = k / 2 + (k * k) % 17, end = 340 + (k * k * 7) % 41;
    fill(paper, 150 + k, end - height, 1, height, {50, 48, 45});
  }
  EXPECT_EQ(find_mount(paper), Border{});
  EXPECT_EQ(find_mount(flat(100, 100, {9, 9, 9})), Border{});
  EXPECT_EQ(find_mount(to_rgb(noise_picture(), 0)), Border{});
}

TEST(Protocol, LargePicturesAreReducedAndNoneEnlarged) {
  Image large(1500, 900, 3);
  paint(large, 0, 0, 1500, 900);
  const PreparedPicture big = prepared(large);
  EXPECT_EQ(big.subject.standard.width(), 1024);
  EXPECT_EQ(big.subject.standard.height(), 614);
  EXPECT_NEAR(big.nuisance.reduction, 1024.0 / 1500, 1e-12);
  EXPECT_EQ(
      big.record,
      "protocol=1 format=PNG source=1500x900 orientation=1 icc=none alpha=none crop=0,0,0,0 size=1024x614 "
      "mask=none");
  const PreparedPicture small = prepared(crop(large, 0, 0, 200, 100));
  EXPECT_EQ(small.subject.standard.width(), 200);
  EXPECT_EQ(small.nuisance.reduction, 1);
  EXPECT_EQ(prepared(large, {.size = 300}).subject.standard.width(), 300);
}

TEST(Protocol, FilesThatAreNotWholeAreRefused) {
  Image picture(300, 200, 3);
  paint(picture, 0, 0, 300, 200);
  std::vector<std::byte> jpeg = encode_image(picture, ImageFormat::jpeg, {.quality = 80});
  const PreparedPicture whole = prepare(jpeg, {}, "whole.jpg");
  EXPECT_EQ(whole.nuisance.jpeg_quality, 80);
  EXPECT_EQ(whole.nuisance.chroma_subsampling, 4);
  EXPECT_NEAR(whole.nuisance.bytes_per_pixel, static_cast<double>(jpeg.size()) / 60'000, 1e-12);
  jpeg.resize(jpeg.size() * 9 / 10);  // the codec would show it with grey rows
  EXPECT_THROW(prepare(jpeg, {}, "cut.jpg"), Error);
  EXPECT_THROW(prepare({}, {}, "empty.jpg"), Error);
  EXPECT_THROW(prepared(flat(400, 8, {1, 2, 3})), Error);
}

TEST(Protocol, TransparencyIsLaidOverWhite) {
  Image rgba(64, 64, 4);  // transparent black
  for (int64_t y = 20; y < 40; ++y)
    for (int64_t x = 20; x < 40; ++x) rgba.row<uint8_t>(y)[static_cast<size_t>(4 * x + 3)] = 255;
  const PreparedPicture picture = prepared(rgba, {.keep_mount = true});
  EXPECT_NE(picture.record.find("alpha=white"), std::string::npos);
  EXPECT_EQ(picture.subject.standard.rgb.samples<uint8_t>()[0], 255);
}

// A scroll: paper, a little ink, two seals, a column of eight characters, and a red sun that is no seal's
// size.
Image scroll() {
  Image page = flat(400, 600, {228, 218, 196});
  fill(page, 60, 500, 280, 40, {60, 58, 55});
  for (const int64_t y : {60, 100}) {
    fill(page, 40, y, 24, 24, {176, 52, 40});
    fill(page, 46, y + 6, 3, 12, {228, 218, 196});  // what is cut into it
  }
  for (int64_t k = 0; k < 8; ++k) {
    fill(page, 340, 60 + 24 * k, 14, 4, {40, 40, 40});
    fill(page, 345, 60 + 24 * k, 4, 14, {40, 40, 40});
  }
  fill(page, 347, 79, 1, 1, {204, 194, 172});  // a speck of the ground between two characters
  fill(page, 150, 150, 110, 110, {176, 52, 40});
  return page;
}

TEST(Marks, SealsAndWritingAreFoundAndBlankedOut) {
  const Scale scale = make_scale(scroll());
  const std::vector<Mark> seals = find_seals(scale), columns = find_inscriptions(scale);
  ASSERT_EQ(seals.size(), 2u);
  for (const Mark& m : seals) {
    EXPECT_NEAR(m.left, 40, 2);
    EXPECT_NEAR(m.width(), 24, 4);
  }
  ASSERT_EQ(columns.size(), 1u);
  EXPECT_NEAR(columns[0].left, 340, 2);
  EXPECT_NEAR(columns[0].top, 60, 2);
  EXPECT_NEAR(columns[0].height(), 24 * 7 + 14, 4);
  EXPECT_NEAR(covered(scale, seals), 2 * 24.0 * 24 / (400 * 600), 4e-4);

  const PreparedPicture kept = prepared(scroll()), masked = prepared(scroll(), {.mask = "both"});
  EXPECT_EQ(kept.nuisance.seals_count, 2);
  EXPECT_EQ(masked.nuisance.seals_count, 2);
  EXPECT_EQ(masked.nuisance.inscription_columns, 1);
  EXPECT_NE(masked.record.find("mask=inscriptions:1,seals:2"), std::string::npos);
  const Image& rgb = masked.subject.standard.rgb;
  for (const auto& [x, y] : {std::pair{52, 72}, {52, 112}, {347, 65}}) {
    const uint8_t* p = rgb.row<uint8_t>(y).data() + 3 * x;
    EXPECT_NEAR(p[0], 228, 3);
    EXPECT_NEAR(p[2], 196, 3);
  }
  // The ground between characters, and the sun, are still there.
  EXPECT_EQ(rgb.row<uint8_t>(79)[3 * 347], 204);
  EXPECT_NEAR(rgb.row<uint8_t>(200)[3 * 200], 176, 1);
}

TEST(Marks, NoiseAndPlainPaperHaveNone) {
  for (const Image& picture : {noise_picture(3), flat(300, 300, {228, 218, 196})}) {
    EXPECT_TRUE(find_seals(make_scale(picture)).empty());
    EXPECT_TRUE(find_inscriptions(make_scale(picture)).empty());
  }
}

}  // namespace
}  // namespace linmo::culture
