// SPDX-License-Identifier: Apache-2.0
// Uploaded videos, which jobs paint. Nothing looks into one before a job's confined program does.
#include "app/server/job_requests.h"
#include "app/server/studio.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/image/codec.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

uint64_t bytes_in(const fs::path& folder) {
  uint64_t sum = 0;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code))
    if (const uint64_t size = entry.file_size(code); !code) sum += size;
  return sum;
}

Task<Response> upload_video(Studio& studio, Request& request) {
  if (request.file.empty() || fs::file_size(request.file) == 0)
    throw HttpError(400, "request", "The body is empty.");
  const std::string name = safe_name(request.text("name"), "");
  std::string extension = to_utf8(from_utf8(name).extension());
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (extension.empty() || !is_video_name(from_utf8("video" + extension)))
    throw HttpError(400, "request",
                    "\"name\" must end as a video's name does: .mp4, .mov, .mkv, .webm, .avi …");
  const uint64_t size = fs::file_size(request.file);
  if (bytes_in(studio.folders.videos()) + size > studio.settings.picture_bytes)
    throw HttpError(
        507, "quota",
        fmt::format("The studio keeps at most {} GB of videos; remove results that are not needed.",
                    studio.settings.picture_bytes >> 30));
  const std::string id = sha256_file(request.file).substr(0, 24) + extension;
  fs::rename(request.file, studio.folders.videos() / from_utf8(id));
  request.file.clear();
  co_return Response::json({{"id", id}, {"name", name}, {"bytes", size}}, 201);
}

}  // namespace

void add_video_routes(Studio& studio) {
  Router& router = studio.router;
  router.add({"POST", "/api/v1/videos", [&studio](Request& request) { return upload_video(studio, request); },
              true});
}

}  // namespace linmo::studio
