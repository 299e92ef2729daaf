// SPDX-License-Identifier: Apache-2.0
// Random numbers whose every value is a function of (seed, stream, counter): the same on every machine, for
// any number of threads, and after a resume, because the state is one counter.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace linmo {

// A well-mixed 64-bit hash of two words (the finaliser of SplitMix64, Steele et al. 2014, applied twice).
uint64_t mix(uint64_t a, uint64_t b);

class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : key_(mix(seed, stream)) {}

  uint64_t bits();   // 64 uniform bits
  double uniform();  // [0, 1), 53 bits
  double uniform(double low, double high);
  int64_t below(int64_t n);  // 0 … n−1, unbiased; n > 0
  bool chance(double p) { return uniform() < p; }
  double normal();  // mean 0, variance 1 (Box–Muller, two draws each)

  template <class T>
  void shuffle(std::span<T> items) {  // Fisher–Yates
    for (int64_t i = static_cast<int64_t>(items.size()) - 1; i > 0; --i)
      std::swap(items[i], items[below(i + 1)]);
  }

  uint64_t counter() const { return counter_; }
  void set_counter(uint64_t counter) { counter_ = counter; }

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
};

}  // namespace linmo
