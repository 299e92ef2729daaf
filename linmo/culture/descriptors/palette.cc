// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/culture/descriptors/colour.h"
#include "linmo/culture/descriptors/kernels.h"

namespace linmo::culture {
namespace {

constexpr uint64_t kSeed = 0x6c696e6d6f;

double squared_distance(const Lab& a, const Lab& b) {
  const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
  return x * x + y * y + z * z;
}

// Cells as columns, for vectors.
struct Columns {
  std::vector<float> l, a, b, weight;
  explicit Columns(const std::vector<PaletteColour>& cells) {
    for (const PaletteColour& c : cells) {
      l.push_back(static_cast<float>(c.oklab[0]));
      a.push_back(static_cast<float>(c.oklab[1]));
      b.push_back(static_cast<float>(c.oklab[2]));
      weight.push_back(static_cast<float>(c.weight));
    }
  }
};

// Where `centre` is nearer than what was found before, it becomes the nearest.
LINMO_SIMD void nearer(const float* l, const float* a, const float* b, float cl, float ca, float cb,
                       int32_t index, float* best, int32_t* nearest, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float x = l[i] - cl, y = a[i] - ca, z = b[i] - cb;
    const float d = x * x + y * y + z * z;
    nearest[i] = d < best[i] ? index : nearest[i];
    best[i] = d < best[i] ? d : best[i];
  }
}

}  // namespace

std::vector<PaletteColour> colour_cells(const Image& rgb) {
  struct Cell {
    double r = 0, g = 0, b = 0;
    int64_t count = 0;
  };
  std::vector<Cell> cells(32 * 32 * 32);
  const auto& linear = linear_of_srgb();
  const auto samples = rgb.samples<uint8_t>();
  for (size_t i = 0; i < samples.size(); i += 3) {
    const uint8_t r = samples[i], g = samples[i + 1], b = samples[i + 2];
    Cell& cell = cells[static_cast<size_t>(r >> 3) << 10 | static_cast<size_t>(g >> 3) << 5 | b >> 3];
    cell.r += linear[r];
    cell.g += linear[g];
    cell.b += linear[b];
    ++cell.count;
  }
  std::vector<PaletteColour> out;
  for (const Cell& cell : cells) {
    if (cell.count == 0) continue;
    const auto n = static_cast<double>(cell.count);
    out.push_back(
        {oklab_of_linear(cell.r / n, cell.g / n, cell.b / n), n / static_cast<double>(rgb.pixels())});
  }
  return out;
}

std::vector<PaletteColour> cluster_colours(const std::vector<PaletteColour>& cells, int k, int starts) {
  const Columns columns(cells);
  const auto count = static_cast<int64_t>(cells.size());
  k = static_cast<int>(std::min<int64_t>(k, count));
  std::vector<PaletteColour> best;
  double best_cost = std::numeric_limits<double>::infinity();
  std::vector<float> distance(cells.size());
  std::vector<int32_t> nearest(cells.size());
  for (int start = 0; start < starts; ++start) {
    Random random(kSeed, static_cast<uint64_t>(start));
    // k-means++ (Arthur & Vassilvitskii 2007): the next centre with probability in proportion to weight ·
    // squared distance.
    std::vector<PaletteColour> centres;
    std::ranges::fill(distance, 1.0f);
    for (int c = 0; c < k; ++c) {
      double total = 0;
      for (size_t i = 0; i < cells.size(); ++i) total += cells[i].weight * distance[i];
      double at = random.uniform() * total;
      size_t chosen = 0;
      while (chosen + 1 < cells.size() && (at -= cells[chosen].weight * distance[chosen]) >= 0) ++chosen;
      centres.push_back({cells[chosen].oklab, 0});
      if (c == 0) std::ranges::fill(distance, std::numeric_limits<float>::max());
      const Lab& o = centres.back().oklab;
      nearer(columns.l.data(), columns.a.data(), columns.b.data(), static_cast<float>(o[0]),
             static_cast<float>(o[1]), static_cast<float>(o[2]), c, distance.data(), nearest.data(), count);
    }
    double cost = std::numeric_limits<double>::infinity();
    for (int step = 0; step < 40; ++step) {
      std::ranges::fill(distance, std::numeric_limits<float>::max());
      for (int c = 0; c < k; ++c) {
        const Lab& o = centres[static_cast<size_t>(c)].oklab;
        nearer(columns.l.data(), columns.a.data(), columns.b.data(), static_cast<float>(o[0]),
               static_cast<float>(o[1]), static_cast<float>(o[2]), c, distance.data(), nearest.data(), count);
      }
      std::vector<PaletteColour> sums(static_cast<size_t>(k));
      double new_cost = 0;
      for (size_t i = 0; i < cells.size(); ++i) {
        PaletteColour& s = sums[static_cast<size_t>(nearest[i])];
        const double w = cells[i].weight;
        s.weight += w;
        for (size_t j = 0; j < 3; ++j) s.oklab[j] += w * cells[i].oklab[j];
        new_cost += w * distance[i];
      }
      for (size_t c = 0; c < sums.size(); ++c) {
        centres[c].weight = sums[c].weight;
        if (sums[c].weight == 0) continue;  // keeps its place
        for (size_t j = 0; j < 3; ++j) centres[c].oklab[j] = sums[c].oklab[j] / sums[c].weight;
      }
      const bool settled = new_cost >= cost * (1 - 1e-4);
      cost = new_cost;
      if (settled) break;
    }
    if (cost < best_cost) {
      best_cost = cost;
      best = std::move(centres);
    }
  }
  std::erase_if(best, [](const PaletteColour& c) { return c.weight == 0; });
  std::ranges::stable_sort(best, std::greater<>(), &PaletteColour::weight);
  return best;
}

