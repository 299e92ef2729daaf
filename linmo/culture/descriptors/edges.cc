// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/edges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "linmo/culture/descriptors/kernels.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

constexpr int kReach = 15;                // of the filters
constexpr int kHalf = kOrientations / 2;  // the other half has the same filters with the other sign
constexpr size_t kStrongest = 10'000, kMost = 20'000;
constexpr int kDirections = 48, kNear = 20, kFar = 240;
constexpr int kDistances = kFar - kNear;

// One pair of opposite places of the filters; responses are odd, so their pixels enter as a difference.
struct Tap {
  int dx, dy;
  std::array<int32_t, kHalf> weight;
};

double rounded(double v) {
  return std::nearbyint(v * 1e4);
}

std::vector<Tap> make_taps() {
  constexpr double kPi = std::numbers::pi;
  const double frequency = 0.125;
  const double sigma = 1 / (kPi * frequency) * std::sqrt(std::numbers::ln2 / 2) * (16.0 + 1) / (16.0 - 1);
  const double omega = 2 * kPi * frequency;
  std::vector<Tap> taps;
  for (int y = 0; y <= kReach; ++y) {
    for (int x = y == 0 ? 1 : -kReach; x <= kReach; ++x) {
      Tap tap{x, y, {}};
      bool any = false;
      for (int k = 0; k < kHalf; ++k) {
        const double theta = 2 * kPi * k / kOrientations;
        const double envelope = rounded(std::exp(-(x * x + y * y) / (2 * sigma * sigma))) / 1e4;
        const double slant = x * (omega * std::sin(theta)) + y * (omega * std::cos(theta));
        tap.weight[static_cast<size_t>(k)] =
            static_cast<int32_t>(rounded(envelope * std::cos(slant + kPi / 2)));
        any |= tap.weight[static_cast<size_t>(k)] != 0;
      }
      if (any) taps.push_back(tap);
    }
  }
  return taps;
}

LINMO_SIMD void add_tap(const int16_t* plus, const int16_t* minus, const int32_t* weight, int32_t* sums,
                        int64_t pitch, int64_t count) {
  for (int64_t k = 0; k < kHalf; ++k) {
    const int32_t w = weight[k];
    int32_t* to = sums + k * pitch;
    for (int64_t x = 0; x < count; ++x) to[x] += w * (plus[x] - minus[x]);
  }
}

LINMO_SIMD void choose(const int32_t* sums, int64_t pitch, int32_t* best, int32_t* which, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    best[x] = 0;
    which[x] = 0;
  }
  // Of equal responses the first orientation counts, 0 … 23: first those of one sign, then of the other.
  for (int32_t k = 0; k < kHalf; ++k) {
    const int32_t* from = sums + k * pitch;
    for (int64_t x = 0; x < count; ++x) {
      which[x] = from[x] > best[x] ? k : which[x];
      best[x] = std::max(best[x], from[x]);
    }
  }
  for (int32_t k = 0; k < kHalf; ++k) {
    const int32_t* from = sums + k * pitch;
    for (int64_t x = 0; x < count; ++x) {
      which[x] = -from[x] > best[x] ? k + kHalf : which[x];
      best[x] = std::max(best[x], -from[x]);
    }
  }
}

struct EdgePoint {
  int32_t x, y;
  int orientation;
  double weight;
};

// Rows first.
std::vector<EdgePoint> strongest(const EdgeMap& map) {
  std::vector<int32_t> sorted = map.response;
  int32_t cutoff = 1;
  if (sorted.size() > kStrongest) {
    const auto at = sorted.begin() + static_cast<int64_t>(kStrongest) - 1;
    std::nth_element(sorted.begin(), at, sorted.end(), std::greater<>());
    cutoff = std::max(cutoff, *at);
  }
  std::vector<EdgePoint> out;
  for (int64_t y = 0; y < map.height; ++y) {
    for (int64_t x = 0; x < map.width; ++x) {
      const auto i = static_cast<size_t>(y * map.width + x);
      // Patterns have any number of equal responses; their pairs would take for ever.
      if (map.response[i] < cutoff || out.size() == kMost) continue;
      out.push_back(
          {static_cast<int32_t>(x), static_cast<int32_t>(y), map.orientation[i], map.response[i] * 1e-4});
    }
  }
  return out;
}

