// SPDX-License-Identifier: Apache-2.0
// AVIF through libavif, where the build found it.
#include "linmo/image/convert.h"
#include "linmo/image/formats.h"

#ifdef LINMO_AVIF
#include <avif/avif.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <thread>

namespace linmo {
namespace {

struct Deleter {
  void operator()(avifDecoder* decoder) const { avifDecoderDestroy(decoder); }
  void operator()(avifEncoder* encoder) const { avifEncoderDestroy(encoder); }
  void operator()(avifImage* image) const { avifImageDestroy(image); }
};

std::vector<std::byte> bytes_of(const avifRWData& data) {
  const auto* first = reinterpret_cast<const std::byte*>(data.data);
  return {first, first + data.size};
}

int threads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 8u));
}

// The container read, nothing decoded. `max_pixels` is what a frame may have; libavif has a limit of its own.
std::unique_ptr<avifDecoder, Deleter> open_avif(std::span<const std::byte> bytes, int64_t max_pixels,
                                                std::string_view name) {
  std::unique_ptr<avifDecoder, Deleter> decoder(avifDecoderCreate());
  if (!decoder) throw std::bad_alloc();
  decoder->ignoreXMP = AVIF_TRUE;
  decoder->maxThreads = threads();
  decoder->imageSizeLimit =
      static_cast<uint32_t>(std::clamp<int64_t>(max_pixels, 1, AVIF_DEFAULT_IMAGE_SIZE_LIMIT));
  // Real files lack this box, and nothing is read from it.
  decoder->strictFlags &= ~static_cast<avifStrictFlags>(AVIF_STRICT_PIXI_REQUIRED);
  avifResult result =
      avifDecoderSetIOMemory(decoder.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder.get());
  if (result == AVIF_RESULT_OUT_OF_MEMORY) throw std::bad_alloc();
  if (result != AVIF_RESULT_OK)
    fail(ErrorKind::input, "{} is a damaged AVIF, or one of more than {} pixels: {}", name,
         AVIF_DEFAULT_IMAGE_SIZE_LIMIT, avifResultToString(result));
  return decoder;
}

// The container's rotation, then mirroring, as an EXIF orientation. The EXIF block's own does not count
// (MIAF, ISO/IEC 23000-22, 7.3.9).
int orientation_of(const avifImage& image) {
  const int quarters = image.transformFlags & AVIF_TRANSFORM_IROT ? image.irot.angle & 3 : 0;
  constexpr int kTurned[] = {1, 8, 3, 6};  // anticlockwise
  if (!(image.transformFlags & AVIF_TRANSFORM_IMIR)) return kTurned[quarters];
#if AVIF_VERSION >= 1000000
  const bool left_right = image.imir.axis == 1;
#else
  const bool left_right = image.imir.mode == 1;
#endif
  constexpr int kLeftRight[] = {2, 7, 4, 5}, kTopBottom[] = {4, 5, 2, 7};
  return left_right ? kLeftRight[quarters] : kTopBottom[quarters];
}

}  // namespace

ImageInfo probe_avif(std::span<const std::byte> bytes, std::string_view name) {
  const auto decoder = open_avif(bytes, AVIF_DEFAULT_IMAGE_SIZE_LIMIT, name);
  const avifImage& avif = *decoder->image;
  ImageInfo info;
  info.format = ImageFormat::avif;
  info.width = avif.width;
  info.height = avif.height;
  info.channels =
      (avif.yuvFormat == AVIF_PIXEL_FORMAT_YUV400 ? 1 : 3) + (decoder->alphaPresent == AVIF_TRUE ? 1 : 0);
  info.bits = avif.depth > 8 ? 16 : 8;
  info.orientation = orientation_of(avif);
  info.icc = bytes_of(avif.icc);
  info.exif = bytes_of(avif.exif);
  return info;
}

StoredPixels decode_avif(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name) {
  const auto decoder = open_avif(bytes, info.width * info.height, name);
  const avifResult decoded = avifDecoderNextImage(decoder.get());
  if (decoded == AVIF_RESULT_OUT_OF_MEMORY) throw std::bad_alloc();
  const avifImage& avif = *decoder->image;
  if (decoded != AVIF_RESULT_OK || avif.width != info.width || avif.height != info.height)
    fail(ErrorKind::input, "{} is a damaged AVIF: {}", name, avifResultToString(decoded));
  const bool deep = info.bits == 16 && options.keep_16_bit;
  const bool alpha = info.channels % 2 == 0;
  Image image(info.width, info.height, alpha ? 4 : 3, deep ? Depth::u16 : Depth::u8);
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, &avif);
  rgb.format = alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.depth = deep ? 16 : 8;
  rgb.pixels = reinterpret_cast<uint8_t*>(image.samples<std::byte>().data());
  rgb.rowBytes = static_cast<uint32_t>(image.bytes().size() / static_cast<size_t>(image.height()));
  const avifResult converted = avifImageYUVToRGB(&avif, &rgb);
  if (converted != AVIF_RESULT_OK)
    fail(ErrorKind::input, "{} is an AVIF whose colours cannot be converted: {}", name,
         avifResultToString(converted));
  // Primaries and curve (ITU-T H.273): 1 and 13 are sRGB's, 2 is unspecified; 6 and 1 have nearly its curve.
  const auto primaries = static_cast<int>(avif.colorPrimaries);
  const auto curve = static_cast<int>(avif.transferCharacteristics);
  if (info.icc.empty() &&
      ((primaries != 1 && primaries != 2) || (curve != 13 && curve != 2 && curve != 1 && curve != 6)))
    warn(options, "its colours are coded for another gamut or for HDR and are used as they are");
  if (info.channels > 2) return {std::move(image), false};
  const Image grey = to_grey(image);
  return {alpha ? with_alpha(grey, alpha_of(image)) : grey, false};
}

