// SPDX-License-Identifier: Apache-2.0
#include "app/server/job_requests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "app/server/http.h"
#include "linmo/collection/csv.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

[[noreturn]] void wrong(const std::string& what) {
  throw HttpError(400, "request", what);
}

double number_field(const json& request, const char* key, double otherwise, double least, double most) {
  const auto at = request.find(key);
  if (at == request.end()) return otherwise;
  const bool fits = at->is_number() && at->get<double>() >= least && at->get<double>() <= most;
  if (!fits) wrong(fmt::format("\"{}\" must be a number from {} to {}", key, least, most));
  return at->get<double>();
}

int64_t whole_field(const json& request, const char* key, int64_t otherwise, int64_t least, int64_t most) {
  const double value = number_field(request, key, static_cast<double>(otherwise), static_cast<double>(least),
                                    static_cast<double>(most));
  if (value != std::floor(value)) wrong(fmt::format("\"{}\" must be a whole number", key));
  return static_cast<int64_t>(value);
}

std::vector<std::string> texts_field(const json& request, const char* key, size_t most) {
  const auto at = request.find(key);
  if (at == request.end() || !at->is_array() || at->empty() || at->size() > most)
    wrong(fmt::format("\"{}\" must be a list of 1 to {} texts", key, most));
  std::vector<std::string> texts;
  for (const json& text : *at) {
    if (!text.is_string()) wrong(fmt::format("\"{}\" must be a list of texts", key));
    texts.push_back(text);
  }
  return texts;
}

json checked_source(const json& request, const char* key, const Folders& folders, Store& store) {
  const auto at = request.find(key);
  if (at == request.end() || !at->is_object())
    wrong(fmt::format("\"{}\" must be {{\"folder\": path}} or {{\"pictures\": [ids]}}", key));
  if (at->contains("folder")) return {{"folder", to_utf8(folders.allowed_path(text_field(*at, "folder")))}};
  const std::vector<std::string> ids = texts_field(*at, "pictures", 10'000);
  for (const std::string& id : ids)
    if (!store.picture(id)) throw not_found(fmt::format("There is no picture {}.", safe_text(id)));
  return {{"pictures", ids}};
}

json checked_stylise(const json& request, const Folders& folders, Store& store) {
  look_of_request(request, folders);  // for its errors
  json blend = json::array();
  for (const json& part : request.at("blend"))
    blend.push_back({{"model", part.at("model")}, {"weight", part.value("weight", 1.0)}});
  json out = {{"kind", "stylise"},
              {"blend", blend},
              {"strength", number_field(request, "strength", 1, 0, 1)},
              {"keepColour", request.value("keepColour", false)}};
  std::string format = request.contains("format") ? text_field(request, "format") : "png";
  const std::string extension = format == "png"    ? ".png"
                                : format == "jpeg" ? ".jpg"
                                : format == "webp" ? ".webp"
                                                   : "";
  if (extension.empty()) wrong("\"format\" must be png, jpeg or webp");
  json names = json::array();
  std::set<std::string> taken;
  const std::vector<std::string> ids = texts_field(request, "pictures", 1000);
  for (const std::string& id : ids) {
    const auto picture = store.picture(id);
    if (!picture) throw not_found(fmt::format("There is no picture {}.", safe_text(id)));
    const std::string stem = to_utf8(from_utf8(picture->name).stem());
    std::string name = stem + extension;
    for (int n = 2; !taken.insert(name).second; ++n) name = fmt::format("{} ({}){}", stem, n, extension);
    names.push_back(name);
  }
  out["pictures"] = ids;
  out["names"] = names;
  out["format"] = format;
  return out;
}

json checked_video(const json& request, const Folders& folders) {
  look_of_request(request, folders);  // for its errors
  const json& blend = request.at("blend");
  if (blend.size() > 1) wrong("a video is painted in one style; \"blend\" must have one model");
  const std::string id = text_field(request, "video");
  file_below(folders.videos(), id);
  const std::string stem = to_utf8(from_utf8(name_field(request)).stem());
  return {{"kind", "video"},
          {"video", id},
          {"name", name_field(request)},
          {"output", stem + ".mp4"},
          {"blend", json::array({{{"model", blend[0].at("model")}, {"weight", 1.0}}})},
          {"strength", number_field(request, "strength", 1, 0, 1)},
          {"keepColour", request.value("keepColour", false)}};
}

json checked_train(const json& request, const Folders& folders, Store& store) {
  const std::string method = text_field(request, "method");
  constexpr std::array kMethods = {"swift",   "multi",    "recurrent", "cut",
                                   "fastcut", "cyclegan", "classic",   "tune"};
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end())
    wrong(fmt::format("\"method\" must be one of {}", fmt::join(kMethods, ", ")));
  const int64_t size = whole_field(request, "size", 128, 64, 512);
  if (size % 32 != 0) wrong("\"size\" must be a multiple of 32");
  json out = {{"kind", "train"},
              {"name", name_field(request)},
              {"style", checked_source(request, "style", folders, store)},
              {"method", method},
              {"minutes", number_field(request, "minutes", 10, 0.05, 2880)},
              {"size", size},
              {"seed", whole_field(request, "seed", 1, 0, 1LL << 31)}};
  if (method == "multi" && !out["style"].contains("folder"))
    wrong("with \"multi\" the \"style\" must be a folder, which holds a folder for each style");
  if (method == "tune" || method == "recurrent") {
    out["model"] = text_field(request, "model");
    folders.find_style(out["model"]);
  }
  // Without contents a model is tuned on the style's own pictures.
  if (method != "tune" || request.contains("content"))
    out["content"] = checked_source(request, "content", folders, store);
  return out;
}

