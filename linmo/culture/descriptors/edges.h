// SPDX-License-Identifier: Apache-2.0
// Edge orientations: density and the entropies of first and second order (Redies, Brachmann & Wagemans 2017).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

struct EdgeFeatures {
  double edge_density = kMissing, edge_entropy_1 = kMissing, edge_entropy_2 = kMissing;
  double edges_horizontal = kMissing, edges_vertical = kMissing, edges_diagonal = kMissing;
  double anisotropy = kMissing;

  template <class V>
  void visit(V& v) {
    const char* redies = "Redies, Brachmann & Wagemans 2017";
    v.group("line");
    v.field({"edge_density", "grey levels", 0, kUnbounded,
             "mean over pixels of the largest of 24 odd Gabor responses (31 × 31 px, 1/8 cycle per px, σ "
             "1.70 px), "
             "luma at ≤ 120,000 px",
             redies, FeatureInfo::core},
            edge_density);
    v.field({"edge_entropy_1", "bit", 0, 4.584962500721156,
             "entropy of the 24 orientations of the 10,000 strongest responses, weighted by response", redies,
             FeatureInfo::core},
            edge_entropy_1);
    v.field(
        {"edge_entropy_2", "bit", 0, 4.584962500721156,
         "entropy of the orientation difference of all pairs of those, weighted by both responses, for each "
         "distance 20 … 239 px and 48 directions; mean over directions, then distances",
         redies},
        edge_entropy_2);
    v.field({"edges_horizontal", "1", 0, 1, "share of the summed responses within 22.5° of horizontal edges",
             "linmo"},
            edges_horizontal);
    v.field({"edges_vertical", "1", 0, 1, "share within 22.5° of vertical edges", "linmo"}, edges_vertical);
    v.field({"edges_diagonal", "1", 0, 1, "the rest", "linmo"}, edges_diagonal);
    v.field({"anisotropy", "1", 0, 1,
             "√((Jxx − Jyy)² + 4 Jxy²) / (Jxx + Jyy), J = Σ ∇L* ∇L*ᵀ over the picture (512 px scale)",
             "Bigün 1987", FeatureInfo::core},
            anisotropy);
  }
};

inline constexpr int kOrientations = 24;

// Largest response of the filter bank at every pixel and the orientation it belongs to.
struct EdgeMap {
  int64_t width = 0, height = 0;
  std::vector<int32_t> response;  // in 1/10,000 grey levels: the filters' coefficients have four decimals
  std::vector<uint8_t> orientation;
};
EdgeMap edge_map(const Image& luma8);

struct EdgeEntropies {
  double density, first, second;
};
// `plain` runs the definition literally, pair by pair and both ways round: for tests.
EdgeEntropies edge_entropies(const EdgeMap& map, bool plain = false);

// The picture that edges are looked for in: Lanczos to at most kEdgePixels; with `enlarge` (as the reference
// implementation does), to exactly that. Rounded to 8 bits after each direction, as Pillow does: in smooth
// parts one grey level decides which way an edge points.
Image edge_picture(const Image& luma8, bool enlarge);

EdgeFeatures measure_edges(const Subject& subject);

}  // namespace linmo::culture
