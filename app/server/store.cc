// SPDX-License-Identifier: Apache-2.0
#include "app/server/store.h"

#include <array>
#include <ctime>

#include "app/server/http.h"
#include "linmo/core/error.h"

namespace linmo::studio {

using nlohmann::json;

namespace {

constexpr std::array<std::string_view, 6> kStates = {"queued", "running", "paused",
                                                     "done",   "failed",  "cancelled"};

json time_or_null(const std::string& time) {
  return time.empty() ? json(nullptr) : json(time);
}

UploadedPicture picture_from(const culture::Statement& row) {
  UploadedPicture picture;
  picture.id = row.text(0);
  picture.name = row.text(1);
  const json about = json::parse(row.text(2));
  picture.width = about.at("width");
  picture.height = about.at("height");
  picture.channels = about.at("channels");
  picture.alpha = about.at("alpha");
  picture.format = about.at("format");
  picture.extension = about.at("extension");
  picture.bytes = about.at("bytes");
  return picture;
}

}  // namespace

std::string iso_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  std::array<char, 32> text = {};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string_view name(JobState state) {
  return kStates[static_cast<size_t>(state)];
}

bool is_over(JobState state) {
  return state == JobState::done || state == JobState::failed || state == JobState::cancelled;
}

json UploadedPicture::to_json() const {
  return {{"id", id},       {"name", name},     {"width", width}, {"height", height}, {"channels", channels},
          {"alpha", alpha}, {"format", format}, {"bytes", bytes}};
}

json Job::to_json() const {
  json files = json::array(), problems = json::array();
  for (const JobResult& result : results)
    files.push_back({{"name", result.name},
                     {"bytes", result.bytes},
                     {"type", result.type},
                     {"href", fmt::format("/api/v1/jobs/{}/results/{}", id, percent_encoded(result.name))}});
  for (const auto& [what, why] : failures) problems.push_back({{"name", what}, {"reason", why}});
  return {{"id", id},
          {"kind", kind},
          {"state", name(state)},
          {"priority", priority},
          {"progress", progress},
          {"etaSeconds", seconds_left < 0 ? json(nullptr) : json(seconds_left)},
          {"message", message},
          {"created", created},
          {"started", time_or_null(started)},
          {"ended", time_or_null(ended)},
          {"request", request},
          {"results", files},
          {"failures", problems}};
}

Store::Store(const std::filesystem::path& file) : database_(file) {
  database_.run("PRAGMA journal_mode = WAL");
  database_.run("PRAGMA synchronous = NORMAL");
  database_.run(
      "CREATE TABLE IF NOT EXISTS pictures (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, name TEXT "
      "NOT "
      "NULL, about TEXT NOT NULL)");
  database_.run(
      "CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, job TEXT NOT "
      "NULL)");
}

void Store::add(const UploadedPicture& picture) {
  json about = picture.to_json();
  about["extension"] = picture.extension;
  database_
      .prepare(
          "INSERT INTO pictures (id, name, about) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = "
          "excluded.name")
      .bind(1, picture.id)
      .bind(2, picture.name)
      .bind(3, about.dump())
      .step();
}

void Store::remove_picture(const std::string& id) {
  database_.prepare("DELETE FROM pictures WHERE id = ?").bind(1, id).step();
}

std::vector<UploadedPicture> Store::pictures() {
  std::vector<UploadedPicture> all;
  culture::Statement rows = database_.prepare("SELECT id, name, about FROM pictures ORDER BY number");
  while (rows.step()) all.push_back(picture_from(rows));
  return all;
}

std::optional<UploadedPicture> Store::picture(const std::string& id) {
  culture::Statement row = database_.prepare("SELECT id, name, about FROM pictures WHERE id = ?");
  row.bind(1, id);
  if (!row.step()) return std::nullopt;
  return picture_from(row);
}

void Store::save(const Job& job) {
  database_
      .prepare("INSERT INTO jobs (id, job) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET job = excluded.job")
      .bind(1, job.id)
      .bind(2, job.to_json().dump(-1, ' ', false, json::error_handler_t::replace))
      .step();
}

void Store::remove_job(const std::string& id) {
  database_.prepare("DELETE FROM jobs WHERE id = ?").bind(1, id).step();
}

std::vector<Job> Store::jobs() {
  std::vector<Job> all;
  culture::Statement rows = database_.prepare("SELECT job FROM jobs ORDER BY number");
  while (rows.step()) {
    const json value = json::parse(rows.text(0));
    Job job;
    job.id = value.at("id");
    job.kind = value.at("kind");
    const std::string state = value.at("state");
    for (size_t i = 0; i < kStates.size(); ++i)
      if (kStates[i] == state) job.state = static_cast<JobState>(i);
    job.priority = value.value("priority", int64_t{0});
    job.progress = value.at("progress");
    job.message = value.at("message");
    const auto time = [&](const char* key) {
      return value.at(key).is_null() ? "" : value.at(key).get<std::string>();
    };
    job.created = time("created");
    job.started = time("started");
    job.ended = time("ended");
    job.request = value.at("request");
    for (const json& result : value.at("results"))
      job.results.push_back({result.at("name"), result.at("type"), result.at("bytes")});
    for (const json& failure : value.at("failures"))
      job.failures.emplace_back(failure.at("name"), failure.at("reason"));
    all.push_back(std::move(job));
  }
  return all;
}

}  // namespace linmo::studio
