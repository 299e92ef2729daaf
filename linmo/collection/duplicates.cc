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

// The limits were set by measurement (and the pairs looked at). Copies of 150 … 200 pictures each of Van
// Gogh, impressionists and ukiyo-e: JPEG of quality 60 and reduction to 2/3, all found (they differ in at
// most 4 bits, and correlate above 0.99); crops by 5 % of one side 99 … 100 %, of a corner 94 … 97 %, by 2.5
// % all round 96 … 100 %, by 5 % all round 87 … 96 %: what is missed differs in more than 16 bits. Of the 3
// million other pairs in 400 Van Gogh, 350 Chinese, 1,101 ukiyo-e and 2,223 impressionist pictures, 30 pass:
// reproductions of one work, later impressions of one print, versions of one composition, and three or so
// pairs of different paintings of one view (Pissarro's Tuileries and Carrousel), which a split had better not
// part either. Without the registration a crop correlates no better (0.6 … 0.95) than pictures with like
// masses.
constexpr int kChunks = 4, kChunkBits = 16;
constexpr double kMinWindow = 0.9, kWindowStep = 0.025;  // shares of a side
constexpr double kCoarseSlack = 0.02, kProfileCorrelation = 0.85;
// Sprites have hundreds of strangers within the distance: after so many failures, closest first, the rest are
// taken for strangers too, which keeps the time proportional to the pictures.
constexpr int kMaxFailures = 32;
constexpr int kHalf = kThumbnailSide / 2;

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
  struct Item {
    uint64_t hash;
    size_t picture;
  };
  std::vector<uint32_t> start;  // 65,537 offsets into items
  std::vector<Item> items;
};

Table make_table(std::span<const Fingerprint> pictures, const std::vector<size_t>& members, int k) {
  Table table;
  table.start.assign((1 << kChunkBits) + 1, 0);
  for (const size_t i : members) table.start[chunk(pictures[i].phash, k) + 1u]++;
  std::partial_sum(table.start.begin(), table.start.end(), table.start.begin());
  table.items.resize(members.size());
  std::vector<uint32_t> next(table.start.begin(), table.start.end() - 1);
  for (const size_t i : members) table.items[next[chunk(pictures[i].phash, k)]++] = {pictures[i].phash, i};
  return table;
}

double aspect_ratio(const Fingerprint& a, const Fingerprint& b) {
  const double ratio = static_cast<double>(a.width) * static_cast<double>(b.height) /
                       (static_cast<double>(a.height) * static_cast<double>(b.width));
  return std::max(ratio, 1 / ratio);
}

template <int N>
using Plane = std::array<float, N * N>;

// 3 × 3 binomial filter, edges repeated: makes the comparison indifferent to fractions of a pixel.
Plane<kThumbnailSide> smoothed(const Thumbnail& t) {
  constexpr int n = kThumbnailSide;
  Plane<n> rows{}, out{};
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      const uint8_t* row = &t[static_cast<size_t>(y * n)];
      rows[static_cast<size_t>(y * n + x)] =
          0.25f * static_cast<float>(row[std::max(x - 1, 0)] + 2 * row[x] + row[std::min(x + 1, n - 1)]);
    }
  }
  for (int y = 0; y < n; ++y) {
    const float* above = &rows[static_cast<size_t>(std::max(y - 1, 0) * n)];
    const float* here = &rows[static_cast<size_t>(y * n)];
    const float* below = &rows[static_cast<size_t>(std::min(y + 1, n - 1) * n)];
    for (int x = 0; x < n; ++x)
      out[static_cast<size_t>(y * n + x)] = 0.25f * (above[x] + 2 * here[x] + below[x]);
  }
  return out;
}

Plane<kThumbnailSide / 2> halved(const Plane<kThumbnailSide>& p) {
  constexpr int n = kThumbnailSide;
  Plane<n / 2> out{};
  for (int y = 0; y < n / 2; ++y) {
    for (int x = 0; x < n / 2; ++x) {
      const float* at = &p[static_cast<size_t>(2 * y * n + 2 * x)];
      out[static_cast<size_t>(y * n / 2 + x)] = 0.25f * (at[0] + at[1] + at[n] + at[n + 1]);
    }
  }
  return out;
}

// The part of an axis that is looked at: from `start`, `length` long, in shares of the side.
struct Window {
  double start = 0, length = 1;
};

