// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/stages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/random.h"
#include "linmo/engine/random_weights.h"
#include "linmo/net/generators.h"

namespace linmo::engine {
namespace {

// Brighter to the right and rougher to the bottom, so that a part's own statistics are not the picture's.
std::vector<float> make_picture(int64_t height, int64_t width) {
  std::vector<float> values;
  Random random(3, 1);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        values.push_back(static_cast<float>(
            0.5 * std::sin(0.05 * static_cast<double>(x * (c + 1))) +
            static_cast<double>(x) / (2.0 * static_cast<double>(width)) +
            random.uniform(-0.4, 0.4) * static_cast<double>(y) / static_cast<double>(height) - 0.25));
  return values;
}

struct Ran {
  std::vector<float> values;
  std::vector<Moments> statistics;
  int64_t tiles = 0;
};
Ran in_stages(const Engine& engine, const std::vector<float>& picture, int64_t height, int64_t width,
              const Stages::Options& options) {
  Ran ran;
  ran.values.assign(picture.size(), NAN);
  ran.tiles = engine.stages()->run(
      height, width,
      [&](Rect part, std::span<float> to) {
        for (int64_t y = 0; y < part.height; ++y)
          std::copy_n(picture.begin() + ((part.y + y) * width + part.x) * 3, part.width * 3,
                      to.begin() + y * part.width * 3);
      },
      [&](Rect part, std::span<const float> from) {
        for (int64_t y = 0; y < part.height; ++y)
          for (int64_t x = 0; x < part.width * 3; ++x) {
            float& to = ran.values[static_cast<size_t>(((part.y + y) * width + part.x) * 3 + x)];
            EXPECT_TRUE(std::isnan(to)) << "a pixel was written twice";
            to = from[static_cast<size_t>(y * part.width * 3 + x)];
          }
      },
      options, &ran.statistics, [](double) {});
  return ran;
}

double rms(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
  return std::sqrt(sum / static_cast<double>(a.size()));
}
double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

// Exact: the untiled picture, and the untiled statistics.
void expect_whole(const net::Description& d, int64_t height, int64_t width, int64_t tile) {
  const Engine engine(d, random_weights(d, 7), {Precision::fp32, 1, 2});
  ASSERT_NE(engine.stages(), nullptr) << d.family;
  const std::vector<float> picture = make_picture(height, width);
  std::vector<float> whole(picture.size());
  std::vector<Moments> statistics;
  NormControl control;
  control.record = &statistics;
  engine.run_part(picture, height, width, {0, 0, width, height}, whole, control);
  const Ran ran = in_stages(engine, picture, height, width, {true, tile});
  EXPECT_GT(ran.tiles, 4);
  EXPECT_LT(largest_difference(whole, ran.values), 1e-4) << d.family << " " << width << " × " << height;
  ASSERT_EQ(ran.statistics.size(), statistics.size());
  for (size_t k = 0; k < statistics.size(); ++k) {
    EXPECT_EQ(ran.statistics[k].count, statistics[k].count) << k;
    for (size_t c = 0; c < statistics[k].mean.size(); ++c) {
      EXPECT_NEAR(ran.statistics[k].mean[c], statistics[k].mean[c],
                  1e-4 * (1 + std::abs(statistics[k].mean[c])));
      EXPECT_NEAR(ran.statistics[k].m2[c], statistics[k].m2[c],
                  1e-3 * (1e-3 * statistics[k].count + statistics[k].m2[c]));
    }
  }
}

TEST(Stages, ExactIsTheWholePicture) {
  expect_whole(net::compact({.ngf = 8, .blocks = 3}), 132, 180, 48);
  expect_whole(net::compact({.ngf = 8, .blocks = 3, .norm = net::NormChoice::batch}), 100, 164, 40);
  expect_whole(net::resnet({.ngf = 8, .blocks = 4}), 148, 112, 44);
  expect_whole(net::resnet({.ngf = 4, .blocks = 5, .padding = net::PadMode::replicate}), 112, 132, 36);
  expect_whole(net::resnet({.ngf = 4, .blocks = 6, .decoder = net::Decoder::resize}), 124, 140, 36);
}

// The outer norms are estimated from an eighth of the picture; the middle's see all of it.
TEST(Stages, ASampleComesClose) {
  const net::Description d = net::compact({.ngf = 8, .blocks = 3});
  const Engine engine(d, random_weights(d, 7), {Precision::fp32, 1, 2});
  constexpr int64_t kHeight = 1200, kWidth = 1600;
  const std::vector<float> picture = make_picture(kHeight, kWidth);
  const Ran exact = in_stages(engine, picture, kHeight, kWidth, {true, 0});
  const Ran sample = in_stages(engine, picture, kHeight, kWidth, {false, 0});
  EXPECT_LT(sample.statistics[0].count, 0.15 * exact.statistics[0].count);
  EXPECT_EQ(sample.statistics[3].count, exact.statistics[3].count);
  EXPECT_LT(rms(sample.values, exact.values), 0.05);  // 32 dB; untrained networks err most
  EXPECT_GT(rms(sample.values, exact.values), 0);
}

TEST(Stages, PrecisionsAgree) {
  const net::Description d = net::compact({.ngf = 16, .blocks = 3});
  const std::vector<float> picture = make_picture(160, 200);
  const Engine exact(d, random_weights(d, 7), {Precision::fp32, 1, 2});
  const Engine fast(d, random_weights(d, 7), {Precision::automatic, 1, 2});
  EXPECT_LT(rms(in_stages(exact, picture, 160, 200, {true, 64}).values,
                in_stages(fast, picture, 160, 200, {true, 64}).values),
            0.03);
}

TEST(Stages, OnlyNetworksWithOneValueInTheMiddleAreCut) {
  EXPECT_EQ(find_cut(net::compact({})), (Cut{7, 45}));
  EXPECT_TRUE(find_cut(net::resnet({.blocks = 9})));
  EXPECT_FALSE(find_cut(net::unet({.ngf = 4, .downs = 5})));
  EXPECT_FALSE(find_cut(net::compact({.residual = true})));
  EXPECT_FALSE(find_cut(net::seed_generator()));  // nowhere smaller than its input
}

TEST(Stages, TakesLessMemoryThanTheWhole) {
  const net::Description d = net::compact({});
  const Engine engine(d, random_weights(d, 7), {});
  const std::optional<uint64_t> bytes = engine.stages()->memory_bytes(3000, 4000);
  ASSERT_TRUE(bytes);
  EXPECT_LT(*bytes, engine.memory_bytes(3000, 4000) / 2);
  EXPECT_FALSE(engine.stages()->memory_bytes(3001, 4000));  // not what the network takes
}

}  // namespace
}  // namespace linmo::engine
