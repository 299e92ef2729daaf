// SPDX-License-Identifier: Apache-2.0
// Files from strangers in, whole files out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linmo {

// Throws ErrorKind::io: "cannot <verb> <path>: <reason from errno>".
[[noreturn]] void fail_io(std::string_view verb, const std::filesystem::path& path);

std::vector<std::byte> read_file(const std::filesystem::path& path, uint64_t max_bytes = 1ULL << 31);
std::string read_text(const std::filesystem::path& path, uint64_t max_bytes = 1ULL << 28);

// A file that appears whole or not at all: written beside the target under a temporary name, flushed to the
// disk, renamed, and the folder flushed. Destroyed without commit(), it leaves nothing behind.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  const std::filesystem::path& temporary() const { return temporary_; }  // for libraries that write by name
  void commit();

 private:
  std::filesystem::path target_, temporary_;
  int descriptor_ = -1;
};

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

// UTF-8 text of a path for messages and manifests ('/' separators).
std::string to_utf8(const std::filesystem::path& path);

// Whether a path is a folder or lies below it, by their names alone: give both canonical.
bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder);

// All regular files below a folder (or the file itself), sorted by name so that every run sees one order.
// Hidden files and folders are left out; links to folders are not followed.
std::vector<std::filesystem::path> list_files(const std::filesystem::path& root);

}  // namespace linmo
