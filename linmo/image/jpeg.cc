// SPDX-License-Identifier: Apache-2.0
// JPEG through libjpeg-turbo. libjpeg leaves by longjmp on errors, so everything that needs a destructor
// lives in an object outside the guarded calls, which hold plain data only.
#include <csetjmp>
#include <cstdio>
// jpeglib.h needs stdio's FILE.
#include <jpeglib.h>
// jerror.h needs jpeglib.h.
#include <jerror.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <memory>

#include "linmo/image/convert.h"
#include "linmo/image/exif.h"
#include "linmo/image/formats.h"
#include "linmo/image/icc.h"

namespace linmo {
namespace {

// No encoder writes so many scans; a hostile file repeats them to burn hours.
constexpr int kMaxScans = 500;
constexpr char kExifTag[6] = {'E', 'x', 'i', 'f', 0, 0};
constexpr int kMarkerBytes = 65533;

struct ErrorState : jpeg_error_mgr {
  std::jmp_buf jump;
  char text[JMSG_LENGTH_MAX] = {};
  bool data_ended = false;   // the entropy-coded data stopped early …
  int ended_scan = 0;        // … in this scan,
  int64_t ended_row = 0;     // at this row of blocks (when rows are not put out yet)
  int64_t ended_output = 0;  // or at this output row
  bool damaged = false;
};

ErrorState& state_of(j_common_ptr cinfo) {
  return *static_cast<ErrorState*>(cinfo->err);
}

void on_error(j_common_ptr cinfo) {
  ErrorState& state = state_of(cinfo);
  cinfo->err->format_message(cinfo, state.text);
  std::longjmp(state.jump, 1);
}

void on_message(j_common_ptr cinfo, int level) {
  if (level >= 0) return;
  ErrorState& state = state_of(cinfo);
  if (cinfo->err->num_warnings++ == 0) cinfo->err->format_message(cinfo, state.text);
  if (!cinfo->is_decompressor) return;
  const int code = cinfo->err->msg_code;
  if (code == JWRN_HIT_MARKER || code == JWRN_JPEG_EOF) {
    if (state.data_ended) return;
    const auto* reader = reinterpret_cast<j_decompress_ptr>(cinfo);
    state.data_ended = true;
    state.ended_scan = reader->input_scan_number;
    state.ended_row = reader->input_iMCU_row;
    state.ended_output = reader->output_scanline;
  } else if (code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM && code != JWRN_BOGUS_ICC) {
    state.damaged = true;
  }
}

void on_progress(j_common_ptr cinfo) {
  if (reinterpret_cast<j_decompress_ptr>(cinfo)->input_scan_number > kMaxScans) {
    ErrorState& state = state_of(cinfo);
    std::snprintf(state.text, sizeof state.text, "it has more than %d scans", kMaxScans);
    std::longjmp(state.jump, 1);
  }
}

void install(ErrorState& state) {
  jpeg_std_error(&state);
  state.error_exit = on_error;
  state.emit_message = on_message;
}

// Runs f, which calls libjpeg and holds no objects with destructors; false after an error. Never inlined:
// what f changes belongs to the caller's frame, which longjmp leaves alone.
template <class F>
[[gnu::noinline]] bool guarded(ErrorState& state, F&& f) {
  if (setjmp(state.jump)) return false;
  f();
  return true;
}

class Reader {
 public:
  // Delegates, so that the destructor runs when reading the header fails.
  Reader(std::span<const std::byte> bytes, std::string_view name) : Reader(name) {
    run([&] {
      jpeg_create_decompress(&info_);
      info_.progress = &monitor_;
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xFFFF);
      jpeg_save_markers(&info_, JPEG_APP0 + 2, 0xFFFF);
      jpeg_read_header(&info_, TRUE);
    });
  }
  ~Reader() { jpeg_destroy_decompress(&info_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  template <class F>
  void run(F&& f) {
    if (!try_run(f)) fail(ErrorKind::input, "{} is a damaged JPEG: {}", name_, state_.text);
  }
  template <class F>
  bool try_run(F&& f) {
    return guarded(state_, f);
  }
  jpeg_decompress_struct& info() { return info_; }
  const ErrorState& state() const { return state_; }

 private:
  explicit Reader(std::string_view name) : name_(name) {
    install(state_);
    info_.err = &state_;
    monitor_.progress_monitor = on_progress;
  }

  std::string_view name_;
  ErrorState state_;
  jpeg_progress_mgr monitor_ = {};
  jpeg_decompress_struct info_ = {};
};

// The quality whose tables, as libjpeg scales them, differ least from the file's. libjpeg makes the
// candidates itself, so that they are the same by construction.
int nearest_quality(const jpeg_decompress_struct& file) {
  struct Tables {
    ErrorState state;
    jpeg_compress_struct info = {};
    ~Tables() { jpeg_destroy_compress(&info); }
  } made;
  install(made.state);
  made.info.err = &made.state;
  int best = 0;
  int64_t least = INT64_MAX;
  guarded(made.state, [&] {
    jpeg_create_compress(&made.info);
    made.info.in_color_space = JCS_RGB;
    made.info.input_components = 3;
    jpeg_set_defaults(&made.info);
    for (int quality = 1; quality <= 100; ++quality) {
      jpeg_set_quality(&made.info, quality, TRUE);
      int64_t difference = 0;
      int tables = 0;
      for (int t = 0; t < 2; ++t) {  // 0 luma, 1 chroma
        if (!file.quant_tbl_ptrs[t]) continue;
        ++tables;
        for (int i = 0; i < DCTSIZE2; ++i) {
          difference += std::abs(static_cast<int>(file.quant_tbl_ptrs[t]->quantval[i]) -
                                 static_cast<int>(made.info.quant_tbl_ptrs[t]->quantval[i]));
        }
      }
      if (tables == 0 || difference >= least) continue;
      least = difference;
      best = quality;
    }
  });
  return best;
}

bool is_cmyk(const jpeg_decompress_struct& info) {
  return info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
}

// The greatest of 1/8, 1/4, 1/2, 1 that leaves both sides at or above `side`.
unsigned shrink_denominator(const ImageInfo& info, int64_t side) {
  if (side <= 0) return 1;
  for (const unsigned denominator : {8u, 4u, 2u}) {
    const auto reduced = [&](int64_t n) { return (n + denominator - 1) / denominator; };
    if (reduced(info.width) >= side && reduced(info.height) >= side) return denominator;
  }
  return 1;
}

// How many of the output rows were coded in the file when its data ended early.
int64_t rows_that_came(const jpeg_decompress_struct& info, const ErrorState& state, bool several_scans) {
  if (!several_scans) return std::min<int64_t>(state.ended_output, info.output_height);
  if (state.ended_scan > 1 || info.total_iMCU_rows == 0) return info.output_height;
  return info.output_height * state.ended_row / info.total_iMCU_rows;
}

}  // namespace

ImageInfo probe_jpeg(std::span<const std::byte> bytes, std::string_view name) {
  Reader reader(bytes, name);
  jpeg_decompress_struct& jpeg = reader.info();
  ImageInfo info;
  info.format = ImageFormat::jpeg;
  info.width = jpeg.image_width;
  info.height = jpeg.image_height;
  info.channels = jpeg.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
  info.bits = jpeg.data_precision;
  info.jpeg_quality = nearest_quality(jpeg);
  if (jpeg.num_components >= 3) {
    const auto samples = [&](int c) {
      return std::max(1, jpeg.comp_info[c].h_samp_factor * jpeg.comp_info[c].v_samp_factor);
    };
    info.chroma_pixels = samples(0) / samples(1);
  }
  for (const auto* marker = jpeg.marker_list; marker; marker = marker->next) {
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length > sizeof kExifTag &&
        std::memcmp(marker->data, kExifTag, sizeof kExifTag) == 0 && info.exif.empty()) {
      const auto* data = reinterpret_cast<const std::byte*>(marker->data);
      info.exif.assign(data + sizeof kExifTag, data + marker->data_length);
    }
  }
  JOCTET* profile = nullptr;
  unsigned profile_bytes = 0;
  reader.run([&] {
    if (!jpeg_read_icc_profile(&jpeg, &profile, &profile_bytes)) profile = nullptr;
  });
  const std::unique_ptr<JOCTET, decltype(&std::free)> owner(profile, &std::free);
  if (profile) {
    const auto* data = reinterpret_cast<const std::byte*>(profile);
    info.icc.assign(data, data + profile_bytes);
  }
  info.orientation = exif_orientation(info.exif);
  return info;
}

namespace {

class JpegRows : public StoredRows {
 public:
  JpegRows(std::span<const std::byte> bytes, const ImageInfo& info, const DecodeOptions& options,
           std::string_view name)
      : reader_(bytes, name), options_(options), icc_(info.icc), name_(name) {
    jpeg_decompress_struct& jpeg = reader_.info();
    cmyk_ = is_cmyk(jpeg);
    several_scans_ = jpeg_has_multiple_scans(&jpeg);
    jpeg.scale_num = 1;
    jpeg.scale_denom = shrink_denominator(info, options.shrink_to_side);
    jpeg.out_color_space = cmyk_ ? JCS_CMYK : info.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  }
  void start() {
    reader_.run([&] { jpeg_start_decompress(&reader_.info()); });
  }
  jpeg_decompress_struct& jpeg() { return reader_.info(); }
  bool cmyk() const { return cmyk_; }
  bool several_scans() const { return several_scans_; }

