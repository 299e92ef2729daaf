// SPDX-License-Identifier: Apache-2.0
// Collections (manifest.csv in a folder) and studies (the pages of linmo compare).
#include <algorithm>
#include <array>
#include <map>

#include "app/server/job_requests.h"
#include "app/server/studio.h"
#include "linmo/collection/csv.h"
#include "linmo/collection/ingest.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::array<const char*, 7> kLabels = {"title",  "culture", "artist",  "date",
                                                "source", "licence", "category"};
constexpr std::array<const char*, 5> kFacets = {"culture", "artist", "category", "source", "licence"};
constexpr size_t kMostValues = 200;

fs::path manifest_of(const Studio& studio, const std::string& id) {
  return file_below(folder_below(studio.folders.collections(), id), kManifestName);
}

std::vector<fs::path> folders_with(const fs::path& folder, const char* file) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::exists(entry.path() / file)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

json work_json(Picture picture) {
  json out = {{"file", picture.file}};
  for (const char* label : kLabels)
    if (const std::string& value = descriptive_field(picture, label); !value.empty()) out[label] = value;
  return out;
}

json detail(const Studio& studio, const std::string& id) {
  Manifest manifest = read_manifest(manifest_of(studio, id));
  json facets = json::array();
  for (const char* field : kFacets) {
    std::map<std::string, int64_t> counts;
    for (Picture& picture : manifest.pictures)
      if (const std::string& value = descriptive_field(picture, field); !value.empty()) ++counts[value];
    if (counts.empty() || counts.size() > kMostValues) continue;
    json values = json::array();
    for (const auto& [value, count] : counts) values.push_back({{"value", value}, {"count", count}});
    facets.push_back({{"field", field}, {"values", values}});
  }
  return {{"id", id}, {"name", id}, {"works", manifest.pictures.size()}, {"facets", facets}};
}

// "field:value", or a text that the file's name or a label contains.
bool fits(Picture& picture, const std::string& filter) {
  if (filter.empty()) return true;
  const size_t colon = filter.find(':');
  const std::string field = filter.substr(0, colon);
  const bool is_facet =
      colon != std::string::npos && std::find(kFacets.begin(), kFacets.end(), field) != kFacets.end();
  if (is_facet) return descriptive_field(picture, field) == filter.substr(colon + 1);
  const auto holds = [&](const std::string& text) { return text.find(filter) != std::string::npos; };
  return holds(picture.file) || std::any_of(kLabels.begin(), kLabels.end(), [&](const char* label) {
           return holds(descriptive_field(picture, label));
         });
}

json works(const Studio& studio, Request& request) {
  Manifest manifest = read_manifest(manifest_of(studio, request.parameter("id")));
  const int64_t offset = request.number("offset", 0, 0, 100'000'000),
                limit = request.number("limit", 60, 1, 500);
  const std::string filter = request.text("filter");
  json list = json::array();
  int64_t at = 0;
  for (Picture& picture : manifest.pictures) {
    if (!fits(picture, filter)) continue;
    if (at++ >= offset) list.push_back(work_json(picture));
    if (static_cast<int64_t>(list.size()) == limit) break;
  }
  return list;
}

void label(const Studio& studio, Request& request) {
  const fs::path file = manifest_of(studio, request.parameter("id"));
  Manifest manifest = read_manifest(file);
  const auto picture = std::find_if(manifest.pictures.begin(), manifest.pictures.end(),
                                    [&](const Picture& p) { return p.file == request.parameter("file"); });
  if (picture == manifest.pictures.end()) throw not_found("There is no such work.");
  const json labels = request.json();
  for (const auto& [key, value] : labels.items()) {
    if (key == "file") continue;
    const bool known = std::find(kLabels.begin(), kLabels.end(), key) != kLabels.end();
    if (!known || !value.is_string() || value.get<std::string>().size() > 4000)
      throw HttpError(400, "request",
                      fmt::format("\"{}\" is not a label that can be changed", safe_text(key)));
    descriptive_field(*picture, key) = value.get<std::string>();
  }
  write_manifest(file, manifest);
}

