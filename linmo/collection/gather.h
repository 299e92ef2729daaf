// SPDX-License-Identifier: Apache-2.0
// The first step of collect(): which files there are, and what tables come with them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "linmo/collection/ingest.h"
#include "linmo/collection/metadata.h"

namespace linmo {

struct GatheredFile {
  std::filesystem::path path;  // readable now; an archive's entry has been unpacked into the output folder
  std::string origin;          // for people
  size_t source = 0;           // index of the source
  std::string relative;        // UTF-8 path below the source
  std::string target;          // UTF-8 path below the output folder where it is to lie
  bool in_place = false;       // it lies at `target` already
  bool unpacked = false;       // … because collect() put it there
};

struct Gathered {
  std::vector<GatheredFile> files;
  std::vector<std::string> source_names;
  std::vector<Metadata> tables;  // in the order in which they are asked
  std::vector<RefusedFile> refused;
  std::vector<std::string> notes;
  int64_t not_pictures = 0;
};

// The folder's own name, also for "." and "a/.."; "pictures" for the root.
std::string folder_name(const std::filesystem::path& folder);

// `previous` is the manifest of the collection that is resumed (empty otherwise): its pictures come first.
// Throws as collect() does.
Gathered gather(const std::vector<std::filesystem::path>& sources, const std::filesystem::path& output,
                const std::vector<std::filesystem::path>& metadata, const CollectSettings& settings,
                const Manifest& previous, EventSink& sink);

}  // namespace linmo
