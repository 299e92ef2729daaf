// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/edges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

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

// Four taps at a time: differences are taken once for all filters, sums are loaded once for four products.
constexpr int64_t kTapsAtOnce = 4;
LINMO_SIMD void take_difference(const int16_t* plus, const int16_t* minus, int32_t* __restrict out,
                                int64_t count) {
  for (int64_t x = 0; x < count; ++x) out[x] = plus[x] - minus[x];
}
LINMO_SIMD void add_taps(const int32_t* differences, int64_t pitch, const int32_t* w, int32_t* __restrict to,
                         int64_t count) {
  const int32_t *a = differences, *b = a + pitch, *c = b + pitch, *d = c + pitch;
  for (int64_t x = 0; x < count; ++x) to[x] += w[0] * a[x] + w[1] * b[x] + w[2] * c[x] + w[3] * d[x];
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

// Sums of products of the differences across each pixel of a row but the first and the last.
LINMO_SIMD void add_tensor(const float* above, const float* here, const float* below, int64_t width,
                           double* xx, double* yy, double* xy) {
  constexpr int64_t kLanes = 8;
  double a[kLanes] = {}, b[kLanes] = {}, c[kLanes] = {};
  const auto add = [&](int64_t x, int64_t k) {
    const double gx = here[x + 1] - here[x - 1], gy = below[x] - above[x];
    a[k] += gx * gx;
    b[k] += gy * gy;
    c[k] += gx * gy;
  };
  int64_t x = 1;
  for (; x + kLanes < width; x += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) add(x + k, k);
  for (int64_t k = 0; x + 1 < width; ++x, ++k) add(x, k);
  for (int64_t k = 0; k < kLanes; ++k) {
    *xx += a[k];
    *yy += b[k];
    *xy += c[k];
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

// Pairs are counted from the upper point to the lower (of a row, from left to right): half of the directions.
constexpr int kDown = kDirections / 2 + 1;
constexpr int kUsed = kDistances * kDown, kSpare = 256;

// [dy][dx + kFar] → (distance − kNear) · kDown + direction; kUsed and more: out of range.
std::vector<uint16_t> displacement_bins() {
  std::vector<uint16_t> bins;
  for (int dy = 0; dy <= kFar; ++dy) {
    for (int dx = -kFar; dx <= kFar; ++dx) {
      const auto distance =
          static_cast<int>(std::nearbyint(std::sqrt(static_cast<double>(dx * dx + dy * dy))));
      bins.push_back(static_cast<uint16_t>(distance < kNear || distance >= kFar
                                               ? kUsed + static_cast<int>(bins.size() % kSpare)
                                               : (distance - kNear) * kDown + direction_of(dx, dy)));
    }
  }
  return bins;
}

// Adds products of weights to the sums that a table gives for the way from one point to others.
struct PairSums {
  const uint16_t* table;
  const uint32_t* place;  // of the others; sums of places wrap around
  const float* weight;
  float* sums;

  // One point and the others first … last − 1, taken from eight places of the list in turn.
  void add(float w, uint32_t from, size_t first, size_t last) const {
    constexpr size_t kPlaces = 8;
    if (first >= last) return;
    const size_t part = (last - first) / kPlaces;
    for (size_t j = first; j < first + part; ++j) {
      for (size_t k = 0; k < kPlaces; ++k)
        sums[table[from + place[j + k * part]]] += w * weight[j + k * part];
    }
    for (size_t j = first + kPlaces * part; j < last; ++j) sums[table[from + place[j]]] += w * weight[j];
  }

  // Four points and the same others, from two places of the list.
  void add_four(const float* w, const uint32_t* from, size_t first, size_t last) const {
    const size_t half = (last - first) / 2;
    const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    const uint32_t f0 = from[0], f1 = from[1], f2 = from[2], f3 = from[3];
    const auto one = [&](size_t j) {
      const uint32_t p = place[j];
      const float v = weight[j];
      sums[table[f0 + p]] += w0 * v;
      sums[table[f1 + p]] += w1 * v;
      sums[table[f2 + p]] += w2 * v;
      sums[table[f3 + p]] += w3 * v;
    };
    for (size_t j = first; j < first + half; ++j) {
      one(j);
      one(j + half);
    }
    if ((last - first) % 2) one(last - 1);
  }
};

// The same sums: each pair is visited once, its mirror image is added at the end (a turn by half a circle and
// the negative difference); pairs go by orientation, so that distance and direction are one look into a
// table.
Counts count_pairs(const EdgeMap& map, const std::vector<EdgePoint>& points) {
  static const std::vector<uint16_t> kBins = displacement_bins();
  const auto pitch = static_cast<uint32_t>(2 * map.width);
  const auto rows = static_cast<uint32_t>(std::min<int64_t>(map.height, kFar + 1));
  // [dy][dx + width − 1] → (distance − kNear) · kDown + direction; pairs out of range go to a field of their
  // own behind, spread so that additions do not wait for each other.
  std::vector<uint16_t> table(static_cast<size_t>(rows * pitch));
  for (size_t slot = 0; slot < table.size(); ++slot)
    table[slot] = static_cast<uint16_t>(kUsed + static_cast<int>(slot % kSpare));
  const int64_t reach = std::min<int64_t>(map.width - 1, kFar);
  for (uint32_t dy = 0; dy < rows; ++dy) {
    std::copy_n(kBins.data() + dy * (2 * kFar + 1) + kFar - reach, 2 * reach + 1,
                table.data() + dy * pitch + map.width - 1 - reach);
  }
  const auto height = static_cast<uint32_t>(map.height);
  struct Group {
    std::vector<uint32_t> place;  // ascending
    std::vector<float> weight;
    std::vector<uint32_t> above;  // of every row and the end: how many stand in rows above
  };
  std::array<Group, kOrientations> groups;
  for (Group& g : groups) g.above.assign(static_cast<size_t>(height + 1), 0);
  for (const EdgePoint& p : points) {
    Group& g = groups[static_cast<size_t>(p.orientation)];
    g.place.push_back(static_cast<uint32_t>(p.y) * pitch + static_cast<uint32_t>(p.x));
    g.weight.push_back(static_cast<float>(p.weight));
    ++g.above[static_cast<size_t>(p.y + 1)];
  }
  for (Group& g : groups) std::partial_sum(g.above.begin(), g.above.end(), g.above.begin());
  Counts counts(static_cast<size_t>(kOrientations * kDistances * kDirections));
  std::vector<float> sums(kUsed + kSpare);  // in the nearest cache; six digits of a share are plenty
  const auto centre = static_cast<uint32_t>(map.width - 1);
  for (int a = 0; a < kOrientations; ++a) {
    for (int b = 0; b < kOrientations; ++b) {
      const Group& from = groups[static_cast<size_t>(a)];
      const Group& to = groups[static_cast<size_t>(b)];
      if (from.place.empty() || to.place.empty()) continue;
      std::ranges::fill(sums, 0.0f);
      const PairSums pairs{table.data(), to.place.data(), to.weight.data(), sums.data()};
      // From a point: what stands behind it, down to the last row in reach.
      const auto first_of = [&](size_t i) {
        size_t at = to.above[static_cast<size_t>(from.place[i] / pitch)];
        while (at < to.place.size() && to.place[at] <= from.place[i]) ++at;
        return at;
      };
      const auto last_of = [&](size_t i) {
        return size_t{to.above[static_cast<size_t>(std::min(height, from.place[i] / pitch + rows))]};
      };
      // Four points of `from` at a time share what is loaded of `to`. They stand some rows apart, for
      // neighbours often meet in one sum and would wait for each other.
      constexpr size_t kApart = 12, kBlock = 4 * kApart, kAtOnce = 32;
      size_t i = 0;
      for (; i + kBlock <= from.place.size(); i += kBlock) {
        const size_t first = first_of(i + kBlock - 1), last = last_of(i);
        if (first >= last) break;                  // so few points in so many rows
        for (size_t k = i; k < i + kBlock; ++k) {  // what only some of the block reach
          pairs.add(from.weight[k], centre - from.place[k], first_of(k), first);
          pairs.add(from.weight[k], centre - from.place[k], last, last_of(k));
        }
        // A few of `to` at a time: what is read of the table for one point is still near for the next, which
        // mostly lies beside it on the same edge.
        for (size_t j = first; j < last; j += kAtOnce) {
          for (size_t k = i; k < i + kApart; ++k) {
            float weights[4];
            uint32_t places[4];
            for (size_t m = 0; m < 4; ++m) {
              weights[m] = from.weight[k + m * kApart];
              places[m] = centre - from.place[k + m * kApart];
            }
            pairs.add_four(weights, places, j, std::min(last, j + kAtOnce));
          }
        }
      }
      for (; i < from.place.size(); ++i)
        pairs.add(from.weight[i], centre - from.place[i], first_of(i), last_of(i));
      // Directions turn with the first point's orientation.
      const int difference = wrapped(b - a, kOrientations);
      for (int distance = 0; distance < kDistances; ++distance) {
        const float* from_sums = sums.data() + distance * kDown;
        double* to_counts = counts.data() + (difference * kDistances + distance) * kDirections;
        const int turn = 2 * a, whole = std::min(kDown, kDirections - turn);
        for (int k = 0; k < whole; ++k) to_counts[k + turn] += from_sums[k];
        for (int k = whole; k < kDown; ++k) to_counts[k + turn - kDirections] += from_sums[k];
      }
    }
  }
  const Counts one_way = counts;
  for (int difference = 0; difference < kOrientations; ++difference) {
    for (int distance = 0; distance < kDistances; ++distance) {
      const double* row = one_way.data() + (difference * kDistances + distance) * kDirections;
      for (int k = 0; k < kDirections; ++k) {
        at(counts, wrapped(-difference, kOrientations), distance + kNear,
           (k + kDirections / 2 + 2 * difference) % kDirections) += row[k];
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
  std::vector<int32_t> sums(static_cast<size_t>(kHalf * w)), which(static_cast<size_t>(w)),
      differences(static_cast<size_t>(kTapsAtOnce * w));
  for (int64_t y = 0; y < h; ++y) {
    std::ranges::fill(sums, 0);
    const int16_t* here = padded.data() + (y + kReach) * pitch + kReach;
    // A convolution: the filter's place (dx, dy) meets the pixel at (−dx, −dy).
    for (size_t first = 0; first < kTaps.size(); first += kTapsAtOnce) {
      std::array<std::array<int32_t, kTapsAtOnce>, kHalf> weights{};
      for (size_t t = 0; t < kTapsAtOnce && first + t < kTaps.size(); ++t) {
        const Tap& tap = kTaps[first + t];
        take_difference(here - tap.dy * pitch - tap.dx, here + tap.dy * pitch + tap.dx,
                        differences.data() + static_cast<int64_t>(t) * w, w);
        for (size_t k = 0; k < kHalf; ++k) weights[k][t] = tap.weight[k];
      }
      for (size_t k = 0; k < kHalf; ++k)
        add_taps(differences.data(), w, weights[k].data(), sums.data() + static_cast<int64_t>(k) * w, w);
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
  for (int64_t y = 1; y + 1 < l.height; ++y)
    add_tensor(l.row(y - 1).data(), l.row(y).data(), l.row(y + 1).data(), l.width, &xx, &yy, &xy);
  if (xx + yy > 0) out.anisotropy = std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy) / (xx + yy);
  return out;
}

}  // namespace linmo::culture
