// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/icc.h"

#include <lcms2.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "linmo/image/formats.h"

namespace linmo {
namespace {

constexpr size_t kMaxProfileBytes = 32u << 20;

struct ContextCloser {
  void operator()(void* context) const { cmsDeleteContext(static_cast<cmsContext>(context)); }
};
struct ProfileCloser {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
struct TransformCloser {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Context = std::unique_ptr<void, ContextCloser>;
using Profile = std::unique_ptr<void, ProfileCloser>;
using Transform = std::unique_ptr<void, TransformCloser>;

// A context of its own for each call: no state is shared between threads.
Context make_context() {
  Context context(cmsCreateContext(nullptr, nullptr));
  if (!context) throw std::bad_alloc();
  cmsSetLogErrorHandlerTHR(static_cast<cmsContext>(context.get()),
                           [](cmsContext, cmsUInt32Number, const char*) {});
  return context;
}

// sRGB's tone curve on one channel: what grey pixels are converted to.
Profile make_grey_srgb(cmsContext context) {
  const std::array<double, 5> srgb = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  cmsToneCurve* curve = cmsBuildParametricToneCurve(context, 4, srgb.data());
  Profile profile(cmsCreateGrayProfileTHR(context, cmsD50_xyY(), curve));
  cmsFreeToneCurve(curve);
  return profile;
}

Profile open_profile(cmsContext context, std::span<const std::byte> icc) {
  if (icc.size() > kMaxProfileBytes) return nullptr;
  return Profile(cmsOpenProfileFromMemTHR(context, icc.data(), static_cast<cmsUInt32Number>(icc.size())));
}

// Device links, abstract and named-colour profiles do not describe a picture's pixels.
bool describes_pixels(cmsHPROFILE profile) {
  const auto kind = cmsGetDeviceClass(profile);
  return kind == cmsSigInputClass || kind == cmsSigDisplayClass || kind == cmsSigOutputClass ||
         kind == cmsSigColorSpaceClass;
}

// lcms' name of a pixel: colour space, colour channels, other channels, bytes a sample.
cmsUInt32Number pixel_type(cmsUInt32Number space, int colours, int extra, Depth depth) {
  return COLORSPACE_SH(space) | CHANNELS_SH(static_cast<cmsUInt32Number>(colours)) |
         EXTRA_SH(static_cast<cmsUInt32Number>(extra)) | BYTES_SH(static_cast<cmsUInt32Number>(depth));
}

Transform make_transform(cmsContext context, cmsHPROFILE from, cmsUInt32Number from_type, cmsHPROFILE to,
                         cmsUInt32Number to_type, Depth depth) {
  // Left to itself lcms replaces 16-bit transforms, and grey ones, by tables so coarse that they are ten
  // levels of 255 off near black, where sRGB's curve is steep. Ink profiles are tables anyway.
  const auto space = T_COLORSPACE(from_type);
  cmsUInt32Number flags = cmsFLAGS_COPY_ALPHA;
  if (space == PT_GRAY || (space == PT_RGB && depth == Depth::u16)) flags |= cmsFLAGS_NOOPTIMIZE;
  return Transform(cmsCreateTransformTHR(context, from, from_type, to, to_type, INTENT_PERCEPTUAL, flags));
}

// Whether a transform of 8- or 16-bit samples leaves a lattice of colours within one 8-bit level.
template <class T>
bool is_identity(cmsHTRANSFORM transform, int colours, int channels) {
  constexpr int kSteps = 6;
  constexpr int kTop = sizeof(T) == 1 ? 255 : 65535, kTolerance = kTop / 255;
  int points = 1;
  for (int c = 0; c < colours; ++c) points *= kSteps;
  std::vector<T> before(static_cast<size_t>(points * channels)), after;
  for (int p = 0; p < points; ++p) {
    for (int c = 0, rest = p; c < colours; ++c, rest /= kSteps) {
      before[static_cast<size_t>(p * channels + c)] = static_cast<T>(rest % kSteps * kTop / (kSteps - 1));
    }
  }
  after.resize(before.size());
  cmsDoTransform(transform, before.data(), after.data(), static_cast<cmsUInt32Number>(points));
  for (size_t i = 0; i < before.size(); ++i) {
    if (std::abs(int{before[i]} - int{after[i]}) > kTolerance) return false;
  }
  return true;
}

void transform_rows(cmsHTRANSFORM transform, const Image& from, Image& to) {
  const size_t from_row = from.bytes().size() / static_cast<size_t>(from.height());
  const size_t to_row = to.bytes().size() / static_cast<size_t>(to.height());
  for (size_t y = 0; y < static_cast<size_t>(from.height()); ++y) {
    cmsDoTransform(transform, from.bytes().data() + y * from_row, to.samples<std::byte>().data() + y * to_row,
                   static_cast<cmsUInt32Number>(from.width()));
  }
}

constexpr std::string_view kDamaged = "its colour profile is damaged: the colours are used as they are";

}  // namespace

void apply_profile(Image& image, std::span<const std::byte> icc, const DecodeOptions& options) {
  if (icc.empty() || image.empty()) return;
  const Context owner = make_context();
  auto* context = static_cast<cmsContext>(owner.get());
  const Profile profile = open_profile(context, icc);
  if (!profile || !describes_pixels(profile.get())) return warn(options, std::string(kDamaged));
  const bool grey = image.channels() <= 2;
  if (cmsGetColorSpace(profile.get()) != (grey ? cmsSigGrayData : cmsSigRgbData)) {
    return warn(options,
                fmt::format("its colour profile is not for {} pixels: the colours are used as they are",
                            grey ? "grey" : "RGB"));
  }
  const int colours = grey ? 1 : 3;
  const auto type = pixel_type(grey ? PT_GRAY : PT_RGB, colours, image.channels() - colours, image.depth());
  const Profile srgb = grey ? make_grey_srgb(context) : Profile(cmsCreate_sRGBProfileTHR(context));
  const Transform transform = make_transform(context, profile.get(), type, srgb.get(), type, image.depth());
  if (!transform) return warn(options, std::string(kDamaged));
  const bool already = image.depth() == Depth::u8
                           ? is_identity<uint8_t>(transform.get(), colours, image.channels())
                           : is_identity<uint16_t>(transform.get(), colours, image.channels());
  if (!already) transform_rows(transform.get(), image, image);
}

namespace {

template <class T>
void mix_inks(const Image& inks, bool inverted, Image& rgb) {
  constexpr uint32_t kTop = sizeof(T) == 1 ? 255 : 65535;
  const T* in = inks.samples<T>().data();
  T* out = rgb.samples<T>().data();
  for (int64_t i = 0; i < inks.pixels(); ++i, in += 4) {
    const auto light = [&](int c) { return inverted ? uint64_t{in[c]} : kTop - uint64_t{in[c]}; };
    for (int c = 0; c < 3; ++c) *out++ = static_cast<T>((light(c) * light(3) + kTop / 2) / kTop);
  }
}

}  // namespace

Image cmyk_to_srgb(const Image& inks, bool inverted, std::span<const std::byte> icc,
                   const DecodeOptions& options) {
  Image rgb(inks.width(), inks.height(), 3, inks.depth());
  if (!icc.empty()) {
    const Context owner = make_context();
    auto* context = static_cast<cmsContext>(owner.get());
    const Profile profile = open_profile(context, icc);
    if (profile && describes_pixels(profile.get()) && cmsGetColorSpace(profile.get()) == cmsSigCmykData) {
      const Profile srgb(cmsCreate_sRGBProfileTHR(context));
      const auto from = pixel_type(PT_CMYK, 4, 0, inks.depth()) | FLAVOR_SH(inverted ? 1u : 0u);
      const Transform transform = make_transform(context, profile.get(), from, srgb.get(),
                                                 pixel_type(PT_RGB, 3, 0, inks.depth()), inks.depth());
      if (transform) {
        transform_rows(transform.get(), inks, rgb);
        return rgb;
      }
    }
    warn(options, "its CMYK profile is damaged: the inks are mixed without it, so colours are approximate");
  }
  if (inks.depth() == Depth::u8) {
    mix_inks<uint8_t>(inks, inverted, rgb);
  } else {
    mix_inks<uint16_t>(inks, inverted, rgb);
  }
  return rgb;
}

std::vector<std::byte> srgb_profile(bool grey) {
  const Context owner = make_context();
  auto* context = static_cast<cmsContext>(owner.get());
  const Profile profile = grey ? make_grey_srgb(context) : Profile(cmsCreate_sRGBProfileTHR(context));
  cmsUInt32Number length = 0;
  std::vector<std::byte> bytes;
  if (profile && cmsSaveProfileToMem(profile.get(), nullptr, &length)) bytes.resize(length);
  if (bytes.empty() || !cmsSaveProfileToMem(profile.get(), bytes.data(), &length)) throw std::bad_alloc();
  // The header's date (ICC.1:2022, 7.2.10: six 16-bit numbers from byte 24 on) is today's otherwise.
  constexpr std::array<unsigned char, 12> kDate = {7, 0xCF, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0};  // 1999-01-01
  std::memcpy(bytes.data() + 24, kDate.data(), kDate.size());
  return bytes;
}

}  // namespace linmo
