// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/icc.h"

#include <gtest/gtest.h>
#include <lcms2.h>

#include <array>
#include <cmath>

#include "linmo/image/convert.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

std::vector<std::byte> saved(cmsHPROFILE profile) {
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  std::vector<std::byte> bytes(size);
  cmsSaveProfileToMem(profile, bytes.data(), &size);
  cmsCloseProfile(profile);
  return bytes;
}

constexpr double kAdobeGamma = 563.0 / 256;

std::vector<std::byte> adobe_rgb() {
  const cmsCIExyY white = {0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
  cmsToneCurve* curve = cmsBuildGamma(nullptr, kAdobeGamma);
  const std::array<cmsToneCurve*, 3> curves = {curve, curve, curve};
  cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves.data());
  cmsFreeToneCurve(curve);
  return saved(profile);
}

std::vector<std::byte> grey_gamma(double gamma) {
  cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
  cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
  cmsFreeToneCurve(curve);
  return saved(profile);
}

std::vector<std::byte> srgb() {
  return saved(cmsCreate_sRGBProfile());
}

double srgb_encode(double v) {
  return v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
}

// Adobe RGB (1998) → XYZ → sRGB, both under D65 (Lindbloom's matrices).
std::array<double, 3> adobe_to_srgb(std::array<double, 3> rgb) {
  constexpr double kToXyz[3][3] = {{0.5767309, 0.1855540, 0.1881852},
                                   {0.2973769, 0.6273491, 0.0752741},
                                   {0.0270343, 0.0706872, 0.9911085}};
  constexpr double kToRgb[3][3] = {{3.2404542, -1.5371385, -0.4985314},
                                   {-0.9692660, 1.8760108, 0.0415560},
                                   {0.0556434, -0.2040259, 1.0572252}};
  std::array<double, 3> xyz = {}, out = {};
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) xyz[i] += kToXyz[i][k] * std::pow(rgb[k], kAdobeGamma);
  }
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) out[i] += kToRgb[i][k] * xyz[k];
    out[i] = srgb_encode(std::clamp(out[i], 0.0, 1.0));
  }
  return out;
}

TEST(Icc, AdobeRgbBecomesSrgbInBothDepthsAndAlphaStays) {
  const auto profile = adobe_rgb();
  for (const Depth depth : {Depth::u8, Depth::u16}) {
    const Image before = to_depth(noise(16, 16, 4, Depth::f32), depth);
    Image after = before;
    std::vector<std::string> warnings;
    DecodeOptions options;
    options.warnings = &warnings;
    apply_profile(after, profile, options);
    EXPECT_TRUE(warnings.empty());
    EXPECT_EQ(alpha_of(after), alpha_of(before));
    const Image from = to_depth(before, Depth::f32), to = to_depth(after, Depth::f32);
    for (size_t i = 0; i < from.samples<float>().size(); i += 4) {
      const auto in = from.samples<float>().subspan(i, 3);
      const auto want = adobe_to_srgb({in[0], in[1], in[2]});
      for (size_t c = 0; c < 3; ++c) {
        // 8 bit: two levels. Near black the curve is steep, and profiles keep 16-bit fixed-point colorants.
        EXPECT_NEAR(to.samples<float>()[i + c], want[c], want[c] < 0.1 ? 0.03 : 0.009) << in[0] << in[1];
      }
    }
  }
}

TEST(Icc, SrgbLeavesEverySampleAlone) {
  for (const int channels : {3, 4}) {
    for (const Depth depth : {Depth::u8, Depth::u16}) {
      const Image before = noise(9, 7, channels, depth);
      Image after = before;
      apply_profile(after, srgb(), {});
      EXPECT_EQ(after, before);
    }
  }
}

TEST(Icc, GreyProfilesChangeTheToneCurve) {
  for (const int channels : {1, 2}) {
    Image image = noise(16, 4, channels);
    const Image before = image;
    apply_profile(image, grey_gamma(1.0), {});
    const auto step = static_cast<size_t>(channels);
    for (size_t i = 0; i < image.samples<uint8_t>().size(); i += step) {
      const double want = 255 * srgb_encode(before.samples<uint8_t>()[i] / 255.0);
      EXPECT_NEAR(image.samples<uint8_t>()[i], want, 1.01);
    }
    EXPECT_EQ(alpha_of(image), alpha_of(before));
  }
}

TEST(Icc, DamagedOrUnfitProfilesAreAWarning) {
  auto damaged = adobe_rgb();
  damaged.resize(damaged.size() / 2);
  const auto junk = std::vector<std::byte>(300, std::byte{42});
  for (const auto& profile : {damaged, junk, grey_gamma(1.8)}) {
    const Image before = noise(5, 5, 3);
    Image after = before;
    std::vector<std::string> warnings;
    DecodeOptions options;
    options.warnings = &warnings;
    apply_profile(after, profile, options);
    EXPECT_EQ(after, before);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find("colour profile"), std::string::npos);
  }
}

