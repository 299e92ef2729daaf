// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/report/pictures.h"

#include <map>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/image/codec.h"

namespace linmo::culture {
namespace fs = std::filesystem;
namespace {

std::string last_part(const std::string& file) {
  return file.substr(file.find_last_of('/') + 1);
}

bool is_the_same(const fs::path& path, const std::string& sha256_of_table) {
  if (sha256_of_table.empty()) return true;
  try {
    return sha256_file(path) == sha256_of_table;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

int64_t find_pictures(Study& study, std::span<const fs::path> folders) {
  std::multimap<std::string, fs::path> files;
  for (const fs::path& folder : folders) {
    if (!fs::is_directory(folder)) fail(ErrorKind::io, "--pictures: there is no folder {}", to_utf8(folder));
    for (const fs::path& file : list_files(folder))
      if (is_picture_name(file)) files.emplace(to_utf8(file.filename()), file);
  }
  int64_t missing = 0;
  for (size_t row = 0; row < study.table.rows.size(); ++row) {
    if (!study.pictures[row].empty()) continue;
    const FeatureRow& r = study.table.rows[row];
    const auto [begin, end] = files.equal_range(last_part(r.file));
    // Without a hash, a name that several files have says nothing.
    const bool is_only = begin != end && std::next(begin) == end;
    for (auto at = begin; at != end && study.pictures[row].empty(); ++at)
      if ((is_only || !r.sha256.empty()) && is_the_same(at->second, r.sha256))
        study.pictures[row] = at->second;
    missing += study.pictures[row].empty();
  }
  return missing;
}

}  // namespace linmo::culture
