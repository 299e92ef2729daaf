// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/complexity.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "linmo/core/random.h"
#include "linmo/culture/descriptors/kernels.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/image/codec.h"

namespace linmo::culture {
namespace {

// Each of the six comparisons of four values (<, =, >) as a digit of base 3: 729 codes, of which 75 can
// occur.
constexpr int kCodes = 729;
constexpr std::array<std::array<int, 2>, 6> kPairs{{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}};

int code_of(const std::array<int, 4>& v) {
  int code = 0;
  for (const auto& [i, j] : kPairs) {
    const int a = v[static_cast<size_t>(i)], b = v[static_cast<size_t>(j)];
    code = 3 * code + (a > b) - (a < b) + 1;
  }
  return code;
}

// Of the block [x00, x01, x10, x11] as dense ranks 0 … distinct − 1.
TieGroup group_of(const std::array<int, 4>& rank, int distinct) {
  constexpr std::array<size_t, 4> kOpposite{3, 2, 1, 0};
  const auto at = [&](int value) {
    return static_cast<size_t>(std::ranges::find(rank, value) - rank.begin());
  };
  const auto opposite = [&](size_t i) { return rank[kOpposite[i]]; };
  const int twice = distinct == 3 ? (std::ranges::count(rank, 0) == 2   ? 0
                                     : std::ranges::count(rank, 1) == 2 ? 1
                                                                        : 2)
                                  : 0;
  const bool is_diagonal = distinct < 4 && opposite(at(twice)) == twice;
  switch (distinct) {
    case 1:
      return TieGroup::a;
    case 2:
      if (std::ranges::count(rank, 0) != 2) return TieGroup::h;
      return is_diagonal ? TieGroup::k : TieGroup::d;
    case 3:
      if (twice == 1) return is_diagonal ? TieGroup::f : TieGroup::i;
      return is_diagonal ? TieGroup::j : TieGroup::g;
    default:
      return opposite(at(0)) == 3 ? TieGroup::b : opposite(at(0)) == 2 ? TieGroup::c : TieGroup::e;
  }
}

struct CodeTable {
  std::array<int, kCodes> order, tied;  // −1: cannot occur
  std::array<TieGroup, kCodes> group{};
  CodeTable() {
    order.fill(-1);
    tied.fill(-1);
    int next = 0;
    for (int n = 0; n < 256; ++n) {
      const std::array<int, 4> v{n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6};
      const int code = code_of(v);
      if (order[static_cast<size_t>(code)] >= 0) continue;
      std::array<int, 4> index{0, 1, 2, 3};
      std::ranges::stable_sort(index, {}, [&](int i) { return v[static_cast<size_t>(i)]; });
      // Lexicographic rank of the permutation.
      int rank = 0;
      for (size_t i = 0; i < 4; ++i) {
        int smaller = 0;
        for (size_t j = i + 1; j < 4; ++j) smaller += index[j] < index[i];
        rank = rank * static_cast<int>(4 - i) + smaller;
      }
      order[static_cast<size_t>(code)] = rank;
      std::array<int, 4> sorted = v, dense;
      std::ranges::sort(sorted);
      const auto end = std::unique(sorted.begin(), sorted.end());
      std::ranges::transform(v, dense.begin(), [&](int value) {
        return static_cast<int>(std::lower_bound(sorted.begin(), end, value) - sorted.begin());
      });
      group[static_cast<size_t>(code)] = group_of(dense, static_cast<int>(end - sorted.begin()));
    }
    for (size_t c = 0; c < kCodes; ++c) {
      if (order[c] >= 0) tied[c] = next++;
    }
  }
};
const CodeTable& code_table() {
  static const CodeTable kTable;
  return kTable;
}

LINMO_SIMD void codes_run(const uint16_t* a, const uint16_t* b, const uint16_t* c, const uint16_t* d,
                          uint16_t* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const auto sign = [](uint16_t x, uint16_t y) {
      return static_cast<uint16_t>((x > y ? 1 : 0) - (x < y ? 1 : 0) + 1);
    };
    uint16_t code = sign(a[i], b[i]);
    code = static_cast<uint16_t>(3 * code + sign(a[i], c[i]));
    code = static_cast<uint16_t>(3 * code + sign(a[i], d[i]));
    code = static_cast<uint16_t>(3 * code + sign(b[i], c[i]));
    code = static_cast<uint16_t>(3 * code + sign(b[i], d[i]));
    out[i] = static_cast<uint16_t>(3 * code + sign(c[i], d[i]));
  }
}

LINMO_SIMD void sum_samples(const uint8_t* rgb, uint16_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = static_cast<uint16_t>(rgb[3 * i] + rgb[3 * i + 1] + rgb[3 * i + 2]);
}

// 765 / 12 → 64 levels
LINMO_SIMD void to_64_levels(const uint16_t* grey, uint16_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = grey[i] / 12;
}

LINMO_SIMD void add_dither(const uint16_t* grey, const uint8_t* noise, uint16_t* __restrict out,
                           int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint16_t>(7 * grey[i] + noise[i]);
}

// The same numbers 0 … 20 for every picture, made once a thread.
std::span<const uint8_t> dither(size_t count) {
  thread_local std::vector<uint8_t> noise;
  for (size_t i = noise.size(); i < count; i += 2) {
    const uint64_t bits = mix(0x64697468, i);
    noise.push_back(static_cast<uint8_t>((bits & 0xffffffff) * 21 / 0x100000000));
    noise.push_back(static_cast<uint8_t>((bits >> 32) * 21 / 0x100000000));
  }
  return std::span(noise).first(count);
}

double entropy_nat(std::span<const double> p) {
  double h = 0;
  for (const double v : p) {
    if (v > 0) h -= v * std::log(v);
  }
  return h;
}

constexpr int kPhogBins = 16, kPhogLevels = 3;

// Largest of three by magnitude; of equal magnitudes the positive one.
inline float absolute_max(float a, float b, float c) {
  const float high = std::max(a, std::max(b, c)), low = std::min(a, std::min(b, c));
  return -low > high ? low : high;
}

LINMO_SIMD void code_run(const float* l, const float* a, const float* b, float* __restrict l8,
                         float* __restrict a8, float* __restrict b8, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    l8[i] = static_cast<float>(nearest(l[i] / 100 * 255));
    a8[i] = static_cast<float>(static_cast<int32_t>(a[i] + 128));
    b8[i] = static_cast<float>(static_cast<int32_t>(b[i] + 128));
  }
}

