// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/composition.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/culture/descriptors/kernels.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

constexpr int64_t kCutSide = 256;
constexpr int kCutLabels = 512;

// n log₂ n for the counts that there can be.
double n_log_n(int64_t n) {
  static const std::vector<double> kTable = [] {
    std::vector<double> table(static_cast<size_t>(kCutSide * kCutSide + 1));
    for (size_t i = 2; i < table.size(); ++i)
      table[i] = static_cast<double>(i) * std::log2(static_cast<double>(i));
    return table;
  }();
  return kTable[static_cast<size_t>(n)];
}

using LabelCounts = std::array<int32_t, kCutLabels>;

LabelCounts count_labels(std::span<const uint16_t> labels, int64_t width, const Part& part) {
  LabelCounts counts{};
  for (int64_t y = part.y; y < part.y + part.height; ++y) {
    for (int64_t x = part.x; x < part.x + part.width; ++x)
      ++counts[labels[static_cast<size_t>(y * width + x)]];
  }
  return counts;
}

double sum_n_log_n(const LabelCounts& counts) {
  double sum = 0;
  for (const int32_t c : counts) sum += n_log_n(c);
  return sum;
}

void measure_cuts(const Image& rgb, CompositionFeatures& out) {
  const Size size = fitted(rgb.width(), rgb.height(), kCutSide);
  const Image image = size.width == rgb.width() ? rgb : resize(rgb, size.width, size.height, Filter::box);
  const int64_t w = size.width, h = size.height;
  std::vector<uint16_t> labels(static_cast<size_t>(w * h));
  const auto s = image.samples<uint8_t>();
  for (size_t i = 0; i < labels.size(); ++i)
    labels[i] = static_cast<uint16_t>(s[3 * i] >> 5 << 6 | s[3 * i + 1] >> 5 << 3 | s[3 * i + 2] >> 5);
  struct Open {
    Part part;
    Cut cut;
    double gain = 0;  // bits per pixel of the picture
  };
  const auto total = static_cast<double>(w * h);
  const auto open_part = [&](const Part& part) {
    Open open{part, best_cut(labels, w, part, true), 0};
    const Cut upright = best_cut(labels, w, part, false);
    if (upright.gain > open.cut.gain) open.cut = upright;
    open.gain = open.cut.gain * static_cast<double>(part.width * part.height) / total;
    return open;
  };
  const Part whole{0, 0, w, h};
  const double entropy = label_entropy(labels, w, whole);
  if (entropy <= 0) return;
  const Cut level = best_cut(labels, w, whole, true);
  if (level.position > 0) {
    out.horizon = 1 - static_cast<double>(level.position) / static_cast<double>(h);
    out.horizon_gain = std::clamp(level.gain / entropy, 0.0, 1.0);
  }
  std::vector<Open> parts{open_part(whole)};
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) {
    const auto best =
        std::ranges::max_element(parts, [](const Open& a, const Open& b) { return a.gain < b.gain; });
    if (best->gain <= 0) break;
    const Open open = *best;
    parts.erase(best);
    const Part& p = open.part;
    const int64_t at = open.cut.position;
    out.cut_horizontal[i] = open.cut.horizontal;
    out.cut_position[i] =
        static_cast<double>(at) / static_cast<double>(open.cut.horizontal ? p.height : p.width);
    sum += open.gain;
    if (i == 0) out.cut_gain = std::min(1.0, open.gain / entropy);
    if (i == 2) break;
    if (open.cut.horizontal) {
      parts.push_back(open_part({p.x, p.y, p.width, at}));
      parts.push_back(open_part({p.x, p.y + at, p.width, p.height - at}));
    } else {
      parts.push_back(open_part({p.x, p.y, at, p.height}));
      parts.push_back(open_part({p.x + at, p.y, p.width - at, p.height}));
    }
  }
  out.cuts_gain = std::min(1.0, sum / entropy);
}

void measure_skyline(const Void& found, CompositionFeatures& out) {
  const Bits& blank = found.blank;
  if (!found.paper) return;
  const int64_t w = blank.width, h = blank.height, run = std::max<int64_t>(2, h / 50);
  std::vector<int64_t> painted(static_cast<size_t>(w)), end(static_cast<size_t>(w), h);
  for (int64_t y = 0; y < h; ++y) {
    for (size_t x = 0; x < end.size(); ++x) {
      painted[x] = blank.row(y)[x] ? 0 : painted[x] + 1;
      if (end[x] == h && painted[x] == run) end[x] = y + 1 - run;
    }
  }
  std::vector<float> heights;
  int64_t begin_void = 0;
  for (const int64_t y : end) {
    begin_void += y >= run;
    heights.push_back(1 - static_cast<float>(y) / static_cast<float>(h));
  }
  if (2 * begin_void < w) return;
  out.skyline_high = quantile(heights, 0.95);
  out.skyline_low = quantile(heights, 0.05);
}

