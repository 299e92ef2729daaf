// SPDX-License-Identifier: Apache-2.0
// Composition: how what is shown lies within the picture's edges.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/subject.h"
#include "linmo/culture/descriptors/tone.h"

namespace linmo::culture {

struct CompositionFeatures {
  double log_aspect = kMissing;
  double mirror_parity = kMissing, mirror_lr = kMissing, mirror_ud = kMissing;
  double mirror_correlation_lr = kMissing, mirror_correlation_ud = kMissing;
  double balance_parity = kMissing, balance_dark = kMissing, balance_light = kMissing;
  double dcm_parity = kMissing, dcm_dark = kMissing, dcm_light = kMissing;
  double homogeneity_parity = kMissing, homogeneity_dark = kMissing;
  double dark_x = kMissing, dark_y = kMissing, chroma_x = kMissing, chroma_y = kMissing, edges_x = kMissing,
         edges_y = kMissing;
  std::array<double, 3> cut_horizontal{kMissing, kMissing, kMissing};
  std::array<double, 3> cut_position{kMissing, kMissing, kMissing};
  double cut_gain = kMissing, cuts_gain = kMissing, horizon = kMissing, horizon_gain = kMissing;
  double skyline_high = kMissing, skyline_low = kMissing;
  double thirds_left = kMissing, thirds_right = kMissing, thirds_top = kMissing, thirds_bottom = kMissing;
  double centre_weight = kMissing, border_void = kMissing, quadrant_entropy = kMissing,
         corner_index = kMissing;
  double diagonal_falling = kMissing, diagonal_rising = kMissing, axis_level = kMissing,
         axis_rising = kMissing;
  double figure_share = kMissing, figure_count = kMissing;

