// SPDX-License-Identifier: Apache-2.0
// All descriptors: what they are, and their values for a picture.
#pragma once

#include <vector>

#include "linmo/culture/descriptors/colour.h"
#include "linmo/culture/descriptors/composition.h"
#include "linmo/culture/descriptors/nuisance.h"
#include "linmo/culture/features.h"

namespace linmo::culture {

// In the order of the values of describe().
const std::vector<Descriptor>& registry();

struct Description {
  std::vector<double> values;
  std::vector<PaletteColour> palette;  // up to 8 colours, heaviest first
  Layout layout;
};
// `nuisance`: what is known of the file and the scan (protocol.h); casts are added here.
Description describe(const Subject& subject, const NuisanceFeatures& nuisance = {});

}  // namespace linmo::culture
