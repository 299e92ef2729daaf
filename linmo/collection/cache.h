// SPDX-License-Identifier: Apache-2.0
// What was measured of files that have not changed since, so that a rerun looks only at new ones.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "linmo/collection/scan.h"

namespace linmo {

// Kept as one CSV file. Only accepted pictures are remembered: a refused one may have been mended, and costs
// little. Not for use from several threads at once.
class ScanCache {
 public:
  // Reads `file` if it is there; a cache that cannot be understood (older version, damaged) counts as empty.
  explicit ScanCache(std::filesystem::path file);

  // The measures of a file whose path, size and time of change are as remembered.
  std::optional<ScannedFile> find(const std::filesystem::path& path) const;
  void put(const ScannedFile& file);
  // The same measures under another path (a copy).
  void put_copy(const ScannedFile& file, const std::filesystem::path& copy);
  // Writes the file (atomically) when something is new; with `seldom`, at most every 20 s.
  void save(bool seldom = false);

 private:
  struct Stamp {
    uint64_t bytes = 0;
    int64_t mtime = 0;  // ns
    bool operator==(const Stamp&) const = default;
  };
  struct Entry {
    Stamp stamp;
    ScannedFile file;
  };
  static std::optional<Stamp> stamp_of(const std::filesystem::path& path);
  void load();

  std::filesystem::path file_;
  std::map<std::string, Entry> entries_;  // by absolute path
  bool changed_ = false;
  std::chrono::steady_clock::time_point next_save_;
};

}  // namespace linmo
