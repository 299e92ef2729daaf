// SPDX-License-Identifier: Apache-2.0
// planted FOLDER [PICTURES] [STUDIES]: known differences are planted into pictures, and studies of random
// halves say whether they are found: power and false positives of linmo compare. Prints a table in Markdown.
//
// Every study deals the pictures to two groups by lot and plants the difference into the second; the groups
// never share a picture. With nothing planted, whatever is found is false.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <vector>

#include "linmo/collection/manifest.h"
#include "linmo/collection/parallel.h"
#include "linmo/core/files.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/culture/statistics/comparison.h"
#include "linmo/culture/statistics/multivariate.h"
#include "linmo/culture/statistics/univariate.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace {
using namespace linmo;
using namespace linmo::culture;

constexpr int64_t kSide = 512;
using Samples = std::span<uint8_t>;

uint8_t byte(double v) {
  return static_cast<uint8_t>(std::clamp(std::lround(v), 0L, 255L));
}

double luma(const Image& image, int64_t x, int64_t y) {
  x = std::clamp<int64_t>(x, 0, image.width() - 1);
  y = std::clamp<int64_t>(y, 0, image.height() - 1);
  const auto row = image.row<uint8_t>(y);
  return .299 * row[3 * x] + .587 * row[3 * x + 1] + .114 * row[3 * x + 2];
}

Image warm(const Image& from, Random&) {
  Image out = from;
  const Samples s = out.samples<uint8_t>();
  for (size_t i = 0; i < s.size(); i += 3) {
    s[i] = byte(s[i] + 6.0);
    s[i + 2] = byte(s[i + 2] - 8.0);
  }
  return out;
}

// The darkest of (2 reach + 1)² pixels, every channel for itself.
Image darkest_near(const Image& from, int64_t reach) {
  Image out = from;
  for (int64_t y = 0; y < from.height(); ++y)
    for (int64_t x = 0; x < from.width(); ++x)
      for (int c = 0; c < 3; ++c) {
        uint8_t least = 255;
        for (int64_t v = std::max<int64_t>(0, y - reach); v <= std::min(from.height() - 1, y + reach); ++v)
          for (int64_t u = std::max<int64_t>(0, x - reach); u <= std::min(from.width() - 1, x + reach); ++u)
            least = std::min(least, from.row<uint8_t>(v)[3 * u + c]);
        out.row<uint8_t>(y)[3 * x + c] = least;
      }
  return out;
}

// A line one pixel wide along every steep edge, 40 grey levels (about 15 L*) darker than the darker side.
// What is merely darker near edges is no outline: the step from dark to light swallows it.
Image dark_outlines(const Image& from, Random&) {
  Image out = from;
  const Image darkest = darkest_near(from, 2);
  measure::Plane grey(from.width(), from.height());
  for (int64_t y = 0; y < from.height(); ++y)
    for (int64_t x = 0; x < from.width(); ++x) grey.row(y)[x] = static_cast<float>(luma(from, x, y));
  const measure::Plane smooth = gaussian_blur(grey, 1);
  const auto slope = [&](int64_t x, int64_t y) -> std::pair<double, double> {
    if (x < 1 || y < 1 || x + 1 >= from.width() || y + 1 >= from.height()) return {0, 0};
    return {(smooth.row(y)[x + 1] - smooth.row(y)[x - 1]) / 2,
            (smooth.row(y + 1)[x] - smooth.row(y - 1)[x]) / 2};
  };
  const auto strength = [&](int64_t x, int64_t y) {
    const auto [gx, gy] = slope(x, y);
    return std::hypot(gx, gy);
  };
  for (int64_t y = 1; y + 1 < from.height(); ++y)
    for (int64_t x = 1; x + 1 < from.width(); ++x) {
      const auto [gx, gy] = slope(x, y);
      const double here = std::hypot(gx, gy);
      if (here < 12) continue;
      // The neighbours across the edge, of eight.
      const int64_t dx = std::lround(gx / here), dy = std::lround(gy / here);
      if (here < strength(x + dx, y + dy) || here <= strength(x - dx, y - dy)) continue;
      for (int c = 0; c < 3; ++c)
        out.row<uint8_t>(y)[3 * x + c] = byte(darkest.row<uint8_t>(y)[3 * x + c] - 40.0);
    }
  return out;
}

