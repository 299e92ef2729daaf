// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/colour_space.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "linmo/culture/descriptors/kernels.h"

namespace linmo::culture {
namespace {

constexpr double kWhite[3] = {0.95047, 1.0, 1.08883};

// In double for single colours, in float for planes.
template <class T>
inline T lab_curve(T t) {
  const T root = cube_root(t), line = T(7.787) * t + T(16.0 / 116.0);  // no branch: vectors take both
  return t > T(0.008856) ? root : line;
}

template <class T>
inline void to_lab(T r, T g, T b, T& l, T& a, T& bb) {
  const T x =
      lab_curve(T(0.412453 / kWhite[0]) * r + T(0.357580 / kWhite[0]) * g + T(0.180423 / kWhite[0]) * b);
  const T y =
      lab_curve(T(0.212671 / kWhite[1]) * r + T(0.715160 / kWhite[1]) * g + T(0.072169 / kWhite[1]) * b);
  const T z =
      lab_curve(T(0.019334 / kWhite[2]) * r + T(0.119193 / kWhite[2]) * g + T(0.950227 / kWhite[2]) * b);
  l = 116 * y - 16;
  a = 500 * (x - y);
  bb = 200 * (y - z);
}

template <class T>
inline void to_oklab(T r, T g, T b, T& l, T& a, T& bb) {
  const T x = cube_root(T(0.4122214708) * r + T(0.5363325363) * g + T(0.0514459929) * b);
  const T y = cube_root(T(0.2119034982) * r + T(0.6806995451) * g + T(0.1073969566) * b);
  const T z = cube_root(T(0.0883024619) * r + T(0.2817188376) * g + T(0.6299787005) * b);
  l = T(0.2104542553) * x + T(0.7936177850) * y - T(0.0040720468) * z;
  a = T(1.9779984951) * x - T(2.4285922050) * y + T(0.4505937099) * z;
  bb = T(0.0259040371) * x + T(0.7827717662) * y - T(0.8086757660) * z;
}

// eˣ of −87 ≤ x ≤ 0 within 1e-6 relative: a power of two and a polynomial on ±ln 2 / 2.
inline float exponential(float x) {
  const float n = nearest_float(x * 1.44269504f);
  const float r = x - n * 0.693147181f;
  const float p = 1 + r * (1 + r * (0.5f + r * (0.166666667f + r * (0.0416666667f + r * 0.00833333333f))));
  return p * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
}

inline float power_7(float v) {
  return v * v * v * (v * v * v) * v;
}

// As delta_e_2000() below, without its angles: differences and means of hue from the directions themselves.
LINMO_SIMD void delta_e_run(const float* l, const float* a, const float* b, float l2, float a2, float b2,
                            float* __restrict out, int64_t count) {
  constexpr float k25 = 6103515625.0f;
  const float c2 = std::sqrt(a2 * a2 + b2 * b2);
  for (int64_t i = 0; i < count; ++i) {
    const float c1 = std::sqrt(a[i] * a[i] + b[i] * b[i]);
    const float c7 = power_7((c1 + c2) * 0.5f);
    const float g = 1.5f - 0.5f * std::sqrt(c7 / (c7 + k25));
    const float x1 = g * a[i], x2 = g * a2;
    const float chroma1 = std::sqrt(x1 * x1 + b[i] * b[i]), chroma2 = std::sqrt(x2 * x2 + b2 * b2);
    const float dl = l2 - l[i], dc = chroma2 - chroma1, product = chroma1 * chroma2;
    // 2 √(C₁ C₂) sin(Δh/2): between the two directions lies a chord of 2 sin(Δh/2).
    const float n1 = 1 / (chroma1 + 1e-20f), n2 = 1 / (chroma2 + 1e-20f);
    const float ux = x1 * n1 - x2 * n2, uy = b[i] * n1 - b2 * n2;
    const float size = std::sqrt(product * (ux * ux + uy * uy)), turn = x1 * b2 - x2 * b[i];
    const float dh = turn < 0 ? -size : size;
    // The mean hue's direction; of two opposite ones, some.
    const float sum_x = x1 * n1 + x2 * n2, sum_y = b[i] * n1 + b2 * n2;
    const float length = std::sqrt(sum_x * sum_x + sum_y * sum_y), n = 1 / (length + 1e-20f);
    const float c = length > 0 ? sum_x * n : 1, s = sum_y * n;
    const float cos2 = c * c - s * s, sin2 = 2 * c * s, cos3 = cos2 * c - sin2 * s,
                sin3 = sin2 * c + cos2 * s, cos4 = cos2 * cos2 - sin2 * sin2, sin4 = 2 * cos2 * sin2;
    const float t = 1 - 0.17f * (0.866025404f * c + 0.5f * s) + 0.24f * cos2 +
                    0.32f * (0.994521895f * cos3 - 0.104528463f * sin3) -
                    0.20f * (0.453990500f * cos4 + 0.891006524f * sin4);
    const float q = (hue_degrees(s, c) - 275) / 25;
    const float q2 = q * q < 80 ? q * q : 80;
    const float angle = 1.04719755f * exponential(-q2), angle2 = angle * angle;  // 2 Δθ, at most 60°
    const float sine = angle * (1 - angle2 / 6 * (1 - angle2 / 20 * (1 - angle2 / 42 * (1 - angle2 / 72))));
    const float mean_c = (chroma1 + chroma2) * 0.5f, m7 = power_7(mean_c);
    const float rc = 2 * std::sqrt(m7 / (m7 + k25));
    const float mean_l = (l[i] + l2) * 0.5f - 50, l50 = mean_l * mean_l;
    const float e1 = dl / (1 + 0.015f * l50 / std::sqrt(20 + l50)), e2 = dc / (1 + 0.045f * mean_c),
                e3 = dh / (1 + 0.015f * mean_c * t);
    const float e = e1 * e1 + e2 * e2 + e3 * e3 - sine * rc * e2 * e3;
    out[i] = std::sqrt(e > 0 ? e : 0);
  }
}

LINMO_SIMD void lab_run(const float* __restrict r, const float* __restrict g, const float* __restrict b,
                        float* __restrict l, float* __restrict a, float* __restrict bb, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to_lab(r[i], g[i], b[i], l[i], a[i], bb[i]);
}

LINMO_SIMD void oklab_run(const float* __restrict r, const float* __restrict g, const float* __restrict b,
                          float* __restrict l, float* __restrict a, float* __restrict bb, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to_oklab(r[i], g[i], b[i], l[i], a[i], bb[i]);
}

template <class Run>
void convert(const Image& rgb, measure::Plane& l, measure::Plane& a, measure::Plane& b, Run run) {
  const int64_t width = rgb.width();
  for (measure::Plane* plane : {&l, &a, &b}) *plane = measure::Plane::unset(width, rgb.height());
  std::array<float, 256> linear;
  std::ranges::copy(linear_of_srgb(), linear.begin());
  std::vector<float> rows(static_cast<size_t>(3 * width));
  float* r = rows.data();
  float* g = r + width;
  float* bl = g + width;
  for (int64_t y = 0; y < rgb.height(); ++y) {
    const uint8_t* from = rgb.row<uint8_t>(y).data();
    for (int64_t x = 0; x < width; ++x) {
      r[x] = linear[from[3 * x]];
      g[x] = linear[from[3 * x + 1]];
      bl[x] = linear[from[3 * x + 2]];
    }
    run(r, g, bl, l.row(y).data(), a.row(y).data(), b.row(y).data(), width);
  }
}

}  // namespace

const std::array<double, 256>& linear_of_srgb() {
  static const auto kTable = [] {
    std::array<double, 256> t{};
    for (int i = 0; i < 256; ++i) {
      const double c = i / 255.0;
      t[static_cast<size_t>(i)] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    }
    return t;
  }();
  return kTable;
}

Lab lab_of_linear(double r, double g, double b) {
  Lab out;
  to_lab(r, g, b, out[0], out[1], out[2]);
  return out;
}

Lab lab_of_srgb(uint8_t r, uint8_t g, uint8_t b) {
  const auto& linear = linear_of_srgb();
  return lab_of_linear(linear[r], linear[g], linear[b]);
}

Lab oklab_of_linear(double r, double g, double b) {
  Lab out;
  to_oklab(r, g, b, out[0], out[1], out[2]);
  return out;
}

Lab linear_of_oklab(const Lab& lab) {
  const auto cube = [](double v) { return v * v * v; };
  const double l = cube(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]);
  const double m = cube(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]);
  const double s = cube(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2]);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

