// SPDX-License-Identifier: Apache-2.0
// TIFF through libtiff, to memory or to a file by name.
#include <algorithm>

#include "linmo/image/exif.h"
#include "linmo/image/formats.h"
#include "linmo/image/tiff_file.h"

namespace linmo {
namespace {

// Writes to memory, or by name.
class TiffSink : public RowSink {
 public:
  TiffSink(const PictureShape& shape, const EncodeOptions& options, const AtomicFile* file) {
    constexpr uint64_t kClassicBytes = 3'500'000'000;  // offsets have 32 bits in a classic TIFF
    constexpr uint64_t kStripBytes = 256u << 10;
    if (shape.width > INT32_MAX || shape.height > INT32_MAX) {
      fail(ErrorKind::limit, "a TIFF cannot be larger than {} px a side", INT32_MAX);
    }
    const auto row_bytes =
        static_cast<uint64_t>(shape.width * shape.channels) * static_cast<uint64_t>(shape.depth);
    const bool big = row_bytes * static_cast<uint64_t>(shape.height) > kClassicBytes;
    tiff_ = open_tiff(memory_, messages_, big ? "w8" : "w", 0, file);
    if (!tiff_) fail(ErrorKind::input, "cannot write a TIFF: {}", messages_.error);
    TIFF* out = tiff_.get();
    TIFFSetField(out, TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(shape.width));
    TIFFSetField(out, TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(shape.height));
    TIFFSetField(out, TIFFTAG_SAMPLESPERPIXEL, shape.channels);
    TIFFSetField(out, TIFFTAG_BITSPERSAMPLE, shape.depth == Depth::u16 ? 16 : 8);
    TIFFSetField(out, TIFFTAG_PHOTOMETRIC, shape.channels <= 2 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    TIFFSetField(out, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(out, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(out, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    TIFFSetField(out, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    TIFFSetField(
        out, TIFFTAG_ROWSPERSTRIP,
        static_cast<uint32_t>(std::max<uint64_t>(1, kStripBytes / std::max<uint64_t>(1, row_bytes))));
    if (shape.channels % 2 == 0) {
      const uint16_t kind = EXTRASAMPLE_UNASSALPHA;
      TIFFSetField(out, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    if (!options.icc.empty()) {
      TIFFSetField(out, TIFFTAG_ICCPROFILE, static_cast<uint32_t>(options.icc.size()), options.icc.data());
    }
    row_.resize(row_bytes);
    exif_ = options.exif;
    big_ = big;
  }

  void write(const Image& band) override {
    for (size_t y = 0; y < static_cast<size_t>(band.height()); ++y, ++y_) {
      // A copy, since the predictor works in place.
      std::memcpy(row_.data(), band.bytes().data() + y * row_.size(), row_.size());
      check(TIFFWriteScanline(tiff_.get(), row_.data(), y_, 0) == 1);
    }
  }
  void finish() override {
    put_exif();
    const bool good = TIFFFlush(tiff_.get()) == 1;
    tiff_.reset();
    check(good);
  }
  std::vector<std::byte> take_bytes() { return std::move(memory_.written); }

 private:
  void check(bool good) const {
    if (good && !messages_.error[0]) return;
    fail(ErrorKind::io, "cannot write a TIFF: {}", messages_.error[0] ? messages_.error : "the disk is full");
  }

  // Texts go into the picture's own directory; the other two are put behind the pixels.
  void put_exif() {
    if (exif_.empty()) return;
    TIFF* out = tiff_.get();
    check(TIFFFlushData(out) == 1);
    const thandle_t file = TIFFClientdata(out);
    uint64_t end = TIFFGetSeekProc(out)(file, 0, SEEK_END);
    const std::byte nothing{};
    if (end % 2 != 0) end += static_cast<uint64_t>(append(&nothing, 1));
    const ExifForTiff exif = exif_for_tiff(exif_, end, big_);
    for (const auto& [tag, text] : exif.texts) TIFFSetField(out, tag, text.c_str());
    if (exif.bytes.empty()) return;
    check(append(exif.bytes.data(), exif.bytes.size()) == static_cast<tmsize_t>(exif.bytes.size()));
    if (exif.exif_at) TIFFSetField(out, TIFFTAG_EXIFIFD, *exif.exif_at);
    if (exif.gps_at) TIFFSetField(out, TIFFTAG_GPSIFD, *exif.gps_at);
  }
  tmsize_t append(const std::byte* bytes, size_t length) {
    return TIFFGetWriteProc(tiff_.get())(TIFFClientdata(tiff_.get()), const_cast<std::byte*>(bytes),
                                         static_cast<tmsize_t>(length));
  }

  TiffMemory memory_;
  TiffMessages messages_;
  Tiff tiff_;
  std::vector<std::byte> exif_;
  bool big_ = false;
  std::vector<std::byte> row_;
  uint32_t y_ = 0;
};

}  // namespace

std::vector<std::byte> encode_tiff(const Image& image, const EncodeOptions& options) {
  TiffSink sink({image.width(), image.height(), image.channels(), image.depth()}, options, nullptr);
  sink.write(image);
  sink.finish();
  return sink.take_bytes();
}

std::unique_ptr<RowSink> tiff_sink(AtomicFile& file, const PictureShape& shape,
                                   const EncodeOptions& options) {
  return std::make_unique<TiffSink>(shape, options, &file);
}

}  // namespace linmo
