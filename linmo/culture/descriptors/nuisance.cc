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
  Plane out(in.width, in.height);
  constexpr int kReach = kBlurWindow / 2;
  std::vector<float> line(static_cast<size_t>(in.width + 2 * kReach));
  for (int64_t y = 0; y < in.height; ++y) {
    for (int64_t x = -kReach; x < in.width + kReach; ++x)
      line[static_cast<size_t>(x + kReach)] = in.row(y)[static_cast<size_t>(mirrored(x, in.width))];
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

Plane column_mean(const Plane& in) {
  Plane out(in.width, in.height);
  constexpr int kReach = kBlurWindow / 2;
  const auto w = static_cast<size_t>(in.width);
  std::vector<float> sum(w);
  for (int64_t y = 0; y < in.height; ++y) {
    std::ranges::fill(sum, 0.0f);
    for (int64_t k = y - kReach; k <= y + kReach; ++k) {
      const float* row = in.row(mirrored(k, in.height)).data();
      for (size_t x = 0; x < w; ++x) sum[x] += row[x];
    }
    float* to = out.row(y).data();
    for (size_t x = 0; x < w; ++x) to[x] = sum[x] / kBlurWindow;
  }
  return out;
}

float sobel(const float* above, const float* here, const float* below, size_t x, bool along_x) {
  if (along_x) {
    return std::fabs(above[x + 1] - above[x - 1] + 2 * (here[x + 1] - here[x - 1]) + below[x + 1] -
                     below[x - 1]);
  }
  return std::fabs(below[x - 1] - above[x - 1] + 2 * (below[x] - above[x]) + below[x + 1] - above[x + 1]);
}

Sums compare_gradients(const Plane& sharp, const Plane& blurred, bool along_x) {
  Sums sums;
  for (int64_t y = 2; y + 1 < sharp.height; ++y) {
    const float *s0 = sharp.row(y - 1).data(), *s1 = sharp.row(y).data(), *s2 = sharp.row(y + 1).data();
    const float *b0 = blurred.row(y - 1).data(), *b1 = blurred.row(y).data(), *b2 = blurred.row(y + 1).data();
    float sum = 0, lost = 0;
    for (size_t x = 2; x + 1 < static_cast<size_t>(sharp.width); ++x) {
      const float s = sobel(s0, s1, s2, x, along_x), b = sobel(b0, b1, b2, x, along_x);
      sum += s;
      lost += std::max(0.0f, s - b);
    }
    sums.sharp += sum;
    sums.lost += lost;
  }
  return sums;
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
  Plane out(grey.width(), grey.height());
  const auto samples = grey.samples<uint8_t>();
  for (size_t i = 0; i < samples.size(); ++i) out.values[i] = samples[i];
  return out;
}

void measure_clipping(const Image& rgb, NuisanceFeatures& f) {
  int64_t dark = 0, bright = 0;
  const uint8_t* p = rgb.samples<uint8_t>().data();
  for (int64_t i = 0; i < rgb.pixels(); ++i, p += 3) {
    dark += (p[0] <= 2) & (p[1] <= 2) & (p[2] <= 2);
    bright += (p[0] >= 253) & (p[1] >= 253) & (p[2] >= 253);
  }
  f.clipped_shadows = static_cast<double>(dark) / static_cast<double>(rgb.pixels());
  f.clipped_highlights = static_cast<double>(bright) / static_cast<double>(rgb.pixels());
}

}  // namespace

double noise_sigma(const Plane& luma) {
  if (luma.width < 3 || luma.height < 3) return kMissing;
  double total = 0;
  for (int64_t y = 1; y + 1 < luma.height; ++y) {
    const float *a = luma.row(y - 1).data(), *h = luma.row(y).data(), *b = luma.row(y + 1).data();
    float sum = 0;
    for (size_t x = 1; x + 1 < static_cast<size_t>(luma.width); ++x) {
      sum += std::fabs(a[x - 1] + a[x + 1] + b[x - 1] + b[x + 1] - 2 * (a[x] + b[x] + h[x - 1] + h[x + 1]) +
                       4 * h[x]);
    }
    total += sum;
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
    for (size_t x = 1; x < static_cast<size_t>(luma.width); ++x) columns[x] += std::fabs(row[x] - row[x - 1]);
    if (y == 0) continue;
    const float* above = luma.row(y - 1).data();
    float sum = 0;
    for (size_t x = 0; x < static_cast<size_t>(luma.width); ++x) sum += std::fabs(row[x] - above[x]);
    down[static_cast<size_t>(y % kBlock)] += sum;
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
  std::array<int64_t, 1024> counts{};
  const auto bin = [](float l) { return static_cast<size_t>(std::clamp(l * 10.23f, 0.0f, 1023.0f)); };
  for (const float l : scale.l.values) ++counts[bin(l)];
  const auto wanted = static_cast<int64_t>(std::ceil(kDarkest * static_cast<double>(scale.pixels())));
  size_t last = 0;
  for (int64_t seen = counts[0]; seen < wanted && last + 1 < counts.size();) seen += counts[++last];
  double a = 0, b = 0;
  int64_t n = 0;
  for (size_t i = 0; i < scale.l.values.size(); ++i) {
    if (bin(scale.l.values[i]) > last) continue;
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
