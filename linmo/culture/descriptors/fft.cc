// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/fft.h"

#include <cmath>
#include <numbers>

#include "linmo/culture/descriptors/kernels.h"

namespace linmo::culture {
namespace {

constexpr int64_t kLanes = 8;  // transforms done side by side

struct Twiddles {
  std::vector<double> re, im;
  explicit Twiddles(int64_t n) : re(static_cast<size_t>(n / 2)), im(re.size()) {
    for (size_t k = 0; k < re.size(); ++k) {
      const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
      re[k] = std::cos(angle);
      im[k] = std::sin(angle);
    }
  }
};

// One pass of Stockham's radix-2 algorithm (Van Loan 1992, §1.7) over kLanes interleaved transforms.
LINMO_WIDE void stockham_pass(const double* in_re, const double* in_im, double* out_re, double* out_im,
                              const double* w_re, const double* w_im, int64_t n, int64_t half, int64_t run) {
  for (int64_t j = 0; j < half; ++j) {
    const double c = w_re[j * run], s = w_im[j * run];
    const double* ar = in_re + j * run * kLanes;
    const double* ai = in_im + j * run * kLanes;
    const double* br = ar + n / 2 * kLanes;
    const double* bi = ai + n / 2 * kLanes;
    double* pr = out_re + 2 * j * run * kLanes;
    double* pi = out_im + 2 * j * run * kLanes;
    double* qr = pr + run * kLanes;
    double* qi = pi + run * kLanes;
    for (int64_t i = 0; i < run * kLanes; ++i) {
      const double re = ar[i] - br[i], im = ai[i] - bi[i];
      pr[i] = ar[i] + br[i];
      pi[i] = ai[i] + bi[i];
      qr[i] = re * c - im * s;
      qi[i] = re * s + im * c;
    }
  }
}

// kLanes transforms of length n at [i · kLanes + lane]; the result is in `re`, `im`.
void transform(std::vector<double>& re, std::vector<double>& im, std::vector<double>& re2,
               std::vector<double>& im2, const Twiddles& w, int64_t n) {
  for (int64_t half = n / 2, run = 1; half >= 1; half /= 2, run *= 2) {
    stockham_pass(re.data(), im.data(), re2.data(), im2.data(), w.re.data(), w.im.data(), n, half, run);
    re.swap(re2);
    im.swap(im2);
  }
}

}  // namespace

std::vector<double> power_spectrum(std::span<const double> square, int64_t n) {
  const Twiddles w(n);
  const int64_t half = n / 2 + 1;
  std::vector<double> re(static_cast<size_t>(n * kLanes)), im(re), re2(re), im2(re);
  std::vector<double> rows_re(static_cast<size_t>(n * half)), rows_im(rows_re);
  // Rows in pairs: one as the real, one as the imaginary part.
  for (int64_t y = 0; y < n; y += 2 * kLanes) {
    const int64_t lanes = std::min(kLanes, (n - y) / 2);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const double* even = square.data() + (y + 2 * lane) * n;
      for (int64_t x = 0; x < n; ++x) {
        re[static_cast<size_t>(x * kLanes + lane)] = even[x];
        im[static_cast<size_t>(x * kLanes + lane)] = even[x + n];
      }
    }
    transform(re, im, re2, im2, w, n);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      double* a_re = rows_re.data() + (y + 2 * lane) * half;
      double* a_im = rows_im.data() + (y + 2 * lane) * half;
      for (int64_t u = 0; u < half; ++u) {
        const auto p = static_cast<size_t>(u * kLanes + lane);
        const auto q = static_cast<size_t>((n - u) % n * kLanes + lane);
        a_re[u] = (re[p] + re[q]) / 2;
        a_im[u] = (im[p] - im[q]) / 2;
        a_re[u + half] = (im[p] + im[q]) / 2;
        a_im[u + half] = (re[q] - re[p]) / 2;
      }
    }
  }
  std::vector<double> power(static_cast<size_t>(n * half));
  for (int64_t u = 0; u < half; u += kLanes) {
    const int64_t lanes = std::min(kLanes, half - u);
    for (int64_t y = 0; y < n; ++y) {
      for (int64_t lane = 0; lane < lanes; ++lane) {
        re[static_cast<size_t>(y * kLanes + lane)] = rows_re[static_cast<size_t>(y * half + u + lane)];
        im[static_cast<size_t>(y * kLanes + lane)] = rows_im[static_cast<size_t>(y * half + u + lane)];
      }
    }
    transform(re, im, re2, im2, w, n);
    for (int64_t v = 0; v < n; ++v) {
      for (int64_t lane = 0; lane < lanes; ++lane) {
        const auto p = static_cast<size_t>(v * kLanes + lane);
        power[static_cast<size_t>(v * half + u + lane)] = re[p] * re[p] + im[p] * im[p];
      }
    }
  }
  return power;
}

std::vector<double> radial_mean(std::span<const double> power, int64_t n) {
  const int64_t half = n / 2 + 1;
  std::vector<double> sum(static_cast<size_t>(half)), count(sum);
  for (int64_t row = 0; row < n; ++row) {
    const int64_t v = row < n / 2 ? row : row - n;
    for (int64_t u = 0; u < half; ++u) {
      const auto r = static_cast<int64_t>(std::sqrt(static_cast<double>(u * u + v * v)) + 0.5);
      if (r >= half) break;
      // Columns 1 … n/2 − 1 stand for their mirror images as well; column n/2 is −n/2 of the centred plane.
      const double weight = u == 0 || u == n / 2 ? 1 : 2;
      sum[static_cast<size_t>(r)] += weight * power[static_cast<size_t>(row * half + u)];
      count[static_cast<size_t>(r)] += weight;
    }
  }
  for (size_t r = 0; r < sum.size(); ++r) sum[r] /= count[r];
  return sum;
}

}  // namespace linmo::culture
