// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/gather.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "linmo/collection/archive.h"
#include "linmo/collection/csv.h"
#include "linmo/collection/place.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

bool has_extension(const fs::path& path, std::initializer_list<std::string_view> extensions) {
  std::string text = to_utf8(path.extension());
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::ranges::find(extensions, text) != extensions.end();
}

bool is_table(const fs::path& path) {
  return has_extension(path, {".csv", ".tsv"});
}

bool is_archive(const fs::path& path) {
  if (!has_extension(path, {".zip"})) return false;
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> head{};
  file.read(head.data(), head.size());
  return file && is_zip(std::as_bytes(std::span(head)));
}

bool is_companion_table(std::string_view name) {
  return name == kManifestName || name == "metadata.csv" || name == "metadata.tsv";
}

// `path` as seen from `folder`, when it lies below it.
std::optional<std::string> path_below(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  if (relative.empty() || relative == "." || *relative.begin() == "..") return {};
  return to_utf8(relative);
}

std::string with_suffix(const std::string& target, int number) {
  const size_t slash = target.rfind('/') == std::string::npos ? 0 : target.rfind('/') + 1;
  const size_t dot = target.rfind('.');
  const size_t at = dot == std::string::npos || dot <= slash ? target.size() : dot;
  return fmt::format("{}-{}{}", target.substr(0, at), number, target.substr(at));
}

class Gatherer {
 public:
  Gatherer(const fs::path& output, const CollectSettings& settings, EventSink& sink)
      : output_(fs::weakly_canonical(fs::absolute(output))), settings_(settings), sink_(sink) {
    for (const char* name : {kManifestName, kRefusedName, kDuplicatesName, kContactSheetName})
      taken_.insert(name);
  }

  void add_previous(const Manifest& previous) {
    if (previous.pictures.empty()) return;
    const size_t source = add_source("");
    for (const Picture& picture : previous.pictures) {
      const fs::path path = output_ / from_utf8(picture.file);
      if (!fs::exists(path)) {
        result_.refused.push_back(
            {picture.file, Verdict::unreadable, "the manifest has it, but the file is gone"});
        continue;
      }
      GatheredFile file{path, picture.file, source, picture.file, picture.file, true, false};
      seen_.insert(fs::weakly_canonical(path).native());
      taken_.insert(picture.file);
      previous_.insert(picture.file);
      result_.files.push_back(std::move(file));
    }
  }

  void add(const fs::path& source) {
    std::error_code error;
    const fs::file_status status = fs::status(source, error);
    if (!fs::exists(status)) fail(ErrorKind::io, "{} does not exist", to_utf8(source));
    if (fs::is_directory(status)) return add_folder(source);
    if (is_archive(source)) return add_archive(source);
    if (is_table(source)) return add_table(source);
    const size_t index = single_files_ < result_.source_names.size() ? single_files_ : add_source("");
    single_files_ = index;
    add_file(source, index, to_valid_utf8(to_utf8(source.filename())), "");
  }

  void add_table(const fs::path& file) { result_.tables.emplace_back(read_manifest(file)); }

  Gathered finish() && { return std::move(result_); }

 private:
  size_t add_source(const std::string& name) {
    result_.source_names.push_back(name);
    return result_.source_names.size() - 1;
  }

  void add_folder(const fs::path& folder) {
    const std::string name = folder_name(folder);
    const size_t index = add_source(name);
    const fs::path root = fs::weakly_canonical(fs::absolute(folder));
    for (const fs::path& path : list_files(root)) {
      const std::string relative = to_utf8(path.lexically_relative(root));
      const std::optional<std::string> ours = path_below(path, output_);
      // What collect() wrote, when it works inside a source folder.
      if (ours && (*ours == kManifestName || *ours == kRefusedName || *ours == kDuplicatesName ||
                   *ours == kContactSheetName))
        continue;
      // An output folder inside a source is no part of the source.
      if (ours && root != output_ && path_below(output_, root)) continue;
      if (is_companion_table(relative)) {
        // Nobody named this table: if it is another kind of table, that is no reason to stop.
        try {
          add_table(path);
        } catch (const Error& error) {
          result_.notes.push_back(fmt::format("passed over a table: {}", error.what()));
        }
        continue;
      }
      add_file(path, index, relative, name);
    }
  }

  void add_file(const fs::path& path, size_t source, const std::string& relative, const std::string& name) {
    if (!seen_.insert(fs::weakly_canonical(path).native()).second) return;  // given twice
    GatheredFile file{path, to_utf8(path), source, relative, "", false, false};
    const fs::path whole = fs::absolute(path).lexically_normal();
    if (const std::optional<std::string> ours = path_below(whole, output_)) {
      file.target = *ours;
      file.in_place = true;
    } else if (settings_.placement == "manifest-only") {
      file.target = to_utf8(whole.lexically_relative(output_));
      file.in_place = true;
    } else {
      const std::string wanted = to_valid_utf8(name.empty() ? relative : name + "/" + relative);
      if (previous_.contains(wanted) && is_copy(path, output_ / from_utf8(wanted))) return;
      file.target = free_target(wanted);
    }
    if (file.in_place && !is_utf8(file.target)) {
      result_.refused.push_back({file.origin, Verdict::unreadable, "its name is not UTF-8; rename it"});
      return;
    }
    if (file.in_place) taken_.insert(file.target);
    result_.files.push_back(std::move(file));
  }

