// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/artefacts.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "linmo/image/oklab.h"

namespace linmo::measure {
namespace {

constexpr int kBlock = 64;
using Block = Eigen::Matrix<double, kBlock, kBlock>;
using Spectrum = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic>;

double hann(int i) {
  return .5 - .5 * std::cos(2 * std::numbers::pi * i / kBlock);
}

// The discrete Fourier transform as a matrix: 64² numbers are too few for anything cleverer to matter.
Spectrum fourier() {
  Spectrum w(kBlock, kBlock);
  for (int a = 0; a < kBlock; ++a) {
    for (int b = 0; b < kBlock; ++b)
      w(a, b) = std::polar(1., -2 * std::numbers::pi * (a * b % kBlock) / kBlock);
  }
  return w;
}

// Where blocks begin along a side: at most eight, evenly spread, without overlap where there is room.
std::vector<int64_t> places(int64_t side) {
  const int64_t count = std::clamp<int64_t>(side / kBlock, 1, 8);
  std::vector<int64_t> all;
  for (int64_t i = 0; i < count; ++i)
    all.push_back(count == 1 ? (side - kBlock) / 2 : i * (side - kBlock) / (count - 1));
  return all;
}

// Mean of the logarithms of the blocks' power.
Block log_power(const Plane& luma) {
  static const Spectrum w = fourier();
  double window = 0;  // Σ (hann · hann)² over the block
  for (int i = 0; i < kBlock; ++i) window += hann(i) * hann(i);
  window *= window;
  const double floor = window / 12;  // the power that rounding to whole levels has
  Block sum = Block::Zero();
  int count = 0;
  for (const int64_t y : places(luma.height)) {
    for (const int64_t x : places(luma.width)) {
      Spectrum block(kBlock, kBlock);
      double mean = 0;
      for (int j = 0; j < kBlock; ++j) {
        const auto row = luma.row(y + j).subspan(static_cast<size_t>(x), kBlock);
        for (int i = 0; i < kBlock; ++i) {
          block(j, i) = row[static_cast<size_t>(i)];
          mean += row[static_cast<size_t>(i)];
        }
      }
      mean /= kBlock * kBlock;
      for (int j = 0; j < kBlock; ++j) {
        for (int i = 0; i < kBlock; ++i) block(j, i) = (block(j, i) - mean) * hann(j) * hann(i);
      }
      const Spectrum transformed = w * block * w;
      sum += (transformed.cwiseAbs2().array() + floor).log().matrix();
      ++count;
    }
  }
  return sum / count;
}

// By how much a bin exceeds the median of its neighbours.
double contrast(const Block& power, int v, int u) {
  std::vector<double> near;
  const auto at = [&](int a, int b) { return power((a + kBlock) % kBlock, (b + kBlock) % kBlock); };
  for (int dv = -6; dv <= 6; ++dv) {
    for (int du = -6; du <= 6; ++du) {
      const int far = std::max(std::abs(dv), std::abs(du));
      if (far < 3) continue;  // the window spreads a peak over its neighbours
      if ((v == 0 && dv != 0) || (u == 0 && du != 0))
        continue;  // edges along the axes have power of their own
      near.push_back(at(v + dv, u + du));
    }
  }
  const auto middle = near.begin() + static_cast<int64_t>(near.size() / 2);
  std::nth_element(near.begin(), middle, near.end());
  return power(v, u) - *middle;
}

double mean_step(const Plane& p, int64_t depth) {
  double sum = 0;
  const auto rows = [&](int64_t a, int64_t b) {
    for (int64_t x = depth; x < p.width - depth; ++x)
      sum += std::abs(p.row(a)[static_cast<size_t>(x)] - p.row(b)[static_cast<size_t>(x)]);
  };
  rows(depth, depth + 1);
  rows(p.height - 1 - depth, p.height - 2 - depth);
  for (int64_t y = depth; y < p.height - depth; ++y) {
    const auto row = p.row(y);
    const auto at = [&](int64_t x) { return row[static_cast<size_t>(x)]; };
    sum += std::abs(at(depth) - at(depth + 1)) + std::abs(at(p.width - 1 - depth) - at(p.width - 2 - depth));
  }
  return sum / static_cast<double>(2 * (p.width - 2 * depth) + 2 * (p.height - 2 * depth));
}

struct Colours {
  std::array<double, 3> mean{};  // OKLab
  double variance = 0;           // of a and b together
};

// Of every pixel up to 512 × 512 of them, of an even grid of as many in larger pictures.
Colours colours_of(const Image& image) {
  const std::vector<Plane> rgb = rgb_planes(image);
  const int64_t step_x = (image.width() + 511) / 512, step_y = (image.height() + 511) / 512;
  Colours out;
  double count = 0, squares = 0;
  for (int64_t y = step_y / 2; y < image.height(); y += step_y) {
    const auto r = rgb[0].row(y), g = rgb[1].row(y), b = rgb[2].row(y);
    for (int64_t x = step_x / 2; x < image.width(); x += step_x) {
      const auto i = static_cast<size_t>(x);
      const std::array<float, 3> lab = oklab_of_srgb({r[i] / 255, g[i] / 255, b[i] / 255});
      for (size_t k = 0; k < 3; ++k) out.mean[k] += lab[k];
      squares += lab[1] * lab[1] + lab[2] * lab[2];
      ++count;
    }
  }
  for (double& m : out.mean) m /= count;
  out.variance = std::max(0., squares / count - out.mean[1] * out.mean[1] - out.mean[2] * out.mean[2]);
  return out;
}

}  // namespace

std::optional<double> grid_peak(const Plane& luma) {
  if (std::min(luma.width, luma.height) < kBlock) return std::nullopt;
  const Block power = log_power(luma);
  constexpr int kQuarter = kBlock / 4, kHalf = kBlock / 2;
  // One of each pair of opposite frequencies, which a real picture has alike.
  constexpr std::array<std::pair<int, int>, 9> kPeaks = {{{0, kQuarter},
                                                          {0, kHalf},
                                                          {kQuarter, 0},
                                                          {kHalf, 0},
                                                          {kQuarter, kQuarter},
                                                          {kQuarter, kHalf},
                                                          {kHalf, kQuarter},
                                                          {kHalf, kHalf},
                                                          {kQuarter, kBlock - kQuarter}}};
  double most = 0;
  for (const auto& [v, u] : kPeaks) most = std::max(most, contrast(power, v, u));
  return 10 / std::numbers::ln10 * most;
}

std::optional<double> edge_step(const Plane& luma) {
  if (std::min(luma.width, luma.height) < 20) return std::nullopt;
  double inside = 0;
  for (int64_t depth = 4; depth <= 8; ++depth) inside += mean_step(luma, depth) / 5;
  if (inside < 1e-3) return std::nullopt;
  return mean_step(luma, 0) / inside;
}

double colour_shift(const Image& picture, const Image& content) {
  const Colours a = colours_of(picture), b = colours_of(content);
  return 100 * std::hypot(a.mean[0] - b.mean[0], a.mean[1] - b.mean[1], a.mean[2] - b.mean[2]);
}

double colour_spread(const Image& picture) {
  return 100 * std::sqrt(colours_of(picture).variance);
}

}  // namespace linmo::measure
