// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/figures/figures.h"

namespace linmo::culture {

std::vector<Figure> draw_figures(const Study& study) {
  std::vector<Figure> out;
  const auto add = [&](Figure figure) {
    if (!figure.svg.empty()) out.push_back(std::move(figure));
  };
  for (const auto& [first, second] : shown_pairs(study)) add(draw_forest(study, first, second, true));
  add(draw_palettes(study));
  add(draw_composition(study));
  add(draw_biplot(study));
  add(draw_collections(study));
  add(draw_dendrogram(study));
  add(draw_plane(study));
  for (const auto& [first, second] : shown_pairs(study)) add(draw_forest(study, first, second, false));
  return out;
}

}  // namespace linmo::culture
