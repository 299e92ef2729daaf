// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/measures.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "linmo/core/hash.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo {
namespace {

constexpr uint8_t kBackground = 128;
constexpr int64_t kSharpnessSide = 512;
constexpr int kHashSide = 32, kHashLow = 8;
constexpr double kLineDeviation = 6, kLineDrift = 8;  // grey levels

Image flattened(const Image& image) {
  return to_depth(to_rgb(image, kBackground), Depth::u8);
}

uint64_t hash_of_luma(const Image& luma) {
  const Image small = resize(luma, kHashSide, kHashSide, Filter::lanczos);
  static const auto kCosines = [] {
    std::array<std::array<double, kHashSide>, kHashLow> c{};
    for (int k = 0; k < kHashLow; ++k) {
      for (int x = 0; x < kHashSide; ++x)
        c[k][x] = std::cos(std::numbers::pi * k * (2 * x + 1) / (2.0 * kHashSide));
    }
    return c;
  }();
  std::array<std::array<double, kHashSide>, kHashLow> columns{};  // DCT down each column
  for (int x = 0; x < kHashSide; ++x) {
    for (int k = 0; k < kHashLow; ++k) {
      for (int y = 0; y < kHashSide; ++y) columns[k][x] += kCosines[k][y] * small.row<uint8_t>(y)[x];
    }
  }
  std::array<double, kHashLow * kHashLow> low{};
  for (int k = 0; k < kHashLow; ++k) {
    for (int l = 0; l < kHashLow; ++l) {
      for (int x = 0; x < kHashSide; ++x) low[k * kHashLow + l] += kCosines[l][x] * columns[k][x];
    }
  }
  auto sorted = low;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[31] + sorted[32]) / 2;
  uint64_t hash = 0;
  for (const double value : low) hash = hash << 1 | (value > median ? 1 : 0);
  return hash;
}

Thumbnail thumbnail_of_luma(const Image& luma) {
  const Image small = resize(luma, kThumbnailSide, kThumbnailSide, Filter::box);
  Thumbnail out{};
  std::ranges::copy(small.samples<uint8_t>(), out.begin());
  return out;
}

double sharpness_of_luma(const Image& luma) {
  const int64_t side = std::max(luma.width(), luma.height());
  if (side > kSharpnessSide) {
    const auto reduced = [&](int64_t n) {
      return std::max<int64_t>(1, (n * kSharpnessSide + side / 2) / side);
    };
    return sharpness_of_luma(resize(luma, reduced(luma.width()), reduced(luma.height()), Filter::box));
  }
  double sum = 0, squares = 0;
  const int64_t n = (luma.width() - 2) * (luma.height() - 2);
  if (luma.width() < 3 || luma.height() < 3) return 0;
  for (int64_t y = 1; y + 1 < luma.height(); ++y) {
    const auto above = luma.row<uint8_t>(y - 1), here = luma.row<uint8_t>(y),
               below = luma.row<uint8_t>(y + 1);
    for (size_t x = 1; x + 1 < here.size(); ++x) {
      const int laplacian = here[x - 1] + here[x + 1] + above[x] + below[x] - 4 * here[x];
      sum += laplacian;
      squares += static_cast<double>(laplacian) * laplacian;
    }
  }
  const double mean = sum / static_cast<double>(n);
  return squares / static_cast<double>(n) - mean * mean;
}

struct Line {
  std::array<double, 3> mean{}, deviation{};
};

// Statistics of `count` RGB pixels, `step` samples apart.
Line line_of(std::span<const uint8_t> samples, size_t start, size_t step, int64_t count) {
  Line line;
  for (size_t c = 0; c < 3; ++c) {
    int64_t sum = 0, squares = 0;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t v = samples[start + static_cast<size_t>(i) * step + c];
      sum += v;
      squares += v * v;
    }
    const double mean = static_cast<double>(sum) / static_cast<double>(count);
    line.mean[c] = mean;
    line.deviation[c] =
        std::sqrt(std::max(0.0, static_cast<double>(squares) / static_cast<double>(count) - mean * mean));
  }
  return line;
}

// How many of `count` lines, from line_at(0) on, belong to the margin.
template <class LineAt>
int64_t margin(int64_t count, const LineAt& line_at) {
  Line edge;
  for (int64_t i = 0; i < count; ++i) {
    const Line line = line_at(i);
    if (i == 0) edge = line;
    for (size_t c = 0; c < 3; ++c) {
      if (line.deviation[c] > kLineDeviation || std::abs(line.mean[c] - edge.mean[c]) > kLineDrift) return i;
    }
  }
  return count;
}

Border border_of_rgb(const Image& rgb, bool* uniform) {
  const int64_t width = rgb.width(), height = rgb.height();
  const auto samples = rgb.samples<uint8_t>();
  const auto stride = static_cast<size_t>(width) * 3;
  const auto row = [&](int64_t y) { return line_of(samples, static_cast<size_t>(y) * stride, 3, width); };
  Border b;
  b.top = margin(height, row);
  const bool flat = b.top == height;
  if (!flat) b.bottom = margin(height - b.top, [&](int64_t i) { return row(height - 1 - i); });
  const int64_t rows = height - b.top - b.bottom;
  if (!flat && rows > 0) {
    const auto column = [&](int64_t x) {
      return line_of(samples, static_cast<size_t>(b.top) * stride + static_cast<size_t>(x) * 3, stride, rows);
    };
    b.left = margin(width, column);
    if (b.left < width) b.right = margin(width - b.left, [&](int64_t i) { return column(width - 1 - i); });
  }
  // Only the first test is proof of flatness; two margins that meet are, say, a sky over a sea.
  const bool eaten = flat || rows <= 0 || b.left + b.right >= width;
  if (uniform) *uniform = flat;
  return eaten ? Border{} : b;
}

std::string pixels_hash(const Image& image) {
  Sha256 hash;
  const std::string head = fmt::format("{}x{}x{}x{}:", image.width(), image.height(), image.channels(),
                                       static_cast<int>(image.depth()));
  hash.update(std::as_bytes(std::span(head)));
  hash.update(image.bytes());
  return hash.finish();
}

}  // namespace

uint64_t perceptual_hash(const Image& image) {
  return hash_of_luma(to_grey(flattened(image)));
}

Thumbnail thumbnail(const Image& image) {
  return thumbnail_of_luma(to_grey(flattened(image)));
}

double sharpness(const Image& image) {
  return sharpness_of_luma(to_grey(flattened(image)));
}

Border find_border(const Image& image, bool* uniform) {
  return border_of_rgb(flattened(image), uniform);
}

Measures measure_picture(const Image& image, int64_t full_width) {
  Measures m;
  m.pixels_sha256 = pixels_hash(image);
  const Image rgb = flattened(image);
  const Image luma = to_grey(rgb);
  m.phash = hash_of_luma(luma);
  m.thumbnail = thumbnail_of_luma(luma);
  m.sharpness = sharpness_of_luma(luma);
  m.border = border_of_rgb(rgb, &m.uniform);
  if (full_width != image.width()) {
    const double scale = static_cast<double>(full_width) / static_cast<double>(image.width());
    for (int64_t* side : {&m.border.left, &m.border.top, &m.border.right, &m.border.bottom})
      *side = std::llround(static_cast<double>(*side) * scale);
  }
  return m;
}

}  // namespace linmo
