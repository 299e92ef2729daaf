// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#if __has_include(<avif/avif.h>)
#include <avif/avif.h>
#endif

#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/icc.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

// AVIF is optional when linmo is built.
class Avif : public testing::Test {
 protected:
  void SetUp() override {
    try {
      encode_image(gradient(8, 8, 3), ImageFormat::avif);
    } catch (const Error& error) {
      if (std::string(error.what()).find("without libavif") != std::string::npos)
        GTEST_SKIP() << "built without libavif";
      throw;
    }
  }
  static Image decoded(std::span<const std::byte> file, bool deep = true) {
    DecodeOptions options;
    options.keep_16_bit = deep;
    return decode_image(file, options, "x");
  }
};

TEST_F(Avif, ComesBackNearlyTheSame) {
  for (const int channels : {1, 2, 3, 4}) {
    const Image image = gradient(61, 43, channels);
    const auto file = encode_image(image, ImageFormat::avif);
    const ImageInfo info = probe_image(file, {}, "x");
    EXPECT_EQ(info.format, ImageFormat::avif);
    EXPECT_EQ(info.width, 61);
    EXPECT_EQ(info.height, 43);
    EXPECT_EQ(info.channels, channels);
    EXPECT_EQ(info.bits, 8);
    const Image back = decoded(file);
    const int worst = greatest_difference<uint8_t>(back, image);
    EXPECT_GE(worst, 0);
    EXPECT_LE(worst, 8) << channels;
    EXPECT_EQ(alpha_of(back), alpha_of(image)) << channels;
    EXPECT_LE(encode_image(image, ImageFormat::avif, {.quality = 30}).size(), file.size());
  }
}

TEST_F(Avif, SixteenBitsKeepTwelve) {
  const Image image = to_depth(gradient(40, 30, 3), Depth::u16);
  const auto file = encode_image(image, ImageFormat::avif, {.quality = 100});
  EXPECT_EQ(probe_image(file, {}, "x").bits, 16);
  const Image back = decoded(file);
  ASSERT_EQ(back.depth(), Depth::u16);
  EXPECT_LE(greatest_difference<uint16_t>(back, image), 128);
  EXPECT_EQ(decoded(file, false).depth(), Depth::u8);
}

TEST_F(Avif, ProfileAndExifAreKept) {
  EncodeOptions options;
  options.icc = srgb_profile(false);
  const std::array<int, 26> values = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6};
  for (const int v : values) options.exif.push_back(static_cast<std::byte>(v));
  const ImageInfo info = probe_image(encode_image(gradient(20, 10, 3), ImageFormat::avif, options), {}, "x");
  EXPECT_EQ(info.icc, options.icc);
  options.exif[19] = std::byte{1};
  EXPECT_EQ(info.exif, options.exif);
  EXPECT_EQ(info.orientation, 1);
}

#if __has_include(<avif/avif.h>)
// The container's properties: first so many quarters anticlockwise, then a mirroring.
TEST_F(Avif, TheContainerTurnsThePicture) {
  const Image image = gradient(24, 10, 3);
  for (int quarters = 0; quarters < 4; ++quarters) {
    for (const int mirror : {-1, 0, 1}) {  // none, top to bottom, left to right
      const std::unique_ptr<avifImage, decltype(&avifImageDestroy)> avif(
          avifImageCreate(24, 10, 8, AVIF_PIXEL_FORMAT_YUV444), &avifImageDestroy);
      avifRGBImage rgb;
      avifRGBImageSetDefaults(&rgb, avif.get());
      rgb.format = AVIF_RGB_FORMAT_RGB;
      Image copy = image;
      rgb.pixels = copy.samples<uint8_t>().data();
      rgb.rowBytes = 24 * 3;
      ASSERT_EQ(avifImageRGBToYUV(avif.get(), &rgb), AVIF_RESULT_OK);
      if (quarters > 0) avif->transformFlags |= AVIF_TRANSFORM_IROT;
      avif->irot.angle = static_cast<uint8_t>(quarters);
      if (mirror >= 0) avif->transformFlags |= AVIF_TRANSFORM_IMIR;
#if AVIF_VERSION >= 1000000
      avif->imir.axis = mirror == 1;
#else
      avif->imir.mode = mirror == 1;
#endif
      const std::unique_ptr<avifEncoder, decltype(&avifEncoderDestroy)> encoder(avifEncoderCreate(),
                                                                                &avifEncoderDestroy);
      encoder->minQuantizer = encoder->maxQuantizer = 0;
      avifRWData data = AVIF_DATA_EMPTY;
      ASSERT_EQ(avifEncoderWrite(encoder.get(), avif.get(), &data), AVIF_RESULT_OK);
      const Image back = decoded(std::as_bytes(std::span(data.data, data.size)));
      avifRWDataFree(&data);
      Image wanted = image;
      for (int i = 0; i < quarters; ++i) wanted = apply_orientation(wanted, 8);
      if (mirror == 0) wanted = apply_orientation(wanted, 4);
      if (mirror == 1) wanted = apply_orientation(wanted, 2);
      const int worst = greatest_difference<uint8_t>(back, wanted);
      EXPECT_GE(worst, 0) << quarters << " " << mirror;
      EXPECT_LE(worst, 5) << quarters << " " << mirror;
    }
  }
}
#endif

TEST_F(Avif, DamagedAndHugeFilesAreRefused) {
  const auto file = encode_image(gradient(64, 64, 3), ImageFormat::avif);
  for (size_t length = 12; length < file.size(); length += 7)
    EXPECT_THROW(decoded(std::span(file).first(length)), Error) << length;
  DecodeOptions options;
  options.limits.max_pixels = 64 * 64 - 1;
  try {
    decode_image(file, options, "x");
    FAIL() << "read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
  }
  EXPECT_THROW(encode_image(Image(70000, 1, 3), ImageFormat::avif), Error);
}

}  // namespace
}  // namespace linmo
