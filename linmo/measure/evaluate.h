// SPDX-License-Identifier: Apache-2.0
// Scores a folder of outputs: against the style, against the content that they were made from, against the
// truth. The training loop and the programs call the same function.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/core/settings.h"
#include "linmo/measure/features.h"

namespace linmo::measure {

struct EvaluateSettings {
  std::string outputs, style, content, truth;  // folders (UTF-8); only outputs and one more are needed
  std::string features;                        // a feature network; empty: `perceptual`
  std::string perceptual;                      // one of linmo's kind, for pairs too; empty: none
  int64_t size = 256;
  int64_t limit = 0;
  int64_t seed = 0;
  int64_t threads = 0;

  void visit(FieldVisitor& v);
};

struct Score {
  std::string key;       // for machines: "ssim_rgb", "swd_64", "kid" …
  std::string name;      // for people: "SSIM", "KID × 10³" …
  std::string against;   // "truth", "content", "style", or "itself" for what one picture shows
  std::string features;  // the feature network's name where one was used
  bool higher_is_better = false;
  double value = 0;
  std::optional<double> deviation;  // of the subsets of a kernel distance
  // Of a mean over pictures: where 95 % of the means of as many pictures lie, drawn anew 2,000 times from
  // these (percentile bootstrap, Efron 1979). None for fewer than five pictures.
  std::optional<std::pair<double, double>> interval;
  int64_t n = 0;  // pairs, or output pictures
  // What the untouched content scores: an output should be better than that.
  std::optional<double> input;
};

// What one output scores. A style picture is nearest to it by the features; `copied` is that distance as a
// share of the one from there to the next picture of the style: below 1 the output is nearer to a picture
// that was learnt from than pictures of the style are to each other.
struct PictureScores {
  std::string output, content, truth;    // files; empty where there is none of its name
  std::map<std::string, double> values;  // by Score::key
  std::string nearest;                   // file
  std::optional<double> copied;
};

struct RefusedPicture {
  std::string file, reason;
};

struct Evaluation {
  std::vector<Score> scores;
  std::vector<PictureScores> pictures;                     // by file name
  int64_t outputs = 0, style = 0, content = 0, truth = 0;  // pictures that were used
  std::vector<RefusedPicture> refused;                     // left out
  std::vector<std::string> unmatched;                      // outputs without a content or truth of their name
};

// Pairs are found by the path below the folder without its extension, else by the bare name where only one
// file has it. Full-reference scores (linmo/measure/similarity.h) are taken at the size of the truth (or the
// content), to which the other picture is resized where it differs, and averaged; PSNR of equal pictures
// counts as 100 dB. Sets are compared on the centre square of every picture resized to `size` px (a power of
// two); with size 0 the feature network sees whole pictures, as pytorch-fid shows it a folder, and there is
// no sliced Wasserstein distance. That one looks at no more than 1024 pictures of a set.
//
// `features` may be null; without it, settings.features is opened with open_inception() or open_perceptual().
// The result is the same for any number of threads. Throws ErrorKind::usage for settings that make no sense,
// ErrorKind::input when a folder has no picture that can be used, ErrorKind::cancelled when the sink asks to
// stop.
Evaluation evaluate(const EvaluateSettings& settings, FeatureExtractor* features, EventSink& sink);
Evaluation evaluate(const EvaluateSettings& settings, EventSink& sink);

// Several folders of outputs by one measure; settings.outputs is not used. The style's pictures, and contents
// that several have in common, are looked at once. `features` null: as evaluate() without them. In the order
// given, and one that cannot be scored (ErrorKind::input) does not stop the others.
struct Entrant {
  std::string name;
  std::string outputs;  // folder
};
struct Ranked {
  std::string name;
  Evaluation evaluation;
  std::string failure;  // why it could not be scored; empty: it was
};
std::vector<Ranked> evaluate_all(const EvaluateSettings& settings, const std::vector<Entrant>& entrants,
                                 FeatureExtractor* features, EventSink& sink);
// The feature network that evaluate() opens when it is given none; null where the settings need none.
std::unique_ptr<FeatureExtractor> open_features(const EvaluateSettings& settings);

nlohmann::json to_json(const Evaluation& evaluation);
// The table that people read, with the refused and unmatched files below it; ends with a line break.
std::string to_text(const Evaluation& evaluation);
// The best first, by ranking_score(); a row for each. All must have been scored.
std::string to_leaderboard(std::vector<Ranked> all);
// A page that needs nothing but itself: the table, what it means, and the outputs that score best and worst
// beside their content and truth, those that come nearest to a style picture beside it. Reads the pictures
// again; one that is gone by then is left out.
std::string to_page(const Evaluation& evaluation, const std::string& title);

// The score by which outputs are told best from worst: the perceptual distance to the truth or else to the
// content, or else SSIM, or else the grid. Null where no picture has any.
const Score* telling_score(const Evaluation& evaluation);
// The score by which folders are ranked: the perceptual distance to the truth, or else the kernel distance to
// the style, or else the sliced Wasserstein distance, or else telling_score().
const Score* ranking_score(const Evaluation& evaluation);

}  // namespace linmo::measure
