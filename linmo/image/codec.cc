// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/codec.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "linmo/core/files.h"
#include "linmo/image/convert.h"
#include "linmo/image/exif.h"
#include "linmo/image/formats.h"
#include "linmo/image/icc.h"
#include "linmo/image/mapped_file.h"

namespace linmo {
namespace fs = std::filesystem;
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What a file that is none of ours is, for the message that refuses it.
std::string_view what_it_is(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes.first(std::min<size_t>(bytes.size(), 4096)));
  if (text.empty()) return "empty";
  struct Magic {
    size_t offset;
    std::string_view bytes, what;
  };
  using namespace std::string_view_literals;
  constexpr std::array kMagic = {
      Magic{0, "GIF8"sv, "a GIF"},
      Magic{0, "BM"sv, "a BMP"},
      Magic{4, "ftypmif1"sv, "a HEIF photograph"},
      Magic{4, "ftypmsf1"sv, "a HEIF photograph"},
      Magic{4, "ftypcrx "sv, "a camera's raw file"},
      Magic{4, "ftyp"sv, "a video"},
      Magic{0, "\x1A\x45\xDF\xA3"sv, "a video"},
      Magic{8, "AVI "sv, "a video"},
      Magic{0, "\xFF\x0A"sv, "a JPEG XL"},
      Magic{4, "JXL "sv, "a JPEG XL"},
      Magic{4, "jP  "sv, "a JPEG 2000"},
      Magic{0, "\xFF\x4F\xFF\x51"sv, "a JPEG 2000"},
      Magic{0, "8BPS"sv, "a Photoshop document"},
      Magic{0, "gimp xcf"sv, "a GIMP document"},
      Magic{0, "%PDF"sv, "a PDF"},
      Magic{0, "%!PS"sv, "a PostScript document"},
      Magic{0, "\0\0\1\0"sv, "an icon file"},
      Magic{0, "DDS "sv, "a DDS texture"},
      Magic{0, "qoif"sv, "a QOI"},
      Magic{0, "\x76\x2F\x31\x01"sv, "an OpenEXR"},
      Magic{0, "#?RADIANCE"sv, "a Radiance HDR"},
      Magic{0, "PK\3\4"sv, "a ZIP archive"},
      Magic{0, "\x1F\x8B"sv, "a gzip archive"},
  };
  for (const Magic& magic : kMagic) {
    if (text.size() >= magic.offset && text.substr(magic.offset).starts_with(magic.bytes)) return magic.what;
  }
  if (text.size() > 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' && std::isspace(text[2])) {
    return "a PNM";
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.find("<svg") != std::string::npos) return "an SVG drawing";
  if (lower.find("<html") != std::string::npos || lower.find("<!doctype html") != std::string::npos) {
    return "an HTML page";
  }
  const auto is_control = [](unsigned char c) { return c < 32 && !std::isspace(c); };
  if (std::none_of(text.begin(), text.end(), is_control)) return "text";
  return "";
}

[[noreturn]] void refuse(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view what = what_it_is(bytes);
  constexpr std::string_view kReadable = "JPEG, PNG, WebP, TIFF, AVIF and HEIC are read";
  if (what.empty()) fail(ErrorKind::input, "{} is not a picture linmo can read ({})", name, kReadable);
  if (what == "empty" || what == "text" || what == "an HTML page" || what.ends_with("archive")) {
    fail(ErrorKind::input, "{} is not a picture linmo can read: it is {}", name, what);
  }
  fail(ErrorKind::input, "{} is {}; convert it to PNG ({})", name, what, kReadable);
}

}  // namespace

ImageInfo probe_stored(std::span<const std::byte> bytes, const ImageLimits& limits, std::string_view name) {
  if (bytes.size() > limits.max_file_bytes) {
    fail(ErrorKind::limit, "{} has {} bytes; at most {} are read", name, bytes.size(), limits.max_file_bytes);
  }
  const auto format = format_of_bytes(bytes);
  if (!format) refuse(bytes, name);
  ImageInfo info;
  switch (*format) {
    case ImageFormat::jpeg:
      info = probe_jpeg(bytes, name);
      break;
    case ImageFormat::png:
      info = probe_png(bytes, name);
      break;
    case ImageFormat::webp:
      info = probe_webp(bytes, name);
      break;
    case ImageFormat::tiff:
      info = probe_tiff(bytes, name);
      break;
    case ImageFormat::avif:
      info = probe_avif(bytes, name);
      break;
    case ImageFormat::heic:
      info = probe_heic(bytes, name);
      break;
  }
  if (info.width < 1 || info.height < 1) {
    fail(ErrorKind::input, "{} is damaged: it says it is {} × {} px", name, info.width, info.height);
  }
  if (info.width > limits.max_side || info.height > limits.max_side ||
      info.width > limits.max_pixels / info.height) {
    fail(ErrorKind::limit, "{} says it is {} × {} px; at most {} px a side and {} in all are read", name,
         info.width, info.height, limits.max_side, limits.max_pixels);
  }
  return info;
}

