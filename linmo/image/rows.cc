// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/rows.h"

#include <algorithm>

#include "linmo/core/files.h"
#include "linmo/image/convert.h"
#include "linmo/image/formats.h"
#include "linmo/image/icc.h"
#include "linmo/image/mapped_file.h"

namespace linmo {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kBandPixels = 1 << 20;  // that are decoded at once
constexpr int64_t kReleaseBands = 8;      // after so many, what was read of the file is let go of

}  // namespace

struct RowReader::State {
  State(const fs::path& path, const DecodeOptions& decode)
      : name(to_utf8(path)), file(path, decode.limits.max_file_bytes), options(decode) {
    stored = probe_stored(file.bytes(), options.limits, name);
    info = stored;
    if (info.orientation >= 5) std::swap(info.width, info.height);
    depth = info.bits == 16 && options.keep_16_bit ? Depth::u16 : Depth::u8;
    row_bytes = static_cast<size_t>(info.width * info.channels) * static_cast<size_t>(depth);
    band_rows = std::max<int64_t>(8, kBandPixels / info.width);
    if (stored.orientation <= 2) rows = open();
    if (rows) return;
    image = decode_image(file.bytes(), options, name);
    check_shrunk();
    if (image.depth() != depth || image.channels() != info.channels) {
      fail(ErrorKind::input, "{} is damaged: its header and its pixels do not agree", name);
    }
    file.release();
  }

  std::unique_ptr<StoredRows> open() {
    switch (stored.format) {
      case ImageFormat::jpeg:
        return jpeg_rows(file.bytes(), stored, options, name, &is_srgb);
      case ImageFormat::png:
        return png_rows(file.bytes(), stored, options, name);
      case ImageFormat::tiff:
        return tiff_rows(file.bytes(), stored, options, name, &is_srgb);
      case ImageFormat::webp:
      case ImageFormat::avif:
      case ImageFormat::heic:
        break;
    }
    return nullptr;
  }

  void check_shrunk() const {
    if (file.shrunk())
      fail(ErrorKind::input, "{} became shorter while it was read; do it again when the file is finished",
           name);
  }
  Image next_band() {
    Image band(info.width, std::min(band_rows, info.height - end), info.channels, depth);
    rows->read(band);
    check_shrunk();
    if (!is_srgb) apply_profile(band, stored.icc, first_band ? options : silent());
    first_band = false;
    if (++bands % kReleaseBands == 0) file.release();
    return stored.orientation == 2 ? flip_horizontal(band) : band;
  }
  DecodeOptions silent() const {
    DecodeOptions quiet = options;
    quiet.warnings = nullptr;
    return quiet;
  }

  void seek(int64_t y, int64_t wanted) {
    if (!rows) return;
    if (y < begin) {
      options.warnings = nullptr;  // all has been said
      rows = open();
      begin = end = 0;
      window.clear();
    }
    while (end < y + wanted) {
      drop(y);
      const Image band = next_band();
      window.insert(window.end(), band.bytes().begin(), band.bytes().end());
      end += band.height();
    }
    drop(y);
  }
  // Lets go of the rows above y, seldom enough to move each row about once.
  void drop(int64_t y) {
    const int64_t gone = std::min(y, end) - begin;
    if (gone <= 0 || (gone < end - begin && gone < band_rows)) return;
    window.erase(window.begin(), window.begin() + gone * static_cast<int64_t>(row_bytes));
    begin += gone;
  }

  std::string name;
  MappedFile file;
  DecodeOptions options;
  ImageInfo stored, info;
  Depth depth = Depth::u8;
  size_t row_bytes = 0;
  int64_t band_rows = 0, bands = 0;
  bool is_srgb = false, first_band = true;
  std::unique_ptr<StoredRows> rows;
  std::vector<std::byte> window;  // rows begin … end − 1
  int64_t begin = 0, end = 0;
  Image image;  // what cannot be streamed
};

