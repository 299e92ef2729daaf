// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/sliced_wasserstein.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "linmo/measure/golden_test.h"

namespace linmo::measure {
namespace {

std::vector<Image> pictures(int64_t first, int64_t count, int64_t side, uint64_t noise) {
  std::vector<Image> all;
  for (int64_t i = 0; i < count; ++i) all.push_back(golden_picture(first + i, side, side, noise));
  return all;
}

TEST(SlicedWasserstein, EqualsAnIndependentProgram) {
  const nlohmann::json golden = nlohmann::json::parse(golden_file("measure.json"));
  for (const nlohmann::json& sets : golden.at("sets")) {
    SlicedWassersteinSettings s;
    s.patches = 16, s.repeats = 2, s.directions = 8, s.seed = 7;
    const SlicedWasserstein got = sliced_wasserstein(pictures(10, sets.at("a"), 64, 4),
                                                     pictures(20, sets.at("b"), 64, sets.at("noise")), s);
    ASSERT_EQ(got.levels.size(), sets.at("levels").size());
    double sum = 0;
    for (size_t i = 0; i < got.levels.size(); ++i) {
      const double want = sets.at("levels")[i];
      EXPECT_EQ(got.levels[i].size, 64 >> i);
      EXPECT_NEAR(got.levels[i].distance, want, 1e-4 * want) << "single against double precision";
      sum += want;
    }
    EXPECT_NEAR(got.mean, sum / 3, 1e-4 * sum);
  }
}

TEST(SlicedWasserstein, SmallForOneSetAndLargeForTwo) {
  const std::vector<Image> a = pictures(10, 12, 32, 256);
  SlicedWassersteinSettings s;
  s.repeats = 1;
  const SlicedWasserstein same = sliced_wasserstein(a, a, s);
  const SlicedWasserstein other = sliced_wasserstein(a, pictures(10, 12, 32, 4), s);
  EXPECT_EQ(same.patches, 12 * 128);
  EXPECT_LT(same.mean, 100);
  EXPECT_GT(other.levels[0].distance, 2 * same.levels[0].distance);
}

TEST(SlicedWasserstein, ShiftedPicturesAreTheSameTexture) {
  // Cut from one larger picture two pixels apart: the same patches all but exist in both sets.
  std::vector<Image> a, b, noise;
  for (int64_t i = 0; i < 8; ++i) {
    const Image large = golden_picture(30 + i, 34, 34, 60);
    for (const int64_t shift : {0, 2}) {
      Image part(32, 32, 3);
      for (int64_t y = 0; y < 32; ++y) {
        const auto from = large.row<uint8_t>(y + shift).subspan(static_cast<size_t>(3 * shift), 96);
        std::copy(from.begin(), from.end(), part.row<uint8_t>(y).begin());
      }
      (shift == 0 ? a : b).push_back(part);
    }
    noise.push_back(golden_picture(50 + i, 32, 32, 256));
  }
  SlicedWassersteinSettings s;
  s.repeats = 1;
  EXPECT_LT(sliced_wasserstein(a, b, s).mean, 0.5 * sliced_wasserstein(a, noise, s).mean);
}

TEST(SlicedWasserstein, DoesNotDependOnThreads) {
  const std::vector<Image> a = pictures(1, 5, 32, 20), b = pictures(9, 7, 32, 60);
  SlicedWassersteinSettings s;
  s.repeats = 1, s.threads = 1;
  const SlicedWasserstein one = sliced_wasserstein(a, b, s);
  s.threads = 5;
  const SlicedWasserstein five = sliced_wasserstein(a, b, s);
  EXPECT_EQ(one.mean, five.mean);
  s.seed = 1;
  EXPECT_NE(sliced_wasserstein(a, b, s).mean, one.mean) << "other patches and directions";
}

TEST(SlicedWasserstein, BlankPicturesAndBadSizes) {
  const std::vector<Image> blank(2, Image(16, 16, 3));
  EXPECT_EQ(sliced_wasserstein(blank, blank).mean, 0);
  EXPECT_THROW(sliced_wasserstein({}, blank), Error);
  EXPECT_THROW(sliced_wasserstein(blank, {Image(16, 17, 3)}), Error);
  EXPECT_THROW(sliced_wasserstein({Image(48, 48, 3)}, {Image(48, 48, 3)}), Error);
  EXPECT_THROW(sliced_wasserstein({Image(8, 8, 3)}, {Image(8, 8, 3)}), Error);
}

}  // namespace
}  // namespace linmo::measure
