// SPDX-License-Identifier: Apache-2.0
// Layouts that no encoder of ours writes.
#include <gtest/gtest.h>
#include <tiffio.h>
#include <unistd.h>

#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

struct Layout {
  std::string mode = "w";
  bool planes = false, tiled = false;
  int compression = COMPRESSION_NONE;
  int photometric = -1;                // by channels when −1
  int extra = EXTRASAMPLE_UNASSALPHA;  // what the alpha channel is said to be
  int rows_per_strip = 7;
  int sample_format = SAMPLEFORMAT_UINT;
};

// A file on disk that disappears with the object.
class TiffFile {
 public:
  TiffFile(const Image& image, const Layout& layout)
      : path_(std::filesystem::temp_directory_path() /
              fmt::format("linmo-tiff-{}-{}.tif", ::getpid(), static_cast<const void*>(this))) {
    TIFF* tiff = TIFFOpen(path_.c_str(), layout.mode.c_str());
    const int bytes = static_cast<int>(image.depth()), channels = image.channels();
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(image.width()));
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(image.height()));
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bytes * 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, channels);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, layout.sample_format);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, layout.planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, layout.compression);
    const int photometric = channels <= 2 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB;
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, layout.photometric < 0 ? photometric : layout.photometric);
    if (image.has_alpha() && layout.photometric < 0) {
      const auto kind = static_cast<uint16_t>(layout.extra);
      TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    if (layout.tiled) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 32);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
    } else {
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, layout.rows_per_strip);
    }
    const int planes = layout.planes ? channels : 1;
    const int64_t width = layout.tiled ? 32 : image.width(), height = layout.tiled ? 16 : 1;
    const int64_t samples = layout.planes ? 1 : channels;
    std::vector<std::byte> piece(static_cast<size_t>(width * height * samples * bytes));
    for (int plane = 0; plane < planes; ++plane) {
      for (int64_t y = 0; y < image.height(); y += height) {
        for (int64_t x = 0; x < image.width(); x += width) {
          for (int64_t i = 0; i < width * height * samples; ++i) {
            const int64_t px = x + i / samples % width, py = y + i / samples / width;
            if (px >= image.width() || py >= image.height()) continue;
            const int64_t sample =
                (py * image.width() + px) * channels + (layout.planes ? plane : i % samples);
            std::memcpy(piece.data() + i * bytes, image.bytes().data() + sample * bytes,
                        static_cast<size_t>(bytes));
          }
          if (layout.tiled) {
            TIFFWriteTile(tiff, piece.data(), static_cast<uint32_t>(x), static_cast<uint32_t>(y), 0,
                          static_cast<uint16_t>(plane));
          } else {
            TIFFWriteScanline(tiff, piece.data(), static_cast<uint32_t>(y), static_cast<uint16_t>(plane));
          }
        }
      }
    }
    TIFFClose(tiff);
  }
  ~TiffFile() { std::filesystem::remove(path_); }
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Tiff, StripsTilesPlanesAndByteOrdersAreReadAlike) {
  for (int channels = 1; channels <= 4; ++channels) {
    for (const Depth depth : {Depth::u8, Depth::u16}) {
      const Image image = noise(71, 37, channels, depth);
      for (const bool tiled : {false, true}) {
        for (const bool planes : {false, true}) {
          for (const char* mode : {"wl", "wb", "w8"}) {
            for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW}) {
              Layout layout;
              layout.mode = mode, layout.tiled = tiled, layout.planes = planes;
              layout.compression = compression;
              const TiffFile file(image, layout);
              ASSERT_EQ(read_image(file.path()), image)
                  << channels << " channels, " << mode << (tiled ? " tiled" : "")
                  << (planes ? " planes" : "");
            }
          }
        }
      }
    }
  }
}

TEST(Tiff, WhiteIsZeroIsInverted) {
  const Image image = noise(20, 10, 1, Depth::u16);
  Layout layout;
  layout.photometric = PHOTOMETRIC_MINISWHITE;
  const TiffFile file(image, layout);
  const Image read = read_image(file.path());
  for (size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(read.samples<uint16_t>()[i], 65535 - image.samples<uint16_t>()[i]);
  }
}

