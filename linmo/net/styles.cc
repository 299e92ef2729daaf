// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/styles.h"

#include <algorithm>

#include "linmo/core/error.h"

namespace linmo::net {

int style_count(const Description& d) {
  int count = 1;
  for (const Layer& layer : d.layers) {
    if (const auto* norm = std::get_if<Norm>(&layer.op)) count = std::max(count, norm->styles);
  }
  return count;
}

Description with_styles(Description d, int styles) {
  int norms = 0;
  for (size_t i = 0; i < d.layers.size(); ++i) {
    Layer& layer = d.layers[i];
    auto* norm = std::get_if<Norm>(&layer.op);
    if (!norm || norm->kind != NormKind::instance) continue;
    ++norms;
    norm->affine = true;
    norm->styles = styles;
    if (!layer.name.empty()) continue;
    const std::string& read = d.layers[static_cast<size_t>(layer.inputs.at(0))].name;
    layer.name = read.empty() ? fmt::format("norm{}", i) : read + "_norm";
    const auto same = [&](const Layer& other) { return &other != &layer && other.name == layer.name; };
    if (std::any_of(d.layers.begin(), d.layers.end(), same))
      fail(ErrorKind::input, "network layer {}: its norm cannot be called {}, another layer is", i,
           layer.name);
  }
  if (norms == 0)
    fail(ErrorKind::usage,
         "a {} network has no instance norms, in which styles differ; choose the generator compact or "
         "resnet_*, or --norm instance",
         d.family);
  validate(d);
  return d;
}

void require_one_style(const Description& d) {
  if (const int styles = style_count(d); styles > 1)
    fail(ErrorKind::usage,
         "this {} network holds {} styles, and one of them, or a blend, must be chosen first (--style)",
         d.family, styles);
}

}  // namespace linmo::net
