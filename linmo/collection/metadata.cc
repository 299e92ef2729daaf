// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/metadata.h"

#include <algorithm>
#include <array>
#include <utility>

namespace linmo {
namespace {

// '/' between names and no "./" in front, as in the manifest.
std::string unified(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  while (path.starts_with("./")) path.erase(0, 2);
  return path;
}

}  // namespace

Metadata::Metadata(Manifest table) : table_(std::move(table)), used_(table_.pictures.size(), false) {
  for (size_t i = 0; i < table_.pictures.size(); ++i)
    by_path_.try_emplace(unified(table_.pictures[i].file), i);
}

const Picture* Metadata::find(const std::vector<std::string>& paths) {
  std::vector<std::string> candidates = paths;
  if (!paths.empty()) candidates.push_back(paths.front().substr(paths.front().rfind('/') + 1));
  for (const std::string& path : candidates) {
    const auto at = by_path_.find(path);
    if (at == by_path_.end()) continue;
    used_[at->second] = true;
    return &table_.pictures[at->second];
  }
  return nullptr;
}

std::vector<std::string> Metadata::unused() const {
  std::vector<std::string> files;
  for (size_t i = 0; i < used_.size(); ++i) {
    if (!used_[i]) files.push_back(table_.pictures[i].file);
  }
  return files;
}

FolderHints read_folders(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kSplits{
      {{"train", "train"}, {"val", "val"}, {"valid", "val"}, {"validation", "val"}, {"test", "test"}}};
  FolderHints hints;
  size_t slash;
  while ((slash = path.find('/')) != std::string_view::npos) {
    const std::string_view folder = path.substr(0, slash);
    path.remove_prefix(slash + 1);
    bool layout = false;
    for (const auto& [prefix, split] : kSplits) {
      if (!folder.starts_with(prefix)) continue;
      const std::string_view rest = folder.substr(prefix.size());
      if (!rest.empty() && rest != "A" && rest != "B") continue;
      layout = true;
      hints.split = split;
      if (!rest.empty()) hints.domain = rest;
    }
    if (!layout) hints.names.emplace_back(folder);
  }
  return hints;
}

}  // namespace linmo
