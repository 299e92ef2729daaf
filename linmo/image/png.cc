// SPDX-License-Identifier: Apache-2.0
// PNG through libpng. As in jpeg.cc, libpng leaves by longjmp, so guarded calls hold plain data only.
#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <exception>
#include <memory>

#include "linmo/image/exif.h"
#include "linmo/image/formats.h"

namespace linmo {
namespace {

constexpr size_t kMaxChunkBytes = 64u << 20;  // of compressed metadata, unpacked
constexpr size_t kSignature = 8;

struct ErrorState {
  std::jmp_buf jump;
  char text[256] = {};
  bool profile_refused = false;
};

void on_error(png_structp png, png_const_charp text) {
  auto& state = *static_cast<ErrorState*>(png_get_error_ptr(png));
  std::snprintf(state.text, sizeof state.text, "%s", text);
  std::longjmp(state.jump, 1);
}

void on_warning(png_structp png, png_const_charp text) {
  auto& state = *static_cast<ErrorState*>(png_get_error_ptr(png));
  if (std::string_view(text).starts_with("iCCP")) state.profile_refused = true;
}

template <class F>
[[gnu::noinline]] bool guarded(ErrorState& state, F&& f) {
  if (setjmp(state.jump)) return false;
  f();
  return true;
}

struct Cursor {
  std::span<const std::byte> rest;
};

void on_read(png_structp png, png_bytep to, size_t length) {
  auto& cursor = *static_cast<Cursor*>(png_get_io_ptr(png));
  if (length > cursor.rest.size()) png_error(png, "the file ends early");
  std::memcpy(to, cursor.rest.data(), length);
  cursor.rest = cursor.rest.subspan(length);
}

class Reader {
 public:
  // Delegates, so that the destructor runs when reading the header fails.
  Reader(std::span<const std::byte> bytes, std::string_view name) : Reader(name) {
    cursor_.rest = bytes;
    run([&] {
      // Sides are held against ImageLimits by the caller, before any pixel is allocated.
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_set_chunk_malloc_max(png_, kMaxChunkBytes);
      png_set_read_fn(png_, &cursor_, on_read);
      png_read_info(png_, info_);
    });
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  template <class F>
  void run(F&& f) {
    if (!try_run(f)) fail(ErrorKind::input, "{} is a damaged PNG: {}", name_, state_.text);
  }
  template <class F>
  bool try_run(F&& f) {
    return guarded(state_, f);
  }
  png_structp png() { return png_; }
  png_infop info() { return info_; }
  const ErrorState& state() const { return state_; }

 private:
  explicit Reader(std::string_view name) : name_(name) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state_, on_error, on_warning);
    if (png_) info_ = png_create_info_struct(png_);
    if (!info_) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }

  std::string_view name_;
  ErrorState state_;
  Cursor cursor_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

// The eXIf chunk may follow the pixels, where libpng finds it only after decoding them.
std::vector<std::byte> find_exif(std::span<const std::byte> bytes) {
  size_t at = kSignature;
  while (bytes.size() - at >= 12) {
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<size_t>(bytes[at + i]);
    if (length > bytes.size() - at - 12) break;
    const auto data = bytes.subspan(at + 8, length);
    if (std::memcmp(bytes.data() + at + 4, "eXIf", 4) == 0) return {data.begin(), data.end()};
    at += length + 12;
  }
  return {};
}

}  // namespace

ImageInfo probe_png(std::span<const std::byte> bytes, std::string_view name) {
  Reader reader(bytes, name);
  ImageInfo info;
  info.format = ImageFormat::png;
  info.width = png_get_image_width(reader.png(), reader.info());
  info.height = png_get_image_height(reader.png(), reader.info());
  info.bits = png_get_bit_depth(reader.png(), reader.info());
  const int type = png_get_color_type(reader.png(), reader.info());
  const bool transparent = png_get_valid(reader.png(), reader.info(), PNG_INFO_tRNS) != 0;
  info.channels =
      (type & PNG_COLOR_MASK_COLOR ? 3 : 1) + ((type & PNG_COLOR_MASK_ALPHA) || transparent ? 1 : 0);
  info.exif = find_exif(bytes);
  info.orientation = exif_orientation(info.exif);
  png_charp profile_name = nullptr;
  int compression = 0;
  png_bytep profile = nullptr;
  png_uint_32 profile_bytes = 0;
  if (png_get_iCCP(reader.png(), reader.info(), &profile_name, &compression, &profile, &profile_bytes)) {
    const auto* data = reinterpret_cast<const std::byte*>(profile);
    info.icc.assign(data, data + profile_bytes);
  }
  return info;
}

namespace {

class PngRows : public StoredRows {
 public:
  PngRows(std::span<const std::byte> bytes, const ImageInfo& info, const DecodeOptions& options,
          std::string_view name)
      : reader_(bytes, name), options_(options), height_(info.height), name_(name) {
    png_structp png = reader_.png();
    if (reader_.state().profile_refused && info.icc.empty()) {
      warn(options, "its colour profile is damaged: the colours are used as they are");
    }
    const bool sixteen = info.bits == 16 && options.keep_16_bit;
    reader_.run([&] {
      png_set_expand(png);  // palettes to RGB, 1 … 4 bit to 8, tRNS to alpha
      if (info.bits == 16 && !sixteen) png_set_scale_16(png);
      if (sixteen && std::endian::native == std::endian::little) png_set_swap(png);
      passes_ = png_set_interlace_handling(png);
      png_read_update_info(png, reader_.info());
    });
    stride_ = png_get_rowbytes(png, reader_.info());
    const auto due = static_cast<size_t>(info.width * info.channels * (sixteen ? 2 : 1));
    if (stride_ != due) fail(ErrorKind::input, "{} is a damaged PNG: its rows have {} bytes", name, stride_);
  }
  bool interlaced() const { return passes_ > 1; }

  // Of an interlaced picture the band must be all of it.
  void read(Image& band) override {
    png_structp png = reader_.png();
    auto* samples = reinterpret_cast<png_bytep>(band.samples<std::byte>().data());
    const int64_t height = band.height();
    y_ = 0;
    if (!broken_) {
      broken_ = !reader_.try_run([&] {
        for (int pass = 0; pass < passes_; ++pass) {
          for (y_ = 0; y_ < height; ++y_) {
            png_read_row(png, samples + static_cast<size_t>(y_) * stride_, nullptr);
          }
        }
      });
      // An interlaced picture that breaks off has holes everywhere.
      if (passes_ > 1 && broken_) y_ = 0;
      if (broken_) check_rows(done_ + y_, height_, options_, name_);
    }
    done_ += height;
    if (broken_) fill_grey(band, y_);
  }

 private:
  Reader reader_;
  DecodeOptions options_;
  int64_t height_, done_ = 0, y_ = 0;
  std::string_view name_;
  int passes_ = 1;
  size_t stride_ = 0;
  bool broken_ = false;
};

// Compresses to memory, or piecemeal to a file.
class PngSink : public RowSink {
 public:
  // Delegates, so that the destructor runs when this throws.
  PngSink(const PictureShape& shape, const EncodeOptions& options, AtomicFile* file)
      : PngSink(file, static_cast<size_t>(shape.width * shape.channels) * static_cast<size_t>(shape.depth)) {
    if (!info_) throw std::bad_alloc();
    constexpr int kTypes[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                              PNG_COLOR_TYPE_RGB_ALPHA};
    const bool sixteen = shape.depth == Depth::u16;
    std::vector<std::byte> exif = options.exif;  // libpng wants it writable
    run([&] {
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_set_write_fn(png_, this, on_write, nullptr);
      if (options.png_level) png_set_compression_level(png_, *options.png_level);
      png_set_IHDR(png_, info_, static_cast<png_uint_32>(shape.width), static_cast<png_uint_32>(shape.height),
                   sixteen ? 16 : 8, kTypes[shape.channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                   PNG_FILTER_TYPE_DEFAULT);
      if (!options.icc.empty()) {
        png_set_iCCP(png_, info_, "embedded", PNG_COMPRESSION_TYPE_BASE,
                     reinterpret_cast<png_const_bytep>(options.icc.data()),
                     static_cast<png_uint_32>(options.icc.size()));
      }
      if (!exif.empty()) {
        png_set_eXIf_1(png_, info_, static_cast<png_uint_32>(exif.size()),
                       reinterpret_cast<png_bytep>(exif.data()));
      }
    });
    chooses_ = !options.png_level;
    sixteen_ = sixteen;
    pixel_bytes_ = static_cast<size_t>(shape.channels) * static_cast<size_t>(shape.depth);
  }
  ~PngSink() override { png_destroy_write_struct(&png_, &info_); }

  void write(const Image& band) override {
    const auto* samples = reinterpret_cast<png_const_bytep>(band.bytes().data());
    begin(band.bytes());
    run([&] {
      for (size_t y = 0; y < static_cast<size_t>(band.height()); ++y) {
        png_write_row(png_, samples + y * row_bytes_);
      }
    });
  }
  void finish() override {
    begin({});
    run([&] { png_write_end(png_, nullptr); });
    if (state_.profile_refused) {
      fail(ErrorKind::input, "cannot write a PNG with this colour profile, which is damaged; leave it out");
    }
  }
  std::vector<std::byte> take_bytes() { return std::move(bytes_); }

 private:
  PngSink(AtomicFile* file, size_t row_bytes) : file_(file), row_bytes_(row_bytes) {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state_, on_error, on_warning);
    if (png_) info_ = png_create_info_struct(png_);
  }

