// SPDX-License-Identifier: Apache-2.0
// Order and complexity: ordinal patterns, PHOG self-similarity, compression.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

// The eleven kinds of 2 × 2 blocks, A … K of Tarozo et al. (2025), as ordpy 1.2 has them.
enum class TieGroup { a, b, c, d, e, f, g, h, i, j, k };
inline constexpr size_t kTieGroups = 11;
using TieGroupShares = std::array<double, kTieGroups>;

inline constexpr TieGroupShares kNoTieGroups{kMissing, kMissing, kMissing, kMissing, kMissing, kMissing,
                                             kMissing, kMissing, kMissing, kMissing, kMissing};

struct ComplexityFeatures {
  double permutation_h = kMissing, permutation_c = kMissing;
  double permutation_h_2 = kMissing, permutation_c_2 = kMissing, permutation_h_4 = kMissing,
         permutation_c_4 = kMissing;
  double permutation_h_64 = kMissing, permutation_c_64 = kMissing, permutation_dither = kMissing;
  double tied_blocks = kMissing, tie_entropy = kMissing;
  TieGroupShares tie_groups = kNoTieGroups, tie_groups_4 = kNoTieGroups;
  double smoothness = kMissing, branching = kMissing;
  double self_similarity = kMissing, phog_complexity = kMissing, phog_anisotropy = kMissing;
  double png_ratio = kMissing, jpeg_bytes = kMissing;

