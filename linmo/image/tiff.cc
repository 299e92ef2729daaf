// SPDX-License-Identifier: Apache-2.0
// TIFF through libtiff, from memory. Strips and tiles are read here, so that 16 bits, alpha and
// several planes survive; only rare colour spaces go through libtiff's own 8-bit converter.
#include <tiffio.h>

#include <algorithm>
#include <memory>

#include "linmo/image/convert.h"
#include "linmo/image/exif.h"
#include "linmo/image/formats.h"
#include "linmo/image/icc.h"
#include "linmo/image/tiff_file.h"

namespace linmo {
namespace {

constexpr int kMaxSamples = 64;                       // a pixel
constexpr int64_t kScratchBytes = int64_t{64} << 20;  // for tables and tiles, beside the pixels

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
  TiffMemory file;
  TiffMessages messages;
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

// Pieces as high as a strip or a tile, from the top.
class Chunks {
 public:
  // `pixel_bytes`: of the picture that they are for.
  Chunks(Reader& reader, int64_t pixel_bytes, std::string_view name) : reader_(reader) {
    TIFF* tiff = reader.tiff.get();
    const Layout& layout = reader.layout;
    width_ = layout.width;
    if (layout.tiled) {
      width_ = field<uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
      height_ = field<uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
    } else {
      height_ = std::min<int64_t>(layout.height, field<uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, UINT32_MAX));
    }
    if (width_ < 1 || height_ < 1) {
      fail(ErrorKind::input, "{} is a damaged TIFF: its pieces are {} × {} px", name, width_, height_);
    }
    const int64_t samples = layout.planes ? 1 : layout.samples;
    row_bytes_ = (width_ * samples * layout.bits + 7) / 8;
    // Tiles may hang over the edge, but not by more than this.
    if (height_ > (pixel_bytes * kMaxSamples + kScratchBytes) / row_bytes_) {
      fail(ErrorKind::limit, "{} is a TIFF in tiles of {} × {} px, far larger than its picture", name, width_,
           height_);
    }
    const auto told_row =
        static_cast<int64_t>(layout.tiled ? TIFFTileRowSize64(tiff) : TIFFScanlineSize64(tiff));
    if (told_row != row_bytes_) {
      fail(ErrorKind::input, "{} is a damaged TIFF: a row has {} bytes where {} are due", name, told_row,
           row_bytes_);
    }
  }
  int64_t height() const { return height_; }
  int64_t bytes() const { return row_bytes_ * height_; }

  // The pieces at row y of the file, a multiple of height(), to row `at` of `image` (stored colours, then
  // alpha). False when one of them is damaged.
  bool read(int64_t y, Image& image, int64_t at) {
    TIFF* tiff = reader_.tiff.get();
    const Layout& layout = reader_.layout;
    chunk_.resize(static_cast<size_t>(bytes()));
    const int planes = layout.planes ? layout.samples : 1;
    const int64_t rows = std::min(height_, layout.height - y);
    for (int plane = 0; plane < planes; ++plane) {
      if (layout.planes && plane >= layout.colours() && plane != layout.alpha) continue;
      for (int64_t x = 0; x < layout.width; x += width_) {
        const auto px = static_cast<uint32_t>(x), py = static_cast<uint32_t>(y);
        const auto p = static_cast<uint16_t>(plane);
        const int64_t due = row_bytes_ * (layout.tiled ? height_ : rows);
        const int64_t got =
            layout.tiled ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, px, py, 0, p), chunk_.data(), due)
                         : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, py, p), chunk_.data(), due);
        if (got < due) return false;
        put(x, at, std::min(width_, layout.width - x), rows, layout.planes ? plane : -1, image);
      }
    }
    return true;
  }

  // One row of strips that hold all samples; rows must be asked for in order.
  bool read_row(int64_t y, Image& image, int64_t at) {
    chunk_.resize(static_cast<size_t>(row_bytes_));
    if (TIFFReadScanline(reader_.tiff.get(), chunk_.data(), static_cast<uint32_t>(y), 0) != 1) return false;
    put(0, at, width_, 1, -1, image);
    return true;
  }

 private:
  void put(int64_t x, int64_t y, int64_t columns, int64_t rows, int plane, Image& image) {
    if (image.depth() == Depth::u16) {
      place<uint16_t>(chunk_.data(), row_bytes_, reader_.layout, x, y, columns, rows, plane, image);
    } else {
      place<uint8_t>(chunk_.data(), row_bytes_, reader_.layout, x, y, columns, rows, plane, image);
    }
  }

  Reader& reader_;
  int64_t width_ = 0, height_ = 0, row_bytes_ = 0;
  std::vector<std::byte> chunk_;
};

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
  info.exif = exif_of_tiff(bytes);
  return info;
}

