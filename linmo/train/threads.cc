// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <omp.h>
#include <sched.h>

#include <string_view>
#include <vector>

namespace linmo::train {
namespace {

// The processors that this program may use, as it was started: asked before anything is tied.
const cpu_set_t& allowed() {
  static const cpu_set_t set = [] {
    cpu_set_t s;
    CPU_ZERO(&s);
    sched_getaffinity(0, sizeof s, &s);
    return s;
  }();
  return set;
}

}  // namespace

int use_threads(int threads) {
  const int all = omp_get_num_procs();
  if (threads <= 0) threads = all;
  // Said outright: libtorch's own default depends on the environment.
  at::set_num_threads(threads);
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &allowed())) processors.push_back(i);
  // Unless OMP_PROC_BIND has done so already.
  if (threads == all && all > 1 && static_cast<int>(processors.size()) == all) {
#pragma omp parallel num_threads(threads)
    {
      cpu_set_t own;
      CPU_ZERO(&own);
      CPU_SET(processors[static_cast<size_t>(omp_get_thread_num())], &own);
      sched_setaffinity(0, sizeof own, &own);  // where it is not allowed, nothing is lost but time
    }
  }
  return threads;
}

std::string better_blas_core() {
  using CoreName = const char* (*)();
  const auto core_name = reinterpret_cast<CoreName>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  if (!core_name || std::string_view(core_name()) != "Prescott") return "";
#if defined(__x86_64__)
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

void untie_this_thread() {
  sched_setaffinity(0, sizeof(cpu_set_t), &allowed());
}

}  // namespace linmo::train
