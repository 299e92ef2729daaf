// SPDX-License-Identifier: Apache-2.0
// Texture: grey-level co-occurrence, local binary patterns, Gabor energies, and how detail is spread over
// scales (Fourier slope, fractal dimensions, roughness).
#pragma once

#include <array>
#include <cstdint>

#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

struct TextureFeatures {
  double glcm_contrast = kMissing, glcm_dissimilarity = kMissing, glcm_homogeneity = kMissing,
         glcm_energy = kMissing, glcm_correlation = kMissing, glcm_entropy = kMissing;
  double lbp_entropy = kMissing, lbp_edges = kMissing, lbp_irregular = kMissing;
  std::array<double, 4> gabor{kMissing, kMissing, kMissing, kMissing};
  double gabor_fine_coarse = kMissing, gabor_orientation = kMissing;
  double fourier_slope = kMissing, fourier_sigma = kMissing;
  double fourier_slope_redies = kMissing, fourier_sigma_redies = kMissing;
  double fractal_2d = kMissing, fractal_3d = kMissing, roughness = kMissing;

  template <class V>
  void visit(V& v) {
    constexpr double inf = kUnbounded;
    const char* haralick = "Haralick, Shanmugam & Dinstein 1973";
    const char* ojala = "Ojala, Pietikäinen & Mäenpää 2002";
    const char* bovik = "Bovik, Clark & Geisler 1990";
    const char* mather = "Mather 2014";
    const char* redies = "Redies, Hasenstein & Denzler 2007";
    v.group("texture");
    v.field({"glcm_contrast", "level²", 0, 225,
             "Σ P (i − j)², P the shares of pairs of luma levels (16 levels, 1 px apart, symmetric), mean of "
             "0°, 45°, 90°, 135°",
             haralick},
            glcm_contrast);
    v.field({"glcm_dissimilarity", "level", 0, 15, "Σ P |i − j|", haralick}, glcm_dissimilarity);
    v.field({"glcm_homogeneity", "1", 0, 1, "Σ P / (1 + (i − j)²)", haralick}, glcm_homogeneity);
    v.field({"glcm_energy", "1", 0, 1, "√ Σ P²", haralick}, glcm_energy);
    v.field({"glcm_correlation", "1", -1, 1, "Σ P (i − μ)(j − μ) / σ²", haralick}, glcm_correlation);
    v.field({"glcm_entropy", "nat", 0, 5.545177444479562, "−Σ P ln P", haralick}, glcm_entropy);
    v.field({"lbp_entropy", "bit", 0, 3.321928094887362,
             "entropy of the 10 uniform local binary patterns of luma (8 points at 1 px)", ojala},
            lbp_entropy);
    v.field({"lbp_edges", "1", 0, 1,
             "share of patterns with 3 to 5 of 8 neighbours in a row as light as the middle: edges", ojala},
            lbp_edges);
    v.field({"lbp_irregular", "1", 0, 1, "share of patterns with more than two changes: grain", ojala},
            lbp_irregular);
    static constexpr const char* kNames[4] = {"gabor_4px", "gabor_8px", "gabor_16px", "gabor_32px"};
    static constexpr const char* kFormulas[4] = {
        "log₁₀ (0.001 + mean |response|²) of Gabor filters with waves of 4 px (bandwidth 1 octave), mean of "
        "6 "
        "orientations, luma at the 512 px scale",
        "the same, waves of 8 px", "the same, waves of 16 px", "the same, waves of 32 px"};
    for (size_t i = 0; i < 4; ++i) v.field({kNames[i], "log level²", -3, 6, kFormulas[i], bovik}, gabor[i]);
    v.field({"gabor_fine_coarse", "log ratio", -9, 9, "gabor_4px − gabor_32px", "linmo"}, gabor_fine_coarse);
    v.field({"gabor_orientation", "1", 0, 1,
             "entropy of the 6 orientations' energies / log 6, mean over the 4 scales", "linmo"},
            gabor_orientation);
    v.field(
        {"fourier_slope", "1", -inf, inf,
         "half the slope of ln power over ln frequency (mean over rings), from 1/25 to 1/2 of the highest "
         "frequency; L*, largest centred square of 2ᵏ px",
         mather},
        fourier_slope);
    v.field({"fourier_sigma", "1", 0, inf, "standard deviation of log₁₀ power around that line", "linmo"},
            fourier_sigma);
    v.field(
        {"fourier_slope_redies", "1", -inf, inf,
         "slope of log power over log frequency, 10 … 256 cycles, 123 bins; luma resized to 1024 px (smaller "
         "pictures are enlarged, which steepens it) and padded with its mean to a square",
         redies, FeatureInfo::parity},
        fourier_slope_redies);
    v.field({"fourier_sigma_redies", "1", 0, inf, "variance of log₁₀ power around that line", redies,
             FeatureInfo::parity},
            fourier_sigma_redies);
    v.field({"fractal_2d", "1", 0, inf,
             "box-counting dimension of the border between dark and light (luma below and above its mean), "
             "picture squeezed to a square",
             "Spehar et al. 2003; Bartho et al. 2025"},
            fractal_2d);
    v.field({"fractal_3d", "1", 0, inf,
             "differential box counting on luma as a surface; the grid is the reference's, so that white "
             "noise comes to 3.16",
             "Sarkar & Chaudhuri 1994; Mather 2018"},
            fractal_3d);
    v.field({"roughness", "1", -inf, 1,
             "α of √⟨(luma(x + r) − luma(x))²⟩ ∝ r^α, r = 1, 2, 4 … 32 px along rows and columns, 512 px "
             "scale",
             "Kim, Son & Jeong 2014", FeatureInfo::core},
            roughness);
  }
};

// Shares of pairs (rows first) of 16 levels for 0°, 45°, 90°, 135°.
using Cooccurrence = std::array<std::array<double, 256>, 4>;
Cooccurrence cooccurrence(const Image& luma8);
struct GlcmProperties {
  double contrast, dissimilarity, homogeneity, energy, correlation, entropy;
};
GlcmProperties glcm_properties(const Cooccurrence& shares);

// Shares of the uniform patterns with 0 … 8 neighbours at least as light as the middle, and of all others.
// Outside the picture is black, as scikit-image has it.
std::array<double, 10> local_binary_patterns(const Image& luma8);

// Mean |response|² for 6 orientations (θ = 0°, 30° …), wave length 4 px, edges mirrored.
std::array<double, 6> gabor_energies(const Plane& plane);

struct SpectrumLine {
  double slope, sigma;
};
SpectrumLine slope_of_mather(const Scale& scale);
SpectrumLine slope_of_redies(const Image& luma8);
double fractal_dimension_2d(const Image& luma8);
double fractal_dimension_3d(const Image& luma8);
double roughness_exponent(const Image& luma8);

TextureFeatures measure_texture(const Subject& subject);

}  // namespace linmo::culture
