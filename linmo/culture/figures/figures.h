// SPDX-License-Identifier: Apache-2.0
// The figures of a study, drawn from its numbers alone: the same study gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "linmo/culture/study.h"
#include "linmo/culture/texts/texts.h"

namespace linmo::culture {

struct Figure {
  std::string name;  // of the file, without .svg
  Phrase title;
  Phrase caption;  // how to read it, and its numbers
  std::string svg;
};

// Those for which the study has the numbers, in the order of a report: forest plots (each pair of groups,
// core descriptors), palettes, composition, PCA, MDS of collections, dendrogram, entropy–complexity plane,
// and forest plots of all descriptors.
std::vector<Figure> draw_figures(const Study& study);

// Effects of one pair of groups with intervals, descriptors in their groups, verdicts by shape. Parity forms
// and nuisance are left out.
Figure draw_forest(const Study& study, int64_t first, int64_t second, bool is_core_only);
// Works on the first two principal components, 95 % ellipses of the groups' means, the longest loadings.
Figure draw_biplot(const Study& study);
// Collections by the energy distance between them, with their places in bootstrap samples.
Figure draw_collections(const Study& study);
Figure draw_dendrogram(const Study& study);
// Entropy and complexity of 2 × 2 ordinal patterns, between the curves that no picture can cross.
Figure draw_plane(const Study& study);
// The groups' common colours, and the palettes of their works in order of lightness.
Figure draw_palettes(const Study& study);
// Where pictures are left blank (3 × 3 parts, means), and where their masses have their centres.
Figure draw_composition(const Study& study);

// Pairs of groups that get figures of their own; further ones are in results.csv.
inline constexpr size_t kMostPairs = 10;
std::vector<std::pair<int64_t, int64_t>> shown_pairs(const Study& study);

}  // namespace linmo::culture
