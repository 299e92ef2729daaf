// SPDX-License-Identifier: Apache-2.0
// Folders on the disk that the studio was allowed to read.
#include <algorithm>

#include "app/server/job_requests.h"
#include "app/server/studio.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr size_t kMostEntries = 20'000, kMostFolders = 2000, kSamples = 8;

struct Content {
  std::vector<fs::path> folders, pictures;
};

// What lies directly in a folder, by name; hidden things and links left out.
Content content_of(const fs::path& folder) {
  Content content;
  std::error_code code;
  size_t seen = 0;
  for (const auto& entry :
       fs::directory_iterator(folder, fs::directory_options::skip_permission_denied, code)) {
    if (++seen > kMostEntries) break;
    const std::string name = to_utf8(entry.path().filename());
    std::error_code gone;
    const fs::file_status status = entry.symlink_status(gone);
    if (gone || name.starts_with('.')) continue;
    if (fs::is_directory(status))
      content.folders.push_back(entry.path());
    else if (fs::is_regular_file(status) && is_picture_name(entry.path()))
      content.pictures.push_back(entry.path());
  }
  std::sort(content.folders.begin(), content.folders.end());
  std::sort(content.pictures.begin(), content.pictures.end());
  if (content.folders.size() > kMostFolders) content.folders.resize(kMostFolders);
  return content;
}

json listing(const fs::path& folder) {
  const Content content = content_of(folder);
  json folders = json::array(), samples = json::array();
  for (const fs::path& below : content.folders)
    folders.push_back({{"path", to_utf8(below)},
                       {"name", to_utf8(below.filename())},
                       {"pictures", content_of(below).pictures.size()}});
  for (size_t i = 0; i < std::min(kSamples, content.pictures.size()); ++i)
    samples.push_back(to_utf8(content.pictures[i]));
  return {{"path", to_utf8(folder)},
          {"folders", folders},
          {"pictures", content.pictures.size()},
          {"samples", samples}};
}

}  // namespace

void add_folder_routes(Studio& studio) {
  Router& router = studio.router;
  router.add({"GET", "/api/v1/folders", [&studio](Request& request) -> Task<Response> {
                const fs::path folder = studio.folders.allowed_path(request.text("path"));
                if (!fs::is_directory(folder)) throw not_found("This is not a folder.");
                co_return Response::json(listing(folder));
              }});
  router.add({"POST", "/api/v1/folders/check", [&studio](Request& request) -> Task<Response> {
                const fs::path folder = studio.folders.allowed_path(text_field(request.json(), "path"));
                const json wish = {{"do", "check"}, {"folder", to_utf8(folder)}};
                const Frame found = co_await studio.eyes.ask(wish, std::chrono::seconds(120));
                co_return Response::json(found.value);
              }});
  router.add({"GET", "/api/v1/folders/thumbnail", [&studio](Request& request) -> Task<Response> {
                const fs::path file = studio.folders.allowed_path(request.text("path"));
                if (!fs::is_regular_file(file)) throw not_found();
                const json wish = {{"do", "picture"}, {"path", to_utf8(file)}, {"size", 160}};
                co_return picture_answer(co_await studio.eyes.ask(wish, std::chrono::seconds(60)), 300);
              }});
}

}  // namespace linmo::studio
