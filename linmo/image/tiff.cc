// SPDX-License-Identifier: Apache-2.0
// TIFF through libtiff, from and to memory. Strips and tiles are read here, so that 16 bits, alpha and
// several planes survive; only rare colour spaces go through libtiff's own 8-bit converter.
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <memory>

#include "linmo/image/convert.h"
#include "linmo/image/formats.h"
#include "linmo/image/icc.h"

namespace linmo {
namespace {

constexpr int kMaxSamples = 64;                       // a pixel
constexpr int64_t kScratchBytes = int64_t{64} << 20;  // for tables and tiles, beside the pixels

struct Messages {
  char error[256] = {};
};

int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto& messages = *static_cast<Messages*>(user);
  // The first error is the cause; later ones follow from it.
  if (!messages.error[0]) std::vsnprintf(messages.error, sizeof messages.error, format, arguments);
  return 1;
}
int on_warning(TIFF*, void*, const char*, const char*, va_list) {
  return 1;
}

// A file in memory for libtiff: reads `source`, or writes `written`.
struct MemoryFile {
  std::span<const std::byte> source;
  std::vector<std::byte> written;
  uint64_t position = 0;
};

tmsize_t on_read(thandle_t handle, void* to, tmsize_t length) {
  auto& file = *static_cast<MemoryFile*>(handle);
  const uint64_t size = file.source.size();
  if (file.position >= size || length <= 0) return 0;
  const auto n = std::min<uint64_t>(static_cast<uint64_t>(length), size - file.position);
  std::memcpy(to, file.source.data() + file.position, n);
  file.position += n;
  return static_cast<tmsize_t>(n);
}

tmsize_t on_write(thandle_t handle, void* from, tmsize_t length) {
  auto& file = *static_cast<MemoryFile*>(handle);
  try {  // no exception may cross libtiff
    if (file.written.size() < file.position + static_cast<uint64_t>(length)) {
      file.written.resize(file.position + static_cast<uint64_t>(length));
    }
  } catch (const std::bad_alloc&) {
    return 0;
  }
  std::memcpy(file.written.data() + file.position, from, static_cast<size_t>(length));
  file.position += static_cast<uint64_t>(length);
  return length;
}

toff_t on_seek(thandle_t handle, toff_t offset, int from) {
  auto& file = *static_cast<MemoryFile*>(handle);
  const uint64_t end = file.source.empty() ? file.written.size() : file.source.size();
  file.position = offset + (from == SEEK_CUR ? file.position : from == SEEK_END ? end : 0);
  return file.position;
}

int on_close(thandle_t) {
  return 0;
}

toff_t on_size(thandle_t handle) {
  const auto& file = *static_cast<MemoryFile*>(handle);
  return file.source.empty() ? file.written.size() : file.source.size();
}

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Closer>;

// `max_bytes`: the most that libtiff may allocate at once; 0 for no bound.
Tiff open_tiff(MemoryFile& file, Messages& messages, const char* mode, int64_t max_bytes) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 &TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &messages);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &messages);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), max_bytes);
  return Tiff(TIFFClientOpenExt("memory", mode, &file, on_read, on_write, on_seek, on_close, on_size, nullptr,
                                nullptr, options.get()));
}

// How the file's samples become ours.
struct Layout {
  enum class Colour { grey, rgb, palette, cmyk, converted };  // converted: by libtiff, to 8-bit RGB
  Colour colour = Colour::grey;
  int64_t width = 0, height = 0;
  int bits = 1, samples = 1;  // stored, a pixel
  int alpha = -1;             // index of the sample, −1: none
  bool premultiplied = false, inverted = false, planes = false, tiled = false;

  int colours() const {
    return colour == Colour::grey || colour == Colour::palette ? 1 : colour == Colour::cmyk ? 4 : 3;
  }
  // Of the picture that is handed out.
  int channels() const {
    if (colour == Colour::converted || colour == Colour::palette || colour == Colour::cmyk) return 3;
    return colours() + (alpha >= 0 ? 1 : 0);
  }
};