TEST(Tiff, PremultipliedAlphaBecomesStraight) {
  Image image(2, 1, 4);
  const uint8_t stored[] = {60, 30, 0, 120, 0, 0, 0, 0}, straight[] = {128, 64, 0, 120, 0, 0, 0, 0};
  std::memcpy(image.samples<uint8_t>().data(), stored, sizeof stored);
  Layout layout;
  layout.extra = EXTRASAMPLE_ASSOCALPHA;
  const TiffFile file(image, layout);
  const Image read = read_image(file.path());
  ASSERT_EQ(read.channels(), 4);
  EXPECT_TRUE(std::equal(std::begin(straight), std::end(straight), read.samples<uint8_t>().begin()));
}

TEST(Tiff, AnUnnamedExtraSampleIsNotAlpha) {
  const Image image = noise(9, 8, 4);
  Layout layout;
  layout.extra = EXTRASAMPLE_UNSPECIFIED;
  EXPECT_EQ(read_image(TiffFile(image, layout).path()), drop_alpha(image));
}

TEST(Tiff, JpegInsideIsRead) {
  const Image image = gradient(64, 48, 3);
  Layout layout;
  layout.compression = COMPRESSION_JPEG;
  layout.rows_per_strip = 16;
  EXPECT_LE(greatest_difference<uint8_t>(read_image(TiffFile(image, layout).path()), image), 30);
}

TEST(Tiff, SixteenBitInksAreMixed) {
  const Image inks = noise(8, 8, 4, Depth::u16);
  Layout layout;
  layout.photometric = PHOTOMETRIC_SEPARATED;
  const Image read = read_image(TiffFile(inks, layout).path());
  ASSERT_EQ(read.channels(), 3);
  const auto in = inks.samples<uint16_t>();
  EXPECT_NEAR(read.samples<uint16_t>()[0], (65535.0 - in[0]) * (65535.0 - in[3]) / 65535, 1);
}

TEST(Tiff, FloatSamplesAreRefusedWithAdvice) {
  Layout layout;
  layout.sample_format = SAMPLEFORMAT_IEEEFP;
  const TiffFile file(noise(8, 8, 1, Depth::f32), layout);
  try {
    read_image(file.path());
    FAIL() << "float TIFFs are not read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(std::string_view(error.what()).find("32-bit float samples; save it with 8 or 16 bit"),
              std::string_view::npos)
        << error.what();
  }
}

TEST(Tiff, ATruncatedStripIsGreyFromThere) {
  const Image image = noise(50, 70, 3);
  Layout layout;
  const TiffFile file(image, layout);
  auto bytes = read_file(file.path());
  // Strips of 1050 bytes from offset 8 on, then the directory: point the last strip past the end.
  const auto offset = 8 + 9 * 1050;
  std::vector<std::byte> wanted(4);
  for (size_t i = 0; i < 4; ++i) wanted[i] = static_cast<std::byte>(offset >> (8 * i) & 0xFF);
  const auto at = std::search(bytes.begin() + offset, bytes.end(), wanted.begin(), wanted.end());
  ASSERT_NE(at, bytes.end());
  at[3] = std::byte{0x10};
  std::vector<std::string> warnings;
  DecodeOptions options;
  options.warnings = &warnings;
  const Image read = decode_image(bytes, options, "x");
  EXPECT_EQ(crop(read, 0, 0, 50, 63), crop(image, 0, 0, 50, 63));
  EXPECT_EQ(read.row<uint8_t>(63)[0], 128);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0], "truncated: the last 7 rows are grey");
}

TEST(Tiff, SeveralPagesAreAWarning) {
  std::vector<std::string> warnings;
  DecodeOptions options;
  options.warnings = &warnings;
  read_image(golden_file("pages.tif"), options);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("pages"), std::string::npos);
}

}  // namespace
}  // namespace linmo
