// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/colour.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "linmo/culture/descriptors/kernels.h"
#include "linmo/culture/descriptors/spatial.h"

namespace linmo::culture {
namespace {

constexpr double kFlatDeviation = 0.01, kFlatRegion = 0.005;
constexpr float kColoured = 5;  // C* under which a hue means nothing
constexpr int kHueBins = 36;

LINMO_SIMD void polar(const float* a, const float* b, float* chroma, float* hue, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    chroma[i] = std::sqrt(a[i] * a[i] + b[i] * b[i]);
    hue[i] = hue_degrees(b[i], a[i]);
  }
}

LINMO_SIMD void delta_run(const float* l1, const float* a1, const float* b1, const float* l2, const float* a2,
                          const float* b2, float* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float x = l1[i] - l2[i], y = a1[i] - a2[i], z = b1[i] - b2[i];
    out[i] = std::sqrt(x * x + y * y + z * z);
  }
}

struct Moments {
  double mean, sd;
};

// Sums of v − centre and its squares, in lanes that do not wait for each other.
LINMO_SIMD void add_moments(const float* v, double centre, double* sum, double* squares, int64_t count) {
  double a[16] = {}, b[16] = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int64_t k = 0; k < 16; ++k) {
      const double d = v[i + k] - centre;
      a[k] += d;
      b[k] += d * d;
    }
  }
  for (; i < count; ++i) {
    a[0] += v[i] - centre;
    b[0] += (v[i] - centre) * (v[i] - centre);
  }
  for (int64_t k = 0; k < 16; ++k) {
    *sum += a[k];
    *squares += b[k];
  }
}

Moments moments(std::span<const float> v) {
  // About the first value, which is close enough to the mean for doubles.
  const auto n = static_cast<double>(v.size());
  double sum = 0, squares = 0;
  add_moments(v.data(), v[0], &sum, &squares, static_cast<int64_t>(v.size()));
  return {v[0] + sum / n, std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)))};
}

void measure_hue(const Scale& scale, const Lab* paper, ColourFeatures& out) {
  const auto count = static_cast<size_t>(scale.pixels());
  measure::UnsetVector<float> chroma(count), hue(count);
  polar(scale.a.values.data(), scale.b.values.data(), chroma.data(), hue.data(), scale.pixels());
  const Moments c = moments(chroma);
  out.chroma = c.mean;
  out.chroma_sd = c.sd;
  double total = 0, warm = 0, cool = 0, sum_a = 0, sum_b = 0;
  int64_t coloured = 0, red = 0, aniline = 0, blue = 0, gold = 0, grey = 0;
  std::array<double, kHueBins> bins{};
  const float paper_a = paper ? static_cast<float>((*paper)[1]) : 0;
  const float paper_b = paper ? static_cast<float>((*paper)[2]) : 0;
  for (size_t i = 0; i < count; ++i) {
    const float k = chroma[i], h = hue[i];
    sum_a += scale.a.values[i];
    sum_b += scale.b.values[i];
    total += k;
    const float da = scale.a.values[i] - paper_a, db = scale.b.values[i] - paper_b;
    grey += da * da + db * db < 64;
    if (k < kColoured) continue;
    ++coloured;
    bins[std::min<size_t>(kHueBins - 1, static_cast<size_t>(h / 10))] += k;
    if (h >= 330 || h < 110) warm += k;
    if (h >= 150 && h < 300) cool += k;
    red += h <= 50 && k >= 20;
    aniline += h >= 10 && h <= 20 && k >= 50;
    blue += h >= 230 && h <= 290 && k >= 15;
    gold += h >= 75 && h <= 100 && k >= 25;
  }
  const auto n = static_cast<double>(count);
  out.strong_red = static_cast<double>(red) / n;
  out.aniline_red = static_cast<double>(aniline) / n;
  out.blue = static_cast<double>(blue) / n;
  out.gold = static_cast<double>(gold) / n;
  out.monochrome = static_cast<double>(grey) / n;
  // In a picture without colour, hue means nothing.
  if (static_cast<double>(coloured) < 0.01 * n) return;
  double mean = std::atan2(sum_b, sum_a) * 180 / std::numbers::pi;
  if (mean < 0) mean += 360;
  out.hue_mean = mean;
  out.hue_concentration = std::hypot(sum_a, sum_b) / total;
  out.hue_entropy = entropy_bits(bins) / std::log2(kHueBins);
  if (warm + cool > 0) out.warm_cool = (warm - cool) / (warm + cool);
}