// Sums of weight products for [orientation difference][distance][direction].
using Counts = std::vector<double>;
double& at(Counts& c, int difference, int distance, int direction) {
  return c[static_cast<size_t>((difference * kDistances + distance - kNear) * kDirections + direction)];
}
int wrapped(int v, int period) {
  return ((v % period) + period) % period;
}
int direction_of(int dx, int dy) {
  const double turn = std::atan2(dy, dx) / (2 * std::numbers::pi);
  return wrapped(static_cast<int>(std::nearbyint(turn * kDirections)), kDirections);
}

Counts count_plainly(const std::vector<EdgePoint>& points) {
  Counts counts(static_cast<size_t>(kOrientations * kDistances * kDirections));
  for (const EdgePoint& p : points) {
    for (const EdgePoint& q : points) {
      const int dx = q.x - p.x, dy = q.y - p.y;
      const auto distance = static_cast<int>(std::nearbyint(std::sqrt(dx * dx + dy * dy)));
      if (distance < kNear || distance >= kFar) continue;
      const int direction = wrapped(direction_of(dx, dy) + 2 * p.orientation, kDirections);
      at(counts, wrapped(q.orientation - p.orientation, kOrientations), distance, direction) +=
          p.weight * q.weight;
    }
  }
  return counts;
}

constexpr int kUsed = kDistances * kDirections, kSpare = 256;

// [dy + kFar][dx + kFar] → (distance − kNear) · kDirections + direction; kUsed and more: out of range.
std::vector<uint16_t> displacement_bins() {
  std::vector<uint16_t> bins;
  for (int dy = -kFar; dy <= kFar; ++dy) {
    for (int dx = -kFar; dx <= kFar; ++dx) {
      const auto distance =
          static_cast<int>(std::nearbyint(std::sqrt(static_cast<double>(dx * dx + dy * dy))));
      bins.push_back(static_cast<uint16_t>(distance < kNear || distance >= kFar
                                               ? kUsed + static_cast<int>(bins.size() % kSpare)
                                               : (distance - kNear) * kDirections + direction_of(dx, dy)));
    }
  }
  return bins;
}

