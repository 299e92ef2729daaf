// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/nuisance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "linmo/core/simd.h"
#include "linmo/image/convert.h"

namespace linmo::culture {
namespace {

constexpr int64_t kWindow = 1024;  // px of the stored picture that scan measures look at, in its middle
constexpr int kBlock = 8;
constexpr int kBlurWindow = 11;

// |Sobel derivative| along x (transposed: along y) over the inner part, 2 px off every side, as scikit-image
// cuts it; summed for the plane and as max(0, sharp − blurred).
struct Sums {
  double sharp = 0, lost = 0;
};

// Mean of kBlurWindow samples along rows, edges mirrored (…cba|abc|cba…), as scipy's uniform_filter1d.
Plane row_mean(const Plane& in) {
  Plane out = Plane::unset(in.width, in.height);
  constexpr int kReach = kBlurWindow / 2;
  std::vector<float> line(static_cast<size_t>(in.width + 2 * kReach));
  for (int64_t y = 0; y < in.height; ++y) {
    std::ranges::copy(in.row(y), line.begin() + kReach);
    for (int64_t x = 1; x <= kReach; ++x) {
      line[static_cast<size_t>(kReach - x)] = in.row(y)[static_cast<size_t>(mirrored(-x, in.width))];
      line[static_cast<size_t>(in.width + kReach - 1 + x)] =
          in.row(y)[static_cast<size_t>(mirrored(in.width - 1 + x, in.width))];
    }
    double sum = 0;
    for (int i = 0; i < kBlurWindow; ++i) sum += line[static_cast<size_t>(i)];
    for (int64_t x = 0; x < in.width; ++x) {
      out.row(y)[static_cast<size_t>(x)] = static_cast<float>(sum / kBlurWindow);
      const auto i = static_cast<size_t>(x);
      if (x + 1 < in.width) sum += line[i + kBlurWindow] - line[i];
    }
  }
  return out;
}

// Sums go on in lanes that do not wait for each other.
constexpr int64_t kLanes = 16;

LINMO_SIMD void add_rows(const float* enters, const float* leaves, float* __restrict sum,
                         float* __restrict mean, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    sum[x] += enters[x] - leaves[x];
    mean[x] = sum[x] / kBlurWindow;
  }
}

Plane column_mean(const Plane& in) {
  Plane out = Plane::unset(in.width, in.height);
  constexpr int kReach = kBlurWindow / 2;
  const auto w = static_cast<size_t>(in.width);
  // Values are whole numbers of at most 255: sums in float are exact.
  std::vector<float> sum(w), none(w);
  for (int64_t k = -kReach; k < kReach; ++k) {
    const float* row = in.row(mirrored(k, in.height)).data();
    for (size_t x = 0; x < w; ++x) sum[x] += row[x];
  }
  for (int64_t y = 0; y < in.height; ++y) {
    const float* leaves = y == 0 ? none.data() : in.row(mirrored(y - 1 - kReach, in.height)).data();
    add_rows(in.row(mirrored(y + kReach, in.height)).data(), leaves, sum.data(), out.row(y).data(), in.width);
  }
  return out;
}

// Σ |Sobel| of sharp, and Σ max(0, sharp − blurred), over columns 2 … count − 2.
template <bool kAlongX>
[[gnu::always_inline]] inline void compare_run(const float* const* s, const float* const* b, int64_t count,
                                               Sums& out) {
  const auto sobel = [](const float* const* rows, int64_t x) {
    const float *above = rows[0], *here = rows[1], *below = rows[2];
    return std::fabs(
        kAlongX ? above[x + 1] - above[x - 1] + 2 * (here[x + 1] - here[x - 1]) + below[x + 1] - below[x - 1]
                : below[x - 1] - above[x - 1] + 2 * (below[x] - above[x]) + below[x + 1] - above[x + 1]);
  };
  float sum[kLanes] = {}, lost[kLanes] = {};
  const auto add = [&](int64_t x, int64_t k) {
    const float sharp = sobel(s, x), blurred = sobel(b, x);
    sum[k] += sharp;
    lost[k] += std::max(0.0f, sharp - blurred);
  };
  int64_t x = 2;
  for (; x + kLanes < count; x += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) add(x + k, k);
  for (int64_t k = 0; x + 1 < count; ++x, ++k) add(x, k);
  for (int64_t k = 0; k < kLanes; ++k) {
    out.sharp += sum[k];
    out.lost += lost[k];
  }
}
LINMO_SIMD void compare_along_x(const float* const* s, const float* const* b, int64_t count, Sums& out) {
  compare_run<true>(s, b, count, out);
}
LINMO_SIMD void compare_along_y(const float* const* s, const float* const* b, int64_t count, Sums& out) {
  compare_run<false>(s, b, count, out);
}

Sums compare_gradients(const Plane& sharp, const Plane& blurred, bool along_x) {
  Sums sums;
  for (int64_t y = 2; y + 1 < sharp.height; ++y) {
    const float* s[3] = {sharp.row(y - 1).data(), sharp.row(y).data(), sharp.row(y + 1).data()};
    const float* b[3] = {blurred.row(y - 1).data(), blurred.row(y).data(), blurred.row(y + 1).data()};
    (along_x ? compare_along_x : compare_along_y)(s, b, sharp.width, sums);
  }
  return sums;
}

LINMO_SIMD double noise_row(const float* a, const float* h, const float* b, int64_t count) {
  float sum[kLanes] = {};
  const auto add = [&](int64_t x, int64_t k) {
    sum[k] += std::fabs(a[x - 1] + a[x + 1] + b[x - 1] + b[x + 1] - 2 * (a[x] + b[x] + h[x - 1] + h[x + 1]) +
                        4 * h[x]);
  };
  int64_t x = 1;
  for (; x + kLanes < count; x += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) add(x + k, k);
  for (int64_t k = 0; x + 1 < count; ++x, ++k) add(x, k);
  double total = 0;
  for (const float v : sum) total += v;
  return total;
}

// columns[x] += |row[x] − row[x − 1]|
LINMO_SIMD void add_steps(const float* row, float* __restrict columns, int64_t count) {
  for (int64_t x = 1; x < count; ++x) columns[x] += std::fabs(row[x] - row[x - 1]);
}

// Σ |row − above|
LINMO_SIMD double step_down(const float* row, const float* above, int64_t count) {
  float sum[kLanes] = {};
  int64_t x = 0;
  for (; x + kLanes <= count; x += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) sum[k] += std::fabs(row[x + k] - above[x + k]);
  for (int64_t k = 0; x < count; ++x, ++k) sum[k] += std::fabs(row[x] - above[x]);
  double total = 0;
  for (const float v : sum) total += v;
  return total;
}

LINMO_SIMD void lightness_bins(const float* l, int32_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float v = l[i] * 10.23f;
    out[i] = static_cast<int32_t>(v < 0 ? 0 : v > 1023 ? 1023 : v);
  }
}

