// SPDX-License-Identifier: Apache-2.0
// How detail is spread over scales: spectral slopes, fractal dimensions, roughness.
#include <algorithm>
#include <bit>
#include <cmath>

#include "linmo/culture/descriptors/colour_space.h"
#include "linmo/culture/descriptors/kernels.h"
#include "linmo/culture/descriptors/spectrum.h"
#include "linmo/culture/descriptors/texture.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

int64_t power_of_two_below(int64_t v) {
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(v)));
}

LINMO_SIMD void widen(const uint8_t* row, uint8_t* least, uint8_t* most, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    least[x] = std::min(least[x], row[x]);
    most[x] = std::max(most[x], row[x]);
  }
}

LINMO_SIMD int64_t squared_differences(const uint8_t* a, const uint8_t* b, int64_t count) {
  int64_t sum = 0;
  while (count > 0) {  // sums of 32 bits hold 65,536 squares of 255
    const int64_t run = std::min<int64_t>(count, 32768);
    int32_t part = 0;
    for (int64_t i = 0; i < run; ++i) {
      const int32_t d = a[i] - b[i];
      part += d * d;
    }
    sum += part;
    a += run;
    b += run;
    count -= run;
  }
  return sum;
}

// Python's rounding.
int64_t half_to_even(double v) {
  return static_cast<int64_t>(std::nearbyint(v));
}

}  // namespace

SpectrumLine slope_of_mather(const Scale& scale) {
  const int64_t n = power_of_two_below(std::min(scale.width(), scale.height()));
  const int64_t left = scale.width() / 2 - n / 2, top = scale.height() / 2 - n / 2;
  Plane square = Plane::unset(n, n);
  for (int64_t y = 0; y < n; ++y) {
    const float* from = scale.l.row(top + y).data() + left;
    float* to = square.row(y).data();
    // Cut to whole levels, as the reference does; close to one, more than a float's digits decide.
    for (int64_t x = 0; x < n; ++x) {
      const float level = from[x] * 2.55f;
      auto whole = static_cast<float>(static_cast<int32_t>(level));
      if (level - whole < 1e-3f || level - whole > 1 - 1e-3f) {
        const uint8_t* rgb = scale.rgb.row<uint8_t>(top + y).data() + 3 * (left + x);
        whole = static_cast<float>(std::floor(lab_of_srgb(rgb[0], rgb[1], rgb[2])[0] / 100 * 255 + 1e-9));
      }
      to[x] = whole / 255;
    }
  }
  const auto half = static_cast<double>(n) / 2;
  const int64_t first = std::max<int64_t>(1, half_to_even(half / 25) - 1), last = half_to_even(half / 2) - 1;
  const std::vector<double> power = ring_power(square, last + 1);
  std::vector<double> x, y;
  for (int64_t r = first; r <= last; ++r) {
    if (power[static_cast<size_t>(r)] <= 0) return {kMissing, kMissing};
    x.push_back(std::log10(static_cast<double>(r)));
    y.push_back(std::log10(power[static_cast<size_t>(r)]));
  }
  if (x.size() < 3) return {kMissing, kMissing};
  const Line line = fit_line(x, y);
  return {line.slope / 2, line.deviation};
}

SpectrumLine slope_of_redies(const Image& luma) {
  constexpr int64_t kSide = 1024, kLow = 10, kHigh = 256, kBins = 123;
  int64_t sum = 0;
  for (const uint8_t v : luma.samples<uint8_t>()) sum += v;
  const auto mean =
      static_cast<float>(std::nearbyint(static_cast<double>(sum) / static_cast<double>(luma.pixels())));
  const double scale =
      static_cast<double>(kSide) / static_cast<double>(std::max(luma.width(), luma.height()));
  const auto scaled = [&](int64_t v) {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(v) * scale));
  };
  const int64_t w = scaled(luma.width()), h = scaled(luma.height());
  const Image image = w == luma.width() && h == luma.height() ? luma : resize(luma, w, h, Filter::lanczos);
  Plane square = Plane::unset(kSide, kSide);
  std::ranges::fill(square.values, mean);
  const int64_t left = kSide / 2 - w / 2, top = kSide / 2 - h / 2;
  for (int64_t y = 0; y < h; ++y) {
    const auto from = image.row<uint8_t>(y);
    std::copy(from.begin(), from.end(), square.row(top + y).begin() + left);
  }
  const std::vector<double> power = ring_power(square, kHigh + 1);
  // The reference pairs the power at r cycles with the frequency r + 1, in bins and line alike.
  std::vector<double> x, y;
  for (int64_t i = 0; i < kBins; ++i) {
    const double step = std::log10(static_cast<double>(kHigh) / kLow) / kBins;
    const auto edge = [&](int64_t k) {
      return static_cast<int64_t>(std::floor(std::pow(10, std::log10(kLow) + static_cast<double>(k) * step)));
    };
    const int64_t from = edge(i), to = edge(i + 1);
    double mean_power = 0;
    for (int64_t r = from; r <= to; ++r) mean_power += power[static_cast<size_t>(r - 1)];
    mean_power /= static_cast<double>(to - from + 1);
    if (mean_power <= 0) return {kMissing, kMissing};
    x.push_back(std::log10(static_cast<double>(from + to) / 2));
    y.push_back(std::log10(mean_power));
  }
  const Line line = fit_line(x, y);
  double first = 0, second = 0;
  for (int64_t r = kLow; r <= kHigh; ++r) {
    const double p = power[static_cast<size_t>(r - 1)];
    if (p <= 0) return {line.slope, kMissing};
    const double d = line.slope * std::log10(static_cast<double>(r)) + line.offset - std::log10(p);
    first += d;
    second += d * d;
  }
  const double n = kHigh - kLow + 1;
  return {line.slope, second / n - first / n * (first / n)};
}

