// SPDX-License-Identifier: Apache-2.0
// Scores a folder of outputs: against the style, against the content that they were made from, against the
// truth. The training loop and the programs call the same function.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
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
  std::string against;   // "truth", "content" or "style"
  std::string features;  // the feature network's name where one was used
  bool higher_is_better = false;
  double value = 0;
  std::optional<double> deviation;  // of the subsets of a kernel distance
  int64_t n = 0;                    // pairs, or output pictures
  // What the untouched content scores: an output should be better than that.
  std::optional<double> input;
};

struct RefusedPicture {
  std::string file, reason;
};

struct Evaluation {
  std::vector<Score> scores;
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

nlohmann::json to_json(const Evaluation& evaluation);
// The table that people read, with the refused and unmatched files below it; ends with a line break.
std::string to_text(const Evaluation& evaluation);

}  // namespace linmo::measure
