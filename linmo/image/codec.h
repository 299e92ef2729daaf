// SPDX-License-Identifier: Apache-2.0
// Picture files in and out: JPEG, PNG, WebP, TIFF, AVIF; HEIC in. Everything that comes out is upright (EXIF
// orientation applied) and sRGB (embedded ICC profile applied).
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "linmo/image/image.h"

namespace linmo {

enum class ImageFormat { jpeg, png, webp, tiff, avif, heic };  // HEIC is only read

// Bounds that a decoder checks before it allocates.
struct ImageLimits {
  int64_t max_pixels = 1'000'000'000;
  int64_t max_side = 300'000;
  uint64_t max_file_bytes = 4ULL << 30;
};

// What a file says of itself, without decoding its pixels.
struct ImageInfo {
  ImageFormat format = ImageFormat::png;
  int64_t width = 0, height = 0;  // as shown: after orientation
  int channels = 0;               // as Image counts them, palette expanded
  int bits = 8;                   // a sample, as stored; of AVIF's and HEIC's 10 and 12: 16
  int orientation = 1;            // EXIF 1 … 8
  std::vector<std::byte> icc;     // embedded profile, empty when none
  std::vector<std::byte> exif;    // raw EXIF block (TIFF header on), empty when none
  // JPEG only, 0 otherwise. Quality 1 … 100 of the IJG tables (ITU-T T.81, Annex K, scaled) that the file's
  // quantisation tables are nearest to; pixels a chroma sample (1: 4:4:4, 2: 4:2:2, 4: 4:2:0), 0 for grey.
  int jpeg_quality = 0, chroma_pixels = 0;
};

struct DecodeOptions {
  ImageLimits limits;
  bool keep_16_bit = true;  // false: 16-bit samples are rounded to 8
  // A picture may come back reduced (JPEG's 1/2, 1/4, 1/8 scaling) as long as both sides stay at or above
  // this; 0 asks for full size. Saves most of the time of reading big photographs for training.
  int64_t shrink_to_side = 0;
  std::vector<std::string>* warnings = nullptr;  // e.g. "truncated: the last 12 rows are grey"
};

std::string_view name(ImageFormat format);
std::string_view extension(ImageFormat format);  // of new files: .jpg .png .webp .tif .avif; .jpg for heic
std::optional<ImageFormat> format_of_extension(
    const std::filesystem::path& path);  // .jpg .jpeg .png .webp .tif .tiff .avif .heic .heif .hif
bool is_picture_name(const std::filesystem::path& path);  // by that extension
bool is_video_name(const std::filesystem::path& path);  // .mp4, .mkv … (video/); also "-": y4m through a pipe
std::optional<ImageFormat> format_of_bytes(std::span<const std::byte> bytes);  // magic numbers

// Throw ErrorKind::input (not a picture, damaged) or ErrorKind::limit (bomb). `name` is used in messages. Of
// animations and several pages the first is read. JPEG, PNG and TIFF that break off after half of their rows
// are read with a warning. CMYK becomes RGB.
ImageInfo probe_image(std::span<const std::byte> bytes, const ImageLimits& limits, std::string_view name);
Image decode_image(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);
ImageInfo probe_image(const std::filesystem::path& path, const ImageLimits& limits = {});
Image read_image(const std::filesystem::path& path, const DecodeOptions& options = {});

struct EncodeOptions {
  int quality = 95;  // JPEG, lossy WebP and AVIF, 1 … 100
  bool webp_lossless = false;
  // zlib's level, 0 … 9, with libpng's choice of filters. Otherwise what suits the picture's first rows: for
  // photographs and paintings runs alone are looked for, which leaves their files as small as level 6 does in
  // a sixth of the time; where neighbours are often equal (drawings, text), level 3.
  std::optional<int> png_level = {};
  std::vector<std::byte> icc = {};  // stored as is; samples are not converted
  std::vector<std::byte> exif =
      {};  // raw block, stored as exif_upright() makes it; in TIFF as its own directories
};

// JPEG drops alpha over white and 16 bits to 8; AVIF keeps 12 of 16 bits; WebP drops 16 bits to 8 and makes
// grey RGB. PNG and TIFF keep all of it; float samples are written with 16 bits there. Throws
// ErrorKind::usage for an empty picture or options out of range, ErrorKind::limit for more than the format
// holds.
std::vector<std::byte> encode_image(const Image& image, ImageFormat format,
                                    const EncodeOptions& options = {});
// Format by extension; atomic. Throws ErrorKind::usage for an extension that is not one of ours.
void write_image(const std::filesystem::path& path, const Image& image, const EncodeOptions& options = {});

}  // namespace linmo
