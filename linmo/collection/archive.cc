// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/archive.h"

#include <zip.h>

#include <algorithm>
#include <cstring>

#include "linmo/collection/csv.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {

constexpr size_t kMaxName = 1024, kMaxComponent = 240;  // bytes; file systems take 255, a suffix may follow

std::string zip_message(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

bool is_hidden(std::string_view name) {
  return name.starts_with('.') || name.find("/.") != std::string_view::npos || name.starts_with("__MACOSX/");
}

}  // namespace

struct ZipArchive::Handle {
  zip_t* zip = nullptr;
  ~Handle() {
    if (zip) zip_discard(zip);  // opened for reading: there is nothing to write back
  }
};

bool is_zip(std::span<const std::byte> head) {
  return head.size() >= 4 &&
         (std::memcmp(head.data(), "PK\3\4", 4) == 0 || std::memcmp(head.data(), "PK\5\6", 4) == 0);
}

std::optional<std::string> safe_entry_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || !is_utf8(name)) return {};
  std::string unified(name);
  std::replace(unified.begin(), unified.end(), '\\', '/');
  if (unified.front() == '/') return {};
  std::string out;
  std::string_view rest = unified;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    const bool control =
        std::ranges::any_of(part, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; });
    if (part == ".." || control || part.size() > kMaxComponent) return {};
    if (!out.empty()) out += '/';
    out += part;
  }
  // A drive's letter, also behind "./".
  if (out.empty() || (out.size() > 1 && out[1] == ':')) return {};
  return out;
}

ZipArchive::ZipArchive(const std::filesystem::path& path, const ArchiveLimits& limits)
    : name_(to_utf8(path)), handle_(std::make_unique<Handle>()) {
  int code = 0;
  handle_->zip = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (!handle_->zip) fail(ErrorKind::input, "cannot open the archive {}: {}", name_, zip_message(code));
  list(limits);
}

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string name, const ArchiveLimits& limits)
    : name_(std::move(name)), handle_(std::make_unique<Handle>()) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source) {
    handle_->zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (!handle_->zip) zip_source_free(source);
  }
  const std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (!handle_->zip) fail(ErrorKind::input, "cannot open the archive {}: {}", name_, message);
  list(limits);
}

ZipArchive::~ZipArchive() = default;

void ZipArchive::list(const ArchiveLimits& limits) {
  const auto count = static_cast<uint64_t>(std::max<zip_int64_t>(0, zip_get_num_entries(handle_->zip, 0)));
  if (count > limits.max_entries) {
    fail(ErrorKind::limit,
         "the archive {} has {} entries, more than the {} that are read; unpack it yourself", name_, count,
         limits.max_entries);
  }
  uint64_t total = 0;
  for (uint64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(handle_->zip, i, ZIP_FL_ENC_GUESS, &stat) != 0 || !(stat.valid & ZIP_STAT_NAME)) {
      entries_.push_back({i, fmt::format("entry {}", i), 0, 0, "its directory entry is damaged"});
      continue;
    }
    const std::string_view raw = stat.name;
    if (raw.ends_with('/')) continue;
    const std::optional<std::string> safe = safe_entry_name(raw);
    if (safe && is_hidden(*safe)) continue;
    ArchiveEntry entry{i,
                       safe.value_or(is_utf8(raw) ? std::string(raw) : fmt::format("entry {}", i)),
                       stat.size,
                       stat.valid & ZIP_STAT_MTIME ? static_cast<int64_t>(stat.mtime) : 0,
                       {}};
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    zip_file_get_external_attributes(handle_->zip, i, 0, &system, &attributes);
    const bool link = system == ZIP_OPSYS_UNIX && ((attributes >> 16) & 0170000) == 0120000;
    if (!safe) {
      entry.refusal = "its name would lead outside the folder, or no file can have it";
    } else if (!(stat.valid & ZIP_STAT_SIZE) || !(stat.valid & ZIP_STAT_COMP_SIZE)) {
      entry.refusal = "its size is not stated";
    } else if (link) {
      entry.refusal = "it is a link";
    } else if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE) {
      entry.refusal = "it is encrypted; unpack the archive yourself";
    } else if (stat.size > limits.max_entry_bytes) {
      entry.refusal =
          fmt::format("{} bytes unpacked, more than the {} that are read", stat.size, limits.max_entry_bytes);
    } else if (stat.size > (1u << 20) && stat.size / limits.max_ratio > stat.comp_size) {
      entry.refusal = fmt::format("packed more than {} : 1, as archive bombs are", limits.max_ratio);
    } else {
      total += stat.size;
    }
    entries_.push_back(std::move(entry));
  }
  if (total > limits.max_total_bytes) {
    fail(ErrorKind::limit,
         "the archive {} holds {} bytes unpacked, more than the {} that are read; unpack it yourself", name_,
         total, limits.max_total_bytes);
  }
}

std::vector<std::byte> ZipArchive::read(const ArchiveEntry& entry) const {
  if (!entry.refusal.empty()) fail(ErrorKind::input, "{} in {}: {}", entry.name, name_, entry.refusal);
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen_index(handle_->zip, entry.index, 0),
                                                               &zip_fclose);
  if (!file)
    fail(ErrorKind::input, "cannot read {} in {}: {}", entry.name, name_, zip_strerror(handle_->zip));
  std::vector<std::byte> bytes;
  size_t used = 0;
  // Grown as data arrives: the stated size is a claim.
  for (;;) {
    if (used == bytes.size()) bytes.resize(std::max<size_t>(1 << 16, bytes.size() * 2));
    const zip_int64_t n = zip_fread(file.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0)
      fail(ErrorKind::input, "{} in {} is damaged: {}", entry.name, name_, zip_file_strerror(file.get()));
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > entry.bytes) fail(ErrorKind::input, "{} in {} is longer than it says", entry.name, name_);
  }
  bytes.resize(used);
  if (used != entry.bytes) fail(ErrorKind::input, "{} in {} is shorter than it says", entry.name, name_);
  return bytes;
}

}  // namespace linmo