// Sums of |difference| between neighbours, by the position of the border between them modulo 8.
double block_ratio(const std::array<double, kBlock>& sums, const std::array<int64_t, kBlock>& counts) {
  double best = kMissing;
  for (size_t phase = 0; phase < kBlock; ++phase) {
    double others = 0;
    int64_t other_count = 0;
    for (size_t k = 0; k < kBlock; ++k) {
      if (k == phase) continue;
      others += sums[k];
      other_count += counts[k];
    }
    if (counts[phase] == 0 || other_count == 0) continue;
    const double border = sums[phase] / static_cast<double>(counts[phase]),
                 rest = others / static_cast<double>(other_count);
    if (border + rest <= 0) continue;
    const double ratio = (border - rest) / (border + rest);
    best = std::fmax(best, ratio);
  }
  return best;
}

Plane luma_of(const Image& grey) {
  Plane out = Plane::unset(grey.width(), grey.height());
  const auto samples = grey.samples<uint8_t>();
  for (size_t i = 0; i < samples.size(); ++i) out.values[i] = samples[i];
  return out;
}

// Pixels all of whose three samples lie from `low` to `high`.
LINMO_SIMD int64_t count_within(const uint8_t* p, uint8_t low, uint8_t high, int64_t count) {
  int32_t n = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t least = std::min(p[3 * i], std::min(p[3 * i + 1], p[3 * i + 2]));
    const uint8_t most = std::max(p[3 * i], std::max(p[3 * i + 1], p[3 * i + 2]));
    n += least >= low && most <= high ? 1 : 0;
  }
  return n;
}