void measure_oklab(const Scale& scale, ColourFeatures& out) {
  Plane l, a, b;
  oklab_planes(scale.rgb, l, a, b);
  out.oklab_l = moments(l.values).mean;
  out.oklab_a = moments(a.values).mean;
  out.oklab_b = moments(b.values).mean;
  const Plane sl = local_deviation(l, 9), sa = local_deviation(a, 9), sb = local_deviation(b, 9);
  Bits flat(scale.width(), scale.height());
  for (size_t i = 0; i < flat.values.size(); ++i) {
    const double x = sl.values[i], y = sa.values[i], z = sb.values[i];
    flat.values[i] = x * x + y * y + z * z < kFlatDeviation * kFlatDeviation;
  }
  int64_t area = 0, regions = 0;
  for (const Component& c : components(flat, false)) {
    if (static_cast<double>(c.area) < kFlatRegion * static_cast<double>(scale.pixels())) continue;
    area += c.area;
    ++regions;
  }
  out.flat_share = static_cast<double>(area) / static_cast<double>(scale.pixels());
  out.flat_regions = static_cast<double>(regions);
}

// In fractions of 255, as the reference computes: where rounding is a tie, the last bit decides.
LINMO_SIMD void hsv_hue_row(const double* __restrict red, const double* __restrict green,
                            const double* __restrict blue, double* __restrict hue, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const double r = red[i], g = green[i], b = blue[i];
    const double high = std::max(std::max(r, g), b), d = high - std::min(std::min(r, g), b);
    const double step = high == b ? r - g : high == g ? b - r : g - b;
    const double from = high == b ? 4 : high == g ? 2 : 0;
    const double h = (from + step / (d > 0 ? d : 1)) / 6;
    hue[i] = d > 0 ? (h < 0 ? h + 1 : h) : 0;
  }
}

LINMO_SIMD double largest_of(const double* v, int64_t count) {
  double lanes[8] = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int64_t k = 0; k < 8; ++k) lanes[k] = v[i + k] > lanes[k] ? v[i + k] : lanes[k];
  for (int64_t k = 0; i < count; ++i, ++k) lanes[k] = std::max(lanes[k], v[i]);
  return *std::max_element(lanes, lanes + 8);
}

// Integers throughout: rg to 255, 2·yb to 510; sums of a thousand squares fit 32 bits.
constexpr int64_t kColourBlock = 1024;
LINMO_SIMD void opponent_run(const uint8_t* rgb, int32_t* rg, int32_t* rg2, int32_t* yb, int32_t* yb2,
                             int64_t count) {
  int32_t a = 0, b = 0, c = 0, d = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int32_t x = rgb[3 * i] - rgb[3 * i + 1], y = rgb[3 * i] + rgb[3 * i + 1] - 2 * rgb[3 * i + 2];
    a += x;
    b += x * x;
    c += y;
    d += y * y;
  }
  *rg = a;
  *rg2 = b;
  *yb = c;
  *yb2 = d;
}

void measure_palette(const Image& rgb, ColourFeatures& out, std::vector<PaletteColour>* palette) {
  const std::vector<PaletteColour> cells = colour_cells(rgb);
  const std::vector<PaletteColour> eight = cluster_colours(cells, 8, 10);
  double entropy = 0, spread = 0;
  for (const PaletteColour& c : eight) {
    entropy -= c.weight * std::log(c.weight);
    for (const PaletteColour& d : eight) {
      spread += c.weight * d.weight *
                std::hypot(c.oklab[0] - d.oklab[0], c.oklab[1] - d.oklab[1], c.oklab[2] - d.oklab[2]);
    }
  }
  out.palette_entropy = std::max(0.0, entropy / std::log(8));
  out.palette_spread = spread;
  if (palette) *palette = eight;

  std::vector<Lab> labs;
  for (const PaletteColour& c : cells) {
    const Lab rgb_linear = linear_of_oklab(c.oklab);
    labs.push_back(lab_of_linear(rgb_linear[0], rgb_linear[1], rgb_linear[2]));
  }
  const auto error = [&](int k) {
    const std::vector<PaletteColour> centres = cluster_colours(cells, k, 1);
    std::vector<Lab> centre_labs;
    for (const PaletteColour& c : centres) {
      const Lab linear = linear_of_oklab(c.oklab);
      centre_labs.push_back(lab_of_linear(linear[0], linear[1], linear[2]));
    }
    double sum = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      size_t nearest = 0;
      double least = kUnbounded;
      for (size_t c = 0; c < centres.size(); ++c) {
        const double x = cells[i].oklab[0] - centres[c].oklab[0], y = cells[i].oklab[1] - centres[c].oklab[1],
                     z = cells[i].oklab[2] - centres[c].oklab[2];
        const double d = x * x + y * y + z * z;
        if (d < least) {
          least = d;
          nearest = c;
        }
      }
      sum += cells[i].weight * delta_e_2000(labs[i], centre_labs[nearest]);
    }
    return sum;
  };
  int low = 0, high = 1;  // low does not suffice, high does (or is 64)
  while (high < 64 && error(high) >= 5) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (error(middle) < 5 ? high : low) = middle;
  }
  out.relevant_colours = high;
}

}  // namespace

