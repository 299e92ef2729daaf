// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/spectrum.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "linmo/core/simd.h"

namespace linmo::culture {
namespace {

// So many transforms at a time: [place][lane], so that each step of all of them is one vector operation.
constexpr int64_t kLanes = 16;

// On whole cache lines, real and imaginary parts some lines apart: lengths are powers of two, and places that
// lie a multiple of 4096 bytes apart hinder each other.
class Batch {
 public:
  explicit Batch(int64_t n)
      : length_(n * kLanes + kApart), storage_(static_cast<size_t>(2 * length_ + kLine)) {}
  float* re() {
    const auto at = reinterpret_cast<uintptr_t>(storage_.data());
    return storage_.data() + (kLine - at / sizeof(float) % kLine) % kLine;
  }
  float* im() { return re() + length_; }

 private:
  static constexpr int64_t kLine = 16, kApart = 11 * kLine;  // floats
  int64_t length_;
  std::vector<float> storage_;
};

// One step of Stockham's transform: a[p + stride·q] and the value n/2 further on become b[p + 2·stride·q] and
// the one `stride` further on.
LINMO_SIMD void step(const float* are, const float* aim, float* bre, float* bim, const float* cosine,
                     const float* sine, int64_t half, int64_t stride) {
  for (int64_t q = 0; q < half / stride; ++q) {
    const float c = cosine[q * stride], s = sine[q * stride];
    const int64_t from = q * stride * kLanes, to = 2 * from, far = half * kLanes, next = stride * kLanes;
    for (int64_t i = 0; i < next; ++i) {
      const float xr = are[from + i], xi = aim[from + i], yr = are[from + far + i], yi = aim[from + far + i];
      const float dr = xr - yr, di = xi - yi;
      bre[to + i] = xr + yr;
      bim[to + i] = xi + yi;
      bre[to + next + i] = dr * c - di * s;
      bim[to + next + i] = dr * s + di * c;
    }
  }
}

// Two such steps in one (radix 4): half as often through memory. Values a quarter of the length apart meet;
// with w = e^(−2πi q·stride/n) the four results are a + b + c + d, w (a − ib − c + id), w² (a − b + c − d)
// and w³ (a + ib − c − id).
LINMO_SIMD void step_4(const float* are, const float* aim, float* __restrict bre, float* __restrict bim,
                       const float* cosine, const float* sine, int64_t quarter, int64_t stride) {
  const int64_t next = stride * kLanes, far = quarter * kLanes;
  for (int64_t q = 0; q < quarter / stride; ++q) {
    const float c1 = cosine[q * stride], s1 = sine[q * stride], c2 = cosine[2 * q * stride],
                s2 = sine[2 * q * stride], c3 = c1 * c2 - s1 * s2, s3 = c1 * s2 + s1 * c2;
    const float *xr = are + q * next, *xi = aim + q * next;
    float *yr = bre + 4 * q * next, *yi = bim + 4 * q * next;
    for (int64_t i = 0; i < next; ++i) {
      const float pr = xr[i] + xr[i + 2 * far], pi = xi[i] + xi[i + 2 * far];
      const float mr = xr[i] - xr[i + 2 * far], mi = xi[i] - xi[i + 2 * far];
      const float ur = xr[i + far] + xr[i + 3 * far], ui = xi[i + far] + xi[i + 3 * far];
      const float vr = xr[i + far] - xr[i + 3 * far], vi = xi[i + far] - xi[i + 3 * far];
      const float r1 = mr + vi, i1 = mi - vr, r2 = pr - ur, i2 = pi - ui, r3 = mr - vi, i3 = mi + vr;
      yr[i] = pr + ur;
      yi[i] = pi + ui;
      yr[i + next] = r1 * c1 - i1 * s1;
      yi[i + next] = r1 * s1 + i1 * c1;
      yr[i + 2 * next] = r2 * c2 - i2 * s2;
      yi[i + 2 * next] = r2 * s2 + i2 * c2;
      yr[i + 3 * next] = r3 * c3 - i3 * s3;
      yi[i + 3 * next] = r3 * s3 + i3 * c3;
    }
  }
}

LINMO_SIMD double sum_of_squares(const float* v, int64_t count) {
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) lanes[k] += static_cast<double>(v[i + k]) * v[i + k];
  for (int64_t k = 0; i < count; ++i, ++k) lanes[k] += static_cast<double>(v[i]) * v[i];
  double sum = 0;
  for (const double l : lanes) sum += l;
  return sum;
}

// |F|² of a row of lanes, and the distance of their frequencies from 0, rounded.
LINMO_SIMD void power_run(const float* re, const float* im, float kx, float ky, double* power,
                          int32_t* radius) {
  for (int64_t i = 0; i < kLanes; ++i) {
    const double a = re[i], b = im[i];
    power[i] = a * a + b * b;
    const float x = kx + static_cast<float>(i);
    radius[i] = static_cast<int32_t>(std::sqrt(x * x + ky * ky) + 0.5f);
  }
}

// The transforms of two real rows that went in as one complex: [2 · lane] and [2 · lane + 1].
LINMO_SIMD void part_rows(const float* plus_re, const float* plus_im, const float* minus_re,
                          const float* minus_im, float* __restrict re, float* __restrict im) {
  for (int64_t i = 0; i < kLanes; ++i) {
    re[2 * i] = (plus_re[i] + minus_re[i]) / 2;
    im[2 * i] = (plus_im[i] - minus_im[i]) / 2;
    re[2 * i + 1] = (plus_im[i] + minus_im[i]) / 2;
    im[2 * i + 1] = (minus_re[i] - plus_re[i]) / 2;
  }
}

// Rows that lie `pitch` apart → [place][lane], in blocks that stay in the nearest cache.
void interleave(const float* rows, int64_t pitch, int64_t lanes, int64_t n, float* to) {
  constexpr int64_t kBlock = 16;
  for (int64_t x0 = 0; x0 < n; x0 += kBlock) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const float* from = rows + lane * pitch;
      for (int64_t x = x0; x < std::min(n, x0 + kBlock); ++x) to[x * kLanes + lane] = from[x];
    }
  }
}