  template <class V>
  void visit(V& v) {
    constexpr double inf = kUnbounded;
    const char* bandt = "Ribeiro et al. 2012; Sigaki, Perc & Ribeiro 2018";
    v.group("complexity");
    v.field(
        {"permutation_h", "1", 0, 1,
         "H = −Σ p ln p / ln 24 of the 24 orders of R+G+B in all 2 × 2 blocks (stable sort: ties count as "
         "rising)",
         bandt, FeatureInfo::parity},
        permutation_h);
    v.field({"permutation_c", "1", 0, 0.5,
             "H · D / D*, D the Jensen–Shannon divergence of p from equal shares, D* its largest value",
             "López-Ruiz et al. 1995; Sigaki et al. 2018", FeatureInfo::parity},
            permutation_c);
    v.field({"permutation_h_2", "1", 0, 1, "H with the corners of the block 2 px apart", bandt},
            permutation_h_2);
    v.field({"permutation_c_2", "1", 0, 0.5, "C with the corners 2 px apart", bandt}, permutation_c_2);
    v.field({"permutation_h_4", "1", 0, 1, "H with the corners 4 px apart", bandt, FeatureInfo::core},
            permutation_h_4);
    v.field({"permutation_c_4", "1", 0, 0.5, "C with the corners 4 px apart", bandt}, permutation_c_4);
    v.field({"permutation_h_64", "1", 0, 1, "H at 64 grey levels, so that a level of noise makes no order",
             "linmo"},
            permutation_h_64);
    v.field({"permutation_c_64", "1", 0, 0.5, "C at 64 grey levels", "linmo"}, permutation_c_64);
    v.field({"permutation_dither", "1", -1, 1,
             "H with ±½ grey level of noise added, minus H: how much of H is even ground that any noise "
             "would fill",
             "linmo"},
            permutation_dither);
    v.field({"equal_blocks", "1", 0, 1, "share of 2 × 2 blocks whose four values are equal (group A of 75)",
             "Tarozo et al. 2025"},
            tie_groups[0]);
    v.field({"tied_blocks", "1", 0, 1, "share of 2 × 2 blocks in which some but not all values are equal",
             "Tarozo et al. 2025"},
            tied_blocks);
    v.field({"tie_entropy", "1", 0, 1, "−Σ p ln p / ln 75 of the 75 orders with ties", "Tarozo et al. 2025"},
            tie_entropy);
    // Group A is equal_blocks.
    static constexpr struct {
      const char *name, *name_4, *formula, *formula_4;
    } kGroups[] = {
        {nullptr, "tie_group_a_4", nullptr, "share of blocks whose corners, 4 px apart, are all equal"},
        {"tie_group_b", "tie_group_b_4", "share of 2 × 2 blocks: no ties, highest opposite lowest",
         "group B with the corners 4 px apart"},
        {"tie_group_c", "tie_group_c_4", "share of 2 × 2 blocks: no ties, second highest opposite lowest",
         "group C with the corners 4 px apart"},
        {"tie_group_d", "tie_group_d_4", "share of 2 × 2 blocks: two values, the two rows or columns even",
         "group D with the corners 4 px apart"},
        {"tie_group_e", "tie_group_e_4", "share of 2 × 2 blocks: no ties, the two lowest opposite",
         "group E with the corners 4 px apart"},
        {"tie_group_f", "tie_group_f_4",
         "share of 2 × 2 blocks: the middle one of three values twice, opposite",
         "group F with the corners 4 px apart"},
        {"tie_group_g", "tie_group_g_4",
         "share of 2 × 2 blocks: the lowest or highest of three values twice, side by side",
         "group G with the corners 4 px apart"},
        {"tie_group_h", "tie_group_h_4", "share of 2 × 2 blocks: three of four equal",
         "group H with the corners 4 px apart"},
        {"tie_group_i", "tie_group_i_4",
         "share of 2 × 2 blocks: the middle one of three values twice, side by side",
         "group I with the corners 4 px apart"},
        {"tie_group_j", "tie_group_j_4",
         "share of 2 × 2 blocks: the lowest or highest of three values twice, opposite",
         "group J with the corners 4 px apart"},
        {"tie_group_k", "tie_group_k_4", "share of 2 × 2 blocks: two values, either on a diagonal",
         "group K with the corners 4 px apart"},
    };
    for (size_t g = 1; g < kTieGroups; ++g)
      v.field({kGroups[g].name, "1", 0, 1, kGroups[g].formula, "Tarozo et al. 2025"}, tie_groups[g]);
    for (size_t g = 0; g < kTieGroups; ++g)
      v.field({kGroups[g].name_4, "1", 0, 1, kGroups[g].formula_4, "Tarozo et al. 2025"}, tie_groups_4[g]);
    v.field({"smoothness", "1", -1.0 / 3, 2.0 / 3,
             "p(I) − 1/3: blocks whose two rows rise or fall alike and whose two columns do",
             "Bandt & Wittfeld 2023"},
            smoothness);
    v.field({"branching", "1", -1, 1,
             "p(II) − p(III): one of the two directions alike, minus highest and lowest on diagonals",
             "Bandt & Wittfeld 2023"},
            branching);
    v.field({"self_similarity", "1", 0, 1,
             "mean over 3 pyramid levels of the median over cells of histogram intersection with the whole "
             "picture "
             "· ratio of strengths (16 orientations of the largest Lab gradient)",
             "Amirshahi et al. 2012; Braun et al. 2013", FeatureInfo::core},
            self_similarity);
    v.field({"phog_complexity", "grey levels", 0, inf, "mean of that gradient", "Braun et al. 2013"},
            phog_complexity);
    v.field({"phog_anisotropy", "1", 0, 1, "standard deviation of the normalised histograms of level 3",
             "Braun et al. 2013"},
            phog_anisotropy);
    v.field({"png_ratio", "1", 0, inf, "bytes of luma as PNG (level 2, 512 px scale) / pixels",
             "after Silva et al. 2021"},
            png_ratio);
    v.field(
        {"jpeg_bytes", "byte/px", 0, inf, "bytes of the picture as JPEG, quality 75 (512 px scale) / pixels",
         "after Forsythe et al. 2011"},
        jpeg_bytes);
  }
};

// Shares of the orders of the four values [x00, x01, x10, x11] in all blocks whose corners are `step` px
// apart.
struct OrderShares {
  std::array<double, 24> orders{};     // permutations of a stable argsort, in lexicographic order
  std::array<double, 75> with_ties{};  // in the order of their codes
  TieGroupShares groups{};
  double all_equal() const { return groups[0]; }
  double some_equal() const;  // of the values of a block, but not all
};
OrderShares order_shares(std::span<const uint16_t> values, int64_t width, int64_t height, int64_t step);

struct EntropyComplexity {
  double h, c;
};
EntropyComplexity entropy_complexity(std::span<const double> shares);
struct SmoothnessStructure {
  double smoothness, branching;
};
SmoothnessStructure smoothness_structure(const OrderShares& shares);

struct Phog {
  double self_similarity, complexity, anisotropy;
};
Phog phog(const Scale& scale);

ComplexityFeatures measure_complexity(const Subject& subject);

}  // namespace linmo::culture