std::vector<Window> make_windows() {
  std::vector<Window> windows;
  const int steps = static_cast<int>(std::lround((1 - kMinWindow) / kWindowStep));
  for (int cut = 0; cut <= steps; ++cut) {
    for (int offset = 0; offset <= cut; ++offset)
      windows.push_back({kWindowStep * offset, 1 - kWindowStep * cut});
  }
  return windows;
}

// Where the N samples of a window lie between the N samples of the axis.
template <int N>
struct Samples {
  std::array<int, N> index{};
  std::array<float, N> share{};
  explicit Samples(const Window& w) {
    for (int i = 0; i < N; ++i) {
      const double at = std::clamp((i + 0.5) * w.length + w.start * N - 0.5, 0.0, N - 1.001);
      index[i] = static_cast<int>(at);
      share[i] = static_cast<float>(at - index[i]);
    }
  }
};

template <int N>
std::vector<Samples<N>> make_samples() {
  std::vector<Samples<N>> samples;
  for (const Window& w : make_windows()) samples.emplace_back(w);
  return samples;
}

template <int N>
double correlation_in_window(const Plane<N>& a, const Plane<N>& b, const Samples<N>& sx,
                             const Samples<N>& sy) {
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (int y = 0; y < N; ++y) {
    const float* upper = &b[static_cast<size_t>(sy.index[y] * N)];
    const float* lower = upper + N;
    float row_a = 0, row_b = 0, row_aa = 0, row_bb = 0, row_ab = 0;
    for (int x = 0; x < N; ++x) {
      const int i = sx.index[x];
      const float top = upper[i] + (upper[i + 1] - upper[i]) * sx.share[x];
      const float bottom = lower[i] + (lower[i + 1] - lower[i]) * sx.share[x];
      // Around mid-grey, so that single precision is enough for a row's squares.
      const float v = top + (bottom - top) * sy.share[y] - 128;
      const float u = a[static_cast<size_t>(y * N + x)] - 128;
      row_a += u;
      row_b += v;
      row_aa += u * u;
      row_bb += v * v;
      row_ab += u * v;
    }
    sum_a += row_a;
    sum_b += row_b;
    aa += row_aa;
    bb += row_bb;
    ab += row_ab;
  }
  constexpr double n = N * N;
  const double variance_a = n * aa - sum_a * sum_a, variance_b = n * bb - sum_b * sum_b;
  // Less than a hundredth of a grey level: flat.
  if (variance_a < 1e-4 * n * n || variance_b < 1e-4 * n * n) return 0;
  return (n * ab - sum_a * sum_b) / std::sqrt(variance_a * variance_b);
}

// The best correlation of a with a window of b, one axis at a time.
template <int N>
double fit(const Plane<N>& a, const Plane<N>& b, int rounds) {
  static const std::vector<Samples<N>> kWindows = make_samples<N>();
  size_t best_x = 0, best_y = 0;
  double best = correlation_in_window<N>(a, b, kWindows[0], kWindows[0]);
  for (int round = 0; round < rounds; ++round) {
    for (size_t w = 0; w < kWindows.size(); ++w) {
      const double r = correlation_in_window<N>(a, b, kWindows[w], kWindows[best_y]);
      if (r > best) best = r, best_x = w;
    }
    for (size_t w = 0; w < kWindows.size(); ++w) {
      const double r = correlation_in_window<N>(a, b, kWindows[best_x], kWindows[w]);
      if (r > best) best = r, best_y = w;
    }
  }
  return best;
}

// Mean luma along each axis: a hundred times cheaper to fit than the planes, and most strangers fail here.
struct Profiles {
  std::array<float, kHalf> x{}, y{};
};

Profiles profiles_of(const Thumbnail& t) {
  Profiles p;
  for (int y = 0; y < kThumbnailSide; ++y) {
    for (int x = 0; x < kThumbnailSide; ++x) {
      const float v = static_cast<float>(t[static_cast<size_t>(y * kThumbnailSide + x)]) - 128;
      p.x[static_cast<size_t>(x / 2)] += v / (2 * kThumbnailSide);
      p.y[static_cast<size_t>(y / 2)] += v / (2 * kThumbnailSide);
    }
  }
  return p;
}

