// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/sliced_wasserstein.h"

#include <hwy/contrib/sort/vqsort.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/measure/plane.h"

namespace linmo::measure {
namespace {

constexpr int64_t kPatch = 7, kPatchPixels = kPatch * kPatch, kDescriptor = kPatchPixels * 3;

int64_t mirror(int64_t i, int64_t n) {  // … 2 1 | 0 1 … n−1 | n−2 …
  if (i < 0) i = -i;
  return i < n ? i : 2 * (n - 1) - i;
}

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Descriptors = Eigen::Matrix<float, kDescriptor, Eigen::Dynamic>;  // a column each

constexpr std::array<float, 5> kBinomial = {1.f / 16, 4.f / 16, 6.f / 16, 4.f / 16, 1.f / 16};

Plane transposed(const Plane& p) {
  Plane out(p.height, p.width);
  for (int64_t y = 0; y < p.height; ++y) {
    for (int64_t x = 0; x < p.width; ++x)
      out.row(x)[static_cast<size_t>(y)] = p.row(y)[static_cast<size_t>(x)];
  }
  return out;
}

Plane rows_down(const Plane& p) {
  Plane out(p.width / 2, p.height);
  for (int64_t y = 0; y < p.height; ++y) {
    const auto from = p.row(y);
    const auto to = out.row(y);
    for (int64_t x = 0; x < out.width; ++x) {
      float sum = 0;
      for (int64_t k = 0; k < 5; ++k) {
        sum += kBinomial[static_cast<size_t>(k)] * from[static_cast<size_t>(mirror(2 * x + k - 2, p.width))];
      }
      to[static_cast<size_t>(x)] = sum;
    }
  }
  return out;
}

// Zeros between the samples, then the filter times two; the zeros fall away in pairs.
Plane rows_up(const Plane& p) {
  Plane out(p.width * 2, p.height);
  for (int64_t y = 0; y < p.height; ++y) {
    const auto from = p.row(y);
    const auto to = out.row(y);
    for (int64_t x = 0; x < out.width; ++x) {
      float sum = 0;
      for (int64_t k = 0; k < 5; ++k) {
        const int64_t at = mirror(x + k - 2, out.width);
        if (at % 2 == 0) sum += 2 * kBinomial[static_cast<size_t>(k)] * from[static_cast<size_t>(at / 2)];
      }
      to[static_cast<size_t>(x)] = sum;
    }
  }
  return out;
}

Plane both_ways(const Plane& p, Plane (*rows)(const Plane&)) {
  return transposed(rows(transposed(rows(p))));
}

// One band of the pyramid; level 0 is the finest.
Plane laplacian_band(Plane plane, int64_t level, bool coarsest) {
  for (int64_t l = 0;; ++l) {
    if (l == level && coarsest) return plane;
    Plane low = both_ways(plane, rows_down);
    if (l == level) {
      const Plane back = both_ways(low, rows_up);
      for (size_t i = 0; i < plane.values.size(); ++i) plane.values[i] -= back.values[i];
      return plane;
    }
    plane = std::move(low);
  }
}

struct Level {
  int64_t index = 0, size = 0;
  bool coarsest = false;
};

// How many of `total` patches the pictures before picture i give.
int64_t share(int64_t total, int64_t pictures, int64_t i) {
  return total / pictures * i + total % pictures * i / pictures;
}

Descriptors describe(const std::vector<Image>& pictures, uint64_t set, Level level, int64_t total,
                     const SlicedWassersteinSettings& s, EventSink& sink) {
  Descriptors all(kDescriptor, total);
  const auto count = static_cast<int64_t>(pictures.size());
  const bool done = for_each_parallel(pictures.size(), s.threads, "patches", sink, [&](size_t i) {
    const auto index = static_cast<int64_t>(i);
    const int64_t first = share(total, count, index), last = share(total, count, index + 1);
    if (first == last) return;
    const std::vector<Plane> planes = rgb_planes(pictures[i]);
    std::vector<Plane> bands;
    for (const Plane& plane : planes) bands.push_back(laplacian_band(plane, level.index, level.coarsest));
    Random random(s.seed, ((static_cast<uint64_t>(level.index) * 2 + set) << 32) + i);
    for (int64_t n = first; n < last; ++n) {
      const int64_t x0 = random.below(level.size - kPatch + 1), y0 = random.below(level.size - kPatch + 1);
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t y = 0; y < kPatch; ++y) {
          const auto from = bands[static_cast<size_t>(c)].row(y0 + y);
          for (int64_t x = 0; x < kPatch; ++x) {
            all(c * kPatchPixels + y * kPatch + x, n) = from[static_cast<size_t>(x0 + x)];
          }
        }
      }
    }
  });
  if (!done) fail(ErrorKind::cancelled, "the sliced Wasserstein distance was stopped");
  for (int64_t c = 0; c < 3; ++c) {
    auto channel = all.middleRows(c * kPatchPixels, kPatchPixels);
    const double n = static_cast<double>(channel.size());
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < total; ++k) sum += channel.col(k).cast<double>().sum();
    const double mean = sum / n;
    for (int64_t k = 0; k < total; ++k)
      squares += (channel.col(k).cast<double>().array() - mean).square().sum();
    const double deviation = std::sqrt(squares / n);
    // A channel without any variation (blank pictures) stays at zero.
    const double scale = deviation > 1e-6 ? 1 / deviation : 0;
    for (int64_t k = 0; k < total; ++k) {
      channel.col(k) = ((channel.col(k).cast<double>().array() - mean) * scale).cast<float>().matrix();
    }
  }
  return all;
}

