// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/strokes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "linmo/culture/descriptors/kernels.h"

namespace linmo::culture {
namespace {

constexpr float kInkDepth = 6, kOutlineDepth = 5;
constexpr size_t kLeastEdges = 50;  // fewer edge pixels say nothing
constexpr float kEdgeGradient = 2;  // L* per px at σ = 1.5 px

// Runs that go on from the row before at `shift` columns to the left, or begin.
LINMO_SIMD void extend_row(const uint8_t* ink, const uint16_t* before, uint16_t* runs, int64_t count) {
  for (int64_t x = 0; x < count; ++x) runs[x] = static_cast<uint16_t>(ink[x] ? before[x] + 1 : 0);
}

// The last pixel of a run knows its length; that goes back along the run. `next`: the row after, whose pixel
// `shift` columns on is the run's next one, 0 where it has ended.
LINMO_SIMD void carry_back(const uint16_t* next, uint16_t* __restrict runs, const uint8_t* ink, float scale,
                           float* __restrict shortest, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    const uint16_t run = ink[x] ? std::max(runs[x], next[x]) : uint16_t{0};
    runs[x] = run;
    shortest[x] = std::min(shortest[x], scale * static_cast<float>(run));
  }
}

LINMO_SIMD void ink_row(const float* l, const double* upper, const double* lower, int64_t reach, double rows,
                        uint8_t* out, int64_t width) {
  for (int64_t x = 0; x < width; ++x) {
    const int64_t first = std::max<int64_t>(0, x - reach), last = std::min(width, x + reach + 1);
    const double sum = lower[last] - lower[first] - upper[last] + upper[first];
    out[x] = l[x] < sum / (rows * static_cast<double>(last - first)) - kInkDepth;
  }
}

Bits find_ink(const Plane& l) {
  const int64_t w = l.width, h = l.height, reach = std::max<int64_t>(2, std::max(w, h) / 32);
  measure::UnsetVector<double> sums(static_cast<size_t>((w + 1) * (h + 1)));
  std::fill_n(sums.begin(), w + 1, 0.0);
  // Two rows at a time, whose sums do not wait for each other.
  for (int64_t y = 0; y < h; y += 2) {
    const bool both = y + 1 < h;
    const float *row = l.row(y).data(), *row2 = both ? l.row(y + 1).data() : row;
    const double* above = sums.data() + y * (w + 1);
    double* here = sums.data() + (y + 1) * (w + 1);
    double* here2 = both ? here + w + 1 : here;
    double sum = 0, sum2 = 0;
    here[0] = here2[0] = 0;
    for (int64_t x = 0; x < w; ++x) {
      sum += row[x];
      sum2 += row2[x];
      const double upper = above[x + 1] + sum;
      if (both) here2[x + 1] = upper + sum2;
      here[x + 1] = upper;
    }
  }
  Bits ink(w, h);
  for (int64_t y = 0; y < h; ++y) {
    const int64_t first = std::max<int64_t>(0, y - reach), last = std::min(h, y + reach + 1);
    ink_row(l.row(y).data(), sums.data() + first * (w + 1), sums.data() + last * (w + 1), reach,
            static_cast<double>(last - first), ink.row(y), w);
  }
  return ink;
}

void measure_widths(const Scale& scale, StrokeFeatures& out) {
  const Bits ink = find_ink(scale.l);
  out.ink_share = ink.share();
  const Plane widths = stroke_widths(ink);
  // A stroke of width w has w pixels for each px of its length.
  constexpr size_t kSteps = 4096;  // quarters of a pixel
  std::vector<double> length(kSteps);
  double thin = 0, all = 0;
  const double limit = 0.01 * static_cast<double>(scale.long_side());
  for (const float v : widths.values) {
    if (v <= 0) continue;
    length[std::min(kSteps - 1, static_cast<size_t>(4 * v + 0.5f))] += 1 / v;
    thin += v < limit;
    ++all;
  }
  if (all < 1e-4 * static_cast<double>(scale.pixels())) return;  // no ink to speak of
  out.line_share = thin / all;
  const double total = std::accumulate(length.begin(), length.end(), 0.0);
  double mean = 0, squares = 0;
  for (size_t i = 0; i < kSteps; ++i) {
    const double v = static_cast<double>(i) / 4;
    mean += length[i] * v / total;
    squares += length[i] * v * v / total;
  }
  const auto quantile_of = [&](double q) {
    double sum = 0;
    for (size_t i = 0; i < kSteps; ++i) {
      if (length[i] == 0) continue;
      // Within a step, lengths are spread evenly.
      if (sum + length[i] >= q * total)
        return (static_cast<double>(i) - 0.5 + (q * total - sum) / length[i]) / 4;
      sum += length[i];
    }
    return static_cast<double>(kSteps) / 4;
  };
  const double mille = 1000 / static_cast<double>(scale.long_side());
  out.stroke_width = quantile_of(0.5) * mille;
  out.stroke_width_iqr = (quantile_of(0.75) - quantile_of(0.25)) * mille;
  out.stroke_width_cv = std::sqrt(std::max(0.0, squares - mean * mean)) / mean;
}

struct Derivatives {
  float x, y, xx, xy, yy;
};
Derivatives derive(const Plane& p, int64_t x, int64_t y) {
  const float* above = p.row(y - 1).data() + x;
  const float* here = p.row(y).data() + x;
  const float* below = p.row(y + 1).data() + x;
  return {(here[1] - here[-1]) / 2, (below[0] - above[0]) / 2, here[1] - 2 * here[0] + here[-1],
          (below[1] - below[-1] - above[1] + above[-1]) / 4, below[0] - 2 * here[0] + above[0]};
}

float sample(const Plane& p, float x, float y) {
  const float cx = std::clamp(x, 0.0f, static_cast<float>(p.width - 1)),
              cy = std::clamp(y, 0.0f, static_cast<float>(p.height - 1));
  const auto x0 = std::min(static_cast<int64_t>(cx), p.width - 2),
             y0 = std::min(static_cast<int64_t>(cy), p.height - 2);
  const float u = cx - static_cast<float>(x0), v = cy - static_cast<float>(y0);
  const float* a = p.row(y0).data() + x0;
  const float* b = p.row(y0 + 1).data() + x0;
  return (1 - v) * ((1 - u) * a[0] + u * a[1]) + v * ((1 - u) * b[0] + u * b[1]);
}

LINMO_SIMD void gradient_row(const float* above, const float* here, const float* below, float* out,
                             int64_t count) {
  out[0] = out[count - 1] = 0;
  for (int64_t i = 1; i + 1 < count; ++i) {
    const float x = (here[i + 1] - here[i - 1]) / 2, y = (below[i] - above[i]) / 2;
    out[i] = std::sqrt(x * x + y * y);
  }
}

struct Edge {
  int32_t x, y;
  float nx, ny;  // of length 1, towards the light
};

// Pixels where the gradient is strong and the largest across the edge.
std::vector<Edge> find_edges(const Plane& smooth) {
  const int64_t w = smooth.width, h = smooth.height;
  Plane strength = Plane::unset(w, h);
  std::ranges::fill(strength.row(0), 0.0f);
  std::ranges::fill(strength.row(h - 1), 0.0f);
  for (int64_t y = 1; y + 1 < h; ++y)
    gradient_row(smooth.row(y - 1).data(), smooth.row(y).data(), smooth.row(y + 1).data(),
                 strength.row(y).data(), w);
  std::vector<Edge> edges;
  for (int64_t y = 1; y + 1 < h; ++y) {
    const float* s = strength.row(y).data();
    for (int64_t x = 1; x + 1 < w; ++x) {
      if (s[x] < kEdgeGradient) continue;
      const float gx = smooth.row(y)[static_cast<size_t>(x + 1)] - smooth.row(y)[static_cast<size_t>(x - 1)];
      const float gy = smooth.row(y + 1)[static_cast<size_t>(x)] - smooth.row(y - 1)[static_cast<size_t>(x)];
      const float n = 1 / std::sqrt(gx * gx + gy * gy);
      const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
      if (s[x] >= sample(strength, fx + gx * n, fy + gy * n) &&
          s[x] > sample(strength, fx - gx * n, fy - gy * n))
        edges.push_back({static_cast<int32_t>(x), static_cast<int32_t>(y), gx * n, gy * n});
    }
  }
  return edges;
}

// What lies across an edge: the darkest place within `reach` px of it, less the darkest behind that, up to
// twice as far on either side. Not positive; 0 where there is no line darker than both sides.
float line_depth(const Plane& l, const Edge& edge, int64_t reach) {
  float line = 100, sides = 100;
  for (int64_t t = -2 * reach; t <= 2 * reach; ++t) {
    const auto d = static_cast<float>(t);
    const float v =
        sample(l, static_cast<float>(edge.x) + d * edge.nx, static_cast<float>(edge.y) + d * edge.ny);
    float& least = std::abs(t) <= reach ? line : sides;
    least = std::min(least, v);
  }
  return std::min(0.0f, line - sides);
}

void measure_outlines(const Scale& scale, StrokeFeatures& out) {
  const Plane smooth = gaussian_blur(scale.l, 1.5);
  const std::vector<Edge> edges = find_edges(smooth);
  if (edges.size() < kLeastEdges) return;
  const double side = static_cast<double>(scale.long_side());
  const auto reach = std::max<int64_t>(2, static_cast<int64_t>(std::ceil(0.01 * side)));
  double depths = 0;
  int64_t outlined = 0;
  for (const Edge& e : edges) {
    const float depth = line_depth(scale.l, e, reach);
    depths += depth;
    outlined += depth <= -kOutlineDepth;
  }
  const auto count = static_cast<double>(edges.size());
  out.outline_darkness = depths / count;
  out.outline_share = static_cast<double>(outlined) / count;

  // Bends are those of larger forms.
  const Plane form = gaussian_blur(smooth, std::sqrt(9 - 2.25));
  std::vector<float> curvatures;
  int64_t straight = 0;
  for (const Edge& e : edges) {
    const Derivatives d = derive(form, e.x, e.y);
    const float g2 = d.x * d.x + d.y * d.y;
    if (g2 < 0.04f) continue;  // edges that do not last into this scale
    const float bend = d.xx * d.y * d.y - 2 * d.xy * d.x * d.y + d.yy * d.x * d.x;
    const float curvature = std::abs(bend) / (g2 * std::sqrt(g2));
    curvatures.push_back(curvature);
    straight += curvature * side < 4;
  }
  if (curvatures.size() < kLeastEdges) return;
  out.edge_straightness = static_cast<double>(straight) / static_cast<double>(curvatures.size());
  out.edge_curvature = quantile(curvatures, 0.5) * side;
}

}  // namespace

