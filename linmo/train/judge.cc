// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/judge.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/measure/distances.h"
#include "linmo/measure/perceptual.h"
#include "linmo/measure/similarity.h"
#include "linmo/model/library.h"
#include "linmo/train/crops.h"

namespace linmo::train {
namespace {

constexpr uint64_t kDrawStream = 0x7100;
constexpr int64_t kStylePerContent = 4;

// Crops of up to `most` of the sources, the first `first` of them before the others. Pictures that cannot be
// read are passed over: the loader lists them.
std::vector<Image> draw(std::vector<Source> sources, size_t first, int64_t most, const TrainSettings& s,
                        Random random) {
  random.shuffle(std::span(sources).subspan(first));
  std::vector<Image> crops;
  for (const Source& source : sources) {
    if (static_cast<int64_t>(crops.size()) >= most) break;
    try {
      const Image picture = prepare_picture(source, s, 1);
      const int64_t side = std::min({s.size, picture.width(), picture.height()});
      if (side < s.size) continue;
      crops.push_back(middle_of(picture, s.size, s.size));
    } catch (const Error&) {
      continue;
    }
  }
  return crops;
}

}  // namespace

Judge::Judge(const TrainingData& data, const TrainSettings& s, int64_t multiple, EventSink& sink)
    : eye_(
          measure::open_perceptual(model::load_model(model::find_model(model::default_library(), "features")),
                                   static_cast<int>(s.threads))),
      seed_(s.seed) {
  TrainSettings crop = s;
  crop.size = s.size / multiple * multiple;
  const Random random(static_cast<uint64_t>(s.seed), kDrawStream);
  std::vector<Source> content = data.held_out;
  if (data.held_out_is_trained_on) content.clear();
  const size_t held_out = content.size();
  content.insert(content.end(), data.content.begin(), data.content.end());
  contents_ = draw(content, held_out, s.score_pictures, crop, random);
  int64_t style_pictures = 0;
  for (size_t k = 0; k < std::max<size_t>(1, data.styles.size()); ++k) {
    std::vector<Source> of_style = data.style;
    if (!data.styles.empty())
      std::erase_if(of_style, [k](const Source& source) { return source.style != k; });
    const std::vector<Image> pictures = draw(of_style, 0, kStylePerContent * s.score_pictures, crop, random);
    if (contents_.size() < 2 || pictures.size() < 2)
      fail(ErrorKind::usage, "too few pictures of {} px to score the results with", crop.size);
    style_features_.push_back(
        {static_cast<int64_t>(pictures.size()), eye_->dimensions(), eye_->features(pictures)});
    style_pictures += style_features_.back().count;
  }
  for (size_t k = 0; k < styles(); ++k) untouched_ += distance(contents_, k) / static_cast<double>(styles());
  sink.info(fmt::format(
      "scoring {} results against {} pictures of the style as it learns; untouched contents score {:.2f}",
      contents_.size(), style_pictures, untouched_));
}

double Judge::distance(const std::vector<Image>& pictures, size_t style) const {
  measure::KernelSettings kernel;
  kernel.subsets = 1;  // only the estimate from all pictures is wanted
  kernel.seed = static_cast<uint64_t>(seed_);
  const measure::Features ours = {static_cast<int64_t>(pictures.size()), eye_->dimensions(),
                                  eye_->features(pictures)};
  return measure::kernel_distance(ours, style_features_[style], kernel).all;
}

Judgement Judge::operator()(const std::vector<std::vector<Image>>& results) const {
  Judgement out;
  out.untouched = untouched_;
  const auto count = static_cast<double>(styles());
  if (results.size() != styles())
    fail(ErrorKind::usage, "results in {} of {} styles", results.size(), styles());
  for (size_t k = 0; k < styles(); ++k) {
    if (results[k].size() != contents_.size())
      fail(ErrorKind::usage, "{} results of {} contents", results[k].size(), contents_.size());
    out.style += distance(results[k], k) / count;
    for (size_t i = 0; i < contents_.size(); ++i)
      out.content += measure::edge_orientation_correlation(results[k][i], contents_[i]) / count /
                     static_cast<double>(contents_.size());
  }
  return out;
}

std::string to_line(const Judgement& j) {
  return nlohmann::json{{"step", j.step},
                        {"seconds", j.seconds},
                        {"progress", j.progress},
                        {"score", {{"style", j.style}, {"untouched", j.untouched}, {"content", j.content}}}}
      .dump();
}

std::vector<Judgement> read_judgements(const std::filesystem::path& run) {
  std::vector<Judgement> all;
  if (!std::filesystem::exists(run / "stats.jsonl")) return all;
  std::istringstream lines(read_text(run / "stats.jsonl"));
  for (std::string text; std::getline(lines, text);) {
    const nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("score") || !line["score"].is_object()) continue;
    const nlohmann::json& score = line["score"];
    all.push_back({line.value("step", int64_t{0}), line.value("seconds", 0.), line.value("progress", 0.),
                   score.value("style", 0.), score.value("content", 0.), score.value("untouched", 0.)});
  }
  return all;
}

int64_t best_of(const std::vector<Judgement>& all) {
  const auto best = std::min_element(
      all.begin(), all.end(), [](const Judgement& a, const Judgement& b) { return a.style < b.style; });
  return best == all.end() ? -1 : best - all.begin();
}

std::string verdict(const std::vector<Judgement>& all) {
  if (all.empty()) return "";
  const Judgement& last = all.back();
  const Judgement& best = all[static_cast<size_t>(best_of(all))];
  const std::string scores =
      fmt::format("distance to the style {:.2f}, of the untouched contents {:.2f}; best {:.2f} at step {}",
                  last.style, last.untouched, best.style, best.step);
  if (best.style >= last.untouched) {
    return scores +
           ". No result was nearer to the style than the untouched contents are: more time, another folder "
           "for the style or another method is needed";
  }
  // The mean of a third against that of the third before: single scores are noisy.
  double before = 0, after = 0;
  int64_t n_before = 0, n_after = 0;
  for (const Judgement& j : all) {
    if (j.progress > last.progress * 2 / 3)
      after += j.style, ++n_after;
    else if (j.progress > last.progress / 3)
      before += j.style, ++n_before;
  }
  if (n_before == 0 || n_after == 0) return scores;
  before /= static_cast<double>(n_before), after /= static_cast<double>(n_after);
  // A twentieth of the whole way is what can be told from noise.
  const double fall = (before - after) / (last.untouched - best.style);
  if (fall > .05)
    return scores + ". It was still coming nearer in the last third: more time is likely to help";
  if (fall < -.05) {
    return scores +
           ". It went away from the style in the last third: best.safetensors is likely the better model "
           "(--keep best)";
  }
  return scores + ". It came no nearer in the last third: more time alone is not likely to help";
}

}  // namespace linmo::train
