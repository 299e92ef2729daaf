// SPDX-License-Identifier: Apache-2.0
// A video through a Stylizer.
#pragma once

#include <filesystem>

#include "linmo/apply/stylizer.h"
#include "linmo/video/writer.h"

namespace linmo::video {

struct VideoOptions {
  apply::ApplySettings apply = {};
  WriterOptions writer = {};
  int64_t max_side = 0;  // frames whose longer side is more are reduced first; 0 keeps every size
  double smooth = 0.8;   // against flicker: Smoother's strength, 0 … 0.98
  bool force = false;    // an existing result is replaced
  std::optional<RawVideo> raw_input = {};  // what comes through standard input, when it is not y4m
  // Text of what else decides the result, the model above all. When it is not empty, a result that is a
  // compressed file grows in pieces beside it, and the same call after a stop goes on where it was: the same
  // frames reach the encoder as without the stop.
  std::string identity = {};
  int64_t piece_frames = 50;
};
struct VideoResult {
  int64_t frames = 0, damaged = 0;
  int64_t resumed_at = 0;  // frames that an earlier call had made
  int64_t width = 0, height = 0;
  double seconds = 0;
};

// Every frame in the model's style; a recurrent model remembers from frame to frame, up to a scene cut.
// Sound, timing and rotation stay. Stopped or failed, it leaves no result; with an identity its pieces stay
// in ".NAME.pieces" beside it. Throws as VideoReader, VideoWriter and Stylizer::apply(); ErrorKind::usage for
// a result that exists.
VideoResult apply_video(const apply::Stylizer& stylizer, const std::filesystem::path& input,
                        const std::filesystem::path& output, const VideoOptions& options,
                        EventSink& events = null_sink());

}  // namespace linmo::video
