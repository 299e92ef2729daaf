// SPDX-License-Identifier: Apache-2.0
// Uploads, and how they would look.
#include "app/server/job_requests.h"
#include "app/server/studio.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr size_t kMostPreviews = 128;

UploadedPicture known_picture(Studio& studio, const std::string& id) {
  const auto picture = studio.store.picture(id);
  if (!picture) throw not_found("There is no such picture.");
  return *picture;
}

std::string path_of(const Studio& studio, const UploadedPicture& picture) {
  return to_utf8(studio.folders.pictures() / (picture.id + picture.extension));
}

Task<Response> upload_picture(Studio& studio, Request& request) {
  if (request.file.empty() || fs::file_size(request.file) == 0)
    throw HttpError(400, "request", "The body is empty.");
  const uint64_t size = fs::file_size(request.file);
  uint64_t used = size;
  for (const UploadedPicture& other : studio.store.pictures()) used += other.bytes;
  if (used > studio.settings.picture_bytes)
    throw HttpError(
        507, "quota",
        fmt::format("The studio keeps at most {} GB of pictures; remove some that are not needed.",
                    studio.settings.picture_bytes >> 30));
  const json wish = {{"do", "probe"}, {"path", to_utf8(request.file)}};
  Frame seen;
  try {
    seen = co_await studio.eyes.ask(wish, std::chrono::seconds(60));
  } catch (const HttpError& error) {
    const std::string name = safe_name(request.text("name"), "this file");
    throw HttpError(error.status, error.kind, for_its_owner(error.what(), to_utf8(request.file), name));
  }
  UploadedPicture picture;
  picture.id = sha256_file(request.file).substr(0, 24);
  picture.width = seen.value.at("width");
  picture.height = seen.value.at("height");
  picture.channels = seen.value.at("channels");
  picture.alpha = seen.value.at("alpha");
  picture.format = seen.value.at("format");
  picture.extension = seen.value.at("extension");
  picture.bytes = size;
  picture.name = safe_name(request.text("name"), "picture" + picture.extension);
  fs::rename(request.file, studio.folders.pictures() / (picture.id + picture.extension));
  request.file.clear();
  studio.store.add(picture);
  co_return Response::json(picture.to_json(), 201);
}

Task<Response> preview(Studio& studio, Request& request) {
  const json asked = request.json();
  const UploadedPicture picture = known_picture(studio, text_field(asked, "picture"));
  const json size = asked.value("size", json(768));
  if (!size.is_number_integer() || size < 16 || size > 30'000)
    throw HttpError(400, "request", "\"size\" must be a whole number from 16 to 30000");
  json wish = look_of_request(asked, studio.folders);
  wish["do"] = "preview";
  wish["path"] = path_of(studio, picture);
  wish["size"] = size;
  if (studio.eyes.waiting() >= kMostPreviews)
    throw HttpError(503, "busy", "Too much is asked for at once; try again.");
  // A browser shows the newest only; a script wants each that it asked for.
  const std::string key = request.client.empty() ? "" : "preview " + request.client;
  co_return picture_answer(co_await studio.eyes.ask(wish, std::chrono::seconds(120), key), 0);
}

}  // namespace

Response picture_answer(Frame frame, int seconds) {
  Response response;
  response.type = frame.value.at("type");
  response.body = std::move(frame.bytes);
  if (seconds > 0)
    response.headers.emplace_back("Cache-Control", fmt::format("private, max-age={}", seconds));
  return response;
}

void add_picture_routes(Studio& studio) {
  Router& router = studio.router;
  router.add({"GET", "/api/v1/pictures", [&studio](Request&) -> Task<Response> {
                json list = json::array();
                for (const UploadedPicture& picture : studio.store.pictures())
                  list.push_back(picture.to_json());
                co_return Response::json(list);
              }});
  router.add({"POST", "/api/v1/pictures",
              [&studio](Request& request) { return upload_picture(studio, request); }, true});
  router.add({"GET", "/api/v1/pictures/{id}", [&studio](Request& request) -> Task<Response> {
                const UploadedPicture picture = known_picture(studio, request.parameter("id"));
                const int64_t longer = std::max(picture.width, picture.height);
                const int64_t size = std::min(longer, request.number("size", 1024, 16, 300'000));
                const json wish = {{"do", "picture"}, {"path", path_of(studio, picture)}, {"size", size}};
                // An id is of the content: what it stands for never changes.
                co_return picture_answer(co_await studio.eyes.ask(wish, std::chrono::seconds(120)), 86400);
              }});
  router.add({"DELETE", "/api/v1/pictures/{id}", [&studio](Request& request) -> Task<Response> {
                const UploadedPicture picture = known_picture(studio, request.parameter("id"));
                studio.store.remove_picture(picture.id);
                std::error_code ignored;
                fs::remove(studio.folders.pictures() / (picture.id + picture.extension), ignored);
                co_return Response::nothing();
              }});
  router.add({"POST", "/api/v1/preview", [&studio](Request& request) { return preview(studio, request); }});
}

}  // namespace linmo::studio