  void read(Image& band) override {
    if (!cmyk_) return read_stored(band);
    Image inks(band.width(), band.height(), 4);
    read_stored(inks);
    band = cmyk_to_srgb(inks, reader_.info().saw_Adobe_marker != 0, icc_, options_);
    options_.warnings = nullptr;  // the same for every band
  }

  void read_stored(Image& band) {
    jpeg_decompress_struct& jpeg = reader_.info();
    auto* samples = band.samples<uint8_t>().data();
    const size_t stride = static_cast<size_t>(band.width() * band.channels());
    std::fill_n(samples, band.samples<uint8_t>().size(), uint8_t{128});
    if (broken_) return;
    const int64_t first = jpeg.output_scanline, end = first + band.height();
    const bool whole = reader_.try_run([&] {
      while (jpeg.output_scanline < end) {
        JSAMPROW row = samples + static_cast<size_t>(jpeg.output_scanline - first) * stride;
        jpeg_read_scanlines(&jpeg, &row, 1);
      }
      if (jpeg.output_scanline == jpeg.output_height) jpeg_finish_decompress(&jpeg);
    });
    broken_ = !whole;
    const ErrorState& state = reader_.state();
    const auto height = static_cast<int64_t>(jpeg.output_height);
    if (!whole) {
      check_rows(jpeg.output_scanline, height, options_, name_);
    } else if (end < height) {
      return;
    } else if (state.data_ended) {
      const int64_t got = rows_that_came(jpeg, state, several_scans_);
      if (got < height) {
        check_rows(got, height, options_, name_);
      } else if (several_scans_) {
        warn(options_, "truncated: the last passes of a progressive JPEG are missing, so it is less sharp");
      }
    } else if (state.damaged) {
      warn(options_, fmt::format("damaged: {}", state.text));
    }
  }