// Of three channels; `first` … `last` are columns with a neighbour `left` and `right` of them.
LINMO_SIMD void gradient_row(const float* const* above, const float* const* here, const float* const* below,
                             float vertical, float* __restrict gx, float* __restrict gy, int64_t first,
                             int64_t last, int64_t left, int64_t right) {
  const float horizontal = 1.0f / static_cast<float>(right - left);
  const float *u = here[0], *v = here[1], *w = here[2];
  const float *u0 = above[0], *v0 = above[1], *w0 = above[2], *u1 = below[0], *v1 = below[1], *w1 = below[2];
  for (int64_t x = first; x < last; ++x) {
    gx[x] = absolute_max(horizontal * (u[x + right] - u[x + left]), horizontal * (v[x + right] - v[x + left]),
                         horizontal * (w[x + right] - w[x + left]));
    gy[x] = absolute_max(vertical * (u1[x] - u0[x]), vertical * (v1[x] - v0[x]), vertical * (w1[x] - w0[x]));
  }
}

// Strength and orientation: angle + 180°, bins of 22.5° around multiples of 22.5°. An upright gradient leans
// towards +x.
LINMO_SIMD void angle_row(const float* __restrict gx, const float* __restrict gy, float* __restrict strength,
                          int32_t* __restrict bin, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    strength[x] = std::sqrt(gx[x] * gx[x] + gy[x] * gy[x]);
    const float degrees = hue_degrees(gy[x], gx[x] == 0 ? 1e-5f : gx[x]) + 180;
    bin[x] = static_cast<int32_t>(degrees / 22.5f + 0.5f) & (kPhogBins - 1);
  }
}

}  // namespace

