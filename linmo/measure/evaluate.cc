// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/evaluate.h"

#include <algorithm>
#include <bit>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <set>

#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/measure/artefacts.h"
#include "linmo/measure/distances.h"
#include "linmo/measure/neighbours.h"
#include "linmo/measure/perceptual.h"
#include "linmo/measure/similarity.h"
#include "linmo/measure/sliced_wasserstein.h"
#include "linmo/model/library.h"

namespace linmo::measure {
namespace {

namespace fs = std::filesystem;

// Passes the wish to stop on, keeps the progress of inner loops to itself.
class StopOnly : public EventSink {
 public:
  explicit StopOnly(const EventSink& outer) : outer_(outer) {}
  void on_event(const Event&) override {}
  bool stop_requested() const override { return outer_.stop_requested(); }

 private:
  const EventSink& outer_;
};

// The files that could not be used, each once.
class Refusals {
 public:
  Refusals() = default;
  Refusals(const Refusals& other) : reasons_(other.reasons_) {}
  Refusals& operator=(const Refusals& other) {
    reasons_ = other.reasons_;
    return *this;
  }
  void add(const fs::path& file, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    reasons_[to_utf8(file)] = reason;
  }
  void add(const Refusals& others) {
    const std::lock_guard lock(mutex_);
    reasons_.insert(others.reasons_.begin(), others.reasons_.end());
  }
  std::vector<RefusedPicture> list() const {
    std::vector<RefusedPicture> all;
    for (const auto& [file, reason] : reasons_) all.push_back({file, reason});
    return all;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> reasons_;
};

std::optional<Image> read(const fs::path& file, Refusals& refused) {
  DecodeOptions options;
  options.limits.max_pixels = 200'000'000;
  options.keep_16_bit = true;
  try {
    return read_image(file, options);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    refused.add(file, error.what());
    return std::nullopt;
  }
}

std::vector<fs::path> pictures_in(const std::string& folder, std::string_view role) {
  if (folder.empty()) return {};
  std::vector<fs::path> files = list_files(folder);
  std::erase_if(files, [](const fs::path& file) { return !is_picture_name(file); });
  if (files.empty()) {
    fail(ErrorKind::input, "{} (--{}) holds no pictures; .jpg, .png, .webp and .tiff are read", folder, role);
  }
  return files;
}

// `limit` of the files drawn at random, in a random order; all of them for 0.
std::vector<fs::path> drawn(std::vector<fs::path> files, int64_t limit, uint64_t seed) {
  Random random(seed);
  random.shuffle(std::span(files));
  if (limit > 0 && limit < static_cast<int64_t>(files.size())) files.resize(static_cast<size_t>(limit));
  return files;
}

// Finds the picture of the same name in another folder.
class Matcher {
 public:
  Matcher(const std::string& folder, const std::vector<fs::path>& files) {
    for (const fs::path& file : files) {
      by_path_.emplace(key(folder, file), file);
      const auto [at, fresh] = by_name_.emplace(to_utf8(file.stem()), file);
      if (!fresh) at->second.clear();  // no longer the only one of that name
    }
  }
  std::optional<fs::path> find(const std::string& folder, const fs::path& file) const {
    if (const auto at = by_path_.find(key(folder, file)); at != by_path_.end()) return at->second;
    const auto at = by_name_.find(to_utf8(file.stem()));
    if (at == by_name_.end() || at->second.empty()) return std::nullopt;
    return at->second;
  }

