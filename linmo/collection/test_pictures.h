// SPDX-License-Identifier: Apache-2.0
// Pictures for the tests of this folder: reproducible, and no two seeds alike.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "linmo/collection/place.h"
#include "linmo/core/random.h"
#include "linmo/image/codec.h"
#include "linmo/image/image.h"
#include "linmo/image/resize.h"

namespace linmo {

// Masses, shapes and texture at three scales, as a painting has them.
inline Image painting(uint64_t seed, int64_t width = 160, int64_t height = 120) {
  Random random(seed, 77);
  Image out(width, height, 3);
  auto sum = std::vector<double>(static_cast<size_t>(width * height * 3), 0);
  for (const auto& [cells, weight] : {std::pair{4, 0.6}, std::pair{12, 0.3}, std::pair{40, 0.1}}) {
    Image noise(cells, cells, 3);
    for (uint8_t& v : noise.samples<uint8_t>()) v = static_cast<uint8_t>(random.below(256));
    const Image grown = resize(noise, width, height);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += weight * grown.samples<uint8_t>()[i];
  }
  for (size_t i = 0; i < sum.size(); ++i) out.samples<uint8_t>()[i] = static_cast<uint8_t>(sum[i]);
  return out;
}

// write_image() without its flush to the disk.
inline void save(const std::filesystem::path& path, const Image& image) {
  place_bytes(path, encode_image(image, format_of_extension(path).value()));
}

// An empty folder of its own, gone when the test is over.
class TestFolder {
 public:
  explicit TestFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("linmo_" + name + "_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace linmo
