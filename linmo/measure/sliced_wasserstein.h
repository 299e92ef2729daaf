// SPDX-License-Identifier: Apache-2.0
// How far apart two sets of pictures are in the look of their small patches, at every scale. Needs no
// network.
#pragma once

#include <cstdint>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/image/image.h"

namespace linmo::measure {

struct SlicedWassersteinSettings {
  int patches = 128;        // a picture and level
  int repeats = 4;          // of …
  int directions = 128;     // … so many random directions
  int smallest_level = 16;  // px
  uint64_t seed = 0;
  int threads = 0;  // 0: all; the result does not depend on it
};

struct SlicedWassersteinLevel {
  int64_t size = 0;     // side of the level [px]
  double distance = 0;  // × 10³; 0 = same
};

struct SlicedWasserstein {
  std::vector<SlicedWassersteinLevel> levels;  // finest first
  double mean = 0;                             // of the levels, × 10³
  int64_t patches = 0;                         // compared at each level
};

// Sliced Wasserstein distance as Karras, Aila, Laine & Lehtinen 2018 define it (section 5): each level of a
// Laplacian pyramid (binomial 5-tap filter, borders mirrored; the coarsest level is the low-pass itself)
// gives patches of 7 × 7 × 3 values from random places, each set's normalised to mean 0 and deviation 1 a
// colour channel; for every random direction the projections of both sets are sorted, and the distance is the
// mean absolute difference, times 10³.
//
// All pictures must be squares of one size, a power of two from smallest_level up. Both sets give
// patches × (the smaller number of pictures) patches, spread evenly over all their pictures. Throws
// ErrorKind::usage otherwise, ErrorKind::cancelled when the sink asks to stop.
SlicedWasserstein sliced_wasserstein(const std::vector<Image>& a, const std::vector<Image>& b,
                                     const SlicedWassersteinSettings& settings = {},
                                     EventSink& sink = null_sink());

}  // namespace linmo::measure
