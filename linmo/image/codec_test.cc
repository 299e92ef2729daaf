// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/codec.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "linmo/image/convert.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

constexpr ImageFormat kFormats[] = {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp,
                                    ImageFormat::tiff};

Image decoded(std::span<const std::byte> bytes) {
  return decode_image(bytes, {}, "test");
}

// The message and kind of the error that decoding throws.
struct Refusal {
  ErrorKind kind = ErrorKind::cancelled;
  std::string text;
};
Refusal refusal(std::span<const std::byte> bytes, const ImageLimits& limits = {}) {
  try {
    DecodeOptions options;
    options.limits = limits;
    decode_image(bytes, options, "山水/雪景");
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  return {};
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

struct Golden {
  std::string file;
  int channels, bits, tolerance = 0;
};

class GoldenPictures : public testing::TestWithParam<Golden> {};

TEST_P(GoldenPictures, HoldTheSamplesThatWereWritten) {
  const Golden& golden = GetParam();
  const Depth depth = golden.bits == 16 ? Depth::u16 : Depth::u8;
  Image expected(13, 9, golden.channels, depth);
  const auto raw = read_file(golden_file(golden.file + ".raw"));
  ASSERT_EQ(raw.size(), expected.bytes().size());
  std::memcpy(expected.samples<std::byte>().data(), raw.data(), raw.size());
  const Image image = read_image(golden_file(golden.file));
  const int difference = depth == Depth::u16 ? greatest_difference<uint16_t>(image, expected)
                                             : greatest_difference<uint8_t>(image, expected);
  EXPECT_GE(difference, 0) << image.width() << "×" << image.height() << "×" << image.channels();
  EXPECT_LE(difference, golden.tolerance);

  const ImageInfo info = probe_image(golden_file(golden.file));
  EXPECT_EQ(info.width, 13);
  EXPECT_EQ(info.height, 9);
  EXPECT_EQ(info.channels, golden.channels);
  EXPECT_EQ(info.bits == 16, golden.bits == 16);

  DecodeOptions eight;
  eight.keep_16_bit = false;
  const Image bytes = read_image(golden_file(golden.file), eight);
  ASSERT_EQ(bytes.depth(), Depth::u8);
  EXPECT_LE(greatest_difference<uint8_t>(bytes, to_depth(expected, Depth::u8)), golden.tolerance);
}

// Lossy decoders may differ by a level between versions of their libraries.
INSTANTIATE_TEST_SUITE_P(
    Files, GoldenPictures,
    testing::Values(Golden{"grey1.png", 1, 8}, Golden{"grey2.png", 1, 8}, Golden{"grey4.png", 1, 8},
                    Golden{"grey8.png", 1, 8}, Golden{"grey16.png", 1, 16}, Golden{"greyalpha8.png", 2, 8},
                    Golden{"greyalpha16.png", 2, 16}, Golden{"rgb8.png", 3, 8}, Golden{"rgb16.png", 3, 16},
                    Golden{"rgba8.png", 4, 8}, Golden{"rgba16.png", 4, 16}, Golden{"palette1.png", 3, 8},
                    Golden{"palette2.png", 3, 8}, Golden{"palette4.png", 3, 8}, Golden{"palette8.png", 3, 8},
                    Golden{"palette8_alpha.png", 4, 8}, Golden{"grey8_key.png", 2, 8},
                    Golden{"rgb16_key.png", 4, 16}, Golden{"rgb8_interlaced.png", 3, 8},
                    Golden{"grey1_interlaced.png", 1, 8}, Golden{"animated.png", 3, 8},
                    Golden{"grey.jpg", 1, 8, 2}, Golden{"rgb444.jpg", 3, 8, 2}, Golden{"rgb420.jpg", 3, 8, 2},
                    Golden{"progressive.jpg", 3, 8, 2}, Golden{"cmyk.jpg", 3, 8, 2},
                    Golden{"lossless.webp", 3, 8}, Golden{"lossless_alpha.webp", 4, 8},
                    Golden{"lossy.webp", 3, 8, 2}, Golden{"animated.webp", 3, 8},
                    Golden{"rgb8_raw.tif", 3, 8}, Golden{"rgb8_lzw.tif", 3, 8},
                    Golden{"rgb8_deflate.tif", 3, 8}, Golden{"rgb8_packbits.tif", 3, 8},
                    Golden{"rgba8.tif", 4, 8}, Golden{"grey8.tif", 1, 8}, Golden{"grey16.tif", 1, 16},
                    Golden{"palette.tif", 3, 8}, Golden{"cmyk.tif", 3, 8}, Golden{"group4.tif", 1, 8},
                    Golden{"white_is_zero.tif", 1, 8}, Golden{"pages.tif", 3, 8}),
    [](const auto& info) {
      std::string name = info.param.file;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(Codec, LosslessFormatsKeepEverySample) {
  for (const auto& [w, h] : {std::pair{1, 1}, std::pair{31, 1}, std::pair{1, 29}, std::pair{67, 45}}) {
    for (int channels = 1; channels <= 4; ++channels) {
      for (const Depth depth : {Depth::u8, Depth::u16}) {
        const Image image = noise(w, h, channels, depth);
        EXPECT_EQ(decoded(encode_image(image, ImageFormat::png)), image);
        EXPECT_EQ(decoded(encode_image(image, ImageFormat::tiff)), image);
      }
      EncodeOptions lossless;
      lossless.webp_lossless = true;
      const Image image = noise(w, h, channels),
                  back = decoded(encode_image(image, ImageFormat::webp, lossless));
      EXPECT_EQ(to_grey(back), to_grey(image));  // WebP has no grey
      EXPECT_EQ(alpha_of(back), alpha_of(image));
      EXPECT_TRUE(channels < 3 || back == image);
    }
  }
}

TEST(Codec, LossyFormatsStayNear) {
  for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::webp}) {
    for (const int channels : {1, 3}) {
      for (const int quality : {60, 95}) {
        const Image image = gradient(67, 45, channels);
        EncodeOptions options;
        options.quality = quality;
        const Image back = decoded(encode_image(image, format, options));
        EXPECT_EQ(back.channels(), format == ImageFormat::webp ? 3 : channels);
        EXPECT_LE(greatest_difference<uint8_t>(to_grey(back), to_grey(image)), quality == 95 ? 6 : 20);
      }
    }
  }
}

TEST(Codec, JpegShowsAlphaOverWhiteAndEveryDepthIsWritten) {
  Image clear(16, 16, 4);
  EXPECT_EQ(int{decoded(encode_image(clear, ImageFormat::jpeg)).samples<uint8_t>()[0]}, 255);
  const Image real = to_depth(noise(5, 4, 3, Depth::u16), Depth::f32);
  EXPECT_EQ(decoded(encode_image(real, ImageFormat::png)), to_depth(real, Depth::u16));
  for (const ImageFormat format : kFormats) {
    EXPECT_EQ(decoded(encode_image(real, format)).width(), 5) << name(format);
  }
}

TEST(Codec, ChromaIsWholeAtHighQuality) {
  Image stripes(32, 32, 3);  // red and blue columns: halved chroma would make them purple
  for (size_t i = 0; i < stripes.samples<uint8_t>().size(); i += 3) {
    stripes.samples<uint8_t>()[i + (i / 3 % 2 ? 0 : 2)] = 255;
  }
  EncodeOptions low;
  low.quality = 85;
  const auto high_error =
      greatest_difference<uint8_t>(decoded(encode_image(stripes, ImageFormat::jpeg)), stripes);
  EXPECT_LT(high_error, 30);
  EXPECT_GT(greatest_difference<uint8_t>(decoded(encode_image(stripes, ImageFormat::jpeg, low)), stripes),
            60);
}

TEST(Codec, JpegQualityIsReadOffTheTables) {
  Image picture(64, 48, 3);
  for (size_t i = 0; i < picture.samples<uint8_t>().size(); ++i)
    picture.samples<uint8_t>()[i] = static_cast<uint8_t>(i * 7);
  // At 1 … 3 most entries are cut to 255, so that neighbouring qualities may have the same tables.
  for (int quality = 4; quality <= 100; ++quality) {
    const ImageInfo info =
        probe_image(encode_image(picture, ImageFormat::jpeg, {.quality = quality}), {}, "made");
    EXPECT_EQ(info.jpeg_quality, quality);
    EXPECT_EQ(info.chroma_pixels, quality >= 90 ? 1 : 4);
  }
  const ImageInfo grey =
      probe_image(encode_image(to_grey(picture), ImageFormat::jpeg, {.quality = 60}), {}, "made");
  EXPECT_EQ(grey.jpeg_quality, 60);
  EXPECT_EQ(grey.chroma_pixels, 0);
  EXPECT_EQ(probe_image(encode_image(picture, ImageFormat::png), {}, "made").jpeg_quality, 0);
}

// Left to itself the PNG writer is fast, and its files are hardly larger than level 6's, whatever is in them.
TEST(Codec, PngSuitsThePicture) {
  Image grain = gradient(320, 240, 3);  // as in a photograph
  const Image random = noise(320, 240, 3);
  for (size_t i = 0; i < grain.bytes().size(); ++i)
    grain.samples<uint8_t>()[i] =
        static_cast<uint8_t>(grain.samples<uint8_t>()[i] + random.samples<uint8_t>()[i] % 8);
  Image letters(320, 240, 3);  // the same flat forms again and again
  for (int64_t y = 0; y < 240; ++y)
    for (int64_t x = 0; x < 960; ++x)
      letters.row<uint8_t>(y)[static_cast<size_t>(x)] =
          random.row<uint8_t>(y / 4 % 8)[static_cast<size_t>(x / 12 % 10)] < 128 ? 255 : 20;
  for (const Image* image : {&grain, &letters}) {
    const auto own = encode_image(*image, ImageFormat::png);
    const auto level6 = encode_image(*image, ImageFormat::png, {.png_level = 6});
    EXPECT_EQ(decode_image(own, {}, "own"), *image);
    EXPECT_LT(static_cast<double>(own.size()),
              1.2 * static_cast<double>(level6.size()) + 0.01 * static_cast<double>(image->bytes().size()));
  }
  const Image deep = noise(50, 40, 4, Depth::u16);
  EXPECT_EQ(decode_image(encode_image(deep, ImageFormat::png), {}, "deep"), deep);
}

TEST(Codec, QualityAndLevelAreChecked) {
  const Image image = noise(4, 4, 3);
  EncodeOptions options;
  options.quality = 0;
  EXPECT_THROW(encode_image(image, ImageFormat::jpeg, options), Error);
  options = {};
  options.png_level = 10;
  EXPECT_THROW(encode_image(image, ImageFormat::png, options), Error);
  EXPECT_THROW(encode_image(Image(), ImageFormat::png), Error);
  EXPECT_THROW(encode_image(Image(70000, 1, 1), ImageFormat::jpeg), Error);
  EXPECT_THROW(encode_image(Image(1, 17000, 1), ImageFormat::webp), Error);
}

// "Exif" with orientation `code` and nothing else.
std::vector<std::byte> exif_block(int code) {
  const std::array<int, 26> values = {'M', 'M', 0, 42, 0, 0, 0,    8, 0, 1, 1, 0x12, 0,
                                      3,   0,   0, 0,  1, 0, code, 0, 0, 0, 0, 0,    0};
  std::vector<std::byte> exif;
  for (const int v : values) exif.push_back(static_cast<std::byte>(v));
  return exif;
}

// Sets the orientation that the encoder reset.
void turn(std::vector<std::byte>& file, int code) {
  const auto upright = exif_block(1);
  const auto at = std::search(file.begin(), file.end(), upright.begin(), upright.end());
  ASSERT_NE(at, file.end());
  at[19] = static_cast<std::byte>(code);
}

TEST(Codec, OrientationIsAppliedAndResetWhenStored) {
  const Image image = gradient(32, 16, 3);
  for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::webp}) {
    for (int code = 1; code <= 8; ++code) {
      EncodeOptions options;
      options.exif = exif_block(code);
      auto file = encode_image(image, format, options);
      EXPECT_EQ(probe_image(file, {}, "x").orientation, 1);
      EXPECT_EQ(probe_image(file, {}, "x").exif, exif_block(1));
      const Image upright = decoded(file);
      turn(file, code);
      const ImageInfo info = probe_image(file, {}, "x");
      EXPECT_EQ(info.orientation, code);
      EXPECT_EQ(info.width, code < 5 ? 32 : 16);
      EXPECT_EQ(decoded(file), apply_orientation(upright, code)) << name(format) << " " << code;
    }
  }
  EncodeOptions options;
  options.exif = exif_block(3);
  EXPECT_EQ(probe_image(encode_image(image, ImageFormat::tiff, options), {}, "x").orientation, 1);
  EXPECT_EQ(probe_image(encode_image(image, ImageFormat::png, options), {}, "x").exif, exif_block(1));
}

