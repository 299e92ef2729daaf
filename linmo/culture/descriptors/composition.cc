// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/composition.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "linmo/core/error.h"
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

// Adds a row to sums of columns; returns its own sum.
LINMO_SIMD double add_columns(const float* row, float* columns, int64_t count) {
  float lanes[16] = {};
  int64_t x = 0;
  for (; x + 16 <= count; x += 16) {
    for (int64_t k = 0; k < 16; ++k) {
      columns[x + k] += row[x + k];
      lanes[k] += row[x + k];
    }
  }
  double sum = 0;
  for (; x < count; ++x) {
    columns[x] += row[x];
    sum += row[x];
  }
  for (const float v : lanes) sum += v;
  return sum;
}

// Sums of a mass by row, by column and by cell of the layout's grid. Rows come in order.
class Tally {
 public:
  Tally(int64_t width, int64_t height)
      : rows(static_cast<size_t>(height)), columns(static_cast<size_t>(width)), band_(columns.size()) {}

  std::vector<double> rows, columns;
  Layout::Cells cells{};
  double total = 0;

  void add(const float* row) {
    const double sum = add_columns(row, band_.data(), static_cast<int64_t>(columns.size()));
    rows[y_] = sum;
    total += sum;
    const size_t cell = cell_of(y_, rows.size());
    if (++y_ < rows.size() && cell_of(y_, rows.size()) == cell) return;
    for (size_t x = 0; x < columns.size(); ++x) {
      columns[x] += band_[x];
      cells[cell * Layout::kGrid + cell_of(x, columns.size())] += band_[x];
    }
    std::ranges::fill(band_, 0.0f);
  }

  bool is_there() const { return total >= 1e-2 * static_cast<double>(rows.size() * columns.size()); }

  // Centre as shares of the sides; nothing where there is next to no mass.
  void centre(double& to_x, double& to_y) const {
    if (!is_there()) return;
    to_x = mean_place(columns);
    to_y = mean_place(rows);
  }

  std::optional<Layout::Cells> relative_cells() const {
    if (!is_there()) return std::nullopt;
    std::array<double, Layout::kGrid> widths{}, heights{};
    for (size_t x = 0; x < columns.size(); ++x) ++widths[cell_of(x, columns.size())];
    for (size_t y = 0; y < rows.size(); ++y) ++heights[cell_of(y, rows.size())];
    const double mean = total / static_cast<double>(rows.size() * columns.size());
    Layout::Cells out = cells;
    for (size_t i = 0; i < out.size(); ++i)
      out[i] /= widths[i % Layout::kGrid] * heights[i / Layout::kGrid] * mean;
    return out;
  }

 private:
  static size_t cell_of(size_t at, size_t count) { return Layout::kGrid * at / count; }
  double mean_place(const std::vector<double>& sums) const {
    double along = 0;
    for (size_t i = 0; i < sums.size(); ++i) along += sums[i] * (static_cast<double>(i) + 0.5);
    return along / total / static_cast<double>(sums.size());
  }

  std::vector<float> band_;  // columns of the grid's current row
  size_t y_ = 0;
};

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
    const auto& v = planes[k]->values;
    mean[k] = static_cast<float>(std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size()));
  }
  Plane out = Plane::unset(scale.width(), scale.height());
  distance_row(smooth[0].values.data(), smooth[1].values.data(), smooth[2].values.data(), mean,
               out.values.data(), scale.pixels());
  return out;
}

// Of a row of salience: sums of squares, of value · u, and for nearness to the two diagonals d: Σ value · d,
// Σ d, Σ d². u and v are the pixel's place as shares of the sides.
struct DiagonalSums {
  double squares = 0, along = 0;
  std::array<double, 2> near{}, near1{}, near2{};
};
LINMO_SIMD void diagonal_row(const float* row, const double* u, double v, int64_t count, DiagonalSums& out) {
  constexpr int64_t kLanes = 8;
  double sums[8][kLanes] = {};
  const auto add = [&](int64_t x, int64_t k) {
    const double value = row[x];
    const double falling = 1 - std::abs(u[x] - v), rising = 1 - std::abs(u[x] + v - 1);
    sums[0][k] += value * value;
    sums[1][k] += value * u[x];
    sums[2][k] += value * falling;
    sums[3][k] += value * rising;
    sums[4][k] += falling;
    sums[5][k] += rising;
    sums[6][k] += falling * falling;
    sums[7][k] += rising * rising;
  };
  int64_t x = 0;
  for (; x + kLanes <= count; x += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) add(x + k, k);
  for (int64_t k = 0; x < count; ++x, ++k) add(x, k);
  double* to[8] = {&out.squares,  &out.along,    &out.near[0],  &out.near[1],
                   &out.near1[0], &out.near1[1], &out.near2[0], &out.near2[1]};
  for (size_t i = 0; i < 8; ++i)
    for (const double v : sums[i]) *to[i] += v;
}

