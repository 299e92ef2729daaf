// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/colour.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "linmo/image/oklab.h"

namespace linmo::apply {
namespace {

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
  const float target = oklab_of_srgb(lightness)[0];
  const Rgb lab = oklab_of_srgb(colour);
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
  for (size_t c = 0; c < 3; ++c)
    out[c] = std::clamp(srgb_of_linear(std::clamp(linear[c], 0.0f, 1.0f)), 0.0f, 1.0f);
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