// Groups of pictures that resemble one another, from duplicates.csv.
json duplicates(const Studio& studio, const std::string& id) {
  const fs::path folder = manifest_of(studio, id).parent_path();
  if (!fs::exists(folder / kDuplicatesName)) return json::array();
  const CsvTable table = parse_csv(read_text(folder / kDuplicatesName), kDuplicatesName);
  const int64_t file = table.column("file"), of = table.column("duplicate_of"),
                out = table.column("left_out");
  std::map<std::string, json> groups;
  if (file < 0 || of < 0) return json::array();
  for (const auto& row : table.rows) {
    // An exact copy was left out, and is not there to be shown.
    if (out >= 0 && row[static_cast<size_t>(out)] == "yes") continue;
    json& group = groups[row[static_cast<size_t>(of)]];
    if (group.empty()) group.push_back(row[static_cast<size_t>(of)]);
    group.push_back(row[static_cast<size_t>(file)]);
  }
  json list = json::array();
  for (auto& [first, group] : groups) list.push_back(std::move(group));
  return list;
}

Task<Response> work_thumbnail(Studio& studio, Request& request) {
  const fs::path folder = manifest_of(studio, request.parameter("id")).parent_path();
  std::error_code code;
  const fs::path file = fs::weakly_canonical(folder / from_utf8(request.parameter("file")), code);
  // A manifest may name anything; only what lies in the collection is shown.
  if (code || !is_below(file, folder) || !fs::is_regular_file(file)) throw not_found();
  const json wish = {{"do", "picture"}, {"path", to_utf8(file)}, {"size", 320}};
  co_return picture_answer(co_await studio.eyes.ask(wish, std::chrono::seconds(60)), 3600);
}

json study(const Studio& studio, const fs::path& folder) {
  json files = json::array(), collections = json::array();
  for (const char* file : {"report.html", "map.html"})
    if (fs::exists(folder / file)) files.push_back(file);
  for (const Job* job : studio.jobs.newest_first())
    if (job->kind == "compare" && job->request["name"] == to_utf8(folder.filename()))
      collections = job->request["collections"];
  return {{"id", to_utf8(folder.filename())},
          {"name", to_utf8(folder.filename())},
          {"collections", collections},
          {"files", files}};
}

}  // namespace

void add_collection_routes(Studio& studio) {
  Router& router = studio.router;
  router.add({"GET", "/api/v1/collections", [&studio](Request&) -> Task<Response> {
                json list = json::array();
                for (const fs::path& folder : folders_with(studio.folders.collections(), kManifestName)) {
                  const std::string id = to_utf8(folder.filename());
                  list.push_back({{"id", id},
                                  {"name", id},
                                  {"works", read_manifest(folder / kManifestName).pictures.size()}});
                }
                co_return Response::json(list);
              }});
  router.add({"GET", "/api/v1/collections/{id}", [&studio](Request& request) -> Task<Response> {
                co_return Response::json(detail(studio, request.parameter("id")));
              }});
  router.add({"GET", "/api/v1/collections/{id}/works", [&studio](Request& request) -> Task<Response> {
                co_return Response::json(works(studio, request));
              }});
  router.add(
      {"PATCH", "/api/v1/collections/{id}/works/{file}", [&studio](Request& request) -> Task<Response> {
         label(studio, request);
         co_return Response::nothing();
       }});
  router.add({"GET", "/api/v1/collections/{id}/works/{file}/thumbnail",
              [&studio](Request& request) { return work_thumbnail(studio, request); }});
  router.add({"GET", "/api/v1/collections/{id}/duplicates", [&studio](Request& request) -> Task<Response> {
                co_return Response::json(duplicates(studio, request.parameter("id")));
              }});
  router.add({"GET", "/api/v1/studies", [&studio](Request&) -> Task<Response> {
                json list = json::array();
                for (const fs::path& folder : folders_with(studio.folders.studies(), "report.html"))
                  list.push_back(study(studio, folder));
                co_return Response::json(list);
              }});
  router.add({"GET", "/api/v1/studies/{id}/{file}", [&studio](Request& request) -> Task<Response> {
                const std::string name = request.parameter("file");
                const fs::path file =
                    file_below(folder_below(studio.folders.studies(), request.parameter("id")), name);
                Response response = Response::of_file(file, type_of_name(file));
                if (name.ends_with(".html"))
                  response.headers.emplace_back("Content-Security-Policy", report_policy());
                co_return response;
              }});
}

}  // namespace linmo::studio