void measure_border(const Void& found, CompositionFeatures& out) {
  const Bits& blank = found.blank;
  const int64_t w = blank.width, h = blank.height, dx = w / 10, dy = h / 10;
  int64_t count = 0, size = 0;
  for (int64_t y = 0; y < h; ++y) {
    const bool level = y < dy || y >= h - dy;
    for (int64_t x = 0; x < w; ++x) {
      if (!level && x >= dx && x < w - dx) continue;
      ++size;
      count += blank.row(y)[x];
    }
  }
  if (size > 0) out.border_void = static_cast<double>(count) / static_cast<double>(size);
}

LINMO_SIMD void distance_row(const float* l, const float* a, const float* b, const float* mean, float* out,
                             int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    const float u = l[x] - mean[0], v = a[x] - mean[1], w = b[x] - mean[2];
    out[x] = std::sqrt(u * u + v * v + w * w);
  }
}

Plane salience(const Scale& scale) {
  const Plane* planes[3] = {&scale.l, &scale.a, &scale.b};
  std::array<Plane, 3> smooth;
  float mean[3];
  for (size_t k = 0; k < 3; ++k) {
    smooth[k] = gaussian_blur(*planes[k], 1);
    const std::vector<float>& v = planes[k]->values;
    mean[k] = static_cast<float>(std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size()));
  }
  Plane out(scale.width(), scale.height());
  distance_row(smooth[0].values.data(), smooth[1].values.data(), smooth[2].values.data(), mean,
               out.values.data(), scale.pixels());
  return out;
}

void measure_salience(const Plane& s, CompositionFeatures& out) {
  const int64_t w = s.width, h = s.height;
  const auto width = static_cast<double>(w), height = static_cast<double>(h), n = width * height;
  std::vector<double> columns(static_cast<size_t>(w)), rows(static_cast<size_t>(h));
  std::array<double, 4> quarters{};
  double middle = 0, middle_pixels = 0, sxy = 0, squares = 0;
  std::array<double, 2> near{}, near1{}, near2{};  // Σ s·d, Σ d, Σ d² of nearness to the diagonals
  for (int64_t y = 0; y < h; ++y) {
    const auto row = s.row(y);
    const double v = (static_cast<double>(y) + 0.5) / height;
    double sum = 0, along = 0;
    std::array<double, 2> halves{};
    for (int64_t x = 0; x < w; ++x) {
      const double value = row[static_cast<size_t>(x)], u = (static_cast<double>(x) + 0.5) / width;
      columns[static_cast<size_t>(x)] += value;
      sum += value;
      squares += value * value;
      along += value * u;
      halves[static_cast<size_t>(2 * x >= w)] += value;
      const double falling = 1 - std::abs(u - v), rising = 1 - std::abs(u + v - 1);
      near[0] += value * falling;
      near[1] += value * rising;
      near1[0] += falling;
      near1[1] += rising;
      near2[0] += falling * falling;
      near2[1] += rising * rising;
    }
    rows[static_cast<size_t>(y)] = sum;
    sxy += along * v;
    for (size_t k = 0; k < 2; ++k) quarters[k + (2 * y >= h ? 2 : 0)] += halves[k];
    if (y >= h / 4 && y < h - h / 4) {
      for (int64_t x = w / 4; x < w - w / 4; ++x) middle += row[static_cast<size_t>(x)];
      middle_pixels += static_cast<double>(w - w / 4 - w / 4);
    }
  }
  const double total = std::accumulate(rows.begin(), rows.end(), 0.0), mean = total / n;
  if (mean < 1e-3) return;  // an even picture
  out.centre_weight = middle / middle_pixels / mean;
  out.quadrant_entropy = std::max(0.0, entropy_bits(quarters));
  const auto [least, most] = std::ranges::minmax_element(quarters);
  out.corner_index = (*most - *least) / total;
  // Share of a band of 1/12 around a line, against 1/12.
  const auto band = [&](const std::vector<double>& sums, double centre) {
    const auto size = static_cast<double>(sums.size());
    double inside = 0, pixels = 0;
    for (size_t i = 0; i < sums.size(); ++i) {
      const double low = std::max(static_cast<double>(i) / size, centre - 1.0 / 24);
      const double high = std::min((static_cast<double>(i) + 1) / size, centre + 1.0 / 24);
      if (high <= low) continue;
      inside += sums[i] * (high - low) * size;
      pixels += (high - low) * size;
    }
    return inside / pixels / (total / size);
  };
  out.thirds_left = band(columns, 1.0 / 3);
  out.thirds_right = band(columns, 2.0 / 3);
  out.thirds_top = band(rows, 1.0 / 3);
  out.thirds_bottom = band(rows, 2.0 / 3);
  const double deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
  const auto correlation = [&](size_t k) {
    const double d = near1[k] / n;
    return std::clamp((near[k] / n - mean * d) / (deviation * std::sqrt(near2[k] / n - d * d)), -1.0, 1.0);
  };
  if (deviation > 1e-6 * mean) {
    out.diagonal_falling = correlation(0);
    out.diagonal_rising = correlation(1);
  }
  const auto moments = [&](const std::vector<double>& sums) {
    double first = 0, second = 0;
    for (size_t i = 0; i < sums.size(); ++i) {
      const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(sums.size());
      first += sums[i] * u / total;
      second += sums[i] * u * u / total;
    }
    return std::pair{first, second - first * first};
  };
  const auto [cx, sxx] = moments(columns);
  const auto [cy, syy] = moments(rows);
  out.axis_level = (sxx - syy) / (sxx + syy);
  out.axis_rising = -2 * (sxy / total - cx * cy) / (sxx + syy);

  Bits figures(w, h);
  for (size_t i = 0; i < figures.values.size(); ++i) figures.values[i] = s.values[i] > 2 * mean;
  int64_t largest = 0, count = 0;
  for (const Component& c : components(figures, true)) {
    largest = std::max(largest, c.area);
    count += static_cast<double>(c.area) > 0.002 * n;
  }
  out.figure_share = static_cast<double>(largest) / n;
  out.figure_count = static_cast<double>(count);
}

