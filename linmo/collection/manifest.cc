// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/manifest.h"

#include <algorithm>
#include <charconv>

#include "linmo/collection/csv.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

constexpr std::array<std::string_view, 22> kColumns{
    "file",  "sha256", "width",  "height",    "bytes",    "format",  "culture",     "artist",
    "title", "date",   "source", "licence",   "category", "tags",    "description", "permalink",
    "work",  "split",  "phash",  "sharpness", "border",   "warnings"};

// Names that other tables use (PixPlot's first) and the columns of ours that they mean.
struct Alias {
  std::string_view theirs, ours;
};
constexpr std::array<Alias, 3> kAliases{{{"filename", "file"}, {"year", "date"}, {"license", "licence"}}};

struct Place {
  std::string_view table;
  size_t row;  // counted from 1, the header not counted
  std::string_view column;
};

template <class T>
T parse_number(std::string_view text, const Place& place, int base = 10) {
  T value{};
  std::from_chars_result result{};
  if constexpr (std::is_floating_point_v<T>)
    result = std::from_chars(text.data(), text.data() + text.size(), value);
  else
    result = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    fail(ErrorKind::input, "{}, row {}: {} is \"{}\", which is not a number of its kind", place.table,
         place.row, place.column, text.substr(0, 40));
  }
  return value;
}

Border parse_border(std::string_view text, const Place& place) {
  std::array<int64_t, 4> sides{};
  for (size_t i = 0; i < sides.size(); ++i) {
    const size_t space = i < 3 ? text.find(' ') : text.size();
    if (space == std::string_view::npos) {
      fail(ErrorKind::input, "{}, row {}: border needs four numbers: left top right bottom", place.table,
           place.row);
    }
    sides[i] = parse_number<int64_t>(text.substr(0, space), place);
    text.remove_prefix(std::min(text.size(), space + 1));
  }
  return {sides[0], sides[1], sides[2], sides[3]};
}

void set_field(Picture& p, std::string_view column, const std::string& value, const Place& place) {
  if (value.empty()) return;
  if (column == "file") {
    p.file = value;
  } else if (column == "sha256") {
    p.sha256 = value;
  } else if (column == "width") {
    p.width = parse_number<int64_t>(value, place);
  } else if (column == "height") {
    p.height = parse_number<int64_t>(value, place);
  } else if (column == "bytes") {
    p.bytes = parse_number<uint64_t>(value, place);
  } else if (column == "format") {
    p.format = value;
  } else if (column == "work") {
    p.work = value;
  } else if (column == "split") {
    p.split = value;
  } else if (column == "phash") {
    p.phash = parse_number<uint64_t>(value, place, 16);
  } else if (column == "sharpness") {
    p.sharpness = parse_number<double>(value, place);
  } else if (column == "border") {
    p.border = parse_border(value, place);
  } else if (column == "warnings") {
    p.warnings = value;
  } else {
    descriptive_field(p, column) = value;
  }
}

std::string get_field(const Picture& p, std::string_view column) {
  if (column == "file") return p.file;
  if (column == "sha256") return p.sha256;
  if (column == "width") return p.width > 0 ? fmt::format("{}", p.width) : "";
  if (column == "height") return p.height > 0 ? fmt::format("{}", p.height) : "";
  if (column == "bytes") return p.bytes > 0 ? fmt::format("{}", p.bytes) : "";
  if (column == "format") return p.format;
  if (column == "work") return p.work;
  if (column == "split") return p.split;
  if (column == "phash") return p.phash ? fmt::format("{:016x}", *p.phash) : "";
  if (column == "sharpness") return p.sharpness ? fmt::format("{}", *p.sharpness) : "";
  if (column == "border") {
    return p.border
               ? fmt::format("{} {} {} {}", p.border->left, p.border->top, p.border->right, p.border->bottom)
               : "";
  }
  if (column == "warnings") return p.warnings;
  return descriptive_field(const_cast<Picture&>(p), column);
}

}  // namespace

