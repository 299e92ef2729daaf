// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/colour.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace linmo::apply {
namespace {

float linear_of(float coded) {
  return coded <= 0.04045f ? coded / 12.92f : std::pow((coded + 0.055f) / 1.055f, 2.4f);
}
float coded_of(float linear) {
  return linear <= 0.0031308f ? linear * 12.92f : 1.055f * std::pow(linear, 1 / 2.4f) - 0.055f;
}

// OKLab and back, linear sRGB primaries; matrices of https://bottosson.github.io/posts/oklab/
Rgb oklab_of(const Rgb& coded) {
  const float r = linear_of(coded[0]), g = linear_of(coded[1]), b = linear_of(coded[2]);
  const float l = std::cbrt(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
  const float m = std::cbrt(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
  const float s = std::cbrt(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);
  return {0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
          1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
          0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s};
}

Rgb linear_of_oklab(float lightness, float a, float b) {
  const float l = lightness + 0.3963377774f * a + 0.2158037573f * b;
  const float m = lightness - 0.1055613458f * a - 0.0638541728f * b;
  const float s = lightness - 0.0894841775f * a - 1.2914855480f * b;
  const float l3 = l * l * l, m3 = m * m * m, s3 = s * s * s;
  return {4.0767416621f * l3 - 3.3077115913f * m3 + 0.2309699292f * s3,
          -1.2684380046f * l3 + 2.6097574011f * m3 - 0.3413193965f * s3,
          -0.0041960863f * l3 - 0.7034186147f * m3 + 1.7076147010f * s3};
}

bool in_gamut(const Rgb& linear) {
  constexpr float kSlack = 1e-4f;
  return std::all_of(linear.begin(), linear.end(), [](float v) { return v >= -kSlack && v <= 1 + kSlack; });
}

// Colours times weight, and weight, of one level of the pyramid.
struct Level {
  int64_t width = 0, height = 0;
  int colours = 0;
  std::vector<float> values;
  float* at(int64_t x, int64_t y) { return values.data() + (y * width + x) * (colours + 1); }
};

template <class T>
void bleed(Image& image) {
  const int channels = image.channels(), colours = channels - 1;
  std::vector<Level> levels;
  const auto add = [&](int64_t width, int64_t height) -> Level& {
    levels.push_back({width, height, colours, {}});
    levels.back().values.resize(static_cast<size_t>(width * height * channels));
    return levels.back();
  };
  Level& base = add(image.width(), image.height());
  const std::span<T> samples = image.samples<T>();
  bool any = false, missing = false;
  for (size_t i = 0; i < samples.size(); i += static_cast<size_t>(channels)) {
    const bool visible = samples[i + static_cast<size_t>(colours)] > T{0};
    (visible ? any : missing) = true;
    if (!visible) continue;
    for (size_t c = 0; c < static_cast<size_t>(colours); ++c)
      base.values[i + c] = static_cast<float>(samples[i + c]);
    base.values[i + static_cast<size_t>(colours)] = 1;
  }
  if (!any || !missing) return;
  while (levels.back().width > 1 || levels.back().height > 1) {
    const size_t below = levels.size() - 1;
    Level& up = add((levels[below].width + 1) / 2, (levels[below].height + 1) / 2);
    Level& from = levels[below];
    for (int64_t y = 0; y < from.height; ++y) {
      for (int64_t x = 0; x < from.width; ++x) {
        for (int c = 0; c < channels; ++c) up.at(x / 2, y / 2)[c] += from.at(x, y)[c];
      }
    }
    for (size_t i = 0; i < up.values.size(); i += static_cast<size_t>(channels)) {
      float& weight = up.values[i + static_cast<size_t>(colours)];
      if (weight <= 1) continue;
      for (size_t c = 0; c < static_cast<size_t>(colours); ++c) up.values[i + c] /= weight;
      weight = 1;
    }
  }
  for (size_t level = levels.size() - 1; level-- > 0;) {
    Level& to = levels[level];
    Level& from = levels[level + 1];
    for (int64_t y = 0; y < to.height; ++y) {
      for (int64_t x = 0; x < to.width; ++x) {
        float* pixel = to.at(x, y);
        if (pixel[colours] == 0) std::copy_n(from.at(x / 2, y / 2), channels, pixel);
      }
    }
  }
  const Level& full = levels[0];
  for (size_t i = 0; i < samples.size(); i += static_cast<size_t>(channels)) {
    if (samples[i + static_cast<size_t>(colours)] > T{0}) continue;
    for (size_t c = 0; c < static_cast<size_t>(colours); ++c) {
      if constexpr (std::is_integral_v<T>)
        samples[i + c] = static_cast<T>(std::lround(full.values[i + c]));
      else
        samples[i + c] = full.values[i + c];
    }
  }
}

}  // namespace

Rgb with_colour_of(const Rgb& lightness, const Rgb& colour) {
  const float target = oklab_of(lightness)[0];
  const Rgb lab = oklab_of(colour);
  Rgb linear = linear_of_oklab(target, lab[1], lab[2]);
  if (!in_gamut(linear)) {
    float low = 0, high = 1;  // share of the chroma: grey is always inside
    for (int step = 0; step < 10; ++step) {
      const float middle = (low + high) / 2;
      linear = linear_of_oklab(target, lab[1] * middle, lab[2] * middle);
      (in_gamut(linear) ? low : high) = middle;
    }
    linear = linear_of_oklab(target, lab[1] * low, lab[2] * low);
  }
  Rgb out;
  for (size_t c = 0; c < 3; ++c) out[c] = std::clamp(coded_of(std::clamp(linear[c], 0.0f, 1.0f)), 0.0f, 1.0f);
  return out;
}

Image bleed_colours(const Image& picture) {
  Image out = picture;
  if (!out.has_alpha()) return out;
  switch (out.depth()) {
    case Depth::u8:
      bleed<uint8_t>(out);
      break;
    case Depth::u16:
      bleed<uint16_t>(out);
      break;
    case Depth::f32:
      bleed<float>(out);
      break;
  }
  return out;
}

}  // namespace linmo::apply
