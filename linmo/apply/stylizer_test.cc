// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/stylizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linmo/apply/colour.h"
#include "linmo/core/random.h"
#include "linmo/engine/random_weights.h"
#include "linmo/image/convert.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/builder.h"
#include "linmo/net/generators.h"

namespace linmo::apply {
namespace {

model::Model random_model(net::Description d) {
  model::Model m;
  m.tensors = engine::random_weights(d, 3);
  m.network = std::move(d);
  return m;
}

// y = scale · x + shift, and nothing else.
model::Model affine_model(double scale, double shift = 0) {
  net::Builder b("affine", 3);
  b.add(net::ScaleShift{{scale}, {shift}});
  return random_model(b.finish());
}

const engine::Options kExact{engine::Precision::fp32, 1, 2};

template <class T>
Image noise(int64_t width, int64_t height, int channels, uint64_t seed = 1) {
  Image image(width, height, channels, sizeof(T) == 1 ? Depth::u8 : Depth::u16);
  Random random(seed, 5);
  for (T& v : image.samples<T>()) v = static_cast<T>(random.bits());
  return image;
}

TEST(Stylizer, IdentityGivesEverySampleBack) {
  const Stylizer identity(affine_model(1), kExact);
  for (const int channels : {3, 4}) {
    const Image eight = noise<uint8_t>(37, 23, channels), sixteen = noise<uint16_t>(23, 37, channels);
    if (channels == 3) {
      EXPECT_EQ(identity.apply(eight), eight);
    }
    const Image out = identity.apply(sixteen);
    ASSERT_EQ(out.depth(), Depth::u16);
    ASSERT_EQ(out.channels(), channels);
    EXPECT_EQ(alpha_of(out), alpha_of(sixteen));
    int off = 0;
    for (size_t i = 0; i < out.samples<uint16_t>().size(); ++i)
      off += out.samples<uint16_t>()[i] != sixteen.samples<uint16_t>()[i];
    // Colours under transparent pixels may change: one pixel in 65536 here.
    EXPECT_LE(off, channels == 4 ? 3 : 0);
  }
}

TEST(Stylizer, RoundsToNearest) {
  // 100/255 → −0.2157; half of it is 113.75.
  const Stylizer half(affine_model(0.5), kExact);
  Image grey(3, 2, 3);
  for (uint8_t& v : grey.samples<uint8_t>()) v = 100;
  const Image out = half.apply(grey);
  for (const uint8_t v : out.samples<uint8_t>()) EXPECT_EQ(v, 114);
}

TEST(Stylizer, EverySizeComesBackAsItWas) {
  const Stylizer compact(random_model(net::compact({.ngf = 8, .blocks = 1})), kExact);
  const Stylizer resnet(random_model(net::resnet({.ngf = 8, .blocks = 1})), kExact);
  const Stylizer unet(random_model(net::unet({.ngf = 4, .downs = 5})), kExact);
  const Stylizer seed(random_model(net::seed_generator()), kExact);
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 40}, {17, 2}, {33, 31}, {20, 16}, {5, 7}}) {
    for (const Stylizer* s : {&compact, &resnet, &unet, &seed}) {
      const Image out = s->apply(noise<uint8_t>(w, h, 3));
      EXPECT_EQ(out.width(), w);
      EXPECT_EQ(out.height(), h);
      EXPECT_EQ(out.channels(), 3);
      EXPECT_EQ(s->enlargement(), 1);
    }
  }
}

TEST(Stylizer, GreyPicturesBecomeColouredUnlessTheNetworkIsGrey) {
  const Stylizer compact(random_model(net::compact({.ngf = 8, .blocks = 1})), kExact);
  const Image grey = noise<uint8_t>(12, 10, 1);
  EXPECT_EQ(compact.apply(grey).channels(), 3);
  EXPECT_EQ(compact.apply(noise<uint8_t>(12, 10, 2)).channels(), 4);
  const Image rgb = to_rgb(grey, 0);
  EXPECT_EQ(compact.apply(grey), compact.apply(rgb));
  net::Builder b("grey", 1);
  b.add(net::ScaleShift{{-1}, {0}});
  const Stylizer negative(random_model(b.finish()), kExact);
  const Image out = negative.apply(grey);
  ASSERT_EQ(out.channels(), 1);
  for (size_t i = 0; i < 120; ++i) EXPECT_EQ(out.samples<uint8_t>()[i], 255 - grey.samples<uint8_t>()[i]);
}

