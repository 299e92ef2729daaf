// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/writer.h"

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cstring>
#include <vector>

#include "linmo/video/libav.h"

namespace linmo::video {
namespace {

namespace fs = std::filesystem;

const AVOutputFormat* format_of(const fs::path& path, bool raw) {
  if (!is_pipe(path)) return av_guess_format(nullptr, path.c_str(), nullptr);
  return av_guess_format(raw ? "rawvideo" : "yuv4mpegpipe", nullptr, nullptr);
}

bool is_raw(const AVOutputFormat& format) {
  return std::string_view(format.name) == "yuv4mpegpipe" || std::string_view(format.name) == "rawvideo";
}

}  // namespace

bool can_grow_in_pieces(const fs::path& path) {
  const AVOutputFormat* format = is_pipe(path) ? nullptr : format_of(path, false);
  return format && !is_raw(*format);
}

struct VideoWriter::State {
  State(VideoReader::State& reader, fs::path name) : source(reader), path(std::move(name)) {}
  ~State() {
    if (container && container->pb) avio_closep(&container->pb);
    avformat_free_context(container);
  }
  void open_encoder();
  void open_container(const AVFormatContext* in);
  void encode(AVFrame* frame);
  void mux(AVPacket* packet);
  void copy_other(AVPacket* packet, const AVFormatContext* in);
  void copy_waiting();
  void join_pieces();
  void close();