// Works of collections, as a map's selection names them: [[collection, file], …].
json checked_works(const json& works, const Folders& folders) {
  json out = json::array();
  if (!works.is_array() || works.empty() || works.size() > 20'000)
    wrong("\"works\" must be a list of 1 to 20000 pairs of a collection and a file");
  std::map<std::string, std::set<std::string>> known;
  for (const json& work : works) {
    if (!work.is_array() || work.size() != 2 || !work[0].is_string() || !work[1].is_string())
      wrong("\"works\" must be a list of pairs of a collection and a file");
    const std::string collection = work[0], named = work[1];
    if (!known.contains(collection)) {
      const fs::path manifest = file_below(folder_below(folders.collections(), collection), kManifestName);
      for (const Picture& picture : read_manifest(manifest).pictures) known[collection].insert(picture.file);
    }
    // A study of several collections calls a work by its collection's name and its own.
    const bool whole = !known[collection].contains(named) && named.starts_with(collection + "/");
    const std::string file = whole ? named.substr(collection.size() + 1) : named;
    if (!known[collection].contains(file))
      throw not_found(fmt::format("There is no work {} in {}.", safe_text(file), safe_text(collection)));
    out.push_back({collection, file});
  }
  return out;
}

}  // namespace

std::string text_field(const json& request, const char* key) {
  const auto at = request.find(key);
  if (at == request.end() || !at->is_string()) wrong(fmt::format("\"{}\" must be text", key));
  return at->get<std::string>();
}

std::string name_field(const json& request) {
  const std::string asked = text_field(request, "name"), name = safe_name(asked, "");
  if (name.empty() || name != asked)
    wrong("\"name\" must be 1 to 120 bytes of text without slashes, and not begin with a dot or a hyphen");
  return name;
}

json look_of_request(const json& request, const Folders& folders) {
  const auto blend = request.find("blend");
  if (blend == request.end() || !blend->is_array() || blend->empty() || blend->size() > 4)
    wrong("\"blend\" must be a list of 1 to 4 of {\"model\": name, \"weight\": number}");
  double sum = 0;
  for (const json& part : *blend) {
    if (!part.is_object()) wrong("\"blend\" must be a list of {\"model\": name, \"weight\": number}");
    sum += number_field(part, "weight", 1, 0, 1000);
  }
  if (sum <= 0) wrong("one weight of \"blend\" must be more than 0");
  if (request.contains("keepColour") && !request["keepColour"].is_boolean())
    wrong("\"keepColour\" must be true or false");
  json parts = json::array();
  for (const json& part : *blend) {
    const Style named = folders.find_style(text_field(part, "model"));
    parts.push_back({{"path", to_utf8(named.file)},
                     {"style", named.style},
                     {"weight", number_field(part, "weight", 1, 0, 1000) / sum}});
  }
  return {{"blend", parts},
          {"strength", number_field(request, "strength", 1, 0, 1)},
          {"keepColour", request.value("keepColour", false)}};
}