OrderShares order_shares(std::span<const uint16_t> values, int64_t width, int64_t height, int64_t step) {
  OrderShares out;
  if (width <= step || height <= step) return out;
  // Tables in turn: even ground has one code after another, which would wait for each other.
  constexpr size_t kTables = 4;
  std::array<std::array<uint32_t, kCodes>, kTables> counts{};
  std::vector<uint16_t> codes(static_cast<size_t>(width));
  for (int64_t y = 0; y + step < height; ++y) {
    const uint16_t* top = values.data() + y * width;
    const uint16_t* bottom = top + step * width;
    const int64_t n = width - step;
    codes_run(top, top + step, bottom, bottom + step, codes.data(), n);
    size_t x = 0;
    for (; x + kTables <= static_cast<size_t>(n); x += kTables)
      for (size_t k = 0; k < kTables; ++k) ++counts[k][codes[x + k]];
    for (; x < static_cast<size_t>(n); ++x) ++counts[0][codes[x]];
  }
  const CodeTable& table = code_table();
  const auto total = static_cast<double>((width - step) * (height - step));
  for (size_t c = 0; c < kCodes; ++c) {
    uint64_t sum = 0;
    for (const auto& table : counts) sum += table[c];
    const double share = static_cast<double>(sum) / total;
    if (share == 0) continue;
    out.orders[static_cast<size_t>(table.order[c])] += share;
    out.with_ties[static_cast<size_t>(table.tied[c])] += share;
    out.groups[static_cast<size_t>(table.group[c])] += share;
  }
  return out;
}

double OrderShares::some_equal() const {
  double sum = 0;
  for (const TieGroup g :
       {TieGroup::d, TieGroup::f, TieGroup::g, TieGroup::h, TieGroup::i, TieGroup::j, TieGroup::k})
    sum += groups[static_cast<size_t>(g)];
  return sum;
}

EntropyComplexity entropy_complexity(std::span<const double> p) {
  const auto n = static_cast<double>(p.size());
  const double s = entropy_nat(p), h = s / std::log(n);
  std::vector<double> middle(p.begin(), p.end());
  for (double& v : middle) v = (v + 1 / n) / 2;
  const double divergence = entropy_nat(middle) - s / 2 - std::log(n) / 2;
  const double largest = -0.5 * ((n + 1) / n * std::log(n + 1) + std::log(n) - 2 * std::log(2 * n));
  return {std::max(0.0, h), std::max(0.0, h * divergence / largest)};
}

SmoothnessStructure smoothness_structure(const OrderShares& shares) {
  double one = 0, two = 0, three = 0;
  std::array<int, 4> index{0, 1, 2, 3};
  size_t rank = 0;
  do {
    // Who stands across the block from the lowest: the highest (type I), the second highest (II), or the
    // second lowest (III).
    std::array<int, 4> place{};
    for (size_t i = 0; i < 4; ++i) place[static_cast<size_t>(index[i])] = static_cast<int>(i);
    const int across = place[static_cast<size_t>(3 - index[0])];
    (across == 3 ? one : across == 2 ? two : three) += shares.orders[rank++];
  } while (std::next_permutation(index.begin(), index.end()));
  return {one - 1.0 / 3, two - three};
}