TEST(Codec, JpegsComeBackReducedOnRequest) {
  const Image image = gradient(400, 260, 3);
  const auto file = encode_image(image, ImageFormat::jpeg);
  const auto sizes = [&](int64_t side) {
    DecodeOptions options;
    options.shrink_to_side = side;
    const Image out = decode_image(file, options, "x");
    return std::pair{out.width(), out.height()};
  };
  EXPECT_EQ(sizes(0), (std::pair<int64_t, int64_t>{400, 260}));
  EXPECT_EQ(sizes(131), (std::pair<int64_t, int64_t>{400, 260}));
  EXPECT_EQ(sizes(130), (std::pair<int64_t, int64_t>{200, 130}));
  EXPECT_EQ(sizes(65), (std::pair<int64_t, int64_t>{100, 65}));
  EXPECT_EQ(sizes(1), (std::pair<int64_t, int64_t>{50, 33}));
}

TEST(Codec, TruncatedPicturesAreShownFromHalfOn) {
  const Image image = noise(160, 160, 3);
  for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::tiff}) {
    EncodeOptions stored;
    stored.png_level = 0;
    const auto whole = encode_image(image, format, stored);
    const Image expected = decoded(whole);
    for (const double kept : {0.0, 0.01, 0.3, 0.7, 0.95}) {
      auto cut = whole;
      cut.resize(static_cast<size_t>(kept * static_cast<double>(whole.size())));
      std::vector<std::string> warnings;
      DecodeOptions options;
      options.warnings = &warnings;
      if (kept < 0.5 || format == ImageFormat::tiff) {  // a TIFF's directory is at its end
        EXPECT_THROW(decode_image(cut, options, "x"), Error) << name(format) << kept;
        continue;
      }
      const Image part = decode_image(cut, options, "x");
      ASSERT_EQ(warnings.size(), 1u) << name(format) << kept;
      EXPECT_TRUE(warnings[0].starts_with("truncated: the last ")) << warnings[0];
      EXPECT_EQ(crop(part, 0, 0, 160, 80), crop(expected, 0, 0, 160, 80));
      const auto last = part.row<uint8_t>(159);
      EXPECT_TRUE(std::all_of(last.begin(), last.end(), [](uint8_t v) { return v == 128; }));
    }
  }
}

