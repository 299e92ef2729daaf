// SPDX-License-Identifier: Apache-2.0
// Zip archives from strangers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linmo {

// Bounds, checked against what the archive's directory says and again while reading.
struct ArchiveLimits {
  uint64_t max_entries = 500'000;
  uint64_t max_total_bytes = 64ULL << 30;  // unpacked
  uint64_t max_entry_bytes = 1ULL << 30;   // unpacked
  uint64_t max_ratio = 200;                // unpacked : packed, for entries of more than 1 MiB
};

struct ArchiveEntry {
  uint64_t index = 0;
  std::string name;  // UTF-8, relative, '/' between names, no "." or ".."
  uint64_t bytes = 0;
  int64_t mtime = 0;    // seconds since 1970
  std::string refusal;  // why it must not be read; empty when it may
};

class ZipArchive {
 public:
  // Throw ErrorKind::input (no zip archive, damaged) or ErrorKind::limit (too many entries, too many bytes in
  // all).
  explicit ZipArchive(const std::filesystem::path& path, const ArchiveLimits& limits = {});
  ZipArchive(std::span<const std::byte> bytes, std::string name,
             const ArchiveLimits& limits = {});  // not copied
  ~ZipArchive();

  // Files in the order of the archive; folders and hidden files (a name that begins with '.', __MACOSX) are
  // left out. Entries that are encrypted, links, too large, packed too tightly, or named so that they would
  // fall outside a folder carry a refusal.
  const std::vector<ArchiveEntry>& entries() const { return entries_; }

  // At most entry.bytes; libzip checks the CRC. Throws ErrorKind::input, also for a refused entry.
  std::vector<std::byte> read(const ArchiveEntry& entry) const;

 private:
  struct Handle;
  void list(const ArchiveLimits& limits);
  std::string name_;
  std::unique_ptr<Handle> handle_;
  std::vector<ArchiveEntry> entries_;
};

bool is_zip(std::span<const std::byte> head);

// A safe relative path of an entry's name ('\\' is read as '/', "./" dropped), or nothing: absolute names,
// drive letters, "..", control characters, names longer than file systems take.
std::optional<std::string> safe_entry_name(std::string_view name);

}  // namespace linmo
