// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/container.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::video {
namespace {

namespace fs = std::filesystem;

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

constexpr int64_t kMostPixels = 100'000'000;
// Of sound and subtitles that wait for the next frame: a file without frames must not fill the memory.
constexpr int64_t kMostWaiting = int64_t{256} << 20;

std::string reason(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

// `code` itself, or an error about `path`.
int checked(int code, const fs::path& path, std::string_view what, ErrorKind kind = ErrorKind::input) {
  if (code < 0) fail(kind, "{}: {} ({})", to_utf8(path), what, reason(code));
  return code;
}

bool is_pipe(const fs::path& path) {
  return path == "-";
}

// Conversion between a YUV frame and RGB with the frame's own matrix and range.
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

}  // namespace

struct VideoReader::State {
  fs::path path;
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

VideoReader::VideoReader(const fs::path& path) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = path;
  av_log_set_level(AV_LOG_QUIET);  // the library does not print; what matters is thrown
  AVDictionary* options = nullptr;
  // A playlist in a stranger's file must not open other files or hosts.
  av_dict_set(&options, "protocol_whitelist", "file,pipe", 0);
  av_dict_set(&options, "format_whitelist",
              "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,yuv4mpegpipe", 0);
  const AVInputFormat* format = is_pipe(path) ? av_find_input_format("yuv4mpegpipe") : nullptr;
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

struct VideoWriter::State {
  State(VideoReader::State& reader, fs::path name) : source(reader), path(std::move(name)) {}
  ~State() {
    if (container && container->pb) avio_closep(&container->pb);
    avformat_free_context(container);
  }
  void encode(AVFrame* frame);
  void copy_others();