TEST(Codec, ATruncatedWebpIsRefused) {
  auto file = encode_image(noise(80, 80, 3), ImageFormat::webp);
  file.resize(file.size() / 2);
  EXPECT_EQ(refusal(file).kind, ErrorKind::input);
}

TEST(Codec, ATruncatedProgressiveJpegIsLessSharp) {
  auto file = read_file(golden_file("progressive.jpg"));
  const std::array scan = {std::byte{0xFF}, std::byte{0xDA}};
  const auto last = std::find_end(file.begin(), file.end(), scan.begin(), scan.end());
  file.resize(static_cast<size_t>(last - file.begin()) + 12);  // its header and a little
  std::vector<std::string> warnings;
  DecodeOptions options;
  options.warnings = &warnings;
  EXPECT_EQ(decode_image(file, options, "x").width(), 13);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("less sharp"), std::string::npos);
}

// Whatever a flipped byte does, decoding ends with a picture of the told size or an Error.
TEST(Codec, DamageEndsInAPictureOrAnError) {
  for (const char* file : {"rgb420.jpg", "progressive.jpg", "cmyk.jpg", "palette8_alpha.png",
                           "rgb8_interlaced.png", "lossless_alpha.webp", "lossy.webp", "animated.webp",
                           "rgb8_lzw.tif", "cmyk.tif", "palette.tif", "group4.tif"}) {
    const auto whole = read_file(golden_file(file));
    DecodeOptions options;
    options.limits.max_pixels = 1 << 20;
    int refused = 0;
    for (size_t i = 0; i < whole.size(); ++i) {
      auto damaged = whole;
      damaged[i] ^= std::byte{0xFF};
      try {
        const Image image = decode_image(damaged, options, file);
        EXPECT_FALSE(image.empty());
      } catch (const Error& error) {
        ++refused;
        EXPECT_TRUE(error.kind() == ErrorKind::input || error.kind() == ErrorKind::limit) << error.what();
      }
    }
    EXPECT_GT(refused, 0) << file;
  }
}

