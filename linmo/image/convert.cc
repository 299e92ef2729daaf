// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace linmo {
namespace {

template <class T>
constexpr float kTop = sizeof(T) == 1 ? 255.0f : 65535.0f;
template <>
constexpr float kTop<float> = 1.0f;

// Calls f.template operator()<T>() with the sample type of a depth.
template <class F>
auto with_type(Depth depth, F&& f) {
  switch (depth) {
    case Depth::u8:
      return f.template operator()<uint8_t>();
    case Depth::u16:
      return f.template operator()<uint16_t>();
    case Depth::f32:
      break;
  }
  return f.template operator()<float>();
}

template <class To, class From>
To convert_sample(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<To, float>) {
    return static_cast<float>(value) / kTop<From>;
  } else if constexpr (std::is_same_v<From, float>) {
    // The comparison order makes NaN 0.
    const float clipped = value > 0 ? std::min(value, 1.0f) : 0.0f;
    return static_cast<To>(clipped * kTop<To> + 0.5f);
  } else if constexpr (sizeof(To) > sizeof(From)) {
    return static_cast<To>(value * 257);
  } else {
    return static_cast<To>((static_cast<uint32_t>(value) + 128) / 257);
  }
}

// colour × alpha + background × (1 − alpha), rounded to nearest.
template <class T>
T compose(T colour, T alpha, T background) {
  if constexpr (std::is_same_v<T, float>) {
    return colour * alpha + background * (1 - alpha);
  } else {
    const uint64_t top = static_cast<uint64_t>(kTop<T>);
    return static_cast<T>((colour * uint64_t{alpha} + background * (top - alpha) + top / 2) / top);
  }
}

template <class T>
T luma(T r, T g, T b) {
  if constexpr (std::is_same_v<T, float>) {
    return 0.299f * r + 0.587f * g + 0.114f * b;
  } else {
    // 0.299, 0.587, 0.114 in 16-bit fixed point; they sum to 2^16.
    return static_cast<T>((r * uint64_t{19595} + g * uint64_t{38470} + b * uint64_t{7471} + 0x8000) >> 16);
  }
}

// Writes each pixel of `image` through f(in, out), T* both, into a picture of `channels`.
template <class F>
Image map_pixels(const Image& image, int channels, F&& f) {
  Image out(image.width(), image.height(), channels, image.depth());
  with_type(image.depth(), [&]<class T>() {
    const T* in = image.samples<T>().data();
    T* to = out.samples<T>().data();
    for (int64_t i = 0, n = image.pixels(); i < n; ++i, in += image.channels(), to += channels) f(in, to);
  });
  return out;
}

// Copies source pixel (ox + x·dx_x + y·dy_x, oy + x·dx_y + y·dy_y) to (x, y), in tiles that keep both sides
// of a transposition in cache.
template <int kBytes>
void remap(const Image& image, Image& out, int64_t origin, int64_t step_x, int64_t step_y) {
  constexpr int64_t kTile = 32;
  const std::byte* in = image.bytes().data();
  std::byte* to = out.samples<std::byte>().data();
  for (int64_t ty = 0; ty < out.height(); ty += kTile) {
    for (int64_t tx = 0; tx < out.width(); tx += kTile) {
      const int64_t end_y = std::min(out.height(), ty + kTile), end_x = std::min(out.width(), tx + kTile);
      for (int64_t y = ty; y < end_y; ++y) {
        for (int64_t x = tx; x < end_x; ++x) {
          std::memcpy(to + (y * out.width() + x) * kBytes, in + (origin + x * step_x + y * step_y) * kBytes,
                      kBytes);
        }
      }
    }
  }
}

void remap_any(const Image& image, Image& out, int64_t origin, int64_t step_x, int64_t step_y) {
  if (image.empty()) return;
  switch (image.channels() * static_cast<int>(image.depth())) {
    case 1:
      return remap<1>(image, out, origin, step_x, step_y);
    case 2:
      return remap<2>(image, out, origin, step_x, step_y);
    case 3:
      return remap<3>(image, out, origin, step_x, step_y);
    case 4:
      return remap<4>(image, out, origin, step_x, step_y);
    case 6:
      return remap<6>(image, out, origin, step_x, step_y);
    case 8:
      return remap<8>(image, out, origin, step_x, step_y);
    case 12:
      return remap<12>(image, out, origin, step_x, step_y);
    default:
      return remap<16>(image, out, origin, step_x, step_y);
  }
}

}  // namespace

Image to_depth(const Image& image, Depth depth) {
  if (image.depth() == depth || image.channels() == 0) return image;
  Image out(image.width(), image.height(), image.channels(), depth);
  with_type(image.depth(), [&]<class From>() {
    with_type(depth, [&]<class To>() {
      const auto in = image.samples<From>();
      std::transform(in.begin(), in.end(), out.samples<To>().begin(),
                     [](From v) { return convert_sample<To>(v); });
    });
  });
  return out;
}

