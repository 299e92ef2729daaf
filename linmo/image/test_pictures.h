// SPDX-License-Identifier: Apache-2.0
// Pictures for the tests of this folder.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

#include "linmo/core/files.h"
#include "linmo/image/image.h"

namespace linmo {

inline std::filesystem::path golden_file(const std::string& name) {
  return std::filesystem::path(LINMO_SOURCE_DIR) / "tests/golden/image" / name;
}

// Samples without any order, all values reached.
inline Image noise(int64_t width, int64_t height, int channels, Depth depth = Depth::u8, uint64_t seed = 1) {
  Image image(width, height, channels, depth);
  uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  const auto next = [&] {  // xorshift64 (Marsaglia 2003)
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
  };
  if (depth == Depth::u8) {
    for (auto& v : image.samples<uint8_t>()) v = static_cast<uint8_t>(next() >> 40);
  } else if (depth == Depth::u16) {
    for (auto& v : image.samples<uint16_t>()) v = static_cast<uint16_t>(next() >> 40);
  } else {
    for (auto& v : image.samples<float>()) v = static_cast<float>(next() >> 40) / float{1 << 24};
  }
  return image;
}

// Smooth colours, which lossy formats keep well.
inline Image gradient(int64_t width, int64_t height, int channels) {
  Image image(width, height, channels);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width * channels; ++x) {
      const int64_t c = x % channels;
      image.row<uint8_t>(y)[static_cast<size_t>(x)] =
          static_cast<uint8_t>(40 + 150 * (x / channels) / width * (c == 0 ? 1 : 0) +
                               160 * y / height * (c == 1 ? 1 : 0) + 30 * c);
    }
  }
  return image;
}

// Greatest difference between integer samples of the same shape; −1 when the shapes differ.
template <class T>
int greatest_difference(const Image& a, const Image& b) {
  if (a.width() != b.width() || a.height() != b.height() || a.channels() != b.channels() ||
      a.depth() != b.depth()) {
    return -1;
  }
  int worst = 0;
  for (size_t i = 0; i < a.samples<T>().size(); ++i) {
    worst = std::max(worst, std::abs(int{a.samples<T>()[i]} - int{b.samples<T>()[i]}));
  }
  return worst;
}

}  // namespace linmo
