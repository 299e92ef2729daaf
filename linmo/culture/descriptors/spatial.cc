// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/spatial.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "linmo/culture/descriptors/kernels.h"

namespace linmo::culture {
namespace {

// sum += sign · v, squares += sign · v².
LINMO_SIMD void add_row(const float* v, double sign, double* sum, double* squares, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const double d = v[i];
    sum[i] += sign * d;
    squares[i] += sign * d * d;
  }
}

// line[i] |= line[i + by]; what is read has not been written yet.
LINMO_SIMD void join_in_place(uint8_t* line, int64_t by, int64_t count) {
  int64_t i = 0;
  for (; i + 64 <= count; i += 64) {
    uint8_t ahead[64];
    for (int64_t k = 0; k < 64; ++k) ahead[k] = line[i + k + by];
    for (int64_t k = 0; k < 64; ++k) line[i + k] |= ahead[k];
  }
  for (; i < count; ++i) line[i] |= line[i + by];
}

LINMO_SIMD void join_rows(const uint8_t* a, const uint8_t* b, uint8_t* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = a[i] | b[i];
}

// Deviations in windows of `side` px, from running sums of values and squares; n: pixels of the window.
LINMO_SIMD void deviation_run(const double* sums, const double* squares, int64_t side, double n,
                              float* __restrict out, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    const double mean = (sums[x + side] - sums[x]) / n;
    const double variance = (squares[x + side] - squares[x]) / n - mean * mean;
    out[x] = static_cast<float>(std::sqrt(variance > 0 ? variance : 0));
  }
}

LINMO_SIMD void add_scaled(const float* v, float weight, float* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] += weight * v[i];
}

LINMO_SIMD void add_scaled_4(const float* a, const float* b, const float* c, const float* d,
                             const float* weights, float* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    out[i] += weights[0] * a[i] + weights[1] * b[i] + weights[2] * c[i] + weights[3] * d[i];
}

LINMO_SIMD void take_scaled_4(const float* a, const float* b, const float* c, const float* d,
                              const float* weights, float* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = weights[0] * a[i] + weights[1] * b[i] + weights[2] * c[i] + weights[3] * d[i];
}

LINMO_SIMD void step_run(const float* v, float low, float scale, int32_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<int32_t>((v[i] - low) * scale);
}

LINMO_SIMD void range_run(const float* v, float* low, float* high, int64_t count) {
  float least[16], most[16];
  for (int64_t k = 0; k < 16; ++k) {
    least[k] = *low;
    most[k] = *high;
  }
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int64_t k = 0; k < 16; ++k) {
      least[k] = v[i + k] < least[k] ? v[i + k] : least[k];
      most[k] = v[i + k] > most[k] ? v[i + k] : most[k];
    }
  }
  for (int64_t k = 0; i < count; ++i, ++k) {
    least[k] = std::min(least[k], v[i]);
    most[k] = std::max(most[k], v[i]);
  }
  for (int64_t k = 0; k < 16; ++k) {
    *low = std::min(*low, least[k]);
    *high = std::max(*high, most[k]);
  }
}

LINMO_SIMD void scale_run(const float* v, double high, int32_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<int32_t>(nearest(v[i] / high * 255));
}
LINMO_SIMD void scale_run(const double* v, double high, int32_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<int32_t>(nearest(v[i] / high * 255));
}

int32_t find_root(std::vector<int32_t>& parent, int32_t i) {
  while (parent[static_cast<size_t>(i)] != i) {
    parent[static_cast<size_t>(i)] = parent[static_cast<size_t>(parent[static_cast<size_t>(i)])];
    i = parent[static_cast<size_t>(i)];
  }
  return i;
}

struct Run {  // of set pixels in a row
  int64_t first, last, y;
};

// Eight pixels at a time: masks are mostly long runs of either kind.
void find_runs(const uint8_t* row, int64_t w, int64_t y, std::vector<Run>& out) {
  // The first place from x on where the row is not `value`.
  const auto end_of = [&](int64_t x, uint8_t value) {
    const uint64_t same = value * 0x0101010101010101u;
    for (; x + 8 <= w; x += 8) {
      uint64_t eight = 0;
      std::memcpy(&eight, row + x, 8);
      if (eight != same) break;
    }
    while (x < w && row[x] == value) ++x;
    return x;
  };
  for (int64_t x = end_of(0, 0); x < w;) {
    const int64_t end = end_of(x, 1);
    out.push_back({x, end - 1, y});
    x = end_of(end, 0);
  }
}

}  // namespace

int64_t mirrored(int64_t i, int64_t count) {
  if (count == 1) return 0;
  const int64_t period = 2 * count;
  i = ((i % period) + period) % period;
  return i < count ? i : period - 1 - i;
}

