// SPDX-License-Identifier: Apache-2.0
// Loops that the compiler turns into vectors, a clone of the function for each width of x86's: 512, 256 and
// 128 bits. For plain loops without templates; what needs more is written with Highway. The sources that use
// it are built with -O3 (CMakeLists.txt), where GCC 12 begins to vectorise all that it can.
#pragma once

// The sanitizers start before the selection of clones could run; clang's clones need another spelling.
// "arch=skylake-avx512" would never be chosen on AMD's processors; the levels of the x86-64 ABI are.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define LINMO_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LINMO_SIMD
#endif
