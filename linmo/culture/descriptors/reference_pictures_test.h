// SPDX-License-Identifier: Apache-2.0
// Pictures that any language can build from a formula; reference implementations were run on them.
#pragma once

#include <cstdint>
#include <string>

#include "linmo/culture/descriptors/subject.h"
#include "linmo/image/convert.h"
#include "linmo/image/image.h"

namespace linmo::culture {

inline constexpr int64_t kReferenceSide = 256;

template <class F>
Image grey_picture(F value) {
  Image image(kReferenceSide, kReferenceSide, 1);
  for (int64_t y = 0; y < kReferenceSide; ++y) {
    for (int64_t x = 0; x < kReferenceSide; ++x)
      image.row<uint8_t>(y)[static_cast<size_t>(x)] = static_cast<uint8_t>(value(x, y));
  }
  return image;
}

// s₀ = 12345, s ← 1664525 s + 1013904223 mod 2³², value s ≫ 24, row by row.
inline Image noise_picture(int channels = 1) {
  Image image(kReferenceSide, kReferenceSide, channels);
  uint32_t s = 12345;
  for (uint8_t& v : image.samples<uint8_t>()) {
    s = s * 1664525u + 1013904223u;
    v = static_cast<uint8_t>(s >> 24);
  }
  return image;
}

inline Image ramp_picture() {
  return grey_picture([](int64_t x, int64_t) { return x; });
}
inline Image checker_picture() {
  return grey_picture([](int64_t x, int64_t y) { return 255 * ((x / 16 + y / 16) % 2); });
}
inline Image ink_picture() {
  return grey_picture([](int64_t x, int64_t y) {
    if ((x - 192) * (x - 192) + (y - 64) * (y - 64) <= 400) return 250;
    return y >= 128 + std::abs(x - 96) ? 60 : 232;
  });
}
inline Image rings_picture() {
  return grey_picture(
      [](int64_t x, int64_t y) { return ((x - 128) * (x - 128) + (y - 128) * (y - 128)) / 256 % 256; });
}
inline Image reference_picture(const std::string& name) {
  if (name == "ramp") return ramp_picture();
  if (name == "checker") return checker_picture();
  if (name == "noise") return noise_picture();
  if (name == "ink") return ink_picture();
  return rings_picture();
}
// (x, y, (x + y)/2)
inline Image grad_picture() {
  Image image(kReferenceSide, kReferenceSide, 3);
  for (int64_t y = 0; y < kReferenceSide; ++y) {
    for (int64_t x = 0; x < kReferenceSide; ++x) {
      uint8_t* to = image.row<uint8_t>(y).data() + 3 * x;
      to[0] = static_cast<uint8_t>(x);
      to[1] = static_cast<uint8_t>(y);
      to[2] = static_cast<uint8_t>((x + y) / 2);
    }
  }
  return image;
}

inline Scale grey_scale(const Image& grey) {
  return make_scale(to_rgb(grey, 0));
}
inline Scale reference_scale(const std::string& name) {
  return grey_scale(reference_picture(name));
}

}  // namespace linmo::culture
