// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/resize_rows.h"

#include <algorithm>

// Highway compiles what follows once for each instruction set, by including this file again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linmo/image/resize_rows.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace linmo::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Rows = hn::CappedTag<float, kRowLanes>;

// `count` integers, a multiple of every vector's length, → floats.
template <class T>
HWY_ATTR void widen(const T* from, size_t count, float* to) {
  const hn::ScalableTag<float> f;
  const hn::RebindToSigned<decltype(f)> i;
  const hn::Rebind<T, decltype(f)> t;
  for (size_t s = 0; s < count; s += hn::Lanes(f)) {
    if constexpr (std::is_same_v<T, float>) {
      hn::StoreU(hn::LoadU(f, from + s), f, to + s);
    } else {
      hn::StoreU(hn::ConvertTo(f, hn::PromoteTo(i, hn::LoadU(t, from + s))), f, to + s);
    }
  }
}

template <class T>
HWY_ATTR void interleave(const std::array<const T*, kRowLanes>& rows, int64_t samples, float* block) {
  int64_t s = 0;
#if HWY_TARGET != HWY_SCALAR
  // Three rounds of pairwise interleaving turn eight rows of one 128-bit vector each into eight samples
  // (or as many as a vector has) of eight rows.
  constexpr int64_t kStep = 16 / sizeof(T);
  const hn::FixedTag<T, kStep> d;
  using V = hn::Vec<decltype(d)>;
  alignas(64) T turned[kRowLanes * kStep];
  for (; s + kStep <= samples; s += kStep) {
    const auto load = [&](size_t row) HWY_ATTR { return hn::LoadU(d, rows[row] + s); };
    const V r0 = load(0), r1 = load(1), r2 = load(2), r3 = load(3);
    const V r4 = load(4), r5 = load(5), r6 = load(6), r7 = load(7);
    const V a0 = hn::InterleaveLower(d, r0, r4), a4 = hn::InterleaveUpper(d, r0, r4);
    const V a1 = hn::InterleaveLower(d, r1, r5), a5 = hn::InterleaveUpper(d, r1, r5);
    const V a2 = hn::InterleaveLower(d, r2, r6), a6 = hn::InterleaveUpper(d, r2, r6);
    const V a3 = hn::InterleaveLower(d, r3, r7), a7 = hn::InterleaveUpper(d, r3, r7);
    const auto finish = [&](V even0, V odd0, V even1, V odd1, T* to) HWY_ATTR {
      const V b0 = hn::InterleaveLower(d, even0, even1), b1 = hn::InterleaveUpper(d, even0, even1);
      const V c0 = hn::InterleaveLower(d, odd0, odd1), c1 = hn::InterleaveUpper(d, odd0, odd1);
      hn::StoreU(hn::InterleaveLower(d, b0, c0), d, to);
      hn::StoreU(hn::InterleaveUpper(d, b0, c0), d, to + kStep);
      hn::StoreU(hn::InterleaveLower(d, b1, c1), d, to + 2 * kStep);
      hn::StoreU(hn::InterleaveUpper(d, b1, c1), d, to + 3 * kStep);
    };
    finish(a0, a1, a2, a3, turned);
    finish(a4, a5, a6, a7, turned + 4 * kStep);
    widen(turned, kRowLanes * kStep, block + s * kRowLanes);
  }
#endif
  for (; s < samples; ++s) {
    for (size_t row = 0; row < kRowLanes; ++row) {
      block[s * kRowLanes + static_cast<int64_t>(row)] = static_cast<float>(rows[row][s]);
    }
  }
}

HWY_ATTR void interleave_u8(const std::array<const uint8_t*, kRowLanes>& rows, int64_t samples,
                            float* block) {
  interleave(rows, samples, block);
}
HWY_ATTR void interleave_u16(const std::array<const uint16_t*, kRowLanes>& rows, int64_t samples,
                             float* block) {
  interleave(rows, samples, block);
}
HWY_ATTR void interleave_f32(const std::array<const float*, kRowLanes>& rows, int64_t samples, float* block) {
  interleave(rows, samples, block);
}

HWY_ATTR void multiply_alpha(std::span<float> block, int channels, float top) {
  const Rows d;
  const auto scale = hn::Set(d, 1 / top);
  const size_t pixel = static_cast<size_t>(channels * kRowLanes);
  for (size_t p = 0; p < block.size(); p += pixel) {
    float* alpha = block.data() + p + pixel - kRowLanes;
    for (int64_t lane = 0; lane < kRowLanes; lane += static_cast<int64_t>(hn::Lanes(d))) {
      const auto share = hn::Mul(hn::LoadU(d, alpha + lane), scale);
      for (float* colour = block.data() + p; colour != alpha; colour += kRowLanes) {
        hn::StoreU(hn::Mul(hn::LoadU(d, colour + lane), share), d, colour + lane);
      }
    }
  }
}