TEST(Stylizer, LargerResults) {
  net::Builder b("double", 3);
  b.add(net::Upsample{net::Interpolation::nearest, 2, false});
  const Stylizer twice(random_model(b.finish()), kExact);
  EXPECT_EQ(twice.enlargement(), 2);
  const Image in = noise<uint8_t>(5, 3, 4);
  const Image out = twice.apply(in);
  ASSERT_EQ(out.width(), 10);
  ASSERT_EQ(out.height(), 6);
  ASSERT_EQ(out.channels(), 4);
  const Image colour = drop_alpha(in);
  ASSERT_GT(alpha_of(in).samples<uint8_t>()[0], 0);
  EXPECT_EQ(out.row<uint8_t>(1)[4], colour.row<uint8_t>(0)[0]);
  EXPECT_EQ(twice.apply(in, {.strength = 0.5, .keep_colour = false, .tiles = {}}).width(), 10);
}

TEST(Stylizer, StrengthGoesFromThePictureToTheStyle) {
  const Stylizer negative(affine_model(-1), kExact);
  const Image in = noise<uint16_t>(9, 8, 3);
  EXPECT_EQ(negative.apply(in, {.strength = 0, .keep_colour = false, .tiles = {}}), in);
  const Image quarter = negative.apply(in, {.strength = 0.25, .keep_colour = false, .tiles = {}});
  for (size_t i = 0; i < in.samples<uint16_t>().size(); ++i) {
    const double before = in.samples<uint16_t>()[i];
    EXPECT_NEAR(quarter.samples<uint16_t>()[i], before + 0.25 * (65535 - 2 * before), 1);
  }
  const Stylizer compact(random_model(net::compact({.ngf = 8, .blocks = 1})), kExact);
  EXPECT_EQ(compact.apply(in, {.strength = 0, .keep_colour = false, .tiles = {}}), in);
  EXPECT_THROW(compact.apply(in, {.strength = 1.5, .keep_colour = false, .tiles = {}}), Error);
}

TEST(Stylizer, TransparentColoursDoNotLeakOverEdges) {
  // A white disc on transparent black: a network that blurs must see white beyond the edge.
  net::Builder b("blur", 3);
  b.pad(net::PadMode::replicate, 2);
  b.add(net::Pool{false, 5, 1, 0, false});
  const Stylizer blur(random_model(b.finish()), kExact);
  Image in(41, 39, 4);
  for (int64_t y = 0; y < 39; ++y)
    for (int64_t x = 0; x < 41; ++x) {
      const bool inside = std::hypot(static_cast<double>(x - 20), static_cast<double>(y - 19)) < 12;
      for (int64_t c = 0; c < 4; ++c) in.row<uint8_t>(y)[static_cast<size_t>(4 * x + c)] = inside ? 255 : 0;
    }
  const Image out = blur.apply(in);
  EXPECT_EQ(alpha_of(out), alpha_of(in));
  for (int64_t y = 0; y < 39; ++y)
    for (int64_t x = 0; x < 41; ++x) EXPECT_EQ(out.row<uint8_t>(y)[static_cast<size_t>(4 * x)], 255);
}

TEST(Stylizer, KeepColourTakesLightnessOnly) {
  const Stylizer brighter(affine_model(0.8, 0.1), kExact);
  const Image in = noise<uint8_t>(16, 16, 3, 7);
  const Image plain = brighter.apply(in),
              kept = brighter.apply(in, {.strength = 1, .keep_colour = true, .tiles = {}});
  EXPECT_NE(plain, kept);
  const Rgb same = with_colour_of({0.3f, 0.6f, 0.2f}, {0.3f, 0.6f, 0.2f});
  EXPECT_NEAR(same[0], 0.3f, 1e-3);
  EXPECT_NEAR(same[1], 0.6f, 1e-3);
  EXPECT_NEAR(same[2], 0.2f, 1e-3);
  // A grey picture stays grey whatever the style's colour.
  const Rgb grey = with_colour_of({0.9f, 0.1f, 0.4f}, {0.5f, 0.5f, 0.5f});
  EXPECT_NEAR(grey[0], grey[1], 2e-3);
  EXPECT_NEAR(grey[1], grey[2], 2e-3);
  // Blue of nearly white is not in sRGB: the chroma gives way, no channel clips to garbage.
  const Rgb pale = with_colour_of({1, 1, 1}, {0, 0, 1});
  EXPECT_GT(pale[0], 0.9f);
  EXPECT_GT(pale[2], 0.9f);
}

