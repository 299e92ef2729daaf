// SPDX-License-Identifier: Apache-2.0
// How well distances through one feature network follow those through another, on pictures that neither
// learnt from:
//
//   build/release/bench/perceptual MODEL OTHER [--pictures 60] FOLDER…
//
// Every picture's 128 px patch is compared with itself blurred, compressed, noisy, moved by a few pixels,
// flatter in contrast or tinted, each by a random amount; with another patch of the same picture; and with a
// patch of another picture. Prints Spearman's and Pearson's correlation of the two distances over all pairs
// and over each kind.
#include "linmo/measure/perceptual.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "bench/rank.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/model/library.h"

namespace linmo {
namespace {

constexpr int64_t kSide = 128;

Image blurred(const Image& x, Random& random) {
  const auto small = static_cast<int64_t>(static_cast<double>(kSide) / random.uniform(1.2, 5));
  return resize(resize(x, small, small, Filter::bicubic), kSide, kSide, Filter::bicubic);
}

Image compressed(const Image& x, Random& random) {
  EncodeOptions options;
  options.quality = static_cast<int>(random.uniform(5, 70));
  return decode_image(encode_image(x, ImageFormat::jpeg, options), {}, "JPEG");
}

template <class F>
Image each_sample(Image x, F&& f) {
  int channel = 0;
  for (uint8_t& v : x.samples<uint8_t>()) {
    v = static_cast<uint8_t>(std::clamp(std::lround(f(static_cast<double>(v), channel)), 0l, 255l));
    channel = (channel + 1) % 3;
  }
  return x;
}

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  const double mx = std::accumulate(x.begin(), x.end(), 0.0) / n,
               my = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    xy += (x[i] - mx) * (y[i] - my);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

Image patch(const Image& x, Random& random) {
  return crop(x, random.below(x.width() - kSide + 1), random.below(x.height() - kSide + 1), kSide, kSide);
}

int run(const std::vector<std::string>& arguments) {
  std::vector<std::string> places;
  int64_t most = 60;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--pictures" && i + 1 < arguments.size())
      most = std::stoll(arguments[++i]);
    else
      places.push_back(arguments[i]);
  }
  if (places.size() < 3) fail(ErrorKind::usage, "usage: perceptual MODEL OTHER [--pictures N] FOLDER…");
  const model::Library library = model::default_library();
  const measure::PerceptualDistance one(model::load_model(model::find_model(library, places[0]))),
      other(model::load_model(model::find_model(library, places[1])));

  std::vector<Image> pictures;
  for (size_t i = 2; i < places.size(); ++i) {
    std::vector<std::filesystem::path> files = list_files(places[i]);
    std::erase_if(files, [](const auto& file) { return !is_picture_name(file); });
    const size_t step = std::max<size_t>(1, files.size() / static_cast<size_t>(most));
    for (size_t k = 0; k < files.size(); k += step) {
      const Image picture = to_rgb(read_image(files[k]), 255);
      const double scale = 192.0 / static_cast<double>(std::min(picture.width(), picture.height()));
      pictures.push_back(resize(picture, std::lround(scale * static_cast<double>(picture.width())),
                                std::lround(scale * static_cast<double>(picture.height())), Filter::lanczos));
    }
  }
  std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> kinds;
  std::vector<double> all_one, all_other;
  const auto compare = [&](const std::string& kind, const Image& a, const Image& b) {
    const double x = one(a, b), y = other(a, b);
    kinds[kind].first.push_back(x), kinds[kind].second.push_back(y);
    all_one.push_back(x), all_other.push_back(y);
  };
  for (size_t i = 0; i < pictures.size(); ++i) {
    Random random(7, i);
    const Image& picture = pictures[i];
    const Image a = patch(picture, random);
    compare("blur", a, blurred(a, random));
    compare("JPEG", a, compressed(a, random));
    const double noise = random.uniform(2, 40), contrast = random.uniform(0.3, 0.9),
                 tint = random.uniform(5, 60);
    compare("noise", a, each_sample(a, [&](double v, int) { return v + noise * random.uniform(-1.7, 1.7); }));
    compare("contrast", a, each_sample(a, [&](double v, int) { return 128 + contrast * (v - 128); }));
    compare("tint", a, each_sample(a, [&](double v, int c) {
              return v + (c == 0 ? tint : c == 2 ? -tint : 0);
            }));
    const int64_t dx = 1 + random.below(8), x = random.below(picture.width() - kSide - dx + 1);
    const int64_t y = random.below(picture.height() - kSide + 1);
    compare("moved", crop(picture, x, y, kSide, kSide), crop(picture, x + dx, y, kSide, kSide));
    compare("same picture", a, patch(picture, random));
    compare(
        "other picture", a,
        patch(pictures[static_cast<size_t>(random.below(static_cast<int64_t>(pictures.size())))], random));
  }
  fmt::print("{:16} {:>6} {:>10} {:>10}\n", "pairs", "n", "Spearman", "Pearson");
  for (const auto& [kind, values] : kinds)
    fmt::print("{:16} {:>6} {:>10.3f} {:>10.3f}\n", kind, values.first.size(),
               spearman(values.first, values.second), pearson(values.first, values.second));
  fmt::print("{:16} {:>6} {:>10.3f} {:>10.3f}\n", "all", all_one.size(), spearman(all_one, all_other),
             pearson(all_one, all_other));
  return 0;
}

}  // namespace
}  // namespace linmo

int main(int argc, char** argv) {
  try {
    return linmo::run({argv + 1, argv + argc});
  } catch (const linmo::Error& error) {
    fmt::print(stderr, "perceptual: {}\n", error.what());
    return 1;
  }
}
