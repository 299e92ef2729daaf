// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/container.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <locale>
#include <sstream>

#include "linmo/video/libav.h"

namespace linmo::video {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostPixels = 100'000'000;
// Of sound and subtitles that wait for the next frame: a file without frames must not fill the memory.
constexpr int64_t kMostWaiting = int64_t{256} << 20;

std::string reason(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

}  // namespace

int checked(int code, const fs::path& path, std::string_view what, ErrorKind kind) {
  if (code < 0) fail(kind, "{}: {} ({})", to_utf8(path), what, reason(code));
  return code;
}

void set_colours(SwsContext* scaler, const AVFrame& yuv, bool to_rgb) {
  const int* matrix = sws_getCoefficients(yuv.colorspace == AVCOL_SPC_UNSPECIFIED
                                              ? (yuv.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601)
                                              : static_cast<int>(yuv.colorspace));
  const int* rgb = sws_getCoefficients(SWS_CS_DEFAULT);
  const int full = yuv.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  if (to_rgb)
    sws_setColorspaceDetails(scaler, matrix, full, rgb, 1, 0, 1 << 16, 1 << 16);
  else
    sws_setColorspaceDetails(scaler, rgb, 1, matrix, full, 0, 1 << 16, 1 << 16);
}

RawVideo raw_video_from(const std::string& text) {
  RawVideo raw;
  char cross = 0, at = 0, end = 0;
  std::istringstream in(text.substr(0, text.find(':')));
  in.imbue(std::locale::classic());
  if (!(in >> raw.width >> cross >> raw.height >> at >> raw.frames_per_second) || cross != 'x' || at != '@' ||
      in >> end)
    fail(ErrorKind::usage,
         "\"{}\" is not raw video's WIDTHxHEIGHT@RATE or WIDTHxHEIGHT@RATE:PIXELS, as "
         "640x480@30:rgb24",
         text);
  if (const size_t colon = text.find(':'); colon != std::string::npos) raw.pixels = text.substr(colon + 1);
  if (raw.width < 2 || raw.height < 2 || raw.width > kMostPixels / raw.height)
    fail(ErrorKind::usage, "raw video of {} × {} is not read; sides from 2 px, 100 megapixels at the most",
         raw.width, raw.height);
  if (!(raw.frames_per_second > 0 && raw.frames_per_second <= 1000))
    fail(ErrorKind::usage, "raw video has more than 0 and at most 1,000 frames a second, not {}",
         raw.frames_per_second);
  if (av_get_pix_fmt(raw.pixels.c_str()) == AV_PIX_FMT_NONE)
    fail(ErrorKind::usage, "the pixels \"{}\" are not known; as rgb24, bgr24, rgba, yuv420p, yuyv422, nv12",
         raw.pixels);
  return raw;
}

VideoReader::VideoReader(const fs::path& path, const std::optional<RawVideo>& raw)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = path;
  av_log_set_level(AV_LOG_QUIET);  // the library does not print; what matters is thrown
  AVDictionary* options = nullptr;
  // A playlist in a stranger's file must not open other files or hosts.
  av_dict_set(&options, "protocol_whitelist", "file,pipe", 0);
  av_dict_set(&options, "format_whitelist",
              "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,yuv4mpegpipe,rawvideo", 0);
  if (raw) {
    av_dict_set(&options, "video_size", fmt::format("{}x{}", raw->width, raw->height).c_str(), 0);
    av_dict_set(&options, "framerate", fmt::format("{}", raw->frames_per_second).c_str(), 0);
    av_dict_set(&options, "pixel_format", raw->pixels.c_str(), 0);
  }
  const AVInputFormat* format = raw             ? av_find_input_format("rawvideo")
                                : is_pipe(path) ? av_find_input_format("yuv4mpegpipe")
                                                : nullptr;
  const std::string name = is_pipe(path) ? "pipe:0" : "file:" + path.string();
  const int opened = avformat_open_input(&s.container, name.c_str(), format, &options);
  av_dict_free(&options);
  if (opened == AVERROR(ENOENT)) fail(ErrorKind::io, "{} is not there", to_utf8(path));
  checked(opened, path, "not a video that can be read");
  checked(avformat_find_stream_info(s.container, nullptr), path, "not a video that can be read");
  const AVCodec* codec = nullptr;
  s.stream = av_find_best_stream(s.container, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  if (s.stream < 0 || !codec)
    fail(ErrorKind::input, "{} has no picture stream that can be decoded", to_utf8(path));
  const AVCodecParameters& parameters = *s.video()->codecpar;
  s.info.width = parameters.width;
  s.info.height = parameters.height;
  if (s.info.width < 2 || s.info.height < 2 || s.info.width * s.info.height > kMostPixels)
    fail(ErrorKind::limit, "{}: frames of {} × {} are not read; the most is 100 megapixels", to_utf8(path),
         s.info.width, s.info.height);
  s.decoder.reset(avcodec_alloc_context3(codec));
  if (!s.decoder) throw std::bad_alloc();
  checked(avcodec_parameters_to_context(s.decoder.get(), &parameters), path, "the stream is damaged");
  s.decoder->pkt_timebase = s.video()->time_base;
  s.decoder->max_pixels = kMostPixels;
  s.decoder->thread_count = 2;
  checked(avcodec_open2(s.decoder.get(), codec, nullptr), path, "its codec cannot be started");
  const AVRational rate = av_guess_frame_rate(s.container, s.video(), nullptr);
  if (rate.num > 0 && rate.den > 0) s.info.frames_per_second = av_q2d(rate);
  s.info.frames = s.video()->nb_frames;
  if (s.info.frames <= 0 && s.container->duration > 0)
    s.info.frames = static_cast<int64_t>(static_cast<double>(s.container->duration) / AV_TIME_BASE *
                                         s.info.frames_per_second);
  for (unsigned i = 0; i < s.container->nb_streams; ++i) {
    const AVMediaType type = s.container->streams[i]->codecpar->codec_type;
    if (type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_SUBTITLE) ++s.info.other_streams;
  }
}

VideoReader::~VideoReader() = default;
const VideoInfo& VideoReader::info() const {
  return state_->info;
}
int64_t VideoReader::damaged() const {
  return state_->damaged;
}

bool VideoReader::next(Frame& out) {
  State& s = *state_;
  for (;;) {
    const int got = avcodec_receive_frame(s.decoder.get(), s.frame.get());
    if (got == 0) break;
    if (got == AVERROR_EOF) return false;
    if (got != AVERROR(EAGAIN)) {
      ++s.damaged;
      if (s.ended) return false;
    }
    const int read = av_read_frame(s.container, s.packet.get());
    if (read < 0) {
      if (s.ended) return false;
      s.ended = true;
      avcodec_send_packet(s.decoder.get(), nullptr);
      continue;
    }
    if (s.packet->stream_index == s.stream) {
      if (avcodec_send_packet(s.decoder.get(), s.packet.get()) < 0) ++s.damaged;
    } else if (s.keep_others) {
      Packet copy(av_packet_alloc());
      if (!copy) throw std::bad_alloc();
      s.waiting += s.packet->size;
      if (s.waiting > kMostWaiting)
        fail(ErrorKind::limit, "{}: more than {} MB of sound without a frame; cut the video", to_utf8(s.path),
             kMostWaiting >> 20);
      av_packet_move_ref(copy.get(), s.packet.get());
      s.others.push_back(std::move(copy));
    }
    av_packet_unref(s.packet.get());
  }
  AVFrame& frame = *s.frame;
  if (frame.width != s.info.width || frame.height != s.info.height)
    fail(ErrorKind::input, "{}: the size of the frames changes from {} × {} to {} × {}; cut the video there",
         to_utf8(s.path), s.info.width, s.info.height, frame.width, frame.height);
  s.scaler.reset(sws_getCachedContext(s.scaler.release(), frame.width, frame.height,
                                      static_cast<AVPixelFormat>(frame.format), frame.width, frame.height,
                                      AV_PIX_FMT_RGB24, SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT,
                                      nullptr, nullptr, nullptr));
  if (!s.scaler) fail(ErrorKind::input, "{}: its pixels cannot be converted", to_utf8(s.path));
  set_colours(s.scaler.get(), frame, true);
  // swscale writes whole vectors: rows have room beyond their end.
  uint8_t* data[4] = {};
  int strides[4] = {};
  checked(av_image_alloc(data, strides, frame.width, frame.height, AV_PIX_FMT_RGB24, 64), s.path,
          "no memory");
  sws_scale(s.scaler.get(), frame.data, frame.linesize, 0, frame.height, data, strides);
  out.image = Image(frame.width, frame.height, 3);
  for (int64_t y = 0; y < frame.height; ++y)
    std::copy_n(data[0] + y * strides[0], frame.width * 3, out.image.row<uint8_t>(y).begin());
  av_freep(&data[0]);
  out.pts = frame.best_effort_timestamp;
  // Streams without times count their frames.
  const AVRational base = s.video()->time_base;
  const int64_t step =
      std::max<int64_t>(1, s.info.frames_per_second > 0
                               ? static_cast<int64_t>(1 / (s.info.frames_per_second * av_q2d(base)) + 0.5)
                               : 1);
  if (out.pts == AV_NOPTS_VALUE) out.pts = s.last_pts == AV_NOPTS_VALUE ? 0 : s.last_pts + step;
  if (s.last_pts != AV_NOPTS_VALUE && out.pts <= s.last_pts) out.pts = s.last_pts + 1;
  s.last_pts = out.pts;
  av_frame_unref(s.frame.get());
  return true;
}

}  // namespace linmo::video
