// SPDX-License-Identifier: Apache-2.0
// The queue, its results, and trainings as they go.
#include <zip.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "app/server/job_requests.h"
#include "app/server/studio.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr int64_t kMostRows = 2000;

fs::path result_file(const Studio& studio, const Job& job, const std::string& name) {
  return file_below(folder_below(studio.folders.results(), job.id), name);
}

// All results, stored as they are: pictures do not get smaller. Made beside them, once.
fs::path results_zip(const Studio& studio, const Job& job) {
  if (job.results.empty()) throw not_found("There are no results yet.");
  const fs::path made = studio.folders.work() / fmt::format("{}-{}.zip", job.id, job.results.size());
  if (fs::exists(made)) return made;
  AtomicFile file(made);
  int code = 0;
  std::unique_ptr<zip_t, void (*)(zip_t*)> archive(
      zip_open(file.temporary().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code), zip_discard);
  if (!archive) fail(ErrorKind::io, "cannot write {}", to_utf8(made));
  for (const JobResult& result : job.results) {
    zip_source_t* source =
        zip_source_file(archive.get(), result_file(studio, job, result.name).c_str(), 0, -1);
    const zip_int64_t index = zip_file_add(archive.get(), result.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      fail(ErrorKind::io, "cannot put {} into an archive", result.name);
    }
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  if (zip_close(archive.get()) != 0)
    fail(ErrorKind::io, "cannot write {}: {}", to_utf8(made), zip_strerror(archive.get()));
  (void)archive.release();  // closed is gone
  file.commit();
  return made;
}

const Job& known_run(const Studio& studio, const std::string& id) {
  const Job& job = studio.jobs.find(id);
  if (job.kind != "train") throw not_found("There is no such training.");
  return job;
}

// Rows after a step; a long run's are thinned, the newest kept.
json rows_after(const fs::path& file, int64_t after) {
  std::vector<json> rows;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    json row = json::parse(line, nullptr, false);
    if (row.is_object() && row.value("step", int64_t{0}) > after) rows.push_back(std::move(row));
  }
  json out = json::array();
  const auto count = static_cast<int64_t>(rows.size()), stride = (count + kMostRows - 1) / kMostRows;
  for (int64_t i = 0; i < count; ++i)
    if ((count - 1 - i) % stride == 0) out.push_back(std::move(rows[static_cast<size_t>(i)]));
  return out;
}

json samples_of(const fs::path& folder) {
  json list = json::array();
  std::error_code none;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, none))
    names.push_back(to_utf8(entry.path().filename()));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!name.starts_with("step_") || !name.ends_with(".png")) continue;
    list.push_back({{"file", name}, {"step", std::atoll(name.c_str() + 5)}});
  }
  return list;
}

void add_run_routes(Studio& studio) {
  Router& router = studio.router;
  router.add({"GET", "/api/v1/runs", [&studio](Request&) -> Task<Response> {
                json list = json::array();
                for (const Job* job : studio.jobs.newest_first())
                  if (job->kind == "train")
                    list.push_back({{"id", job->id},
                                    {"name", job->request["name"]},
                                    {"state", name(job->state)},
                                    {"job", job->id},
                                    {"method", job->request["method"]},
                                    {"minutes", job->request["minutes"]}});
                co_return Response::json(list);
              }});
  router.add({"GET", "/api/v1/runs/{id}/stats", [&studio](Request& request) -> Task<Response> {
                const Job& job = known_run(studio, request.parameter("id"));
                const int64_t after = request.number("after", -1, -1, int64_t{1} << 52);
                co_return Response::json(rows_after(studio.folders.runs() / job.id / "stats.jsonl", after));
              }});
  router.add({"GET", "/api/v1/runs/{id}/samples", [&studio](Request& request) -> Task<Response> {
                const Job& job = known_run(studio, request.parameter("id"));
                co_return Response::json(samples_of(studio.folders.runs() / job.id / "samples"));
              }});
  router.add({"GET", "/api/v1/runs/{id}/samples/{file}", [&studio](Request& request) -> Task<Response> {
                const Job& job = known_run(studio, request.parameter("id"));
                const fs::path folder = folder_below(studio.folders.runs() / job.id, "samples");
                co_return Response::of_file(file_below(folder, request.parameter("file")), "image/png");
              }});
  router.add({"GET", "/api/v1/runs/{id}/report.html", [&studio](Request& request) -> Task<Response> {
                const Job& job = known_run(studio, request.parameter("id"));
                const fs::path folder = folder_below(studio.folders.runs(), job.id);
                Response response =
                    Response::of_file(file_below(folder, "report.html"), "text/html; charset=utf-8");
                response.headers.emplace_back("Content-Security-Policy", report_policy());
                co_return response;
              }});
}

}  // namespace

