// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/peak.h"

#include <omp.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linmo/engine/peak.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace linmo::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Operations done in `rounds`. 12 independent sums hide the latency of two units of 4 to 5 cycles; each
// begins elsewhere, or the compiler would see that they are one.
double multiply_add(int64_t rounds) {
  const hn::ScalableTag<float> d;
  const auto a = hn::Set(d, 0.999f), b = hn::Set(d, 1e-3f);
  const auto first = [&](float v) { return hn::Set(d, v); };
  auto s0 = first(0), s1 = first(1), s2 = first(2), s3 = first(3), s4 = first(4), s5 = first(5),
       s6 = first(6), s7 = first(7), s8 = first(8), s9 = first(9), s10 = first(10), s11 = first(11);
  for (int64_t i = 0; i < rounds; ++i) {
    s0 = hn::MulAdd(s0, a, b), s1 = hn::MulAdd(s1, a, b), s2 = hn::MulAdd(s2, a, b);
    s3 = hn::MulAdd(s3, a, b), s4 = hn::MulAdd(s4, a, b), s5 = hn::MulAdd(s5, a, b);
    s6 = hn::MulAdd(s6, a, b), s7 = hn::MulAdd(s7, a, b), s8 = hn::MulAdd(s8, a, b);
    s9 = hn::MulAdd(s9, a, b), s10 = hn::MulAdd(s10, a, b), s11 = hn::MulAdd(s11, a, b);
  }
  const auto sum = hn::Add(
      hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)),
      hn::Add(hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)), hn::Add(hn::Add(s8, s9), hn::Add(s10, s11))));
  volatile float kept = hn::GetLane(sum);
  static_cast<void>(kept);
  return 12.0 * 2.0 * static_cast<double>(hn::Lanes(d)) * static_cast<double>(rounds);
}

}  // namespace linmo::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace linmo::engine {
namespace {

HWY_EXPORT(multiply_add);

double fp32(int64_t rounds) {
  return HWY_DYNAMIC_DISPATCH(multiply_add)(rounds);
}

#if defined(__x86_64__)
// In assembly, because GCC 12 keeps an array of sums in memory. Register 12 is the factor of every
// product: 1.
#define LINMO_REGISTERS \
  "zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7", "zmm8", "zmm9", "zmm10", "zmm11", "zmm12"
#define LINMO_TWELVE(operation)                                                             \
  operation " %%zmm12, %%zmm12, %%zmm0\n" operation " %%zmm12, %%zmm12, %%zmm1\n" operation \
            " %%zmm12, %%zmm12, %%zmm2\n" operation " %%zmm12, %%zmm12, %%zmm3\n" operation \
            " %%zmm12, %%zmm12, %%zmm4\n" operation " %%zmm12, %%zmm12, %%zmm5\n" operation \
            " %%zmm12, %%zmm12, %%zmm6\n" operation " %%zmm12, %%zmm12, %%zmm7\n" operation \
            " %%zmm12, %%zmm12, %%zmm8\n" operation " %%zmm12, %%zmm12, %%zmm9\n" operation \
            " %%zmm12, %%zmm12, %%zmm10\n" operation " %%zmm12, %%zmm12, %%zmm11\n"

__attribute__((target("avx512f"))) double bf16(int64_t rounds) {
  asm volatile("vpbroadcastd %0, %%zmm12\n" ::"r"(0x3f803f80) : LINMO_REGISTERS);
  for (int64_t i = 0; i < rounds; ++i) asm volatile(LINMO_TWELVE("vdpbf16ps")::: LINMO_REGISTERS);
  return 12.0 * 2 * 32 * static_cast<double>(rounds);
}

__attribute__((target("avx512f"))) double int8(int64_t rounds) {
  asm volatile("vpbroadcastd %0, %%zmm12\n" ::"r"(0x01010101) : LINMO_REGISTERS);
  for (int64_t i = 0; i < rounds; ++i) asm volatile(LINMO_TWELVE("vpdpbusd")::: LINMO_REGISTERS);
  return 12.0 * 2 * 64 * static_cast<double>(rounds);
}
#undef LINMO_TWELVE
#undef LINMO_REGISTERS

struct Tiles {
  bool bf16 = false, int8 = false;
};

// Advanced Matrix Extensions: the processor has them (CPUID leaf 7) and Linux lets this program use their
// state (Documentation/arch/x86/xstate.rst).
Tiles tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !((d >> 24) & 1)) return {};
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  if (::syscall(SYS_arch_prctl, kRequestPermission, kTileData) != 0) return {};
  return {((d >> 22) & 1) != 0, ((d >> 25) & 1) != 0};
}

// Eight tiles of 16 rows of 64 bytes: four sums, two factors of each side.
struct alignas(64) TileShapes {
  uint8_t palette = 1, first_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
void begin_tiles() {
  const TileShapes shapes;
  asm volatile("ldtilecfg %0" ::"m"(shapes));
  asm volatile(
      "tilezero %tmm0\n tilezero %tmm1\n tilezero %tmm2\n tilezero %tmm3\n"
      "tilezero %tmm4\n tilezero %tmm5\n tilezero %tmm6\n tilezero %tmm7");
}
void end_tiles() {
  asm volatile("tilerelease");
}

double bf16_tiles(int64_t rounds) {
  begin_tiles();
  for (int64_t i = 0; i < rounds; ++i)
    asm volatile(
        "tdpbf16ps %tmm6, %tmm4, %tmm0\n tdpbf16ps %tmm7, %tmm4, %tmm1\n"
        "tdpbf16ps %tmm6, %tmm5, %tmm2\n tdpbf16ps %tmm7, %tmm5, %tmm3");
  end_tiles();
  return 4.0 * 2 * 16 * 16 * 32 * static_cast<double>(rounds);
}

double int8_tiles(int64_t rounds) {
  begin_tiles();
  for (int64_t i = 0; i < rounds; ++i)
    asm volatile(
        "tdpbusd %tmm6, %tmm4, %tmm0\n tdpbusd %tmm7, %tmm4, %tmm1\n"
        "tdpbusd %tmm6, %tmm5, %tmm2\n tdpbusd %tmm7, %tmm5, %tmm3");
  end_tiles();
  return 4.0 * 2 * 16 * 16 * 64 * static_cast<double>(rounds);
}
#endif

double rate(double (*work)(int64_t), int threads, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int kTries = 10;
  const auto since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  constexpr int64_t kProbe = 200'000;
  const auto begin = Clock::now();
  work(kProbe);
  const auto rounds = static_cast<int64_t>(kProbe * seconds / kTries / std::max(1e-6, since(begin))) + 1;
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    double done = 0;
    const auto tried = Clock::now();
#pragma omp parallel num_threads(threads) reduction(+ : done)
    done += work(rounds);
    best = std::max(best, done / since(tried));
  }
  return best;
}

}  // namespace

Peak measure_peak(int threads, double seconds) {
  if (threads <= 0) threads = omp_get_max_threads();
  Peak peak;
  peak.fp32 = rate(fp32, threads, seconds);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) peak.bf16 = rate(bf16, threads, seconds);
  if (__builtin_cpu_supports("avx512vnni")) peak.int8 = rate(int8, threads, seconds);
  const Tiles has = tiles();
  if (has.bf16) peak.bf16 = std::fmax(peak.bf16, rate(bf16_tiles, threads, seconds));
  if (has.int8) peak.int8 = std::fmax(peak.int8, rate(int8_tiles, threads, seconds));
#endif
  return peak;
}

}  // namespace linmo::engine
#endif
