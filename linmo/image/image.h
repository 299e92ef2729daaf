// SPDX-License-Identifier: Apache-2.0
// A picture in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "linmo/core/error.h"

namespace linmo {

enum class Depth : uint8_t { u8 = 1, u16 = 2, f32 = 4 };  // the value is the bytes of a sample

// Interleaved rows without padding (H × W × C). Channels: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA. Samples are
// sRGB-coded unless a function says otherwise; integer samples span 0 … 2^bits − 1, float ones 0 … 1. Alpha
// is straight (not premultiplied).
class Image {
 public:
  Image() = default;
  Image(int64_t width, int64_t height, int channels, Depth depth = Depth::u8)
      : width_(width), height_(height), channels_(channels), depth_(depth) {
    if (width < 0 || height < 0 || channels < 1 || channels > 4 ||
        (width > 0 && height > (int64_t{1} << 40) / width)) {
      fail(ErrorKind::limit, "a picture of {} × {} × {} samples is not possible", width, height, channels);
    }
    data_.resize(static_cast<size_t>(width * height * channels * static_cast<int>(depth)));
  }

  int64_t width() const { return width_; }
  int64_t height() const { return height_; }
  int channels() const { return channels_; }
  Depth depth() const { return depth_; }
  bool empty() const { return data_.empty(); }
  bool has_alpha() const { return channels_ == 2 || channels_ == 4; }
  int64_t pixels() const { return width_ * height_; }

  // All samples; T must match depth().
  template <class T>
  std::span<T> samples() {
    return {reinterpret_cast<T*>(data_.data()), data_.size() / sizeof(T)};
  }
  template <class T>
  std::span<const T> samples() const {
    return {reinterpret_cast<const T*>(data_.data()), data_.size() / sizeof(T)};
  }
  template <class T>
  std::span<T> row(int64_t y) {
    return samples<T>().subspan(static_cast<size_t>(y * width_ * channels_),
                                static_cast<size_t>(width_ * channels_));
  }
  template <class T>
  std::span<const T> row(int64_t y) const {
    return samples<T>().subspan(static_cast<size_t>(y * width_ * channels_),
                                static_cast<size_t>(width_ * channels_));
  }
  std::span<const std::byte> bytes() const { return data_; }

  bool operator==(const Image&) const = default;

 private:
  int64_t width_ = 0, height_ = 0;
  int channels_ = 0;
  Depth depth_ = Depth::u8;
  std::vector<std::byte> data_;
};

}  // namespace linmo
