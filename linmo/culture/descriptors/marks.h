// SPDX-License-Identifier: Apache-2.0
// What was added to a picture: seals and columns of writing.
#pragma once

#include <vector>

#include "linmo/culture/descriptors/spatial.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

struct Mark {
  int64_t left = 0, top = 0, right = 0, bottom = 0;  // px of the scale; right and bottom are the last inside
  int64_t width() const { return right - left + 1; }
  int64_t height() const { return bottom - top + 1; }
};

// Seals: connected vermilion (hue h_ab 15 … 55°, C* ≥ 28, 25 ≤ L* ≤ 70; gaps of up to 2 px closed) of a box 6
// px to a tenth of the long side wide and high, no longer than 4 : 1 (strips of seals), filled to 30 % or
// more, whose surroundings (a ring as wide as a third of the box) are lighter by 5 L*, hold less than a tenth
// of vermilion, and have at most half the seal's chroma. Red things in a painting are seldom as alone as
// that.
std::vector<Mark> find_seals(const Scale& scale);

// Columns of writing: marks darker by 12 L* than the mean of their surroundings, in boxes of 0.6 … 6 % of the
// long side; at least 5 below each other with equal spacing: neighbours overlap by half of the narrower
// across, differ at most 2.2-fold in size and are at most 1.3 heights apart; at least half of the ground
// between them is even. Each column is one box.
std::vector<Mark> find_inscriptions(const Scale& scale);

// Share of the picture that the boxes cover, overlaps once.
double covered(const Scale& scale, const std::vector<Mark>& marks);

// What is masked of them, and 2 px around: seals whole, of columns of writing only the ink, so that the
// ground between characters stays what it is.
Bits covered_pixels(const Scale& scale, const std::vector<Mark>& seals, const std::vector<Mark>& columns);

// Fills what is masked with the colours around it: every pixel becomes the mean of the nearest unmasked
// pixels straight left, right, above and below, weighted by nearness. `mask` has the picture's size.
void blank_out(Image& rgb8, const Bits& mask);

}  // namespace linmo::culture
