// SPDX-License-Identifier: Apache-2.0
// A named array of numbers on the host, as model files hold it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linmo::model {

enum class DType : uint8_t { f32, f16, bf16, f64, i64, i32, u8, i8, boolean };
int64_t size_of(DType dtype);
std::string_view name(DType dtype);  // safetensors' names: F32, F16, BF16, F64, I64, I32, U8, I8, BOOL
bool is_float(DType dtype);
// Bytes of an array, nothing when a size is negative or the product does not fit in 63 bits.
std::optional<int64_t> checked_bytes(DType dtype, std::span<const int64_t> shape);

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
  // To f32, f16 or bf16, through f32, rounded to nearest, ties to even; too large for f16 becomes infinite.
  Tensor to(DType dtype) const;

 private:
  DType dtype_ = DType::f32;
  std::vector<int64_t> shape_;
  std::shared_ptr<std::vector<std::byte>> data_;
};

using TensorMap = std::map<std::string, Tensor>;

// Tensor::to() for every array of floating-point numbers; whole numbers stay as they are.
TensorMap to_dtype(const TensorMap& tensors, DType dtype);

}  // namespace linmo::model
