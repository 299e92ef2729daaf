// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/smoother.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "linmo/core/error.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::video {
namespace {

constexpr int64_t kReach = 4;  // 9 × 9
constexpr float kStill = 0.03f;

// Means over (2 · kReach + 1)², cut off at the borders; running sums, two passes.
void box_mean(std::vector<float>& values, int64_t width, int64_t height) {
  std::vector<float> line;
  const auto pass = [&](int64_t first, int64_t step, int64_t count) {
    line.resize(static_cast<size_t>(count));
    double sum = 0;
    for (int64_t i = 0; i < std::min(kReach, count); ++i)
      sum += static_cast<double>(values[static_cast<size_t>(first + i * step)]);
    for (int64_t i = 0; i < count; ++i) {
      if (i + kReach < count)
        sum += static_cast<double>(values[static_cast<size_t>(first + (i + kReach) * step)]);
      if (i - kReach - 1 >= 0)
        sum -= static_cast<double>(values[static_cast<size_t>(first + (i - kReach - 1) * step)]);
      const int64_t covered = std::min(count - 1, i + kReach) - std::max<int64_t>(0, i - kReach) + 1;
      line[static_cast<size_t>(i)] = static_cast<float>(sum / static_cast<double>(covered));
    }
    for (int64_t i = 0; i < count; ++i)
      values[static_cast<size_t>(first + i * step)] = line[static_cast<size_t>(i)];
  };
  for (int64_t y = 0; y < height; ++y) pass(y * width, 1, width);
  for (int64_t x = 0; x < width; ++x) pass(x, width, height);
}

}  // namespace

Image Smoother::next(const Image& content, const Image& styled) {
  const int64_t width = styled.width(), height = styled.height();
  const Image small =
      content.width() == width && content.height() == height ? content : resize(content, width, height);
  const Image grey = to_grey(small);
  std::vector<float> luma(static_cast<size_t>(width * height));
  for (size_t i = 0; i < luma.size(); ++i) luma[i] = static_cast<float>(grey.samples<uint8_t>()[i]) / 255;
  const auto now = styled.samples<uint8_t>();
  if (width != width_ || height != height_ || strength_ <= 0) {
    width_ = width;
    height_ = height;
    luma_ = std::move(luma);
    last_.assign(now.begin(), now.end());
    return styled;
  }
  std::vector<float> moved(luma.size());
  for (size_t i = 0; i < moved.size(); ++i) moved[i] = std::abs(luma[i] - luma_[i]);
  box_mean(moved, width, height);
  Image out = styled;
  const auto samples = out.samples<uint8_t>();
  for (size_t i = 0; i < moved.size(); ++i) {
    const float d = moved[i] / kStill;
    const float w = static_cast<float>(strength_) * std::exp(-d * d);
    for (size_t c = 3 * i; c < 3 * i + 3; ++c) {
      const auto style = static_cast<float>(now[c]);
      last_[c] = style + w * (last_[c] - style);  // kept unrounded, or small changes would never come through
      samples[c] = static_cast<uint8_t>(std::lround(std::clamp(last_[c], 0.0f, 255.0f)));
    }
  }
  luma_ = std::move(luma);
  return out;
}

std::string Smoother::save() const {
  std::string out(2 * sizeof(int64_t), 0);
  std::memcpy(out.data(), &width_, sizeof width_);
  std::memcpy(out.data() + sizeof width_, &height_, sizeof height_);
  for (const std::vector<float>* values : {&luma_, &last_})
    out.append(reinterpret_cast<const char*>(values->data()), values->size() * sizeof(float));
  return out;
}

void Smoother::restore(std::string_view saved) {
  int64_t sides[2] = {};
  if (saved.size() >= sizeof sides) std::memcpy(sides, saved.data(), sizeof sides);
  constexpr int64_t kMostSide = int64_t{1} << 24;
  if (sides[0] < 0 || sides[1] < 0 || sides[0] > kMostSide || sides[1] > kMostSide ||
      saved.size() != sizeof sides + static_cast<size_t>(sides[0] * sides[1]) * 4 * sizeof(float))
    fail(ErrorKind::input, "the remembered frame of the smoothing is damaged");
  width_ = sides[0];
  height_ = sides[1];
  luma_.resize(static_cast<size_t>(width_ * height_));
  last_.resize(luma_.size() * 3);
  std::memcpy(luma_.data(), saved.data() + sizeof sides, luma_.size() * sizeof(float));
  std::memcpy(last_.data(), saved.data() + sizeof sides + luma_.size() * sizeof(float),
              last_.size() * sizeof(float));
}

}  // namespace linmo::video
