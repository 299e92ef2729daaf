// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/plane.h"

#include <array>

namespace linmo::measure {
namespace {

// Calls use(index, r, g, b) with 0 … 255 for every pixel.
template <class T, class Use>
void each_pixel(const Image& image, double scale, const Use& use) {
  const int channels = image.channels();
  const bool colour = channels >= 3, alpha = image.has_alpha();
  const auto samples = image.samples<T>();
  const auto pixels = static_cast<size_t>(image.pixels());
  for (size_t i = 0; i < pixels; ++i) {
    const T* p = &samples[i * static_cast<size_t>(channels)];
    std::array<double, 3> c{};
    for (int k = 0; k < 3; ++k) c[static_cast<size_t>(k)] = static_cast<double>(p[colour ? k : 0]) * scale;
    if (alpha) {
      const double a = static_cast<double>(p[channels - 1]) * scale / 255.0;
      for (double& v : c) v = v * a + 255.0 * (1 - a);
    }
    use(i, c[0], c[1], c[2]);
  }
}

template <class Use>
void each_pixel(const Image& image, const Use& use) {
  switch (image.depth()) {
    case Depth::u8:
      return each_pixel<uint8_t>(image, 1.0, use);
    case Depth::u16:
      return each_pixel<uint16_t>(image, 1.0 / 257.0, use);
    case Depth::f32:
      return each_pixel<float>(image, 255.0, use);
  }
}

}  // namespace

std::vector<Plane> rgb_planes(const Image& image) {
  std::vector<Plane> planes(3, Plane(image.width(), image.height()));
  each_pixel(image, [&](size_t i, double r, double g, double b) {
    planes[0].values[i] = static_cast<float>(r);
    planes[1].values[i] = static_cast<float>(g);
    planes[2].values[i] = static_cast<float>(b);
  });
  return planes;
}

Plane luma_plane(const Image& image) {
  Plane plane(image.width(), image.height());
  each_pixel(image, [&](size_t i, double r, double g, double b) {
    plane.values[i] = static_cast<float>(0.299 * r + 0.587 * g + 0.114 * b);
  });
  return plane;
}

}  // namespace linmo::measure
