// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/texture.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "linmo/culture/descriptors/kernels.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

constexpr double kPi = std::numbers::pi;

// Weights of the pixels around a point of the circle between two axes, at (.70711, .70711) as scikit-image
// rounds it, in 1/2²²: next to the middle, beside, in the corner. They sum to 2²², so that equal pixels stay
// equal.
constexpr int32_t kCorner = 2097171, kBeside = 868663, kOne = 1 << 22, kMiddle = kOne - kCorner - 2 * kBeside;

LINMO_SIMD void pattern_row(const int32_t* above, const int32_t* here, const int32_t* below, int32_t* out,
                            int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    const int32_t c = here[x];
    const int32_t level = c * (kOne - kMiddle);
    const auto corner = [&](int32_t far, int32_t beside) {
      return kCorner * far + kBeside * beside >= level;
    };
    out[x] = (here[x + 1] >= c ? 1 : 0) | (corner(above[x + 1], above[x] + here[x + 1]) ? 2 : 0) |
             (above[x] >= c ? 4 : 0) | (corner(above[x - 1], above[x] + here[x - 1]) ? 8 : 0) |
             (here[x - 1] >= c ? 16 : 0) | (corner(below[x - 1], below[x] + here[x - 1]) ? 32 : 0) |
             (below[x] >= c ? 64 : 0) | (corner(below[x + 1], below[x] + here[x + 1]) ? 128 : 0);
  }
}

struct GaborTaps {
  int64_t reach;
  std::array<std::vector<float>, 2> across, down;  // cosine and sine of a complex wave under the envelope
};

// A Gaussian that is round makes a Gabor filter a product of one along x and one along y.
GaborTaps gabor_taps(double theta) {
  const double frequency = 0.25, bandwidth = 1;
  const double factor = std::exp2(bandwidth);
  const double sigma = std::sqrt(std::numbers::ln2 / 2) * (factor + 1) / (factor - 1) / (kPi * frequency);
  GaborTaps taps;
  taps.reach = static_cast<int64_t>(std::ceil(
      std::max({3 * sigma * std::abs(std::cos(theta)), 3 * sigma * std::abs(std::sin(theta)), 1.0})));
  for (int64_t i = -taps.reach; i <= taps.reach; ++i) {
    const auto d = static_cast<double>(i);
    const double envelope = std::exp(-d * d / (2 * sigma * sigma)) / (std::sqrt(2 * kPi) * sigma);
    const double x = 2 * kPi * frequency * d * std::cos(theta), y = 2 * kPi * frequency * d * std::sin(theta);
    taps.across[0].push_back(static_cast<float>(envelope * std::cos(x)));
    taps.across[1].push_back(static_cast<float>(envelope * std::sin(x)));
    taps.down[0].push_back(static_cast<float>(envelope * std::cos(y)));
    taps.down[1].push_back(static_cast<float>(envelope * std::sin(y)));
  }
  return taps;
}

LINMO_SIMD void add_complex(const float* re, const float* im, float c, float s, float* out_re, float* out_im,
                            int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out_re[i] += c * re[i] - s * im[i];
    out_im[i] += c * im[i] + s * re[i];
  }
}

LINMO_SIMD void add_real(const float* v, float c, float s, float* out_re, float* out_im, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out_re[i] += c * v[i];
    out_im[i] += s * v[i];
  }
}

LINMO_SIMD double sum_of_squares(const float* re, const float* im, int64_t count) {
  float lanes[16] = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int64_t k = 0; k < 16; ++k) lanes[k] += re[i + k] * re[i + k] + im[i + k] * im[i + k];
  }
  double sum = 0;
  for (; i < count; ++i) sum += re[i] * re[i] + im[i] * im[i];
  for (const float v : lanes) sum += v;
  return sum;
}

Plane halved(const Plane& p) {
  Plane out = Plane::unset(p.width / 2, p.height / 2);
  for (int64_t y = 0; y < out.height; ++y) {
    const float* a = p.row(2 * y).data();
    const float* b = p.row(2 * y + 1).data();
    float* to = out.row(y).data();
    for (int64_t x = 0; x < out.width; ++x) to[x] = (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]) / 4;
  }
  return out;
}

