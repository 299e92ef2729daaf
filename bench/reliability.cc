// SPDX-License-Identifier: Apache-2.0
// Measures how far every descriptor moves under changes that are no change of style, and writes what it found
// into linmo/culture/descriptors/reliability_table.cc and the tables of docs/descriptors.md:
//
//   build/release/bench/reliability [--pictures 60] [--source DIR] FOLDER…
//
// Pictures are taken evenly from each folder's names. The source folder is the checkout (default: where this
// was built); build again after it, so that the registry knows the new figures.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>

#include "bench/rank.h"
#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

constexpr size_t kLeastPictures = 30;
constexpr int kChanges = 4;
const char* const kBegin = "<!-- begin: written by bench/reliability -->";
const char* const kEnd = "<!-- end -->";

Image changed(const Image& rgb, int change, uint64_t seed) {
  const int64_t w = rgb.width(), h = rgb.height();
  if (change == 0) return resize(rgb, std::lround(w * 2 / 3.0), std::lround(h * 2 / 3.0), Filter::lanczos);
  if (change == 1) {
    EncodeOptions options;
    options.quality = 75;
    return decode_image(encode_image(rgb, ImageFormat::jpeg, options), {}, "JPEG");
  }
  if (change == 2) {
    Image out = rgb;
    Random random(seed);
    for (uint8_t& v : out.samples<uint8_t>())
      v = static_cast<uint8_t>(std::clamp<int64_t>(v + random.below(3) - 1, 0, 255));
    return out;
  }
  const int64_t x = std::lround(0.03 * static_cast<double>(w)),
                y = std::lround(0.03 * static_cast<double>(h));
  return crop(rgb, x, y, w - 2 * x, h - 2 * y);
}

// [picture][0: as it is, 1 … 4: changed][descriptor]
using Values = std::vector<std::array<std::vector<double>, kChanges + 1>>;

struct Pairs {
  std::vector<double> x, y;
};
Pairs pairs_of(const Values& values, size_t change_x, size_t x, size_t change_y, size_t y) {
  Pairs pairs;
  for (const auto& of_picture : values) {
    const double a = of_picture[change_x][x], b = of_picture[change_y][y];
    if (std::isnan(a) || std::isnan(b)) continue;
    pairs.x.push_back(a);
    pairs.y.push_back(b);
  }
  return pairs;
}

Movement movement(const Values& values, size_t change, size_t descriptor) {
  const auto [x, y] = pairs_of(values, 0, descriptor, change, descriptor);
  Movement out;
  if (x.size() < kLeastPictures) return out;
  const bool circular = registry()[descriptor].unit == "°";
  std::vector<double> moves;
  for (size_t i = 0; i < x.size(); ++i) {
    const double d = std::abs(x[i] - y[i]);
    moves.push_back(circular ? std::min(d, 360 - d) : d);
  }
  const double spread = quantile_of(x, 0.75) - quantile_of(x, 0.25);
  if (spread > 0) out.shift = quantile_of(moves, 0.5) / spread;
  out.rank = spearman(x, y);
  return out;
}

std::string as_code(double v) {
  return std::isnan(v) ? "kUnknown" : fmt::format("{:.3f}", v);
}

std::string table_source(const std::vector<Reliability>& reliability) {
  std::string out =
      "// SPDX-License-Identifier: Apache-2.0\n"
      "// Written by bench/reliability; shift and rank for resizing, JPEG, noise and cropping.\n"
      "#include <array>\n#include <limits>\n\n"
      "#include \"linmo/culture/descriptors/reliability.h\"\n\nnamespace linmo::culture {\nnamespace {\n\n"
      "constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();\n\n// clang-format off\n"
      "constexpr auto kTable = std::to_array<KnownReliability>({\n";
  for (size_t i = 0; i < reliability.size(); ++i) {
    const Reliability& r = reliability[i];
    if (registry()[i].is_nuisance || (std::isnan(r.resize.rank) && std::isnan(r.crop.rank))) continue;
    out += fmt::format("    {{\"{}\", {{", registry()[i].name);
    for (const Movement* m : {&r.resize, &r.jpeg, &r.noise, &r.crop})
      out += fmt::format("{{{}, {}}}, ", as_code(m->shift), as_code(m->rank));
    out += fmt::format("{}}}}},\n", r.pictures);
  }
  out +=
      "});\n// clang-format on\n\n}  // namespace\n\n"
      "std::span<const KnownReliability> known_reliability() {\n  return kTable;\n}\n\n"
      "}  // namespace linmo::culture\n";
  return out;
}

std::string cell(const Movement& m) {
  const auto number = [](double v) { return std::isnan(v) ? std::string("–") : fmt::format("{:.2f}", v); };
  return number(m.shift) + " / " + number(m.rank);
}

std::string range_of(const Descriptor& d) {
  const auto end = [](double v) {
    return std::isinf(v) ? std::string(v < 0 ? "−∞" : "∞") : fmt::format("{:.4g}", v);
  };
  return end(d.low) + " … " + end(d.high);
}

