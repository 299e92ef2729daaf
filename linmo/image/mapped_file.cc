// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
MappedFile::MappedFile(const std::filesystem::path& path, uint64_t max_bytes, uint64_t read_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_io("read", path);
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } closer{descriptor};
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) fail_io("read", path);
  if (!S_ISREG(status.st_mode)) fail(ErrorKind::io, "cannot read {}: it is not a file", to_utf8(path));
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > max_bytes) {
    fail(ErrorKind::limit, "{} has {} bytes; at most {} are read", to_utf8(path), size, max_bytes);
  }
  if (size == 0) return;
  if (size <= read_bytes) {
    read_ = read_file(path, max_bytes);
    return;
  }
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (mapped == MAP_FAILED) fail_io("read", path);
  mapped_ = {static_cast<const std::byte*>(mapped), size};
}

MappedFile::~MappedFile() {
  if (!mapped_.empty()) ::munmap(const_cast<std::byte*>(mapped_.data()), mapped_.size());
}

void MappedFile::release() const {
  if (!mapped_.empty()) ::madvise(const_cast<std::byte*>(mapped_.data()), mapped_.size(), MADV_DONTNEED);
}

}  // namespace linmo