Plane stroke_widths(const Bits& ink) {
  const int64_t w = ink.width, h = ink.height;
  Plane out(w, h);
  // Along rows.
  for (int64_t y = 0; y < h; ++y) {
    const uint8_t* in = ink.row(y);
    float* to = out.row(y).data();
    for (int64_t x = 0; x < w;) {
      int64_t end = x;
      while (end < w && in[end]) ++end;
      std::fill(to + x, to + end, static_cast<float>(end - x));
      x = end == x ? x + 1 : end;
    }
  }
  // Along columns and diagonals: lengths so far from row to row, and back. A margin on both sides stands for
  // pixels that are not ink.
  const int64_t pitch = w + 2;
  std::vector<uint16_t> runs(static_cast<size_t>(pitch * h));
  const std::vector<uint16_t> none(static_cast<size_t>(pitch));
  for (const int64_t shift : {0, 1, -1}) {
    const float step = shift == 0 ? 1 : std::numbers::sqrt2_v<float>;
    for (int64_t y = 0; y < h; ++y) {
      const uint16_t* before = y > 0 ? runs.data() + (y - 1) * pitch : none.data();
      extend_row(ink.row(y), before + 1 - shift, runs.data() + y * pitch + 1, w);
    }
    for (int64_t y = h - 1; y >= 0; --y) {
      uint16_t* here = runs.data() + y * pitch + 1;
      const uint16_t* next = y + 1 < h ? runs.data() + (y + 1) * pitch : none.data();
      carry_back(next + 1 + shift, here, ink.row(y), step, out.row(y).data(), w);
    }
  }
  return out;
}

StrokeFeatures measure_strokes(const Subject& subject) {
  StrokeFeatures out;
  measure_widths(subject.standard, out);
  measure_outlines(subject.small(), out);
  return out;
}

}  // namespace linmo::culture