 private:
  Reader reader_;
  DecodeOptions options_;
  std::vector<std::byte> icc_;
  std::string_view name_;
  bool cmyk_ = false, several_scans_ = false, broken_ = false;
};

}  // namespace

StoredPixels decode_jpeg(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name) {
  JpegRows rows(bytes, info, options, name);
  rows.start();
  Image image(rows.jpeg().output_width, rows.jpeg().output_height, rows.cmyk() ? 3 : info.channels);
  rows.read(image);
  return {std::move(image), rows.cmyk()};
}

std::unique_ptr<StoredRows> jpeg_rows(std::span<const std::byte> bytes, const ImageInfo& info,
                                      const DecodeOptions& options, std::string_view name, bool* is_srgb) {
  auto rows = std::make_unique<JpegRows>(bytes, info, options, name);
  // Of several scans libjpeg keeps all coefficients.
  if (rows->several_scans()) return nullptr;
  *is_srgb = rows->cmyk();
  rows->start();
  return rows;
}

namespace {

// Compresses to memory, with Huffman tables made for the picture, or piecemeal to a file.
class JpegSink : public RowSink {
 public:
  // Delegates, so that the destructor runs when this throws.
  JpegSink(const PictureShape& shape, const EncodeOptions& options, AtomicFile* file)
      : JpegSink(file, static_cast<size_t>(shape.width * shape.channels)) {
    constexpr int64_t kMaxSide = JPEG_MAX_DIMENSION;
    if (shape.width > kMaxSide || shape.height > kMaxSide) {
      fail(ErrorKind::limit,
           "a JPEG cannot be larger than {} px a side ({} × {} asked for); write a PNG or TIFF", kMaxSide,
           shape.width, shape.height);
    }
    if (options.exif.size() + sizeof kExifTag > kMarkerBytes) {
      fail(ErrorKind::limit, "{} bytes of EXIF do not fit in a JPEG; leave them out or write a PNG",
           options.exif.size());
    }
    std::vector<std::byte> exif;
    if (!options.exif.empty()) {
      exif.resize(sizeof kExifTag + options.exif.size());
      std::memcpy(exif.data(), kExifTag, sizeof kExifTag);
      std::copy(options.exif.begin(), options.exif.end(), exif.begin() + sizeof kExifTag);
    }
    run([&] {
      jpeg_create_compress(&jpeg_);
      if (file_) {
        destination_.init_destination = on_begin;
        destination_.empty_output_buffer = on_full;
        destination_.term_destination = on_end;
        destination_.sink = this;
        jpeg_.dest = &destination_;
      } else {
        jpeg_mem_dest(&jpeg_, &data_, &size_);
      }
      jpeg_.image_width = static_cast<JDIMENSION>(shape.width);
      jpeg_.image_height = static_cast<JDIMENSION>(shape.height);
      jpeg_.input_components = shape.channels;
      jpeg_.in_color_space = shape.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
      jpeg_set_defaults(&jpeg_);
      jpeg_set_quality(&jpeg_, options.quality, TRUE);
      jpeg_.optimize_coding = file_ ? FALSE : TRUE;  // keeps all coefficients
      if (options.quality >= 90 && shape.channels == 3) {
        // Halved chroma would show at qualities that are asked for to keep everything.
        jpeg_.comp_info[0].h_samp_factor = jpeg_.comp_info[0].v_samp_factor = 1;
      }
      jpeg_start_compress(&jpeg_, TRUE);
      if (!exif.empty()) {
        jpeg_write_marker(&jpeg_, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                          static_cast<unsigned>(exif.size()));
      }
      if (!options.icc.empty()) {
        jpeg_write_icc_profile(&jpeg_, reinterpret_cast<const JOCTET*>(options.icc.data()),
                               static_cast<unsigned>(options.icc.size()));
      }
    });
  }
  ~JpegSink() override {
    jpeg_destroy_compress(&jpeg_);
    std::free(data_);
  }

