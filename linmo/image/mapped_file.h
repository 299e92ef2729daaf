// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace linmo {

// A file's bytes without a copy of them in memory.
class MappedFile {
 public:
  // Throws ErrorKind::io, and ErrorKind::limit for more than max_bytes.
  MappedFile(const std::filesystem::path& path, uint64_t max_bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // Takes the pages read so far out of the process's memory; they are read again when they are needed.
  void release() const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace linmo