int64_t Bits::count() const {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

double Bits::share() const {
  return values.empty() ? 0 : static_cast<double>(count()) / static_cast<double>(values.size());
}

Plane local_deviation(const Plane& plane, int side) {
  const int64_t w = plane.width, h = plane.height, reach = side / 2;
  Plane out = Plane::unset(w, h);
  // Column sums of the window's rows, then differences of their running sums along the row. Sums start over
  // for every row, so that rounding does not pile up.
  std::vector<double> sum(static_cast<size_t>(w)), squares(static_cast<size_t>(w));
  std::vector<double> running(static_cast<size_t>(w) + 1), running2(static_cast<size_t>(w) + 1);
  for (int64_t y = 0; y < std::min(reach, h); ++y)
    add_row(plane.row(y).data(), 1, sum.data(), squares.data(), w);
  for (int64_t y = 0; y < h; ++y) {
    if (y + reach < h) add_row(plane.row(y + reach).data(), 1, sum.data(), squares.data(), w);
    if (y - reach - 1 >= 0) add_row(plane.row(y - reach - 1).data(), -1, sum.data(), squares.data(), w);
    const int64_t rows = std::min(h - 1, y + reach) - std::max<int64_t>(0, y - reach) + 1;
    for (size_t x = 0; x < static_cast<size_t>(w); ++x) {
      running[x + 1] = running[x] + sum[x];
      running2[x + 1] = running2[x] + squares[x];
    }
    float* to = out.row(y).data();
    const auto deviation_at = [&](int64_t x) {
      const auto first = static_cast<size_t>(std::max<int64_t>(0, x - reach));
      const auto last = static_cast<size_t>(std::min(w - 1, x + reach)) + 1;
      const double n = static_cast<double>(rows) * static_cast<double>(last - first);
      const double mean = (running[last] - running[first]) / n;
      to[x] =
          static_cast<float>(std::sqrt(std::max(0.0, (running2[last] - running2[first]) / n - mean * mean)));
    };
    const int64_t inner = w - 2 * reach;
    for (int64_t x = 0; x < std::min(reach, w); ++x) deviation_at(x);
    if (inner > 0)
      deviation_run(running.data(), running2.data(), side, static_cast<double>(rows * side), to + reach,
                    inner);
    for (int64_t x = std::max(reach, reach + inner); x < w; ++x) deviation_at(x);
  }
  return out;
}

Plane gaussian_blur(const Plane& plane, double sigma) {
  const auto reach = static_cast<int64_t>(4 * sigma + 0.5);
  std::vector<float> taps(static_cast<size_t>(2 * reach + 1));
  double total = 0;
  for (int64_t i = -reach; i <= reach; ++i)
    total += std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma));
  for (int64_t i = -reach; i <= reach; ++i) {
    taps[static_cast<size_t>(i + reach)] =
        static_cast<float>(std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma)) / total);
  }
  const int64_t w = plane.width, h = plane.height;
  Plane across = Plane::unset(w, h), out = Plane::unset(w, h);
  // Four taps at a time, so that sums are loaded and stored less often.
  const auto add_taps = [&](const auto& source, float* to) {
    take_scaled_4(source(0), source(1), source(2), source(3), taps.data(), to, w);
    size_t t = 4;
    for (; t + 4 <= taps.size(); t += 4)
      add_scaled_4(source(t), source(t + 1), source(t + 2), source(t + 3), taps.data() + t, to, w);
    for (; t < taps.size(); ++t) add_scaled(source(t), taps[t], to, w);
  };
  std::vector<float> padded(static_cast<size_t>(w + 2 * reach));
  for (int64_t y = 0; y < h; ++y) {
    const auto from = plane.row(y);
    std::ranges::copy(from, padded.begin() + reach);
    for (int64_t x = 1; x <= reach; ++x) {
      padded[static_cast<size_t>(reach - x)] = from[static_cast<size_t>(mirrored(-x, w))];
      padded[static_cast<size_t>(w + reach - 1 + x)] = from[static_cast<size_t>(mirrored(w - 1 + x, w))];
    }
    add_taps([&](size_t t) { return padded.data() + t; }, across.row(y).data());
  }
  for (int64_t y = 0; y < h; ++y) {
    add_taps([&](size_t t) { return across.row(mirrored(y + static_cast<int64_t>(t) - reach, h)).data(); },
             out.row(y).data());
  }
  return out;
}

