// SPDX-License-Identifier: Apache-2.0
// Of the file, the scan and the mount, never to be called style: what must be held against every difference
// between collections before it is called cultural.
#pragma once

#include "linmo/culture/descriptors/colour_space.h"
#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

struct NuisanceFeatures {
  // The file.
  double source_width = kMissing, source_height = kMissing, source_megapixels = kMissing,
         source_aspect = kMissing, bytes_per_pixel = kMissing, bit_depth = kMissing, icc_profile = kMissing,
         jpeg_quality = kMissing, chroma_subsampling = kMissing, reduction = kMissing;
  // The scan.
  double blockiness = kMissing, noise_sigma = kMissing, blur_effect = kMissing, clipped_shadows = kMissing,
         clipped_highlights = kMissing, shadow_a = kMissing, shadow_b = kMissing, paper_a = kMissing,
         paper_b = kMissing;
  // What surrounds and what was added.
  double mount_share = kMissing, mount_lightness = kMissing, seals_share = kMissing, seals_count = kMissing,
         inscriptions_share = kMissing, inscription_columns = kMissing;

  template <class V>
  void visit(V& v) {
    constexpr double inf = kUnbounded;
    v.group("nuisance");
    v.field({"source_width", "px", 1, inf, "width of the file's picture, upright", "linmo"}, source_width);
    v.field({"source_height", "px", 1, inf, "height of the file's picture, upright", "linmo"}, source_height);
    v.field({"source_megapixels", "Mpx", 0, inf, "width × height / 10⁶", "linmo"}, source_megapixels);
    v.field({"source_aspect", "1", 0, inf, "width / height of what is left without the mount", "linmo"},
            source_aspect);
    v.field({"bytes_per_pixel", "B/px", 0, inf, "bytes of the file / pixels", "linmo"}, bytes_per_pixel);
    v.field({"bit_depth", "bit", 1, 64, "bits a sample, as stored", "linmo"}, bit_depth);
    v.field({"icc_profile", "1", 0, 1, "1 where the file carries a colour profile", "linmo"}, icc_profile);
    v.field(
        {"jpeg_quality", "1", 1, 100,
         "quality of the IJG tables (Rec. T.81, Annex K, scaled) nearest to the file's quantisation tables; "
         "JPEG only",
         "IJG libjpeg 6b, jcparam.c"},
        jpeg_quality);
    v.field({"chroma_subsampling", "1", 1, 16, "pixels a chroma sample: 1 is 4:4:4, 4 is 4:2:0; JPEG only",
             "ITU-T T.81"},
            chroma_subsampling);
    v.field({"reduction", "1", 0, 1, "standard scale / stored size; 1: measured as stored", "linmo"},
            reduction);
    v.field(
        {"blockiness", "1", -1, 1,
         "(B − O) / (B + O), B the mean |difference| of luma between columns 8 k + p − 1 and 8 k + p, O that "
         "between the others, p the phase where it is largest; mean of columns and rows; 0: none",
         "after Wang, Bovik & Evans 2000"},
        blockiness);
    v.field(
        {"noise_sigma", "grey levels", 0, inf,
         "√(π/2) Σ |I ∗ N| / (6 (w − 2)(h − 2)), N = [1 −2 1; −2 4 −2; 1 −2 1], of luma", "Immerkær 1996"},
        noise_sigma);
    v.field({"blur_effect", "1", 0, 1,
             "largest over both directions of 1 − Σ max(0, D − D₁₁) / Σ D; D Sobel gradient of luma, D₁₁ the "
             "same after an 11 px mean along it",
             "Crété et al. 2007 (scikit-image)"},
            blur_effect);
    v.field({"clipped_shadows", "1", 0, 1, "share of pixels with R, G and B ≤ 2", "linmo"}, clipped_shadows);
    v.field({"clipped_highlights", "1", 0, 1, "share of pixels with R, G and B ≥ 253", "linmo"},
            clipped_highlights);
    v.field(
        {"shadow_a", "a*", -inf, inf, "mean a* of the darkest 2 % of pixels: cast of the blacks", "linmo"},
        shadow_a);
    v.field({"shadow_b", "b*", -inf, inf, "mean b* of the darkest 2 % of pixels", "linmo"}, shadow_b);
    v.field(
        {"paper_a", "a*", -inf, inf, "a* of the paper (void_share): age, paper and scanner in one", "linmo"},
        paper_a);
    v.field({"paper_b", "b*", -inf, inf, "b* of the paper (void_share)", "linmo"}, paper_b);
    v.field({"mount_share", "1", 0, 1, "area of mount, frame and margins / file's picture", "linmo"},
            mount_share);
    v.field({"mount_lightness", "L*", 0, 100, "mean L* of mount, frame and margins", "linmo"},
            mount_lightness);
    v.field({"seals_share", "1", 0, 1, "area of the boxes around seals / picture", "linmo"}, seals_share);
    v.field(
        {"seals_count", "seals", 0, inf, "compact vermilion marks on lighter, less coloured ground", "linmo"},
        seals_count);
    v.field({"inscriptions_share", "1", 0, 1, "area of the boxes around columns of characters / picture",
             "linmo"},
            inscriptions_share);
    v.field(
        {"inscription_columns", "columns", 0, inf, "columns of at least 5 small marks of one size", "linmo"},
        inscription_columns);
  }
};

// Of luma 0 … 255 as stored. NaN where the plane is too small or has no gradients.
double noise_sigma(const Plane& luma);
double blur_effect(const Plane& luma);
double blockiness(const Plane& luma);

// Noise, blur and blockiness of the middle (1024 × 1024 px) of an 8-bit RGB picture as stored, clipping of
// all.
void measure_scan(const Image& rgb, NuisanceFeatures& features);
// Casts of the darkest pixels and of the paper (null: none was found), at the standard scale.
void measure_cast(const Scale& scale, const Lab* paper, NuisanceFeatures& features);

}  // namespace linmo::culture
