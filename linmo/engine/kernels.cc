// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linmo/engine/kernels.cc"
// clang-format off
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#ifndef LINMO_ENGINE_SCALAR_H
#define LINMO_ENGINE_SCALAR_H
namespace linmo::engine {
namespace {

inline float from_bf16(uint16_t x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}
// Round to nearest, ties to even. NaN may become infinity; neither is a picture.
inline uint16_t to_bf16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
inline float get(const float* p) {
  return *p;
}
inline float get(const uint16_t* p) {
  return from_bf16(*p);
}
inline void put(float* p, float x) {
  *p = x;
}
inline void put(uint16_t* p, float x) {
  *p = to_bf16(x);
}
inline void put(uint8_t* p, float x) {
  *p = static_cast<uint8_t>(std::lrint(std::clamp(x, 0.0f, 255.0f)));
}
inline void put(int8_t* p, float x) {
  *p = static_cast<int8_t>(std::lrint(std::clamp(x, -128.0f, 127.0f)));
}
inline float curve(const Curve& c, int64_t channel, float x) {
  switch (c.kind) {
    case Curve::Kind::tanh:
      return std::tanh(x);
    case Curve::Kind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Curve::Kind::piecewise:
      break;
  }
  return c.slope ? std::max(x, 0.0f) + c.slope[channel] * std::min(x, 0.0f) : x;
}

}  // namespace
}  // namespace linmo::engine
#endif

HWY_BEFORE_NAMESPACE();
namespace linmo::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE V load_vector(D d, const float* p) {
  return hn::LoadU(d, p);
}
HWY_INLINE V load_vector(D d, const uint16_t* p) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, p))));
}
HWY_INLINE void store_vector(D d, V v, float* p) {
  hn::StoreU(v, d, p);
}
HWY_INLINE void store_vector(D d, V v, uint16_t* p) {
  const hn::RebindToUnsigned<D> d32;
  const hn::RebindToSigned<D> di32;
  const hn::Rebind<uint16_t, D> d16;
  (void)d;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fff))));
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di32, rounded)), d16, p);
}
// Rounded to nearest, limited to the type's range.
template <class Q>
HWY_INLINE void store_quantised(D d, V v, Q* p) {
  const hn::Rebind<Q, D> d8;
  (void)d;
  hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(v)), d8, p);
}
HWY_INLINE V curve_vector(D d, const Curve& c, int64_t channel, V x) {
  if (c.kind == Curve::Kind::piecewise) {
    if (!c.slope) return x;
    const V zero = hn::Zero(d);
    return hn::MulAdd(hn::LoadU(d, c.slope + channel), hn::Min(x, zero), hn::Max(x, zero));
  }
  if (c.kind == Curve::Kind::tanh) return hn::Tanh(d, x);
  const V half = hn::Set(d, 0.5f);
  return hn::MulAdd(hn::Tanh(d, hn::Mul(x, half)), half, half);
}

// T or Q void: no such result.
template <class S, class T, class R, class Q>
void map_typed(const MapRow& r) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t whole = r.channels / lanes * lanes;
  constexpr bool kPlain = !std::is_void_v<T>, kQuantised = !std::is_void_v<Q>;
  const auto* src = static_cast<const S*>(r.src);
  auto* dst = static_cast<T*>(r.dst);
  auto* quant = static_cast<Q*>(r.quant);
  const auto* residual = static_cast<const R*>(r.residual);
  for (int64_t x = 0; x < r.pixels; ++x) {
    for (int64_t c = 0; c < whole; c += lanes) {
      V v = hn::MulAdd(load_vector(d, src + c), hn::LoadU(d, r.scale + c), hn::LoadU(d, r.shift + c));
      v = curve_vector(d, r.before, c, v);
      if (residual) v = hn::Add(v, load_vector(d, residual + c));
      v = curve_vector(d, r.after, c, v);
      if constexpr (kPlain) store_vector(d, v, dst + c);
      if constexpr (kQuantised) store_quantised(d, hn::Mul(v, hn::LoadU(d, r.quant_factor + c)), quant + c);
    }
    for (int64_t c = whole; c < r.channels; ++c) {
      float v = curve(r.before, c, get(src + c) * r.scale[c] + r.shift[c]);
      if (residual) v += get(residual + c);
      v = curve(r.after, c, v);
      if constexpr (kPlain) put(dst + c, v);
      if constexpr (kQuantised) put(quant + c, v * r.quant_factor[c]);
    }
    src += r.src_pitch;
    if constexpr (kPlain) dst += r.dst_pitch;
    if constexpr (kQuantised) quant += r.quant_pitch;
    if (residual) residual += r.residual_pitch;
  }
}

// Calls f with a value of the C++ type that `type` is stored in.
template <class F>
void with_type(Type type, F&& f) {
  type == Type::bf16 ? f(uint16_t{}) : f(float{});
}

