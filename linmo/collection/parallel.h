// SPDX-License-Identifier: Apache-2.0
// Many independent pieces of work on a bounded number of threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "linmo/core/events.h"

namespace linmo {

// Calls work(i) once for every i in 0 … count−1, in order of starting, on `threads` threads (0: as many as
// the machine has). Progress (with an estimate and the rate a second) goes to the sink. Returns false when
// the sink asked to stop: what was begun is finished, nothing new is begun. The first exception ends it
// likewise and is thrown again here.
bool for_each_parallel(size_t count, int threads, const std::string& what, EventSink& sink,
                       const std::function<void(size_t)>& work);

// Keeps the memory of pictures that are decoded at the same time under a bound; a picture that is larger than
// the bound waits until it is alone.
class MemoryGate {
 public:
  explicit MemoryGate(uint64_t bytes) : limit_(bytes) {}

  class Pass {
   public:
    Pass(MemoryGate& gate, uint64_t bytes);
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    MemoryGate& gate_;
    uint64_t bytes_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  uint64_t limit_, used_ = 0;
};

}  // namespace linmo