void measure_gabor(const Image& luma, TextureFeatures& out) {
  Plane plane = Plane::unset(luma.width(), luma.height());
  const auto samples = luma.samples<uint8_t>();
  double mean = 0;
  for (const uint8_t v : samples) mean += v;
  mean /= static_cast<double>(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) plane.values[i] = static_cast<float>(samples[i] - mean);
  double spread = 0;
  int scales = 0;
  for (size_t scale = 0; scale < 4; ++scale) {
    if (scale > 0) plane = halved(plane);
    if (std::min(plane.width, plane.height) < 8) break;
    const std::array<double, 6> energies = gabor_energies(plane);
    double sum = 0;
    for (const double e : energies) sum += e;
    out.gabor[scale] = std::log10(1e-3 + sum / 6);
    if (sum > 1e-3) {
      spread += entropy_bits(energies) / std::log2(6);
      ++scales;
    }
  }
  if (scales > 0) out.gabor_orientation = std::min(1.0, spread / scales);
  out.gabor_fine_coarse = out.gabor[0] - out.gabor[3];
}

}  // namespace

Cooccurrence cooccurrence(const Image& luma) {
  const int64_t w = luma.width(), h = luma.height();
  // Counts of ordered pairs, two tables in turn so that equal neighbours do not wait for each other.
  std::array<std::array<std::array<uint32_t, 256>, 2>, 4> counts{};
  std::vector<uint8_t> rows(static_cast<size_t>(2 * (w + 2)));
  uint8_t* above = rows.data() + 1;
  uint8_t* here = rows.data() + w + 3;
  for (int64_t y = 0; y < h; ++y) {
    const auto in = luma.row<uint8_t>(y);
    for (int64_t x = 0; x < w; ++x) here[x] = in[static_cast<size_t>(x)] >> 4;
    for (int64_t x = 0; x + 1 < w; ++x)
      ++counts[0][static_cast<size_t>(x & 1)][static_cast<size_t>(here[x] << 4 | here[x + 1])];
    if (y > 0) {
      for (int64_t x = 0; x < w; ++x) {
        const auto side = static_cast<size_t>(x & 1);
        const int upper = above[x] << 4;
        ++counts[2][side][static_cast<size_t>(upper | here[x])];
        if (x + 1 < w) ++counts[1][side][static_cast<size_t>(upper | here[x + 1])];
        if (x > 0) ++counts[3][side][static_cast<size_t>(upper | here[x - 1])];
      }
    }
    std::swap(above, here);
  }
  Cooccurrence out{};
  for (size_t a = 0; a < 4; ++a) {
    double total = 0;
    for (size_t i = 0; i < 16; ++i) {
      for (size_t j = 0; j < 16; ++j) {
        for (const auto& part : counts[a]) out[a][16 * i + j] += part[16 * i + j] + part[16 * j + i];
        total += out[a][16 * i + j];
      }
    }
    for (double& p : out[a]) p /= total;
  }
  return out;
}

GlcmProperties glcm_properties(const Cooccurrence& shares) {
  GlcmProperties out{0, 0, 0, 0, 0, 0};
  for (const auto& p : shares) {
    double mean = 0, squares = 0, variance = 0, covariance = 0;
    for (size_t i = 0; i < 16; ++i) {
      for (size_t j = 0; j < 16; ++j) mean += static_cast<double>(i) * p[16 * i + j];
    }
    for (size_t i = 0; i < 16; ++i) {
      for (size_t j = 0; j < 16; ++j) {
        const double v = p[16 * i + j];
        if (v == 0) continue;
        const auto x = static_cast<double>(i), y = static_cast<double>(j), d = x - y;
        out.contrast += v * d * d / 4;
        out.dissimilarity += v * std::abs(d) / 4;
        out.homogeneity += v / (1 + d * d) / 4;
        out.entropy -= v * std::log(v) / 4;
        squares += v * v;
        variance += v * (x - mean) * (x - mean);
        covariance += v * (x - mean) * (y - mean);
      }
    }
    out.energy += std::sqrt(squares) / 4;
    out.correlation += variance > 1e-15 ? covariance / variance / 4 : kMissing;
  }
  out.entropy = std::max(0.0, out.entropy);
  return out;
}