// The same sums: each pair is visited once, its mirror image is added at the end (a turn by half a circle and
// the negative difference); pairs go by orientation, so that distance and direction are one look into a
// table.
Counts count_pairs(const EdgeMap& map, const std::vector<EdgePoint>& points) {
  static const std::vector<uint16_t> kBins = displacement_bins();
  const auto pitch = static_cast<int32_t>(2 * map.width);
  const int64_t rows = std::min<int64_t>(map.height, kFar + 1);
  // [dy + rows − 1][dx + width − 1] → (distance − kNear) · kDirections + direction; pairs out of range go to
  // a field of their own behind, spread so that additions do not wait for each other.
  std::vector<uint16_t> table(static_cast<size_t>((2 * rows - 1) * pitch));
  for (size_t slot = 0; slot < table.size(); ++slot)
    table[slot] = static_cast<uint16_t>(kUsed + static_cast<int>(slot % kSpare));
  const int64_t reach = std::min<int64_t>(map.width - 1, kFar);
  for (int64_t dy = 1 - rows; dy < rows; ++dy) {
    std::copy_n(kBins.data() + (dy + kFar) * (2 * kFar + 1) + kFar - reach, 2 * reach + 1,
                table.data() + (dy + rows - 1) * pitch + map.width - 1 - reach);
  }
  struct Group {
    std::vector<int32_t> place;
    std::vector<float> weight;
    std::vector<int32_t> y;
  };
  std::array<Group, kOrientations> groups;
  for (const EdgePoint& p : points) {
    Group& g = groups[static_cast<size_t>(p.orientation)];
    g.place.push_back(p.y * pitch + p.x);
    g.weight.push_back(static_cast<float>(p.weight));
    g.y.push_back(p.y);
  }
  Counts counts(static_cast<size_t>(kOrientations * kUsed));
  std::vector<float> sums(kUsed + kSpare);  // in the nearest cache; six digits of a share are plenty
  for (int a = 0; a < kOrientations; ++a) {
    for (int b = a; b < kOrientations; ++b) {
      const Group& from = groups[static_cast<size_t>(a)];
      const Group& to = groups[static_cast<size_t>(b)];
      if (from.place.empty() || to.place.empty()) continue;
      std::ranges::fill(sums, 0.0f);
      size_t first = 0, last = 0;  // rows of `to` within reach
      for (size_t i = 0; i < from.place.size(); ++i) {
        while (first < to.y.size() && to.y[first] <= from.y[i] - rows) ++first;
        while (last < to.y.size() && to.y[last] < from.y[i] + rows) ++last;
        const size_t begin = a == b ? std::max(first, i + 1) : first;
        const float weight = from.weight[i];
        const auto centre = static_cast<int32_t>((rows - 1) * pitch + map.width - 1 - from.place[i]);
        const uint16_t* look = table.data();
        const int32_t* place = to.place.data();
        const float* other = to.weight.data();
        // From four places of the list in turn: neighbours often meet in one sum and would wait for it.
        const size_t quarter = (std::max(last, begin) - begin) / 4;
        for (size_t j = begin; j < begin + quarter; ++j) {
          for (const size_t k : {j, j + quarter, j + 2 * quarter, j + 3 * quarter})
            sums[look[centre + place[k]]] += weight * other[k];
        }
        for (size_t j = begin + 4 * quarter; j < last; ++j)
          sums[look[centre + place[j]]] += weight * other[j];
      }
      const int difference = b - a;
      for (int distance = kNear; distance < kFar; ++distance) {
        for (int d = 0; d < kDirections; ++d) {
          const double value = sums[static_cast<size_t>((distance - kNear) * kDirections + d)];
          if (value == 0) continue;
          const int direction = (d + 2 * a) % kDirections;
          at(counts, difference, distance, direction) += value;
          at(counts, wrapped(-difference, kOrientations), distance,
             (direction + kDirections / 2 + 2 * difference) % kDirections) += value;
        }
      }
    }
  }
  return counts;
}

double second_order(Counts& counts) {
  double sum = 0;
  int distances = 0;
  for (int distance = kNear; distance < kFar; ++distance) {
    double of_directions = 0;
    int directions = 0;
    for (int d = 0; d < kDirections; ++d) {
      std::array<double, kOrientations> weights;
      double total = 0;
      for (int k = 0; k < kOrientations; ++k)
        total += weights[static_cast<size_t>(k)] = at(counts, k, distance, d);
      if (total + 1e-5 <= 1) continue;  // no pairs to speak of
      of_directions += entropy_bits(weights);
      ++directions;
    }
    if (directions == 0) continue;
    sum += of_directions / directions;
    ++distances;
  }
  return distances > 0 ? sum / distances : kMissing;
}

}  // namespace