std::string escaped(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string tables(const Values& values, const std::vector<Reliability>& reliability,
                   const std::string& from) {
  const std::vector<Descriptor>& all = registry();
  std::string out = fmt::format("Measured on {} pictures ({}); {} descriptors.\n", values.size(), from,
                                std::ranges::count(all, false, &Descriptor::is_nuisance));
  std::string group;
  for (size_t i = 0; i < all.size(); ++i) {
    const Descriptor& d = all[i];
    if (d.is_nuisance) continue;  // their page is describe.md
    if (d.group != group) {
      group = d.group;
      out += fmt::format(
          "\n## {}\n\n| name | formula | unit | range | source | ⅔ size | JPEG 75 | ±1 noise | 3 % crop "
          "|\n|---|---|---|---|---|---|---|---|---|\n",
          group);
    }
    out += fmt::format("| `{}`{}{} | {} | {} | {} | {} | {} | {} | {} | {} |\n", d.name,
                       d.is_core ? " **core**" : "", d.is_parity ? " *parity*" : "", escaped(d.formula),
                       d.unit, range_of(d), d.source, cell(reliability[i].resize), cell(reliability[i].jpeg),
                       cell(reliability[i].noise), cell(reliability[i].crop));
  }
  out +=
      "\n## The core\n\nSpearman's correlation with the core descriptor that is most like it, and the "
      "smallest of "
      "the "
      "four ranks.\n\n| name | most like | correlation | least rank |\n|---|---|---|---|\n";
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].is_core) continue;
    size_t most = i;
    double best = 0;
    for (size_t j = 0; j < all.size(); ++j) {
      if (j == i || !all[j].is_core) continue;
      const auto [x, y] = pairs_of(values, 0, i, 0, j);
      const double r = x.size() < kLeastPictures ? 0 : spearman(x, y);
      if (std::abs(r) > std::abs(best)) {
        best = r;
        most = j;
      }
    }
    out += fmt::format("| `{}` | `{}` | {:.2f} | {:.2f} |\n", all[i].name, all[most].name, best,
                       reliability[i].least_rank());
  }
  return out;
}

class Progress : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.kind == Event::Kind::progress && static_cast<int>(event.done) % 20 == 0)
      std::fprintf(stderr, "%.0f of %.0f\n", event.done, event.total);
  }
};

int run(int argc, char** argv) {
  size_t per_folder = 60;
  std::filesystem::path source = LINMO_SOURCE_DIR;
  std::vector<std::filesystem::path> files;
  std::string from;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--pictures" && i + 1 < argc) {
      per_folder = static_cast<size_t>(std::max(1, std::atoi(argv[++i])));
    } else if (argument == "--source" && i + 1 < argc) {
      source = argv[++i];
    } else {
      std::vector<std::filesystem::path> found;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argument)) {
        if (entry.is_regular_file() && is_picture_name(entry.path())) found.push_back(entry.path());
      }
      std::ranges::sort(found);
      const size_t taken = std::min(per_folder, found.size());
      for (size_t k = 0; k < taken; ++k) files.push_back(found[k * found.size() / taken]);
      from += fmt::format("{}{} of {}", from.empty() ? "" : ", ", taken,
                          std::filesystem::path(argument).filename().string());
    }
  }
  if (files.size() < kLeastPictures)
    fail(ErrorKind::usage, "reliability needs folders with {} pictures", kLeastPictures);
  Values values(files.size());
  Progress progress;
  for_each_parallel(files.size(), 0, "pictures", progress, [&](size_t i) {
    const Image rgb = to_depth(to_rgb(read_image(files[i]), 255), Depth::u8);
    values[i][0] = describe(make_subject(rgb)).values;
    for (int c = 0; c < kChanges; ++c)
      values[i][static_cast<size_t>(c + 1)] = describe(make_subject(changed(rgb, c, i))).values;
  });
  std::vector<Reliability> reliability(registry().size());
  for (size_t i = 0; i < reliability.size(); ++i) {
    reliability[i] = {movement(values, 1, i), movement(values, 2, i), movement(values, 3, i),
                      movement(values, 4, i), static_cast<int64_t>(files.size())};
  }
  write_file(source / "linmo/culture/descriptors/reliability_table.cc", table_source(reliability));
  const std::filesystem::path page = source / "docs/descriptors.md";
  const std::string text = read_text(page);
  const size_t begin = text.find(kBegin), end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    fail(ErrorKind::input, "{}: the lines {} and {} are missing", page.string(), kBegin, kEnd);
  write_file(page,
             text.substr(0, begin) + kBegin + "\n" + tables(values, reliability, from) + text.substr(end));
  return 0;
}

}  // namespace
}  // namespace linmo::culture

int main(int argc, char** argv) {
  try {
    return linmo::culture::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "reliability: %s\n", error.what());
    return 1;
  }
}