double colourfulness(const Image& rgb) {
  int64_t rg = 0, rg2 = 0, yb = 0, yb2 = 0;
  const auto s = rgb.samples<uint8_t>();
  for (int64_t i = 0; i < rgb.pixels(); i += kColourBlock) {
    std::array<int32_t, 4> sums;
    opponent_run(s.data() + 3 * i, &sums[0], &sums[1], &sums[2], &sums[3],
                 std::min(kColourBlock, rgb.pixels() - i));
    rg += sums[0];
    rg2 += sums[1];
    yb += sums[2];
    yb2 += sums[3];
  }
  const auto n = static_cast<double>(rgb.pixels());
  const double mean_rg = static_cast<double>(rg) / n, mean_yb = static_cast<double>(yb) / n / 2;
  const double var_rg = static_cast<double>(rg2) / n - mean_rg * mean_rg;
  const double var_yb = static_cast<double>(yb2) / n / 4 - mean_yb * mean_yb;
  return std::sqrt(std::max(0.0, var_rg + var_yb)) + 0.3 * std::hypot(mean_rg, mean_yb);
}

double hsv_hue_entropy(const Image& rgb) {
  const auto s = rgb.samples<uint8_t>();
  const int64_t w = rgb.width();
  std::array<double, 256> fraction;
  for (size_t v = 0; v < 256; ++v) fraction[v] = static_cast<double>(v) / 255;
  measure::UnsetVector<double> hue(static_cast<size_t>(rgb.pixels()));
  std::vector<double> rows(static_cast<size_t>(3 * w));
  for (int64_t y = 0; y < rgb.height(); ++y) {
    const uint8_t* from = s.data() + 3 * w * y;
    for (int64_t x = 0; x < w; ++x) {
      for (int64_t c = 0; c < 3; ++c) rows[static_cast<size_t>(c * w + x)] = fraction[from[3 * x + c]];
    }
    hsv_hue_row(rows.data(), rows.data() + w, rows.data() + 2 * w, hue.data() + y * w, w);
  }
  const double largest = largest_of(hue.data(), rgb.pixels());
  return largest > 0 ? std::max(0.0, entropy_bits(scaled_histogram(hue, largest))) : 0;
}

double colour_step(const Scale& scale, int64_t lag) {
  const int64_t w = scale.width(), h = scale.height();
  std::vector<float> step(static_cast<size_t>(w));
  double sum = 0;
  int64_t pairs = 0;
  const auto add = [&](int64_t y, int64_t y2, int64_t dx) {
    const auto at = [](const Plane& p, int64_t row, int64_t x) { return p.row(row).data() + x; };
    delta_run(at(scale.l, y, 0), at(scale.a, y, 0), at(scale.b, y, 0), at(scale.l, y2, dx),
              at(scale.a, y2, dx), at(scale.b, y2, dx), step.data(), w - dx);
    sum += std::accumulate(step.begin(), step.begin() + (w - dx), 0.0);
    pairs += w - dx;
  };
  for (int64_t y = 0; y < h; ++y) {
    if (lag < w) add(y, y, lag);
    if (y + lag < h) add(y, y + lag, 0);
  }
  return pairs > 0 ? sum / static_cast<double>(pairs) : kMissing;
}

ColourFeatures measure_colour(const Subject& subject, const Lab* paper, std::vector<PaletteColour>* palette) {
  ColourFeatures out;
  const Scale& full = subject.standard;
  out.lab_l = moments(full.l.values).mean;
  const Moments a = moments(full.a.values), b = moments(full.b.values);
  out.lab_a = a.mean;
  out.lab_b = b.mean;
  out.lab_a_sd = a.sd;
  out.lab_b_sd = b.sd;
  out.colourfulness = colourfulness(full.rgb);
  out.hsv_hue_entropy = hsv_hue_entropy(full.rgb);
  const Scale& small = subject.small();
  measure_hue(small, paper, out);
  measure_palette(small.rgb, out, palette);
  measure_oklab(small, out);
  out.colour_step_1 = colour_step(small, 1);
  out.colour_step_8 = colour_step(small, 8);
  out.colour_step_64 = colour_step(small, 64);
  if (out.colour_step_64 > 0) out.seamlessness = out.colour_step_1 / out.colour_step_64;
  return out;
}

}  // namespace linmo::culture