  VideoReader::State& source;
  fs::path path;
  const AVOutputFormat* format = nullptr;
  WriterOptions options;
  EventSink* events = nullptr;
  int64_t width = 0, height = 0;
  Codec encoder;
  AvFrame frame{av_frame_alloc()};
  Packet packet{av_packet_alloc()};
  Scaler scaler;
  // The file.
  std::optional<AtomicFile> file;
  AVFormatContext* container = nullptr;
  AVStream* stream = nullptr;
  std::vector<int> place;  // of each of the source's streams in ours, −1: left out
  int64_t last_dts = AV_NOPTS_VALUE;
  // The pieces.
  Pieces* pieces = nullptr;
  Piece piece;
};

VideoWriter::VideoWriter(const fs::path& path, VideoReader& reader, int64_t width, int64_t height,
                         const WriterOptions& options, EventSink& events, Pieces* pieces)
    : state_(std::make_unique<State>(*reader.state_, path)) {
  State& s = *state_;
  s.width = width;
  s.height = height;
  s.options = options;
  s.events = &events;
  s.pieces = pieces;
  s.format = format_of(path, options.raw.has_value());
  if (!s.format)
    fail(ErrorKind::usage, "{}: videos are written as .mp4, .mov, .mkv, .webm, .avi or .y4m", to_utf8(path));
  s.open_encoder();
  if (pieces)
    s.source.keep_others = false;  // read again when the pieces are joined
  else
    s.open_container(s.source.container);
}

VideoWriter::~VideoWriter() = default;

void VideoWriter::State::open_encoder() {
  const AVStream* from = source.video();
  const std::string_view kind = format->name;
  const AVCodec* codec = kind == "yuv4mpegpipe" ? avcodec_find_encoder(AV_CODEC_ID_WRAPPED_AVFRAME)
                         : kind == "rawvideo"   ? avcodec_find_encoder(AV_CODEC_ID_RAWVIDEO)
                         : kind == "webm"       ? avcodec_find_encoder_by_name("libvpx-vp9")
                                                : avcodec_find_encoder_by_name("libx264");
  if (!codec) codec = avcodec_find_encoder(format->video_codec);
  if (!codec) fail(ErrorKind::io, "{}: this system's libavcodec has no encoder for {}", to_utf8(path), kind);
  encoder.reset(avcodec_alloc_context3(codec));
  if (!encoder) throw std::bad_alloc();
  AVCodecContext& e = *encoder;
  e.width = static_cast<int>(width);
  e.height = static_cast<int>(height);
  // Half resolution of colour needs even sides.
  e.pix_fmt = width % 2 == 0 && height % 2 == 0 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P;
  if (options.raw && kind == "rawvideo") e.pix_fmt = av_get_pix_fmt(options.raw->pixels.c_str());
  e.time_base = from->time_base;
  const AVRational rate = av_guess_frame_rate(source.container, source.video(), nullptr);
  if (rate.num > 0) e.framerate = rate;
  if (is_raw(*format) && rate.num > 0) e.time_base = av_inv_q(rate);
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
}

// `in`: whose sound, subtitles and title are taken over.
void VideoWriter::State::open_container(const AVFormatContext* in) {
  const AVStream* from = source.video();
  const std::string kind = format->name;
  checked(avformat_alloc_output_context2(&container, format, nullptr, path.c_str()), path,
          "cannot be written", ErrorKind::io);
  container->flags |= AVFMT_FLAG_BITEXACT;  // the same command, the same bytes: no random numbers in the file
  stream = avformat_new_stream(container, nullptr);
  if (!stream) throw std::bad_alloc();
  checked(avcodec_parameters_from_context(stream->codecpar, encoder.get()), path, "cannot be written",
          ErrorKind::io);
  stream->time_base = encoder->time_base;
  stream->avg_frame_rate = from->avg_frame_rate;
  stream->sample_aspect_ratio = encoder->sample_aspect_ratio;
  av_dict_copy(&container->metadata, in->metadata, 0);
  av_dict_copy(&stream->metadata, from->metadata, 0);
  // The rotation of a phone held upright.
  size_t size = 0;
  if (const uint8_t* matrix = av_stream_get_side_data(from, AV_PKT_DATA_DISPLAYMATRIX, &size)) {
    if (uint8_t* copy = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, size))
      std::copy_n(matrix, size, copy);
  }
  place.assign(in->nb_streams, -1);
  for (unsigned i = 0; i < in->nb_streams && !is_raw(*format); ++i) {
    const AVStream* other = in->streams[i];
    const AVMediaType type = other->codecpar->codec_type;
    if (static_cast<int>(i) == source.stream || (type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_SUBTITLE))
      continue;
    if (avformat_query_codec(format, other->codecpar->codec_id, FF_COMPLIANCE_NORMAL) != 1) {
      events->warn(fmt::format("{}: {} does not hold {}; that stream is left out", to_utf8(path), kind,
                               avcodec_get_name(other->codecpar->codec_id)));
      continue;
    }
    AVStream* copy = avformat_new_stream(container, nullptr);
    if (!copy) throw std::bad_alloc();
    checked(avcodec_parameters_copy(copy->codecpar, other->codecpar), path, "cannot be written",
            ErrorKind::io);
    copy->codecpar->codec_tag = 0;
    copy->time_base = other->time_base;
    av_dict_copy(&copy->metadata, other->metadata, 0);
    place[i] = copy->index;
  }
  source.keep_others = !pieces && std::any_of(place.begin(), place.end(), [](int to) { return to >= 0; });
  std::string target = "pipe:1";
  if (!is_pipe(path)) {
    file.emplace(path);
    target = "file:" + file->temporary().string();
  }
  // Some muxers open the file again by this name to move its index to the front.
  av_freep(&container->url);
  container->url = av_strdup(target.c_str());
  checked(avio_open(&container->pb, target.c_str(), AVIO_FLAG_WRITE), path, "cannot be written",
          ErrorKind::io);
  AVDictionary* muxing = nullptr;
  if (kind == "mp4" || kind == "mov") av_dict_set(&muxing, "movflags", "+faststart", 0);
  const int begun = avformat_write_header(container, &muxing);
  av_dict_free(&muxing);
  checked(begun, path, "cannot be written", ErrorKind::io);
}

// Into the file; times in the encoder's time base.
void VideoWriter::State::mux(AVPacket* p) {
  // Each piece's times of decoding begin a little before its first frame: with uneven frames that may lie
  // before the end of the piece before.
  if (last_dts != AV_NOPTS_VALUE && p->dts != AV_NOPTS_VALUE && p->dts <= last_dts) p->dts = last_dts + 1;
  if (p->dts != AV_NOPTS_VALUE) last_dts = p->dts;
  av_packet_rescale_ts(p, encoder->time_base, stream->time_base);
  p->stream_index = stream->index;
  checked(av_interleaved_write_frame(container, p), path, "cannot be written", ErrorKind::io);
}

void VideoWriter::State::copy_other(AVPacket* other, const AVFormatContext* in) {
  const int from = other->stream_index, to = place[static_cast<size_t>(from)];
  if (to < 0) return;
  av_packet_rescale_ts(other, in->streams[from]->time_base, container->streams[to]->time_base);
  other->stream_index = to;
  other->pos = -1;
  checked(av_interleaved_write_frame(container, other), path, "cannot be written", ErrorKind::io);
}