std::vector<Component> components(const Bits& bits, bool eight, std::vector<int32_t>* labels) {
  const int64_t w = bits.width, h = bits.height, slant = eight ? 1 : 0;
  // Runs of rows, from the top; a set of runs is known by its first one.
  std::vector<Run> runs;
  std::vector<int32_t> parent;
  size_t above = 0, here = 0;  // the first runs of the row before and of this one
  for (int64_t y = 0; y < h; ++y) {
    above = std::exchange(here, runs.size());
    size_t over = above;
    const size_t until = here;
    find_runs(bits.row(y), w, y, runs);
    for (size_t i = here; i < runs.size(); ++i) {
      auto root = static_cast<int32_t>(i);
      parent.push_back(root);
      while (over < until && runs[over].last + slant < runs[i].first) ++over;
      for (size_t k = over; k < until && runs[k].first <= runs[i].last + slant; ++k) {
        const int32_t other = find_root(parent, static_cast<int32_t>(k));
        const int32_t low = std::min(root, other);
        parent[static_cast<size_t>(std::max(root, other))] = low;
        root = low;
      }
    }
  }
  std::vector<int32_t> number(runs.size());
  std::vector<Component> out;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto& [first, last, y] = runs[i];
    int32_t& n = number[static_cast<size_t>(find_root(parent, static_cast<int32_t>(i)))];
    if (n == 0) {
      out.push_back({0, first, y, last, y, 0, 0});
      n = static_cast<int32_t>(out.size());
    }
    number[i] = n;
    Component& c = out[static_cast<size_t>(n - 1)];
    const int64_t length = last - first + 1;
    c.area += length;
    c.left = std::min<int64_t>(c.left, first);
    c.right = std::max<int64_t>(c.right, last);
    c.bottom = y;
    c.x += static_cast<double>((first + last) * length / 2);
    c.y += static_cast<double>(y * length);
  }
  for (Component& c : out) {
    c.x /= static_cast<double>(c.area);
    c.y /= static_cast<double>(c.area);
  }
  if (labels) {
    labels->assign(bits.values.size(), 0);
    for (size_t i = 0; i < runs.size(); ++i) {
      const auto row = labels->begin() + runs[i].y * w;
      std::fill(row + runs[i].first, row + runs[i].last + 1, number[i]);
    }
  }
  return out;
}

Bits dilated(const Bits& bits, int64_t reach) {
  const int64_t w = bits.width, h = bits.height, window = 2 * reach + 1;
  // A window of 2ᵏ⁺¹ is that of 2ᵏ and its neighbour; the rest is two of those, overlapping.
  int64_t whole = 1;
  while (2 * whole <= window) whole *= 2;
  const int64_t rest = window - whole;
  Bits across(w, h), out(w, h);
  std::vector<uint8_t> line(static_cast<size_t>(w + 2 * reach));
  for (int64_t y = 0; y < h; ++y) {
    std::ranges::fill(line, uint8_t{0});
    std::copy_n(bits.row(y), w, line.begin() + reach);
    for (int64_t size = 1; size < whole; size *= 2)
      join_in_place(line.data(), size, static_cast<int64_t>(line.size()) - size);
    join_rows(line.data(), line.data() + rest, across.row(y), w);
  }
  const std::vector<uint8_t> none(static_cast<size_t>(w));
  const auto source = [&](int64_t y) { return y >= 0 && y < h ? across.row(y) : none.data(); };
  // Rows y … y + size − 1 joined, from `reach` rows above the picture on.
  Bits joined(w, h + 2 * reach);
  for (int64_t y = 0; y < joined.height; ++y) std::copy_n(source(y - reach), w, joined.row(y));
  for (int64_t size = 1; size < whole; size *= 2) {
    for (int64_t y = 0; y + size < joined.height; ++y)
      join_rows(joined.row(y), joined.row(y + size), joined.row(y), w);
  }
  for (int64_t y = 0; y < h; ++y) join_rows(joined.row(y), joined.row(y + rest), out.row(y), w);
  return out;
}

std::array<int64_t, 256> histogram(std::span<const uint8_t> values) {
  // Four at a time: equal neighbours would otherwise wait for each other.
  std::array<std::array<int64_t, 256>, 4> parts{};
  size_t i = 0;
  for (; i + 4 <= values.size(); i += 4) {
    for (size_t k = 0; k < 4; ++k) ++parts[k][values[i + k]];
  }
  for (; i < values.size(); ++i) ++parts[0][values[i]];
  for (size_t k = 1; k < 4; ++k) {
    for (size_t v = 0; v < 256; ++v) parts[0][v] += parts[k][v];
  }
  return parts[0];
}

