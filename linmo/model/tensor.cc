// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "linmo/core/error.h"
#include "linmo/core/simd.h"

namespace linmo::model {
namespace {

// Exponent and fraction in f32's places are the number divided by 2^112, also where it is subnormal.
inline float float_from_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t magnitude = static_cast<uint32_t>(half & 0x7fffu) << 13;
  const auto scaled = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
  // Infinity and NaN keep their fraction.
  const uint32_t bits = magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : scaled;
  return std::bit_cast<float>(bits | sign);
}
LINMO_SIMD void halves_to_floats(const uint16_t* from, float* to, size_t count) {
  constexpr size_t kRun = 16;  // of a length that the compiler knows
  size_t i = 0;
  for (; i + kRun <= count; i += kRun)
    for (size_t k = 0; k < kRun; ++k) to[i + k] = float_from_half(from[i + k]);
  for (; i < count; ++i) to[i] = float_from_half(from[i]);
}

uint16_t half_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;
  // 65520 and more rounds to infinity.
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;
  if (magnitude < 0x38800000u) {  // below 2^−14: a multiple of 2^−24; nearbyint rounds ties to even
    const float scaled = std::ldexp(std::bit_cast<float>(magnitude), 24);
    return sign | static_cast<uint16_t>(std::nearbyint(scaled));
  }
  const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return sign | static_cast<uint16_t>((rounded - (112u << 23)) >> 13);
}

float float_from_bfloat(uint16_t bfloat) {
  return std::bit_cast<float>(static_cast<uint32_t>(bfloat) << 16);
}

uint16_t bfloat_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

template <class T, class Convert>
std::vector<float> read_as(std::span<const std::byte> bytes, Convert convert) {
  std::vector<float> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = convert(value);
  }
  return values;
}

template <class T>
std::vector<float> read_as(std::span<const std::byte> bytes) {
  return read_as<T>(bytes, [](T value) { return static_cast<float>(value); });
}

}  // namespace

int64_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
      return 2;
    case DType::u8:
    case DType::i8:
    case DType::boolean:
      return 1;
  }
  return 1;
}

std::string_view name(DType dtype) {
  static constexpr std::string_view names[] = {"F32", "F16", "BF16", "F64", "I64", "I32", "U8", "I8", "BOOL"};
  return names[static_cast<size_t>(dtype)];
}

bool is_float(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f64;
}

std::optional<int64_t> checked_bytes(DType dtype, std::span<const int64_t> shape) {
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    empty = empty || size == 0;
  }
  if (empty) return 0;
  int64_t total = size_of(dtype);
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(total, size, &total)) return std::nullopt;
  }
  return total;
}

Tensor::Tensor(DType dtype, std::vector<int64_t> shape) : dtype_(dtype), shape_(std::move(shape)) {
  const std::optional<int64_t> bytes = checked_bytes(dtype_, shape_);
  if (!bytes) fail(ErrorKind::limit, "an array of shape [{}] is too large", fmt::join(shape_, ", "));
  data_ = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(*bytes));
}

Tensor Tensor::from_floats(std::vector<int64_t> shape, std::span<const float> values) {
  Tensor tensor(DType::f32, std::move(shape));
  if (tensor.count() != static_cast<int64_t>(values.size())) {
    fail(ErrorKind::usage, "an array of shape [{}] is given {} numbers", fmt::join(tensor.shape_, ", "),
         values.size());
  }
  if (!values.empty()) std::memcpy(tensor.data_->data(), values.data(), values.size_bytes());
  return tensor;
}

int64_t Tensor::count() const {
  return data_ ? static_cast<int64_t>(data_->size()) / size_of(dtype_) : 0;
}

std::span<const std::byte> Tensor::bytes() const {
  return data_ ? std::span<const std::byte>(*data_) : std::span<const std::byte>();
}

std::span<std::byte> Tensor::mutable_bytes() {
  return data_ ? std::span<std::byte>(*data_) : std::span<std::byte>();
}

std::vector<float> Tensor::floats() const {
  const std::span<const std::byte> in = bytes();
  switch (dtype_) {
    case DType::f32:
      return read_as<float>(in);
    case DType::f16: {
      std::vector<float> values(in.size() / 2);  // the allocator's bytes are aligned for any number
      halves_to_floats(reinterpret_cast<const uint16_t*>(in.data()), values.data(), values.size());
      return values;
    }
    case DType::bf16:
      return read_as<uint16_t>(in, float_from_bfloat);
    case DType::f64:
      return read_as<double>(in);
    case DType::i64:
      return read_as<int64_t>(in);
    case DType::i32:
      return read_as<int32_t>(in);
    case DType::u8:
      return read_as<uint8_t>(in);
    case DType::i8:
      return read_as<int8_t>(in);
    case DType::boolean:
      return read_as<uint8_t>(in, [](uint8_t value) { return value ? 1.f : 0.f; });
  }
  return {};
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  const std::vector<float> values = floats();
  if (dtype == DType::f32) return from_floats(shape_, values);
  if (dtype != DType::f16 && dtype != DType::bf16)
    fail(ErrorKind::usage, "numbers are converted to F32, F16 or BF16, not to {}", name(dtype));
  Tensor out(dtype, shape_);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = dtype == DType::f16 ? half_from_float(values[i]) : bfloat_from_float(values[i]);
    std::memcpy(out.data_->data() + i * 2, &bits, 2);
  }
  return out;
}

TensorMap to_dtype(const TensorMap& tensors, DType dtype) {
  TensorMap out;
  for (const auto& [key, tensor] : tensors) out[key] = is_float(tensor.dtype()) ? tensor.to(dtype) : tensor;
  return out;
}

}  // namespace linmo::model