void measure_salience(const Plane& s, CompositionFeatures& out, Layout* layout) {
  const int64_t w = s.width, h = s.height;
  const auto width = static_cast<double>(w), height = static_cast<double>(h), n = width * height;
  Tally tally(w, h);
  std::vector<double> places;
  for (int64_t x = 0; x < w; ++x) places.push_back((static_cast<double>(x) + 0.5) / width);
  double middle = 0, sxy = 0;
  DiagonalSums sums;
  for (int64_t y = 0; y < h; ++y) {
    const auto row = s.row(y);
    const double v = (static_cast<double>(y) + 0.5) / height, before = sums.along;
    tally.add(row.data());
    diagonal_row(row.data(), places.data(), v, w, sums);
    sxy += (sums.along - before) * v;
    if (y >= h / 4 && y < h - h / 4)
      for (int64_t x = w / 4; x < w - w / 4; ++x) middle += row[static_cast<size_t>(x)];
  }
  const auto middle_pixels = static_cast<double>((w - 2 * (w / 4)) * (h - 2 * (h / 4)));
  const std::vector<double>&columns = tally.columns, &rows = tally.rows;
  const double squares = sums.squares;
  const auto &near = sums.near, &near1 = sums.near1, &near2 = sums.near2;
  std::array<double, 4> quarters{};
  for (size_t i = 0; i < tally.cells.size(); ++i) {
    const size_t x = i % Layout::kGrid, y = i / Layout::kGrid;
    quarters[(x >= Layout::kGrid / 2 ? 1 : 0) + (y >= Layout::kGrid / 2 ? 2 : 0)] += tally.cells[i];
  }
  if (layout) layout->masses[Layout::salience] = tally.relative_cells();
  const double total = tally.total, mean = total / n;
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

void measure_masses(const Scale& scale, CompositionFeatures& out, Layout* layout) {
  const int64_t w = scale.width(), h = scale.height();
  std::vector<float> dark(static_cast<size_t>(w)), chroma(dark), edges(dark);
  Tally of_dark(w, h), of_chroma(w, h), of_edges(w, h);
  for (int64_t y = 0; y < h; ++y) {
    const int64_t up = std::max<int64_t>(0, y - 1), down = std::min(h - 1, y + 1);
    mass_row(scale.l.row(y).data(), scale.l.row(up).data(), scale.l.row(down).data(), scale.a.row(y).data(),
             scale.b.row(y).data(), dark.data(), chroma.data(), edges.data(), w);
    of_dark.add(dark.data());
    of_chroma.add(chroma.data());
    of_edges.add(edges.data());
  }
  of_dark.centre(out.dark_x, out.dark_y);
  of_chroma.centre(out.chroma_x, out.chroma_y);
  of_edges.centre(out.edges_x, out.edges_y);
  if (!layout) return;
  layout->masses[Layout::dark] = of_dark.relative_cells();
  layout->masses[Layout::chroma] = of_chroma.relative_cells();
  layout->masses[Layout::edges] = of_edges.relative_cells();
}

LINMO_SIMD void at_most(const uint8_t* v, uint8_t limit, uint8_t* __restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = v[i] <= limit ? 1 : 0;
}

// Σ v, Σ v², Σ v · v mirrored in the row, Σ v · other.
struct MirrorSums {
  double sum = 0, squares = 0, across = 0, along = 0;
};
LINMO_SIMD void mirror_row(const float* row, const float* other, int64_t count, MirrorSums& out) {
  constexpr int64_t kLanes = 8;
  double sums[4][kLanes] = {};
  const auto add = [&](int64_t x, int64_t k) {
    const double v = row[x];
    sums[0][k] += v;
    sums[1][k] += v * v;
    sums[2][k] += v * row[count - 1 - x];
    sums[3][k] += v * other[x];
  };
  int64_t x = 0;
  for (; x + kLanes <= count; x += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) add(x + k, k);
  for (int64_t k = 0; x < count; ++x, ++k) add(x, k);
  double* to[4] = {&out.sum, &out.squares, &out.across, &out.along};
  for (size_t i = 0; i < 4; ++i)
    for (const double v : sums[i]) *to[i] += v;
}

void measure_symmetry(const Scale& full, const MassSums& sums, const Plane& l, CompositionFeatures& out) {
  Bits dark(full.width(), full.height());
  at_most(full.luma.samples<uint8_t>().data(), static_cast<uint8_t>(otsu(sums.histogram)), dark.values.data(),
          full.pixels());
  const Mirrored mirrored = mirror_symmetry(dark);
  out.mirror_parity = std::clamp(mirrored.of_all_axes, 0.0, 100.0);
  const auto corrected = [](double share, double p) {
    return p > 1e-6 && p < 1 - 1e-6 ? (share - p * p) / (p - p * p) : kMissing;
  };
  out.mirror_lr = corrected(mirrored.upright, mirrored.upright_p);
  out.mirror_ud = corrected(mirrored.level, mirrored.level_p);
  MirrorSums m;
  for (int64_t y = 0; y < l.height; ++y)
    mirror_row(l.row(y).data(), l.row(l.height - 1 - y).data(), l.width, m);
  const double n = static_cast<double>(l.values.size()), mean = m.sum / n,
               variance = m.squares / n - mean * mean;
  if (variance < 1e-4) return;
  out.mirror_correlation_lr = std::clamp((m.across / n - mean * mean) / variance, -1.0, 1.0);
  out.mirror_correlation_ud = std::clamp((m.along / n - mean * mean) / variance, -1.0, 1.0);
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

constexpr const char* kMassNames[Layout::kMasses] = {"dark", "chroma", "edges", "salience"};

std::string to_text(const Layout& layout) {
  std::string out;
  for (size_t m = 0; m < Layout::kMasses; ++m) {
    if (!layout.masses[m]) continue;
    out += fmt::format("{}{}=", out.empty() ? "" : ";", kMassNames[m]);
    for (const double v : *layout.masses[m])
      out += fmt::format("{:02x}", std::min(255L, std::lround(64 * v)));
  }
  return out;
}

Layout parse_layout(std::string_view text) {
  const auto wrong = [all = text] {
    fail(ErrorKind::input,
         "\"{}\" is not a layout; one reads \"dark=…;chroma=…\", two hexadecimal digits a cell",
         all.substr(0, 100));
  };
  Layout out;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const size_t equals = part.find('=');
    const auto name = std::ranges::find(kMassNames, part.substr(0, equals));
    Layout::Cells cells;
    if (equals == part.npos || name == std::end(kMassNames) || part.size() - equals - 1 != 2 * cells.size())
      wrong();
    const char* digits = part.data() + equals + 1;
    for (double& v : cells) {
      unsigned value = 0;
      if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) wrong();
      v = value / 64.0;
      digits += 2;
    }
    out.masses[static_cast<size_t>(name - std::begin(kMassNames))] = cells;
  }
  return out;
}

CompositionFeatures measure_composition(const Subject& subject, const Void& found, Layout* layout) {
  CompositionFeatures out;
  const Scale& full = subject.standard;
  const Scale& small = subject.small();
  out.log_aspect = std::log(static_cast<double>(full.width()) / static_cast<double>(full.height()));
  const MassSums sums = mass_sums(full.luma);
  measure_symmetry(full, sums, small.l, out);
  out.balance_parity = balance(sums, Polarity::parity);
  out.balance_dark = balance(sums, Polarity::dark);
  out.balance_light = balance(sums, Polarity::light);
  out.dcm_parity = centre_of_mass(sums, Polarity::parity).distance;
  out.dcm_dark = centre_of_mass(sums, Polarity::dark).distance;
  out.dcm_light = centre_of_mass(sums, Polarity::light).distance;
  out.homogeneity_parity = homogeneity(full.luma, sums, Polarity::parity);
  out.homogeneity_dark = homogeneity(full.luma, sums, Polarity::dark);
  measure_masses(small, out, layout);
  measure_cuts(small.rgb, out);
  measure_skyline(found, out);
  measure_border(found, out);
  measure_salience(salience(small), out, layout);
  return out;
}

}  // namespace linmo::culture
