// SPDX-License-Identifier: Apache-2.0
// A named array of numbers on the host, as model files hold it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace linmo::model {

enum class DType : uint8_t { f32, f16, bf16, f64, i64, i32, u8, i8, boolean };
int64_t size_of(DType dtype);
std::string_view name(DType dtype);  // safetensors' names: F32, F16, BF16, F64, I64, I32, U8, I8, BOOL

// Row-major, contiguous. Cheap to copy: the bytes are shared and must not be changed through a copy.
class Tensor {
 public:
  Tensor() = default;
  Tensor(DType dtype, std::vector<int64_t> shape);  // zeros
  static Tensor from_floats(std::vector<int64_t> shape, std::span<const float> values);

  DType dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t count() const;
  std::span<const std::byte> bytes() const;
  std::span<std::byte> mutable_bytes();
  std::vector<float> floats() const;  // converted from any dtype

 private:
  DType dtype_ = DType::f32;
  std::vector<int64_t> shape_;
  std::shared_ptr<std::vector<std::byte>> data_;
};

using TensorMap = std::map<std::string, Tensor>;

}  // namespace linmo::model
