// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/tiled.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/engine/random_weights.h"
#include "linmo/net/builder.h"
#include "linmo/net/generators.h"

namespace linmo::engine {
namespace {

struct Picture {
  int64_t height, width;
  std::vector<float> values;  // interleaved RGB
};

// Smooth, and not the same everywhere: a tile's own statistics differ from the picture's.
Picture make_picture(int64_t height, int64_t width, uint64_t seed) {
  Picture p{height, width, std::vector<float>(static_cast<size_t>(height * width * 3))};
  Random random(seed, 3);
  size_t i = 0;
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        p.values[i++] = static_cast<float>(
            std::sin(0.07 * static_cast<double>(y * (c + 1)) + 0.002 * static_cast<double>(x * x)) * 0.7 +
            random.uniform(-0.3, 0.3) * static_cast<double>(x) / static_cast<double>(width));
  return p;
}

struct Result {
  TileReport report;
  std::vector<float> values;
};
Result run(const Engine& engine, const Picture& p, const TileOptions& options) {
  const net::Description& d = engine.network();
  const net::Shape out = net::infer_shapes(d, {3, p.height, p.width})[static_cast<size_t>(d.outputs[0])];
  Result r;
  r.values.assign(static_cast<size_t>(out.count()), NAN);
  r.report = run_tiled(
      engine, p.height, p.width,
      [&](Rect part, std::span<float> to) {
        for (int64_t y = 0; y < part.height; ++y)
          std::copy_n(p.values.begin() + ((part.y + y) * p.width + part.x) * 3, part.width * 3,
                      to.begin() + y * part.width * 3);
      },
      [&](Rect part, std::span<const float> from) {
        for (int64_t y = 0; y < part.height; ++y)
          for (int64_t x = 0; x < part.width * 3; ++x) {
            float& to = r.values[static_cast<size_t>(((part.y + y) * out.width + part.x) * 3 + x)];
            EXPECT_TRUE(std::isnan(to)) << "a pixel was written twice";
            to = from[static_cast<size_t>(y * part.width * 3 + x)];
          }
      },
      options);
  return r;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

constexpr uint64_t kPlenty = 1ULL << 40;

void expect_seamless(const net::Description& d, uint64_t seed, int64_t largest_side) {
  const Engine engine(d, random_weights(d, seed), {Precision::fp32, 1, 4});
  Random random(seed, 8);
  const int64_t m = d.size_multiple;
  bool tiled = false;
  for (int trial = 0; trial < 3; ++trial) {
    // Once a tiny picture, then one that is larger than a window to both sides or to one.
    const auto side = [&](int64_t least) { return m * ((least + random.below(largest_side / 2)) / m + 2); };
    const int64_t h = side(trial == 0 ? 0 : largest_side / 2), w = side(trial == 1 ? largest_side : 0);
    const Picture p = make_picture(h, w, seed);
    const Result whole = run(engine, p, {kPlenty, 0, false});
    EXPECT_EQ(whole.report.mode, TileReport::Mode::whole);
    const Result tiles = run(engine, p, {kPlenty, 16 + random.below(50), true});
    tiled = tiled || tiles.report.tiles > 1;
    EXPECT_LT(largest_difference(whole.values, tiles.values), 1e-4)
        << d.family << " " << w << " × " << h << " in " << tiles.report.tiles;
  }
  EXPECT_TRUE(tiled);
}

TEST(Tiled, ExactTilesEqualTheWholePicture) {
  expect_seamless(net::compact({.ngf = 8, .blocks = 1}), 1, 150);
  expect_seamless(net::resnet({.ngf = 8, .blocks = 1}), 2, 160);
  expect_seamless(net::resnet({.ngf = 8, .blocks = 1, .decoder = net::Decoder::resize}), 3, 160);
  expect_seamless(net::resnet({.ngf = 4,
                               .blocks = 1,
                               .padding = net::PadMode::replicate,
                               .decoder = net::Decoder::antialias,
                               .antialias_down = true}),
                  4, 190);
  expect_seamless(net::seed_generator(), 5, 60);
}

TEST(Tiled, GroupAndLayerNorms) {
  for (const auto kind : {net::NormKind::group, net::NormKind::layer}) {
    net::Builder b("norms", 3);
    b.conv("a", 3, 8, 3, 1, 1);
    b.add(net::Norm{kind, 8, true, 1e-5, 0.1, 2}, "n");
    b.relu();
    b.conv("b", 8, 8, 3, 2, 1);
    b.add(net::Norm{kind, 8, true, 1e-5, 0.1, 4}, "m");
    b.add(net::ConvTranspose{8, 8, 4, 2, 1, 0, true}, "up");
    b.add(net::Norm{kind, 8, false, 1e-5, 0.1, 1});
    b.conv("c", 8, 3, 3, 1, 1);
    b.description().size_multiple = 2;
    expect_seamless(b.finish(), 6, 120);
  }
}

TEST(Tiled, MemoryDecidesTheTiles) {
  const net::Description d = net::compact({.ngf = 8, .blocks = 1});
  const Engine engine(d, random_weights(d, 1), {Precision::fp32, 1, 2});
  const Picture p = make_picture(256, 384, 1);
  const uint64_t whole = engine.memory_bytes(256, 384);
  EXPECT_EQ(plan_tiles(engine, 256, 384, {whole, 0, false}).mode, TileReport::Mode::whole);
  const TileReport report = plan_tiles(engine, 256, 384, {whole / 2, 0, true});
  EXPECT_EQ(report.mode, TileReport::Mode::exact);
  EXPECT_LE(engine.memory_bytes(report.window_height, report.window_width), whole / 2);
  const Result a = run(engine, p, {whole, 0, false}), b = run(engine, p, {whole / 2, 0, true});
  EXPECT_LT(largest_difference(a.values, b.values), 1e-4);
  EXPECT_THROW(plan_tiles(engine, 256, 384, {1000, 0, true}), Error);
  EXPECT_THROW(plan_tiles(engine, 256, 384, {whole / 50, 300, true}), Error);
}

// The mosaic's statistics are an estimate: close to the whole picture's, closer than a tile's own.
TEST(Tiled, FastTilesComeClose) {
  const net::Description d = net::compact({.ngf = 8, .blocks = 1});
  const Engine engine(d, random_weights(d, 1), {Precision::fp32, 1, 2});
  // Fine texture everywhere, brighter to the right.
  Picture p = make_picture(400, 560, 1);
  Random random(4, 4);
  for (int64_t i = 0; i < 400 * 560 * 3; ++i)
    p.values[static_cast<size_t>(i)] =
        static_cast<float>(random.uniform(-0.5, 0.5) + static_cast<double>(i / 3 % 560) / 560 - 0.5);
  const Result whole = run(engine, p, {kPlenty, 0, false}), fast = run(engine, p, {kPlenty, 24, false});
  EXPECT_EQ(fast.report.mode, TileReport::Mode::fast);
  const auto rms = [](const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i] - b[i]), 2);
    return std::sqrt(sum / static_cast<double>(a.size()));
  };
  Picture corner{100, 100, std::vector<float>(100 * 100 * 3)};
  std::vector<float> same_corner(corner.values.size());
  for (int64_t y = 0; y < 100; ++y) {
    std::copy_n(p.values.begin() + y * 560 * 3, 300, corner.values.begin() + y * 300);
    std::copy_n(whole.values.begin() + y * 560 * 3, 300, same_corner.begin() + y * 300);
  }
  const Result alone = run(engine, corner, {kPlenty, 0, false});
  EXPECT_LT(rms(whole.values, fast.values), 0.1);
  EXPECT_LT(2 * rms(whole.values, fast.values), rms(alone.values, same_corner));
}

TEST(Tiled, NetworksThatSeeEverythingAreNotCut) {
  const net::Description d = net::unet({.ngf = 4, .downs = 5});
  const Engine engine(d, random_weights(d, 1), {Precision::fp32, 1, 2});
  const uint64_t whole = engine.memory_bytes(64, 64);
  EXPECT_EQ(plan_tiles(engine, 64, 64, {whole, 16, false}).tiles, 1);
  try {
    plan_tiles(engine, 64, 64, {whole / 2, 0, false});
    FAIL() << "a U-Net was cut";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_NE(std::string(error.what()).find("all of it at once"), std::string::npos) << error.what();
  }
}

TEST(Tiled, StopsWhenAsked) {
  struct Stop : EventSink {
    void on_event(const Event&) override {}
    bool stop_requested() const override { return true; }
  } stop;
  const net::Description d = net::compact({.ngf = 8, .blocks = 1});
  const Engine engine(d, random_weights(d, 1), {Precision::fp32, 1, 2});
  EXPECT_THROW(
      run_tiled(
          engine, 64, 64, [](Rect, std::span<float>) {}, [](Rect, std::span<const float>) {}, {}, stop),
      Error);
}

}  // namespace
}  // namespace linmo::engine