double distance(const Descriptors& a, const Descriptors& b, const SlicedWassersteinSettings& s,
                EventSink& sink) {
  constexpr int64_t kTogether = 8;
  const int64_t directions = int64_t{s.repeats} * s.directions, total = a.cols();
  const int64_t groups = (directions + kTogether - 1) / kTogether;
  std::vector<double> sums(static_cast<size_t>(directions));
  const bool done =
      for_each_parallel(static_cast<size_t>(groups), s.threads, "projections", sink, [&](size_t group) {
        const int64_t first = static_cast<int64_t>(group) * kTogether;
        const int64_t count = std::min(kTogether, directions - first);
        RowMajor w(count, kDescriptor);
        for (int64_t k = 0; k < count; ++k) {
          Random random(s.seed, (uint64_t{1} << 62) + static_cast<uint64_t>(first + k));
          Eigen::Matrix<double, kDescriptor, 1> direction;
          for (double& v : direction) v = random.normal();
          w.row(k) = direction.normalized().transpose().cast<float>();
        }
        RowMajor pa = w * a, pb = w * b;
        const hwy::Sorter sort;
        for (int64_t k = 0; k < count; ++k) {
          sort(pa.row(k).data(), static_cast<size_t>(total), hwy::SortAscending());
          sort(pb.row(k).data(), static_cast<size_t>(total), hwy::SortAscending());
          sums[static_cast<size_t>(first + k)] =
              (pa.row(k).cast<double>() - pb.row(k).cast<double>()).cwiseAbs().sum();
        }
      });
  if (!done) fail(ErrorKind::cancelled, "the sliced Wasserstein distance was stopped");
  double sum = 0;
  for (const double v : sums) sum += v;
  return 1000 * sum / (static_cast<double>(directions) * static_cast<double>(total));
}

void check(const std::vector<Image>& pictures, int64_t side) {
  for (const Image& image : pictures) {
    if (image.width() != side || image.height() != side) {
      fail(ErrorKind::usage,
           "the sliced Wasserstein distance needs squares of one size; {} × {} and {} × {} px", side, side,
           image.width(), image.height());
    }
  }
}

}  // namespace

SlicedWasserstein sliced_wasserstein(const std::vector<Image>& a, const std::vector<Image>& b,
                                     const SlicedWassersteinSettings& s, EventSink& sink) {
  if (a.empty() || b.empty())
    fail(ErrorKind::usage, "the sliced Wasserstein distance needs pictures in both sets");
  const int64_t side = a[0].width();
  if (s.patches < 1 || s.repeats < 1 || s.directions < 1 || s.smallest_level < 8) {
    fail(ErrorKind::usage,
         "the sliced Wasserstein distance needs patches, directions and levels of 8 px or more");
  }
  if (side < s.smallest_level || !std::has_single_bit(static_cast<uint64_t>(side))) {
    fail(ErrorKind::usage,
         "the sliced Wasserstein distance needs a side that is a power of two of at least {}, not {} px",
         s.smallest_level, side);
  }
  check(a, side);
  check(b, side);
  SlicedWasserstein result;
  result.patches = int64_t{s.patches} * static_cast<int64_t>(std::min(a.size(), b.size()));
  double sum = 0;
  for (Level level{0, side, false}; level.size >= s.smallest_level; ++level.index, level.size /= 2) {
    level.coarsest = level.size / 2 < s.smallest_level;
    const Descriptors da = describe(a, 0, level, result.patches, s, sink);
    const Descriptors db = describe(b, 1, level, result.patches, s, sink);
    result.levels.push_back({level.size, distance(da, db, s, sink)});
    sum += result.levels.back().distance;
  }
  result.mean = sum / static_cast<double>(result.levels.size());
  return result;
}

}  // namespace linmo::measure
