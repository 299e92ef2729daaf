// SPDX-License-Identifier: Apache-2.0
#include "app/server/folders.h"

#include <algorithm>
#include <cstdlib>

#include "app/server/http.h"
#include "linmo/collection/csv.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"
#include "linmo/model/styles.h"

namespace linmo::studio {

namespace fs = std::filesystem;

namespace {

// At most so many bytes, whole characters.
std::string_view cut(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_plain_segment(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

}  // namespace

Folders::Folders(const fs::path& data_folder, const std::vector<fs::path>& allowed_folders)
    : library(model::default_library()) {
  std::error_code code;
  const bool is_new = fs::create_directories(data_folder, code);
  if (code)
    fail(ErrorKind::io, "cannot make the data folder {}: {}; choose another with --data",
         to_utf8(data_folder), code.message());
  data = fs::canonical(data_folder);
  // Whose pictures these are is nobody else's business; a folder that was there is its owner's to decide.
  if (is_new) fs::permissions(data, fs::perms::owner_all, code);
  for (const fs::path& folder : {incoming(), pictures(), videos(), work(), results(), sources(), runs(),
                                 models(), collections(), studies()})
    fs::create_directories(folder);
  for (const fs::path& folder : allowed_folders) {
    if (!fs::is_directory(folder)) fail(ErrorKind::usage, "--allow: there is no folder {}", to_utf8(folder));
    allowed.push_back(fs::canonical(folder));
  }
  for (fs::path& folder : library.folders) folder = fs::weakly_canonical(fs::absolute(folder));
}

std::vector<fs::path> Folders::readable() const {
  std::vector<fs::path> all = {incoming(), pictures(), videos(), work(),
                               results(),  sources(),  models(), collections()};
  all.insert(all.end(), allowed.begin(), allowed.end());
  all.insert(all.end(), library.folders.begin(), library.folders.end());
  return all;
}

bool Folders::may_read(const fs::path& path) const {
  const std::vector<fs::path> all = readable();
  return std::any_of(all.begin(), all.end(), [&](const fs::path& root) { return is_below(path, root); });
}

fs::path Folders::allowed_path(const std::string& text) const {
  std::error_code code;
  const fs::path named = from_utf8(text);
  const fs::path path = fs::weakly_canonical(named, code);
  const bool inside =
      !code && named.is_absolute() &&
      std::any_of(allowed.begin(), allowed.end(), [&](const auto& root) { return is_below(path, root); });
  if (!inside)
    throw HttpError(403, "folder",
                    "The studio may not read this folder. Start it with --allow FOLDER to let it.");
  if (!fs::exists(path, code)) throw not_found("This folder is not there any more.");
  return path;
}

std::vector<fs::path> Folders::all_models() const {
  model::Library both{{models()}};
  both.folders.insert(both.folders.end(), library.folders.begin(), library.folders.end());
  return model::list_models(both);
}

Style Folders::find_style(const std::string& id) const {
  const std::vector<fs::path> models = all_models();
  const auto called = [&](const std::string& name) {
    return std::find_if(models.begin(), models.end(),
                        [&](const fs::path& file) { return to_utf8(file.stem()) == name; });
  };
  if (const auto at = called(id); at != models.end()) return {*at, ""};
  if (const size_t colon = id.rfind(':'); colon != std::string::npos) {  // no style's name has one
    const std::string style = id.substr(colon + 1);
    if (const auto at = called(id.substr(0, colon)); at != models.end()) {
      const std::vector<std::string> names = model::style_names(model::load_model_header(*at));
      if (std::find(names.begin(), names.end(), style) != names.end()) return {*at, style};
    }
  }
  throw not_found(fmt::format("There is no style called {}.", id));
}

bool Folders::is_users_model(const fs::path& file) const {
  return file.parent_path() == models();
}

fs::path default_data_folder() {
  if (const char* named = std::getenv("XDG_DATA_HOME"); named && *named == '/')
    return fs::path(named) / "linmo";
  const char* home = std::getenv("HOME");
  if (!home || !*home) fail(ErrorKind::usage, "there is no home folder; name one for the studio with --data");
  return fs::path(home) / ".local" / "share" / "linmo";
}

std::string safe_name(std::string_view wanted, std::string_view otherwise) {
  constexpr size_t most = 120;
  if (const size_t slash = wanted.find_last_of("/\\"); slash != std::string_view::npos)
    wanted.remove_prefix(slash + 1);
  std::string out = to_valid_utf8(wanted);
  std::erase_if(out, is_control);
  while (!out.empty() && (out.front() == '.' || out.front() == ' ' || out.front() == '-')) out.erase(0, 1);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  if (out.size() > most) {
    // The end of a name tells more than its middle: its extension is kept.
    const std::string extension = out.substr(std::min(out.size(), std::max(out.rfind('.'), out.size() - 8)));
    out = std::string(cut(out, most - extension.size())) + (is_utf8(extension) ? extension : "");
  }
  return out.empty() ? std::string(otherwise) : out;
}

void link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::create_hard_link(from, to, code);
  if (!code || code == std::errc::file_exists) return;
  const fs::path part = fs::path(to).concat(".part");
  fs::copy_file(from, part, fs::copy_options::overwrite_existing);
  fs::rename(part, to);
}

std::string safe_text(std::string_view text) {
  std::string out = to_valid_utf8(text);
  std::replace_if(out.begin(), out.end(), is_control, ' ');
  return std::string(cut(out, 2000));
}

std::string for_its_owner(std::string text, const std::string& stored, const std::string& name) {
  if (text.starts_with(stored + ": ")) text.erase(0, stored.size() + 2);
  for (size_t at = text.find(stored); at != std::string::npos; at = text.find(stored, at + name.size()))
    text.replace(at, stored.size(), name);
  return safe_text(text);
}

fs::path file_below(const fs::path& folder, const std::string& name) {
  const fs::path path = folder / from_utf8(name);
  std::error_code code;
  if (!is_plain_segment(name) || !fs::is_regular_file(fs::symlink_status(path, code))) throw not_found();
  return path;
}

fs::path folder_below(const fs::path& folder, const std::string& name) {
  const fs::path path = folder / from_utf8(name);
  std::error_code code;
  if (!is_plain_segment(name) || !fs::is_directory(fs::symlink_status(path, code))) throw not_found();
  return path;
}

}  // namespace linmo::studio
