// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/duplicates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "linmo/core/error.h"

namespace linmo {
namespace {

constexpr int kChunks = 4, kChunkBits = 16;

class UnionFind {
 public:
  explicit UnionFind(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
  size_t find(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  // The smaller index stays the root.
  void join(size_t a, size_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parent_;
};

uint16_t chunk(uint64_t hash, int k) {
  return static_cast<uint16_t>(hash >> (k * kChunkBits));
}

// All 16-bit words with at most `radius` bits set.
std::vector<uint16_t> masks_within(int radius) {
  std::vector<uint16_t> masks;
  for (uint32_t m = 0; m <= 0xFFFF; ++m) {
    if (std::popcount(m) <= radius) masks.push_back(static_cast<uint16_t>(m));
  }
  return masks;
}

// Pictures by the value of one 16-bit chunk of their hash.
struct Table {
  std::vector<uint32_t> start;  // 65,537 offsets into items
  std::vector<uint32_t> items;
};

Table make_table(std::span<const Fingerprint> pictures, const std::vector<size_t>& members, int k) {
  Table table;
  table.start.assign((1 << kChunkBits) + 1, 0);
  for (const size_t i : members) table.start[chunk(pictures[i].phash, k) + 1u]++;
  std::partial_sum(table.start.begin(), table.start.end(), table.start.begin());
  table.items.resize(members.size());
  std::vector<uint32_t> next(table.start.begin(), table.start.end() - 1);
  for (const size_t i : members) table.items[next[chunk(pictures[i].phash, k)]++] = static_cast<uint32_t>(i);
  return table;
}

double aspect_ratio(const Fingerprint& a, const Fingerprint& b) {
  const double ratio = static_cast<double>(a.width) * static_cast<double>(b.height) /
                       (static_cast<double>(a.height) * static_cast<double>(b.width));
  return std::max(ratio, 1 / ratio);
}

}  // namespace

std::string_view name(Duplicate::Kind kind) {
  switch (kind) {
    case Duplicate::Kind::same_file:
      return "same file";
    case Duplicate::Kind::same_pixels:
      return "same pixels";
    case Duplicate::Kind::near:
      return "near";
  }
  return "";
}

double correlation(const Thumbnail& a, const Thumbnail& b) {
  int64_t sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum_a += a[i];
    sum_b += b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  const auto n = static_cast<int64_t>(a.size());
  const auto variance_a = static_cast<double>(n * aa - sum_a * sum_a);
  const auto variance_b = static_cast<double>(n * bb - sum_b * sum_b);
  if (variance_a <= 0 || variance_b <= 0) return 0;
  return static_cast<double>(n * ab - sum_a * sum_b) / std::sqrt(variance_a * variance_b);
}

DuplicateReport find_duplicates(std::span<const Fingerprint> pictures, const NearDuplicateLimits& limits) {
  if (limits.max_distance < 0 || limits.max_distance > 31) {
    fail(ErrorKind::usage, "a near-duplicate distance of {} bits is not between 0 and 31",
         limits.max_distance);
  }
  if (pictures.size() >= UINT32_MAX) fail(ErrorKind::limit, "more than 2^32 pictures in one collection");
  DuplicateReport report;
  UnionFind groups(pictures.size());
  std::vector<size_t> first_of_kind;  // one picture of each set of equal pixels
  std::unordered_map<std::string_view, size_t> files, pixels;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto [file, new_file] = files.try_emplace(pictures[i].file_sha256, i);
    const auto [pixel, new_pixels] = pixels.try_emplace(pictures[i].pixels_sha256, i);
    if (!new_file || !new_pixels) {
      const size_t of = new_file ? pixel->second : file->second;
      report.duplicates.push_back(
          {i, of, new_file ? Duplicate::Kind::same_pixels : Duplicate::Kind::same_file, 0, 1.0});
      groups.join(i, of);
    } else if (!pictures[i].uniform) {
      first_of_kind.push_back(i);
    }
  }

  // If two hashes differ in at most d bits, then in at least one of the four chunks they differ in at most
  // d / 4: looking up all chunk values that near finds every pair.
  const std::vector<uint16_t> masks = masks_within(limits.max_distance / kChunks);
  std::vector<Table> tables;
  for (int k = 0; k < kChunks; ++k) tables.push_back(make_table(pictures, first_of_kind, k));
  for (const size_t i : first_of_kind) {
    const Fingerprint& a = pictures[i];
    Duplicate best;
    bool found = false;
    for (int k = 0; k < kChunks; ++k) {
      for (const uint16_t mask : masks) {
        const uint32_t value = chunk(a.phash, k) ^ mask;
        for (uint32_t at = tables[k].start[value]; at < tables[k].start[value + 1]; ++at) {
          const size_t j = tables[k].items[at];
          if (j >= i) break;  // a bucket's items rise
          const Fingerprint& b = pictures[j];
          const int distance = std::popcount(a.phash ^ b.phash);
          if (distance > limits.max_distance) continue;
          // A pair of one group tells nothing new unless it is the closer one.
          if (found && distance >= best.distance && groups.find(i) == groups.find(j)) continue;
          if (aspect_ratio(a, b) > limits.max_aspect) continue;
          const double r = correlation(a.thumbnail, b.thumbnail);
          if (r < limits.min_correlation) continue;
          groups.join(i, j);
          if (!found || distance < best.distance) best = {i, j, Duplicate::Kind::near, distance, r};
          found = true;
        }
      }
    }
    if (found) report.duplicates.push_back(best);
  }
  std::sort(report.duplicates.begin(), report.duplicates.end(),
            [](const Duplicate& a, const Duplicate& b) { return a.picture < b.picture; });
  report.group.resize(pictures.size());
  for (size_t i = 0; i < pictures.size(); ++i) report.group[i] = groups.find(i);
  return report;
}

}  // namespace linmo
