// SPDX-License-Identifier: Apache-2.0
// Pictures read and written in bands are the pictures read and written whole.
#include "linmo/image/rows.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "linmo/image/convert.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path;
  Folder() : path(fs::temp_directory_path() / ("linmo-rows-" + std::to_string(::getpid()))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
};

// Reads by bands of `rows` that overlap by `overlap`.
Image through_bands(RowReader& reader, int64_t rows, int64_t overlap) {
  Image image(reader.width(), reader.height(), reader.channels(), reader.depth());
  const size_t row_bytes = image.bytes().size() / static_cast<size_t>(image.height());
  for (int64_t y = 0; y < image.height(); y += rows) {
    const int64_t from = std::max<int64_t>(0, y - overlap), to = std::min(image.height(), y + rows);
    reader.seek(from, to - from);
    for (int64_t at = from; at < to; ++at)
      std::memcpy(image.samples<std::byte>().data() + static_cast<size_t>(at) * row_bytes, reader.row(at),
                  row_bytes);
  }
  return image;
}

TEST(Rows, GoldenFilesAreReadAsWhole) {
  int streamed = 0, pictures = 0;
  for (const auto& entry : fs::directory_iterator(golden_file(""))) {
    if (!is_picture_name(entry.path())) continue;
    Image whole;
    std::vector<std::string> warnings, warnings_of_rows;
    DecodeOptions options;
    options.warnings = &warnings;
    try {
      whole = read_image(entry.path(), options);
    } catch (const Error&) {
      EXPECT_THROW(
          {
            RowReader reader(entry.path());
            through_bands(reader, 7, 2);
          },
          Error)
          << entry.path();
      continue;
    }
    ++pictures;
    options.warnings = &warnings_of_rows;
    RowReader reader(entry.path(), options);
    streamed += reader.streams();
    EXPECT_EQ(through_bands(reader, 7, 2), whole) << entry.path();
    EXPECT_EQ(through_bands(reader, 1000, 0), whole) << "again: " << entry.path();
    EXPECT_EQ(warnings_of_rows, warnings) << entry.path();
  }
  EXPECT_GT(pictures, 5);
  EXPECT_GT(streamed, 3);
}

TEST(Rows, EveryFormatIsWrittenAsWhole) {
  const Folder folder;
  for (const Depth depth : {Depth::u8, Depth::u16}) {
    for (const int channels : {depth == Depth::u8 ? 3 : 2, depth == Depth::u8 ? 1 : 4}) {
      const Image image = noise(900, 1200, channels, depth);  // two bands of the reader's
      for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::tiff}) {
        EncodeOptions options;
        options.png_level = 1;
        const fs::path path = folder.path / "picture";
        {
          RowWriter writer(path, format, image.width(), image.height(), channels, depth, options);
          for (int64_t y = 0; y < image.height(); y += 411)
            writer.write(crop(image, 0, y, image.width(), std::min<int64_t>(411, image.height() - y)));
          EXPECT_FALSE(fs::exists(path));
          writer.finish();
        }
        const Image whole = decode_image(encode_image(image, format, options), {}, "whole");
        RowReader reader(path);
        EXPECT_TRUE(reader.streams());
        EXPECT_EQ(through_bands(reader, 300, 50), whole) << name(format) << " " << channels;
        fs::remove(path);
      }
    }
  }
}

TEST(Rows, WebpIsHeldAndWritten) {
  const Folder folder;
  const Image image = gradient(70, 50, 3);
  EncodeOptions options;
  options.webp_lossless = true;
  RowWriter writer(folder.path / "a.webp", ImageFormat::webp, 70, 50, 3, Depth::u8, options);
  for (int64_t y = 0; y < 50; y += 10) writer.write(crop(image, 0, y, 70, 10));
  writer.finish();
  RowReader reader(folder.path / "a.webp");
  EXPECT_FALSE(reader.streams());
  EXPECT_EQ(through_bands(reader, 8, 1), image);
}

TEST(Rows, BytesAreThoseOfTheWholeWriter) {
  const Folder folder;
  const Image image = gradient(300, 200, 3);
  for (const ImageFormat format : {ImageFormat::png, ImageFormat::tiff}) {
    RowWriter writer(folder.path / "a", format, 300, 200, 3, Depth::u8);
    for (int64_t y = 0; y < 200; y += 64)
      writer.write(crop(image, 0, y, 300, std::min<int64_t>(64, 200 - y)));
    writer.finish();
    EXPECT_EQ(read_file(folder.path / "a"), encode_image(image, format));
  }
}

TEST(Rows, MissingAndWrongRowsLeaveNoFile) {
  const Folder folder;
  {
    RowWriter writer(folder.path / "a.png", ImageFormat::png, 20, 10, 3, Depth::u8);
    writer.write(Image(20, 4, 3));
    EXPECT_THROW(writer.write(Image(20, 7, 3)), Error);
    EXPECT_THROW(writer.write(Image(21, 1, 3)), Error);
    EXPECT_THROW(writer.write(Image(20, 1, 4)), Error);
    EXPECT_THROW(writer.finish(), Error);
  }
  EXPECT_TRUE(fs::is_empty(folder.path));
}

TEST(Rows, TruncatedPicturesEndGreyOrAreRefused) {
  const Folder folder;
  const Image image = noise(400, 3000, 3);
  for (const ImageFormat format :
       {ImageFormat::jpeg, ImageFormat::png}) {  // TIFF's directory lies at the end
    const std::vector<std::byte> bytes = encode_image(image, format);
    for (const double kept : {0.8, 0.3}) {
      const auto length = static_cast<size_t>(static_cast<double>(bytes.size()) * kept);
      write_file(folder.path / "cut", std::span(bytes).first(length));
      std::vector<std::string> warnings;
      DecodeOptions options;
      options.warnings = &warnings;
      RowReader reader(folder.path / "cut", options);
      if (kept < 0.5) {
        EXPECT_THROW(through_bands(reader, 100, 0), Error);
      } else {
        EXPECT_EQ(through_bands(reader, 100, 0), read_image(folder.path / "cut"));
        EXPECT_EQ(warnings.size(), 1u);
      }
    }
  }
}

TEST(Rows, AFileThatIsNoPictureIsRefused) {
  const Folder folder;
  write_file(folder.path / "empty.png", "");
  write_file(folder.path / "text.png", "no picture");
  EXPECT_THROW(RowReader{folder.path / "empty.png"}, Error);
  EXPECT_THROW(RowReader{folder.path / "text.png"}, Error);
  EXPECT_THROW(RowReader{folder.path / "missing.png"}, Error);
  write_file(folder.path / "big.png", encode_image(Image(50, 50, 3), ImageFormat::png));
  DecodeOptions options;
  options.limits.max_pixels = 2499;
  EXPECT_THROW(RowReader(folder.path / "big.png", options), Error);
}

}  // namespace
}  // namespace linmo