 private:
  static std::string key(const std::string& folder, const fs::path& file) {
    const fs::path below = file.lexically_relative(folder);
    return to_utf8(below.parent_path() / below.stem());
  }
  std::map<std::string, fs::path> by_path_, by_name_;
};

// ------------------------------------------------------------------ pairs

struct Pair {
  fs::path output;
  std::optional<fs::path> content, truth;
};

struct PairScores {
  std::optional<double> value, input;
};

enum class Against { truth, content, itself };
constexpr const char* kAgainst[] = {"truth", "content", "itself"};

// What is measured on each pair; the same for the output and for the untouched content.
struct PairMeasure {
  const char* key;
  const char* name;
  Against against;
  bool higher_is_better;
  std::function<std::optional<double>(const Image&, const Image&)> of;  // itself: the picture twice
  std::string features = {};                                            // whose they are
};

constexpr double kMostDecibels = 100;

// With `perceptual`, whose network is called `features`, also the distances that it sees.
std::vector<PairMeasure> pair_measures(const PerceptualDistance* perceptual, const std::string& features) {
  std::vector<PairMeasure> all = {
      {"l1", "L1 (0 … 1)", Against::truth, false, l1},
      {"psnr", "PSNR [dB]", Against::truth, true,
       [](const Image& a, const Image& b) { return std::min(psnr(a, b), kMostDecibels); }},
      {"ssim_rgb", "SSIM, RGB", Against::truth, true, ssim_rgb},
      {"ssim_luma", "SSIM, luminance", Against::truth, true, ssim_luma},
      {"ms_ssim", "MS-SSIM, luminance", Against::truth, true, ms_ssim},
      {"content_edges", "edge orientation", Against::content, true, edge_orientation_correlation},
      {"content_ssim", "SSIM, luminance", Against::content, true, ssim_luma},
      {"colour_shift", "colour shift", Against::content, false, colour_shift},
      {"colour_spread", "colour spread", Against::itself, true,
       [](const Image& a, const Image&) { return colour_spread(a); }},
      {"grid_peak", "grid [dB]", Against::itself, false,
       [](const Image& a, const Image&) { return grid_peak(luma_plane(a)); }},
      {"edge_step", "edge lines (1: none)", Against::itself, false,
       [](const Image& a, const Image&) { return edge_step(luma_plane(a)); }},
  };
  if (perceptual) {
    const auto of = [perceptual](const Image& a, const Image& b) { return (*perceptual)(a, b); };
    all.push_back({"perceptual", "perceptual distance", Against::truth, false, of, features});
    all.push_back({"content_perceptual", "perceptual distance", Against::content, false, of, features});
  }
  return all;
}

Image fitted(const Image& image, const Image& to) {
  if (image.width() == to.width() && image.height() == to.height()) return image;
  return resize(image, to.width(), to.height(), Filter::bicubic);
}

// Scores in the order of the measures.
std::vector<PairScores> score(const Pair& pair, const std::vector<PairMeasure>& measures, Refusals& refused) {
  std::vector<PairScores> scores(measures.size());
  const std::optional<Image> output = read(pair.output, refused);
  const std::optional<Image> content = pair.content ? read(*pair.content, refused) : std::nullopt;
  const std::optional<Image> truth = pair.truth ? read(*pair.truth, refused) : std::nullopt;
  const auto measure = [&](const std::optional<Image>& picture, const std::optional<Image>& reference,
                           Against against, auto member) {
    if (!picture || !reference) return;
    const Image same_size = fitted(*picture, *reference);
    for (size_t i = 0; i < scores.size(); ++i) {
      if (measures[i].against == against) scores[i].*member = measures[i].of(same_size, *reference);
    }
  };
  measure(output, truth, Against::truth, &PairScores::value);
  measure(content, truth, Against::truth, &PairScores::input);
  measure(output, content, Against::content, &PairScores::value);
  measure(output, output, Against::itself, &PairScores::value);
  measure(content, content, Against::itself, &PairScores::input);
  return scores;
}

std::pair<double, double> bootstrap_interval(const std::vector<double>& values, Random random) {
  constexpr size_t kDraws = 2000;
  std::vector<double> means(kDraws);
  for (double& mean : means) {
    for (size_t i = 0; i < values.size(); ++i)
      mean += values[static_cast<size_t>(random.below(static_cast<int64_t>(values.size())))];
    mean /= static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  return {means[kDraws / 40], means[kDraws - 1 - kDraws / 40]};
}

void score_pairs(const std::vector<Pair>& pairs, const std::vector<PairMeasure>& measures,
                 const EvaluateSettings& s, Refusals& refused, EventSink& sink, Evaluation& out) {
  std::vector<std::vector<PairScores>> scores(pairs.size());
  if (!for_each_parallel(pairs.size(), static_cast<int>(s.threads), "comparing pairs", sink,
                         [&](size_t i) { scores[i] = score(pairs[i], measures, refused); })) {
    fail(ErrorKind::cancelled, "the evaluation was stopped");
  }
  for (const Pair& pair : pairs) {
    out.pictures.push_back({to_utf8(pair.output),
                            pair.content ? to_utf8(*pair.content) : "",
                            pair.truth ? to_utf8(*pair.truth) : "",
                            {},
                            "",
                            {}});
  }
  for (size_t m = 0; m < measures.size(); ++m) {
    const PairMeasure& measure = measures[m];
    std::vector<double> values;
    double input_sum = 0;
    int64_t input_n = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
      const PairScores& of_pair = scores[i][m];
      if (of_pair.value) {
        values.push_back(*of_pair.value);
        out.pictures[i].values[measure.key] = *of_pair.value;
      }
      if (of_pair.input) input_sum += *of_pair.input, ++input_n;
    }
    if (values.empty()) continue;
    Score score;
    score.key = measure.key, score.name = measure.name;
    score.against = kAgainst[static_cast<size_t>(measure.against)];
    score.higher_is_better = measure.higher_is_better, score.features = measure.features;
    score.n = static_cast<int64_t>(values.size());
    score.value = std::accumulate(values.begin(), values.end(), 0.) / static_cast<double>(values.size());
    if (values.size() >= 5)
      score.interval = bootstrap_interval(values, Random(static_cast<uint64_t>(s.seed), 0xb007 + m));
    if (input_n > 0) score.input = input_sum / static_cast<double>(input_n);
    out.scores.push_back(std::move(score));
  }
}

// ------------------------------------------------------------------- sets

struct PictureSet {
  int64_t count = 0;            // pictures that were good
  std::vector<fs::path> files;  // of them
  std::vector<Image> squares;   // for the sliced Wasserstein distance
  Features features;
};

constexpr int64_t kMostSquares = 1024;
constexpr int64_t kMostSquareBytes = 512 << 20;

Image square(const Image& image, int64_t size) {
  const Image rgb = to_depth(to_rgb(image, 255), Depth::u8);
  const int64_t side = std::min(rgb.width(), rgb.height());
  const Image middle = crop(rgb, (rgb.width() - side) / 2, (rgb.height() - side) / 2, side, side);
  return side == size ? middle : resize(middle, size, size, Filter::bicubic);
}

PictureSet load_set(const std::vector<fs::path>& files, const std::string& role, const EvaluateSettings& s,
                    FeatureExtractor* extractor, Refusals& refused, EventSink& sink) {
  PictureSet set;
  const int64_t most_squares =
      s.size > 0 ? std::min(kMostSquares, std::max<int64_t>(2, kMostSquareBytes / (3 * s.size * s.size))) : 0;
  const size_t together = s.size > 0 ? 32 : 8;
  StopOnly quiet(sink);
  int64_t enlarged = 0;
  if (extractor) set.features.dimensions = extractor->dimensions();
  for (size_t first = 0; first < files.size(); first += together) {
    sink.check("the evaluation");
    if (!extractor && static_cast<int64_t>(set.squares.size()) >= most_squares) break;
    const size_t count = std::min(together, files.size() - first);
    std::vector<std::optional<Image>> read_in(count);
    std::vector<char> small(count);
    if (!for_each_parallel(count, static_cast<int>(s.threads), "reading", quiet, [&](size_t i) {
          std::optional<Image> image = read(files[first + i], refused);
          if (image && s.size > 0) {
            small[i] = std::min(image->width(), image->height()) < s.size;
            image = square(*image, s.size);
          }
          read_in[i] = std::move(image);
        })) {
      fail(ErrorKind::cancelled, "the evaluation was stopped");
    }
    std::vector<Image> good;
    for (size_t i = 0; i < count; ++i) {
      if (!read_in[i]) continue;
      set.files.push_back(files[first + i]);
      enlarged += small[i];
      good.push_back(std::move(*read_in[i]));
    }
    set.count += static_cast<int64_t>(good.size());
    if (extractor && !good.empty()) {
      const std::vector<float> values = extractor->features(good);
      set.features.values.insert(set.features.values.end(), values.begin(), values.end());
      set.features.count += static_cast<int64_t>(good.size());
    }
    for (Image& image : good) {
      if (static_cast<int64_t>(set.squares.size()) < most_squares) set.squares.push_back(std::move(image));
    }
    sink.progress("looking at the " + role, static_cast<double>(first + count),
                  static_cast<double>(files.size()));
  }
  if (set.count == 0)
    fail(ErrorKind::input, "none of the {} pictures of the {} could be read", files.size(), role);
  if (enlarged > 0) {
    sink.warn(
        fmt::format("{} of the {} pictures are smaller than {} px and were enlarged, which distances between "
                    "sets notice; "
                    "a smaller --size avoids it",
                    enlarged, role, s.size));
  }
  return set;
}

// What was looked at before, for folders of outputs that are scored one after another.
class Sets {
 public:
  const PictureSet& of(const std::vector<fs::path>& files, const std::string& role, const EvaluateSettings& s,
                       FeatureExtractor* extractor, Refusals& refused, EventSink& sink) {
    auto& [set, reasons] = known_[files];
    if (!set) {
      Refusals own;
      set = load_set(files, role, s, extractor, own, sink);
      reasons = own;
    }
    refused.add(reasons);
    return *set;
  }