std::string& descriptive_field(Picture& p, std::string_view column) {
  if (column == "culture") return p.culture;
  if (column == "artist") return p.artist;
  if (column == "title") return p.title;
  if (column == "date") return p.date;
  if (column == "source") return p.source;
  if (column == "licence") return p.licence;
  if (column == "category") return p.category;
  if (column == "tags") return p.tags;
  if (column == "description") return p.description;
  if (column == "permalink") return p.permalink;
  fail(ErrorKind::usage, "a manifest has no descriptive column \"{}\"", column);
}

Manifest parse_manifest(std::string_view text, std::string_view name) {
  const CsvTable table = parse_csv(text, name);
  // Where each of our columns stands (a name of ours wins over one that only means it), and who is left over.
  std::vector<int64_t> at(kColumns.size(), -1);
  std::vector<bool> ours(table.header.size(), false);
  const auto take = [&](size_t column, int64_t position) {
    if (position < 0 || at[column] >= 0 || ours[static_cast<size_t>(position)]) return;
    at[column] = position;
    ours[static_cast<size_t>(position)] = true;
  };
  for (size_t c = 0; c < kColumns.size(); ++c) take(c, table.column(kColumns[c]));
  for (size_t c = 0; c < kColumns.size(); ++c) {
    for (const Alias& alias : kAliases) {
      if (alias.ours == kColumns[c]) take(c, table.column(alias.theirs));
    }
  }
  if (at[0] < 0) {
    fail(ErrorKind::input, "{} has no column \"file\" (or \"filename\"); its columns are: {}", name,
         fmt::join(table.header, ", "));
  }
  Manifest manifest;
  std::vector<size_t> extra_at;
  for (size_t i = 0; i < table.header.size(); ++i) {
    if (ours[i]) continue;
    extra_at.push_back(i);
    manifest.extra_columns.push_back(table.header[i]);
  }
  const int64_t label = table.column("label");
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    Picture picture;
    for (size_t c = 0; c < kColumns.size(); ++c) {
      if (at[c] >= 0)
        set_field(picture, kColumns[c], row[static_cast<size_t>(at[c])], {name, r + 1, kColumns[c]});
    }
    if (picture.file.empty()) fail(ErrorKind::input, "{}, row {}: the file is not named", name, r + 1);
    if (picture.category.empty() && label >= 0) picture.category = row[static_cast<size_t>(label)];
    for (const size_t i : extra_at) picture.extra.push_back(row[i]);
    manifest.pictures.push_back(std::move(picture));
  }
  return manifest;
}

Manifest read_manifest(const fs::path& file) {
  return parse_manifest(read_text(file), to_utf8(file));
}

std::string format_manifest(const Manifest& manifest) {
  CsvTable table;
  table.header.assign(kColumns.begin(), kColumns.end());
  table.header.insert(table.header.end(), manifest.extra_columns.begin(), manifest.extra_columns.end());
  for (const Picture& picture : manifest.pictures) {
    std::vector<std::string> row;
    for (const std::string_view column : kColumns) row.push_back(get_field(picture, column));
    row.insert(row.end(), picture.extra.begin(), picture.extra.end());
    row.resize(table.header.size());
    table.rows.push_back(std::move(row));
  }
  return format_csv(table);
}

void write_manifest(const fs::path& file, const Manifest& manifest) {
  write_file(file, format_manifest(manifest));
}

std::vector<fs::path> collection_files(const fs::path& folder, std::string_view split) {
  if (!fs::exists(folder / kManifestName)) return list_files(folder);
  std::vector<fs::path> files;
  for (const Picture& picture : read_manifest(folder / kManifestName).pictures) {
    if (split.empty() || picture.split == split) files.push_back(folder / from_utf8(picture.file));
  }
  return files;
}

fs::path from_utf8(std::string_view text) {
  return fs::path(std::u8string(text.begin(), text.end()));
}

}  // namespace linmo