TEST(Codec, BombsAreRefusedBeforeAnythingIsAllocated) {
  // Headers that promise 30000 × 30000; nothing of the kind follows.
  ImageLimits limits;
  limits.max_pixels = 100'000'000;
  const auto promise = [](std::span<std::byte> side) {
    side[0] = std::byte{30000 >> 8};
    side[1] = std::byte{30000 & 0xFF};
  };
  auto png = encode_image(noise(1, 1, 1), ImageFormat::png);
  promise(std::span(png).subspan(18));
  promise(std::span(png).subspan(22));
  uint32_t sum = ~0u;  // CRC-32 over the chunk's name and data
  for (const std::byte byte : std::span(png).subspan(12, 17)) {
    sum ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0);
  }
  for (size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<std::byte>(~sum >> (24 - 8 * i) & 0xFF);
  EXPECT_EQ(refusal(png, limits).kind, ErrorKind::limit) << refusal(png, limits).text;

  auto jpeg = encode_image(noise(8, 8, 1), ImageFormat::jpeg);
  const std::array marker = {std::byte{0xFF}, std::byte{0xC0}};
  const auto frame = std::search(jpeg.begin(), jpeg.end(), marker.begin(), marker.end());
  ASSERT_NE(frame, jpeg.end());
  promise(std::span(frame + 5, 2));
  promise(std::span(frame + 7, 2));
  const Refusal refused = refusal(jpeg, limits);
  EXPECT_EQ(refused.kind, ErrorKind::limit);
  EXPECT_NE(refused.text.find("30000 × 30000"), std::string::npos) << refused.text;
  EXPECT_NE(refused.text.find("山水/雪景"), std::string::npos);

  for (const ImageFormat format : kFormats) {
    const auto file = encode_image(noise(40, 30, 3), format);
    ImageLimits small;
    small.max_pixels = 1199;
    EXPECT_EQ(refusal(file, small).kind, ErrorKind::limit) << name(format);
    small.max_pixels = 1200;
    EXPECT_EQ(refusal(file, small).kind, ErrorKind::cancelled) << "within bounds";
    small.max_side = 39;
    EXPECT_EQ(refusal(file, small).kind, ErrorKind::limit);
    EXPECT_THROW(probe_image(file, small, "x"), Error);
    small = {};
    small.max_file_bytes = file.size() - 1;
    EXPECT_EQ(refusal(file, small).kind, ErrorKind::limit);
  }
}