class Transform {
 public:
  explicit Transform(int64_t n) : n_(n), other_(n) {
    for (int64_t k = 0; k < n / 2; ++k) {
      const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
      cosine_.push_back(static_cast<float>(std::cos(angle)));
      sine_.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  void run(Batch& data) {
    int64_t stride = 1;
    for (; 4 * stride <= n_; stride *= 4) {
      step_4(data.re(), data.im(), other_.re(), other_.im(), cosine_.data(), sine_.data(), n_ / 4, stride);
      std::swap(data, other_);
    }
    if (stride < n_) {
      step(data.re(), data.im(), other_.re(), other_.im(), cosine_.data(), sine_.data(), n_ / 2, stride);
      std::swap(data, other_);
    }
  }

 private:
  int64_t n_;
  Batch other_;
  std::vector<float> cosine_, sine_;
};

}  // namespace

std::vector<double> ring_power(const measure::Plane& square, int64_t rings) {
  const int64_t n = square.width, columns = rings + 1;
  Transform transform(n);
  Batch batch(n);
  // Along the rows, two at a time as real and imaginary part; only the frequencies that are asked for stay.
  std::vector<float> re(static_cast<size_t>(columns * n)), im(re);  // [kx][y]
  double total = 0;
  for (int64_t y0 = 0; y0 < n; y0 += 2 * kLanes) {
    const int64_t lanes = std::min(kLanes, (n - y0) / 2);
    interleave(square.row(y0).data(), 2 * n, lanes, n, batch.re());
    interleave(square.row(y0 + 1).data(), 2 * n, lanes, n, batch.im());
    transform.run(batch);
    for (int64_t k = 0; k < columns; ++k) {
      const int64_t plus = k * kLanes, minus = (n - k) % n * kLanes;
      std::array<float, 2 * kLanes> parts_re, parts_im;
      part_rows(batch.re() + plus, batch.im() + plus, batch.re() + minus, batch.im() + minus, parts_re.data(),
                parts_im.data());
      std::copy_n(parts_re.data(), 2 * lanes, re.data() + k * n + y0);
      std::copy_n(parts_im.data(), 2 * lanes, im.data() + k * n + y0);
    }
  }
  for (int64_t y = 0; y < n; ++y) total += sum_of_squares(square.row(y).data(), n);
  std::vector<double> power(static_cast<size_t>(rings)), count(power);
  for (int64_t first = 0; first < columns; first += kLanes) {
    const int64_t lanes = std::min(kLanes, columns - first);
    interleave(re.data() + first * n, n, lanes, n, batch.re());
    interleave(im.data() + first * n, n, lanes, n, batch.im());
    transform.run(batch);
    std::array<double, kLanes> powers;
    std::array<int32_t, kLanes> radii;
    for (int64_t ky = -rings; ky <= rings; ++ky) {
      const int64_t at = (ky + n) % n * kLanes;
      power_run(batch.re() + at, batch.im() + at, static_cast<float>(first), static_cast<float>(ky),
                powers.data(), radii.data());
      for (size_t lane = 0; lane < static_cast<size_t>(lanes); ++lane) {
        if (radii[lane] >= rings) continue;
        const double weight =
            first + static_cast<int64_t>(lane) == 0 ? 1 : 2;  // the other half mirrors this one
        power[static_cast<size_t>(radii[lane])] += weight * powers[lane];
        count[static_cast<size_t>(radii[lane])] += weight;
      }
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