Image to_rgb(const Image& image, uint8_t background) {
  if (image.channels() == 3) return image;
  const int channels = image.channels();
  return map_pixels(image, 3, [&]<class T>(const T* in, T* out) {
    const int step = channels == 4 ? 1 : 0;
    for (int c = 0; c < 3; ++c) out[c] = in[c * step];
    if (channels == 1) return;
    const T alpha = in[channels - 1], under = convert_sample<T>(background);
    for (int c = 0; c < 3; ++c) out[c] = compose(out[c], alpha, under);
  });
}

Image drop_alpha(const Image& image) {
  if (!image.has_alpha()) return image;
  const int colours = image.channels() - 1;
  return map_pixels(image, colours, [&]<class T>(const T* in, T* out) { std::copy_n(in, colours, out); });
}

Image alpha_of(const Image& image) {
  const int channels = image.channels();
  return map_pixels(image, 1, [&]<class T>(const T* in, T* out) {
    *out = channels % 2 == 0 ? in[channels - 1] : static_cast<T>(kTop<T>);
  });
}

Image with_alpha(const Image& colour, const Image& alpha) {
  if (alpha.channels() != 1 || colour.width() != alpha.width() || colour.height() != alpha.height()) {
    fail(ErrorKind::usage, "an alpha channel of {} × {} × {} does not fit a picture of {} × {}",
         alpha.width(), alpha.height(), alpha.channels(), colour.width(), colour.height());
  }
  const Image opaque = drop_alpha(colour), matched = to_depth(alpha, colour.depth());
  const int colours = opaque.channels();
  Image out(opaque.width(), opaque.height(), colours + 1, opaque.depth());
  with_type(out.depth(), [&]<class T>() {
    const T *in = opaque.samples<T>().data(), *a = matched.samples<T>().data();
    T* to = out.samples<T>().data();
    for (int64_t i = 0; i < out.pixels(); ++i) {
      to = std::copy_n(in + i * colours, colours, to);
      *to++ = a[i];
    }
  });
  return out;
}

Image to_grey(const Image& image) {
  if (image.channels() == 1) return image;
  const bool coloured = image.channels() >= 3;
  return map_pixels(
      image, 1, [&]<class T>(const T* in, T* out) { *out = coloured ? luma(in[0], in[1], in[2]) : in[0]; });
}

Image crop(const Image& image, int64_t x, int64_t y, int64_t width, int64_t height) {
  if (x < 0 || y < 0 || width < 1 || height < 1 || width > image.width() - x || height > image.height() - y) {
    fail(ErrorKind::usage, "cannot cut {} × {} at ({}, {}) out of a picture of {} × {}", width, height, x, y,
         image.width(), image.height());
  }
  Image out(width, height, image.channels(), image.depth());
  const size_t pixel = static_cast<size_t>(image.channels()) * static_cast<size_t>(image.depth());
  const size_t length = static_cast<size_t>(width) * pixel;
  for (int64_t row = 0; row < height; ++row) {
    std::memcpy(out.samples<std::byte>().data() + static_cast<size_t>(row) * length,
                image.bytes().data() + static_cast<size_t>((y + row) * image.width() + x) * pixel, length);
  }
  return out;
}

Image flip_horizontal(const Image& image) {
  return apply_orientation(image, 2);
}

Image apply_orientation(const Image& image, int orientation) {
  if (orientation < 1 || orientation > 8) {
    fail(ErrorKind::usage, "orientation {} is not one of EXIF's 1 … 8", orientation);
  }
  if (orientation == 1 || image.empty()) return image;
  const int64_t w = image.width(), h = image.height();
  const bool turned = orientation >= 5;
  Image out(turned ? h : w, turned ? w : h, image.channels(), image.depth());
  switch (orientation) {
    case 2:  // mirrored left to right
      remap_any(image, out, w - 1, -1, w);
      break;
    case 3:  // turned by 180°
      remap_any(image, out, h * w - 1, -1, -w);
      break;
    case 4:  // mirrored top to bottom
      remap_any(image, out, (h - 1) * w, 1, -w);
      break;
    case 5:  // transposed
      remap_any(image, out, 0, w, 1);
      break;
    case 6:  // to be turned by 90° clockwise
      remap_any(image, out, (h - 1) * w, -w, 1);
      break;
    case 7:  // transposed about the other diagonal
      remap_any(image, out, h * w - 1, -w, -1);
      break;
    default:  // 8: to be turned by 90° anticlockwise
      remap_any(image, out, w - 1, w, -1);
      break;
  }
  return out;
}

}  // namespace linmo