void measure_clipping(const Image& rgb, NuisanceFeatures& f) {
  int64_t dark = 0, bright = 0;
  for (int64_t y = 0; y < rgb.height(); ++y) {
    dark += count_within(rgb.row<uint8_t>(y).data(), 0, 2, rgb.width());
    bright += count_within(rgb.row<uint8_t>(y).data(), 253, 255, rgb.width());
  }
  f.clipped_shadows = static_cast<double>(dark) / static_cast<double>(rgb.pixels());
  f.clipped_highlights = static_cast<double>(bright) / static_cast<double>(rgb.pixels());
}

}  // namespace

double noise_sigma(const Plane& luma) {
  if (luma.width < 3 || luma.height < 3) return kMissing;
  double total = 0;
  for (int64_t y = 1; y + 1 < luma.height; ++y) {
    total += noise_row(luma.row(y - 1).data(), luma.row(y).data(), luma.row(y + 1).data(), luma.width);
  }
  return std::sqrt(std::numbers::pi / 2) * total /
         (6 * static_cast<double>(luma.width - 2) * static_cast<double>(luma.height - 2));
}

double blur_effect(const Plane& luma) {
  if (luma.width < 5 || luma.height < 5) return kMissing;
  double worst = kMissing;
  for (const bool along_x : {false, true}) {
    const Sums sums = compare_gradients(luma, along_x ? row_mean(luma) : column_mean(luma), along_x);
    if (sums.sharp > 0) worst = std::fmax(worst, (sums.sharp - sums.lost) / sums.sharp);
  }
  return worst;
}

double blockiness(const Plane& luma) {
  std::array<double, kBlock> across{}, down{};
  std::array<int64_t, kBlock> across_count{}, down_count{};
  std::vector<float> columns(static_cast<size_t>(std::max<int64_t>(luma.width, 1)), 0.0f);
  for (int64_t y = 0; y < luma.height; ++y) {
    const float* row = luma.row(y).data();
    add_steps(row, columns.data(), luma.width);
    if (y == 0) continue;
    down[static_cast<size_t>(y % kBlock)] += step_down(row, luma.row(y - 1).data(), luma.width);
    ++down_count[static_cast<size_t>(y % kBlock)];
  }
  for (size_t x = 1; x < static_cast<size_t>(luma.width); ++x) {
    across[x % kBlock] += columns[x];
    ++across_count[x % kBlock];
  }
  const double a = block_ratio(across, across_count), d = block_ratio(down, down_count);
  return std::isnan(a) ? d : std::isnan(d) ? a : (a + d) / 2;
}

void measure_scan(const Image& rgb, NuisanceFeatures& features) {
  measure_clipping(rgb, features);
  const int64_t w = std::min(kWindow, rgb.width()), h = std::min(kWindow, rgb.height());
  const Image middle = w == rgb.width() && h == rgb.height()
                           ? rgb
                           : crop(rgb, (rgb.width() - w) / 2, (rgb.height() - h) / 2, w, h);
  const Plane luma = luma_of(to_grey(middle));
  features.noise_sigma = noise_sigma(luma);
  features.blur_effect = blur_effect(luma);
  features.blockiness = blockiness(luma);
}

void measure_cast(const Scale& scale, const Lab* paper, NuisanceFeatures& features) {
  constexpr double kDarkest = 0.02;
  std::vector<int32_t> bins(scale.l.values.size());
  lightness_bins(scale.l.values.data(), bins.data(), scale.pixels());
  std::array<std::array<int64_t, 1024>, 2> counts{};
  for (size_t i = 0; i < bins.size(); ++i) ++counts[i & 1][static_cast<size_t>(bins[i])];
  const auto count_of = [&](size_t bin) { return counts[0][bin] + counts[1][bin]; };
  const auto wanted = static_cast<int64_t>(std::ceil(kDarkest * static_cast<double>(scale.pixels())));
  size_t last = 0;
  for (int64_t seen = count_of(0); seen < wanted && last + 1 < counts[0].size();) seen += count_of(++last);
  double a = 0, b = 0;
  int64_t n = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (bins[i] > static_cast<int32_t>(last)) continue;
    a += scale.a.values[i];
    b += scale.b.values[i];
    ++n;
  }
  features.shadow_a = a / static_cast<double>(n);
  features.shadow_b = b / static_cast<double>(n);
  if (!paper) return;
  features.paper_a = (*paper)[1];
  features.paper_b = (*paper)[2];
}

}  // namespace linmo::culture