  void write(const Image& band) override {
    const auto* samples = band.samples<uint8_t>().data();
    run([&] {
      for (size_t y = 0; y < static_cast<size_t>(band.height()); ++y) {
        JSAMPROW row = const_cast<JSAMPROW>(samples + y * stride_);
        jpeg_write_scanlines(&jpeg_, &row, 1);
      }
    });
  }
  void finish() override {
    run([&] { jpeg_finish_compress(&jpeg_); });
  }
  std::vector<std::byte> bytes() const {
    const auto* data = reinterpret_cast<const std::byte*>(data_);
    return {data, data + size_};
  }

 private:
  JpegSink(AtomicFile* file, size_t stride) : file_(file), stride_(stride) {
    install(state_);
    jpeg_.err = &state_;
  }

  struct Destination : jpeg_destination_mgr {
    JpegSink* sink = nullptr;
    std::array<JOCTET, 1 << 16> buffer;
  };
  static Destination& destination(j_compress_ptr jpeg) { return *static_cast<Destination*>(jpeg->dest); }
  static void on_begin(j_compress_ptr jpeg) {
    Destination& to = destination(jpeg);
    to.next_output_byte = to.buffer.data();
    to.free_in_buffer = to.buffer.size();
  }
  static boolean on_full(j_compress_ptr jpeg) {
    flush(jpeg, destination(jpeg).buffer.size());
    on_begin(jpeg);
    return TRUE;
  }
  static void on_end(j_compress_ptr jpeg) {
    flush(jpeg, destination(jpeg).buffer.size() - destination(jpeg).free_in_buffer);
  }
  // No exception may cross libjpeg, and no longjmp a frame that holds one.
  static void flush(j_compress_ptr jpeg, size_t length) {
    JpegSink& sink = *destination(jpeg).sink;
    if (!sink.keep(length)) std::longjmp(sink.state_.jump, 1);
  }
  bool keep(size_t length) {
    try {
      file_->write(std::as_bytes(std::span(destination_.buffer.data(), length)));
      return true;
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
  }

  template <class F>
  void run(F&& f) {
    if (guarded(state_, f)) return;
    if (failure_) std::rethrow_exception(failure_);
    fail(ErrorKind::input, "cannot write a JPEG: {}", state_.text);
  }

  AtomicFile* file_;
  size_t stride_;
  ErrorState state_;
  std::exception_ptr failure_;
  jpeg_compress_struct jpeg_ = {};
  Destination destination_ = {};
  unsigned char* data_ = nullptr;
  unsigned long size_ = 0;  // the type that jpeg_mem_dest() takes
};

}  // namespace

std::vector<std::byte> encode_jpeg(const Image& image, const EncodeOptions& options) {
  JpegSink sink({image.width(), image.height(), image.channels(), image.depth()}, options, nullptr);
  sink.write(image);
  sink.finish();
  return sink.bytes();
}

std::unique_ptr<RowSink> jpeg_sink(AtomicFile& file, const PictureShape& shape,
                                   const EncodeOptions& options) {
  return std::make_unique<JpegSink>(shape, options, &file);
}

}  // namespace linmo
