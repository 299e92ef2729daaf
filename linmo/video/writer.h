// SPDX-License-Identifier: Apache-2.0
// Video files and pipes written through libav*: frames in, everything else carried over from their source.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "linmo/core/events.h"
#include "linmo/video/container.h"
#include "linmo/video/pieces.h"

namespace linmo::video {

struct WriterOptions {
  int crf = 18;                 // constant quality of H.264 and VP9: 0 (largest) … 51
  std::optional<RawVideo> raw;  // of pixels alone, instead of y4m, on standard output
};

// Whether a result of this name can be made in pieces: what is compressed can, y4m and pipes cannot.
bool can_grow_in_pieces(const std::filesystem::path& path);

// Writes frames with the source's timing, colours and rotation, and copies its sound, subtitles (where the
// container takes them) and title. The container is the name's; "-" is standard output. The file appears
// under its name with finish() and not before.
class VideoWriter {
 public:
  // With `pieces` the encoded frames go there, and into the file in the end; frames that are there already
  // must not be written again.
  VideoWriter(const std::filesystem::path& path, VideoReader& source, int64_t width, int64_t height,
              const WriterOptions& options, EventSink& events, Pieces* pieces = nullptr);
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;
  void write(const Frame& frame);
  // With pieces: makes one of the frames since the last and keeps `state` with it.
  void end_piece(std::string state);
  // With pieces: after the last end_piece().
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace linmo::video
