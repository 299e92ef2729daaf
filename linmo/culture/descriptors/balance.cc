// SPDX-License-Identifier: Apache-2.0
// Hübner's measures of symmetry and balance, in the reference's form and without its change of polarity.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/core/simd.h"
#include "linmo/culture/descriptors/composition.h"

namespace linmo::culture {
namespace {

// Whether mass is 255 − luma. The reference counts one level twice for balance and homogeneity.
bool inverted(const MassSums& sums, Polarity polarity, int counted_twice) {
  if (polarity != Polarity::parity) return polarity == Polarity::dark;
  const auto& counts = sums.histogram;
  const int64_t dark = std::accumulate(counts.begin(), counts.begin() + 128, int64_t{0});
  const int64_t light = std::accumulate(counts.begin() + 128 - counted_twice, counts.end(), int64_t{0});
  return dark <= light;
}

LINMO_SIMD int64_t count_between(const uint8_t* v, uint8_t low, uint8_t high, int64_t count) {
  int32_t n = 0;
  for (int64_t i = 0; i < count; ++i) n += (v[i] >= low && v[i] <= high) ? 1 : 0;
  return n;
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

MassSums mass_sums(const Image& luma) {
  const int64_t w = luma.width(), h = luma.height();
  MassSums out;
  out.width = w;
  out.height = h;
  out.histogram = histogram(luma.samples<uint8_t>());
  std::vector<int64_t> before(static_cast<size_t>(w + 1));
  const int64_t far_y = h - static_cast<int64_t>(static_cast<double>(h) * (1 / std::sqrt(2)));
  const int64_t far_x = w - static_cast<int64_t>(static_cast<double>(w) * (1 / std::sqrt(2)));
  for (int64_t y = 0; y < h; ++y) {
    const auto row = luma.row<uint8_t>(y);
    int64_t sum = 0, sums = 0;
    for (size_t x = 0; x < row.size(); ++x) {
      sums += sum;
      before[x + 1] = sum += row[x];
    }
    out.luma += sum;
    out.luma_x += (w - 1) * sum - sums;  // Σ v·x
    out.luma_y += y * sum;
    const auto add = [&](size_t axis, size_t side, int64_t first, int64_t last) {  // columns first … last − 1
      first = std::clamp<int64_t>(first, 0, w);
      last = std::clamp<int64_t>(last, first, w);
      MassSums::Side& s = out.sides[axis][side];
      s.luma += before[static_cast<size_t>(last)] - before[static_cast<size_t>(first)];
      s.pixels += last - first;
    };
    using enum MassSums::Axis;
    add(left_right, 0, 0, w / 2);
    add(left_right, 1, w - w / 2, w);
    add(columns, 0, 0, w / 4);
    add(columns, 1, w - w / 4, w);
    if (y < h / 2) add(top_bottom, 0, 0, w);
    if (y >= h - h / 2) add(top_bottom, 1, 0, w);
    if (y < h / 4) add(rows, 0, 0, w);
    if (y >= h - h / 4) add(rows, 1, 0, w);
    add(falling, 0, y + 1, w);
    add(falling, 1, 0, y);
    add(across_falling, 0, 0, y - far_y + 1);
    add(across_falling, 1, y + far_x, w);
    add(rising, 0, w - y, w);
    add(rising, 1, 0, w - 1 - y);
    add(across_rising, 0, 0, w - far_x - y);
    add(across_rising, 1, w - 1 + far_y - y, w);
  }
  return out;
}

double balance(const MassSums& sums, Polarity polarity) {
  const bool invert = inverted(sums, polarity, 1);
  const auto mass = [&](const MassSums::Side& s) {
    return static_cast<double>(invert ? 255 * s.pixels - s.luma : s.luma);
  };
  const double all = std::max(1.0, mass({sums.luma, sums.width * sums.height}));
  double sum = 0;
  for (size_t axis = 0; axis < MassSums::kAxes; ++axis) {
    const double a = mass(sums.sides[axis][0]), b = mass(sums.sides[axis][1]);
    using enum MassSums::Axis;
    const bool outer = axis == columns || axis == rows || axis == across_falling || axis == across_rising;
    sum += std::abs(outer ? all - 2 * (a + b) : a - b) / all * 100;
  }
  return sum / static_cast<double>(MassSums::kAxes);
}

MassCentre centre_of_mass(const MassSums& sums, Polarity polarity) {
  const bool invert = inverted(sums, polarity, 0);
  const int64_t width = sums.width, height = sums.height, pixels = width * height;
  const auto mass = [&](int64_t of_luma, int64_t of_places) {
    return static_cast<double>(invert ? 255 * of_places - of_luma : of_luma);
  };
  const double all = mass(sums.luma, pixels);
  if (all == 0) return {kMissing, kMissing, kMissing};
  const auto w = static_cast<double>(width), h = static_cast<double>(height);
  double x = mass(sums.luma_x, pixels * (width - 1) / 2) / all;
  double y = mass(sums.luma_y, pixels * (height - 1) / 2) / all;
  if (polarity == Polarity::parity) {
    x = (std::nearbyint(x) + 1) / w;
    y = (std::nearbyint(y) + 1) / h;
  } else {
    x = (x + 0.5) / w;
    y = (y + 0.5) / h;
  }
  return {std::hypot(0.5 - x, 0.5 - y) / 0.5 * 100, 0.5 - x, 0.5 - y};
}

double homogeneity(const Image& luma, const MassSums& sums, Polarity polarity) {
  const bool invert = inverted(sums, polarity, 1);
  auto counts = sums.histogram;
  if (invert) std::ranges::reverse(counts);
  const int threshold = otsu(counts);
  if (threshold >= 255) return kMissing;
  // Mass above the threshold, as luma.
  const auto low = static_cast<uint8_t>(invert ? 0 : threshold + 1),
             high = static_cast<uint8_t>(invert ? 254 - threshold : 255);
  const int64_t w = luma.width(), h = luma.height();
  std::array<double, 10> columns{}, rows{};
  for (int64_t y = 0; y < h; ++y) {
    const uint8_t* in = luma.row<uint8_t>(y).data();
    double row = 0;
    for (size_t column = 0; column < 10; ++column) {
      const int64_t first = static_cast<int64_t>(column) * (w / 10), last = column == 9 ? w : first + w / 10;
      const auto count = static_cast<double>(count_between(in + first, low, high, last - first));
      columns[column] += count;
      row += count;
    }
    rows[static_cast<size_t>(std::min<int64_t>(9, y / (h / 10)))] += row;
  }
  if (std::accumulate(rows.begin(), rows.end(), 0.0) == 0) return kMissing;
  return std::max(0.0, 50 * (entropy_bits(columns) + entropy_bits(rows)) / std::log2(10));
}

}  // namespace linmo::culture