uint8_t srgb_of_linear(double value) {
  const double v = std::clamp(value, 0.0, 1.0);
  const double c = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
  return static_cast<uint8_t>(std::lround(255 * c));
}

void lab_planes(const Image& rgb8, measure::Plane& l, measure::Plane& a, measure::Plane& b) {
  convert(rgb8, l, a, b, lab_run);
}

void oklab_planes(const Image& rgb8, measure::Plane& l, measure::Plane& a, measure::Plane& b) {
  convert(rgb8, l, a, b, oklab_run);
}

void delta_e_2000(const measure::Plane& l, const measure::Plane& a, const measure::Plane& b, const Lab& from,
                  measure::Plane& out) {
  out = measure::Plane::unset(l.width, l.height);
  delta_e_run(l.values.data(), a.values.data(), b.values.data(), static_cast<float>(from[0]),
              static_cast<float>(from[1]), static_cast<float>(from[2]), out.values.data(),
              static_cast<int64_t>(l.values.size()));
}

double delta_e_2000(const Lab& x, const Lab& y) {
  constexpr double kPi = std::numbers::pi, kDegree = kPi / 180;
  const auto power7 = [](double v) { return v * v * v * v * v * v * v; };
  constexpr double k25 = 6103515625.0;  // 25^7
  const double c1 = std::hypot(x[1], x[2]), c2 = std::hypot(y[1], y[2]);
  const double c7 = power7((c1 + c2) / 2);
  const double g = 0.5 * (1 - std::sqrt(c7 / (c7 + k25)));
  const double a1 = (1 + g) * x[1], a2 = (1 + g) * y[1];
  const double chroma1 = std::hypot(a1, x[2]), chroma2 = std::hypot(a2, y[2]);
  const auto hue = [&](double b, double a) {
    if (a == 0 && b == 0) return 0.0;
    const double h = std::atan2(b, a);
    return h < 0 ? h + 2 * kPi : h;
  };
  const double h1 = hue(x[2], a1), h2 = hue(y[2], a2);
  const double dl = y[0] - x[0], dc = chroma2 - chroma1;
  double dh = 0;
  const bool grey = chroma1 * chroma2 == 0;
  if (!grey) {
    dh = h2 - h1;
    if (dh > kPi) dh -= 2 * kPi;
    if (dh < -kPi) dh += 2 * kPi;
  }
  const double big_dh = 2 * std::sqrt(chroma1 * chroma2) * std::sin(dh / 2);
  const double l = (x[0] + y[0]) / 2, c = (chroma1 + chroma2) / 2;
  double h = h1 + h2;
  if (!grey) {
    if (std::abs(h1 - h2) > kPi) h += h < 2 * kPi ? 2 * kPi : -2 * kPi;
    h /= 2;
  }
  const double t = 1 - 0.17 * std::cos(h - 30 * kDegree) + 0.24 * std::cos(2 * h) +
                   0.32 * std::cos(3 * h + 6 * kDegree) - 0.20 * std::cos(4 * h - 63 * kDegree);
  const double q = (h / kDegree - 275) / 25;
  const double turn = 60 * kDegree * std::exp(-q * q);  // 2 Δθ
  const double m7 = power7(c);
  const double rc = 2 * std::sqrt(m7 / (m7 + k25));
  const double l50 = (l - 50) * (l - 50);
  const double sl = 1 + 0.015 * l50 / std::sqrt(20 + l50), sc = 1 + 0.045 * c, sh = 1 + 0.015 * c * t;
  const double rt = -std::sin(turn) * rc;
  const double e1 = dl / sl, e2 = dc / sc, e3 = big_dh / sh;
  return std::sqrt(std::max(0.0, e1 * e1 + e2 * e2 + e3 * e3 + rt * e2 * e3));
}

}  // namespace linmo::culture
