// SPDX-License-Identifier: Apache-2.0
// "When is it done?": how near a generator's results are to the style while it learns, on pictures drawn
// once. Free of libtorch.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/image/image.h"
#include "linmo/measure/distances.h"
#include "linmo/measure/features.h"
#include "linmo/train/data.h"
#include "linmo/train/settings.h"

namespace linmo::train {

struct Judgement {
  int64_t step = 0;
  double seconds = 0;   // of training so far
  double progress = 0;  // share of the budget used
  // Kernel distance (measure/distances.h, KernelDistance::all) between the results and pictures of the style,
  // on the bundled network `features`; of several styles the mean. Smaller is nearer. So few pictures make it
  // noisy.
  double style = 0;
  // Mean edge-orientation correlation of results with their contents, −1 … 1: how much of the drawing is
  // kept.
  double content = 0;
  double untouched = 0;  // what the contents themselves score as `style`
};

class Judge {
 public:
  // Draws up to settings.score_pictures crops of the content, held-out pictures first, and four times as many
  // of the style, with the run's seed. Throws ErrorKind::usage where the network `features` is not found.
  Judge(const TrainingData& data, const TrainSettings& settings, int64_t multiple, EventSink& sink);

  const std::vector<Image>& contents() const { return contents_; }
  // How many styles there are: 1 unless the data name several.
  size_t styles() const { return style_features_.size(); }
  // For each style, the results of contents() in that order; when it was is the caller's to say. The same for
  // any number of threads.
  Judgement operator()(const std::vector<std::vector<Image>>& results) const;

 private:
  double distance(const std::vector<Image>& pictures, size_t style) const;
  std::unique_ptr<measure::FeatureExtractor> eye_;
  std::vector<Image> contents_;
  std::vector<measure::Features> style_features_;
  int64_t seed_ = 0;
  double untouched_ = 0;
};

// A line of stats.jsonl.
std::string to_line(const Judgement& judgement);
// Those of a run's stats.jsonl, in its order; none where there is no such file.
std::vector<Judgement> read_judgements(const std::filesystem::path& run);

// Row of the nearest to the style, the first of equals; −1 for an empty list.
int64_t best_of(const std::vector<Judgement>& all);

// A sentence: was it still learning, or was more time of no use? By the last third of the run. Empty for an
// empty list.
std::string verdict(const std::vector<Judgement>& all);

}  // namespace linmo::train
