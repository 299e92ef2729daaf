// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {

MappedFile::MappedFile(const std::filesystem::path& path, uint64_t max_bytes) {
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
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (mapped == MAP_FAILED) fail_io("read", path);
  data_ = static_cast<const std::byte*>(mapped);
  size_ = size;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::release() const {
  if (data_) ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

}  // namespace linmo