namespace {

StoredPixels decode_stored(std::span<const std::byte> bytes, const ImageInfo& info,
                           const DecodeOptions& options, std::string_view name) {
  switch (info.format) {
    case ImageFormat::jpeg:
      return decode_jpeg(bytes, info, options, name);
    case ImageFormat::png:
      return decode_png(bytes, info, options, name);
    case ImageFormat::webp:
      return decode_webp(bytes, info, options, name);
    case ImageFormat::avif:
      return decode_avif(bytes, info, options, name);
    case ImageFormat::heic:
      return decode_heic(bytes, info, options, name);
    case ImageFormat::tiff:
      break;
  }
  return decode_tiff(bytes, info, options, name);
}

// Grey → RGB, grey + alpha → RGBA.
Image grey_to_rgb(const Image& image) {
  const Image colour = to_rgb(drop_alpha(image), 0);
  return image.has_alpha() ? with_alpha(colour, alpha_of(image)) : colour;
}

template <class T>
void fill_rows_grey(Image& image, int64_t first) {
  constexpr int kTop = sizeof(T) == 1 ? 255 : 65535;
  const size_t channels = static_cast<size_t>(image.channels());
  const auto rows = image.samples<T>().subspan(static_cast<size_t>(first * image.width()) * channels);
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool alpha = image.has_alpha() && i % channels == channels - 1;
    rows[i] = static_cast<T>(alpha ? kTop : kTop / 2 + 1);
  }
}

}  // namespace

std::string_view extension(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
    case ImageFormat::heic:
      return ".jpg";
    case ImageFormat::webp:
      return ".webp";
    case ImageFormat::tiff:
      return ".tif";
    case ImageFormat::avif:
      return ".avif";
    case ImageFormat::png:
      break;
  }
  return ".png";
}

std::string_view name(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
      return "JPEG";
    case ImageFormat::png:
      return "PNG";
    case ImageFormat::webp:
      return "WebP";
    case ImageFormat::avif:
      return "AVIF";
    case ImageFormat::heic:
      return "HEIC";
    case ImageFormat::tiff:
      break;
  }
  return "TIFF";
}