// One vector of lanes of every channel; kRowLanes may take several such strips.
template <int kChannels>
HWY_ATTR void filter_strip(const float* block, const Taps& taps, float top, float* out) {
  const Rows d;
  using V = hn::Vec<Rows>;
  const V low = hn::Zero(d), high = hn::Set(d, top);
  for (size_t x = 0; x < taps.ranges.size(); ++x, out += kChannels * kRowLanes) {
    const auto [first, count] = taps.ranges[x];
    const float* weights = taps.of(static_cast<int64_t>(x));
    const float* in = block + first * kChannels * kRowLanes;
    V sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (int64_t k = 0; k < count; ++k, in += kChannels * kRowLanes) {
      const V weight = hn::Set(d, weights[k]);
      sum0 = hn::Add(sum0, hn::Mul(weight, hn::LoadU(d, in)));
      if (kChannels > 1) sum1 = hn::Add(sum1, hn::Mul(weight, hn::LoadU(d, in + kRowLanes)));
      if (kChannels > 2) sum2 = hn::Add(sum2, hn::Mul(weight, hn::LoadU(d, in + 2 * kRowLanes)));
      if (kChannels > 3) sum3 = hn::Add(sum3, hn::Mul(weight, hn::LoadU(d, in + 3 * kRowLanes)));
    }
    const auto store = [&](V sum, int channel) HWY_ATTR {
      if (top > 0) sum = hn::Min(hn::Max(sum, low), high);
      hn::StoreU(sum, d, out + channel * kRowLanes);
    };
    store(sum0, 0);
    if (kChannels > 1) store(sum1, 1);
    if (kChannels > 2) store(sum2, 2);
    if (kChannels > 3) store(sum3, 3);
  }
}

HWY_ATTR void filter(const float* block, int channels, const Taps& taps, float top, float* out) {
  for (int64_t lane = 0; lane < kRowLanes; lane += static_cast<int64_t>(hn::Lanes(Rows()))) {
    if (channels == 1) filter_strip<1>(block + lane, taps, top, out + lane);
    if (channels == 2) filter_strip<2>(block + lane, taps, top, out + lane);
    if (channels == 3) filter_strip<3>(block + lane, taps, top, out + lane);
    if (channels == 4) filter_strip<4>(block + lane, taps, top, out + lane);
  }
}

HWY_ATTR void mix(std::span<const float* const> rows, const float* weights, std::span<float> out) {
  const hn::ScalableTag<float> d;
  const size_t step = hn::Lanes(d);
  size_t s = 0;
  for (; s + step <= out.size(); s += step) {
    auto sum = hn::Zero(d);
    for (size_t k = 0; k < rows.size(); ++k) {
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weights[k]), hn::LoadU(d, rows[k] + s)));
    }
    hn::StoreU(sum, d, out.data() + s);
  }
  for (; s < out.size(); ++s) {
    float sum = 0;
    for (size_t k = 0; k < rows.size(); ++k) sum += weights[k] * rows[k][s];
    out[s] = sum;
  }
}

template <class T>
HWY_ATTR void narrow(std::span<const float> row, T* out) {
  constexpr float kTop = sizeof(T) == 1 ? 255.0f : 65535.0f;
  const hn::ScalableTag<float> f;
  const hn::RebindToSigned<decltype(f)> i;
  const hn::Rebind<T, decltype(f)> t;
  const size_t step = hn::Lanes(f);
  const auto low = hn::Zero(f), high = hn::Set(f, kTop), half = hn::Set(f, 0.5f);
  size_t s = 0;
  for (; s + step <= row.size(); s += step) {
    const auto cut = hn::Min(hn::Max(hn::LoadU(f, row.data() + s), low), high);
    hn::StoreU(hn::DemoteTo(t, hn::ConvertTo(i, hn::Add(cut, half))), t, out + s);
  }
  for (; s < row.size(); ++s) out[s] = static_cast<T>(std::clamp(row[s], 0.0f, kTop) + 0.5f);
}

HWY_ATTR void narrow_u8(std::span<const float> row, uint8_t* out) {
  narrow(row, out);
}
HWY_ATTR void narrow_u16(std::span<const float> row, uint16_t* out) {
  narrow(row, out);
}

}  // namespace linmo::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace linmo {

HWY_EXPORT(interleave_u8);
HWY_EXPORT(interleave_u16);
HWY_EXPORT(interleave_f32);
HWY_EXPORT(multiply_alpha);
HWY_EXPORT(filter);
HWY_EXPORT(mix);
HWY_EXPORT(narrow_u8);
HWY_EXPORT(narrow_u16);

void interleave_rows(const std::array<const uint8_t*, kRowLanes>& rows, int64_t samples, float* block) {
  HWY_DYNAMIC_DISPATCH(interleave_u8)(rows, samples, block);
}
void interleave_rows(const std::array<const uint16_t*, kRowLanes>& rows, int64_t samples, float* block) {
  HWY_DYNAMIC_DISPATCH(interleave_u16)(rows, samples, block);
}
void interleave_rows(const std::array<const float*, kRowLanes>& rows, int64_t samples, float* block) {
  HWY_DYNAMIC_DISPATCH(interleave_f32)(rows, samples, block);
}
void premultiply_rows(std::span<float> block, int channels, float top) {
  HWY_DYNAMIC_DISPATCH(multiply_alpha)(block, channels, top);
}
void filter_across(const float* block, int channels, const Taps& taps, float top, float* out) {
  HWY_DYNAMIC_DISPATCH(filter)(block, channels, taps, top, out);
}
void mix_rows(std::span<const float* const> rows, const float* weights, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(mix)(rows, weights, out);
}
void round_row(std::span<const float> row, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(narrow_u8)(row, out);
}
void round_row(std::span<const float> row, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(narrow_u16)(row, out);
}

}  // namespace linmo
#endif  // HWY_ONCE