template <class T>
T field(TIFF* tiff, uint32_t tag, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : otherwise;
}

Layout read_layout(TIFF* tiff, std::string_view name) {
  Layout layout;
  layout.width = field<uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  layout.height = field<uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  layout.bits = field<uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = field<uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.planes = layout.samples > 1 &&
                  field<uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  layout.tiled = TIFFIsTiled(tiff) != 0;
  const auto compression = field<uint16_t>(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  if (!TIFFIsCODECConfigured(compression)) {
    fail(ErrorKind::input,
         "{} is a TIFF with compression {}, which is not supported; save it with LZW or none", name,
         compression);
  }
  uint16_t photometric = layout.samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG && !layout.planes) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = PHOTOMETRIC_RGB;
  }
  if (photometric == PHOTOMETRIC_YCBCR) {
    layout.colour = Layout::Colour::converted;
    return layout;
  }
  const auto sample_format = field<uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  const bool whole =
      layout.bits == 1 || layout.bits == 2 || layout.bits == 4 || layout.bits == 8 || layout.bits == 16;
  if (!whole || (sample_format != SAMPLEFORMAT_UINT && sample_format != SAMPLEFORMAT_VOID)) {
    fail(ErrorKind::input, "{} is a TIFF with {}-bit {} samples; save it with 8 or 16 bit", name, layout.bits,
         sample_format == SAMPLEFORMAT_IEEEFP ? "float" : "integer");
  }
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      layout.inverted = photometric == PHOTOMETRIC_MINISWHITE;
      break;
    case PHOTOMETRIC_RGB:
      layout.colour = Layout::Colour::rgb;
      break;
    case PHOTOMETRIC_PALETTE:
      layout.colour = Layout::Colour::palette;
      break;
    case PHOTOMETRIC_SEPARATED:
      layout.colour = Layout::Colour::cmyk;
      break;
    default:
      fail(ErrorKind::input, "{} is a TIFF with colour space {}; save it as RGB", name, photometric);
  }
  if (layout.samples < layout.colours() || layout.samples > kMaxSamples ||
      (layout.colour == Layout::Colour::palette && layout.bits > 8)) {
    fail(ErrorKind::input, "{} is a TIFF with {} samples of {} bit a pixel; save it as RGB", name,
         layout.samples, layout.bits);
  }
  uint16_t extras = 0;
  const uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
  for (int i = 0; i < extras && layout.alpha < 0 && layout.colours() + i < layout.samples; ++i) {
    if (kinds[i] != EXTRASAMPLE_ASSOCALPHA && kinds[i] != EXTRASAMPLE_UNASSALPHA) continue;
    layout.alpha = layout.colours() + i;
    layout.premultiplied = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
  }
  return layout;
}

// A file opened with its layout known.
struct Reader {
  MemoryFile file;
  Messages messages;
  Tiff tiff;
  Layout layout;

  Reader(std::span<const std::byte> bytes, int64_t max_bytes, std::string_view name) : file{bytes, {}, 0} {
    tiff = open_tiff(file, messages, "rm", max_bytes);
    if (!tiff) fail(ErrorKind::input, "{} is a damaged TIFF: {}", name, messages.error);
    layout = read_layout(tiff.get(), name);
  }
};

// Sample `index` of a decoded row.
template <class T>
uint32_t sample_at(const std::byte* row, int64_t index, int bits) {
  if constexpr (sizeof(T) == 2) {
    uint16_t value;
    std::memcpy(&value, row + index * 2, 2);
    return value;
  } else {
    if (bits == 8) return static_cast<uint32_t>(row[index]);
    const int64_t bit = index * bits;
    const int shift = 8 - bits - static_cast<int>(bit % 8);
    return static_cast<uint32_t>(row[bit / 8]) >> shift & ((1u << bits) - 1);
  }
}