 private:
  std::map<std::vector<fs::path>, std::pair<std::optional<PictureSet>, Refusals>> known_;
};

// Scores of one set against the style; `into_input` writes them beside those of the outputs.
void score_set(const PictureSet& set, const PictureSet& style, const EvaluateSettings& s,
               const FeatureExtractor* extractor, EventSink& sink, bool into_input, std::vector<Score>& out) {
  StopOnly quiet(sink);
  const auto put = [&](Score score) {
    score.against = "style";
    if (!into_input) return out.push_back(std::move(score));
    for (Score& of_output : out) {
      if (of_output.key == score.key) of_output.input = score.value;
    }
  };
  const auto distance = [&](std::string key, std::string name, double value, int64_t n) {
    Score score;
    score.key = std::move(key), score.name = std::move(name), score.value = value, score.n = n;
    return score;
  };
  if (extractor) {
    const bool inception = extractor->is_inception();
    const double frechet = frechet_distance(set.features, style.features);
    Score f =
        distance(inception ? "fid" : "frechet", inception ? "FID" : "Fréchet distance", frechet, set.count);
    f.features = extractor->name();
    put(std::move(f));
    KernelSettings kernel_settings;
    kernel_settings.seed = static_cast<uint64_t>(s.seed),
    kernel_settings.threads = static_cast<int>(s.threads);
    const KernelDistance kernel = kernel_distance(set.features, style.features, kernel_settings, quiet);
    // KID is given in thousandths by custom; of other features the unit is as good as any.
    const double unit = inception ? 1000 : 1;
    const std::string name = inception ? "KID × 10³" : "kernel distance";
    Score k = distance(inception ? "kid" : "kernel", name, unit * kernel.mean, set.count);
    k.deviation = unit * kernel.deviation, k.features = extractor->name();
    put(std::move(k));
    Score all =
        distance(inception ? "kid_all" : "kernel_all", name + ", no subsets", unit * kernel.all, set.count);
    all.features = extractor->name();
    put(std::move(all));
    NeighbourSettings neighbour_settings;
    neighbour_settings.seed = static_cast<uint64_t>(s.seed);
    neighbour_settings.threads = static_cast<int>(s.threads);
    if (std::min(set.count, style.count) > neighbour_settings.k) {
      const NeighbourScores near = neighbour_scores(set.features, style.features, neighbour_settings, quiet);
      const auto put_share = [&](const char* key, const char* name, double value) {
        Score score = distance(key, name, value, set.count);
        score.features = extractor->name();
        score.higher_is_better = true;
        put(std::move(score));
      };
      put_share("precision", "precision, k = 5", near.precision);
      put_share("recall", "recall, k = 5", near.recall);
      put_share("density", "density, k = 5", near.density);
      put_share("coverage", "coverage, k = 5", near.coverage);
      put_share("authenticity", "authenticity", near.authenticity);
    }
  }
  if (s.size > 0) {
    SlicedWassersteinSettings swd_settings;
    swd_settings.seed = static_cast<uint64_t>(s.seed), swd_settings.threads = static_cast<int>(s.threads);
    const SlicedWasserstein swd = sliced_wasserstein(set.squares, style.squares, swd_settings, quiet);
    const auto n = static_cast<int64_t>(set.squares.size());
    put(distance("swd", "SWD × 10³, mean", swd.mean, n));
    for (const SlicedWassersteinLevel& level : swd.levels) {
      put(distance(fmt::format("swd_{}", level.size), fmt::format("SWD × 10³, {} px", level.size),
                   level.distance, n));
    }
  }
}

// Which picture of the style each output is nearest to.
void find_nearest(const PictureSet& set, const PictureSet& style, const EvaluateSettings& s, EventSink& sink,
                  std::vector<PictureScores>& pictures) {
  constexpr int64_t kMost = 5000;  // of either set: more is a matter of hours
  if (set.features.dimensions == 0 || std::max(set.count, style.count) > kMost || style.count < 2) return;
  StopOnly quiet(sink);
  const std::vector<Nearest> nearest =
      nearest_in(set.features, style.features, static_cast<int>(s.threads), quiet);
  std::map<std::string, size_t> row;
  for (size_t i = 0; i < set.files.size(); ++i) row[to_utf8(set.files[i])] = i;
  for (PictureScores& picture : pictures) {
    const auto at = row.find(picture.output);
    if (at == row.end()) continue;
    const Nearest& near = nearest[at->second];
    picture.nearest = to_utf8(style.files[static_cast<size_t>(near.index)]);
    picture.copied = near.share;
  }
}

void check_settings(EvaluateSettings s) {
  check(s);
  if (s.outputs.empty()) fail(ErrorKind::usage, "evaluate needs --outputs, the folder of pictures to score");
  if (s.style.empty() && s.content.empty() && s.truth.empty()) {
    fail(ErrorKind::usage,
         "evaluate needs something to compare the outputs with: --style, --content or --truth");
  }
  if (!s.features.empty() && s.style.empty()) {
    fail(ErrorKind::usage, "--features compares the outputs with the style; give --style too");
  }
  if (s.size != 0 && (s.size < 16 || !std::has_single_bit(static_cast<uint64_t>(s.size)))) {
    fail(ErrorKind::usage, "--size must be a power of two from 16 up, or 0 for whole pictures, not {}",
         s.size);
  }
  if (s.size == 0 && s.features.empty() && !s.style.empty()) {
    fail(ErrorKind::usage, "--size 0 leaves nothing to compare with --style; give --features or a size");
  }
}

Evaluation evaluate(const EvaluateSettings& s, FeatureExtractor* extractor, Sets& sets, EventSink& sink) {
  EvaluateSettings checked = s;
  if (extractor && checked.features.empty()) checked.features = extractor->name();
  check_settings(checked);
  const auto seed = static_cast<uint64_t>(s.seed);
  const std::vector<fs::path> outputs = drawn(pictures_in(s.outputs, "outputs"), s.limit, seed);
  const std::vector<fs::path> content = pictures_in(s.content, "content");
  const std::vector<fs::path> truth = pictures_in(s.truth, "truth");

  Evaluation result;
  Refusals refused;
  const Matcher contents(s.content, content), truths(s.truth, truth);
  std::vector<Pair> pairs;
  std::set<fs::path> matched_content, matched_truth;
  for (const fs::path& file : outputs) {
    Pair pair{file, contents.find(s.outputs, file), truths.find(s.outputs, file)};
    if ((!s.content.empty() && !pair.content) || (!s.truth.empty() && !pair.truth)) {
      result.unmatched.push_back(to_utf8(file));
    }
    if (pair.content) matched_content.insert(*pair.content);
    if (pair.truth) matched_truth.insert(*pair.truth);
    pairs.push_back(std::move(pair));
  }
  std::sort(result.unmatched.begin(), result.unmatched.end());
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.output < b.output; });
  std::optional<PerceptualDistance> perceptual;
  std::string name;
  if (!s.perceptual.empty() && !(matched_content.empty() && matched_truth.empty())) {
    const model::Model model = model::load_model(model::find_model(model::default_library(), s.perceptual));
    perceptual.emplace(model);
    name = feature_name(model);
  }
  score_pairs(pairs, pair_measures(perceptual ? &*perceptual : nullptr, name), s, refused, sink, result);
  result.outputs = static_cast<int64_t>(outputs.size());
  result.content = static_cast<int64_t>(matched_content.size());
  result.truth = static_cast<int64_t>(matched_truth.size());

