// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/place.h"

#include <cerrno>
#include <fstream>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

// Lets `make` make a hidden file beside the target, then gives it its name.
template <class Make>
void place(const fs::path& target, const Make& make) {
  const fs::path part = target.parent_path() / ("." + target.filename().native() + ".part");
  std::error_code error;
  fs::remove(part, error);
  try {
    make(part);
    fs::rename(part, target, error);
    if (error) fail(ErrorKind::io, "cannot write {}: {}", to_utf8(target), error.message());
  } catch (...) {
    fs::remove(part, error);
    throw;
  }
}

}  // namespace

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(ErrorKind::io, "cannot make the folder {}: {}", to_utf8(folder), error.message());
}

void place_bytes(const fs::path& target, std::span<const std::byte> bytes) {
  place(target, [&](const fs::path& part) {
    std::ofstream file(part, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) fail_io("write", target);
  });
}

void place_copy(const fs::path& target, const fs::path& source) {
  place(target, [&](const fs::path& part) {
    std::error_code error;
    fs::copy_file(source, part, error);
    if (error) fail(ErrorKind::io, "cannot write {}: {}", to_utf8(target), error.message());
    // What a later run knows the copy by; if the file system refuses, that run compares the content.
    const auto time = fs::last_write_time(source, error);
    if (!error) fs::last_write_time(part, time, error);
  });
}

void place_link(const fs::path& target, const fs::path& source) {
  place(target, [&](const fs::path& part) {
    std::error_code error;
    fs::create_symlink(source, part, error);
    if (error) fail(ErrorKind::io, "cannot link {}: {}", to_utf8(target), error.message());
  });
}

}  // namespace linmo