// Puts a decoded strip or tile at (x, y). `plane`: the one sample that it holds, −1 when it holds all.
template <class T>
void place(const std::byte* chunk, int64_t row_bytes, const Layout& layout, int64_t x, int64_t y,
           int64_t width, int64_t height, int plane, Image& image) {
  const bool index = layout.colour == Layout::Colour::palette;
  const uint32_t top = (1u << layout.bits) - 1;
  const uint32_t scale = index || layout.bits >= 8 ? 1 : 255 / top;
  for (int64_t row = 0; row < height; ++row, chunk += row_bytes) {
    T* out = image.row<T>(y + row).data() + x * image.channels();
    for (int c = 0; c < image.channels(); ++c) {
      const bool alpha = c == layout.colours();
      const int sample = alpha ? layout.alpha : c;
      if (plane >= 0 && plane != sample) continue;
      const int64_t step = plane >= 0 ? 1 : layout.samples, offset = plane >= 0 ? 0 : sample;
      for (int64_t i = 0; i < width; ++i) {
        uint32_t value = sample_at<T>(chunk, i * step + offset, layout.bits);
        if (layout.inverted && !alpha) value = top - value;
        out[i * image.channels() + c] = static_cast<T>(value * scale);
      }
    }
  }
}

// Reads strip after strip, or tile after tile, into `image` (stored colours, then alpha). Returns how many
// rows are whole.
int64_t read_chunks(Reader& reader, Image& image, std::string_view name) {
  TIFF* tiff = reader.tiff.get();
  const Layout& layout = reader.layout;
  int64_t chunk_width = layout.width, chunk_height = layout.height;
  if (layout.tiled) {
    chunk_width = field<uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
    chunk_height = field<uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
  } else {
    chunk_height = std::min<int64_t>(layout.height, field<uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, UINT32_MAX));
  }
  if (chunk_width < 1 || chunk_height < 1) {
    fail(ErrorKind::input, "{} is a damaged TIFF: its pieces are {} × {} px", name, chunk_width,
         chunk_height);
  }
  const int64_t samples = layout.planes ? 1 : layout.samples;
  const int64_t row_bytes = (chunk_width * samples * layout.bits + 7) / 8;
  // Tiles may hang over the edge, but not by more than this.
  if (chunk_height > (static_cast<int64_t>(image.bytes().size()) * kMaxSamples + kScratchBytes) / row_bytes) {
    fail(ErrorKind::limit, "{} is a TIFF in tiles of {} × {} px, far larger than its picture", name,
         chunk_width, chunk_height);
  }
  const auto told_row =
      static_cast<int64_t>(layout.tiled ? TIFFTileRowSize64(tiff) : TIFFScanlineSize64(tiff));
  if (told_row != row_bytes) {
    fail(ErrorKind::input, "{} is a damaged TIFF: a row has {} bytes where {} are due", name, told_row,
         row_bytes);
  }
  std::vector<std::byte> chunk(static_cast<size_t>(row_bytes * chunk_height));
  const int planes = layout.planes ? layout.samples : 1;
  for (int64_t y = 0; y < layout.height; y += chunk_height) {
    const int64_t rows = std::min(chunk_height, layout.height - y);
    for (int plane = 0; plane < planes; ++plane) {
      if (layout.planes && plane >= layout.colours() && plane != layout.alpha) continue;
      for (int64_t x = 0; x < layout.width; x += chunk_width) {
        const auto px = static_cast<uint32_t>(x), py = static_cast<uint32_t>(y);
        const auto p = static_cast<uint16_t>(plane);
        const int64_t due = row_bytes * (layout.tiled ? chunk_height : rows);
        const int64_t got =
            layout.tiled ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, px, py, 0, p), chunk.data(), due)
                         : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, py, p), chunk.data(), due);
        if (got < due) return y;
        const int64_t columns = std::min(chunk_width, layout.width - x);
        const int only = layout.planes ? plane : -1;
        if (image.depth() == Depth::u16) {
          place<uint16_t>(chunk.data(), row_bytes, layout, x, y, columns, rows, only, image);
        } else {
          place<uint8_t>(chunk.data(), row_bytes, layout, x, y, columns, rows, only, image);
        }
      }
    }
  }
  return layout.height;
}

