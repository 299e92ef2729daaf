// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/spectrum.h"

#include <cmath>
#include <complex>
#include <unsupported/Eigen/FFT>

namespace linmo::culture {
namespace {

using Complex = std::complex<float>;

// Columns side by side, so that the transform along them reads memory in order.
constexpr int64_t kBlock = 16;

}  // namespace

std::vector<double> ring_power(const measure::Plane& square, int64_t rings) {
  const int64_t n = square.width, columns = rings + 1;
  Eigen::FFT<float> fft;
  // Along the rows, two at a time as real and imaginary part; only the frequencies that are asked for stay.
  std::vector<Complex> spectrum(static_cast<size_t>(columns * n));  // [kx][y]
  std::vector<Complex> in(static_cast<size_t>(n)), out(in);
  std::vector<Complex> block(static_cast<size_t>(columns * kBlock));
  double total = 0;
  for (int64_t y0 = 0; y0 < n; y0 += kBlock) {
    const int64_t rows = std::min(kBlock, n - y0);
    for (int64_t y = 0; y < rows; y += 2) {
      const float* first = square.row(y0 + y).data();
      const float* second = square.row(y0 + y + 1).data();
      for (int64_t x = 0; x < n; ++x) in[static_cast<size_t>(x)] = {first[x], second[x]};
      fft.fwd(out.data(), in.data(), static_cast<Eigen::Index>(n));
      for (int64_t k = 0; k < columns; ++k) {
        const Complex plus = out[static_cast<size_t>(k)],
                      minus = std::conj(out[static_cast<size_t>((n - k) % n)]);
        const Complex difference = plus - minus;
        block[static_cast<size_t>(k * kBlock + y)] = (plus + minus) * 0.5f;
        block[static_cast<size_t>(k * kBlock + y + 1)] =
            Complex(difference.imag(), -difference.real()) * 0.5f;
      }
    }
    for (int64_t k = 0; k < columns; ++k) {
      std::copy_n(block.data() + k * kBlock, rows, spectrum.data() + k * n + y0);
    }
  }
  for (const float v : square.values) total += static_cast<double>(v) * v;
  std::vector<double> power(static_cast<size_t>(rings)), count(power);
  for (int64_t kx = 0; kx < columns; ++kx) {
    fft.fwd(out.data(), spectrum.data() + kx * n, static_cast<Eigen::Index>(n));
    const double weight = kx == 0 ? 1 : 2;  // the other half of the plane mirrors this one
    for (int64_t ky = -rings; ky <= rings; ++ky) {
      const auto radius = static_cast<int64_t>(std::sqrt(static_cast<float>(kx * kx + ky * ky)) + 0.5f);
      if (radius >= rings) continue;
      power[static_cast<size_t>(radius)] += weight * std::norm(out[static_cast<size_t>((ky + n) % n)]);
      count[static_cast<size_t>(radius)] += weight;
    }
  }
  // Rounding leaves some 1e-7 of the amplitude everywhere; Σ|F|² is n² Σ v².
  const double least = 1e-13 * total;
  for (size_t r = 0; r < power.size(); ++r) {
    power[r] /= std::max(1.0, count[r]);
    if (power[r] <= least) power[r] = 0;
  }
  return power;
}

Line fit_line(std::span<const double> x, std::span<const double> y) {
  const auto n = static_cast<double>(x.size());
  double mx = 0, my = 0, xx = 0, xy = 0, squares = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mx += x[i] / n;
    my += y[i] / n;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    xy += (x[i] - mx) * (y[i] - my);
  }
  Line line{xy / xx, 0, 0};
  line.offset = my - line.slope * mx;
  for (size_t i = 0; i < x.size(); ++i) {
    const double d = y[i] - line.slope * x[i] - line.offset;
    squares += d * d;
  }
  line.deviation = std::sqrt(squares / n);
  return line;
}

}  // namespace linmo::culture
