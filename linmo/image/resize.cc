// SPDX-License-Identifier: Apache-2.0
// Horizontal pass, then vertical pass, in float. Rows are taken eight at a time and interleaved, so that a
// vector holds one sample of each: the filter loop is then the same for every channel count and
// depth. A ring of filtered rows feeds the vertical pass, so memory does not grow with the height.
#include "linmo/image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "linmo/image/resize_rows.h"

namespace linmo {
namespace {

double sinc(double x) {
  if (x == 0) return 1;
  const double phase = std::numbers::pi * x;
  return std::sin(phase) / phase;
}

struct Kernel {
  double support;
  double (*weight)(double);
};

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::nearest:
      break;
    case Filter::box:
      return {0.5, [](double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }};
    case Filter::bilinear:
      return {1, [](double x) { return std::max(0.0, 1 - std::abs(x)); }};
    case Filter::bicubic:
      // Keys, "Cubic convolution interpolation for digital image processing", 1981, eq. 4 with a = −0.5.
      return {2, [](double x) {
                constexpr double a = -0.5;
                x = std::abs(x);
                if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
                if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
                return 0.0;
              }};
    case Filter::lanczos:
      return {3, [](double x) { return std::abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0.0; }};
  }
  fail(ErrorKind::usage, "this filter has no kernel");
}

Taps make_taps(const Kernel& kernel, int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(1.0, scale);  // wider when reducing: anti-aliasing
  const double reach = kernel.support * stretch;
  Taps taps;
  taps.most = static_cast<int64_t>(std::ceil(reach)) * 2 + 1;
  taps.ranges.resize(static_cast<size_t>(to));
  taps.weights.assign(static_cast<size_t>(to * taps.most), 0.0f);
  std::vector<double> row(static_cast<size_t>(taps.most));
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(centre - reach + 0.5));
    const int64_t last = std::min(from, static_cast<int64_t>(centre + reach + 0.5));
    double sum = 0;
    for (int64_t k = first; k < last; ++k) {
      const double w = kernel.weight((static_cast<double>(k) - centre + 0.5) / stretch);
      row[static_cast<size_t>(k - first)] = w;
      sum += w;
    }
    taps.ranges[static_cast<size_t>(i)] = {first, last - first};
    for (int64_t k = 0; k < last - first; ++k) {
      taps.weights[static_cast<size_t>(i * taps.most + k)] =
          static_cast<float>(row[static_cast<size_t>(k)] / sum);
    }
  }
  return taps;
}

template <class T>
constexpr bool kInteger = !std::is_same_v<T, float>;
template <class T>
constexpr float kTop = sizeof(T) == 1 ? 255.0f : 65535.0f;
template <>
constexpr float kTop<float> = 1.0f;

// Back to straight alpha, in a row.
void unpremultiply(std::span<float> row, int channels, float top) {
  const size_t colours = static_cast<size_t>(channels - 1);
  for (size_t p = 0; p < row.size(); p += colours + 1) {
    const float alpha = row[p + colours], back = alpha > 0 ? top / alpha : 0.0f;
    for (size_t c = 0; c < colours; ++c) row[p + c] *= back;
  }
}