struct Centre {
  double total = 0, x = 0, y = 0;
  void add_row(std::span<const float> masses, int64_t row) {
    double sum = 0, along = 0;
    for (size_t i = 0; i < masses.size(); ++i) {
      sum += masses[i];
      along += static_cast<double>(masses[i]) * static_cast<double>(i);
    }
    total += sum;
    x += along;
    y += sum * static_cast<double>(row);
  }
  // Places as shares of the sides; nothing where there is next to no mass.
  void finish(double width, double height, double& to_x, double& to_y) const {
    if (total < 1e-2 * width * height) return;
    to_x = (x / total + 0.5) / width;
    to_y = (y / total + 0.5) / height;
  }
};

LINMO_SIMD void mass_row(const float* l, const float* above, const float* below, const float* a,
                         const float* b, float* dark, float* chroma, float* edges, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    dark[x] = std::max(0.0f, 100 - l[x]);
    chroma[x] = std::sqrt(a[x] * a[x] + b[x] * b[x]);
  }
  edges[0] = edges[count - 1] = 0;
  for (int64_t x = 1; x + 1 < count; ++x) {
    const float gx = l[x + 1] - l[x - 1], gy = below[x] - above[x];
    edges[x] = std::sqrt(gx * gx + gy * gy);
  }
}

void measure_masses(const Scale& scale, CompositionFeatures& out) {
  const int64_t w = scale.width(), h = scale.height();
  std::vector<float> dark(static_cast<size_t>(w)), chroma(dark), edges(dark);
  Centre of_dark, of_chroma, of_edges;
  for (int64_t y = 0; y < h; ++y) {
    const int64_t up = std::max<int64_t>(0, y - 1), down = std::min(h - 1, y + 1);
    mass_row(scale.l.row(y).data(), scale.l.row(up).data(), scale.l.row(down).data(), scale.a.row(y).data(),
             scale.b.row(y).data(), dark.data(), chroma.data(), edges.data(), w);
    of_dark.add_row(dark, y);
    of_chroma.add_row(chroma, y);
    of_edges.add_row(edges, y);
  }
  const auto width = static_cast<double>(w), height = static_cast<double>(h);
  of_dark.finish(width, height, out.dark_x, out.dark_y);
  of_chroma.finish(width, height, out.chroma_x, out.chroma_y);
  of_edges.finish(width, height, out.edges_x, out.edges_y);
}

