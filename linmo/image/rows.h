// SPDX-License-Identifier: Apache-2.0
// Picture files read and written a band of rows at a time, for pictures that memory should not hold.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "linmo/image/codec.h"

namespace linmo {

// A picture file from its top to its bottom, upright and sRGB as read_image() gives it, sample for sample.
// JPEG of one scan, PNG without interlacing, and TIFF in strips or tiles hold a few rows at a time; what
// cannot be read so (progressive JPEG, interlaced PNG, WebP, AVIF, TIFF in planes, EXIF orientations other
// than upright and mirrored) is decoded whole: streams() tells. A file of more than 64 MB is mapped; one that
// is shortened meanwhile is refused (ErrorKind::input).
class RowReader {
 public:
  // Throws as read_image(). Warnings go to options.warnings, which must live as long as this.
  explicit RowReader(const std::filesystem::path& path, const DecodeOptions& options = {});
  ~RowReader();
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  const ImageInfo& info() const;
  int64_t width() const { return info().width; }
  int64_t height() const { return info().height; }
  int channels() const { return info().channels; }
  Depth depth() const;
  bool streams() const;

  // Makes rows y … y + rows − 1 available through row(), and lets go of those above. Going back to rows let
  // go of decodes again from the top. Throws ErrorKind::input where the data turn out to be damaged.
  void seek(int64_t y, int64_t rows);
  bool holds(int64_t y, int64_t rows) const;  // whether row() has them already
  const std::byte* row(int64_t y) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes a picture from its top to its bottom; the file appears whole, by finish(), or not at all. PNG, TIFF
// (BigTIFF above 3.5 GB of samples) and JPEG hold a few rows; WebP and AVIF hold the picture. The same
// samples as write_image(), and but for JPEG, whose Huffman tables are the standard's (the file is some
// percent larger), the same bytes; of PNG, when 64 rows or more are written at first.
class RowWriter {
 public:
  // Throws as write_image().
  RowWriter(const std::filesystem::path& path, ImageFormat format, int64_t width, int64_t height,
            int channels, Depth depth, const EncodeOptions& options = {});
  ~RowWriter();
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  // The next rows: of the width, channels and depth that were named.
  void write(const Image& band);
  // Throws ErrorKind::usage when rows are missing.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace linmo