void add_job_routes(Studio& studio) {
  Router& router = studio.router;
  router.add({"GET", "/api/v1/jobs", [&studio](Request&) -> Task<Response> {
                json list = json::array();
                for (const Job* job : studio.jobs.newest_first()) list.push_back(job->to_json());
                co_return Response::json(list);
              }});
  router.add({"POST", "/api/v1/jobs", [&studio](Request& request) -> Task<Response> {
                co_return Response::json(studio.jobs.add(request.json()).to_json(), 202);
              }});
  router.add({"GET", "/api/v1/jobs/{id}", [&studio](Request& request) -> Task<Response> {
                co_return Response::json(studio.jobs.find(request.parameter("id")).to_json());
              }});
  router.add({"DELETE", "/api/v1/jobs/{id}", [&studio](Request& request) -> Task<Response> {
                studio.jobs.forget(request.parameter("id"));
                co_return Response::nothing();
              }});
  router.add({"POST", "/api/v1/jobs/{id}/cancel", [&studio](Request& request) -> Task<Response> {
                studio.jobs.cancel(request.parameter("id"));
                co_return Response::json(studio.jobs.find(request.parameter("id")).to_json());
              }});
  router.add({"POST", "/api/v1/jobs/{id}/pause", [&studio](Request& request) -> Task<Response> {
                studio.jobs.pause(request.parameter("id"));
                co_return Response::json(studio.jobs.find(request.parameter("id")).to_json());
              }});
  router.add({"POST", "/api/v1/jobs/{id}/resume", [&studio](Request& request) -> Task<Response> {
                studio.jobs.resume(request.parameter("id"));
                co_return Response::json(studio.jobs.find(request.parameter("id")).to_json());
              }});
  router.add({"POST", "/api/v1/jobs/{id}/first", [&studio](Request& request) -> Task<Response> {
                studio.jobs.put_first(request.parameter("id"));
                co_return Response::json(studio.jobs.find(request.parameter("id")).to_json());
              }});
  router.add({"GET", "/api/v1/jobs/{id}/results/{name}", [&studio](Request& request) -> Task<Response> {
                const Job& job = studio.jobs.find(request.parameter("id"));
                const std::string name = request.parameter("name");
                const fs::path file = result_file(studio, job, name);
                if (request.query.contains("size") && type_of_name(name).starts_with("image/")) {
                  const int64_t size = request.number("size", 320, 16, 4096);
                  const json wish = {{"do", "picture"}, {"path", to_utf8(file)}, {"size", size}};
                  co_return picture_answer(co_await studio.eyes.ask(wish, std::chrono::seconds(60)), 3600);
                }
                Response response = Response::of_file(file, type_of_name(name));
                response.download_as(name);
                co_return response;
              }});
  router.add({"GET", "/api/v1/jobs/{id}/results.zip", [&studio](Request& request) -> Task<Response> {
                const Job& job = studio.jobs.find(request.parameter("id"));
                Response response = Response::of_file(results_zip(studio, job), "application/zip");
                response.download_as("linmo.zip");
                co_return response;
              }});
  add_run_routes(studio);
}

}  // namespace linmo::studio
