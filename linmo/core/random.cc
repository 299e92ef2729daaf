// SPDX-License-Identifier: Apache-2.0
#include "linmo/core/random.h"

#include <cmath>
#include <numbers>

namespace linmo {
namespace {
uint64_t finalise(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}
}  // namespace

uint64_t mix(uint64_t a, uint64_t b) {
  return finalise(finalise(a + 0x9e3779b97f4a7c15ULL) ^ (b * 0xd1342543de82ef95ULL + 0x9e3779b97f4a7c15ULL));
}

uint64_t Random::bits() {
  return mix(key_, counter_++);
}

double Random::uniform() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

int64_t Random::below(int64_t n) {
  // Lemire 2019, "Fast random integer generation in an interval".
  const auto range = static_cast<uint64_t>(n);
  unsigned __int128 product = static_cast<unsigned __int128>(bits()) * range;
  if (static_cast<uint64_t>(product) < range) {
    const uint64_t threshold = -range % range;
    while (static_cast<uint64_t>(product) < threshold)
      product = static_cast<unsigned __int128>(bits()) * range;
  }
  return static_cast<int64_t>(product >> 64);
}

double Random::normal() {
  const double u = 1.0 - uniform();  // (0, 1]
  const double v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

}  // namespace linmo
