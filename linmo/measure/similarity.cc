// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/similarity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace linmo::measure {
namespace {

void want_equal_sizes(int64_t w1, int64_t h1, int64_t w2, int64_t h2) {
  if (w1 != w2 || h1 != h2 || w1 < 1 || h1 < 1) {
    fail(ErrorKind::usage, "only pictures of one size can be compared, not {} × {} and {} × {} px", w1, h1,
         w2, h2);
  }
}

void want_equal_sizes(const Image& a, const Image& b) {
  want_equal_sizes(a.width(), a.height(), b.width(), b.height());
}

// Mean of use(difference) over all RGB samples.
template <class Use>
double mean_over_samples(const Image& a, const Image& b, const Use& use) {
  want_equal_sizes(a, b);
  const std::vector<Plane> x = rgb_planes(a), y = rgb_planes(b);
  double sum = 0;
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < x[c].values.size(); ++i) {
      sum += use(static_cast<double>(x[c].values[i]) - static_cast<double>(y[c].values[i]));
    }
  }
  return sum / (3.0 * static_cast<double>(a.pixels()));
}

constexpr int kWindow = 11;
constexpr double kC1 = (0.01 * 255) * (0.01 * 255), kC2 = (0.03 * 255) * (0.03 * 255);

std::array<double, kWindow> gaussian_window() {
  std::array<double, kWindow> w{};
  double sum = 0;
  for (int i = 0; i < kWindow; ++i) {
    const double d = i - kWindow / 2;
    w[static_cast<size_t>(i)] = std::exp(-d * d / (2 * 1.5 * 1.5));
    sum += w[static_cast<size_t>(i)];
  }
  for (double& v : w) v /= sum;
  return w;
}

struct SsimMeans {
  double ssim = 0, contrast_structure = 0;
};

// Window means of x, y, x², y², xy are made row by row (horizontally as a row enters, vertically from the
// eleven latest), so memory is eleven rows however large the picture.
SsimMeans ssim_means(const Plane& a, const Plane& b) {
  static const std::array<double, kWindow> window = gaussian_window();
  const int64_t out_width = a.width - kWindow + 1, out_height = a.height - kWindow + 1;
  const auto n = static_cast<size_t>(out_width), full = static_cast<size_t>(a.width);
  constexpr size_t kMaps = 5;
  std::vector<double> ring(kWindow * kMaps * n), products(kMaps * full), sums(kMaps * n);
  SsimMeans total;
  for (int64_t y = 0; y < a.height; ++y) {
    const auto ra = a.row(y), rb = b.row(y);
    for (size_t x = 0; x < full; ++x) {
      const double p = ra[x], q = rb[x];
      products[x] = p;
      products[full + x] = q;
      products[2 * full + x] = p * p;
      products[3 * full + x] = q * q;
      products[4 * full + x] = p * q;
    }
    double* slot = &ring[static_cast<size_t>(y % kWindow) * kMaps * n];
    std::fill(slot, slot + kMaps * n, 0.0);
    for (size_t m = 0; m < kMaps; ++m) {
      for (size_t k = 0; k < kWindow; ++k) {
        const double w = window[k];
        const double* from = &products[m * full + k];
        double* to = slot + m * n;
        for (size_t x = 0; x < n; ++x) to[x] += w * from[x];
      }
    }
    if (y < kWindow - 1) continue;
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t k = 0; k < kWindow; ++k) {
      const double w = window[static_cast<size_t>(k)];
      const double* from = &ring[static_cast<size_t>((y - kWindow + 1 + k) % kWindow) * kMaps * n];
      for (size_t i = 0; i < kMaps * n; ++i) sums[i] += w * from[i];
    }
    double row_ssim = 0, row_cs = 0;
    for (size_t x = 0; x < n; ++x) {
      const double ma = sums[x], mb = sums[n + x];
      const double va = sums[2 * n + x] - ma * ma, vb = sums[3 * n + x] - mb * mb;
      const double covariance = sums[4 * n + x] - ma * mb;
      const double cs = (2 * covariance + kC2) / (va + vb + kC2);
      row_cs += cs;
      row_ssim += cs * (2 * ma * mb + kC1) / (ma * ma + mb * mb + kC1);
    }
    total.ssim += row_ssim;
    total.contrast_structure += row_cs;
  }
  const double count = static_cast<double>(out_width) * static_cast<double>(out_height);
  return {total.ssim / count, total.contrast_structure / count};
}

