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

// Two pictures are near-duplicates when all three hold. The defaults are measured: see duplicates.cc.
struct NearDuplicateLimits {
  int max_distance = 10;         // differing bits of the perceptual hash, 0 … 64
  double min_correlation = 0.9;  // Pearson's, of the 16 × 16 thumbnails
  double max_aspect = 1.12;      // ratio of the aspect ratios, ≥ 1
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
// 2012) finds every pair within max_distance without comparing all: 100,000 pictures take seconds.
DuplicateReport find_duplicates(std::span<const Fingerprint> pictures,
                                const NearDuplicateLimits& limits = {});

// Pearson's correlation of two thumbnails; 0 where one is flat.
double correlation(const Thumbnail& a, const Thumbnail& b);

}  // namespace linmo