EdgeMap edge_map(const Image& luma) {
  static const std::vector<Tap> kTaps = make_taps();
  const int64_t w = luma.width(), h = luma.height(), pitch = w + 2 * kReach;
  std::vector<int16_t> padded(static_cast<size_t>(pitch * (h + 2 * kReach)));
  for (int64_t y = -kReach; y < h + kReach; ++y) {
    const auto from = luma.row<uint8_t>(mirrored(y, h));
    int16_t* to = padded.data() + (y + kReach) * pitch + kReach;
    for (int64_t x = -kReach; x < w + kReach; ++x) to[x] = from[static_cast<size_t>(mirrored(x, w))];
  }
  EdgeMap map{w, h, std::vector<int32_t>(static_cast<size_t>(w * h)), {}};
  map.orientation.resize(map.response.size());
  std::vector<int32_t> sums(static_cast<size_t>(kHalf * w)), which(static_cast<size_t>(w));
  for (int64_t y = 0; y < h; ++y) {
    std::ranges::fill(sums, 0);
    const int16_t* here = padded.data() + (y + kReach) * pitch + kReach;
    // A convolution: the filter's place (dx, dy) meets the pixel at (−dx, −dy).
    for (const Tap& tap : kTaps) {
      add_tap(here - tap.dy * pitch - tap.dx, here + tap.dy * pitch + tap.dx, tap.weight.data(), sums.data(),
              w, w);
    }
    choose(sums.data(), w, map.response.data() + y * w, which.data(), w);
    for (int64_t x = 0; x < w; ++x)
      map.orientation[static_cast<size_t>(y * w + x)] = static_cast<uint8_t>(which[static_cast<size_t>(x)]);
  }
  return map;
}

EdgeEntropies edge_entropies(const EdgeMap& map, bool plain) {
  EdgeEntropies out{0, kMissing, kMissing};
  for (const int32_t r : map.response) out.density += r * 1e-4;
  out.density /= static_cast<double>(map.response.size());
  const std::vector<EdgePoint> points = strongest(map);
  if (points.empty()) return out;
  std::array<double, kOrientations> bins{};
  for (const EdgePoint& p : points) bins[static_cast<size_t>(p.orientation)] += p.weight;
  out.first = std::max(0.0, entropy_bits(bins));
  Counts counts = plain ? count_plainly(points) : count_pairs(map, points);
  out.second = second_order(counts);
  return out;
}

Image edge_picture(const Image& luma, bool enlarge) {
  const auto width = static_cast<double>(luma.width()), height = static_cast<double>(luma.height());
  const double scale = std::sqrt(static_cast<double>(kEdgePixels) / (width * height));
  if (scale >= 1 && !enlarge) return luma;
  const auto w = std::max<int64_t>(1, static_cast<int64_t>(width * scale));
  const auto h = std::max<int64_t>(1, static_cast<int64_t>(height * scale));
  return resize(resize(luma, w, luma.height(), Filter::lanczos), w, h, Filter::lanczos);
}

EdgeFeatures measure_edges(const Subject& subject) {
  EdgeFeatures out;
  const EdgeMap map = edge_map(edge_picture(subject.standard.luma, false));
  const EdgeEntropies entropies = edge_entropies(map);
  out.edge_density = entropies.density;
  out.edge_entropy_1 = entropies.first;
  out.edge_entropy_2 = entropies.second;
  std::array<double, kHalf> bins{};
  double total = 0;
  for (size_t i = 0; i < map.response.size(); ++i) {
    bins[map.orientation[i] % kHalf] += map.response[i];
    total += map.response[i];
  }
  if (total > 0) {  // bin 0: gradients along y, so edges that lie level
    out.edges_horizontal = (bins[11] + bins[0] + bins[1]) / total;
    out.edges_vertical = (bins[5] + bins[6] + bins[7]) / total;
    out.edges_diagonal = 1 - out.edges_horizontal - out.edges_vertical;
  }
  const Plane& l = subject.small().l;
  double xx = 0, yy = 0, xy = 0;
  for (int64_t y = 1; y + 1 < l.height; ++y) {
    const auto above = l.row(y - 1), here = l.row(y), below = l.row(y + 1);
    for (size_t x = 1; x + 1 < static_cast<size_t>(l.width); ++x) {
      const double gx = here[x + 1] - here[x - 1], gy = below[x] - above[x];
      xx += gx * gx;
      yy += gy * gy;
      xy += gx * gy;
    }
  }
  if (xx + yy > 0) out.anisotropy = std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy) / (xx + yy);
  return out;
}

}  // namespace linmo::culture
