// SPDX-License-Identifier: Apache-2.0
// What this machine can do at best: loops of multiply-adds that touch nothing but registers. Benchmarks quote
// shares of it.
#pragma once

#include <limits>

namespace linmo::engine {

// Operations a second (one multiply-add counts as two) of all threads together; NaN where the processor has
// no instruction for it. bf16: VDPBF16PS; int8: VPDPBUSD, unsigned by signed with 32-bit sums; or on tiles
// (AMX), where the processor has them: TDPBF16PS, TDPBUSD.
struct Peak {
  double fp32 = std::numeric_limits<double>::quiet_NaN();
  double bf16 = std::numeric_limits<double>::quiet_NaN();
  double int8 = std::numeric_limits<double>::quiet_NaN();
};

// The best of several tries of `seconds` altogether for each, on `threads` threads (0: all).
Peak measure_peak(int threads = 0, double seconds = 0.3);

}  // namespace linmo::engine
