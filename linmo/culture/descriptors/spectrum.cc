// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "linmo/core/simd.h"

namespace linmo::culture {
namespace {

// So many transforms at a time: [place][lane], so that each step of all of them is one vector operation.
constexpr int64_t kLanes = 16;

struct Batch {
  std::vector<float> re, im;
  explicit Batch(int64_t n) : re(static_cast<size_t>(n * kLanes)), im(re) {}
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
    for (int64_t stride = 1; stride < n_; stride *= 2) {
      step(data.re.data(), data.im.data(), other_.re.data(), other_.im.data(), cosine_.data(), sine_.data(),
           n_ / 2, stride);
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
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const float* first = square.row(y0 + 2 * lane).data();
      const float* second = square.row(y0 + 2 * lane + 1).data();
      for (int64_t x = 0; x < n; ++x) {
        batch.re[static_cast<size_t>(x * kLanes + lane)] = first[x];
        batch.im[static_cast<size_t>(x * kLanes + lane)] = second[x];
      }
    }
    transform.run(batch);
    for (int64_t k = 0; k < columns; ++k) {
      const float* plus_re = batch.re.data() + k * kLanes;
      const float* plus_im = batch.im.data() + k * kLanes;
      const float* minus_re = batch.re.data() + (n - k) % n * kLanes;
      const float* minus_im = batch.im.data() + (n - k) % n * kLanes;
      float* to_re = re.data() + k * n + y0;
      float* to_im = im.data() + k * n + y0;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        to_re[2 * lane] = (plus_re[lane] + minus_re[lane]) / 2;
        to_im[2 * lane] = (plus_im[lane] - minus_im[lane]) / 2;
        to_re[2 * lane + 1] = (plus_im[lane] + minus_im[lane]) / 2;
        to_im[2 * lane + 1] = (minus_re[lane] - plus_re[lane]) / 2;
      }
    }
  }
  for (const float v : square.values) total += static_cast<double>(v) * v;
  std::vector<double> power(static_cast<size_t>(rings)), count(power);
  for (int64_t first = 0; first < columns; first += kLanes) {
    const int64_t lanes = std::min(kLanes, columns - first);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      for (int64_t y = 0; y < n; ++y) {
        batch.re[static_cast<size_t>(y * kLanes + lane)] = re[static_cast<size_t>((first + lane) * n + y)];
        batch.im[static_cast<size_t>(y * kLanes + lane)] = im[static_cast<size_t>((first + lane) * n + y)];
      }
    }
    transform.run(batch);
    for (int64_t ky = -rings; ky <= rings; ++ky) {
      for (int64_t lane = 0; lane < lanes; ++lane) {
        const int64_t kx = first + lane;
        const auto radius = static_cast<int64_t>(std::sqrt(static_cast<float>(kx * kx + ky * ky)) + 0.5f);
        if (radius >= rings) continue;
        const double weight = kx == 0 ? 1 : 2;  // the other half of the plane mirrors this one
        const auto i = static_cast<size_t>((ky + n) % n * kLanes + lane);
        const double a = batch.re[i], b = batch.im[i];
        power[static_cast<size_t>(radius)] += weight * (a * a + b * b);
        count[static_cast<size_t>(radius)] += weight;
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
