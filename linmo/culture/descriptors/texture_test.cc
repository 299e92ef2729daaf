// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/texture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "linmo/core/random.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/culture/descriptors/spectrum.h"

namespace linmo::culture {
namespace {

// Values of scikit-image 0.19.3 (graycomatrix, graycoprops).
TEST(Texture, CooccurrenceOfReferencePictures) {
  struct {
    const char* name;
    double contrast, homogeneity, energy, correlation;
  } const cases[] = {{"ramp", .044118, .977941, .239154, .998955},
                     {"checker", 19.074394, .915600, .650239, .830450},
                     {"noise", 42.523732, .167908, .062571, -.002159},
                     {"ink", .417050, .995842, .774435, .990667},
                     {"rings", .036022, .981989, .402750, .993573}};
  for (const auto& c : cases) {
    const GlcmProperties p = glcm_properties(cooccurrence(reference_picture(c.name)));
    EXPECT_NEAR(p.contrast, c.contrast, 1e-6) << c.name;
    EXPECT_NEAR(p.homogeneity, c.homogeneity, 1e-6) << c.name;
    EXPECT_NEAR(p.energy, c.energy, 1e-6) << c.name;
    EXPECT_NEAR(p.correlation, c.correlation, 1e-6) << c.name;
  }
}

// The 4 × 4 picture of Haralick's paper, 0°.
TEST(Texture, CooccurrenceOfThePapersExample) {
  Image image(4, 4, 1);
  const int levels[] = {0, 0, 1, 1, 0, 0, 1, 1, 0, 2, 2, 2, 2, 2, 3, 3};
  for (size_t i = 0; i < 16; ++i) image.samples<uint8_t>()[i] = static_cast<uint8_t>(levels[i] * 16);
  Cooccurrence shares = cooccurrence(image);
  shares.fill(shares[0]);
  const GlcmProperties p = glcm_properties(shares);
  EXPECT_NEAR(p.contrast, .58333, 1e-5);
  EXPECT_NEAR(p.homogeneity, .80833333, 1e-8);
  EXPECT_NEAR(p.energy, .38188131, 1e-8);
  EXPECT_NEAR(p.correlation, .71953255, 1e-8);
  EXPECT_NEAR(p.entropy, 2.09472904, 1e-8);
}

TEST(Texture, PatternsOfReferencePictures) {
  const std::pair<const char*, double> cases[] = {
      {"ramp", .139384}, {"checker", .562631}, {"noise", 2.896138}, {"ink", .199512}, {"rings", 2.517604}};
  for (const auto& [name, entropy] : cases)
    EXPECT_NEAR(entropy_bits(local_binary_patterns(reference_picture(name))), entropy, 1e-6) << name;
}

TEST(Texture, GaborFiltersFindTheirWave) {
  // Waves of 4 px along x: all energy at 0°, that of a cosine of amplitude 100 through a filter of gain ½
  // · 1.
  Plane wave(64, 64);
  for (int64_t y = 0; y < 64; ++y) {
    for (int64_t x = 0; x < 64; ++x)
      wave.row(y)[static_cast<size_t>(x)] = x % 4 == 0 ? 100.f : x % 4 == 2 ? -100.f : 0.f;
  }
  const std::array<double, 6> e = gabor_energies(wave);
  EXPECT_NEAR(e[0], 2500, 125);  // mirrored edges turn the wave's phase
  for (size_t k = 2; k < 5; ++k) EXPECT_LT(e[k], 0.02 * e[0]);
  EXPECT_NEAR(e[1], e[5], 1e-3 * e[1]);
}

class RingPower : public testing::TestWithParam<int64_t> {};
// An even and an odd power of two: with and without a last step of radix 2.
INSTANTIATE_TEST_SUITE_P(Sides, RingPower, testing::Values(16, 32));

TEST_P(RingPower, EqualsTheDefinition) {
  const int64_t n = GetParam();
  Plane p(n, n);
  for (size_t i = 0; i < p.values.size(); ++i) p.values[i] = static_cast<float>(mix(7, i) % 256);
  std::vector<double> power(8), count(8);
  for (int64_t ky = -n / 2; ky < n / 2; ++ky) {
    for (int64_t kx = -n / 2; kx < n / 2; ++kx) {
      const auto r = static_cast<size_t>(std::lround(std::hypot(kx, ky)));
      if (r >= 8) continue;
      std::complex<double> sum = 0;
      for (int64_t y = 0; y < n; ++y) {
        for (int64_t x = 0; x < n; ++x)
          sum += static_cast<double>(p.row(y)[static_cast<size_t>(x)]) *
                 std::polar(1.0, -2 * M_PI * static_cast<double>(kx * x + ky * y) / static_cast<double>(n));
      }
      power[r] += std::norm(sum);
      ++count[r];
    }
  }
  const std::vector<double> fast = ring_power(p, 8);
  for (size_t r = 0; r < 8; ++r) EXPECT_NEAR(fast[r], power[r] / count[r], 1e-5 * power[r] / count[r]) << r;
}

// Values of Aesthetics-Toolbox 1.0.2.
TEST(Texture, SlopesAndDimensionsOfReferencePictures) {
  const std::pair<const char*, double> slopes[] = {
      {"ramp", -1.45743}, {"noise", .00811}, {"ink", -1.47244}, {"rings", -1.86828}};
  for (const auto& [name, slope] : slopes)
    EXPECT_NEAR(slope_of_mather(reference_scale(name)).slope, slope, 1.1e-5) << name;
  EXPECT_TRUE(std::isnan(slope_of_mather(reference_scale("checker")).slope));
  // Enlarged to four times its size, white noise is no longer white.
  const SpectrumLine redies = slope_of_redies(noise_picture());
  EXPECT_NEAR(redies.slope, -1.42, 5e-3);
  EXPECT_NEAR(redies.sigma, .96, 5e-3);
  EXPECT_NEAR(fractal_dimension_2d(ink_picture()), 1.0, 1e-6);
  EXPECT_NEAR(fractal_dimension_2d(noise_picture()), 1.948416, 1e-6);
  EXPECT_NEAR(fractal_dimension_2d(rings_picture()), .724932, 1e-6);
  EXPECT_TRUE(std::isnan(fractal_dimension_2d(checker_picture())));
  EXPECT_NEAR(fractal_dimension_3d(ramp_picture()), 2.091279, 1e-6);
  EXPECT_NEAR(fractal_dimension_3d(ink_picture()), 2.045201, 1e-6);
  EXPECT_NEAR(fractal_dimension_3d(noise_picture()), 3.158646, 1e-6);
}

// A picture whose amplitudes fall as 1/f^α, with phases drawn by lot: −α is what Mather's estimate is for.
// The reference finds −.498, −.996, −1.493 for α = ½, 1, 1½ with other phases.
TEST(Texture, SlopeOfRandomPhases) {
  constexpr int64_t n = 128;
  for (const double alpha : {0.5, 1.0, 1.5}) {
    Random random(5);
    std::vector<double> field(static_cast<size_t>(n * n));
    for (int64_t v = 0; v <= n / 2; ++v) {
      for (int64_t u = -n / 2 + 1; u <= n / 2; ++u) {
        if (v == 0 && u <= 0) continue;
        const double amplitude = std::pow(std::hypot(u, v), -alpha),
                     phase = random.uniform() * 2 * std::numbers::pi;
        // cos(a + b) by turning on from pixel to pixel.
        const std::complex<double> turn = std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(u) / n);
        for (int64_t y = 0; y < n; ++y) {
          std::complex<double> wave =
              std::polar(amplitude, phase + 2 * std::numbers::pi * static_cast<double>(v * y) / n);
          for (int64_t x = 0; x < n; ++x, wave *= turn) field[static_cast<size_t>(y * n + x)] += wave.real();
        }
      }
    }
    double squares = 0;
    for (const double f : field) squares += f * f;
    const double scale = 45 / std::sqrt(squares / static_cast<double>(field.size()));
    Image grey(n, n, 1);
    for (size_t i = 0; i < field.size(); ++i)
      grey.samples<uint8_t>()[i] = static_cast<uint8_t>(std::clamp(128 + scale * field[i], 0.0, 255.0));
    EXPECT_NEAR(slope_of_mather(grey_scale(grey)).slope, -alpha, .05) << alpha;
  }
}

// Midpoint displacement (Fournier, Fussell & Carpenter 1982) makes a surface of known Hurst exponent.
TEST(Texture, RoughnessOfFractionalBrownianSurfaces) {
  for (const double hurst : {0.3, 0.7}) {
    constexpr int64_t n = 512;
    std::vector<double> z(static_cast<size_t>((n + 1) * (n + 1)));
    Random random(11);
    const auto at = [&](int64_t x, int64_t y) -> double& { return z[static_cast<size_t>(y * (n + 1) + x)]; };
    double spread = 1;
    for (const auto& [x, y] : {std::pair<int64_t, int64_t>{0, 0}, {n, 0}, {0, n}, {n, n}})
      at(x, y) = random.normal();
    for (int64_t step = n; step > 1; step /= 2) {
      const int64_t half = step / 2;
      spread *= std::pow(0.5, hurst / 2);
      for (int64_t y = half; y < n; y += step) {
        for (int64_t x = half; x < n; x += step) {
          at(x, y) = (at(x - half, y - half) + at(x + half, y - half) + at(x - half, y + half) +
                      at(x + half, y + half)) /
                         4 +
                     spread * random.normal();
        }
      }
      spread *= std::pow(0.5, hurst / 2);
      for (int64_t y = 0; y <= n; y += half) {
        for (int64_t x = y / half % 2 == 0 ? half : 0; x <= n; x += step) {
          double sum = 0;
          int count = 0;
          for (const auto& [dx, dy] :
               {std::pair<int64_t, int64_t>{-half, 0}, {half, 0}, {0, -half}, {0, half}}) {
            if (x + dx < 0 || x + dx > n || y + dy < 0 || y + dy > n) continue;
            sum += at(x + dx, y + dy);
            ++count;
          }
          at(x, y) = sum / count + spread * random.normal();
        }
      }
    }
    const auto [low, high] = std::ranges::minmax_element(z);
    Image image(n, n, 1);
    for (int64_t y = 0; y < n; ++y) {
      for (int64_t x = 0; x < n; ++x)
        image.row<uint8_t>(y)[static_cast<size_t>(x)] =
            static_cast<uint8_t>(std::lround((at(x, y) - *low) / (*high - *low) * 255));
    }
    EXPECT_NEAR(roughness_exponent(image), hurst, 0.1) << hurst;
  }
  EXPECT_NEAR(roughness_exponent(noise_picture()), 0, 0.01);
}

TEST(Texture, AFlatPictureHasNone) {
  const TextureFeatures t = measure_texture(make_subject(Image(300, 64, 3)));
  EXPECT_EQ(t.glcm_contrast, 0);
  EXPECT_EQ(t.glcm_energy, 1);
  EXPECT_TRUE(std::isnan(t.glcm_correlation));
  EXPECT_TRUE(std::isnan(t.fourier_slope));
  EXPECT_TRUE(std::isnan(t.fourier_slope_redies));
  EXPECT_TRUE(std::isnan(t.fractal_2d));
  EXPECT_TRUE(std::isnan(t.roughness));
  EXPECT_NEAR(t.gabor[0], -3, 1e-6);
}

}  // namespace
}  // namespace linmo::culture
