// SPDX-License-Identifier: Apache-2.0
// One reader and writer a format, for codec.cc and rows.cc alone. Readers hand back what the file stores:
// neither turned upright nor colour managed.
#pragma once

#include <memory>

#include "linmo/core/files.h"
#include "linmo/image/codec.h"

namespace linmo {

struct StoredPixels {
  Image image;
  bool is_srgb = false;  // the embedded profile has been applied already (CMYK)
};

// probe_*: header only; width and height as stored, orientation beside them.
ImageInfo probe_jpeg(std::span<const std::byte> bytes, std::string_view name);
ImageInfo probe_png(std::span<const std::byte> bytes, std::string_view name);
ImageInfo probe_webp(std::span<const std::byte> bytes, std::string_view name);
ImageInfo probe_tiff(std::span<const std::byte> bytes, std::string_view name);
ImageInfo probe_avif(std::span<const std::byte> bytes, std::string_view name);
ImageInfo probe_heic(std::span<const std::byte> bytes, std::string_view name);
// decode_*: `info` is what the probe said of the same bytes, already held against the limits.
StoredPixels decode_jpeg(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
StoredPixels decode_png(std::span<const std::byte> bytes, const ImageInfo& info, const DecodeOptions& options,
                        std::string_view name);
StoredPixels decode_webp(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
StoredPixels decode_tiff(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
StoredPixels decode_avif(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
StoredPixels decode_heic(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
// encode_*: the picture has a depth and channels that the format can hold.
std::vector<std::byte> encode_jpeg(const Image& image, const EncodeOptions& options);
std::vector<std::byte> encode_png(const Image& image, const EncodeOptions& options);
std::vector<std::byte> encode_webp(const Image& image, const EncodeOptions& options);  // RGB or RGBA
std::vector<std::byte> encode_avif(const Image& image, const EncodeOptions& options);
std::vector<std::byte> encode_tiff(const Image& image, const EncodeOptions& options);

// A file's pixels from the top, as stored. Whoever holds one keeps `bytes` and `name` alive.
class StoredRows {
 public:
  virtual ~StoredRows() = default;
  // The next band.height() rows of the picture's width, channels and depth. Rows that the file has lost are
  // grey, with a warning, or it is refused (check_rows()).
  virtual void read(Image& band) = 0;
};
// Nothing when the file cannot be read so in bounded memory. `*is_srgb` as in StoredPixels.
std::unique_ptr<StoredRows> jpeg_rows(std::span<const std::byte> bytes, const ImageInfo& info,
                                      const DecodeOptions& options, std::string_view name, bool* is_srgb);
std::unique_ptr<StoredRows> png_rows(std::span<const std::byte> bytes, const ImageInfo& info,
                                     const DecodeOptions& options, std::string_view name);
std::unique_ptr<StoredRows> tiff_rows(std::span<const std::byte> bytes, const ImageInfo& info,
                                      const DecodeOptions& options, std::string_view name, bool* is_srgb);

// A file that is written from the top.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void write(const Image& band) = 0;
  virtual void finish() = 0;  // after the last row; the caller commits the file
};
struct PictureShape {
  int64_t width = 0, height = 0;
  int channels = 0;
  Depth depth = Depth::u8;
};
// `shape` is one that the format can hold, as for encode_*.
std::unique_ptr<RowSink> jpeg_sink(AtomicFile& file, const PictureShape& shape, const EncodeOptions& options);
std::unique_ptr<RowSink> png_sink(AtomicFile& file, const PictureShape& shape, const EncodeOptions& options);
std::unique_ptr<RowSink> tiff_sink(AtomicFile& file, const PictureShape& shape, const EncodeOptions& options);

// Of codec.cc: header held against the limits, sides as stored; a picture whole; what encode_*() is given.
ImageInfo probe_stored(std::span<const std::byte> bytes, const ImageLimits& limits, std::string_view name);
EncodeOptions checked(const EncodeOptions& options);
Image encodable(const Image& image, ImageFormat format);

void warn(const DecodeOptions& options, std::string text);
// After a decoder lost its data: a picture of which less than half came is refused.
void check_rows(int64_t got, int64_t rows, const DecodeOptions& options, std::string_view name);
// Makes integer rows from `first` on middle grey and opaque.
void fill_grey(Image& image, int64_t first);

}  // namespace linmo
