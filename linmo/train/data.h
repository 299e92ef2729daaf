// SPDX-License-Identifier: Apache-2.0
// Which files a run learns from. Free of libtorch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "linmo/collection/scan.h"
#include "linmo/core/events.h"
#include "linmo/train/settings.h"

namespace linmo::train {

// A training example of one side. For side-by-side pictures the two halves are different parts of one file.
struct Source {
  enum class Part { whole, left, right };
  std::filesystem::path file;
  Part part = Part::whole;
  size_t style = 0;  // of a style picture, its place in TrainingData::styles
};

struct TrainingData {
  bool paired = false;                           // style[i] is the truth of content[i]
  std::vector<Source> content, style;            // what is trained on
  std::vector<std::string> styles;               // multi: the names of those that are learnt
  std::vector<Source> held_out, held_out_truth;  // for sample grids; truth only when paired
  bool held_out_is_trained_on = false;           // too few pictures to keep any apart
  std::vector<ScannedFile> refused;
  std::string fingerprint;  // SHA-256 over names and sizes, in order
  std::string layout;       // in words, for the report
};

// Layouts understood:
//   --content DIR --style DIR            every picture below each folder; for paired, equal names (without
//                                        extension) belong together
//   multi: --style DIR with a folder for each style, whose name is the style's (two or more); with
//   --add-style,
//                                        a folder as above
//   --content DIR with trainA, trainB    (and testA): unpaired, as CycleGAN has them; --direction says which
//   is content
//   --content DIR with train (val, test) side-by-side pictures, A left and B right, as pix2pix has them
//   (paired)
// Pictures are checked by their headers; refused ones are listed, and files beside the styles' folders.
// Throws ErrorKind::input when fewer than two good pictures are on a side or of a style, or fewer than two
// styles.
TrainingData find_data(const TrainSettings& settings, EventSink& sink);

}  // namespace linmo::train