  // Once, before the first row.
  void begin(std::span<const std::byte> first_rows) {
    if (begun_) return;
    begun_ = true;
    const bool photograph = chooses_ && like_photograph(first_rows);
    run([&] {
      if (photograph) {
        png_set_compression_strategy(png_, Z_RLE);
        png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
      } else if (chooses_) {
        png_set_compression_level(png_, 3);
      }
      png_write_info(png_, info_);
      if (sixteen_ && std::endian::native == std::endian::little) png_set_swap(png_);
    });
  }
  // Fewer than one pixel in four is equal to its left neighbour.
  bool like_photograph(std::span<const std::byte> rows) const {
    constexpr size_t kRows = 64;
    rows = rows.first(std::min(rows.size(), kRows * row_bytes_));
    size_t equal = 0;
    for (size_t at = pixel_bytes_; at < rows.size(); at += pixel_bytes_)
      equal += std::memcmp(&rows[at], &rows[at - pixel_bytes_], pixel_bytes_) == 0 ? 1 : 0;
    return rows.size() > pixel_bytes_ && equal * 4 < rows.size() / pixel_bytes_;
  }

  static void on_write(png_structp png, png_bytep data, size_t length) {
    auto& to = *static_cast<PngSink*>(png_get_io_ptr(png));
    if (!to.keep(std::as_bytes(std::span(data, length)))) png_error(png, "the output cannot be written");
  }
  // No exception may cross libpng.
  bool keep(std::span<const std::byte> bytes) {
    try {
      if (file_) {
        file_->write(bytes);
      } else {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
      }
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
    fail(ErrorKind::input, "cannot write a PNG: {}", state_.text);
  }

  AtomicFile* file_;
  size_t row_bytes_, pixel_bytes_ = 1;
  bool chooses_ = false, sixteen_ = false, begun_ = false;
  ErrorState state_;
  std::exception_ptr failure_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::vector<std::byte> bytes_;
};

}  // namespace

StoredPixels decode_png(std::span<const std::byte> bytes, const ImageInfo& info, const DecodeOptions& options,
                        std::string_view name) {
  PngRows rows(bytes, info, options, name);
  Image image(info.width, info.height, info.channels,
              info.bits == 16 && options.keep_16_bit ? Depth::u16 : Depth::u8);
  rows.read(image);
  return {std::move(image), false};
}

std::unique_ptr<StoredRows> png_rows(std::span<const std::byte> bytes, const ImageInfo& info,
                                     const DecodeOptions& options, std::string_view name) {
  auto rows = std::make_unique<PngRows>(bytes, info, options, name);
  if (rows->interlaced()) return nullptr;
  return rows;
}

std::vector<std::byte> encode_png(const Image& image, const EncodeOptions& options) {
  PngSink sink({image.width(), image.height(), image.channels(), image.depth()}, options, nullptr);
  sink.write(image);
  sink.finish();
  return sink.take_bytes();
}

std::unique_ptr<RowSink> png_sink(AtomicFile& file, const PictureShape& shape, const EncodeOptions& options) {
  return std::make_unique<PngSink>(shape, options, &file);
}

}  // namespace linmo
