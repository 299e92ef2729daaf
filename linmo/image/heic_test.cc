// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#if __has_include(<libheif/heif.h>)
#include <libheif/heif.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/icc.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

struct Made {
  int bits = 8;
  std::vector<std::byte> icc = {}, exif = {};
};

// A HEIC as libheif writes it, losslessly coded but for the way to Y'CbCr; empty where it has no encoder.
std::vector<std::byte> heic_of(const Image& image, const Made& how = {}) {
  const std::unique_ptr<heif_context, void (*)(heif_context*)> context(heif_context_alloc(),
                                                                       heif_context_free);
  heif_encoder* encoder = nullptr;
  if (heif_context_get_encoder_for_format(context.get(), heif_compression_HEVC, &encoder).code !=
      heif_error_Ok)
    return {};
  heif_encoder_set_lossy_quality(encoder, 100);
  heif_encoder_set_parameter(encoder, "chroma", "444");
  const bool deep = how.bits > 8, alpha = image.has_alpha();
  heif_image* picture = nullptr;
  const heif_chroma chroma = deep    ? heif_chroma_interleaved_RRGGBB_LE
                             : alpha ? heif_chroma_interleaved_RGBA
                                     : heif_chroma_interleaved_RGB;
  const auto width = static_cast<int>(image.width()), height = static_cast<int>(image.height());
  heif_image_create(width, height, heif_colorspace_RGB, chroma, &picture);
  heif_image_add_plane(picture, heif_channel_interleaved, width, height, how.bits);
  int stride = 0;
  uint8_t* plane = heif_image_get_plane(picture, heif_channel_interleaved, &stride);
  for (int y = 0; y < height; ++y) {
    if (deep) {
      auto* to = reinterpret_cast<uint16_t*>(plane + static_cast<ptrdiff_t>(y) * stride);
      for (const uint16_t v : image.row<uint16_t>(y)) *to++ = static_cast<uint16_t>(v >> (16 - how.bits));
    } else {
      std::ranges::copy(image.row<uint8_t>(y), plane + static_cast<ptrdiff_t>(y) * stride);
    }
  }
  if (!how.icc.empty()) heif_image_set_raw_color_profile(picture, "prof", how.icc.data(), how.icc.size());
  heif_image_handle* handle = nullptr;
  const heif_error coded = heif_context_encode_image(context.get(), picture, encoder, nullptr, &handle);
  EXPECT_EQ(coded.code, heif_error_Ok) << coded.message;
  if (!how.exif.empty())
    heif_context_add_exif_metadata(context.get(), handle, how.exif.data(), static_cast<int>(how.exif.size()));
  std::vector<std::byte> file;
  heif_writer writer{1, [](heif_context*, const void* data, size_t size, void* to) {
                       const auto* bytes = static_cast<const std::byte*>(data);
                       static_cast<std::vector<std::byte>*>(to)->assign(bytes, bytes + size);
                       return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
                     }};
  heif_context_write(context.get(), &writer, &file);
  if (handle) heif_image_handle_release(handle);
  heif_image_release(picture);
  heif_encoder_release(encoder);
  return file;
}

class Heic : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "x265, which writes the files of this test, leaks";
#endif
    file_ = heic_of(gradient(64, 48, 3));
    if (file_.empty()) GTEST_SKIP() << "libheif has no encoder here";
    try {
      probe_image(file_, {}, "x");
    } catch (const Error& error) {
      if (std::string(error.what()).find("without libheif") == std::string::npos) throw;
      GTEST_SKIP() << "built without libheif";
    }
  }
  std::vector<std::byte> file_;
};

TEST_F(Heic, IsReadNearlyAsItWas) {
  for (const int channels : {3, 4}) {
    const Image image = gradient(64, 48, channels);
    const auto file = heic_of(image);
    const ImageInfo info = probe_image(file, {}, "x");
    EXPECT_EQ(info.format, ImageFormat::heic);
    EXPECT_EQ(info.width, 64);
    EXPECT_EQ(info.height, 48);
    EXPECT_EQ(info.channels, channels);
    const Image back = decode_image(file, {}, "x");
    EXPECT_LE(greatest_difference<uint8_t>(back, image), 8) << channels;
  }
}

TEST_F(Heic, TenBitsBecomeSixteen) {
  const Image image = to_depth(gradient(64, 48, 3), Depth::u16);
  Made how;
  how.bits = 10;
  const auto file = heic_of(image, how);
  EXPECT_EQ(probe_image(file, {}, "x").bits, 16);
  DecodeOptions options;
  options.keep_16_bit = true;
  const Image back = decode_image(file, options, "x");
  ASSERT_EQ(back.depth(), Depth::u16);
  EXPECT_LE(greatest_difference<uint16_t>(back, image), 8 * 257);
  options.keep_16_bit = false;
  EXPECT_EQ(decode_image(file, options, "x").depth(), Depth::u8);
}

TEST_F(Heic, ProfileAndExifAreRead) {
  Made how;
  how.icc = srgb_profile(false);
  const std::array<int, 26> values = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6};
  for (const int v : values) how.exif.push_back(static_cast<std::byte>(v));
  const ImageInfo info = probe_image(heic_of(gradient(64, 48, 3), how), {}, "x");
  EXPECT_EQ(info.icc, how.icc);
  EXPECT_EQ(info.exif, how.exif);
  EXPECT_EQ(info.orientation, 1);  // the container's turns count, and there are none
  EXPECT_EQ(info.width, 64);
}

TEST_F(Heic, DamageIsAnError) {
  for (const size_t keep : {size_t{20}, file_.size() / 2}) {
    const std::span<const std::byte> part = std::span(file_).first(keep);
    EXPECT_THROW(decode_image(part, {}, "x"), Error) << keep;
  }
  EXPECT_THROW(encode_image(gradient(8, 8, 3), ImageFormat::heic), Error);
}

}  // namespace
}  // namespace linmo
#endif
