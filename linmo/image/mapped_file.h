// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace linmo {

// A file's bytes without a copy of them in memory, where they are more than 64 MB; fewer are read, so that a
// file that shrinks meanwhile does no harm.
class MappedFile {
 public:
  // Throws ErrorKind::io, and ErrorKind::limit for more than max_bytes. Files of up to `read_bytes` are read.
  MappedFile(const std::filesystem::path& path, uint64_t max_bytes, uint64_t read_bytes = 64u << 20);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const {
    return mapped_.empty() ? std::span<const std::byte>(read_) : mapped_;
  }
  // Takes the pages read so far out of the process's memory; they are read again when they are needed.
  void release() const;

 private:
  std::span<const std::byte> mapped_;
  std::vector<std::byte> read_;
};

}  // namespace linmo