std::vector<std::byte> encode_avif(const Image& image, const EncodeOptions& options) {
  constexpr int64_t kMaxSide = 65535;
  if (image.width() > kMaxSide || image.height() > kMaxSide ||
      image.pixels() > int64_t{AVIF_DEFAULT_IMAGE_SIZE_LIMIT})
    fail(ErrorKind::limit,
         "an AVIF cannot be larger than {} px a side and {} in all ({} × {} asked for); write a TIFF",
         kMaxSide, AVIF_DEFAULT_IMAGE_SIZE_LIMIT, image.width(), image.height());
  const bool grey = image.channels() <= 2, deep = image.depth() == Depth::u16;
  const avifPixelFormat format = grey                    ? AVIF_PIXEL_FORMAT_YUV400
                                 : options.quality >= 90 ? AVIF_PIXEL_FORMAT_YUV444
                                                         : AVIF_PIXEL_FORMAT_YUV420;
  const std::unique_ptr<avifImage, Deleter> avif(avifImageCreate(
      static_cast<uint32_t>(image.width()), static_cast<uint32_t>(image.height()), deep ? 12 : 8, format));
  const std::unique_ptr<avifEncoder, Deleter> encoder(avifEncoderCreate());
  if (!avif || !encoder) throw std::bad_alloc();
  avif->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
  avif->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
  avif->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_BT601;
  const auto data = [](const std::vector<std::byte>& bytes) {
    return reinterpret_cast<const uint8_t*>(bytes.data());
  };
  if (!options.icc.empty()) (void)avifImageSetProfileICC(avif.get(), data(options.icc), options.icc.size());
  if (!options.exif.empty())
    (void)avifImageSetMetadataExif(avif.get(), data(options.exif), options.exif.size());
  Image samples = image;
  if (grey) {
    const Image colour = to_rgb(drop_alpha(image), 0);
    samples = image.has_alpha() ? with_alpha(colour, alpha_of(image)) : colour;
  }
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, avif.get());
  rgb.format = samples.has_alpha() ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.depth = deep ? 16 : 8;
  rgb.pixels = reinterpret_cast<uint8_t*>(samples.samples<std::byte>().data());
  rgb.rowBytes = static_cast<uint32_t>(samples.bytes().size() / static_cast<size_t>(samples.height()));
  avifResult result = avifImageRGBToYUV(avif.get(), &rgb);
  // libaom's scale of quantisers, 0 … 63.
  const auto quantiser = static_cast<int>(std::lround((100 - options.quality) * 0.63));
  encoder->minQuantizer = encoder->maxQuantizer = quantiser;
  encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = 0;  // alpha stays as it was
  encoder->speed = 7;
  encoder->maxThreads = threads();
  struct Output {
    avifRWData data = AVIF_DATA_EMPTY;
    ~Output() { avifRWDataFree(&data); }
  } output;
  if (result == AVIF_RESULT_OK) result = avifEncoderWrite(encoder.get(), avif.get(), &output.data);
  if (result == AVIF_RESULT_OUT_OF_MEMORY) throw std::bad_alloc();
  if (result != AVIF_RESULT_OK)
    fail(ErrorKind::input, "cannot write an AVIF: {}", avifResultToString(result));
  return bytes_of(output.data);
}

}  // namespace linmo

#else

namespace linmo {
namespace {

[[noreturn]] void refuse_avif(std::string_view name) {
  fail(ErrorKind::input, "{}: this linmo was built without libavif; convert it to PNG or TIFF", name);
}

}  // namespace

ImageInfo probe_avif(std::span<const std::byte>, std::string_view name) {
  refuse_avif(name);
}
StoredPixels decode_avif(std::span<const std::byte>, const ImageInfo&, const DecodeOptions&,
                         std::string_view name) {
  refuse_avif(name);
}
std::vector<std::byte> encode_avif(const Image&, const EncodeOptions&) {
  refuse_avif("an AVIF cannot be written");
}

}  // namespace linmo
#endif