namespace {

int stored_channels(const Layout& layout) {
  const bool flat = layout.colour == Layout::Colour::palette || layout.colour == Layout::Colour::cmyk;
  return layout.colours() + (!flat && layout.alpha >= 0 ? 1 : 0);
}
Depth stored_depth(const Layout& layout) {
  return layout.bits == 16 ? Depth::u16 : Depth::u8;
}

// Stored colours → ours.
Image finished(Reader& reader, Image image, const ImageInfo& info, const DecodeOptions& options,
               std::string_view name) {
  const Layout& layout = reader.layout;
  if (layout.colour == Layout::Colour::palette) {
    return expand_palette(reader.tiff.get(), image, layout.bits, name);
  }
  if (layout.colour == Layout::Colour::cmyk) return cmyk_to_srgb(image, false, info.icc, options);
  if (layout.premultiplied) {
    layout.bits == 16 ? unpremultiply<uint16_t>(image) : unpremultiply<uint8_t>(image);
  }
  return image;
}

class TiffRows : public StoredRows {
 public:
  TiffRows(std::span<const std::byte> bytes, const ImageInfo& info, const DecodeOptions& options,
           std::string_view name)
      : reader_(bytes, kScratchBytes + info.width * 2 * kMaxSamples, name),
        info_(info),
        options_(options),
        name_(name),
        chunks_(reader_, info.width * info.height * 2, name) {
    if (TIFFLastDirectory(reader_.tiff.get()) == 0) warn(options, "it has several pages: the first is used");
    by_row_ = !layout().tiled && !layout().planes;
  }
  const Layout& layout() const { return reader_.layout; }
  // What is held at once is not much more than the picture's rows that one piece spans.
  bool bounded() const { return by_row_ || chunks_.bytes() <= kScratchBytes; }

  void read(Image& band) override {
    Image stored(band.width(), band.height(), stored_channels(layout()), stored_depth(layout()));
    const int64_t due = band.height();
    int64_t got = 0;
    while (got < due && !broken_ && read_some(stored, got, due)) {
    }
    if (broken_) {
      if (done_ + got == 0) fail(ErrorKind::input, "{} is a damaged TIFF: {}", name_, reader_.messages.error);
      check_rows(done_ + got, info_.height, options_, name_);
      options_.warnings = nullptr;
    }
    done_ += due;
    band = finished(reader_, std::move(stored), info_, options_, name_);
    if (layout().colour == Layout::Colour::cmyk) options_.warnings = nullptr;
    if (got < due) fill_grey(band, got);
    if (!options_.keep_16_bit) band = to_depth(band, Depth::u8);
  }

 private:
  bool read_some(Image& stored, int64_t& got, int64_t due) {
    if (by_row_) {
      broken_ = !chunks_.read_row(done_ + got, stored, got);
      got += broken_ ? 0 : 1;
      return !broken_;
    }
    if (held_first_ == held_end_) {
      const int64_t y = done_ + got;  // a multiple of the pieces' height
      const int64_t rows = std::min(chunks_.height(), info_.height - y);
      held_ = Image(info_.width, rows, stored.channels(), stored.depth());
      broken_ = !chunks_.read(y, held_, 0);
      if (broken_) return false;
      held_first_ = 0;
      held_end_ = rows;
    }
    const int64_t rows = std::min(due - got, held_end_ - held_first_);
    const auto row_bytes =
        static_cast<size_t>(info_.width * stored.channels()) * static_cast<size_t>(stored.depth());
    std::memcpy(stored.samples<std::byte>().data() + static_cast<size_t>(got) * row_bytes,
                held_.bytes().data() + static_cast<size_t>(held_first_) * row_bytes,
                static_cast<size_t>(rows) * row_bytes);
    held_first_ += rows;
    got += rows;
    return true;
  }

  Reader reader_;
  ImageInfo info_;
  DecodeOptions options_;
  std::string_view name_;
  Chunks chunks_;
  bool by_row_ = false, broken_ = false;
  Image held_;  // a row of pieces, of which these are still to be handed out
  int64_t held_first_ = 0, held_end_ = 0;
  int64_t done_ = 0;
};

}  // namespace

StoredPixels decode_tiff(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name) {
  Reader reader(bytes, kScratchBytes + info.width * info.height * 2 * kMaxSamples, name);
  const Layout& layout = reader.layout;
  if (TIFFLastDirectory(reader.tiff.get()) == 0) {
    warn(options, "it has several pages: the first is used");
  }
  if (layout.colour == Layout::Colour::converted) return {convert_by_libtiff(reader, name), false};
  Image image(layout.width, layout.height, stored_channels(layout), stored_depth(layout));
  Chunks chunks(reader, static_cast<int64_t>(image.bytes().size()), name);
  int64_t rows = 0;
  while (rows < layout.height && chunks.read(rows, image, rows)) {
    rows = std::min(layout.height, rows + chunks.height());
  }
  if (rows == 0) fail(ErrorKind::input, "{} is a damaged TIFF: {}", name, reader.messages.error);
  check_rows(rows, image.height(), options, name);
  image = finished(reader, std::move(image), info, options, name);
  if (rows < image.height()) fill_grey(image, rows);
  return {options.keep_16_bit ? std::move(image) : to_depth(image, Depth::u8),
          layout.colour == Layout::Colour::cmyk};
}

std::unique_ptr<StoredRows> tiff_rows(std::span<const std::byte> bytes, const ImageInfo& info,
                                      const DecodeOptions& options, std::string_view name, bool* is_srgb) {
  {
    const Reader reader(bytes, kScratchBytes, name);
    if (reader.layout.colour == Layout::Colour::converted) return nullptr;
    *is_srgb = reader.layout.colour == Layout::Colour::cmyk;
  }
  auto rows = std::make_unique<TiffRows>(bytes, info, options, name);
  if (!rows->bounded()) return nullptr;
  return rows;
}

}  // namespace linmo