Phog phog(const Scale& scale) {
  const int64_t w = scale.width(), h = scale.height();
  // Lab in 8 bits as Matlab has it.
  std::array<std::vector<float>, 3> lab;
  for (auto& plane : lab) plane.resize(static_cast<size_t>(w * h));
  code_run(scale.l.values.data(), scale.a.values.data(), scale.b.values.data(), lab[0].data(), lab[1].data(),
           lab[2].data(), w * h);
  // Edges of the cells: the same rounding (half to even) as the reference.
  const auto cell_edges = [](int64_t length) {
    std::vector<int64_t> edges;
    for (int i = 0; i <= 8; ++i)
      edges.push_back(static_cast<int64_t>(std::nearbyint(i * (static_cast<double>(length) / 8))));
    return edges;
  };
  const std::vector<int64_t> columns = cell_edges(w), rows = cell_edges(h);
  std::array<std::array<double, kPhogBins>, 64> cells{};
  std::vector<float> gx(static_cast<size_t>(w)), gy(gx), strengths(gx);
  std::vector<int32_t> bin(static_cast<size_t>(w));
  int64_t cell_y = 0;
  for (int64_t y = 0; y < h; ++y) {
    while (cell_y < 7 && y >= rows[static_cast<size_t>(cell_y + 1)]) ++cell_y;
    const int64_t up = y > 0 ? y - 1 : y, down = y + 1 < h ? y + 1 : y;
    const float* above[3];
    const float* here[3];
    const float* below[3];
    for (size_t c = 0; c < 3; ++c) {
      above[c] = lab[c].data() + up * w;
      here[c] = lab[c].data() + y * w;
      below[c] = lab[c].data() + down * w;
    }
    const float vertical = y > 0 && y + 1 < h ? 0.5f : 1.0f;
    gradient_row(above, here, below, vertical, gx.data(), gy.data(), 0, 1, 0, 1);
    gradient_row(above, here, below, vertical, gx.data(), gy.data(), 1, w - 1, -1, 1);
    gradient_row(above, here, below, vertical, gx.data(), gy.data(), w - 1, w, -1, 0);
    angle_row(gx.data(), gy.data(), strengths.data(), bin.data(), w);
    for (int64_t cell_x = 0; cell_x < 8; ++cell_x) {
      auto& cell = cells[static_cast<size_t>(8 * cell_y + cell_x)];
      for (int64_t x = columns[static_cast<size_t>(cell_x)]; x < columns[static_cast<size_t>(cell_x + 1)];
           ++x)
        cell[static_cast<size_t>(bin[static_cast<size_t>(x)])] += strengths[static_cast<size_t>(x)];
    }
  }
  double total = 0;
  for (const auto& cell : cells) total += std::accumulate(cell.begin(), cell.end(), 0.0);
  Phog out{0, total / static_cast<double>(w * h), 0};
  using Histogram = std::array<double, kPhogBins>;
  const auto sum_of = [](const Histogram& g) { return std::accumulate(g.begin(), g.end(), 0.0); };
  Histogram global{};
  for (const Histogram& c : cells) {
    for (size_t b = 0; b < kPhogBins; ++b) global[b] += c[b];
  }
  const double strength = sum_of(global);
  if (strength <= 0) return out;
  for (int level = 1; level <= kPhogLevels; ++level) {
    const int side = 1 << level, merge = 8 / side;
    std::vector<float> similar;
    std::vector<double> normalised;
    for (int cy = 0; cy < side; ++cy) {
      for (int cx = 0; cx < side; ++cx) {
        Histogram cell{};
        for (int y = 0; y < merge; ++y) {
          for (int x = 0; x < merge; ++x) {
            const Histogram& part = cells[static_cast<size_t>(8 * (cy * merge + y) + cx * merge + x)];
            for (size_t b = 0; b < kPhogBins; ++b) cell[b] += part[b];
          }
        }
        const double own = sum_of(cell);
        double common = 0;
        for (size_t b = 0; b < kPhogBins; ++b) {
          if (own > 0) common += std::min(global[b] / strength, cell[b] / own);
          normalised.push_back(own > 0 ? cell[b] / own : 0);
        }
        const double scaled = own * side * side;
        const double ratio = own > 0 ? std::min(strength, scaled) / std::max(strength, scaled) : 0;
        similar.push_back(static_cast<float>(common * ratio));
      }
    }
    out.self_similarity += quantile(similar, 0.5) / kPhogLevels;
    if (level < kPhogLevels) continue;
    // Each level's cells sum to 1 apiece before all levels and the whole are scaled to 1 together.
    const double mean =
        std::accumulate(normalised.begin(), normalised.end(), 0.0) / static_cast<double>(normalised.size());
    double variance = 0;
    for (const double v : normalised) variance += (v - mean) * (v - mean);
    out.anisotropy = std::sqrt(variance / static_cast<double>(normalised.size()));
  }
  // Non-empty histograms of the whole pyramid.
  double histograms = 1;
  for (int level = 1; level <= kPhogLevels; ++level) {
    const int side = 1 << level, merge = 8 / side;
    for (int cy = 0; cy < side; ++cy) {
      for (int cx = 0; cx < side; ++cx) {
        double own = 0;
        for (int y = 0; y < merge; ++y) {
          for (int x = 0; x < merge; ++x)
            own += sum_of(cells[static_cast<size_t>(8 * (cy * merge + y) + cx * merge + x)]);
        }
        histograms += own > 0;
      }
    }
  }
  out.anisotropy /= histograms;
  return out;
}

