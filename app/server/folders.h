// SPDX-License-Identifier: Apache-2.0
// Where the studio's things lie: one data folder, and the folders of the user's that it may read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/model/library.h"

namespace linmo::studio {

// What a client names as a style: a model, and of a model of several which of its styles.
struct Style {
  std::filesystem::path file;
  std::string style;  // empty for a model of one
};

struct Folders {
  std::filesystem::path data;
  std::vector<std::filesystem::path> allowed;  // canonical; what --allow named
  model::Library library;                      // models that came with linmo

  // Canonical, with every folder below made. Throws ErrorKind::usage for an allowed folder that is not there.
  Folders(const std::filesystem::path& data_folder,
          const std::vector<std::filesystem::path>& allowed_folders);

  std::filesystem::path incoming() const { return data / "incoming"; }  // uploads on their way
  std::filesystem::path pictures() const { return data / "pictures"; }  // uploads, named by their content
  std::filesystem::path videos() const { return data / "videos"; }      // the same, of videos
  std::filesystem::path work() const { return data / "work"; }          // where workers and commands write
  std::filesystem::path results() const { return data / "results"; }    // of stylise jobs
  std::filesystem::path sources() const { return data / "sources"; }    // folders made of uploads
  std::filesystem::path runs() const { return data / "runs"; }          // of training
  std::filesystem::path models() const { return data / "models"; }
  std::filesystem::path collections() const { return data / "collections"; }
  std::filesystem::path studies() const { return data / "studies"; }
  std::filesystem::path log() const { return data / "studio.log"; }

  // What a process that decodes may read: pictures, models and the allowed folders.
  std::vector<std::filesystem::path> readable() const;

  // Whether a canonical path lies in one of these.
  bool may_read(const std::filesystem::path& path) const;

  // A path that a client named, canonical. Throws HttpError 403 where it is not, links followed, inside an
  // allowed folder, 404 where it is not there.
  std::filesystem::path allowed_path(const std::string& text) const;

  // Bundled models and the user's own; of two with one name the user's.
  std::vector<std::filesystem::path> all_models() const;
  // By the name of its file without extension, for a model of several styles with ":STYLE" behind it; throws
  // HttpError 404.
  Style find_style(const std::string& id) const;
  bool is_users_model(const std::filesystem::path& file) const;
};

// $XDG_DATA_HOME/linmo, or ~/.local/share/linmo.
std::filesystem::path default_data_folder();

// A file's name out of what a client calls it: no folders, no control characters, not hidden, at most 120
// bytes, and `otherwise` where nothing is left.
std::string safe_name(std::string_view wanted, std::string_view otherwise);

// A second name for a file's content; a copy where the file system has no such thing. Atomic either way.
void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to);

// For people: valid UTF-8 without control characters, at most 2,000 bytes.
std::string safe_text(std::string_view text);

// What is said of a stored file, said of it as its owner calls it, as safe_text().
std::string for_its_owner(std::string text, const std::string& stored, const std::string& name);

// A client's one segment of a path below `folder`: a file there, no link. Throws HttpError 404.
std::filesystem::path file_below(const std::filesystem::path& folder, const std::string& name);
std::filesystem::path folder_below(const std::filesystem::path& folder, const std::string& name);

}  // namespace linmo::studio