  if (!s.style.empty()) {
    const PictureSet& style =
        sets.of(drawn(pictures_in(s.style, "style"), s.limit, seed), "style", s, extractor, refused, sink);
    const PictureSet set = load_set(outputs, "outputs", s, extractor, refused, sink);
    score_set(set, style, s, extractor, sink, false, result.scores);
    find_nearest(set, style, s, sink, result.pictures);
    result.style = style.count, result.outputs = set.count;
    if (!s.content.empty()) {
      // The pictures that the outputs were made from; where names do not tell, all that there are.
      const std::vector<fs::path> files =
          matched_content.empty() ? drawn(content, s.limit, seed)
                                  : drawn({matched_content.begin(), matched_content.end()}, 0, seed);
      const PictureSet& untouched = sets.of(files, "content", s, extractor, refused, sink);
      score_set(untouched, style, s, extractor, sink, true, result.scores);
      result.content = untouched.count;
    }
  }
  result.refused = refused.list();
  if (s.style.empty() && matched_content.empty() && matched_truth.empty()) {
    fail(ErrorKind::input,
         "no output in {} has a counterpart that can be read{}; pairs have the same file name", s.outputs,
         result.refused.empty() ? "" : fmt::format(" ({})", result.refused[0].reason));
  }
  return result;
}

}  // namespace

