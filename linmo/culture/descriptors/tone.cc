// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/tone.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "linmo/culture/descriptors/kernels.h"

namespace linmo::culture {
namespace {

constexpr float kEvenDeviation = 3;
constexpr int kEvenWindow = 15;
constexpr double kLeastPaper = 0.005;  // of the picture: fewer even light pixels are no paper
constexpr double kTau = 10;

std::optional<Lab> find_paper(const Scale& scale, const Plane& deviation, float median) {
  struct Cell {
    int64_t count = 0;
    Lab sum{};
  };
  std::unordered_map<int32_t, Cell> cells;
  int64_t even = 0;
  for (size_t i = 0; i < deviation.values.size(); ++i) {
    if (deviation.values[i] >= kEvenDeviation || scale.l.values[i] < median) continue;
    ++even;
    const float lab[3] = {scale.l.values[i], scale.a.values[i], scale.b.values[i]};
    int32_t key = 0;
    for (const float v : lab) key = key << 8 | static_cast<int32_t>(std::floor(v / 4) + 64);
    Cell& cell = cells[key];
    ++cell.count;
    for (size_t k = 0; k < 3; ++k) cell.sum[k] += lab[k];
  }
  if (static_cast<double>(even) < kLeastPaper * static_cast<double>(scale.pixels())) return std::nullopt;
  const auto best = std::ranges::max_element(cells, [](const auto& x, const auto& y) {
    return x.second.count != y.second.count ? x.second.count < y.second.count : x.first > y.first;
  });
  Lab paper = best->second.sum;
  for (double& v : paper) v /= static_cast<double>(best->second.count);
  return paper;
}

// ΔE00 of every pixel from the paper; what is certainly past 15 gets 100.
Plane distance_from_paper(const Scale& scale, const Lab& paper) {
  Plane out(scale.width(), scale.height());
  // Equal pixels are common, most of all in the void: remember what was computed last for each colour.
  struct Known {
    uint32_t colour = ~0u;
    float distance = 0;
  };
  std::vector<Known> known(1 << 14);
  const auto rgb = scale.rgb.samples<uint8_t>();
  for (size_t i = 0; i < out.values.size(); ++i) {
    // ΔE00 ≥ |ΔL*| / S_L, and S_L ≤ 1.75.
    if (std::abs(scale.l.values[i] - paper[0]) > 15 * 1.75) {
      out.values[i] = 100;
      continue;
    }
    const uint32_t colour =
        static_cast<uint32_t>(rgb[3 * i]) << 16 | static_cast<uint32_t>(rgb[3 * i + 1]) << 8 | rgb[3 * i + 2];
    Known& k = known[(colour * 2654435761u) >> 18];
    if (k.colour != colour) {
      k.colour = colour;
      k.distance =
          static_cast<float>(delta_e_2000({scale.l.values[i], scale.a.values[i], scale.b.values[i]}, paper));
    }
    out.values[i] = k.distance;
  }
  return out;
}

Bits blank_pixels(const Plane& distance, const Plane& deviation, float tau) {
  Bits even(distance.width, distance.height);
  for (size_t i = 0; i < even.values.size(); ++i)
    even.values[i] = deviation.values[i] < kEvenDeviation && distance.values[i] <= tau;
  Bits out = dilated(even, kEvenWindow / 2);
  for (size_t i = 0; i < out.values.size(); ++i) out.values[i] &= distance.values[i] <= tau;
  return out;
}

double quadtree_share(const Scale& scale, const Lab& paper) {
  const int64_t w = scale.width(), h = scale.height();
  // Integral images of L*, L*², a*, b*.
  std::vector<std::array<double, 4>> sums(static_cast<size_t>((w + 1) * (h + 1)));
  for (int64_t y = 0; y < h; ++y) {
    std::array<double, 4> row{};
    for (int64_t x = 0; x < w; ++x) {
      const auto i = static_cast<size_t>(y * w + x);
      const double l = scale.l.values[i];
      const double add[4] = {l, l * l, scale.a.values[i], scale.b.values[i]};
      auto& to = sums[static_cast<size_t>((y + 1) * (w + 1) + x + 1)];
      const auto& above = sums[static_cast<size_t>(y * (w + 1) + x + 1)];
      for (size_t k = 0; k < 4; ++k) {
        row[k] += add[k];
        to[k] = above[k] + row[k];
      }
    }
  }
  struct Box {
    int64_t x, y, w, h;
  };
  std::vector<Box> open{{0, 0, w, h}};
  int64_t blank = 0;
  while (!open.empty()) {
    const Box box = open.back();
    open.pop_back();
    const auto at = [&](int64_t x, int64_t y) -> const std::array<double, 4>& {
      return sums[static_cast<size_t>(y * (w + 1) + x)];
    };
    std::array<double, 4> mean;
    const auto n = static_cast<double>(box.w * box.h);
    for (size_t k = 0; k < 4; ++k) {
      mean[k] = (at(box.x + box.w, box.y + box.h)[k] - at(box.x, box.y + box.h)[k] -
                 at(box.x + box.w, box.y)[k] + at(box.x, box.y)[k]) /
                n;
    }
    const bool even = mean[1] - mean[0] * mean[0] < 36;
    if (!even && std::min(box.w, box.h) >= 16) {
      const int64_t left = box.w / 2, top = box.h / 2;
      open.push_back({box.x, box.y, left, top});
      open.push_back({box.x + left, box.y, box.w - left, top});
      open.push_back({box.x, box.y + top, left, box.h - top});
      open.push_back({box.x + left, box.y + top, box.w - left, box.h - top});
    } else if (even && delta_e_2000({mean[0], mean[2], mean[3]}, paper) <= kTau) {
      blank += box.w * box.h;
    }
  }
  return static_cast<double>(blank) / static_cast<double>(w * h);
}

// Area of the convex hull of a component's pixels (as squares).
double hull_area(const std::vector<int32_t>& labels, int64_t width, int32_t label, const Component& c) {
  using Point = std::pair<double, double>;
  std::vector<Point> points;
  for (int64_t y = c.top; y <= c.bottom; ++y) {
    int64_t first = -1, last = -1;
    for (int64_t x = c.left; x <= c.right; ++x) {
      if (labels[static_cast<size_t>(y * width + x)] != label) continue;
      if (first < 0) first = x;
      last = x;
    }
    if (first < 0) continue;
    for (const int64_t edge : {y, y + 1}) {
      points.emplace_back(static_cast<double>(first), static_cast<double>(edge));
      points.emplace_back(static_cast<double>(last + 1), static_cast<double>(edge));
    }
  }
  std::ranges::sort(points);
  const auto cross = [](const Point& o, const Point& a, const Point& b) {
    return (a.first - o.first) * (b.second - o.second) - (a.second - o.second) * (b.first - o.first);
  };
  std::vector<Point> hull;
  for (int pass = 0; pass < 2; ++pass) {  // monotone chain (Andrew 1979)
    const size_t start = hull.size();
    for (const Point& p : points) {
      while (hull.size() >= start + 2 && cross(hull[hull.size() - 2], hull.back(), p) <= 0) hull.pop_back();
      hull.push_back(p);
    }
    hull.pop_back();
    std::ranges::reverse(points);
  }
  double area = 0;
  for (size_t i = 0; i < hull.size(); ++i) {
    const Point &p = hull[i], &q = hull[(i + 1) % hull.size()];
    area += p.first * q.second - q.first * p.second;
  }
  return std::abs(area) / 2;
}

void measure_layout(const Bits& blank, ToneFeatures& out) {
  const int64_t w = blank.width, h = blank.height;
  std::array<int64_t, 9> count{}, size{};
  for (int64_t y = 0; y < h; ++y) {
    for (int64_t x = 0; x < w; ++x) {
      const auto cell = static_cast<size_t>(3 * (3 * y / h) + 3 * x / w);
      ++size[cell];
      count[cell] += blank.row(y)[x];
    }
  }
  for (size_t i = 0; i < 9; ++i)
    out.void_cells[i] = static_cast<double>(count[i]) / static_cast<double>(size[i]);
  std::vector<int32_t> labels;
  const std::vector<Component> parts = components(blank, false, &labels);
  if (parts.empty()) {
    out.void_largest = 0;
    return;  // where the void lies has no answer
  }
  int64_t total = 0, border = 0;
  double sum_x = 0, sum_y = 0;
  size_t largest = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Component& c = parts[i];
    total += c.area;
    if (c.left == 0 || c.top == 0 || c.right == w - 1 || c.bottom == h - 1) border += c.area;
    sum_x += c.x * static_cast<double>(c.area);
    sum_y += c.y * static_cast<double>(c.area);
    if (c.area > parts[largest].area) largest = i;
  }
  const auto n = static_cast<double>(total);
  out.void_at_border = static_cast<double>(border) / n;
  out.void_largest = static_cast<double>(parts[largest].area) / static_cast<double>(w * h);
  out.void_x = (sum_x / n + 0.5) / static_cast<double>(w);
  out.void_y = (sum_y / n + 0.5) / static_cast<double>(h);
  out.void_convexity = static_cast<double>(parts[largest].area) /
                       hull_area(labels, w, static_cast<int32_t>(largest + 1), parts[largest]);
}

LINMO_SIMD void tensor_row(const float* above, const float* here, const float* below, float* xx, float* yy,
                           float* xy, int64_t count) {
  for (int64_t x = 1; x + 1 < count; ++x) {
    const float gx = (here[x + 1] - here[x - 1]) / 2, gy = (below[x] - above[x]) / 2;
    xx[x] = gx * gx;
    yy[x] = gy * gy;
    xy[x] = gx * gy;
  }
}

void measure_gradation(const Scale& scale, ToneFeatures& out) {
  const Plane smooth = gaussian_blur(scale.l, 4);
  const int64_t w = smooth.width, h = smooth.height;
  Plane xx(w, h), yy(w, h), xy(w, h);
  for (int64_t y = 1; y + 1 < h; ++y) {
    tensor_row(smooth.row(y - 1).data(), smooth.row(y).data(), smooth.row(y + 1).data(), xx.row(y).data(),
               yy.row(y).data(), xy.row(y).data(), w);
  }
  const Plane jxx = gaussian_blur(xx, 4), jyy = gaussian_blur(yy, 4), jxy = gaussian_blur(xy, 4);
  int64_t graded = 0;
  double along = 0, total = 0;
  for (int64_t y = 1; y + 1 < h; ++y) {
    for (int64_t x = 1; x + 1 < w; ++x) {
      const auto i = static_cast<size_t>(y * w + x);
      const double difference = jxx.values[i] - jyy.values[i], trace = jxx.values[i] + jyy.values[i];
      const double strength = std::sqrt(difference * difference + 4.0 * jxy.values[i] * jxy.values[i]);
      along += strength;
      total += trace;
      const double gradient2 = xx.values[i] + yy.values[i];
      graded += gradient2 > 0.04 && gradient2 < 4 && strength > 0.8 * trace;
    }
  }
  out.gradation = static_cast<double>(graded) / static_cast<double>((w - 2) * (h - 2));
  if (total > 0) out.local_coherence = along / total;
}

// Sums of powers of v − centre, in lanes that do not wait for each other.
LINMO_SIMD void moments_run(const float* v, double centre, double* first, double* second, double* third,
                            int64_t count) {
  double a[8] = {}, b[8] = {}, c[8] = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t k = 0; k < 8; ++k) {
      const double d = v[i + k] - centre;
      a[k] += d;
      b[k] += d * d;
      c[k] += d * d * d;
    }
  }
  for (int64_t k = 0; i < count; ++i, ++k) {
    const double d = v[i] - centre;
    a[k] += d;
    b[k] += d * d;
    c[k] += d * d * d;
  }
  for (int64_t k = 0; k < 8; ++k) {
    *first += a[k];
    *second += b[k];
    *third += c[k];
  }
}

