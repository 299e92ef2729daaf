// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share of libav*. Not for others: it drags in C headers.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

#include <deque>
#include <filesystem>
#include <memory>
#include <string_view>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/video/container.h"

namespace linmo::video {

template <auto f>
struct Deleter {
  template <class T>
  void operator()(T* p) const {
    f(&p);
  }
};
using Packet = std::unique_ptr<AVPacket, Deleter<av_packet_free>>;
using AvFrame = std::unique_ptr<AVFrame, Deleter<av_frame_free>>;
using Codec = std::unique_ptr<AVCodecContext, Deleter<avcodec_free_context>>;
struct FreeScaler {
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};
using Scaler = std::unique_ptr<SwsContext, FreeScaler>;

// `code` itself, or an error about `path`.
int checked(int code, const std::filesystem::path& path, std::string_view what,
            ErrorKind kind = ErrorKind::input);

inline bool is_pipe(const std::filesystem::path& path) {
  return path == "-";
}

// Conversion between a YUV frame and RGB with the frame's own matrix and range.
void set_colours(SwsContext* scaler, const AVFrame& yuv, bool to_rgb);

struct VideoReader::State {
  std::filesystem::path path;
  AVFormatContext* container = nullptr;
  int stream = -1;
  Codec decoder;
  Packet packet{av_packet_alloc()};
  AvFrame frame{av_frame_alloc()};
  Scaler scaler;
  VideoInfo info;
  bool ended = false;
  int64_t damaged = 0, last_pts = AV_NOPTS_VALUE;
  // Packets of the other streams, for a writer that wants them.
  bool keep_others = true;
  std::deque<Packet> others;
  int64_t waiting = 0;  // bytes of them

  ~State() { avformat_close_input(&container); }
  AVStream* video() const { return container->streams[stream]; }
};

}  // namespace linmo::video