void EvaluateSettings::visit(FieldVisitor& v) {
  v.section("Pictures");
  v.field({"outputs", "folder of the pictures to score"}, outputs);
  v.field({"style", "folder of the style that they should have: distances between the sets"}, style);
  v.field({"content",
           "folder that they were made from, of the same names: how much of it is kept, and its own "
           "scores for comparison"},
          content);
  v.field({"truth", "folder of what they should be, of the same names: L1, PSNR, SSIM, MS-SSIM"}, truth);
  v.section("Distances between sets");
  v.field({"features",
           "InceptionV3 weights (torchvision's or pytorch-fid's state dict, .pth or .safetensors) or "
           "a TorchScript feature network: FID, KID; or a feature network of linmo's kind"},
          features);
  v.field({"perceptual",
           "feature network for the perceptual distance of pairs, and for distances between sets where "
           "--features is not given: a model file or name"},
          perceptual);
  v.field({"size",
           "pictures are compared by their centre squares at this size, a power of two; 0: whole, for "
           "--features only",
           "px", 0, 4096},
          size);
  v.field({"limit", "look at no more pictures of a folder, drawn at random; 0: all", "pictures", 0, 1e9},
          limit);
  v.field({"seed", "of everything drawn at random", "", 0, 9e15}, seed);
  v.field({"threads", "0: all cores; results do not depend on it", "", 0, 1024}, threads);
}

