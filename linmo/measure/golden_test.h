// SPDX-License-Identifier: Apache-2.0
// The pictures and features that tests/golden/make_measure.py makes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/image/image.h"
#include "linmo/measure/distances.h"

namespace linmo::measure {

inline Image golden_picture(int64_t seed, int64_t width, int64_t height, uint64_t noise) {
  Image image(width, height, 3);
  const auto samples = image.samples<uint8_t>();
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const int64_t i = (y * width + x) * 3 + c;
        const auto n =
            static_cast<int64_t>(mix(static_cast<uint64_t>(seed), static_cast<uint64_t>(i)) % noise);
        const int64_t v = (x * (3 + c) + y * (seed % 7) + x * y / 16 + n + seed * 40) % 510;
        samples[static_cast<size_t>(i)] = static_cast<uint8_t>(v < 256 ? v : 510 - v);
      }
    }
  }
  return image;
}

inline Features golden_features(uint64_t seed, int64_t count, int64_t dimensions, double shift) {
  Features f{count, dimensions, {}};
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    double left = 0;
    for (int64_t j = 0; j < dimensions; ++j) {
      const double u = random.uniform();
      const double moved = shift * static_cast<double>(j) / static_cast<double>(dimensions);
      f.values.push_back(static_cast<float>(u + 0.5 * left + moved));
      left = u;
    }
  }
  return f;
}

inline std::string golden_file(const std::string& name) {
  return read_text(std::string(LINMO_SOURCE_DIR) + "/tests/golden/" + name);
}

}  // namespace linmo::measure