Plane halve(const Plane& p) {
  Plane out((p.width + 1) / 2, (p.height + 1) / 2);
  for (int64_t y = 0; y < out.height; ++y) {
    const auto top = p.row(2 * y), bottom = p.row(std::min(2 * y + 1, p.height - 1));
    const auto to = out.row(y);
    for (int64_t x = 0; x < out.width; ++x) {
      const auto left = static_cast<size_t>(2 * x),
                 right = static_cast<size_t>(std::min(2 * x + 1, p.width - 1));
      to[static_cast<size_t>(x)] = (top[left] + top[right] + bottom[left] + bottom[right]) / 4;
    }
  }
  return out;
}

int64_t mirrored(int64_t i, int64_t n) {  // …1 0 | 0 1 … n−1 | n−1…
  return i < 0 ? 0 : std::min(i, n - 1);
}

// Calls use(gx, gy) of both pictures' Sobel gradients at every pixel.
template <class Use>
void each_gradient(const Plane& a, const Plane& b, const Use& use) {
  const auto gradient = [](const Plane& p, int64_t x, int64_t y) {
    const auto up = p.row(mirrored(y - 1, p.height)), here = p.row(y),
               down = p.row(mirrored(y + 1, p.height));
    const auto l = static_cast<size_t>(mirrored(x - 1, p.width)), c = static_cast<size_t>(x),
               r = static_cast<size_t>(mirrored(x + 1, p.width));
    const double gx = (up[r] + 2 * here[r] + down[r]) - (up[l] + 2 * here[l] + down[l]);
    const double gy = (down[l] + 2 * down[c] + down[r]) - (up[l] + 2 * up[c] + up[r]);
    return std::pair(gx, gy);
  };
  for (int64_t y = 0; y < a.height; ++y) {
    for (int64_t x = 0; x < a.width; ++x) use(gradient(a, x, y), gradient(b, x, y));
  }
}

}  // namespace

double l1(const Image& a, const Image& b) {
  return mean_over_samples(a, b, [](double d) { return std::abs(d); }) / 255;
}

double psnr(const Image& a, const Image& b) {
  const double mse = mean_over_samples(a, b, [](double d) { return d * d; });
  return mse > 0 ? 10 * std::log10(255.0 * 255.0 / mse) : std::numeric_limits<double>::infinity();
}

std::optional<double> ssim(const Plane& a, const Plane& b) {
  want_equal_sizes(a.width, a.height, b.width, b.height);
  if (std::min(a.width, a.height) < kWindow) return std::nullopt;
  return ssim_means(a, b).ssim;
}

std::optional<double> ssim_rgb(const Image& a, const Image& b) {
  want_equal_sizes(a, b);
  if (std::min(a.width(), a.height()) < kWindow) return std::nullopt;
  const std::vector<Plane> x = rgb_planes(a), y = rgb_planes(b);
  double sum = 0;
  for (size_t c = 0; c < 3; ++c) sum += ssim_means(x[c], y[c]).ssim;
  return sum / 3;
}

std::optional<double> ssim_luma(const Image& a, const Image& b) {
  return ssim(luma_plane(a), luma_plane(b));
}

std::optional<double> ms_ssim(const Image& a, const Image& b) {
  want_equal_sizes(a, b);
  constexpr std::array<double, 5> kWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
  if (std::min(a.width(), a.height()) < (kWindow - 1) * 16 + 1) return std::nullopt;
  Plane x = luma_plane(a), y = luma_plane(b);
  double product = 1;
  for (size_t scale = 0; scale < kWeights.size(); ++scale) {
    const SsimMeans means = ssim_means(x, y);
    const bool coarsest = scale + 1 == kWeights.size();
    product *= std::pow(std::max(0.0, coarsest ? means.ssim : means.contrast_structure), kWeights[scale]);
    if (coarsest) break;
    x = halve(x);
    y = halve(y);
  }
  return product;
}

double edge_orientation_correlation(const Image& a, const Image& b) {
  want_equal_sizes(a, b);
  double both = 0, of_a = 0, of_b = 0;
  each_gradient(luma_plane(a), luma_plane(b), [&](const auto& ga, const auto& gb) {
    // |g|·(cos 2θ, sin 2θ) = (gx² − gy², 2·gx·gy) / |g|
    const double na = std::hypot(ga.first, ga.second), nb = std::hypot(gb.first, gb.second);
    of_a += na * na;
    of_b += nb * nb;
    if (na == 0 || nb == 0) return;
    const double dot = ga.first * gb.first + ga.second * gb.second;
    both += 2 * dot * dot / (na * nb) - na * nb;  // |ga||gb|·cos 2(θa − θb)
  });
  // Rounding of luma leaves traces on an even surface; less than a hundredth of a grey level is none.
  const double none = 1e-4 * static_cast<double>(a.pixels());
  if (of_a < none || of_b < none) return of_a < none && of_b < none ? 1 : 0;
  return both / std::sqrt(of_a * of_b);
}

}  // namespace linmo::measure