void measure_symmetry(const Scale& full, const Plane& l, CompositionFeatures& out) {
  const auto counts = histogram(full.luma.samples<uint8_t>());
  const int threshold = otsu(counts);
  Bits dark(full.width(), full.height());
  const auto luma = full.luma.samples<uint8_t>();
  for (size_t i = 0; i < dark.values.size(); ++i) dark.values[i] = luma[i] <= threshold;
  const Mirrored mirrored = mirror_symmetry(dark);
  out.mirror_parity = std::clamp(mirrored.of_all_axes, 0.0, 100.0);
  const auto corrected = [](double share, double p) {
    return p > 1e-6 && p < 1 - 1e-6 ? (share - p * p) / (p - p * p) : kMissing;
  };
  out.mirror_lr = corrected(mirrored.upright, mirrored.upright_p);
  out.mirror_ud = corrected(mirrored.level, mirrored.level_p);
  double sum = 0, squares = 0, across = 0, along = 0;
  for (int64_t y = 0; y < l.height; ++y) {
    const auto row = l.row(y), other = l.row(l.height - 1 - y);
    for (size_t x = 0; x < row.size(); ++x) {
      const double v = row[x];
      sum += v;
      squares += v * v;
      across += v * row[row.size() - 1 - x];
      along += v * other[x];
    }
  }
  const double n = static_cast<double>(l.values.size()), mean = sum / n, variance = squares / n - mean * mean;
  if (variance < 1e-4) return;
  out.mirror_correlation_lr = std::clamp((across / n - mean * mean) / variance, -1.0, 1.0);
  out.mirror_correlation_ud = std::clamp((along / n - mean * mean) / variance, -1.0, 1.0);
}

}  // namespace

Cut best_cut(std::span<const uint16_t> labels, int64_t width, const Part& part, bool horizontal) {
  const int64_t lines = horizontal ? part.height : part.width, length = horizontal ? part.width : part.height;
  LabelCounts after = count_labels(labels, width, part), before{};
  double after_sum = sum_n_log_n(after), before_sum = 0;
  const auto total = static_cast<double>(lines * length);
  const double whole = n_log_n(lines * length) - after_sum;
  Cut best{horizontal, 0, 0};
  for (int64_t line = 0; line + 1 < lines; ++line) {
    const int64_t first = horizontal ? (part.y + line) * width + part.x : part.y * width + part.x + line;
    const int64_t step = horizontal ? 1 : width;
    for (int64_t i = 0; i < length; ++i) {
      const size_t label = labels[static_cast<size_t>(first + i * step)];
      after_sum += n_log_n(after[label] - 1) - n_log_n(after[label]);
      before_sum += n_log_n(before[label] + 1) - n_log_n(before[label]);
      --after[label];
      ++before[label];
    }
    const int64_t n = (line + 1) * length;
    const double gain =
        (whole - (n_log_n(n) - before_sum) - (n_log_n(lines * length - n) - after_sum)) / total;
    if (gain > best.gain + 1e-9) best = {horizontal, line + 1, gain};
  }
  return best;
}

double label_entropy(std::span<const uint16_t> labels, int64_t width, const Part& part) {
  const int64_t n = part.width * part.height;
  return (n_log_n(n) - sum_n_log_n(count_labels(labels, width, part))) / static_cast<double>(n);
}

CompositionFeatures measure_composition(const Subject& subject, const Void& found) {
  CompositionFeatures out;
  const Scale& full = subject.standard;
  const Scale& small = subject.small();
  out.log_aspect = std::log(static_cast<double>(full.width()) / static_cast<double>(full.height()));
  measure_symmetry(full, small.l, out);
  out.balance_parity = balance(full.luma, Polarity::parity);
  out.balance_dark = balance(full.luma, Polarity::dark);
  out.balance_light = balance(full.luma, Polarity::light);
  out.dcm_parity = centre_of_mass(full.luma, Polarity::parity).distance;
  out.dcm_dark = centre_of_mass(full.luma, Polarity::dark).distance;
  out.dcm_light = centre_of_mass(full.luma, Polarity::light).distance;
  out.homogeneity_parity = homogeneity(full.luma, Polarity::parity);
  out.homogeneity_dark = homogeneity(full.luma, Polarity::dark);
  measure_masses(small, out);
  measure_cuts(small.rgb, out);
  measure_skyline(found, out);
  measure_border(found, out);
  measure_salience(salience(small), out);
  return out;
}

}  // namespace linmo::culture
