// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/cache.h"

#include <sys/stat.h>

#include <charconv>
#include <cstdlib>

#include "linmo/collection/csv.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

// The version changes whenever a measure does.
constexpr const char* kVersion = "linmo-cache-1";
constexpr size_t kFields = 13;

std::string key(const fs::path& path) {
  return to_utf8(fs::absolute(path).lexically_normal());
}

std::string to_hex(const Thumbnail& t) {
  std::string out;
  for (const uint8_t v : t) {
    out += "0123456789abcdef"[v >> 4];
    out += "0123456789abcdef"[v & 15];
  }
  return out;
}

template <class T>
T number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) fail(ErrorKind::input, "a damaged cache");
  return value;
}

Thumbnail from_hex(std::string_view text) {
  Thumbnail t{};
  if (text.size() != 2 * t.size()) fail(ErrorKind::input, "a damaged cache");
  for (size_t i = 0; i < t.size(); ++i) t[i] = number<uint8_t>(text.substr(2 * i, 2), 16);
  return t;
}

std::vector<std::string> words(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out;
}

}  // namespace

ScanCache::ScanCache(fs::path file)
    : file_(std::move(file)), next_save_(std::chrono::steady_clock::now() + std::chrono::seconds(20)) {
  try {
    if (fs::exists(file_)) load();
  } catch (const Error&) {
    entries_.clear();
  }
}

void ScanCache::load() {
  const CsvTable table = parse_csv(read_text(file_, 1ULL << 32), "cache", {.max_bytes = 1ULL << 32});
  if (table.header.size() != kFields || table.header[0] != kVersion) return;
  for (const auto& row : table.rows) {
    Entry e;
    e.stamp = {number<uint64_t>(row[1]), number<int64_t>(row[2])};
    ScannedFile& f = e.file;
    f.verdict = Verdict::accepted;
    f.format = row[3];
    f.width = number<int64_t>(row[4]);
    f.height = number<int64_t>(row[5]);
    f.bytes = e.stamp.bytes;
    f.sha256 = row[6];
    f.warnings = words(row[7], '\n');
    Measures m;
    m.phash = number<uint64_t>(row[8], 16);
    m.thumbnail = from_hex(row[9]);
    m.sharpness = std::strtod(row[10].c_str(), nullptr);
    const std::vector<std::string> sides = words(row[11], ' ');
    if (sides.size() != 5) fail(ErrorKind::input, "a damaged cache");
    m.border = {number<int64_t>(sides[0]), number<int64_t>(sides[1]), number<int64_t>(sides[2]),
                number<int64_t>(sides[3])};
    m.uniform = sides[4] == "1";
    m.pixels_sha256 = row[12];
    f.measures = std::move(m);
    entries_[row[0]] = std::move(e);
  }
}

std::optional<ScanCache::Stamp> ScanCache::stamp_of(const fs::path& path) {
  struct stat s = {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return Stamp{static_cast<uint64_t>(s.st_size),
               int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec};
}

std::optional<ScannedFile> ScanCache::find(const fs::path& path) const {
  const auto at = entries_.find(key(path));
  if (at == entries_.end() || stamp_of(path) != at->second.stamp) return {};
  ScannedFile file = at->second.file;
  file.path = path;
  return file;
}

void ScanCache::put(const ScannedFile& file) {
  put_copy(file, file.path);
}

void ScanCache::put_copy(const ScannedFile& file, const fs::path& copy) {
  const std::optional<Stamp> stamp = stamp_of(copy);
  // A name that is not UTF-8 has no place in the table.
  if (!is_utf8(key(copy))) return;
  if (!stamp || !file.accepted() || !file.measures) return;
  // A file that changed while it was read is not remembered.
  if (stamp->bytes != file.bytes) return;
  entries_[key(copy)] = {*stamp, file};
  changed_ = true;
}

void ScanCache::save(bool seldom) {
  const auto now = std::chrono::steady_clock::now();
  if (!changed_ || (seldom && now < next_save_)) return;
  CsvTable table;
  table.header = {kVersion,   "bytes", "mtime",     "format",    "width",  "height",       "sha256",
                  "warnings", "phash", "thumbnail", "sharpness", "border", "pixels_sha256"};
  for (const auto& [path, e] : entries_) {
    const ScannedFile& f = e.file;
    const Measures& m = *f.measures;
    table.rows.push_back({path, fmt::format("{}", e.stamp.bytes), fmt::format("{}", e.stamp.mtime), f.format,
                          fmt::format("{}", f.width), fmt::format("{}", f.height), f.sha256,
                          fmt::format("{}", fmt::join(f.warnings, "\n")), fmt::format("{:016x}", m.phash),
                          to_hex(m.thumbnail), fmt::format("{}", m.sharpness),
                          fmt::format("{} {} {} {} {}", m.border.left, m.border.top, m.border.right,
                                      m.border.bottom, m.uniform ? 1 : 0),
                          m.pixels_sha256});
  }
  write_file(file_, format_csv(table));
  changed_ = false;
  // A big cache takes a while to write: no more than a twentieth of the time goes there.
  const auto end = std::chrono::steady_clock::now();
  next_save_ =
      end + std::max<std::chrono::steady_clock::duration>(std::chrono::seconds(20), 20 * (end - now));
}

}  // namespace linmo