TEST(Icc, EveryFormatStoresAProfileAndDecodingAppliesIt) {
  EncodeOptions encode;
  encode.icc = adobe_rgb();
  encode.webp_lossless = true;
  const Image stored = noise(24, 16, 3);
  for (const ImageFormat format :
       {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp, ImageFormat::tiff}) {
    auto plain = encode;
    plain.icc.clear();
    Image expected = decode_image(encode_image(stored, format, plain), {}, "x");
    apply_profile(expected, encode.icc, {});
    const auto file = encode_image(stored, format, encode);
    EXPECT_EQ(probe_image(file, {}, "x").icc, encode.icc) << name(format);
    EXPECT_EQ(decode_image(file, {}, "x"), expected) << name(format);
  }
  encode.icc.assign(300, std::byte{42});
  EXPECT_THROW(encode_image(stored, ImageFormat::png, encode), Error) << "libpng would drop it silently";
}

// Prints L* = 100 (1 − k) (1 − (c + m + y) / 3), neutral.
std::vector<std::byte> neutral_inks() {
  cmsHPROFILE profile = cmsCreateProfilePlaceholder(nullptr);
  cmsSetProfileVersion(profile, 4.3);
  cmsSetDeviceClass(profile, cmsSigOutputClass);
  cmsSetColorSpace(profile, cmsSigCmykData);
  cmsSetPCS(profile, cmsSigLabData);
  cmsStage* table = cmsStageAllocCLut16bit(nullptr, 9, 4, 3, nullptr);
  const auto sample = [](const cmsUInt16Number in[], cmsUInt16Number out[], void*) -> cmsInt32Number {
    const double light = (1 - in[3] / 65535.0) * (1 - (in[0] + in[1] + in[2]) / 3.0 / 65535.0);
    const cmsCIELab lab = {100 * light, 0, 0};
    cmsFloat2LabEncoded(out, &lab);
    return 1;
  };
  cmsStageSampleCLut16bit(table, sample, nullptr, 0);
  cmsPipeline* pipeline = cmsPipelineAlloc(nullptr, 4, 3);
  // The file format wants curves on both sides of the table.
  cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, 4, nullptr));
  cmsPipelineInsertStage(pipeline, cmsAT_END, table);
  cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(nullptr, 3, nullptr));
  cmsWriteTag(profile, cmsSigAToB0Tag, pipeline);
  cmsPipelineFree(pipeline);
  return saved(profile);
}

TEST(Icc, InksGoThroughTheirProfile) {
  Image inks(5, 1, 4);
  const uint8_t values[5][4] = {
      {0, 0, 0, 0}, {0, 0, 0, 255}, {255, 0, 0, 0}, {0, 0, 0, 128}, {85, 85, 85, 85}};
  std::memcpy(inks.samples<uint8_t>().data(), values, sizeof values);
  std::vector<std::string> warnings;
  DecodeOptions options;
  options.warnings = &warnings;
  ASSERT_FALSE(neutral_inks().empty());
  const Image rgb = cmyk_to_srgb(inks, false, neutral_inks(), options);
  EXPECT_TRUE(warnings.empty());
  for (size_t i = 0; i < 5; ++i) {
    const auto* v = values[i];
    const double l = 100 * (1 - v[3] / 255.0) * (1 - (v[0] + v[1] + v[2]) / 3.0 / 255);
    const double y = l > 8 ? std::pow((l + 16) / 116, 3) : l * 27 / 24389;  // CIE 15: L* to Y
    for (size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(rgb.samples<uint8_t>()[i * 3 + c], 255 * srgb_encode(y), 2.5) << i;
    }
  }
  Image inverted = inks;
  for (auto& v : inverted.samples<uint8_t>()) v = static_cast<uint8_t>(255 - v);
  EXPECT_LE(greatest_difference<uint8_t>(cmyk_to_srgb(inverted, true, neutral_inks(), options), rgb), 1);
}

TEST(Icc, InksWithoutAProfileAreMixedNaively) {
  Image inks(1, 1, 4);
  const uint8_t values[] = {0, 128, 255, 51};
  std::memcpy(inks.samples<uint8_t>().data(), values, 4);
  std::vector<std::string> warnings;
  DecodeOptions options;
  options.warnings = &warnings;
  const Image rgb = cmyk_to_srgb(inks, false, {}, options);
  EXPECT_EQ(rgb.samples<uint8_t>()[0], 204);
  EXPECT_EQ(rgb.samples<uint8_t>()[1], 102);
  EXPECT_EQ(rgb.samples<uint8_t>()[2], 0);
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(cmyk_to_srgb(inks, false, adobe_rgb(), options), rgb);
  EXPECT_EQ(warnings.size(), 1u);
  const Image deep = cmyk_to_srgb(to_depth(inks, Depth::u16), false, {}, options);
  EXPECT_EQ(to_depth(deep, Depth::u8), rgb);
}

}  // namespace
}  // namespace linmo