TEST(Stylizer, TilesGiveTheSamePicture) {
  const Stylizer compact(random_model(net::compact({.ngf = 8, .blocks = 1})), kExact);
  const Image in = noise<uint8_t>(201, 163, 3);
  ApplySettings tiled;
  tiled.tiles.tile = 40;
  tiled.tiles.exact = true;
  const Image a = compact.apply(in), b = compact.apply(in, tiled);
  for (size_t i = 0; i < a.samples<uint8_t>().size(); ++i)
    EXPECT_NEAR(a.samples<uint8_t>()[i], b.samples<uint8_t>()[i], 1);
}

// The picture through files in bands.
Image in_bands(const Stylizer& stylizer, const Image& picture, const ApplySettings& settings,
               const TemporaryFolder& folder, bool* streamed = nullptr) {
  write_image(folder / "in.tif", picture);
  RowReader reader(folder / "in.tif");
  if (streamed) *streamed = reader.streams();
  stylizer.apply(
      reader,
      [&](int64_t width, int64_t height, int channels, Depth depth) {
        return std::make_unique<RowWriter>(folder / "out.tif", ImageFormat::tiff, width, height, channels,
                                           depth);
      },
      settings);
  return read_image(folder / "out.tif");
}

TEST(Stylizer, BandsGiveThePictureThatIsGivenWhole) {
  const TemporaryFolder folder;
  const Stylizer compact(random_model(net::compact({.ngf = 8, .blocks = 1})), kExact);
  net::Description half = net::compact({.ngf = 8, .blocks = 1});
  half.content_scale = 0.5;
  net::Builder b("double", 3);
  b.conv("c", 3, 3, 3, 1, 1);
  b.add(net::Upsample{net::Interpolation::nearest, 2, false});
  net::Layer enlarging;
  enlarging.op = net::Upsample{net::Interpolation::nearest, 2, false};
  enlarging.inputs = {half.outputs[0]};
  half.layers.push_back(enlarging);
  half.outputs = {static_cast<int>(half.layers.size()) - 1};
  const Stylizer reduced(random_model(half), kExact);
  const Stylizer twice(random_model(b.finish()), kExact);
  ASSERT_EQ(reduced.enlargement(), 1);
  struct Size {
    int64_t width, height;
  };
  for (const Stylizer* stylizer : {&compact, &reduced, &twice}) {
    for (const Size size : {Size{121, 163}, Size{160, 67}, Size{1, 90}}) {
      for (const int64_t tile : {0, 24, 40}) {
        for (const bool exact : {false, true}) {
          ApplySettings settings;
          settings.tiles.tile = tile;
          settings.tiles.exact = exact;
          const Image in = size.width == 160
                               ? noise<uint16_t>(160, 67, 3)
                               : noise<uint8_t>(size.width, size.height, size.width == 1 ? 1 : 3);
          bool streamed = false;
          EXPECT_EQ(in_bands(*stylizer, in, settings, folder, &streamed), stylizer->apply(in, settings))
              << stylizer->engine().network().family << " " << size.width << " " << tile << " " << exact;
          EXPECT_TRUE(streamed);
        }
      }
    }
  }
}

TEST(Stylizer, BandsAreMixedAndCannotAlwaysBe) {
  const TemporaryFolder folder;
  const Stylizer compact(random_model(net::compact({.ngf = 8, .blocks = 1})), kExact);
  ApplySettings settings;
  settings.tiles.tile = 24;
  settings.strength = 0.5;
  settings.keep_colour = true;
  const Image in = noise<uint8_t>(90, 140, 3);
  EXPECT_EQ(in_bands(compact, in, settings, folder), compact.apply(in, settings));
  EXPECT_THROW(in_bands(compact, noise<uint8_t>(90, 140, 4), settings, folder), Error);
  net::Builder b("double", 3);
  b.add(net::Upsample{net::Interpolation::nearest, 2, false});
  const Stylizer twice(random_model(b.finish()), kExact);
  EXPECT_FALSE(twice.can_stream(90, 140, settings));
  EXPECT_TRUE(twice.can_stream(90, 140, {}));
}

TEST(Stylizer, RefusesNetworksThatMakeNoPictures) {
  net::Builder b("five", 3);
  b.conv("c", 3, 5, 3, 1, 1);
  EXPECT_THROW(Stylizer(random_model(b.finish()), kExact), Error);
  EXPECT_THROW(Stylizer::load("/nonexistent/model.safetensors"), Error);
}

}  // namespace
}  // namespace linmo::apply
