// SPDX-License-Identifier: Apache-2.0
// Colour: CIELAB and OKLab moments, hue weighted by chroma, palettes, shares of colours with a history.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "linmo/culture/descriptors/colour_space.h"
#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

struct PaletteColour {
  Lab oklab{};
  double weight = 0;  // of the picture, 0 … 1
};

struct ColourFeatures {
  double lab_l = kMissing, lab_a = kMissing, lab_b = kMissing, lab_a_sd = kMissing, lab_b_sd = kMissing;
  double chroma = kMissing, chroma_sd = kMissing;
  double oklab_l = kMissing, oklab_a = kMissing, oklab_b = kMissing;
  double colourfulness = kMissing;
  double hue_mean = kMissing, hue_concentration = kMissing, hue_entropy = kMissing,
         hsv_hue_entropy = kMissing;
  double warm_cool = kMissing;
  double palette_entropy = kMissing, palette_spread = kMissing, relevant_colours = kMissing;
  double strong_red = kMissing, aniline_red = kMissing, blue = kMissing, gold = kMissing,
         monochrome = kMissing;
  double flat_share = kMissing, flat_regions = kMissing;
  double colour_step_1 = kMissing, colour_step_8 = kMissing, colour_step_64 = kMissing,
         seamlessness = kMissing;

  template <class V>
  void visit(V& v) {
    constexpr double inf = kUnbounded;
    const char* lab = "CIE 15; IEC 61966-2-1";
    v.group("colour");
    v.field({"lab_l", "L*", 0, 100, "mean L*", lab, FeatureInfo::core}, lab_l);
    v.field({"lab_a", "a*", -inf, inf, "mean a*", lab, FeatureInfo::core}, lab_a);
    v.field({"lab_b", "b*", -inf, inf, "mean b*", lab, FeatureInfo::core}, lab_b);
    v.field({"lab_a_sd", "a*", 0, inf, "standard deviation of a*", lab}, lab_a_sd);
    v.field({"lab_b_sd", "b*", 0, inf, "standard deviation of b*", lab}, lab_b_sd);
    v.field({"chroma", "C*", 0, inf, "mean C* = √(a*² + b*²) (512 px scale)", lab}, chroma);
    v.field({"chroma_sd", "C*", 0, inf, "standard deviation of C* (512 px scale)", lab, FeatureInfo::core},
            chroma_sd);
    v.field({"oklab_l", "1", 0, 1, "mean L of OKLab (512 px scale)", "Ottosson 2020"}, oklab_l);
    v.field({"oklab_a", "1", -inf, inf, "mean a of OKLab (512 px scale)", "Ottosson 2020"}, oklab_a);
    v.field({"oklab_b", "1", -inf, inf, "mean b of OKLab (512 px scale)", "Ottosson 2020"}, oklab_b);
    v.field(
        {"colourfulness", "grey levels", 0, inf,
         "√(σ²rg + σ²yb) + 0.3 √(μ²rg + μ²yb), rg = R − G, yb = (R + G)/2 − B", "Hasler & Süsstrunk 2003"},
        colourfulness);
    v.field({"hue_mean", "°", 0, 360,
             "512 px scale; direction of Σ (a*, b*): hue h_ab weighted by chroma (circular)",
             "linmo; circular mean weighted by C*"},
            hue_mean);
    v.field({"hue_concentration", "1", 0, 1, "|Σ (a*, b*)| / Σ C* (512 px scale)",
             "linmo; resultant length weighted by C*", FeatureInfo::core},
            hue_concentration);
    v.field(
        {"hue_entropy", "1", 0, 1,
         "entropy of 36 bins of h_ab weighted by C*, pixels with C* < 5 left out, / ln 36; missing under 1 % "
         "coloured pixels; 512 px scale",
         "linmo"},
        hue_entropy);
    v.field({"hsv_hue_entropy", "bit", 0, 8,
             "entropy of round(255 H / max H), H the hue of HSV; greys count as red",
             "Bartho et al. 2025 (Aesthetics-Toolbox)", FeatureInfo::parity},
            hsv_hue_entropy);
    v.field({"warm_cool", "1", -1, 1,
             "(W − K)/(W + K), W and K: Σ C* over h_ab in 330° … 110° and in 150° … 300° (512 px scale)",
             "linmo"},
            warm_cool);
    v.field({"palette_entropy", "1", 0, 1,
             "−Σ w ln w / ln 8 over the 8 colours of k-means in OKLab (k-means++, 10 starts; 512 px scale)",
             "linmo"},
            palette_entropy);
    v.field({"palette_spread", "OKLab", 0, 1, "Σ wᵢ wⱼ |cᵢ − cⱼ| over those 8 colours", "linmo"},
            palette_spread);
    v.field(
        {"relevant_colours", "colours", 1, 64,
         "smallest k of k-means in OKLab whose centres lie within ΔE00 5 of the pixels on average; 64: no "
         "fewer suffice (512 px scale)",
         "after Nieves, Gómez-Robledo, Chen & Romero 2020"},
        relevant_colours);
    v.field({"strong_red", "1", 0, 1, "share of pixels with h_ab 0° … 50° and C* ≥ 20 (512 px scale)",
             "Suzuki et al. 2015"},
            strong_red);
    v.field({"aniline_red", "1", 0, 1, "share of pixels with h_ab 10° … 20° and C* ≥ 50 (512 px scale)",
             "Suzuki et al. 2015"},
            aniline_red);
    v.field(
        {"blue", "1", 0, 1,
         "share of pixels with h_ab 230° … 290° and C* ≥ 15 (Prussian blue, aizuri; 512 px scale)", "linmo"},
        blue);
    v.field({"gold", "1", 0, 1, "share of pixels with h_ab 75° … 100° and C* ≥ 25 (512 px scale)", "linmo"},
            gold);
    v.field({"monochrome", "1", 0, 1,
             "share of pixels with C* < 8 when the paper's a*, b* (else 0) are taken off (512 px scale)",
             "linmo"},
            monochrome);
    v.field({"flat_share", "1", 0, 1,
             "area of connected regions of ≥ 0.5 % of the picture in which OKLab's standard deviation in 9 × "
             "9 px "
             "(512 px scale) is < 0.01",
             "linmo"},
            flat_share);
    v.field({"flat_regions", "regions", 0, inf, "number of those regions", "linmo"}, flat_regions);
    v.field({"colour_step_1", "ΔE", 0, inf,
             "mean ΔE*ab of pixels 1 px apart, along rows and columns (512 px scale)",
             "after Lee, Kim, Sun, Jeong & Park 2018"},
            colour_step_1);
    v.field({"colour_step_8", "ΔE", 0, inf, "the same 8 px apart", "after Lee et al. 2018"}, colour_step_8);
    v.field({"colour_step_64", "ΔE", 0, inf, "the same 64 px apart", "after Lee et al. 2018"},
            colour_step_64);
    v.field({"seamlessness", "1", 0, inf, "colour_step_1 / colour_step_64", "after Lee et al. 2018"},
            seamlessness);
  }
};