// Dark strokes become 2 px wider.
Image wide_strokes(const Image& from, Random&) {
  return darkest_near(from, 1);
}

// A fifth of the picture, at a corner, becomes bare paper: the colour of its lightest tenth.
Image more_void(const Image& from, Random& random) {
  std::vector<std::pair<double, int64_t>> order;
  for (int64_t i = 0; i < from.pixels(); ++i)
    order.emplace_back(luma(from, i % from.width(), i / from.width()), i);
  std::sort(order.begin(), order.end());
  const int64_t paper = order[order.size() * 9 / 10].second;
  const auto s = from.samples<uint8_t>();
  const uint8_t colour[3] = {s[3 * paper], s[3 * paper + 1], s[3 * paper + 2]};
  const double side = std::sqrt(.2);
  const int64_t w = std::lround(side * static_cast<double>(from.width()));
  const int64_t h = std::lround(side * static_cast<double>(from.height()));
  const int64_t left = random.chance(.5) ? 0 : from.width() - w,
                top = random.chance(.5) ? 0 : from.height() - h;
  Image out = from;
  for (int64_t y = top; y < top + h; ++y)
    for (int64_t x = left; x < left + w; ++x)
      for (int c = 0; c < 3; ++c) out.row<uint8_t>(y)[3 * x + c] = colour[c];
  return out;
}

// The top quarter is stretched to twice its height, and as much is lost at the bottom.
Image low_horizon(const Image& from, Random&) {
  Image out = from;
  const int64_t stretched = from.height() / 2;
  for (int64_t y = 0; y < from.height(); ++y) {
    const auto row = from.row<uint8_t>(y < stretched ? y / 2 : y - stretched / 2);
    std::copy(row.begin(), row.end(), out.row<uint8_t>(y).begin());
  }
  return out;
}

struct Planted {
  const char* name;
  std::function<Image(const Image&, Random&)> edit;
  const char* descriptor;
  int direction;
};

const std::vector<Planted>& planted() {
  static const std::vector<Planted> all{
      {"nothing", [](const Image& i, Random&) { return i; }, "lab_b", 1},
      {"warmer colour", warm, "lab_b", 1},
      {"darker outlines", dark_outlines, "outline_darkness", -1},
      {"wider strokes", wide_strokes, "stroke_width", 1},
      {"more void", more_void, "void_share", 1},
      {"lower horizon", low_horizon, "horizon", -1},
  };
  return all;
}

struct Result {
  bool found = false;         // the planted descriptor: different, in the right direction
  bool any = false;           // any descriptor of style: different
  bool energy = false;        // p of all together
  double small = 0, all = 0;  // descriptors of style with p ≤ α
};

