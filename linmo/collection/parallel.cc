// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

namespace linmo {

bool for_each_parallel(size_t count, int threads, const std::string& what, EventSink& sink,
                       const std::function<void(size_t)>& work) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::atomic<size_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex mutex;  // guards the sink, the count of what is done and the first exception
  std::exception_ptr failure;
  size_t done = 0;
  auto last_report = start;

  const auto worker = [&] {
    for (;;) {
      const size_t i = next++;
      if (i >= count || stopped) return;
      if (sink.stop_requested()) {
        stopped = true;
        return;
      }
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        stopped = true;
        return;
      }
      const std::lock_guard lock(mutex);
      ++done;
      const auto now = Clock::now();
      if (done < count && now - last_report < std::chrono::milliseconds(100)) continue;
      last_report = now;
      const double seconds = std::chrono::duration<double>(now - start).count();
      const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
      const double left = rate > 0 ? static_cast<double>(count - done) / rate : -1;
      sink.on_event({Event::Kind::progress,
                     what,
                     static_cast<double>(done),
                     static_cast<double>(count),
                     left,
                     {{"per second", rate}}});
    }
  };

  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const size_t workers = std::min<size_t>(static_cast<size_t>(threads), std::max<size_t>(count, 1));
  {
    std::vector<std::jthread> pool;
    for (size_t i = 1; i < workers; ++i) pool.emplace_back(worker);
    worker();
  }
  if (failure) std::rethrow_exception(failure);
  return !stopped;
}

MemoryGate::Pass::Pass(MemoryGate& gate, uint64_t bytes) : gate_(gate), bytes_(bytes) {
  std::unique_lock lock(gate_.mutex_);
  gate_.freed_.wait(lock, [&] { return gate_.used_ == 0 || gate_.used_ + bytes_ <= gate_.limit_; });
  gate_.used_ += bytes_;
}

MemoryGate::Pass::~Pass() {
  {
    const std::lock_guard lock(gate_.mutex_);
    gate_.used_ -= bytes_;
  }
  gate_.freed_.notify_all();
}

}  // namespace linmo