std::array<double, 10> local_binary_patterns(const Image& luma) {
  const int64_t w = luma.width(), h = luma.height(), pitch = w + 2;
  std::array<uint8_t, 256> kind{};
  for (int code = 0; code < 256; ++code) {
    const int turned = (code >> 1 | code << 7) & 255;
    const int changes = std::popcount(static_cast<unsigned>(code ^ turned));
    kind[static_cast<size_t>(code)] =
        static_cast<uint8_t>(changes <= 2 ? std::popcount(static_cast<unsigned>(code)) : 9);
  }
  std::array<std::vector<int32_t>, 3> rows;
  for (auto& row : rows) row.assign(static_cast<size_t>(pitch), 0);
  const auto fill = [&](std::vector<int32_t>& row, int64_t y) {
    if (y >= h) {
      std::ranges::fill(row, 0);
    } else {
      const auto in = luma.row<uint8_t>(y);
      std::copy(in.begin(), in.end(), row.begin() + 1);
    }
  };
  fill(rows[1], 0);
  std::vector<int32_t> code(static_cast<size_t>(w));
  std::array<std::array<int64_t, 256>, 2> counts{};
  for (int64_t y = 0; y < h; ++y) {
    fill(rows[2], y + 1);
    pattern_row(rows[0].data() + 1, rows[1].data() + 1, rows[2].data() + 1, code.data(), w);
    for (size_t x = 0; x < code.size(); ++x) ++counts[x & 1][static_cast<size_t>(code[x])];
    std::swap(rows[0], rows[1]);
    std::swap(rows[1], rows[2]);
  }
  std::array<double, 10> out{};
  for (size_t c = 0; c < 256; ++c)
    out[kind[c]] += static_cast<double>(counts[0][c] + counts[1][c]) / static_cast<double>(w * h);
  return out;
}

std::array<double, 6> gabor_energies(const Plane& plane) {
  static const std::array<GaborTaps, 6> kTaps = [] {
    std::array<GaborTaps, 6> taps;
    for (size_t k = 0; k < 6; ++k) taps[k] = gabor_taps(static_cast<double>(k) * kPi / 6);
    return taps;
  }();
  const int64_t w = plane.width, h = plane.height;
  std::array<double, 6> out{};
  for (size_t k = 0; k < 6; ++k) {
    const GaborTaps& taps = kTaps[k];
    const int64_t reach = taps.reach, ring = 2 * reach + 1;
    // Rows filtered across wait in a ring until all that a result needs are there.
    std::vector<float> waiting(static_cast<size_t>(2 * ring * w)), padded(static_cast<size_t>(w + 2 * reach)),
        re(static_cast<size_t>(w)), im(re);
    const auto slot = [&](int64_t y) { return waiting.data() + 2 * w * ((y + ring) % ring); };
    const auto filter_across = [&](int64_t y) {
      const auto from = plane.row(mirrored(y, h));
      for (int64_t x = -reach; x < w + reach; ++x)
        padded[static_cast<size_t>(x + reach)] =
            from[static_cast<size_t>(x >= 0 && x < w ? x : mirrored(x, w))];
      float* to = slot(y);
      std::fill_n(to, 2 * w, 0.0f);
      for (size_t t = 0; t < taps.across[0].size(); ++t)
        add_real(padded.data() + t, taps.across[0][t], taps.across[1][t], to, to + w, w);
    };
    for (int64_t y = -reach; y < reach; ++y) filter_across(y);
    double sum = 0;
    for (int64_t y = 0; y < h; ++y) {
      filter_across(y + reach);
      std::ranges::fill(re, 0.0f);
      std::ranges::fill(im, 0.0f);
      for (size_t t = 0; t < taps.down[0].size(); ++t) {
        const float* from = slot(y - reach + static_cast<int64_t>(t));
        add_complex(from, from + w, taps.down[0][t], taps.down[1][t], re.data(), im.data(), w);
      }
      sum += sum_of_squares(re.data(), im.data(), w);
    }
    out[k] = sum / static_cast<double>(w * h);
  }
  return out;
}

TextureFeatures measure_texture(const Subject& subject) {
  TextureFeatures out;
  const Scale& full = subject.standard;
  const Scale& small = subject.small();
  const GlcmProperties glcm = glcm_properties(cooccurrence(full.luma));
  out.glcm_contrast = glcm.contrast;
  out.glcm_dissimilarity = glcm.dissimilarity;
  out.glcm_homogeneity = glcm.homogeneity;
  out.glcm_energy = glcm.energy;
  out.glcm_correlation = glcm.correlation;
  out.glcm_entropy = glcm.entropy;
  const std::array<double, 10> lbp = local_binary_patterns(full.luma);
  out.lbp_entropy = std::max(0.0, entropy_bits(lbp));
  out.lbp_edges = lbp[3] + lbp[4] + lbp[5];
  out.lbp_irregular = lbp[9];
  measure_gabor(small.luma, out);
  const SpectrumLine mather = slope_of_mather(full);
  out.fourier_slope = mather.slope;
  out.fourier_sigma = mather.sigma;
  const SpectrumLine redies = slope_of_redies(full.luma);
  out.fourier_slope_redies = redies.slope;
  out.fourier_sigma_redies = redies.sigma;
  out.fractal_2d = fractal_dimension_2d(full.luma);
  out.fractal_3d = fractal_dimension_3d(full.luma);
  out.roughness = roughness_exponent(small.luma);
  return out;
}

}  // namespace linmo::culture
