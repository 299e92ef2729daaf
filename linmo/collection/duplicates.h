// SPDX-License-Identifier: Apache-2.0
// Pictures that are there twice: the same file, the same pixels, or the same work seen a little differently.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "linmo/collection/measures.h"

namespace linmo {

struct Fingerprint {
  std::string file_sha256, pixels_sha256;
  uint64_t phash = 0;
  Thumbnail thumbnail{};
  int64_t width = 0, height = 0;
  bool uniform = false;  // flat pictures have no hash to compare: only exact copies of them are found
};

// Two pictures are near-duplicates when all three hold. Why these values: see duplicates.cc.
struct NearDuplicateLimits {
  int max_distance = 16;          // differing bits of the perceptual hash, 0 … 31
  double min_correlation = 0.95;  // registered_correlation()
  double max_aspect = 1.12;       // ratio of the aspect ratios, ≥ 1
};

struct Duplicate {
  enum class Kind { same_file, same_pixels, near };
  size_t picture = 0;  // index into the span
  size_t of = 0;       // a smaller index: what it is a duplicate of
  Kind kind = Kind::near;
  int distance = 0;        // bits
  double correlation = 1;  // −1 … 1
};
std::string_view name(Duplicate::Kind kind);

struct DuplicateReport {
  std::vector<Duplicate> duplicates;  // at most one a picture, by rising index
  std::vector<size_t> group;          // for each picture the smallest index of its group (itself when alone)
};

// Groups are the connected components of "is a duplicate of". Multi-index hashing (Norouzi, Punjani, Fleet
// 2012) finds every pair within max_distance without comparing all.
DuplicateReport find_duplicates(std::span<const Fingerprint> pictures,
                                const NearDuplicateLimits& limits = {});

// Pearson's correlation of two thumbnails (slightly smoothed) after the better of the two has been fitted
// into the other: each axis of one may show as little as 90 % of the other's, anywhere in it. A cropped copy
// reaches 0.97 and more, and so does the same picture; pictures that only have their masses in the same
// places stay below 0.95. −1 … 1; 0 where one is flat. With `enough`, a pair that cannot reach it may be
// given up early (the value returned is then below it).
double registered_correlation(const Thumbnail& a, const Thumbnail& b, double enough = -1);

}  // namespace linmo
