// SPDX-License-Identifier: Apache-2.0
// A collection: a folder with manifest.csv in it, one row a picture.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linmo {

inline constexpr const char* kManifestName = "manifest.csv";

// Uniform margins (mount, frame, letterbox, transparent edge), in pixels of the upright picture.
struct Border {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
  bool operator==(const Border&) const = default;
};

// One row. Empty text and zero mean "not known"; only `file` must be there.
struct Picture {
  std::string file;               // UTF-8 path relative to the collection's folder, '/' between names
  std::string sha256;             // of the file's bytes, hexadecimal
  int64_t width = 0, height = 0;  // px, upright
  uint64_t bytes = 0;
  std::string format;  // JPEG, PNG, WebP, TIFF
  // What people know of the work.
  std::string culture, artist, title, date, source, licence, category, tags, description, permalink;
  std::string work;                 // near-duplicates, and so pictures of one work, have the same id
  std::string split;                // train, val, test
  std::optional<uint64_t> phash;    // measures.h: perceptual_hash
  std::optional<double> sharpness;  // measures.h: sharpness
  std::optional<Border> border;     // measures.h: find_border
  std::string warnings;             // "; " between them
  std::vector<std::string> extra;   // values of Manifest::extra_columns, in their order

  bool operator==(const Picture&) const = default;
};

struct Manifest {
  std::vector<std::string> extra_columns;  // columns that are not ours; they are kept and written back
  std::vector<Picture> pictures;
};

// The text columns that describe a work, by name: the fields of Picture from culture to permalink.
inline constexpr std::array<std::string_view, 10> kDescriptiveColumns{
    "culture", "artist",   "title", "date",        "source",
    "licence", "category", "tags",  "description", "permalink"};
std::string& descriptive_field(Picture& picture, std::string_view column);

// Reads a manifest, or a metadata table of others: PixPlot's columns are understood (filename is file, year
// is date, label is category where there is none; label, lat and lng are kept as they are), so is the
// spelling `license`. Throws ErrorKind::input for a table without a file column, a number that is none, a row
// without a file; names the row.
Manifest parse_manifest(std::string_view text, std::string_view name);
Manifest read_manifest(const std::filesystem::path& file);

std::string format_manifest(const Manifest& manifest);
void write_manifest(const std::filesystem::path& file, const Manifest& manifest);  // atomic

// The pictures to work with in a folder: those of its manifest.csv (of one split; empty: all), or, where
// there is none, all files below it (whatever `split` says). Sorted as the manifest or list_files() has them.
std::vector<std::filesystem::path> collection_files(const std::filesystem::path& folder,
                                                    std::string_view split = {});

// UTF-8 text → path, byte for byte.
std::filesystem::path from_utf8(std::string_view text);

}  // namespace linmo
