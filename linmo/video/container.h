// SPDX-License-Identifier: Apache-2.0
// Video files and pipes read through libav*.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "linmo/core/events.h"
#include "linmo/image/image.h"

namespace linmo::video {

struct Frame {
  Image image;      // RGB, 8 bits, as stored: a rotation in the file is not applied
  int64_t pts = 0;  // in the stream's own time base
};

struct VideoInfo {
  int64_t width = 0, height = 0;
  double frames_per_second = 0;  // 0: unknown
  int64_t frames = 0;            // an estimate from the header; 0: unknown
  int other_streams = 0;         // sound and subtitles
};

// Pictures without a header, as other programs exchange them through pipes.
struct RawVideo {
  int64_t width = 0, height = 0;
  double frames_per_second = 25;
  std::string pixels = "rgb24";  // libav's name of their format
};
// "WIDTHxHEIGHT@RATE" or "WIDTHxHEIGHT@RATE:PIXELS", "640x480@29.97:yuv420p". Throws ErrorKind::usage.
RawVideo raw_video_from(const std::string& text);

// Reads one file's best video stream. Reads local files and standard input only, whatever the file names.
// Throws ErrorKind::input for what is not a video or is larger than 100 megapixels a frame.
class VideoReader {
 public:
  // "-": standard input, y4m, or `raw` pictures.
  explicit VideoReader(const std::filesystem::path& path, const std::optional<RawVideo>& raw = {});
  ~VideoReader();
  VideoReader(const VideoReader&) = delete;
  VideoReader& operator=(const VideoReader&) = delete;
  const VideoInfo& info() const;
  // False at the end. Frames that are damaged are left out and counted.
  bool next(Frame& frame);
  int64_t damaged() const;

 private:
  friend class VideoWriter;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace linmo::video