double fractal_dimension_2d(const Image& luma) {
  const int64_t side = std::min(luma.width(), luma.height());
  const Image square = luma.width() == luma.height() ? luma : resize(luma, side, side, Filter::bicubic);
  const auto samples = square.samples<uint8_t>();
  int64_t sum = 0;
  for (const uint8_t v : samples) sum += v;
  const double mean = static_cast<double>(sum) / static_cast<double>(samples.size());
  std::vector<uint8_t> dark(samples.size());
  const auto limit = static_cast<uint8_t>(std::ceil(mean));  // v < mean, for whole v
  for (size_t i = 0; i < dark.size(); ++i) dark[i] = samples[i] < limit;
  std::vector<double> x, y;
  int64_t n = side;
  while (n > 6) {
    // The first count is of dark pixels, not of their border.
    if (n < side) {
      int64_t count = 0;
      for (int64_t i = 0; i < n * n; ++i) count += dark[static_cast<size_t>(i)];
      if (count == 0) return kMissing;
      x.push_back(std::log2(static_cast<double>(n)));
      y.push_back(std::log2(static_cast<double>(count)));
    }
    const int64_t half = n / 2;
    for (int64_t cy = 0; cy < half; ++cy) {  // in place: what is written lies behind what is still read
      const uint8_t* upper = dark.data() + 2 * cy * n;
      const uint8_t* lower = upper + n;
      uint8_t* to = dark.data() + cy * half;
      for (int64_t cx = 0; cx < half; ++cx) {
        const int sum = upper[2 * cx] + upper[2 * cx + 1] + lower[2 * cx] + lower[2 * cx + 1];
        to[cx] = sum > 0 && sum < 4;
      }
    }
    n = half;
  }
  if (x.size() < 2) return kMissing;
  return fit_line(x, y).slope;
}

double fractal_dimension_3d(const Image& luma) {
  const int64_t n = power_of_two_below(std::min(luma.width(), luma.height()));
  const int64_t top = half_to_even(static_cast<double>(luma.height() - n) / 2);
  const int64_t left = half_to_even(static_cast<double>(luma.width() - n) / 2);
  int64_t smallest = 2;  // the power of two at or above the cube root
  while (smallest * smallest * smallest < n) smallest *= 2;
  int64_t largest = smallest;
  const auto ceiling = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  while (ceiling(n, largest) + 1 <= ceiling(n, largest - 1)) ++largest;
  std::vector<double> x, y;
  std::vector<uint8_t> least(static_cast<size_t>(n)), most(least);
  for (int64_t box = smallest; box <= largest; box += 2) {
    // Height of a box: its side as a share of the picture's, in grey levels.
    const double height = static_cast<double>(box) / static_cast<double>(n);
    double count = 0;
    // Columns of boxes share one column of pixels, rows of boxes none, and the last row is left out.
    for (int64_t by = 0; by + 1 < n - box; by += box) {
      std::ranges::fill(least, uint8_t{255});
      std::ranges::fill(most, uint8_t{0});
      for (int64_t r = by; r < by + box; ++r)
        widen(luma.row<uint8_t>(top + r).data() + left, least.data(), most.data(), n);
      for (int64_t bx = 0; bx + box < n; bx += box - 1) {
        const int low = *std::min_element(least.begin() + bx, least.begin() + bx + box);
        const int high = *std::max_element(most.begin() + bx, most.begin() + bx + box);
        count += high == low ? 1 : std::ceil((high - low) / height);
      }
    }
    x.push_back(-std::log(static_cast<double>(box)));
    y.push_back(std::log(count));
  }
  if (x.size() < 2) return kMissing;
  return fit_line(x, y).slope;
}

double roughness_exponent(const Image& luma) {
  const int64_t w = luma.width(), h = luma.height();
  std::vector<double> x, y;
  for (int64_t lag = 1; lag <= 32 && 2 * lag <= std::min(w, h); lag *= 2) {
    int64_t sum = 0;
    for (int64_t r = 0; r < h; ++r) {
      const uint8_t* here = luma.row<uint8_t>(r).data();
      sum += squared_differences(here, here + lag, w - lag);
      if (r + lag < h) sum += squared_differences(here, luma.row<uint8_t>(r + lag).data(), w);
    }
    if (sum == 0) return kMissing;
    const auto pairs = static_cast<double>((w - lag) * h + w * (h - lag));
    x.push_back(std::log(static_cast<double>(lag)));
    y.push_back(std::log(static_cast<double>(sum) / pairs) / 2);
  }
  return x.size() < 2 ? kMissing : fit_line(x, y).slope;
}

}  // namespace linmo::culture
