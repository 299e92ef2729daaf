// SPDX-License-Identifier: Apache-2.0
// Hübner's measures of symmetry and balance, in the reference's form and without its change of polarity.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/culture/descriptors/composition.h"

namespace linmo::culture {
namespace {

// Whether mass is 255 − luma. The reference counts one level twice for balance and homogeneity.
bool inverted(const Image& luma, Polarity polarity, int counted_twice) {
  if (polarity != Polarity::parity) return polarity == Polarity::dark;
  const auto counts = histogram(luma.samples<uint8_t>());
  const int64_t dark = std::accumulate(counts.begin(), counts.begin() + 128, int64_t{0});
  const int64_t light = std::accumulate(counts.begin() + 128 - counted_twice, counts.end(), int64_t{0});
  return dark <= light;
}

}  // namespace

Mirrored mirror_symmetry(const Bits& dark) {
  const int64_t w = dark.width, h = dark.height, columns = w / 2, rows = h / 2;
  Mirrored out{};
  // Counts of dark pixels and of dark pairs by distance from the edge, on either side of the upright axis.
  std::vector<int64_t> pairs(static_cast<size_t>(columns)), single(pairs);
  double level = 0, level_p = 0;
  const auto weight = [](int64_t i, int64_t count) {
    return 1 + static_cast<double>(i) / static_cast<double>(std::max<int64_t>(1, count - 1));
  };
  for (int64_t y = 0; y < h; ++y) {
    const uint8_t* row = dark.row(y);
    for (int64_t x = 0; x < columns; ++x) {
      pairs[static_cast<size_t>(x)] += row[x] & row[w - 1 - x];
      single[static_cast<size_t>(x)] += row[x] + row[w - 1 - x];
    }
    if (y >= rows) continue;
    const uint8_t* other = dark.row(h - 1 - y);
    int64_t both = 0, either = 0;
    for (int64_t x = 0; x < w; ++x) {
      both += row[x] & other[x];
      either += row[x] + other[x];
    }
    level += static_cast<double>(both) * weight(y, rows);
    level_p += static_cast<double>(either) / 2 * weight(y, rows);
  }
  double upright = 0, upright_p = 0;
  for (int64_t x = 0; x < columns; ++x) {
    upright += static_cast<double>(pairs[static_cast<size_t>(x)]) * weight(x, columns);
    upright_p += static_cast<double>(single[static_cast<size_t>(x)]) / 2 * weight(x, columns);
  }
  const double upright_all = 1.5 * static_cast<double>(h * columns),
               level_all = 1.5 * static_cast<double>(w * rows);
  out.upright = upright / upright_all;
  out.upright_p = upright_p / upright_all;
  out.level = level / level_all;
  out.level_p = level_p / level_all;
  if (w != h) {
    out.of_all_axes = 50 * (out.upright + out.level);
    return out;
  }
  // The diagonals of a square: pixels below a diagonal with a dark mirror image above, in blocks that stay in
  // the cache. Falling: (x, y) and (y, x); rising: the same after a quarter turn.
  constexpr int64_t kBlock = 32;
  std::vector<int64_t> count(static_cast<size_t>(2 * w)), places(count);
  for (int64_t y0 = 0; y0 < w; y0 += kBlock) {
    for (int64_t x0 = 0; x0 <= y0; x0 += kBlock) {
      for (int64_t y = y0; y < std::min(w, y0 + kBlock); ++y) {
        for (int64_t x = x0; x < std::min(y, x0 + kBlock); ++x) {
          const int falling = dark.row(y)[x] & dark.row(x)[y];
          const int rising = dark.row(x)[w - 1 - y] & dark.row(y)[w - 1 - x];
          count[static_cast<size_t>(y)] += falling;
          places[static_cast<size_t>(y)] += falling * (x + 1);
          count[static_cast<size_t>(w + y)] += rising;
          places[static_cast<size_t>(w + y)] += rising * (x + 1);
        }
      }
    }
  }
  double diagonals = 0;
  for (int64_t i = 0; i < 2 * w; ++i) {
    if (i % w == 0) continue;
    diagonals += static_cast<double>(count[static_cast<size_t>(i)]) +
                 static_cast<double>(places[static_cast<size_t>(i)]) / static_cast<double>(i % w);
  }
  diagonals *= 2 / (1.5 * static_cast<double>(w * (w - 1)));
  out.of_all_axes = 25 * (out.upright + out.level + diagonals);
  return out;
}

double balance(const Image& luma, Polarity polarity) {
  const int64_t w = luma.width(), h = luma.height();
  // Sums of luma, and counts of pixels, on the two outer sides of each of the 8 axes.
  enum : size_t {
    kLeftRight,
    kColumns,
    kTopBottom,
    kRows,
    kFalling,
    kAcrossFalling,
    kRising,
    kAcrossRising,
    kAxes
  };
  struct Side {
    double luma = 0, pixels = 0;
  };
  std::array<std::array<Side, 2>, kAxes> sides{};
  std::vector<int64_t> before(static_cast<size_t>(w + 1));
  const int64_t far_y = h - static_cast<int64_t>(static_cast<double>(h) * (1 / std::sqrt(2)));
  const int64_t far_x = w - static_cast<int64_t>(static_cast<double>(w) * (1 / std::sqrt(2)));
  double total = 0;
  for (int64_t y = 0; y < h; ++y) {
    const auto row = luma.row<uint8_t>(y);
    for (size_t x = 0; x < row.size(); ++x) before[x + 1] = before[x] + row[x];
    total += static_cast<double>(before.back());
    const auto add = [&](size_t axis, size_t side, int64_t first, int64_t last) {  // columns first … last − 1
      first = std::clamp<int64_t>(first, 0, w);
      last = std::clamp<int64_t>(last, first, w);
      Side& s = sides[axis][side];
      s.luma += static_cast<double>(before[static_cast<size_t>(last)] - before[static_cast<size_t>(first)]);
      s.pixels += static_cast<double>(last - first);
    };
    add(kLeftRight, 0, 0, w / 2);
    add(kLeftRight, 1, w - w / 2, w);
    add(kColumns, 0, 0, w / 4);
    add(kColumns, 1, w - w / 4, w);
    if (y < h / 2) add(kTopBottom, 0, 0, w);
    if (y >= h - h / 2) add(kTopBottom, 1, 0, w);
    if (y < h / 4) add(kRows, 0, 0, w);
    if (y >= h - h / 4) add(kRows, 1, 0, w);
    add(kFalling, 0, y + 1, w);
    add(kFalling, 1, 0, y);
    add(kAcrossFalling, 0, 0, y - far_y + 1);
    add(kAcrossFalling, 1, y + far_x, w);
    add(kRising, 0, w - y, w);
    add(kRising, 1, 0, w - 1 - y);
    add(kAcrossRising, 0, 0, w - far_x - y);
    add(kAcrossRising, 1, w - 1 + far_y - y, w);
  }
  const bool invert = inverted(luma, polarity, 1);
  const auto mass = [&](const Side& s) { return invert ? 255 * s.pixels - s.luma : s.luma; };
  double all = invert ? 255 * static_cast<double>(w * h) - total : total;
  if (all == 0) all = 1;
  double sum = 0;
  for (size_t axis = 0; axis < kAxes; ++axis) {
    const double a = mass(sides[axis][0]), b = mass(sides[axis][1]);
    const bool outer = axis == kColumns || axis == kRows || axis == kAcrossFalling || axis == kAcrossRising;
    sum += std::abs(outer ? all - 2 * (a + b) : a - b) / all * 100;
  }
  return sum / static_cast<double>(kAxes);
}

MassCentre centre_of_mass(const Image& luma, Polarity polarity) {
  const bool invert = inverted(luma, polarity, 0);
  double all = 0, sum_x = 0, sum_y = 0;
  for (int64_t y = 0; y < luma.height(); ++y) {
    int64_t row = 0, along = 0;
    const auto in = luma.row<uint8_t>(y);
    for (size_t x = 0; x < in.size(); ++x) {
      const int64_t m = invert ? 255 - in[x] : in[x];
      row += m;
      along += m * static_cast<int64_t>(x);
    }
    all += static_cast<double>(row);
    sum_x += static_cast<double>(along);
    sum_y += static_cast<double>(row * y);
  }
  if (all == 0) return {kMissing, kMissing, kMissing};
  const auto w = static_cast<double>(luma.width()), h = static_cast<double>(luma.height());
  double x = sum_x / all, y = sum_y / all;
  if (polarity == Polarity::parity) {
    x = (std::nearbyint(x) + 1) / w;
    y = (std::nearbyint(y) + 1) / h;
  } else {
    x = (x + 0.5) / w;
    y = (y + 0.5) / h;
  }
  return {std::hypot(0.5 - x, 0.5 - y) / 0.5 * 100, 0.5 - x, 0.5 - y};
}

double homogeneity(const Image& luma, Polarity polarity) {
  const bool invert = inverted(luma, polarity, 1);
  auto counts = histogram(luma.samples<uint8_t>());
  if (invert) std::ranges::reverse(counts);
  const int threshold = otsu(counts);
  const int64_t w = luma.width(), h = luma.height();
  std::array<double, 10> columns{}, rows{};
  for (int64_t y = 0; y < h; ++y) {
    const auto in = luma.row<uint8_t>(y);
    double row = 0;
    for (size_t column = 0; column < 10; ++column) {
      const int64_t first = static_cast<int64_t>(column) * (w / 10), last = column == 9 ? w : first + w / 10;
      int64_t count = 0;
      for (int64_t x = first; x < last; ++x) {
        const int v = in[static_cast<size_t>(x)];
        count += (invert ? 255 - v : v) > threshold;
      }
      columns[column] += static_cast<double>(count);
      row += static_cast<double>(count);
    }
    rows[static_cast<size_t>(std::min<int64_t>(9, y / (h / 10)))] += row;
  }
  if (std::accumulate(rows.begin(), rows.end(), 0.0) == 0) return kMissing;
  return std::max(0.0, 50 * (entropy_bits(columns) + entropy_bits(rows)) / std::log2(10));
}

}  // namespace linmo::culture
