// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/scene_cut.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "linmo/core/error.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::video {
namespace {
constexpr int64_t kSide = 32;
constexpr float kLeast = 0.1f, kTimes = 3;
}  // namespace

bool SceneCuts::next(const Image& frame) {
  const Image small = resize(to_grey(frame), kSide, kSide, Filter::box);
  std::vector<float> luma;
  for (const uint8_t v : small.samples<uint8_t>()) luma.push_back(static_cast<float>(v) / 255);
  std::swap(luma, last_);
  if (luma.empty()) return false;
  float change = 0;
  for (size_t i = 0; i < luma.size(); ++i)
    change += std::abs(luma[i] - last_[i]) / static_cast<float>(luma.size());
  const bool cut = change > kLeast && change > kTimes * change_;
  change_ = change;
  return cut;
}

std::string SceneCuts::save() const {
  std::string out(reinterpret_cast<const char*>(&change_), sizeof change_);
  return out.append(reinterpret_cast<const char*>(last_.data()), last_.size() * sizeof(float));
}

void SceneCuts::restore(std::string_view saved) {
  const size_t values = saved.size() / sizeof(float);
  if (saved.size() % sizeof(float) != 0 || (values != 1 && values != 1 + kSide * kSide))
    fail(ErrorKind::input, "the remembered frame of the scene cuts is damaged");
  std::memcpy(&change_, saved.data(), sizeof change_);
  last_.resize(values - 1);
  if (!last_.empty()) std::memcpy(last_.data(), saved.data() + sizeof change_, last_.size() * sizeof(float));
}

}  // namespace linmo::video