template <class T>
void resize_rows(const Image& image, Image& out, const Kernel& kernel) {
  const Taps across = make_taps(kernel, image.width(), out.width());
  const Taps down = make_taps(kernel, image.height(), out.height());
  const int channels = image.channels();
  const int64_t in_samples = image.width() * channels, out_samples = out.width() * channels;
  std::vector<float> block(static_cast<size_t>(in_samples * kRowLanes));
  std::vector<float> filtered(static_cast<size_t>(out_samples * kRowLanes));
  const int64_t ring_rows = down.most + kRowLanes;
  std::vector<float> ring(static_cast<size_t>(ring_rows * out_samples));
  const auto ring_row = [&](int64_t y) { return ring.data() + y % ring_rows * out_samples; };
  std::vector<float> mixed(static_cast<size_t>(out_samples));
  std::vector<const float*> window;
  int64_t ready = 0;  // input rows filtered so far
  for (int64_t y = 0; y < out.height(); ++y) {
    const auto [first, count] = down.ranges[static_cast<size_t>(y)];
    ready = std::max(ready, first);  // rows between two windows are not needed
    while (ready < first + count) {
      const int64_t rows = std::min(kRowLanes, image.height() - ready);
      std::array<const T*, kRowLanes> pointers;
      for (int64_t lane = 0; lane < kRowLanes; ++lane) {
        pointers[static_cast<size_t>(lane)] = image.row<T>(ready + std::min(lane, rows - 1)).data();
      }
      interleave_rows(pointers, in_samples, block.data());
      if (image.has_alpha()) premultiply_rows(block, channels, kTop<T>);
      // Pillow stores integers between the passes, which cuts overshoot off; so is it cut here.
      filter_across(block.data(), channels, across, kInteger<T> ? kTop<T> : 0, filtered.data());
      for (int64_t lane = 0; lane < rows; ++lane) {
        float* row = ring_row(ready + lane);
        for (int64_t s = 0; s < out_samples; ++s) {
          row[s] = filtered[static_cast<size_t>(s * kRowLanes + lane)];
        }
      }
      ready += rows;
    }
    window.clear();
    for (int64_t k = 0; k < count; ++k) window.push_back(ring_row(first + k));
    const std::span<T> row = out.row<T>(y);
    mix_rows(window, down.of(y), mixed);
    if (image.has_alpha()) unpremultiply(mixed, channels, kTop<T>);
    if constexpr (kInteger<T>) {
      round_row(mixed, row.data());
    } else {
      std::copy(mixed.begin(), mixed.end(), row.begin());
    }
  }
}

Image resize_nearest(const Image& image, int64_t width, int64_t height) {
  const size_t pixel = static_cast<size_t>(image.channels()) * static_cast<size_t>(image.depth());
  const auto source = [](int64_t i, int64_t from, int64_t to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    return std::min(from - 1, static_cast<int64_t>((static_cast<double>(i) + 0.5) * scale));
  };
  Image out(width, height, image.channels(), image.depth());
  std::vector<size_t> offsets(static_cast<size_t>(width));
  for (int64_t x = 0; x < width; ++x) {
    offsets[static_cast<size_t>(x)] = static_cast<size_t>(source(x, image.width(), width)) * pixel;
  }
  std::byte* to = out.samples<std::byte>().data();
  for (int64_t y = 0; y < height; ++y) {
    const auto row = static_cast<size_t>(source(y, image.height(), height) * image.width()) * pixel;
    for (const size_t offset : offsets) {
      std::memcpy(to, image.bytes().data() + row + offset, pixel);
      to += pixel;
    }
  }
  return out;
}

}  // namespace

Image resize(const Image& image, int64_t width, int64_t height, Filter filter) {
  if (image.empty() || width < 1 || height < 1) {
    fail(ErrorKind::usage, "cannot resize a picture of {} × {} to {} × {}", image.width(), image.height(),
         width, height);
  }
  if (width == image.width() && height == image.height()) return image;
  if (filter == Filter::nearest) return resize_nearest(image, width, height);
  const Kernel kernel = kernel_of(filter);
  Image out(width, height, image.channels(), image.depth());
  switch (image.depth()) {
    case Depth::u8:
      resize_rows<uint8_t>(image, out, kernel);
      break;
    case Depth::u16:
      resize_rows<uint16_t>(image, out, kernel);
      break;
    case Depth::f32:
      resize_rows<float>(image, out, kernel);
      break;
  }
  return out;
}

Image reduced(Image image, int64_t max_side) {
  const int64_t longer = std::max(image.width(), image.height());
  if (max_side <= 0 || longer <= max_side) return image;
  const auto scaled = [&](int64_t side) {
    return std::max<int64_t>(1, (side * max_side + longer / 2) / longer);
  };
  return resize(image, scaled(image.width()), scaled(image.height()), Filter::lanczos);
}

}  // namespace linmo