// `paper`: the paper's colour (tone.h), or null when none was found.
ColourFeatures measure_colour(const Subject& subject, const Lab* paper, std::vector<PaletteColour>* palette);

// Hasler & Süsstrunk's measure of 8-bit RGB.
double colourfulness(const Image& rgb);
// Aesthetics-Toolbox's "color entropy" of 8-bit RGB.
double hsv_hue_entropy(const Image& rgb);
// Mean ΔE*ab (1976) of all pairs of pixels `lag` px apart along rows and columns.
double colour_step(const Scale& scale, int64_t lag);

// The colours of a picture in up to 32³ cells of sRGB, each cell as its mean in linear light.
std::vector<PaletteColour> colour_cells(const Image& rgb);
// Weighted k-means in OKLab, heaviest first; the best of `starts` (k-means++). Same seed, same result.
std::vector<PaletteColour> cluster_colours(const std::vector<PaletteColour>& cells, int k, int starts);
// Earth mover's distance of two palettes, cost |cᵢ − cⱼ| in OKLab; weights are made to sum to 1.
double palette_distance(const std::vector<PaletteColour>& a, const std::vector<PaletteColour>& b);
// "#rrggbb 0.25; …" and back; throws ErrorKind::input for other text.
std::string to_text(const std::vector<PaletteColour>& palette);
std::vector<PaletteColour> parse_palette(std::string_view text);

}  // namespace linmo::culture