json checked_request(const json& request, const Folders& folders, Store& store) {
  const std::string kind = text_field(request, "kind");
  if (kind == "stylise") return checked_stylise(request, folders, store);
  if (kind == "video") return checked_video(request, folders);
  if (kind == "train") return checked_train(request, folders, store);
  if (kind == "collect") {
    const std::string name = name_field(request);
    if (fs::exists(folders.collections() / from_utf8(name)))
      throw HttpError(409, "exists",
                      fmt::format("There is a collection {} already; choose another name.", name));
    if (request.contains("works"))
      return {{"kind", kind}, {"name", name}, {"works", checked_works(request["works"], folders)}};
    if (request.contains("pictures")) {
      const json uploads = {{"source", {{"pictures", request["pictures"]}}}};
      return {{"kind", kind},
              {"name", name},
              {"pictures", checked_source(uploads, "source", folders, store).at("pictures")}};
    }
    json sources = json::array();
    for (const std::string& source : texts_field(request, "sources", 100))
      sources.push_back(to_utf8(folders.allowed_path(source)));
    return {{"kind", kind}, {"name", name}, {"sources", sources}};
  }
  if (kind == "describe") {
    const std::string collection = text_field(request, "collection");
    file_below(folder_below(folders.collections(), collection), kManifestName);
    return {
        {"kind", kind}, {"name", collection}, {"collection", collection}, {"output", collection + ".csv"}};
  }
  if (kind == "compare") {
    const std::string name = name_field(request);
    if (fs::exists(folders.studies() / from_utf8(name)))
      throw HttpError(409, "exists",
                      fmt::format("There is a comparison {} already; choose another name.", name));
    const std::vector<std::string> collections = texts_field(request, "collections", 20);
    if (std::set<std::string>(collections.begin(), collections.end()).size() < 2)
      wrong("two different collections are needed to compare");
    for (const std::string& collection : collections)
      file_below(folder_below(folders.collections(), collection), kManifestName);
    json out = {{"kind", kind}, {"name", name}, {"collections", collections}};
    if (request.contains("preregistration")) out["preregistration"] = text_field(request, "preregistration");
    return out;
  }
  wrong("\"kind\" must be stylise, video, train, collect, describe or compare");
}

fs::path source_folder(const json& source, const std::string& side, const std::string& job,
                       const Folders& folders, Store& store) {
  if (source.contains("folder")) return folders.allowed_path(source["folder"]);
  const fs::path folder = folders.sources() / job / side;
  fs::create_directories(folder);
  for (const json& id : source.at("pictures")) {
    const auto picture = store.picture(id);
    if (!picture) continue;
    const fs::path file = picture->id + picture->extension;
    link_or_copy(folders.pictures() / file, folder / file);
  }
  return folder;
}

fs::path uploads_as_source(const json& pictures, const std::string& job, const std::string& name,
                           const Folders& folders, Store& store) {
  // The folder's name becomes the works' culture, as with any folder that is collected.
  const fs::path folder = folders.sources() / job / from_utf8(name);
  fs::create_directories(folder);
  std::set<std::string> taken;
  for (const json& id : pictures) {
    const auto picture = store.picture(id);
    if (!picture) continue;
    const std::string stem = to_utf8(from_utf8(picture->name).stem());
    std::string file = stem + picture->extension;
    for (int n = 2; !taken.insert(file).second; ++n)
      file = fmt::format("{} ({}){}", stem, n, picture->extension);
    link_or_copy(folders.pictures() / (picture->id + picture->extension), folder / from_utf8(file));
  }
  return folder;
}

std::vector<fs::path> works_as_sources(const json& works, const std::string& job, const Folders& folders) {
  const fs::path folder = folders.sources() / job;
  Manifest chosen;
  std::map<std::string, std::map<std::string, Picture>> known;
  for (const json& work : works) {
    const std::string collection = work[0], file = work[1];
    const fs::path from = folder_below(folders.collections(), collection);
    if (!known.contains(collection))
      for (Picture& picture : read_manifest(from / kManifestName).pictures)
        known[collection][picture.file] = std::move(picture);
    const auto at = known[collection].find(file);
    if (at == known[collection].end()) continue;
    // Links are followed, as collections of links are: but only to where pictures may be read.
    const fs::path picture = fs::weakly_canonical(from / from_utf8(file));
    if (!folders.may_read(picture) || !fs::is_regular_file(picture)) continue;
    const std::string name = collection + "/" + file;
    const fs::path to = (folder / "pictures" / from_utf8(name)).lexically_normal();
    const fs::path relative = to.lexically_relative(folder / "pictures");
    if (relative.empty() || *relative.begin() == "..") continue;
    fs::create_directories(to.parent_path());
    link_or_copy(picture, to);
    Picture row;
    row.file = name;
    for (const std::string_view column : kDescriptiveColumns)
      descriptive_field(row, column) = descriptive_field(at->second, column);
    chosen.pictures.push_back(std::move(row));
  }
  if (chosen.pictures.empty()) fail(ErrorKind::input, "none of these works is there any more");
  // What is known of the works goes with them.
  write_manifest(folder / "labels.csv", chosen);
  return {folder / "pictures", folder / "labels.csv"};
}

}  // namespace linmo::studio