Image expand_palette(TIFF* tiff, const Image& indices, int bits, std::string_view name) {
  uint16_t* maps[3] = {};
  if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2])) {
    fail(ErrorKind::input, "{} is a damaged TIFF: its palette is missing", name);
  }
  const int size = 1 << bits;
  // The map holds 16-bit values, but some writers put 8-bit ones there.
  const bool small = std::all_of(std::begin(maps), std::end(maps), [&](const uint16_t* map) {
    return std::all_of(map, map + size, [](uint16_t v) { return v < 256; });
  });
  Image rgb(indices.width(), indices.height(), 3);
  auto* out = rgb.samples<uint8_t>().data();
  for (const uint8_t index : indices.samples<uint8_t>()) {
    for (const uint16_t* map : maps) *out++ = static_cast<uint8_t>(small ? map[index] : map[index] >> 8);
  }
  return rgb;
}

template <class T>
void unpremultiply(Image& image) {
  constexpr uint64_t kTop = sizeof(T) == 1 ? 255 : 65535;
  const auto samples = image.samples<T>();
  const size_t channels = static_cast<size_t>(image.channels());
  for (size_t p = 0; p < samples.size(); p += channels) {
    const uint64_t alpha = samples[p + channels - 1];
    for (size_t c = 0; c + 1 < channels; ++c) {
      const uint64_t colour = samples[p + c];
      samples[p + c] =
          alpha == 0 ? T{0} : static_cast<T>(std::min(kTop, (colour * kTop + alpha / 2) / alpha));
    }
  }
}

Image convert_by_libtiff(Reader& reader, std::string_view name) {
  TIFF* tiff = reader.tiff.get();
  char reason[1024] = {};
  if (!TIFFRGBAImageOK(tiff, reason)) {
    fail(ErrorKind::input, "{} is a TIFF that cannot be converted: {}; save it as RGB", name, reason);
  }
  Image rgb(reader.layout.width, reader.layout.height, 3);
  std::vector<uint32_t> raster(static_cast<size_t>(rgb.pixels()));
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);  // turned upright by the caller
  if (!TIFFReadRGBAImageOriented(tiff, static_cast<uint32_t>(rgb.width()),
                                 static_cast<uint32_t>(rgb.height()), raster.data(), ORIENTATION_TOPLEFT,
                                 1)) {
    fail(ErrorKind::input, "{} is a damaged TIFF: {}", name, reader.messages.error);
  }
  auto* out = rgb.samples<uint8_t>().data();
  for (const uint32_t pixel : raster) {
    *out++ = static_cast<uint8_t>(TIFFGetR(pixel));
    *out++ = static_cast<uint8_t>(TIFFGetG(pixel));
    *out++ = static_cast<uint8_t>(TIFFGetB(pixel));
  }
  return rgb;
}

}  // namespace

ImageInfo probe_tiff(std::span<const std::byte> bytes, std::string_view name) {
  Reader reader(bytes, kScratchBytes, name);
  TIFF* tiff = reader.tiff.get();
  ImageInfo info;
  info.format = ImageFormat::tiff;
  info.width = reader.layout.width;
  info.height = reader.layout.height;
  info.channels = reader.layout.channels();
  info.bits = reader.layout.bits;
  const int orientation = field<uint16_t>(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  info.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  uint32_t profile_bytes = 0;
  const std::byte* profile = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &profile_bytes, &profile)) {
    info.icc.assign(profile, profile + profile_bytes);
  }
  return info;
}

