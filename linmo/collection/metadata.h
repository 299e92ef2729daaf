// SPDX-License-Identifier: Apache-2.0
// What people know of the pictures: tables that name files, and folders that name what is in them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/collection/manifest.h"

namespace linmo {

// One table, looked up by picture.
class Metadata {
 public:
  explicit Metadata(Manifest table);

  // The row for a picture, or nullptr. `paths` are the names the picture may have, best first ("a/b/1.jpg",
  // "b/1.jpg"); at last a row that gives a bare file name fits any picture of that name. Where two rows name
  // one file, the first counts.
  const Picture* find(const std::vector<std::string>& paths);
  const std::vector<std::string>& extra_columns() const { return table_.extra_columns; }
  // Files of rows that find() never returned.
  std::vector<std::string> unused() const;

 private:
  Manifest table_;
  std::map<std::string, size_t, std::less<>> by_path_;
  std::vector<bool> used_;
};

// What the folders between a source and a picture say. trainA, trainB, testA, testB … (CycleGAN's layout) and
// train, val, test give the split, and A or B as the category; the others are names.
struct FolderHints {
  std::string split;   // train, val, test or empty
  std::string domain;  // A, B or empty
  std::vector<std::string> names;
};
FolderHints read_folders(std::string_view relative_path);

}  // namespace linmo