std::unique_ptr<FeatureExtractor> open_features(const EvaluateSettings& settings) {
  const auto threads = static_cast<int>(settings.threads);
  if (!settings.features.empty() && !is_feature_model(settings.features))
    return open_inception(settings.features, threads);
  const std::string& model = settings.features.empty() ? settings.perceptual : settings.features;
  if (settings.style.empty() || model.empty()) return nullptr;
  return open_perceptual(model::load_model(model::find_model(model::default_library(), model)), threads);
}

Evaluation evaluate(const EvaluateSettings& settings, FeatureExtractor* extractor, EventSink& sink) {
  Sets sets;
  return evaluate(settings, extractor, sets, sink);
}

Evaluation evaluate(const EvaluateSettings& settings, EventSink& sink) {
  check_settings(settings);
  return evaluate(settings, open_features(settings).get(), sink);
}

std::vector<Ranked> evaluate_all(const EvaluateSettings& settings, const std::vector<Entrant>& entrants,
                                 FeatureExtractor* extractor, EventSink& sink) {
  std::unique_ptr<FeatureExtractor> opened;
  if (!extractor) opened = open_features(settings), extractor = opened.get();
  Sets sets;
  std::vector<Ranked> all;
  for (const Entrant& entrant : entrants) {
    EvaluateSettings own = settings;
    own.outputs = entrant.outputs;
    Ranked one{entrant.name, {}, ""};
    try {
      one.evaluation = evaluate(own, extractor, sets, sink);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input) throw;
      one.failure = error.what();
    }
    all.push_back(std::move(one));
    sink.progress("scoring", static_cast<double>(all.size()), static_cast<double>(entrants.size()));
  }
  return all;
}

}  // namespace linmo::measure