  template <class V>
  void visit(V& v) {
    constexpr double inf = kUnbounded;
    const char* huebner = "Hübner & Fillinger 2016";
    const char* lee = "Rigau, Feixas & Sbert 2008; Lee et al. 2020";
    const char* achanta = "saliency of Achanta et al. 2009";
    v.group("composition");
    v.field({"log_aspect", "1", -inf, inf, "ln (width / height)", "linmo"}, log_aspect);
    v.field(
        {"mirror_parity", "%", 0, 100,
         "share of dark pixels (Otsu) with a dark mirror image, those near the axis weighted double; mean "
         "of both axes (and the diagonals of a square). Of random dots it is the dark share squared",
         huebner, FeatureInfo::parity},
        mirror_parity);
    v.field({"mirror_lr", "1", -inf, 1,
             "(S − p²) / (p − p²): S that share for left and right, p the dark share weighted alike; 0 by "
             "chance, 1 symmetric",
             "linmo; as Cohen's κ corrects for chance"},
            mirror_lr);
    v.field({"mirror_ud", "1", -inf, 1, "the same for top and bottom", "linmo"}, mirror_ud);
    v.field({"mirror_correlation_lr", "1", -1, 1,
             "correlation of L* with its mirror image, left and right (512 px scale)", "linmo",
             FeatureInfo::core},
            mirror_correlation_lr);
    v.field({"mirror_correlation_ud", "1", -1, 1, "the same, top and bottom", "linmo"},
            mirror_correlation_ud);
    v.field({"balance_parity", "%", 0, 100,
             "mean over 8 axes of |mass on one side − on the other| (4) and |outer − inner| (4) / mass; the "
             "mass is "
             "luma or 255 − luma, whichever most pixels have less of",
             "Wilson & Chatterjee 2005; Hübner & Fillinger 2016", FeatureInfo::parity},
            balance_parity);
    v.field({"balance_dark", "%", 0, 100, "the same, the mass always 255 − luma", "linmo"}, balance_dark);
    v.field({"balance_light", "%", 0, 100, "the same, the mass always luma", "linmo"}, balance_light);
    v.field({"dcm_parity", "%", 0, inf,
             "distance of the centre of that mass (to whole pixels, counted from 1) from the middle / half a "
             "side; which mass, as in balance_parity",
             huebner, FeatureInfo::parity},
            dcm_parity);
    v.field({"dcm_dark", "%", 0, inf, "distance of the centre of 255 − luma from the middle / half a side",
             "linmo"},
            dcm_dark);
    v.field({"dcm_light", "%", 0, inf, "the same for luma", "linmo"}, dcm_light);
    v.field({"homogeneity_parity", "%", 0, 100,
             "entropies of the mass (Otsu; which mass, as in balance_parity) in 10 columns and in 10 rows / "
             "log 10, mean",
             huebner, FeatureInfo::parity},
            homogeneity_parity);
    v.field({"homogeneity_dark", "%", 0, 100, "the same, always of what is dark", "linmo"}, homogeneity_dark);
    v.field({"dark_x", "1", 0, 1, "centre of the mass 100 − L* (512 px scale), 0 left … 1 right", "linmo"},
            dark_x);
    v.field({"dark_y", "1", 0, 1, "the same, 0 top … 1 bottom", "linmo", FeatureInfo::core}, dark_y);
    v.field({"chroma_x", "1", 0, 1, "centre of the mass C* (512 px scale), 0 left … 1 right", "linmo"},
            chroma_x);
    v.field({"chroma_y", "1", 0, 1, "the same, 0 top … 1 bottom", "linmo"}, chroma_y);
    v.field({"edges_x", "1", 0, 1, "centre of the mass |∇L*| (512 px scale), 0 left … 1 right", "linmo"},
            edges_x);
    v.field({"edges_y", "1", 0, 1, "the same, 0 top … 1 bottom", "linmo"}, edges_y);
    static constexpr const char* kHorizontal[3] = {"cut_1_horizontal", "cut_2_horizontal",
                                                   "cut_3_horizontal"};
    static constexpr const char* kPosition[3] = {"cut_1_position", "cut_2_position", "cut_3_position"};
    for (size_t i = 0; i < 3; ++i) {
      v.field(
          {kHorizontal[i], "1", 0, 1,
           i == 0 ? "1 when the straight cut that tells most of the colours (mutual information of region "
                    "and 8³ "
                    "RGB cells; 256 px scale) lies level, 0 when upright"
                  : "the same for the next cut, of whichever part then tells most",
           lee},
          cut_horizontal[i]);
      v.field({kPosition[i], "1", 0, 1, "where it cuts its part, from the top or left", lee},
              cut_position[i]);
    }
    v.field({"cut_gain", "1", 0, 1, "information of the first cut / entropy of the colours", lee}, cut_gain);
    v.field({"cuts_gain", "1", 0, 1, "information of the first three cuts / entropy of the colours", lee},
            cuts_gain);
    v.field({"horizon", "1", 0, 1,
             "height of the level cut that tells most of the colours (256 px scale), 0 bottom … 1 top; "
             "horizon_gain says how "
             "far to "
             "trust it",
             "linmo; the question of Masuda et al. 2008", FeatureInfo::core},
            horizon);
    v.field({"horizon_gain", "1", 0, 1, "information of that cut / entropy of the colours", lee},
            horizon_gain);
    v.field({"skyline_high", "1", 0, 1,
             "95th percentile over columns of the height at which the void that begins at the top ends (for "
             "at "
             "least 1/50 of the height); missing where less than half of the columns begin void",
             "after Nand, Masuda, Senzaki & Ishii 2014"},
            skyline_high);
    v.field({"skyline_low", "1", 0, 1, "5th percentile of the same", "after Nand et al. 2014"}, skyline_low);
    v.field({"thirds_left", "1", 0, 12,
             "salience (|blurred L*a*b* − mean|; 512 px scale) within 1/24 of the upright line at 1/3, 1 "
             "when as much as "
             "anywhere",
             achanta},
            thirds_left);
    v.field({"thirds_right", "1", 0, 12, "the same at 2/3", achanta}, thirds_right);
    v.field({"thirds_top", "1", 0, 12, "the same at the level line at 1/3 from the top", achanta},
            thirds_top);
    v.field({"thirds_bottom", "1", 0, 12,
             "the same at 2/3: where Fan & Zhang 2022 find the things of oil paintings", achanta},
            thirds_bottom);
    v.field({"centre_weight", "1", 0, 4, "mean salience (as in thirds_left) of the middle quarter / of all",
             achanta, FeatureInfo::core},
            centre_weight);
    v.field({"border_void", "1", 0, 1, "void_share within a tenth of the sides from the edges", "linmo"},
            border_void);
    v.field({"quadrant_entropy", "bit", 0, 2, "entropy of the salience of the four quarters", achanta},
            quadrant_entropy);
    v.field(
        {"corner_index", "1", 0, 1,
         "largest − smallest share of the salience in a quarter (one-corner composition, 馬一角)", achanta},
        corner_index);
    v.field({"diagonal_falling", "1", -1, 1,
             "correlation of salience with nearness to the diagonal from top left to bottom right", achanta},
            diagonal_falling);
    v.field(
        {"diagonal_rising", "1", -1, 1, "the same for the diagonal from bottom left to top right", achanta},
        diagonal_rising);
    v.field({"axis_level", "1", -1, 1,
             "(Sxx − Syy) / (Sxx + Syy), S the second moments of the salience about its centre, sides scaled "
             "to 1: stretched sideways or upright",
             "linmo"},
            axis_level);
    v.field({"axis_rising", "1", -1, 1,
             "−2 Sxy / (Sxx + Syy): stretched from bottom left to top right, or the other way", "linmo"},
            axis_rising);
    v.field({"figure_share", "1", 0, 1,
             "area of the largest connected part with more than twice the mean salience / picture", achanta},
            figure_share);
    v.field({"figure_count", "parts", 0, inf,
             "number of those parts above 0.2 % of the picture (how much context is shown)",
             "linmo; the question of Masuda et al. 2008"},
            figure_count);
  }
};

// Hübner's measures (Hübner & Fillinger 2016), as Aesthetics-Toolbox computes them. `dark`: 1 where mass is.
struct Mirrored {
  double upright, level;      // weighted shares with a mirrored pixel: left–right, top–bottom
  double upright_p, level_p;  // weighted shares of dark pixels in the parts that are compared
  double of_all_axes;         // 0 … 100
};
Mirrored mirror_symmetry(const Bits& dark);
// What balance and centre of mass are made of, of either polarity.
struct MassSums {
  enum Axis : size_t {
    left_right,
    columns,
    top_bottom,
    rows,
    falling,
    across_falling,
    rising,
    across_rising,
    kAxes
  };
  struct Side {
    int64_t luma = 0, pixels = 0;
  };
  int64_t width = 0, height = 0;
  std::array<int64_t, 256> histogram{};
  int64_t luma = 0, luma_x = 0, luma_y = 0;        // Σ v, Σ v·x, Σ v·y
  std::array<std::array<Side, 2>, kAxes> sides{};  // the two outer sides of each of the 8 axes
};
MassSums mass_sums(const Image& luma8);
enum class Polarity { dark, light, parity };
double balance(const MassSums& sums, Polarity polarity);
struct MassCentre {
  double distance, x, y;  // %, and offset of the middle from the centre in shares of the sides
};
MassCentre centre_of_mass(const MassSums& sums, Polarity polarity);
double homogeneity(const Image& luma8, const MassSums& sums, Polarity polarity);

// The straight cut of a part of a picture that tells most of its labels.
struct Part {
  int64_t x, y, width, height;
};
struct Cut {
  bool horizontal = false;
  int64_t position = 0;  // rows or columns before it; 0: nothing to cut
  double gain = 0;       // mutual information of side and label, bits per pixel of the part
};
Cut best_cut(std::span<const uint16_t> labels, int64_t width, const Part& part, bool horizontal);
double label_entropy(std::span<const uint16_t> labels, int64_t width, const Part& part);  // bits

// Where masses lie in the picture: over 8 × 8 cells, rows first, the mean of a cell / the mean of the picture
// (1: as much as anywhere). For averages over collections and their heat maps; no descriptor.
struct Layout {
  static constexpr int kGrid = 8;
  enum Mass : size_t { dark, chroma, edges, salience, kMasses };  // 100 − L*, C*, |∇L*|, salience
  using Cells = std::array<double, kGrid * kGrid>;
  std::array<std::optional<Cells>, kMasses> masses;  // none where the picture has next to no such mass
};
// "dark=…;chroma=…;edges=…;salience=…", two hexadecimal digits a cell: 64ths of the picture's mean, at most
// ff. What is missing is left out.
std::string to_text(const Layout& layout);
// Throws ErrorKind::input for what to_text() does not write.
Layout parse_layout(std::string_view text);

// `found`: what tone found void, at the small scale.
CompositionFeatures measure_composition(const Subject& subject, const Void& found, Layout* layout = nullptr);

}  // namespace linmo::culture