namespace {

std::string lower_extension(const fs::path& path) {
  std::string extension = to_utf8(path.extension());
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

}  // namespace

std::optional<ImageFormat> format_of_extension(const fs::path& path) {
  const std::string extension = lower_extension(path);
  if (extension == ".jpg" || extension == ".jpeg") return ImageFormat::jpeg;
  if (extension == ".png") return ImageFormat::png;
  if (extension == ".webp") return ImageFormat::webp;
  if (extension == ".avif") return ImageFormat::avif;
  if (extension == ".heic" || extension == ".heif" || extension == ".hif") return ImageFormat::heic;
  if (extension == ".tif" || extension == ".tiff") return ImageFormat::tiff;
  return std::nullopt;
}

bool is_picture_name(const fs::path& path) {
  return format_of_extension(path).has_value();
}

bool is_video_name(const fs::path& path) {
  constexpr std::array<std::string_view, 9> kKnown = {".mp4", ".m4v", ".mov", ".mkv", ".webm",
                                                      ".avi", ".y4m", ".mpg", ".ts"};
  return path == "-" || std::ranges::find(kKnown, lower_extension(path)) != kKnown.end();
}

std::optional<ImageFormat> format_of_bytes(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  const std::string_view text = as_text(bytes);
  if (text.starts_with("\xFF\xD8\xFF"sv)) return ImageFormat::jpeg;
  if (text.starts_with("\x89PNG\r\n\x1A\n"sv)) return ImageFormat::png;
  if (text.starts_with("RIFF"sv) && text.size() >= 12 && text.substr(8, 4) == "WEBP"sv) {
    return ImageFormat::webp;
  }
  if (text.size() >= 12 && (text.substr(4, 8) == "ftypavif"sv || text.substr(4, 8) == "ftypavis"sv)) {
    return ImageFormat::avif;
  }
  if (text.size() >= 12 && text.substr(4, 4) == "ftyp"sv) {
    // The brands that the file says it obeys (ISO/IEC 14496-12, 4.3): of pictures in general, or of these.
    const std::string_view brands = text.substr(8, std::min<size_t>(text.size() - 8, 64));
    const std::string_view first = brands.substr(0, 4);
    if (first == "heic"sv || first == "heix"sv || first == "heim"sv || first == "heis"sv)
      return ImageFormat::heic;
    if (first == "mif1"sv || first == "msf1"sv) {
      for (size_t at = 8; at + 4 <= brands.size(); at += 4) {
        if (brands.substr(at, 4) == "avif"sv) return ImageFormat::avif;
        if (brands.substr(at, 4) == "heic"sv || brands.substr(at, 4) == "heix"sv) return ImageFormat::heic;
      }
    }
  }
  for (const std::string_view magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (text.starts_with(magic)) return ImageFormat::tiff;
  }
  return std::nullopt;
}

void warn(const DecodeOptions& options, std::string text) {
  if (options.warnings) options.warnings->push_back(std::move(text));
}

void check_rows(int64_t got, int64_t rows, const DecodeOptions& options, std::string_view name) {
  if (got >= rows) return;
  if (got * 2 < rows) {
    fail(ErrorKind::input, "{} is truncated: {} of its {} rows are missing; get a whole copy", name,
         rows - got, rows);
  }
  warn(options, fmt::format("truncated: the last {} rows are grey", rows - got));
}

void fill_grey(Image& image, int64_t first) {
  if (image.depth() == Depth::u16) {
    fill_rows_grey<uint16_t>(image, first);
  } else {
    fill_rows_grey<uint8_t>(image, first);
  }
}

ImageInfo probe_image(std::span<const std::byte> bytes, const ImageLimits& limits, std::string_view name) {
  ImageInfo info = probe_stored(bytes, limits, name);
  if (info.orientation >= 5) std::swap(info.width, info.height);
  return info;
}

Image decode_image(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  const ImageInfo info = probe_stored(bytes, options.limits, name);
  StoredPixels stored = decode_stored(bytes, info, options, name);
  if (!stored.is_srgb) apply_profile(stored.image, info.icc, options);
  if (info.orientation == 1) return std::move(stored.image);
  return apply_orientation(stored.image, info.orientation);
}

ImageInfo probe_image(const fs::path& path, const ImageLimits& limits) {
  return probe_image(MappedFile(path, limits.max_file_bytes).bytes(), limits, to_utf8(path));
}

Image read_image(const fs::path& path, const DecodeOptions& options) {
  return decode_image(read_file(path, options.limits.max_file_bytes), options, to_utf8(path));
}

EncodeOptions checked(const EncodeOptions& options) {
  if (options.quality < 1 || options.quality > 100) {
    fail(ErrorKind::usage, "quality {} is not between 1 and 100", options.quality);
  }
  if (options.png_level && (*options.png_level < 0 || *options.png_level > 9)) {
    fail(ErrorKind::usage, "PNG level {} is not between 0 and 9", *options.png_level);
  }
  EncodeOptions stored = options;
  stored.exif = exif_upright(options.exif);
  return stored;
}

Image encodable(const Image& image, ImageFormat format) {
  const bool deep = format == ImageFormat::png || format == ImageFormat::tiff || format == ImageFormat::avif;
  Image samples = to_depth(image, deep && image.depth() != Depth::u8 ? Depth::u16 : Depth::u8);
  if (format == ImageFormat::jpeg && samples.has_alpha()) return to_rgb(samples, 255);
  if (format == ImageFormat::webp && samples.channels() < 3) return grey_to_rgb(samples);
  return samples;
}

std::vector<std::byte> encode_image(const Image& image, ImageFormat format, const EncodeOptions& options) {
  if (image.empty()) fail(ErrorKind::usage, "a picture without pixels cannot be written");
  const EncodeOptions stored = checked(options);
  const Image samples = encodable(image, format);
  switch (format) {
    case ImageFormat::jpeg:
      return encode_jpeg(samples, stored);
    case ImageFormat::png:
      return encode_png(samples, stored);
    case ImageFormat::webp:
      return encode_webp(samples, stored);
    case ImageFormat::avif:
      return encode_avif(samples, stored);
    case ImageFormat::heic:
      fail(ErrorKind::usage, "HEIC is read and not written; choose .jpg, .png, .webp, .tiff or .avif");
    case ImageFormat::tiff:
      break;
  }
  return encode_tiff(samples, stored);
}

void write_image(const fs::path& path, const Image& image, const EncodeOptions& options) {
  const auto format = format_of_extension(path);
  if (!format || *format == ImageFormat::heic) {
    fail(ErrorKind::usage, "cannot write {}: its name must end in .jpg, .png, .webp, .tiff or .avif",
         to_utf8(path));
  }
  write_file(path, encode_image(image, *format, options));
}

}  // namespace linmo