StoredPixels decode_tiff(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name) {
  Reader reader(bytes, kScratchBytes + info.width * info.height * 2 * kMaxSamples, name);
  const Layout& layout = reader.layout;
  if (TIFFLastDirectory(reader.tiff.get()) == 0) {
    warn(options, "it has several pages: the first is used");
  }
  if (layout.colour == Layout::Colour::converted) return {convert_by_libtiff(reader, name), false};
  const bool flat = layout.colour == Layout::Colour::palette || layout.colour == Layout::Colour::cmyk;
  Image image(layout.width, layout.height, layout.colours() + (!flat && layout.alpha >= 0 ? 1 : 0),
              layout.bits == 16 ? Depth::u16 : Depth::u8);
  const int64_t rows = read_chunks(reader, image, name);
  if (rows == 0) fail(ErrorKind::input, "{} is a damaged TIFF: {}", name, reader.messages.error);
  check_rows(rows, image.height(), options, name);
  if (layout.colour == Layout::Colour::palette) {
    image = expand_palette(reader.tiff.get(), image, layout.bits, name);
  } else if (layout.colour == Layout::Colour::cmyk) {
    image = cmyk_to_srgb(image, false, info.icc, options);
  } else if (layout.premultiplied) {
    layout.bits == 16 ? unpremultiply<uint16_t>(image) : unpremultiply<uint8_t>(image);
  }
  if (rows < image.height()) fill_grey(image, rows);
  return {options.keep_16_bit ? std::move(image) : to_depth(image, Depth::u8),
          layout.colour == Layout::Colour::cmyk};
}

std::vector<std::byte> encode_tiff(const Image& image, const EncodeOptions& options) {
  constexpr uint64_t kClassicBytes = 3'500'000'000;  // offsets have 32 bits in a classic TIFF
  constexpr uint64_t kStripBytes = 256u << 10;
  if (image.width() > INT32_MAX || image.height() > INT32_MAX) {
    fail(ErrorKind::limit, "a TIFF cannot be larger than {} px a side", INT32_MAX);
  }
  MemoryFile file;
  Messages messages;
  Tiff tiff = open_tiff(file, messages, image.bytes().size() > kClassicBytes ? "w8" : "w", 0);
  if (!tiff) fail(ErrorKind::input, "cannot write a TIFF: {}", messages.error);
  TIFF* out = tiff.get();
  const auto row_bytes = image.bytes().size() / static_cast<size_t>(image.height());
  TIFFSetField(out, TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(image.width()));
  TIFFSetField(out, TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(image.height()));
  TIFFSetField(out, TIFFTAG_SAMPLESPERPIXEL, image.channels());
  TIFFSetField(out, TIFFTAG_BITSPERSAMPLE, image.depth() == Depth::u16 ? 16 : 8);
  TIFFSetField(out, TIFFTAG_PHOTOMETRIC, image.channels() <= 2 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  TIFFSetField(out, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(out, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField(out, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(out, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  TIFFSetField(out, TIFFTAG_ROWSPERSTRIP,
               static_cast<uint32_t>(std::max<uint64_t>(1, kStripBytes / std::max<uint64_t>(1, row_bytes))));
  if (image.has_alpha()) {
    const uint16_t kind = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(out, TIFFTAG_EXTRASAMPLES, 1, &kind);
  }
  if (!options.icc.empty()) {
    TIFFSetField(out, TIFFTAG_ICCPROFILE, static_cast<uint32_t>(options.icc.size()), options.icc.data());
  }
  std::vector<std::byte> row(row_bytes);  // the predictor works in place
  bool good = true;
  for (int64_t y = 0; good && y < image.height(); ++y) {
    std::memcpy(row.data(), image.bytes().data() + static_cast<size_t>(y) * row_bytes, row_bytes);
    good = TIFFWriteScanline(out, row.data(), static_cast<uint32_t>(y), 0) == 1;
  }
  good = good && TIFFFlush(out) == 1;
  tiff.reset();
  if (!good || messages.error[0]) fail(ErrorKind::input, "cannot write a TIFF: {}", messages.error);
  return std::move(file.written);
}

}  // namespace linmo