void VideoWriter::State::copy_waiting() {
  while (!source.others.empty()) {
    const Packet other = std::move(source.others.front());
    source.others.pop_front();
    source.waiting -= other->size;
    copy_other(other.get(), source.container);
  }
}

void VideoWriter::State::encode(AVFrame* picture) {
  checked(avcodec_send_frame(encoder.get(), picture), path, "a frame cannot be encoded", ErrorKind::io);
  for (;;) {
    const int got = avcodec_receive_packet(encoder.get(), packet.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    checked(got, path, "a frame cannot be encoded", ErrorKind::io);
    if (!pieces) {
      mux(packet.get());
      continue;
    }
    const AVPacket& p = *packet;
    piece.packets.push_back(
        {p.pts, p.dts, p.duration, (p.flags & AV_PKT_FLAG_KEY) != 0,
         std::string(reinterpret_cast<const char*>(p.data), static_cast<size_t>(p.size))});
    av_packet_unref(packet.get());
  }
}

void VideoWriter::write(const Frame& in) {
  State& s = *state_;
  if (in.image.width() != s.width || in.image.height() != s.height || in.image.channels() != 3 ||
      in.image.depth() != Depth::u8)
    fail(ErrorKind::usage, "a frame of {} × {} does not fit the video of {} × {}", in.image.width(),
         in.image.height(), s.width, s.height);
  if (!s.encoder) s.open_encoder();
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
  if (s.pieces)
    ++s.piece.frames;
  else
    s.copy_waiting();
}

void VideoWriter::end_piece(std::string state) {
  State& s = *state_;
  if (s.piece.frames == 0) return;
  s.encode(nullptr);
  s.piece.width = s.width;
  s.piece.height = s.height;
  s.piece.header.assign(reinterpret_cast<const char*>(s.encoder->extradata),
                        static_cast<size_t>(s.encoder->extradata_size));
  s.pieces->add(s.piece, std::move(state));
  s.piece = {};
  s.encoder.reset();  // the next one begins with a key frame
}

// All pieces with the source's sound, in the order of their times.
void VideoWriter::State::join_pieces() {
  if (!encoder) open_encoder();
  VideoReader again(source.path);
  AVFormatContext* in = again.state_->container;
  open_container(in);
  bool more = std::any_of(place.begin(), place.end(), [](int to) { return to >= 0; });
  const Packet other(av_packet_alloc());
  // Sound up to this time of the video's; all of it without one.
  const auto copy_until = [&](std::optional<int64_t> time) {
    while (more) {
      if (av_read_frame(in, other.get()) < 0) {
        more = false;
        return;
      }
      const AVRational base = in->streams[other->stream_index]->time_base;
      const int64_t at = other->dts;
      if (other->stream_index < static_cast<int>(place.size())) copy_other(other.get(), in);
      av_packet_unref(other.get());
      if (time && at != AV_NOPTS_VALUE && av_compare_ts(at, base, *time, encoder->time_base) > 0) return;
    }
  };
  for (int64_t i = 0; i < pieces->count(); ++i) {
    const Piece made = pieces->read(i);
    for (const EncodedPacket& p : made.packets) {
      checked(av_new_packet(packet.get(), static_cast<int>(p.bytes.size())), path, "no memory",
              ErrorKind::limit);
      std::memcpy(packet->data, p.bytes.data(), p.bytes.size());
      packet->pts = p.pts;
      packet->dts = p.dts;
      packet->duration = p.duration;
      if (p.key) packet->flags |= AV_PKT_FLAG_KEY;
      mux(packet.get());
      if (p.dts != AV_NOPTS_VALUE) copy_until(p.dts);
    }
  }
  copy_until(std::nullopt);
}

void VideoWriter::State::close() {
  checked(av_write_trailer(container), path, "cannot be written", ErrorKind::io);
  checked(avio_closep(&container->pb), path, "cannot be written", ErrorKind::io);
  if (file) file->commit();
}

void VideoWriter::finish() {
  State& s = *state_;
  if (s.pieces) {
    s.join_pieces();
    s.close();
    s.pieces->remove();
    return;
  }
  s.encode(nullptr);
  s.copy_waiting();
  s.close();
}

}  // namespace linmo::video
