// SPDX-License-Identifier: Apache-2.0
// What happens between the convolutions, on rows of channels-last pictures. Written with Highway: the best
// instruction set of the CPU is chosen when the program runs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linmo::engine {

// u8 and s8 hold round(x / scale[c]), limited to what they can hold; only convolutions read them.
enum class Type : uint8_t { f32, bf16, u8, s8 };
inline int64_t size_of(Type type) {
  return type == Type::f32 ? 4 : type == Type::bf16 ? 2 : 1;
}
inline bool is_quantised(Type type) {
  return type == Type::u8 || type == Type::s8;
}

// max(x, 0) + slope[c] · min(x, 0), or a curve. Slopes 1: identity; 0: ReLU.
struct Curve {
  enum class Kind : uint8_t { piecewise, tanh, sigmoid } kind = Kind::piecewise;
  const float* slope = nullptr;  // a number a channel; null: identity
};

// dst = after( before(src · scale + shift) + residual ), pixel by pixel; pitches in values. The same, times
// quant_factor and rounded, goes to `quant`.
struct MapRow {
  Type src_type, dst_type, residual_type;
  const void* src;
  void* dst;             // null: none, and then there is `quant`
  const void* residual;  // null: none
  int64_t src_pitch, dst_pitch, residual_pitch;
  int64_t pixels, channels;
  const float *scale, *shift;  // a number a channel
  Curve before, after;
  void* quant = nullptr;  // null: none
  Type quant_type = Type::u8;
  int64_t quant_pitch = 0;
  const float* quant_factor = nullptr;  // a number a channel
};
void map_row(const MapRow& row);

// sum[c] += Σ (x − origin[c]), squares[c] += Σ (x − origin[c])² over a row's pixels, summed in fp32 within
// runs of at most 256 pixels and in double beyond.
void moments_row(Type type, const void* src, int64_t pitch, int64_t pixels, int64_t channels,
                 const float* origin, double* sum, double* squares);

// dst[c] = Σ weight[k · weight_pitch + c · weight_step] · src[k][c], one pixel; weight_step 0 or 1.
void weigh_pixel(Type type, const void* const* src, int count, const float* weight, int64_t weight_pitch,
                 int weight_step, void* dst, int64_t channels);

// dst[i] *= src[i]
void multiply_by(Type type, const void* src, void* dst, int64_t count);
// The first `count` values, from fp32.
void store_row(Type type, void* dst, const float* src, int64_t count);

// dst[c] = max over k of src[k][c]
void max_pixel(Type type, const void* const* src, int count, void* dst, int64_t channels);

float load(Type type, const void* data, int64_t index);
void store(Type type, void* data, int64_t index, float value);

// "AVX3_DL" and so on: what the functions above use.
const char* kernel_target();

}  // namespace linmo::engine
