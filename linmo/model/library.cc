// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/library.h"

#include <map>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::model {

namespace fs = std::filesystem;

namespace {
constexpr const char* kExtension = ".safetensors";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}
}  // namespace

Library default_library() {
  Library library{{"models"}};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return library;
  const fs::path prefix = program.parent_path().parent_path();
  library.folders.push_back(prefix / "share" / "linmo" / "models");
  if (prefix.filename() == "build")
    library.folders.push_back(prefix.parent_path() / "models");  // not installed
  return library;
}

std::vector<fs::path> list_models(const Library& library) {
  std::map<std::string, fs::path> found;
  for (const fs::path& folder : library.folders) {
    std::error_code missing;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, missing)) {
      const std::string name = to_utf8(entry.path().filename());
      if (!name.starts_with('.') && entry.path().extension() == kExtension && is_file(entry.path()))
        found.emplace(name, entry.path());
    }
  }
  std::vector<fs::path> models;
  for (const auto& [name, path] : found) models.push_back(path);
  return models;
}

fs::path find_model(const Library& library, const std::string& name) {
  const fs::path path(name);
  if (is_file(path)) return path;
  if (is_file(path / "model.safetensors")) return path / "model.safetensors";
  std::vector<std::string> names;
  for (const fs::path& model : list_models(library)) {
    if (to_utf8(model.stem()) == name || to_utf8(model.filename()) == name) return model;
    names.push_back(to_utf8(model.stem()));
  }
  fail(ErrorKind::usage,
       "there is no model {}: it is neither a file, nor a run's folder, nor one of the models {}", name,
       names.empty() ? "(none are installed)" : fmt::format("{}", fmt::join(names, ", ")));
}

}  // namespace linmo::model
