// SPDX-License-Identifier: Apache-2.0
// Files and folders through a Stylizer.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "linmo/apply/sprites.h"
#include "linmo/apply/stylizer.h"
#include "linmo/image/codec.h"

namespace linmo::apply {

struct BatchOptions {
  // A file, when there is one input file and this has a picture's extension; otherwise a folder, in which an
  // input folder's tree is mirrored.
  std::filesystem::path output;
  std::optional<ImageFormat> format;  // of the results; else by the output's extension, else the input's own
  int quality = 95;                   // JPEG, WebP: 1 … 100
  // Pictures whose longer side is more are reduced to this first; 0 keeps every size. A style has the scale
  // at which it was learnt: brush strokes from pictures 256 px wide are lost in a photograph of 6,000.
  int64_t max_side = 0;
  bool force = false;  // existing results are replaced
  // Without the EXIF block and the colour profile. Results are sRGB either way; a profile that says so goes
  // with those whose picture had a profile.
  bool strip = false;
  bool resume = false;  // existing results are kept and their pictures skipped
  ApplySettings apply;
  SpriteSettings sprites;
  ImageLimits limits;
  // Pictures with more bytes of samples are not held in memory, where that can be avoided.
  uint64_t whole_bytes = 96ULL << 20;
};

struct BatchItem {
  std::filesystem::path input, output;
};
struct BatchFailure {
  std::filesystem::path input;
  std::string reason;
};
// The file, then the reason; the file once, where the reason names it already.
std::string sentence(const BatchFailure& failure);

struct BatchResult {
  std::vector<std::filesystem::path> written;
  int64_t skipped = 0;  // results that were there already
  int64_t ignored = 0;  // files in folders that are not called like pictures
  std::vector<BatchFailure> failures;
  bool stopped = false;       // the sink asked; every file written is whole
  double seconds = 0;         // all of it …
  double engine_seconds = 0;  // … and the part in which the engine worked; on half of the threads: half of it
};

// What will become of what. No two results have one name: where two inputs ask for it (a.png and a.jpg as
// PNG), the later one becomes a-jpg.png, or a-2.png. The names depend on the list of inputs alone, so that a
// second run finds the results of the first. Throws ErrorKind::usage (no inputs, an output file for many
// pictures), ErrorKind::io (an input that is not there).
std::vector<BatchItem> plan_batch(const std::vector<std::filesystem::path>& inputs,
                                  const BatchOptions& options, int64_t* ignored = nullptr);

// Pictures of more than BatchOptions::whole_bytes are read and written in bands (Stylizer::apply() of rows),
// where the settings allow that. Small pictures are read, computed and written side by side, each on its
// share of the threads; a large one is computed by all of them, while another is read or written. A picture
// that fails is listed with the reason and the others go on. Results keep the EXIF block, turned upright;
// they are sRGB. An existing result is a failure unless `force` or `resume` is set, and an input is never
// replaced. Throws as plan_batch(), and ErrorKind::io at once when the output folder cannot be written to.
BatchResult run_batch(const Stylizer& stylizer, const std::vector<std::filesystem::path>& inputs,
                      const BatchOptions& options, EventSink& events = null_sink());

}  // namespace linmo::apply