void map_row(const MapRow& r) {
  with_type(r.src_type, [&]<class S>(S) {
    with_type(r.residual ? r.residual_type : r.src_type, [&]<class R>(R) {
      const auto quantised = [&]<class Q>(Q) {
        if (!r.dst) return map_typed<S, void, R, Q>(r);
        with_type(r.dst_type, [&]<class T>(T) { map_typed<S, T, R, Q>(r); });
      };
      if (!r.quant)
        with_type(r.dst_type, [&]<class T>(T) { map_typed<S, T, R, void>(r); });
      else if (r.quant_type == Type::u8)
        quantised(uint8_t{});
      else
        quantised(int8_t{});
    });
  });
}

// Four vectors of channels at a time stay in registers over the run.
template <class S>
void moments_typed(const S* src, int64_t pitch, int64_t pixels, int64_t channels, const float* origin,
                   double* sum, double* squares) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr int64_t kRun = 256;
  HWY_ALIGN float total[4 * hn::MaxLanes(D())], square[4 * hn::MaxLanes(D())];
  for (int64_t first = 0; first < pixels; first += kRun) {
    const int64_t n = std::min(kRun, pixels - first);
    const S* run = src + first * pitch;
    int64_t c = 0;
    const auto flush = [&](int64_t count) {
      for (int64_t k = 0; k < count; ++k) {
        sum[c + k] += static_cast<double>(total[k]);
        squares[c + k] += static_cast<double>(square[k]);
      }
      c += count;
    };
    while (c + 4 * lanes <= channels) {
      const V o0 = hn::LoadU(d, origin + c), o1 = hn::LoadU(d, origin + c + lanes);
      const V o2 = hn::LoadU(d, origin + c + 2 * lanes), o3 = hn::LoadU(d, origin + c + 3 * lanes);
      V s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
      const S* p = run + c;
      for (int64_t x = 0; x < n; ++x, p += pitch) {
        const V a0 = hn::Sub(load_vector(d, p), o0), a1 = hn::Sub(load_vector(d, p + lanes), o1);
        const V a2 = hn::Sub(load_vector(d, p + 2 * lanes), o2);
        const V a3 = hn::Sub(load_vector(d, p + 3 * lanes), o3);
        s0 = hn::Add(s0, a0), s1 = hn::Add(s1, a1), s2 = hn::Add(s2, a2), s3 = hn::Add(s3, a3);
        q0 = hn::MulAdd(a0, a0, q0), q1 = hn::MulAdd(a1, a1, q1);
        q2 = hn::MulAdd(a2, a2, q2), q3 = hn::MulAdd(a3, a3, q3);
      }
      hn::StoreU(s0, d, total), hn::StoreU(s1, d, total + lanes);
      hn::StoreU(s2, d, total + 2 * lanes), hn::StoreU(s3, d, total + 3 * lanes);
      hn::StoreU(q0, d, square), hn::StoreU(q1, d, square + lanes);
      hn::StoreU(q2, d, square + 2 * lanes), hn::StoreU(q3, d, square + 3 * lanes);
      flush(4 * lanes);
    }
    while (c + lanes <= channels) {
      const V o = hn::LoadU(d, origin + c);
      V s = hn::Zero(d), q = s;
      const S* p = run + c;
      for (int64_t x = 0; x < n; ++x, p += pitch) {
        const V a = hn::Sub(load_vector(d, p), o);
        s = hn::Add(s, a);
        q = hn::MulAdd(a, a, q);
      }
      hn::StoreU(s, d, total);
      hn::StoreU(q, d, square);
      flush(lanes);
    }
    while (c < channels) {
      total[0] = square[0] = 0;
      const S* p = run + c;
      for (int64_t x = 0; x < n; ++x, p += pitch) {
        const float a = get(p) - origin[c];
        total[0] += a;
        square[0] += a * a;
      }
      flush(1);
    }
  }
}

void moments_row(Type type, const void* src, int64_t pitch, int64_t pixels, int64_t channels,
                 const float* origin, double* sum, double* squares) {
  if (type == Type::bf16)
    moments_typed(static_cast<const uint16_t*>(src), pitch, pixels, channels, origin, sum, squares);
  else
    moments_typed(static_cast<const float*>(src), pitch, pixels, channels, origin, sum, squares);
}

template <class S>
void weigh_typed(const void* const* src, int count, const float* weight, int64_t weight_pitch,
                 int weight_step, S* dst, int64_t channels) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) {
    V total = hn::Zero(d);
    for (int k = 0; k < count; ++k) {
      const float* w = weight + k * weight_pitch;
      const V weights = weight_step ? hn::LoadU(d, w + c) : hn::Set(d, *w);
      total = hn::MulAdd(load_vector(d, static_cast<const S*>(src[k]) + c), weights, total);
    }
    store_vector(d, total, dst + c);
  }
  for (; c < channels; ++c) {
    float total = 0;
    for (int k = 0; k < count; ++k)
      total += get(static_cast<const S*>(src[k]) + c) * weight[k * weight_pitch + c * weight_step];
    put(dst + c, total);
  }
}

