// SPDX-License-Identifier: Apache-2.0
// The fast forms against their definitions, on awkward sizes.
#include "linmo/culture/descriptors/spatial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/random.h"

namespace linmo::culture {
namespace {

constexpr std::pair<int64_t, int64_t> kSizes[] = {{1, 1}, {3, 40}, {67, 5}, {16, 16}, {133, 91}};

Plane noise(int64_t width, int64_t height) {
  Plane out(width, height);
  Random random(static_cast<uint64_t>(width * 1000 + height));
  for (float& v : out.values) v = static_cast<float>(100 * random.uniform());
  return out;
}

TEST(Spatial, DilationEqualsItsDefinition) {
  for (const auto& [w, h] : kSizes)
    for (const int64_t reach : {0, 1, 2, 3, 7, 20}) {
      Bits bits(w, h);
      Random random(5);
      for (uint8_t& v : bits.values) v = random.uniform() < 0.02;
      const Bits fast = dilated(bits, reach);
      for (int64_t y = 0; y < h; ++y)
        for (int64_t x = 0; x < w; ++x) {
          uint8_t any = 0;
          for (int64_t v = std::max<int64_t>(0, y - reach); v <= std::min(h - 1, y + reach); ++v)
            for (int64_t u = std::max<int64_t>(0, x - reach); u <= std::min(w - 1, x + reach); ++u)
              any |= bits.row(v)[u];
          ASSERT_EQ(fast.row(y)[x], any) << w << "x" << h << " reach " << reach << " at " << x << ", " << y;
        }
    }
}

TEST(Spatial, DeviationEqualsItsDefinition) {
  for (const auto& [w, h] : kSizes)
    for (const int side : {3, 9, 15}) {
      const Plane plane = noise(w, h);
      const Plane fast = local_deviation(plane, side);
      for (int64_t y = 0; y < h; ++y)
        for (int64_t x = 0; x < w; ++x) {
          double sum = 0, squares = 0, n = 0;
          for (int64_t v = std::max<int64_t>(0, y - side / 2); v <= std::min(h - 1, y + side / 2); ++v)
            for (int64_t u = std::max<int64_t>(0, x - side / 2); u <= std::min(w - 1, x + side / 2); ++u) {
              const double value = plane.row(v)[static_cast<size_t>(u)];
              sum += value;
              squares += value * value;
              ++n;
            }
          // Values to 100: squares of a window sum to some 1e6, doubles leave 1e-10 of that, its root 1e-5.
          ASSERT_NEAR(fast.row(y)[static_cast<size_t>(x)],
                      std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n))), 1e-4);
        }
    }
}

TEST(Spatial, QuantilesEqualThoseOfSortedValues) {
  for (const size_t count : {1, 2, 7, 1000, 5003}) {
    Random random(count);
    std::vector<float> v;
    // Many equal values, and a few far away.
    for (size_t i = 0; i < count; ++i)
      v.push_back(
          static_cast<float>(i % 50 == 0 ? 1000 * random.uniform() : std::floor(20 * random.uniform())));
    std::vector<float> sorted = v;
    std::ranges::sort(sorted);
    const std::array q{0.0, 0.05, 0.5, 0.501, 0.95, 1.0};
    const std::vector<double> fast = quantiles(v, q);
    for (size_t k = 0; k < q.size(); ++k) {
      const double at = q[k] * static_cast<double>(count - 1);
      const auto low = static_cast<size_t>(at);
      const double upper = sorted[std::min(count - 1, low + 1)];
      EXPECT_NEAR(fast[k], sorted[low] + (at - static_cast<double>(low)) * (upper - sorted[low]), 1e-9)
          << count << " " << q[k];
    }
  }
}

}  // namespace
}  // namespace linmo::culture
