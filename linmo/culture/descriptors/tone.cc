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

LINMO_SIMD void even_run(const float* deviation, const float* distance, float tau, uint8_t* __restrict out,
                         int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = (deviation[i] < kEvenDeviation) & (distance[i] <= tau) ? 1 : 0;
}

LINMO_SIMD void keep_near(const float* distance, float tau, uint8_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] &= distance[i] <= tau ? 1 : 0;
}

Bits blank_pixels(const Plane& distance, const Plane& deviation, float tau) {
  Bits even(distance.width, distance.height);
  const auto count = static_cast<int64_t>(even.values.size());
  even_run(deviation.values.data(), distance.values.data(), tau, even.values.data(), count);
  Bits out = dilated(even, kEvenWindow / 2);
  keep_near(distance.values.data(), tau, out.values.data(), count);
  return out;
}

double quadtree_share(const Scale& scale, const Lab& paper) {
  const int64_t w = scale.width(), h = scale.height();
  // Integral images of L*, L*², a*, b*.
  measure::UnsetVector<std::array<double, 4>> sums(static_cast<size_t>((w + 1) * (h + 1)));
  std::fill_n(sums.begin(), w + 1, std::array<double, 4>{});
  for (int64_t y = 0; y < h; ++y) {
    std::array<double, 4> row{};
    sums[static_cast<size_t>((y + 1) * (w + 1))] = row;
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
  const auto first_of = [](int64_t third, int64_t length) { return (third * length + 2) / 3; };
  for (int64_t y = 0; y < h; ++y) {
    const auto row = static_cast<size_t>(3 * (3 * y / h));
    for (size_t column = 0; column < 3; ++column) {
      const int64_t first = first_of(static_cast<int64_t>(column), w),
                    last = first_of(static_cast<int64_t>(column) + 1, w);
      size[row + column] += last - first;
      count[row + column] += std::count(blank.row(y) + first, blank.row(y) + last, uint8_t{1});
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

struct GradationSums {
  int64_t graded = 0;
  double along = 0, total = 0;
};
// xx, yy: squared derivatives; jxx …: the same, and their product, blurred.
LINMO_SIMD void gradation_row(const float* xx, const float* yy, const float* jxx, const float* jyy,
                              const float* jxy, int64_t count, GradationSums& out) {
  constexpr int64_t kLanes = 16;
  float along[kLanes] = {}, total[kLanes] = {};
  int32_t graded[kLanes] = {};
  const auto add = [&](int64_t x, int64_t k) {
    const float difference = jxx[x] - jyy[x], trace = jxx[x] + jyy[x];
    const float strength = std::sqrt(difference * difference + 4 * jxy[x] * jxy[x]);
    const float gradient2 = xx[x] + yy[x];
    along[k] += strength;
    total[k] += trace;
    graded[k] += (gradient2 > 0.04f) & (gradient2 < 4) & (strength > 0.8f * trace) ? 1 : 0;
  };
  int64_t x = 0;
  for (; x + kLanes <= count; x += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) add(x + k, k);
  for (int64_t k = 0; x < count; ++x, ++k) add(x, k);
  for (int64_t k = 0; k < kLanes; ++k) {
    out.along += along[k];
    out.total += total[k];
    out.graded += graded[k];
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
  GradationSums sums;
  for (int64_t y = 1; y + 1 < h; ++y) {
    const auto at = [&](const Plane& p) { return p.row(y).data() + 1; };
    gradation_row(at(xx), at(yy), at(jxx), at(jyy), at(jxy), w - 2, sums);
  }
  out.gradation = static_cast<double>(sums.graded) / static_cast<double>((w - 2) * (h - 2));
  if (sums.total > 0) out.local_coherence = sums.along / sums.total;
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

LINMO_SIMD void half_steps(const float* l, int32_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float v = 2 * l[i] + 0.5f;
    out[i] = static_cast<int32_t>(v < 0 ? 0 : v > 200 ? 200 : v);
  }
}

int count_modes(std::span<const float> lightness) {
  constexpr int kSteps = 201;  // half an L* each
  std::vector<int32_t> bins(lightness.size());
  half_steps(lightness.data(), bins.data(), static_cast<int64_t>(bins.size()));
  std::array<std::array<int64_t, kSteps>, 2> counts{};
  for (size_t i = 0; i < bins.size(); ++i) ++counts[i & 1][static_cast<size_t>(bins[i])];
  std::array<double, kSteps> kernel, density{};
  for (int i = 0; i < kSteps; ++i) kernel[static_cast<size_t>(i)] = std::exp(-(i / 6.0) * (i / 6.0) / 2);
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      const auto count = counts[0][static_cast<size_t>(j)] + counts[1][static_cast<size_t>(j)];
      density[static_cast<size_t>(i)] +=
          static_cast<double>(count) * kernel[static_cast<size_t>(std::abs(i - j))];
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
  const auto& l = full.l.values;
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
    Plane distance;
    delta_e_2000(small.l, small.a, small.b, *paper, distance);
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
