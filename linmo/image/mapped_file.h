// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace linmo {

// A file's bytes without a copy of them in memory, where they are more than 64 MB; fewer are read. What a
// mapped file loses while it is used reads as zeros, and shrunk() tells: reading it would otherwise end the
// program (SIGBUS, whose handler this installs; faults elsewhere go on to the handler that was there before).
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
  // Whether bytes were asked for that the file no longer has.
  bool shrunk() const;

 private:
  std::span<const std::byte> mapped_;
  int watch_ = -1;  // its place among the ranges that the handler knows
  std::vector<std::byte> read_;
};

}  // namespace linmo