// The best correlation of a with a window of b; 1 where either is nearly level and says nothing.
double fit(const std::array<float, kHalf>& a, const std::array<float, kHalf>& b) {
  static const std::vector<Samples<kHalf>> kWindows = make_samples<kHalf>();
  constexpr float n = kHalf;
  double best = -1;
  for (const Samples<kHalf>& window : kWindows) {
    float sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      const auto at = static_cast<size_t>(window.index[i]);
      const float v = b[at] + (b[at + 1] - b[at]) * window.share[i];
      sum_a += a[i];
      sum_b += v;
      aa += a[i] * a[i];
      bb += v * v;
      ab += a[i] * v;
    }
    const float variance_a = n * aa - sum_a * sum_a, variance_b = n * bb - sum_b * sum_b;
    constexpr float kLevel = n * n * 4;  // a standard deviation of 2 grey levels
    if (variance_a < kLevel || variance_b < kLevel) return 1;
    best = std::max(best, static_cast<double>((n * ab - sum_a * sum_b) / std::sqrt(variance_a * variance_b)));
  }
  return best;
}

bool profiles_agree(const Profiles& a, const Profiles& b) {
  const auto agree = [](const Profiles& inner, const Profiles& outer) {
    return fit(inner.x, outer.x) >= kProfileCorrelation && fit(inner.y, outer.y) >= kProfileCorrelation;
  };
  return agree(a, b) || agree(b, a);
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

double registered_correlation(const Thumbnail& a, const Thumbnail& b, double enough) {
  const Plane<kThumbnailSide> fine_a = smoothed(a), fine_b = smoothed(b);
  // Half the resolution, one round: what does not come near here does not get there with more.
  const auto coarse_a = halved(fine_a), coarse_b = halved(fine_b);
  const double coarse = std::max(fit<kHalf>(coarse_a, coarse_b, 1), fit<kHalf>(coarse_b, coarse_a, 1));
  if (coarse < enough - kCoarseSlack) return coarse;
  return std::max(fit<kThumbnailSide>(fine_a, fine_b, 2), fit<kThumbnailSide>(fine_b, fine_a, 2));
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

  // If two hashes differ in at most d bits, then in at least one chunk k they differ in at most (d − k) / 4:
  // were it more in every chunk, the sum would pass d. Looking up all chunk values that near finds every
  // pair.
  std::vector<std::vector<uint16_t>> masks;
  std::vector<Table> tables;
  for (int k = 0; k < kChunks; ++k) {
    masks.push_back(limits.max_distance < k ? std::vector<uint16_t>{}
                                            : masks_within((limits.max_distance - k) / kChunks));
    tables.push_back(make_table(pictures, first_of_kind, k));
  }
  std::vector<Profiles> profiles(pictures.size());
  for (const size_t i : first_of_kind) profiles[i] = profiles_of(pictures[i].thumbnail);
  std::vector<std::pair<int, size_t>> candidates;  // distance, picture
  for (const size_t i : first_of_kind) {
    const Fingerprint& a = pictures[i];
    candidates.clear();
    for (int k = 0; k < kChunks; ++k) {
      for (const uint16_t mask : masks[k]) {
        const uint32_t value = chunk(a.phash, k) ^ mask;
        for (uint32_t at = tables[k].start[value]; at < tables[k].start[value + 1]; ++at) {
          const Table::Item& item = tables[k].items[at];
          if (item.picture >= i) break;  // a bucket's items rise
          const int distance = std::popcount(a.phash ^ item.hash);
          if (distance <= limits.max_distance) candidates.emplace_back(distance, item.picture);
        }
      }
    }
    std::sort(candidates.begin(),
              candidates.end());  // the closest first; one found in two chunks stands twice
    bool found = false;
    int failures = 0;
    for (const auto& [distance, j] : candidates) {
      if (failures >= kMaxFailures) break;
      if (groups.find(i) == groups.find(j)) continue;
      const Fingerprint& b = pictures[j];
      if (aspect_ratio(a, b) > limits.max_aspect) continue;
      if (!profiles_agree(profiles[i], profiles[j])) continue;
      const double r = registered_correlation(a.thumbnail, b.thumbnail, limits.min_correlation);
      if (r < limits.min_correlation) {
        ++failures;
        continue;
      }
      groups.join(i, j);
      if (!found) report.duplicates.push_back({i, j, Duplicate::Kind::near, distance, r});
      found = true;
    }
  }
  std::sort(report.duplicates.begin(), report.duplicates.end(),
            [](const Duplicate& a, const Duplicate& b) { return a.picture < b.picture; });
  report.group.resize(pictures.size());
  for (size_t i = 0; i < pictures.size(); ++i) report.group[i] = groups.find(i);
  return report;
}

}  // namespace linmo
