// SPDX-License-Identifier: Apache-2.0
#include "linmo/core/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "linmo/core/error.h"

namespace linmo {
namespace fs = std::filesystem;

void fail_io(std::string_view verb, const fs::path& path) {
  const int code = errno;
  std::string_view advice;
  if (code == ENOSPC || code == EDQUOT) advice = " (free some space and try again)";
  if (code == EACCES || code == EROFS || code == EPERM)
    advice = " (check the permissions, or choose another folder)";
  fail(ErrorKind::io, "cannot {} {}: {}{}", verb, to_utf8(path), std::strerror(code), advice);
}

namespace {
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

template <class Container>
Container read_whole(const fs::path& path, uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail_io("read", path);
  Container bytes;
  size_t used = 0;
  // Sizes are not trusted: a pipe or a growing file may hold more than stat() said.
  for (;;) {
    if (bytes.size() - used < (1u << 16)) bytes.resize(std::max<size_t>(1u << 17, bytes.size() * 2));
    const ssize_t n = ::read(file.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_io("read", path);
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > max_bytes) {
      fail(ErrorKind::limit, "{} is larger than {} bytes, the most that is read here", to_utf8(path),
           max_bytes);
    }
  }
  bytes.resize(used);
  return bytes;
}
}  // namespace

std::vector<std::byte> read_file(const fs::path& path, uint64_t max_bytes) {
  return read_whole<std::vector<std::byte>>(path, max_bytes);
}

std::string read_text(const fs::path& path, uint64_t max_bytes) {
  return read_whole<std::string>(path, max_bytes);
}

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)) {
  static std::atomic<uint64_t> serial{0};
  temporary_ = target_;
  // Hidden, so that no reader of the folder takes it for a finished file.
  temporary_.replace_filename(
      fmt::format(".{}.{}.{}.part", target_.filename().string(), ::getpid(), serial++));
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_io("write", target_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_io("write", target_);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail_io("write", target_);
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0 || ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary_.c_str());
    errno = code;
    fail_io("write", target_);
  }
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Best effort: some file systems refuse fsync on a folder; the file itself is already safe.
  if (directory.get() >= 0) (void)::fsync(directory.get());
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

std::string to_utf8(const fs::path& path) {
  const std::u8string text = path.generic_u8string();
  return {text.begin(), text.end()};
}

bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

std::vector<fs::path> list_files(const fs::path& root) {
  std::error_code error;
  const fs::file_status status = fs::status(root, error);
  if (!fs::exists(status)) fail(ErrorKind::io, "{} does not exist", to_utf8(root));
  if (!fs::is_directory(status)) return {root};
  std::vector<fs::path> files;
  fs::recursive_directory_iterator it(root, fs::directory_options::skip_permission_denied, error);
  if (error) fail(ErrorKind::io, "cannot list {}: {}", to_utf8(root), error.message());
  for (; it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (error) fail(ErrorKind::io, "cannot list {}: {}", to_utf8(root), error.message());
    const bool hidden = it->path().filename().native().starts_with('.');
    if (hidden && it->is_directory(error)) it.disable_recursion_pending();
    if (!hidden && it->is_regular_file(error)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return files;
}

}  // namespace linmo
