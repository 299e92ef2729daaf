// SPDX-License-Identifier: Apache-2.0
// The C++ half of tests/golden/common.py: the numbers that its networks were made of, and the reader of what
// they gave.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/model/safetensors.h"
#include "linmo/model/tensor.h"
#include "linmo/net/description.h"

namespace linmo::golden {

// Uniform in centre ± amplitude: FNV-1a of the name seeds MurmurHash3's finaliser of the index.
inline model::Tensor noise(std::string_view name, std::vector<int64_t> shape, double amplitude = 1,
                           double centre = 0) {
  uint32_t seed = 2166136261;
  for (const char c : name) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619;
  model::Tensor tensor(model::DType::f32, std::move(shape));
  std::vector<float> values(static_cast<size_t>(tensor.count()));
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t h = static_cast<uint32_t>(i) * 0x9E3779B1 + seed;
    h = (h ^ h >> 16) * 0x85EBCA6B;
    h = (h ^ h >> 13) * 0xC2B2AE35;
    h ^= h >> 16;
    values[i] = static_cast<float>(centre + amplitude * ((h >> 8) / 8388608.0 - 1));
  }
  std::memcpy(tensor.mutable_bytes().data(), values.data(), tensor.bytes().size());
  return tensor;
}

// A parameter that common.fill() has filled, by the last part of its key.
inline model::Tensor parameter(std::string_view stream, const std::string& key,
                               const std::vector<int64_t>& shape) {
  const std::string part = key.substr(key.rfind('.') + 1);
  double amplitude = 0.2, centre = 0;  // biases, running means
  if (part == "running_var") {
    amplitude = 0.5;
    centre = 1;
  } else if (part == "weight" && shape.size() == 1) {  // a norm's scale
    centre = 1;
  } else if (part == "weight" || part == "weight_orig") {
    double fan_in = 1;
    for (size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
    amplitude = std::sqrt(3 / fan_in);
  } else if (part == "weight_u" || part == "weight_v") {
    amplitude = 1;
  }
  return noise(fmt::format("{}/{}", stream, key), shape, amplitude, centre);
}

// PyTorch stores what is divided by its largest singular value as "weight_orig".
inline std::string official_key(const net::Description& d, const net::ParameterInfo& info) {
  const auto* conv = std::get_if<net::Conv>(&d.layers[static_cast<size_t>(info.layer)].op);
  const bool spectral = conv && conv->spectral_norm && info.kind == net::ParameterInfo::Kind::weight;
  return spectral ? info.name + "_orig" : info.name;
}

// The first weights of a network under linmo's keys.
inline model::TensorMap weights(const net::Description& d, std::string_view stream) {
  using Kind = net::ParameterInfo::Kind;
  model::TensorMap map;
  for (const net::ParameterInfo& info : net::parameters(d)) {
    if (info.kind == Kind::batches_tracked) continue;
    if (info.kind == Kind::filter) {
      const bool down = info.shape[3] == 3;
      const std::vector<float> taps = down ? std::vector<float>{1, 2, 1} : std::vector<float>{1, 3, 3, 1};
      std::vector<float> values;
      for (int64_t c = 0; c < info.shape[0]; ++c) {
        for (const float a : taps) {
          for (const float b : taps) values.push_back(a * b / 16);  // [1 3 3 1] ⊗ [1 3 3 1] · 4/64
        }
      }
      map[info.name] = model::Tensor::from_floats(info.shape, values);
      continue;
    }
    const std::string official = official_key(d, info);
    map[info.name] = parameter(stream, official, info.shape);
    if (official != info.name) {
      const int64_t rows = info.shape[0], columns = info.shape[1] * info.shape[2] * info.shape[3];
      map[info.name + "_u"] = parameter(stream, info.name + "_u", {rows});
      map[info.name + "_v"] = parameter(stream, info.name + "_v", {columns});
    }
  }
  return map;
}

// One file of tests/golden/train/.
class File {
 public:
  struct Array {
    int64_t step = 1;  // every step-th value of the whole array was kept
    std::vector<float> values;
  };

  explicit File(const std::string& name) {
    auto content =
        model::read_safetensors(std::string(LINMO_SOURCE_DIR "/tests/golden/train/") + name + ".safetensors");
    metadata_ = std::move(content.metadata);
    for (const auto& [key, tensor] : content.tensors) {
      const size_t bracket = key.find("[::");
      arrays_[key.substr(0, bracket)] = {
          bracket == std::string::npos ? 1 : std::stoll(key.substr(bracket + 3)), tensor.floats()};
    }
  }

  std::string about(const std::string& key) const { return metadata_.at(key); }
  const std::map<std::string, Array>& arrays() const { return arrays_; }
  bool has(const std::string& key) const { return arrays_.contains(key); }
  const Array& at(const std::string& key) const { return arrays_.at(key); }
  // Those whose key starts with `prefix`, without it.
  std::vector<std::string> keys(const std::string& prefix) const {
    std::vector<std::string> found;
    for (auto it = arrays_.lower_bound(prefix); it != arrays_.end() && it->first.starts_with(prefix); ++it)
      found.push_back(it->first.substr(prefix.size()));
    return found;
  }
  // Largest absolute value of those arrays.
  double scale(const std::string& prefix) const {
    double largest = 0;
    for (const std::string& key : keys(prefix)) largest = std::max(largest, largest_of(at(prefix + key)));
    return largest;
  }
  static double largest_of(const Array& array) {
    double largest = 0;
    for (const float v : array.values) largest = std::max(largest, std::abs(static_cast<double>(v)));
    return largest;
  }

  // Absolute differences from the kept values; empty (and a failed test) when the sizes do not agree.
  template <class T>
  std::vector<double> differences(const std::string& key, std::span<const T> ours) const {
    const auto it = arrays_.find(key);
    if (it == arrays_.end()) {
      ADD_FAILURE() << key << " is not in the golden file";
      return {};
    }
    const auto& [step, values] = it->second;
    if ((static_cast<int64_t>(ours.size()) + step - 1) / step != static_cast<int64_t>(values.size())) {
      ADD_FAILURE() << key << " has " << ours.size() << " values, " << values.size() << " × " << step
                    << " were expected";
      return {};
    }
    std::vector<double> list;
    for (size_t i = 0; i < values.size(); ++i) {
      list.push_back(std::abs(static_cast<double>(ours[i * static_cast<size_t>(step)]) -
                              static_cast<double>(values[i])));
    }
    return list;
  }
  // `outliers`: the share of the values that may differ by more.
  template <class T>
  void expect_close(const std::string& key, std::span<const T> ours, double bound,
                    double outliers = 0) const {
    const std::vector<double> list = differences(key, ours);
    // A NaN compares false, so it must not be looked for with max.
    const auto bad = std::count_if(list.begin(), list.end(), [&](double d) { return !(d <= bound); });
    if (static_cast<double>(bad) <= outliers * static_cast<double>(list.size())) return;
    const auto worst = std::max_element(list.begin(), list.end());
    ADD_FAILURE() << key << ": " << bad << " of " << list.size() << " values differ by more than " << bound
                  << ", the worst by " << *worst;
  }

 private:
  std::map<std::string, std::string> metadata_;
  std::map<std::string, Array> arrays_;
};

}  // namespace linmo::golden