Result run_study(const std::vector<std::vector<double>>& plain,
                 const std::vector<std::vector<double>>& edited, const Planted& what, uint64_t number) {
  const auto& descriptors = registry();
  std::vector<int64_t> order(plain.size());
  std::iota(order.begin(), order.end(), 0);
  Random random(2024, number);
  random.shuffle(std::span(order));
  Design design;
  design.groups = 2;
  design.strata = {""};
  UnitValues values(descriptors.size());
  for (size_t i = 0; i < order.size(); ++i) {
    Unit unit;
    unit.group = i < order.size() / 2 ? 0 : 1;
    unit.cluster = static_cast<int64_t>(i);
    design.units.push_back(unit);
    for (size_t d = 0; d < descriptors.size(); ++d)
      values[d].push_back((unit.group ? edited : plain)[order[i]][d]);
  }
  finish(design);
  CompareSettings settings;
  settings.seed = static_cast<int64_t>(number);
  settings.permutations = 499;
  settings.multivariate_permutations = 199;
  settings.bootstrap = 100;
  settings.interval = "percentile";
  settings.threads = 1;
  Result out;
  const PairComparison pair = compare_pair(design, values, descriptors, 0, 1, settings, null_sink());
  std::vector<int64_t> core;
  for (size_t d = 0; d < descriptors.size(); ++d) {
    if (descriptors[d].is_nuisance) continue;
    const Comparison& c = pair.comparisons[d];
    if (descriptors[d].is_core) core.push_back(static_cast<int64_t>(d));
    if (std::isnan(c.p)) continue;
    out.all += 1;
    out.small += c.p <= settings.alpha;
    const bool different = c.verdict == Verdict::different;
    out.any = out.any || different;
    if (descriptors[d].name == what.descriptor) out.found = different && c.delta * what.direction > 0;
  }
  out.energy = separate(design, values, core, 0, 1, settings, null_sink()).energy_p <= settings.alpha;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "planted FOLDER [PICTURES] [STUDIES]\n");
    return 2;
  }
  const size_t wanted = argc > 2 ? std::stoul(argv[2]) : 80, studies = argc > 3 ? std::stoul(argv[3]) : 200;
  std::vector<std::filesystem::path> files = collection_files(argv[1]);
  std::vector<Image> pictures;
  const size_t step = std::max<size_t>(1, files.size() / wanted);
  for (size_t i = 0; i < files.size() && pictures.size() < wanted; i += step) {
    try {
      const Image whole = to_rgb(read_image(files[i]), 255);
      const Size size = fitted(whole.width(), whole.height(), kSide);
      pictures.push_back(resize(to_depth(whole, Depth::u8), size.width, size.height));
    } catch (const Error& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
  }
  if (pictures.size() < 20) {
    fmt::print(stderr, "{}: fewer than 20 pictures\n", argv[1]);
    return 1;
  }
  std::vector<std::vector<std::vector<double>>> described(planted().size());
  for (auto& d : described) d.resize(pictures.size());
  for_each_parallel(pictures.size(), 0, "describing", null_sink(), [&](size_t i) {
    for (size_t e = 0; e < planted().size(); ++e) {
      Random random(7, i);
      described[e][i] = describe(make_subject(planted()[e].edit(pictures[i], random))).values;
    }
  });

  fmt::print("{} pictures at {} px, {} studies a row, {} against {} pictures a study.\n\n", pictures.size(),
             kSide, studies, pictures.size() / 2, pictures.size() - pictures.size() / 2);
  fmt::print(
      "| planted | descriptor | median change | δ, all pictures | found (q ≤ .05, right direction) | all "
      "together (energy p ≤ .05) | any descriptor \"different\" | descriptors with p ≤ .05 |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (size_t e = 0; e < planted().size(); ++e) {
    const Planted& what = planted()[e];
    size_t column = 0;
    while (registry()[column].name != what.descriptor) ++column;
    std::vector<double> changes, before, after;
    for (size_t i = 0; i < pictures.size(); ++i) {
      const double a = described[0][i][column], b = described[e][i][column];
      if (std::isnan(a) || std::isnan(b)) continue;
      changes.push_back(b - a);
      before.push_back(a);
      after.push_back(b);
    }
    std::sort(changes.begin(), changes.end());
    std::vector<Result> results(studies);
    for_each_parallel(studies, 0, what.name, null_sink(),
                      [&](size_t s) { results[s] = run_study(described[0], described[e], what, mix(e, s)); });
    double found = 0, any = 0, energy = 0, small = 0, all = 0;
    for (const Result& r : results) {
      found += r.found;
      any += r.any;
      energy += r.energy;
      small += r.small;
      all += r.all;
    }
    const double n = static_cast<double>(studies);
    fmt::print("| {} | `{}` | {:+.3g} {} | {:+.2f} | {:.0f} % | {:.0f} % | {:.0f} % | {:.1f} % |\n",
               what.name, what.descriptor, quantile(changes, .5), registry()[column].unit,
               cliffs_delta(after, before), 100 * found / n, 100 * energy / n, 100 * any / n,
               100 * small / all);
    std::fflush(stdout);  // the next row takes minutes
  }
  return 0;
}
