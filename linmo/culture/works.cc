// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/works.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "linmo/collection/csv.h"
#include "linmo/collection/gather.h"
#include "linmo/collection/iiif.h"
#include "linmo/collection/manifest.h"
#include "linmo/collection/metadata.h"
#include "linmo/collection/scan.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/culture/dates.h"
#include "linmo/culture/descriptors/descriptors.h"

namespace linmo::culture {
namespace {
namespace fs = std::filesystem;

using Extras = std::vector<std::pair<std::string, std::string>>;  // column, value

struct Found {
  size_t source;
  std::string file;  // below the source
  fs::path path;
  Picture picture;
  Extras extras;
};

std::string lower_extension(const fs::path& path) {
  std::string text = to_utf8(path.extension());
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

Extras extras_of(const std::vector<std::string>& columns, const Picture& picture) {
  Extras out;
  for (size_t i = 0; i < columns.size() && i < picture.extra.size(); ++i)
    if (!picture.extra[i].empty()) out.emplace_back(columns[i], picture.extra[i]);
  return out;
}

class Finder {
 public:
  explicit Finder(std::string_view split) : split_(split) {}

  void add(const fs::path& source) {
    std::error_code error;
    const fs::file_status status = fs::status(source, error);
    if (!fs::exists(status)) fail(ErrorKind::io, "{} does not exist", to_utf8(source));
    const std::string extension = lower_extension(source);
    const size_t before = found_.size();
    if (fs::is_directory(status)) {
      begin(folder_name(source));
      fs::exists(source / kManifestName) ? add_table(source / kManifestName) : add_folder(source);
    } else if (extension == ".csv" || extension == ".tsv") {
      const std::string stem = to_utf8(source.stem());
      begin(stem == "manifest" || stem == "metadata" ? folder_name(folder_of(source)) : stem);
      add_table(source);
    } else if (extension == ".json") {
      const IiifDocument document = parse_iiif(read_text(source), to_utf8(source));
      begin(document.label.empty() ? folder_name(folder_of(source)) : document.label);
      add_iiif(document, source, list_files(folder_of(source)), folder_of(source));
    } else {
      begin(folder_name(folder_of(source)));
      add_file(source, to_utf8(source.filename()), {}, {});
    }
    if (found_.size() == before && result_.failures.size() == failures_before_) {
      fail(ErrorKind::input, "there is no picture in {}{}", to_utf8(source),
           split_.empty() ? "" : fmt::format(" of split {}", split_));
    }
  }

  Works finish() && {
    name_sources();
    collect_columns();
    std::unordered_set<std::string> files;
    for (Found& found : found_) {
      const std::string name = full_name(found.source, found.file);
      if (!files.insert(name).second) continue;  // the same row or path given twice
      result_.works.push_back({name, std::move(found.path), values_of(found)});
    }
    for (auto& [source, failure] : failures_)
      result_.failures.push_back({full_name(source, failure.file), std::move(failure.reason)});
    return std::move(result_);
  }

 private:
  void begin(std::string name) {
    sources_.push_back(std::move(name));
    failures_before_ = failures_.size();
  }

  void add_file(const fs::path& path, std::string file, Picture picture, Extras extras) {
    found_.push_back({sources_.size() - 1, std::move(file), path, std::move(picture), std::move(extras)});
  }

  void miss(std::string file, std::string reason) {
    failures_.emplace_back(sources_.size() - 1, FailedWork{std::move(file), std::move(reason)});
  }

  // A manifest of linmo collect, or another program's table; files lie where it says, or, with their bare
  // name, anywhere below its folder.
  void add_table(const fs::path& table_file) {
    const Manifest table = read_manifest(table_file);
    const fs::path folder = folder_of(table_file);
    std::map<std::string, fs::path> below;
    bool listed = false;
    for (const Picture& picture : table.pictures) {
      if (!split_.empty() && picture.split != split_) continue;
      fs::path path = folder / from_utf8(picture.file);
      std::error_code error;
      if (!fs::is_regular_file(path, error)) {
        if (!std::exchange(listed, true)) {
          for (const fs::path& file : list_files(folder)) below.try_emplace(to_utf8(file.filename()), file);
        }
        const auto at = below.find(picture.file);
        if (at == below.end()) {
          miss(picture.file,
               fmt::format("{} names it, but it is not on disk", to_utf8(table_file.filename())));
          continue;
        }
        path = at->second;
      }
      add_file(path, picture.file, picture, extras_of(table.extra_columns, picture));
    }
  }

  // Pictures of a IIIF manifest that lie at or below its folder (`files`); returns which.
  std::set<fs::path> add_iiif(const IiifDocument& document, const fs::path& manifest,
                              const std::vector<fs::path>& files, const fs::path& root) {
    const fs::path folder = folder_of(manifest);
    std::map<std::string, fs::path> names;  // by path below the folder, bare name, and both without extension
    for (const fs::path& file : files) {
      if (!is_picture_name(file)) continue;
      const fs::path relative = file.lexically_relative(folder);
      if (relative.empty() || *relative.begin() == "..") continue;
      for (const bool whole : {true, false}) {
        fs::path name = whole ? relative : relative.filename();
        names.try_emplace(to_utf8(name), file);
        names.try_emplace(to_utf8(name.replace_extension()), file);
      }
    }
    std::set<fs::path> used;
    for (const IiifPicture& named : document.pictures) {
      fs::path path;
      for (const std::string& name : named.names) {
        auto found = names.find(name);
        // A copy may have been stored in another format.
        if (found == names.end() && is_picture_name(from_utf8(name)))
          found = names.find(to_utf8(from_utf8(name).replace_extension()));
        if (found == names.end()) continue;
        path = found->second;
        break;
      }
      const std::string wanted = named.names.empty() ? named.address : named.names.front();
      if (path.empty()) {
        miss(to_valid_utf8(wanted),
             fmt::format("{} names {}, which is not on disk; put a copy beside it (nothing is downloaded)",
                         to_utf8(manifest.filename()), to_valid_utf8(named.address)));
        continue;
      }
      used.insert(path);
      Extras extras;
      if (!named.canvas.empty()) extras.emplace_back("canvas", named.canvas);
      add_file(path, to_utf8(path.lexically_relative(root)), named.picture, std::move(extras));
    }
    return used;
  }

  // Manifests among the files of a folder.
  std::set<fs::path> add_manifests(const std::vector<fs::path>& files, const fs::path& root) {
    std::set<fs::path> used;
    for (const fs::path& file : files) {
      if (lower_extension(file) != ".json") continue;
      try {
        const std::string text = read_text(file);
        if (!mentions_iiif(text)) continue;
        used.merge(add_iiif(parse_iiif(text, to_utf8(file.filename())), file, files, root));
      } catch (const Error& error) {
        // Nobody named this file: if it is something else, that is no reason to stop.
        result_.notes.push_back(fmt::format("passed over: {}", error.what()));
      }
    }
    return used;
  }

  void add_folder(const fs::path& folder) {
    std::vector<Metadata> tables;
    for (const char* name : {"metadata.csv", "metadata.tsv"})
      if (fs::exists(folder / name)) tables.emplace_back(read_manifest(folder / name));
    const std::vector<fs::path> files = list_files(folder);
    const std::set<fs::path> used = add_manifests(files, folder);
    for (const fs::path& path : files) {
      if (used.contains(path)) continue;
      const ScannedFile kind = classify_file(path);
      const std::string file = to_utf8(path.lexically_relative(folder));
      if (kind.verdict == Verdict::not_a_picture) {
        ++result_.not_pictures;
        continue;
      }
      if (!is_utf8(file)) {
        miss(to_valid_utf8(file), "its name is not UTF-8; rename it");
        continue;
      }
      Picture picture;
      Extras extras;
      for (Metadata& table : tables) {
        const Picture* row = table.find({file});
        if (!row) continue;
        picture = *row;
        extras = extras_of(table.extra_columns(), *row);
        break;
      }
      picture.split = picture.split.empty() ? read_folders(file).split : picture.split;
      if (!split_.empty() && picture.split != split_) continue;
      add_file(path, file, std::move(picture), std::move(extras));
    }
    for (const Metadata& table : tables) {
      for (const std::string& file : table.unused())
        miss(file, "a table of metadata names it, but it is not on disk");
    }
  }

  // Equal names of sources get a number.
  void name_sources() {
    std::set<std::string> taken;
    for (std::string& name : sources_) {
      std::string unique = name;
      for (int n = 2; !taken.insert(unique).second; ++n) unique = fmt::format("{}-{}", name, n);
      name = unique;
    }
  }

  std::string full_name(size_t source, const std::string& file) const {
    return sources_.size() == 1 ? file : sources_[source] + "/" + file;
  }

  void collect_columns() {
    result_.columns.assign(kMetadataColumns.begin(), kMetadataColumns.end());
    std::set<std::string, std::less<>> known(result_.columns.begin(), result_.columns.end());
    // Columns of tables that describe() itself writes are not handed through.
    known.insert(kRowColumns.begin(), kRowColumns.end());
    known.insert("palette");
    known.insert("layout");
    for (const Descriptor& d : registry()) known.insert(d.name);
    for (const Found& found : found_) {
      for (const auto& [column, value] : found.extras)
        if (known.insert(column).second) result_.columns.push_back(column);
    }
  }

  std::vector<std::string> values_of(const Found& found) const {
    const Picture& p = found.picture;
    const auto extra = [&](std::string_view column) -> std::string {
      for (const auto& [name, value] : found.extras)
        if (name == column) return value;
      return {};
    };
    const std::string genre = extra("genre");
    Years years = parse_years(p.date);
    for (const char* column : {"period", "dynasty", "era"})
      if (years == Years{}) years = parse_years(extra(column));
    const auto year = [](std::optional<int> y) { return y ? std::to_string(*y) : std::string(); };
    std::vector<std::string> values{sources_[found.source],
                                    p.culture,
                                    p.artist,
                                    p.title,
                                    p.date,
                                    year(years.from),
                                    year(years.to),
                                    genre.empty() ? p.category : genre,
                                    p.source,
                                    p.licence,
                                    p.work,
                                    p.split,
                                    p.description,
                                    p.tags,
                                    p.permalink};
    for (size_t c = values.size(); c < result_.columns.size(); ++c)
      values.push_back(extra(result_.columns[c]));
    return values;
  }

  std::string_view split_;
  Works result_;
  std::vector<std::string> sources_;
  std::vector<Found> found_;
  std::vector<std::pair<size_t, FailedWork>> failures_;
  size_t failures_before_ = 0;
};

}  // namespace

Works find_works(std::span<const fs::path> sources, std::string_view split, EventSink& sink) {
  if (sources.empty())
    fail(ErrorKind::usage, "name a collection, a folder, a table or a manifest to describe");
  Finder finder(split);
  for (const fs::path& source : sources) {
    sink.check("looking for pictures");
    finder.add(source);
  }
  return std::move(finder).finish();
}

}  // namespace linmo::culture
