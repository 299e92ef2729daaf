// SPDX-License-Identifier: Apache-2.0
// One reader and writer a format, for codec.cc alone. Readers hand back what the file stores: neither
// turned upright nor colour managed.
#pragma once

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
// decode_*: `info` is what the probe said of the same bytes, already held against the limits.
StoredPixels decode_jpeg(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
StoredPixels decode_png(std::span<const std::byte> bytes, const ImageInfo& info, const DecodeOptions& options,
                        std::string_view name);
StoredPixels decode_webp(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
StoredPixels decode_tiff(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name);
// encode_*: the picture has a depth and channels that the format can hold.
std::vector<std::byte> encode_jpeg(const Image& image, const EncodeOptions& options);
std::vector<std::byte> encode_png(const Image& image, const EncodeOptions& options);
std::vector<std::byte> encode_webp(const Image& image, const EncodeOptions& options);  // RGB or RGBA
std::vector<std::byte> encode_tiff(const Image& image, const EncodeOptions& options);

void warn(const DecodeOptions& options, std::string text);
// After a decoder lost its data: a picture of which less than half came is refused.
void check_rows(int64_t got, int64_t rows, const DecodeOptions& options, std::string_view name);
// Makes integer rows from `first` on middle grey and opaque.
void fill_grey(Image& image, int64_t first);

}  // namespace linmo