double palette_distance(const std::vector<PaletteColour>& a, const std::vector<PaletteColour>& b) {
  if (a.empty() || b.empty()) fail(ErrorKind::usage, "a palette without colours has no distance");
  double total_a = 0, total_b = 0;
  for (const auto& c : a) total_a += c.weight;
  for (const auto& c : b) total_b += c.weight;
  if (!(total_a > 0) || !(total_b > 0)) fail(ErrorKind::usage, "a palette without weight has no distance");
  // Transport by successive cheapest paths (Bellman–Ford on a graph of source, a, b, sink). A handful of
  // colours: nothing faster is needed, and it is exact.
  const size_t n = a.size(), m = b.size();
  std::vector<double> supply(n), demand(m), flow(n * m), cost(n * m);
  for (size_t i = 0; i < n; ++i) supply[i] = a[i].weight / total_a;
  for (size_t j = 0; j < m; ++j) demand[j] = b[j].weight / total_b;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < m; ++j) cost[i * m + j] = std::sqrt(squared_distance(a[i].oklab, b[j].oklab));
  }
  constexpr double kNone = std::numeric_limits<double>::infinity(), kTiny = 1e-12;
  double result = 0;
  for (size_t round = 0; round < 4 * n * m + 8; ++round) {
    std::vector<double> from(n, kNone), to(m, kNone);
    std::vector<size_t> by_a(m, n), by_b(n, m);  // predecessors
    for (size_t i = 0; i < n; ++i) {
      if (supply[i] > kTiny) from[i] = 0;
    }
    for (size_t pass = 0; pass < n + m; ++pass) {
      bool changed = false;
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < m; ++j) {
          if (from[i] + cost[i * m + j] < to[j] - kTiny) {
            to[j] = from[i] + cost[i * m + j];
            by_a[j] = i;
            changed = true;
          }
          if (flow[i * m + j] > kTiny && to[j] - cost[i * m + j] < from[i] - kTiny) {
            from[i] = to[j] - cost[i * m + j];
            by_b[i] = j;
            changed = true;
          }
        }
      }
      if (!changed) break;
    }
    size_t end = m;
    for (size_t j = 0; j < m; ++j) {
      if (demand[j] > kTiny && to[j] < kNone && (end == m || to[j] < to[end])) end = j;
    }
    if (end == m) break;
    double amount = demand[end];
    size_t j = end, i = by_a[j];
    while (by_b[i] != m) {
      j = by_b[i];
      amount = std::min(amount, flow[i * m + j]);
      i = by_a[j];
    }
    amount = std::min(amount, supply[i]);
    supply[i] -= amount;
    demand[end] -= amount;
    result += amount * to[end];
    for (j = end, i = by_a[j];;) {
      flow[i * m + j] += amount;
      if (by_b[i] == m) break;
      j = by_b[i];
      flow[i * m + j] -= amount;
      i = by_a[j];
    }
  }
  return result;
}

std::string to_text(const std::vector<PaletteColour>& palette) {
  std::string out;
  for (const PaletteColour& c : palette) {
    const Lab rgb = linear_of_oklab(c.oklab);
    if (!out.empty()) out += "; ";
    out += fmt::format("#{:02x}{:02x}{:02x} {:.4f}", srgb_of_linear(rgb[0]), srgb_of_linear(rgb[1]),
                       srgb_of_linear(rgb[2]), c.weight);
  }
  return out;
}

std::vector<PaletteColour> parse_palette(std::string_view text) {
  std::vector<PaletteColour> out;
  const std::string_view all = text;
  const auto wrong = [&] {
    fail(ErrorKind::input, "\"{}\" is not a palette; one reads \"#rrggbb 0.25; #rrggbb 0.75\"",
         all.substr(0, 100));
  };
  while (!text.empty()) {
    while (!text.empty() && (text.front() == ' ' || text.front() == ';')) text.remove_prefix(1);
    if (text.empty()) break;
    if (text.size() < 9 || text[0] != '#' || text[7] != ' ') wrong();
    uint32_t code = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 7, code, 16);
    if (error != std::errc() || end != text.data() + 7) wrong();
    const auto& linear = linear_of_srgb();
    PaletteColour colour;
    colour.oklab = oklab_of_linear(linear[code >> 16], linear[code >> 8 & 255], linear[code & 255]);
    const auto [rest, number] = std::from_chars(text.data() + 8, text.data() + text.size(), colour.weight);
    if (number != std::errc() || !(colour.weight >= 0) || colour.weight > 1) wrong();
    text.remove_prefix(static_cast<size_t>(rest - text.data()));
    out.push_back(colour);
  }
  return out;
}

}  // namespace linmo::culture
