// SPDX-License-Identifier: Apache-2.0
// Tone, and what is left blank (留白): how much, where, and how it passes into the painted parts.
#pragma once

#include <array>
#include <optional>

#include "linmo/culture/descriptors/colour_space.h"
#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

struct ToneFeatures {
  double rms_contrast = kMissing, lightness_entropy = kMissing, lightness_median = kMissing,
         lightness_skew = kMissing;
  double lightness_p5 = kMissing, lightness_p95 = kMissing, lightness_range = kMissing;
  double void_share = kMissing, void_share_6 = kMissing, void_share_15 = kMissing, void_quadtree = kMissing;
  double light_share_otsu = kMissing;
  std::array<double, 9> void_cells{kMissing, kMissing, kMissing, kMissing, kMissing,
                                   kMissing, kMissing, kMissing, kMissing};
  double void_at_border = kMissing, void_largest = kMissing, void_x = kMissing, void_y = kMissing,
         void_convexity = kMissing;
  double gradation = kMissing, local_coherence = kMissing, tonal_modes = kMissing;

  template <class V>
  void visit(V& v) {
    constexpr double inf = kUnbounded;
    v.group("tone");
    v.field({"rms_contrast", "L*", 0, 50, "standard deviation of L*", "Peli 1990", FeatureInfo::core},
            rms_contrast);
    v.field({"lightness_entropy", "bit", 0, 8, "entropy of round(255 L* / max L*)",
             "Bartho et al. 2025 (Aesthetics-Toolbox)"},
            lightness_entropy);
    v.field({"lightness_median", "L*", 0, 100, "median of L* (key)", "linmo"}, lightness_median);
    v.field({"lightness_skew", "1", -inf, inf, "Σ (L* − mean)³ / (n σ³)", "moment coefficient of skewness"},
            lightness_skew);
    v.field({"lightness_p5", "L*", 0, 100, "5th percentile of L*", "linmo"}, lightness_p5);
    v.field({"lightness_p95", "L*", 0, 100, "95th percentile of L*", "linmo"}, lightness_p95);
    v.field({"lightness_range", "L*", 0, 100, "95th − 5th percentile of L*", "linmo"}, lightness_range);
    v.field(
        {"void_share", "1", 0, 1,
         "share of pixels within ΔE00 10 of the paper (commonest 4³ cell of L*a*b* among even pixels at or "
         "above the median L*) and within 7 px of an even pixel of that colour; even: σ(L*) < 3 in 15 × 15 "
         "px; "
         "512 px scale",
         "linmo; the question of Wang et al. 2022", FeatureInfo::core},
        void_share);
    v.field({"void_share_6", "1", 0, 1, "the same with ΔE00 6", "linmo"}, void_share_6);
    v.field({"void_share_15", "1", 0, 1, "the same with ΔE00 15", "linmo"}, void_share_15);
    v.field({"void_quadtree", "1", 0, 1,
             "area of quadtree leaves (split until σ(L*) < 6 or a side < 8 px) whose mean is within ΔE00 10 "
             "of the "
             "paper (512 px scale)",
             "after Fan, Li, Yu & Zhang 2017"},
            void_quadtree);
    v.field({"light_share_otsu", "1", 0, 1,
             "share of pixels above Otsu's threshold of luma: counts light paint "
             "as paper and paper in the dark as paint",
             "Otsu 1979", FeatureInfo::parity},
            light_share_otsu);
    static constexpr const char* kNames[9] = {"void_top_left",    "void_top",    "void_top_right",
                                              "void_left",        "void_centre", "void_right",
                                              "void_bottom_left", "void_bottom", "void_bottom_right"};
    for (size_t i = 0; i < 9; ++i)
      v.field({kNames[i], "1", 0, 1, "void_share within this ninth of the picture", "linmo"}, void_cells[i]);
    v.field({"void_at_border", "1", 0, 1,
             "share of the void in connected parts that touch the picture's edge", "linmo"},
            void_at_border);
    v.field({"void_largest", "1", 0, 1, "largest connected part of the void / picture", "linmo"},
            void_largest);
    v.field({"void_x", "1", 0, 1, "mean x of the void, 0 left … 1 right", "linmo"}, void_x);
    v.field({"void_y", "1", 0, 1, "mean y of the void, 0 top … 1 bottom", "linmo"}, void_y);
    v.field({"void_convexity", "1", 0, 1, "largest part of the void / its convex hull", "linmo"},
            void_convexity);
    v.field({"gradation", "1", 0, 1,
             "share of pixels with 0.2 < |∇L*| < 2 per px at σ = 4 px and structure-tensor coherence > 0.8 "
             "(bokashi, washes); 512 px scale",
             "linmo", FeatureInfo::core},
            gradation);
    v.field({"local_coherence", "1", 0, 1,
             "Σ √((Jxx − Jyy)² + 4 Jxy²) / Σ (Jxx + Jyy), J the structure tensor of L* at σ = 4 px (512 px "
             "scale)",
             "Bigün 1987"},
            local_coherence);
    v.field({"tonal_modes", "modes", 0, inf,
             "peaks of the density of L* (Gaussian kernel, bandwidth 3) with prominence > 2 % of the highest "
             "(墨分五彩)",
             "linmo"},
            tonal_modes);
  }
};

struct Void {
  std::optional<Lab> paper;  // none: no even light pixels
  Bits blank;                // small scale; ΔE00 ≤ 10
};

ToneFeatures measure_tone(const Subject& subject, Void* found = nullptr);

// Entropy of round(255 · v / max v), in bits: Aesthetics-Toolbox's "lightness entropy" for v = L*.
double scaled_entropy(std::span<const float> values);

}  // namespace linmo::culture