RowReader::RowReader(const fs::path& path, const DecodeOptions& options) {
  if (options.shrink_to_side != 0) fail(ErrorKind::usage, "rows are read at full size only");
  state_ = std::make_unique<State>(path, options);
}
RowReader::~RowReader() = default;

const ImageInfo& RowReader::info() const {
  return state_->info;
}
Depth RowReader::depth() const {
  return state_->depth;
}
bool RowReader::streams() const {
  return state_->rows != nullptr;
}
void RowReader::seek(int64_t y, int64_t rows) {
  if (y < 0 || rows < 1 || rows > height() - y) {
    fail(ErrorKind::usage, "rows {} … {} of a picture that has {}", y, y + rows - 1, height());
  }
  state_->seek(y, rows);
}
bool RowReader::holds(int64_t y, int64_t rows) const {
  return !state_->rows || (y >= state_->begin && y + rows <= state_->end);
}
const std::byte* RowReader::row(int64_t y) const {
  const State& s = *state_;
  if (!s.rows) return s.image.bytes().data() + static_cast<size_t>(y) * s.row_bytes;
  return s.window.data() + static_cast<size_t>(y - s.begin) * s.row_bytes;
}

struct RowWriter::State {
  State(const fs::path& target, ImageFormat picture_format, const PictureShape& picture_shape,
        const EncodeOptions& options)
      : path(target), format(picture_format), shape(picture_shape), encode(checked(options)), file(target) {
    const Image sample = encodable(Image(1, 1, shape.channels, shape.depth), format);
    const PictureShape held = {shape.width, shape.height, sample.channels(), sample.depth()};
    switch (format) {
      case ImageFormat::jpeg:
        sink = jpeg_sink(file, held, encode);
        break;
      case ImageFormat::png:
        sink = png_sink(file, held, encode);
        break;
      case ImageFormat::tiff:
        sink = tiff_sink(file, held, encode);
        break;
      case ImageFormat::webp:
      case ImageFormat::avif:
      case ImageFormat::heic:
        image = Image(held.width, held.height, held.channels, held.depth);
        break;
    }
  }

  fs::path path;
  ImageFormat format;
  PictureShape shape;
  EncodeOptions encode;
  AtomicFile file;
  std::unique_ptr<RowSink> sink;
  Image image;  // for a format that cannot be written piecemeal
  int64_t done = 0;
};

RowWriter::RowWriter(const fs::path& path, ImageFormat format, int64_t width, int64_t height, int channels,
                     Depth depth, const EncodeOptions& options) {
  if (width < 1 || height < 1) fail(ErrorKind::usage, "a picture without pixels cannot be written");
  state_ = std::make_unique<State>(path, format, PictureShape{width, height, channels, depth}, options);
}
RowWriter::~RowWriter() = default;

void RowWriter::write(const Image& band) {
  State& s = *state_;
  if (band.width() != s.shape.width || band.channels() != s.shape.channels || band.depth() != s.shape.depth ||
      band.height() > s.shape.height - s.done) {
    fail(ErrorKind::usage, "rows of another picture than the one that {} was begun with", to_utf8(s.path));
  }
  const Image samples = encodable(band, s.format);
  if (s.sink) {
    s.sink->write(samples);
  } else {
    const size_t row = samples.bytes().size() / static_cast<size_t>(samples.height());
    std::copy(samples.bytes().begin(), samples.bytes().end(),
              s.image.samples<std::byte>().begin() + static_cast<int64_t>(row) * s.done);
  }
  s.done += band.height();
}

void RowWriter::finish() {
  State& s = *state_;
  if (s.done != s.shape.height) {
    fail(ErrorKind::usage, "{}: {} of {} rows were written", to_utf8(s.path), s.done, s.shape.height);
  }
  if (s.sink) {
    s.sink->finish();
  } else {
    s.file.write(encode_image(s.image, s.format, s.encode));
  }
  s.file.commit();
}

}  // namespace linmo
