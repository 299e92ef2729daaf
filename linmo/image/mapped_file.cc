// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/mapped_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <limits>
#include <mutex>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {

// Ranges whose faults are answered with zeros. The handler may run at any time, so there is nothing but
// atomics.
struct Watch {
  std::atomic<uintptr_t> begin = 0, end = 0;
  std::atomic<bool> taken = false, shrunk = false;
};
constexpr int kWatches = 64;
Watch watches[kWatches];
struct sigaction handler_before;

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
  for (Watch& watch : watches) {
    const uintptr_t begin = watch.begin, end = watch.end;
    if (at < begin || at >= end) continue;
    // All from here on, since a file is shortened at its end.
    const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    const uintptr_t from = at / page * page;
    watch.shrunk = true;
    if (::mmap(reinterpret_cast<void*>(from), end - from, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
               -1, 0) != MAP_FAILED)
      return;
  }
  if (handler_before.sa_flags & SA_SIGINFO) return handler_before.sa_sigaction(signal, info, context);
  if (handler_before.sa_handler != SIG_DFL && handler_before.sa_handler != SIG_IGN)
    return handler_before.sa_handler(signal);
  ::signal(SIGBUS, SIG_DFL);  // and the same fault ends the program
}

int watch(const void* data, size_t size) {
  static std::once_flag installed;
  std::call_once(installed, [] {
    struct sigaction action = {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGBUS, &action, &handler_before);
  });
  for (int i = 0; i < kWatches; ++i) {
    if (watches[i].taken.exchange(true)) continue;
    watches[i].shrunk = false;
    watches[i].end = reinterpret_cast<uintptr_t>(data) + size;
    watches[i].begin = reinterpret_cast<uintptr_t>(data);
    return i;
  }
  return -1;  // more mapped files than anybody has: that one is not watched
}

void unwatch(int i) {
  watches[i].begin = std::numeric_limits<uintptr_t>::max();
  watches[i].end = 0;
  watches[i].taken = false;
}

}  // namespace

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
  watch_ = watch(mapped, size);
}

MappedFile::~MappedFile() {
  if (watch_ >= 0) unwatch(watch_);
  if (!mapped_.empty()) ::munmap(const_cast<std::byte*>(mapped_.data()), mapped_.size());
}

bool MappedFile::shrunk() const {
  return watch_ >= 0 && watches[watch_].shrunk;
}

void MappedFile::release() const {
  if (!mapped_.empty()) ::madvise(const_cast<std::byte*>(mapped_.data()), mapped_.size(), MADV_DONTNEED);
}

}  // namespace linmo