  VideoReader::State& source;
  fs::path path;
  std::optional<AtomicFile> file;
  AVFormatContext* container = nullptr;
  AVStream* stream = nullptr;
  Codec encoder;
  AvFrame frame{av_frame_alloc()};
  Packet packet{av_packet_alloc()};
  Scaler scaler;
  std::vector<int> place;  // of each of the source's streams in ours, −1: left out
  int64_t width = 0, height = 0;
};

VideoWriter::VideoWriter(const fs::path& path, VideoReader& reader, int64_t width, int64_t height,
                         const WriterOptions& options, EventSink& events)
    : state_(std::make_unique<State>(*reader.state_, path)) {
  State& s = *state_;
  AVFormatContext* in = s.source.container;
  const AVStream* from = s.source.video();
  s.width = width;
  s.height = height;
  const AVOutputFormat* format = is_pipe(path) ? av_guess_format("yuv4mpegpipe", nullptr, nullptr)
                                               : av_guess_format(nullptr, path.c_str(), nullptr);
  if (!format)
    fail(ErrorKind::usage, "{}: videos are written as .mp4, .mov, .mkv, .webm, .avi or .y4m", to_utf8(path));
  checked(avformat_alloc_output_context2(&s.container, format, nullptr, path.c_str()), path,
          "cannot be written", ErrorKind::io);
  const std::string kind = format->name;
  const bool raw = kind == "yuv4mpegpipe";
  const AVCodec* codec = raw              ? avcodec_find_encoder(AV_CODEC_ID_WRAPPED_AVFRAME)
                         : kind == "webm" ? avcodec_find_encoder_by_name("libvpx-vp9")
                                          : avcodec_find_encoder_by_name("libx264");
  if (!codec) codec = avcodec_find_encoder(format->video_codec);
  if (!codec) fail(ErrorKind::io, "{}: this system's libavcodec has no encoder for {}", to_utf8(path), kind);
  s.encoder.reset(avcodec_alloc_context3(codec));
  if (!s.encoder) throw std::bad_alloc();
  AVCodecContext& e = *s.encoder;
  e.width = static_cast<int>(width);
  e.height = static_cast<int>(height);
  // Half resolution of colour needs even sides.
  e.pix_fmt = width % 2 == 0 && height % 2 == 0 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P;
  e.time_base = from->time_base;
  const AVRational rate = av_guess_frame_rate(in, s.source.video(), nullptr);
  if (rate.num > 0) e.framerate = rate;
  if (raw && rate.num > 0) e.time_base = av_inv_q(rate);
  e.sample_aspect_ratio =
      from->sample_aspect_ratio.num > 0 ? from->sample_aspect_ratio : from->codecpar->sample_aspect_ratio;
  e.color_range = from->codecpar->color_range;
  e.color_primaries = from->codecpar->color_primaries;
  e.color_trc = from->codecpar->color_trc;
  e.colorspace =
      from->codecpar->color_space == AVCOL_SPC_RGB ? AVCOL_SPC_UNSPECIFIED : from->codecpar->color_space;
  if (kind != "webm" || codec->id != AV_CODEC_ID_VP9) e.bit_rate = 0;
  av_opt_set_int(&e, "crf", options.crf, AV_OPT_SEARCH_CHILDREN);
  if (format->flags & AVFMT_GLOBALHEADER) e.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  checked(avcodec_open2(&e, codec, nullptr), path, "the encoder does not take this video", ErrorKind::io);
  s.stream = avformat_new_stream(s.container, nullptr);
  if (!s.stream) throw std::bad_alloc();
  checked(avcodec_parameters_from_context(s.stream->codecpar, &e), path, "cannot be written", ErrorKind::io);
  s.stream->time_base = e.time_base;
  s.stream->avg_frame_rate = from->avg_frame_rate;
  s.stream->sample_aspect_ratio = e.sample_aspect_ratio;
  av_dict_copy(&s.container->metadata, in->metadata, 0);
  av_dict_copy(&s.stream->metadata, from->metadata, 0);
  // The rotation of a phone held upright.
  size_t size = 0;
  if (const uint8_t* matrix = av_stream_get_side_data(from, AV_PKT_DATA_DISPLAYMATRIX, &size)) {
    if (uint8_t* copy = av_stream_new_side_data(s.stream, AV_PKT_DATA_DISPLAYMATRIX, size))
      std::copy_n(matrix, size, copy);
  }
  s.place.assign(in->nb_streams, -1);
  for (unsigned i = 0; i < in->nb_streams && !raw; ++i) {
    const AVStream* other = in->streams[i];
    const AVMediaType type = other->codecpar->codec_type;
    if (static_cast<int>(i) == s.source.stream ||
        (type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_SUBTITLE))
      continue;
    if (avformat_query_codec(format, other->codecpar->codec_id, FF_COMPLIANCE_NORMAL) != 1) {
      events.warn(fmt::format("{}: {} does not hold {}; that stream is left out", to_utf8(path), kind,
                              avcodec_get_name(other->codecpar->codec_id)));
      continue;
    }
    AVStream* copy = avformat_new_stream(s.container, nullptr);
    if (!copy) throw std::bad_alloc();
    checked(avcodec_parameters_copy(copy->codecpar, other->codecpar), path, "cannot be written",
            ErrorKind::io);
    copy->codecpar->codec_tag = 0;
    copy->time_base = other->time_base;
    av_dict_copy(&copy->metadata, other->metadata, 0);
    s.place[i] = copy->index;
  }
  s.source.keep_others = std::any_of(s.place.begin(), s.place.end(), [](int to) { return to >= 0; });
  std::string target = "pipe:1";
  if (!is_pipe(path)) {
    s.file.emplace(path);
    target = "file:" + s.file->temporary().string();
  }
  // Some muxers open the file again by this name to move its index to the front.
  av_freep(&s.container->url);
  s.container->url = av_strdup(target.c_str());
  checked(avio_open(&s.container->pb, target.c_str(), AVIO_FLAG_WRITE), path, "cannot be written",
          ErrorKind::io);
  AVDictionary* muxing = nullptr;
  if (kind == "mp4" || kind == "mov") av_dict_set(&muxing, "movflags", "+faststart", 0);
  const int begun = avformat_write_header(s.container, &muxing);
  av_dict_free(&muxing);
  checked(begun, path, "cannot be written", ErrorKind::io);
  s.frame->format = e.pix_fmt;
  s.frame->width = e.width;
  s.frame->height = e.height;
  s.frame->colorspace = e.colorspace;
  s.frame->color_range = e.color_range;
}

VideoWriter::~VideoWriter() = default;

void VideoWriter::State::copy_others() {
  while (!source.others.empty()) {
    const Packet other = std::move(source.others.front());
    source.others.pop_front();
    source.waiting -= other->size;
    const int to = place[static_cast<size_t>(other->stream_index)];
    if (to < 0) continue;
    av_packet_rescale_ts(other.get(), source.container->streams[other->stream_index]->time_base,
                         container->streams[to]->time_base);
    other->stream_index = to;
    other->pos = -1;
    checked(av_interleaved_write_frame(container, other.get()), path, "cannot be written", ErrorKind::io);
  }
}

void VideoWriter::State::encode(AVFrame* picture) {
  checked(avcodec_send_frame(encoder.get(), picture), path, "a frame cannot be encoded", ErrorKind::io);
  for (;;) {
    const int got = avcodec_receive_packet(encoder.get(), packet.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    checked(got, path, "a frame cannot be encoded", ErrorKind::io);
    av_packet_rescale_ts(packet.get(), encoder->time_base, stream->time_base);
    packet->stream_index = stream->index;
    checked(av_interleaved_write_frame(container, packet.get()), path, "cannot be written", ErrorKind::io);
  }
}

void VideoWriter::write(const Frame& in) {
  State& s = *state_;
  if (in.image.width() != s.width || in.image.height() != s.height || in.image.channels() != 3 ||
      in.image.depth() != Depth::u8)
    fail(ErrorKind::usage, "a frame of {} × {} does not fit the video of {} × {}", in.image.width(),
         in.image.height(), s.width, s.height);
  AVFrame& f = *s.frame;
  // The encoder may still hold the last one's memory.
  av_frame_unref(&f);
  f.format = s.encoder->pix_fmt;
  f.width = s.encoder->width;
  f.height = s.encoder->height;
  f.colorspace = s.encoder->colorspace;
  f.color_range = s.encoder->color_range;
  checked(av_frame_get_buffer(&f, 0), s.path, "no memory", ErrorKind::limit);
  s.scaler.reset(sws_getCachedContext(
      s.scaler.release(), f.width, f.height, AV_PIX_FMT_RGB24, f.width, f.height, s.encoder->pix_fmt,
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr, nullptr, nullptr));
  if (!s.scaler) fail(ErrorKind::io, "{}: its pixels cannot be converted", to_utf8(s.path));
  set_colours(s.scaler.get(), f, false);
  const uint8_t* data[4] = {in.image.samples<uint8_t>().data()};
  const int strides[4] = {static_cast<int>(3 * s.width)};
  sws_scale(s.scaler.get(), data, strides, 0, f.height, f.data, f.linesize);
  f.pts = av_rescale_q(in.pts, s.source.video()->time_base, s.encoder->time_base);
  s.encode(&f);
  s.copy_others();
}

void VideoWriter::finish() {
  State& s = *state_;
  s.encode(nullptr);
  s.copy_others();
  checked(av_write_trailer(s.container), s.path, "cannot be written", ErrorKind::io);
  checked(avio_closep(&s.container->pb), s.path, "cannot be written", ErrorKind::io);
  if (s.file) s.file->commit();
}

}  // namespace linmo::video