int count_modes(std::span<const float> lightness) {
  constexpr int kSteps = 201;  // half an L* each
  std::array<double, kSteps> counts{}, density{};
  for (const float l : lightness)
    ++counts[static_cast<size_t>(std::clamp(static_cast<int>(2 * l + 0.5f), 0, 200))];
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      const double z = (i - j) / 2.0 / 3.0;
      density[static_cast<size_t>(i)] += counts[static_cast<size_t>(j)] * std::exp(-z * z / 2);
    }
  }
  const double highest = *std::ranges::max_element(density);
  int modes = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double here = density[static_cast<size_t>(i)];
    if ((i > 0 && density[static_cast<size_t>(i - 1)] >= here) ||
        (i + 1 < kSteps && density[static_cast<size_t>(i + 1)] > here))
      continue;
    // Prominence: how far one must go down on the way to something higher.
    double drop = here;
    for (const int step : {-1, 1}) {
      double low = here;
      int j = i + step;
      while (j >= 0 && j < kSteps && density[static_cast<size_t>(j)] <= here) {
        low = std::min(low, density[static_cast<size_t>(j)]);
        j += step;
      }
      if (j >= 0 && j < kSteps) drop = std::min(drop, here - low);
    }
    modes += drop > 0.02 * highest;
  }
  return modes;
}

}  // namespace