ComplexityFeatures measure_complexity(const Subject& subject) {
  ComplexityFeatures out;
  const Scale& full = subject.standard;
  const auto rgb = full.rgb.samples<uint8_t>();
  std::vector<uint16_t> grey(static_cast<size_t>(full.pixels())), other(grey);
  sum_samples(rgb.data(), grey.data(), full.pixels());
  const int64_t w = full.width(), h = full.height();
  const OrderShares one = order_shares(grey, w, h, 1);
  const EntropyComplexity hc = entropy_complexity(one.orders);
  out.permutation_h = hc.h;
  out.permutation_c = hc.c;
  out.tie_groups = one.groups;
  out.tied_blocks = one.some_equal();
  out.tie_entropy = entropy_complexity(one.with_ties).h;
  const SmoothnessStructure types = smoothness_structure(one);
  out.smoothness = types.smoothness;
  out.branching = types.branching;
  const EntropyComplexity two = entropy_complexity(order_shares(grey, w, h, 2).orders);
  out.permutation_h_2 = two.h;
  out.permutation_c_2 = two.c;
  const OrderShares far = order_shares(grey, w, h, 4);
  out.tie_groups_4 = far.groups;
  const EntropyComplexity four = entropy_complexity(far.orders);
  out.permutation_h_4 = four.h;
  out.permutation_c_4 = four.c;
  to_64_levels(grey.data(), other.data(), full.pixels());
  const EntropyComplexity coarse = entropy_complexity(order_shares(other, w, h, 1).orders);
  out.permutation_h_64 = coarse.h;
  out.permutation_c_64 = coarse.c;
  // R+G+B counts thirds of a grey level: ±½ level is ±1.5 of them, here in 21 steps.
  add_dither(grey.data(), dither(grey.size()).data(), other.data(), full.pixels());
  out.permutation_dither = entropy_complexity(order_shares(other, w, h, 1).orders).h - hc.h;

  const Phog p = phog(full);
  out.self_similarity = p.self_similarity;
  out.phog_complexity = p.complexity;
  out.phog_anisotropy = p.anisotropy;
  const Scale& small = subject.small();
  EncodeOptions options;
  options.png_level = 2;
  options.quality = 75;
  out.png_ratio = static_cast<double>(encode_image(small.luma, ImageFormat::png, options).size()) /
                  static_cast<double>(small.pixels());
  out.jpeg_bytes = static_cast<double>(encode_image(small.rgb, ImageFormat::jpeg, options).size()) /
                   static_cast<double>(small.pixels());
  return out;
}

}  // namespace linmo::culture