TEST(Codec, OtherFilesAreNamedInTheirRefusal) {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, std::string_view> kOthers[] = {
      {"", "is not a picture linmo can read: it is empty"},
      {"GIF89a\1\0\1\0", "is a GIF; convert it to PNG"},
      {"BM\x46\0\0\0"sv, "is a BMP; convert it to PNG"},
      {"\0\0\0\x18"
       "ftypisom\0\0\0\0"sv,
       "is a video; convert it to PNG"},
      {"P6 1 1 255\n...", "is a PNM; convert it to PNG"},
      {"<!DOCTYPE html><html>404</html>", "is not a picture linmo can read: it is an HTML page"},
      {"<?xml version='1.0'?><svg/>", "is an SVG drawing; convert it to PNG"},
      {"hello world\n", "is not a picture linmo can read: it is text"},
      {"\1\2\3\4\5"sv, "is not a picture linmo can read (JPEG, PNG, WebP, TIFF, AVIF and HEIC are read)"},
  };
  for (const auto& [bytes, message] : kOthers) {
    const Refusal refused = refusal(as_bytes(bytes));
    EXPECT_EQ(refused.kind, ErrorKind::input);
    EXPECT_NE(refused.text.find(message), std::string::npos) << refused.text;
    EXPECT_TRUE(refused.text.starts_with("山水/雪景 ")) << refused.text;
  }
}

