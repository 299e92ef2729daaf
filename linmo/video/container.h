// SPDX-License-Identifier: Apache-2.0
// Video files and pipes through libav*: frames in, frames out, everything else carried over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
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

// Reads one file's best video stream. Reads local files and standard input only, whatever the file names.
// Throws ErrorKind::input for what is not a video or is larger than 100 megapixels a frame.
class VideoReader {
 public:
  explicit VideoReader(const std::filesystem::path& path);
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

struct WriterOptions {
  int crf = 18;  // constant quality of H.264 and VP9: 0 (largest) … 51
};

// Writes frames with the reader's timing, colours and rotation, and copies its sound, subtitles (where the
// container takes them) and title. The container is the name's; "-" is y4m on
// standard output. The file appears under its name with finish() and not before.
class VideoWriter {
 public:
  VideoWriter(const std::filesystem::path& path, VideoReader& source, int64_t width, int64_t height,
              const WriterOptions& options, EventSink& events);
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;
  void write(const Frame& frame);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace linmo::video