double scaled_entropy(std::span<const float> values) {
  const double largest = range_of(values).high;
  return largest > 0 ? std::max(0.0, entropy_bits(scaled_histogram(values, largest))) : 0;
}

ToneFeatures measure_tone(const Subject& subject, Void* found) {
  ToneFeatures out;
  const Scale& full = subject.standard;
  const std::vector<float>& l = full.l.values;
  const auto n = static_cast<double>(l.size());
  double first = 0, second = 0, third = 0;
  moments_run(l.data(), 50, &first, &second, &third, full.pixels());
  first /= n;
  // About the mean, from those about 50.
  const double sd = std::sqrt(std::max(0.0, second / n - first * first));
  third += -3 * first * second + 2 * n * first * first * first;
  out.rms_contrast = sd;
  if (sd > 1e-6) out.lightness_skew = third / n / (sd * sd * sd);
  out.lightness_entropy = scaled_entropy(l);
  const std::vector<double> percentiles = quantiles(l, std::array{0.05, 0.5, 0.95});
  out.lightness_p5 = percentiles[0];
  out.lightness_median = percentiles[1];
  out.lightness_p95 = percentiles[2];
  out.lightness_range = out.lightness_p95 - out.lightness_p5;
  out.tonal_modes = count_modes(l);
  const auto counts = histogram(full.luma.samples<uint8_t>());
  const int threshold = otsu(counts);
  int64_t light = 0;
  for (int v = threshold + 1; v < 256; ++v) light += counts[static_cast<size_t>(v)];
  out.light_share_otsu = static_cast<double>(light) / n;

  const Scale& small = subject.small();
  const Plane deviation = local_deviation(small.l, kEvenWindow);
  const auto median = static_cast<float>(quantile(small.l.values, 0.5));
  const std::optional<Lab> paper = find_paper(small, deviation, median);
  Bits blank(small.width(), small.height());
  out.void_share = out.void_share_6 = out.void_share_15 = out.void_quadtree = 0;
  if (paper) {
    const Plane distance = distance_from_paper(small, *paper);
    blank = blank_pixels(distance, deviation, static_cast<float>(kTau));
    out.void_share = blank.share();
    out.void_share_6 = blank_pixels(distance, deviation, 6).share();
    out.void_share_15 = blank_pixels(distance, deviation, 15).share();
    out.void_quadtree = quadtree_share(small, *paper);
  }
  measure_layout(blank, out);
  measure_gradation(small, out);
  if (found) *found = {paper, std::move(blank)};
  return out;
}

}  // namespace linmo::culture