TEST(Codec, NamesTellFormats) {
  EXPECT_EQ(format_of_extension("a.JPG"), ImageFormat::jpeg);
  EXPECT_EQ(format_of_extension("a/b.c.jpeg"), ImageFormat::jpeg);
  EXPECT_EQ(format_of_extension("雪景.TIF"), ImageFormat::tiff);
  EXPECT_EQ(format_of_extension("a.webp"), ImageFormat::webp);
  EXPECT_EQ(format_of_extension("a.gif"), std::nullopt);
  EXPECT_TRUE(is_picture_name("x.png"));
  EXPECT_FALSE(is_picture_name("x.txt"));
  EXPECT_TRUE(is_video_name("雪.MP4"));
  EXPECT_TRUE(is_video_name("-"));
  EXPECT_FALSE(is_video_name("x.png"));
  EXPECT_FALSE(is_picture_name("png"));
  for (const ImageFormat format : kFormats) {
    EXPECT_EQ(format_of_bytes(encode_image(noise(3, 3, 3), format)), format);
  }
}

class CodecFiles : public testing::Test {
 protected:
  CodecFiles()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("linmo-codec-{}-{}", ::getpid(), static_cast<const void*>(this))) {
    std::filesystem::create_directories(folder_ / "山水");
  }
  ~CodecFiles() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_;
};

TEST_F(CodecFiles, NamesAreUtf8AndContentDecidesTheFormat) {
  const Image image = noise(12, 8, 3);
  const auto path = folder_ / "山水" / "雪景.png";
  write_image(path, image);
  EXPECT_EQ(read_image(path), image);
  EXPECT_EQ(probe_image(path).width, 12);
  std::filesystem::rename(path, folder_ / "wrong.jpg");
  EXPECT_EQ(read_image(folder_ / "wrong.jpg"), image);
  try {
    read_image(path);
    FAIL() << "the file is gone";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(std::string_view(error.what()).find("雪景.png"), std::string_view::npos);
  }
}

TEST_F(CodecFiles, AnUnknownExtensionLeavesNoFile) {
  try {
    write_image(folder_ / "a.gif", noise(2, 2, 3));
    FAIL() << "GIF is not written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
  EXPECT_EQ(list_files(folder_).size(), 0u);
}

TEST(Codec, FourThreadsDecodeAtOnce) {
  const char* files[] = {"cmyk.jpg", "progressive.jpg", "palette8_alpha.png", "lossy.webp", "rgb8_lzw.tif"};
  std::vector<Image> expected;
  for (const char* file : files) expected.push_back(read_image(golden_file(file)));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 100; ++i) {
        const size_t which = (i + t) % std::size(files);
        const auto bytes = read_file(golden_file(files[which]));
        if (decoded(bytes) != expected[which]) ++wrong;
        auto damaged = bytes;
        damaged.resize(bytes.size() / 3);
        if (refusal(damaged).kind == ErrorKind::io) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace linmo