int otsu(std::span<const int64_t, 256> counts) {
  double total = 0, weighted = 0;
  for (int v = 0; v < 256; ++v) {
    total += static_cast<double>(counts[static_cast<size_t>(v)]);
    weighted += static_cast<double>(v) * static_cast<double>(counts[static_cast<size_t>(v)]);
  }
  double below = 0, below_sum = 0, best = -1;
  int threshold = 0;
  for (int v = 0; v < 255; ++v) {
    below += static_cast<double>(counts[static_cast<size_t>(v)]);
    below_sum += static_cast<double>(v) * static_cast<double>(counts[static_cast<size_t>(v)]);
    const double above = total - below;
    if (below == 0 || above == 0) continue;
    const double gap = below_sum / below - (weighted - below_sum) / above;
    const double between = below * above * gap * gap;
    if (between > best * (1 + 1e-12)) {
      best = between;
      threshold = v;
    }
  }
  if (best < 0) {  // one level only: all of it is "≤ threshold", as scikit-image has it
    for (int v = 0; v < 256; ++v) {
      if (counts[static_cast<size_t>(v)] > 0) threshold = v;
    }
  }
  return threshold;
}

double entropy_bits(std::span<const double> weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double h = 0;
  for (const double w : weights) {
    if (w > 0) h -= w / total * std::log2(w / total);
  }
  return h;
}

std::vector<double> quantiles(std::span<const float> v, std::span<const double> q) {
  // Values are counted in steps; only those of the steps in which a place and its neighbour lie need sorting.
  const Range range = range_of(v);
  std::vector<double> out(q.size(), range.low);
  if (!(range.high > range.low)) return out;
  constexpr size_t kSteps = 4096;
  const float scale = static_cast<float>(kSteps - 1) / (range.high - range.low);
  std::vector<int32_t> steps(v.size());
  step_run(v.data(), range.low, scale, steps.data(), static_cast<int64_t>(v.size()));
  std::array<std::array<uint32_t, kSteps>, 2> counts{};
  for (size_t i = 0; i < v.size(); ++i) ++counts[i & 1][static_cast<size_t>(steps[i])];
  const auto count = [&](size_t s) { return size_t{counts[0][s]} + counts[1][s]; };
  struct Wanted {
    size_t low, before;  // place in the sorted values; how many lie in steps below those looked at
    double at;
    std::vector<float> near;
  };
  std::vector<Wanted> wanted;
  std::vector<uint32_t> takers(kSteps);  // of each step, a bit a quantile
  for (size_t k = 0; k < q.size(); ++k) {
    const double at = q[k] * static_cast<double>(v.size() - 1);
    const auto low = static_cast<size_t>(at);
    size_t begin = 0, before = 0;
    while (before + count(begin) <= low) before += count(begin++);
    size_t end = begin, until = before + count(begin);
    while (until <= low + 1 && end + 1 < kSteps) until += count(++end);
    for (size_t step = begin; step <= end; ++step) takers[step] |= 1u << k;
    wanted.push_back({low, before, at, {}});
  }
  for (size_t i = 0; i < v.size(); ++i) {
    for (uint32_t bits = takers[static_cast<size_t>(steps[i])]; bits != 0; bits &= bits - 1)
      wanted[static_cast<size_t>(std::countr_zero(bits))].near.push_back(v[i]);
  }
  for (size_t k = 0; k < q.size(); ++k) {
    auto& [low, before, at, near] = wanted[k];
    const auto place = near.begin() + static_cast<int64_t>(low - before);
    std::nth_element(near.begin(), place, near.end());
    out[k] = *place;
    if (place + 1 == near.end()) continue;
    out[k] += (at - static_cast<double>(low)) * (*std::min_element(place + 1, near.end()) - out[k]);
  }
  return out;
}

double quantile(std::span<const float> v, double q) {
  return quantiles(v, std::span(&q, 1))[0];
}

Range range_of(std::span<const float> v) {
  Range out{v[0], v[0]};
  range_run(v.data(), &out.low, &out.high, static_cast<int64_t>(v.size()));
  return out;
}

template <class T>
std::array<double, 256> count_scaled(std::span<const T> v, double high) {
  std::array<std::array<int64_t, 256>, 2> counts{};
  std::array<int32_t, 1024> bins;
  for (size_t first = 0; first < v.size(); first += bins.size()) {
    const size_t n = std::min(bins.size(), v.size() - first);
    scale_run(v.data() + first, high, bins.data(), static_cast<int64_t>(n));
    for (size_t i = 0; i < n; ++i) ++counts[i & 1][static_cast<size_t>(std::clamp(bins[i], 0, 255))];
  }
  std::array<double, 256> out;
  for (size_t i = 0; i < 256; ++i) out[i] = static_cast<double>(counts[0][i] + counts[1][i]);
  return out;
}

std::array<double, 256> scaled_histogram(std::span<const float> v, double high) {
  return count_scaled(v, high);
}
std::array<double, 256> scaled_histogram(std::span<const double> v, double high) {
  return count_scaled(v, high);
}

}  // namespace linmo::culture