  void add_archive(const fs::path& path) {
    if (settings_.placement == "manifest-only") {
      fail(ErrorKind::usage, "{} is an archive, whose pictures must be unpacked: leave out --manifest-only",
           to_utf8(path));
    }
    const std::string name = to_valid_utf8(to_utf8(path.stem()));
    const size_t index = add_source(name);
    try {
      unpack_all(ZipArchive(path), to_utf8(path), name, index);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::limit) throw;
      const bool limit = error.kind() == ErrorKind::limit;
      result_.refused.push_back(
          {to_utf8(path), limit ? Verdict::too_large : Verdict::unreadable, error.what()});
    }
  }

  void unpack_all(const ZipArchive& archive, const std::string& path, const std::string& name, size_t index) {
    const size_t count = archive.entries().size();
    for (size_t i = 0; i < count; ++i) {
      sink_.check("unpacking (what is unpacked will not be unpacked again)");
      const ArchiveEntry& entry = archive.entries()[i];
      const std::string origin = path + "!" + entry.name;
      sink_.progress("unpacking " + path, static_cast<double>(i + 1), static_cast<double>(count));
      const bool table = is_companion_table(entry.name);
      if (!table && !format_of_extension(from_utf8(entry.name))) {
        ++result_.not_pictures;
        continue;
      }
      // Before any path is made of its name, which may lead anywhere.
      if (!entry.refusal.empty()) {
        result_.refused.push_back({origin, Verdict::unreadable, entry.refusal});
        continue;
      }
      try {
        if (table) {
          const std::vector<std::byte> bytes = archive.read(entry);
          result_.tables.emplace_back(parse_manifest(
              std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), origin));
          continue;
        }
        const std::string wanted = name + "/" + entry.name;
        if (previous_.contains(wanted) && is_unpacked(entry, output_ / from_utf8(wanted))) continue;
        const std::string target = free_target(wanted);
        const fs::path file = output_ / from_utf8(target);
        if (!is_unpacked(entry, file)) unpack(archive, entry, file);
        seen_.insert(fs::weakly_canonical(file).native());
        result_.files.push_back({file, origin, index, entry.name, target, true, true});
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::io) throw;
        result_.refused.push_back({origin, Verdict::unreadable, error.what()});
      }
    }
  }

  // Copies keep the time of change.
  static bool is_copy(const fs::path& path, const fs::path& copy) {
    std::error_code error;
    return fs::file_size(path, error) == fs::file_size(copy, error) && !error &&
           fs::last_write_time(path, error) == fs::last_write_time(copy, error) && !error;
  }

  static bool is_unpacked(const ArchiveEntry& entry, const fs::path& file) {
    struct stat s = {};
    return ::stat(file.c_str(), &s) == 0 && static_cast<uint64_t>(s.st_size) == entry.bytes &&
           s.st_mtim.tv_sec == entry.mtime;
  }

  void unpack(const ZipArchive& archive, const ArchiveEntry& entry, const fs::path& file) const {
    if (fs::exists(file) && !settings_.force) {
      fail(ErrorKind::io, "{} exists and is not {} of the archive; choose another folder, or use --force",
           to_utf8(file), entry.name);
    }
    make_folder(file.parent_path());
    place_bytes(file, archive.read(entry));
    const struct timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
    ::utimensat(AT_FDCWD, file.c_str(), times, 0);  // how is_unpacked() knows it again; no harm if refused
  }

  // A name below the output folder that no other file of this run has.
  std::string free_target(const std::string& wanted) {
    std::string target = wanted;
    for (int n = 2; !taken_.insert(target).second; ++n) target = with_suffix(wanted, n);
    return target;
  }

  fs::path output_;
  const CollectSettings& settings_;
  EventSink& sink_;
  Gathered result_;
  std::set<std::string> taken_;     // targets
  std::set<std::string> previous_;  // targets that the collection had before
  std::set<fs::path::string_type> seen_;
  size_t single_files_ = SIZE_MAX;  // the source that files given one by one belong to
};

}  // namespace

std::string folder_name(const fs::path& folder) {
  std::error_code error;
  fs::path whole = fs::weakly_canonical(folder, error);
  if (error) whole = fs::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  const std::string name = to_valid_utf8(to_utf8(whole.filename()));
  return name.empty() ? "pictures" : name;
}

Gathered gather(const std::vector<fs::path>& sources, const fs::path& output,
                const std::vector<fs::path>& metadata, const CollectSettings& settings,
                const Manifest& previous, EventSink& sink) {
  Gatherer gatherer(output, settings, sink);
  for (const fs::path& table : metadata) gatherer.add_table(table);
  gatherer.add_previous(previous);
  for (const fs::path& source : sources) gatherer.add(source);
  return std::move(gatherer).finish();
}

}  // namespace linmo