void weigh_pixel(Type type, const void* const* src, int count, const float* weight, int64_t weight_pitch,
                 int weight_step, void* dst, int64_t channels) {
  if (type == Type::bf16)
    weigh_typed(src, count, weight, weight_pitch, weight_step, static_cast<uint16_t*>(dst), channels);
  else
    weigh_typed(src, count, weight, weight_pitch, weight_step, static_cast<float*>(dst), channels);
}

template <class S>
void multiply_typed(const S* src, S* dst, int64_t count) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    store_vector(d, hn::Mul(load_vector(d, src + i), load_vector(d, dst + i)), dst + i);
  for (; i < count; ++i) put(dst + i, get(src + i) * get(dst + i));
}

void multiply_by(Type type, const void* src, void* dst, int64_t count) {
  if (type == Type::bf16)
    multiply_typed(static_cast<const uint16_t*>(src), static_cast<uint16_t*>(dst), count);
  else
    multiply_typed(static_cast<const float*>(src), static_cast<float*>(dst), count);
}

template <class S>
void max_typed(const void* const* src, int count, S* dst, int64_t channels) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) {
    V best = load_vector(d, static_cast<const S*>(src[0]) + c);
    for (int k = 1; k < count; ++k) best = hn::Max(best, load_vector(d, static_cast<const S*>(src[k]) + c));
    store_vector(d, best, dst + c);
  }
  for (; c < channels; ++c) {
    float best = get(static_cast<const S*>(src[0]) + c);
    for (int k = 1; k < count; ++k) best = std::max(best, get(static_cast<const S*>(src[k]) + c));
    put(dst + c, best);
  }
}

void max_pixel(Type type, const void* const* src, int count, void* dst, int64_t channels) {
  if (type == Type::bf16)
    max_typed(src, count, static_cast<uint16_t*>(dst), channels);
  else
    max_typed(src, count, static_cast<float*>(dst), channels);
}

template <class T>
void store_typed(T* dst, const float* src, int64_t count) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store_vector(d, hn::LoadU(d, src + i), dst + i);
  for (; i < count; ++i) put(dst + i, src[i]);
}

void store_row(Type type, void* dst, const float* src, int64_t count) {
  if (type == Type::bf16)
    store_typed(static_cast<uint16_t*>(dst), src, count);
  else
    store_typed(static_cast<float*>(dst), src, count);
}

const char* target() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace HWY_NAMESPACE
}  // namespace linmo::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace linmo::engine {
namespace {
HWY_EXPORT(map_row);
HWY_EXPORT(moments_row);
HWY_EXPORT(weigh_pixel);
HWY_EXPORT(multiply_by);
HWY_EXPORT(max_pixel);
HWY_EXPORT(store_row);
HWY_EXPORT(target);
}  // namespace

void map_row(const MapRow& row) {
  HWY_DYNAMIC_DISPATCH(map_row)(row);
}
void moments_row(Type type, const void* src, int64_t pitch, int64_t pixels, int64_t channels,
                 const float* origin, double* sum, double* squares) {
  HWY_DYNAMIC_DISPATCH(moments_row)(type, src, pitch, pixels, channels, origin, sum, squares);
}
void weigh_pixel(Type type, const void* const* src, int count, const float* weight, int64_t weight_pitch,
                 int weight_step, void* dst, int64_t channels) {
  HWY_DYNAMIC_DISPATCH(weigh_pixel)
  (type, src, count, weight, weight_pitch, weight_step, dst, channels);
}
void multiply_by(Type type, const void* src, void* dst, int64_t count) {
  HWY_DYNAMIC_DISPATCH(multiply_by)(type, src, dst, count);
}
void max_pixel(Type type, const void* const* src, int count, void* dst, int64_t channels) {
  HWY_DYNAMIC_DISPATCH(max_pixel)(type, src, count, dst, channels);
}
void store_row(Type type, void* dst, const float* src, int64_t count) {
  HWY_DYNAMIC_DISPATCH(store_row)(type, dst, src, count);
}
float load(Type type, const void* data, int64_t index) {
  return type == Type::bf16 ? get(static_cast<const uint16_t*>(data) + index)
                            : get(static_cast<const float*>(data) + index);
}
void store(Type type, void* data, int64_t index, float value) {
  if (type == Type::bf16)
    put(static_cast<uint16_t*>(data) + index, value);
  else
    put(static_cast<float*>(data) + index, value);
}
const char* kernel_target() {
  return HWY_DYNAMIC_DISPATCH(target)();
}

}  // namespace linmo::engine
#endif
