// SPDX-License-Identifier: Apache-2.0
// What the studio remembers: uploaded pictures and jobs, in one SQLite file; everything else it knows is in
// files that linmo's commands made.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "linmo/culture/database.h"

namespace linmo::studio {

// Now, or another moment, as "2026-01-31T12:00:00Z".
std::string iso_time();

struct UploadedPicture {
  std::string id;    // the first digits of its SHA-256
  std::string name;  // as its owner calls it
  int64_t width = 0, height = 0;
  int channels = 0;
  bool alpha = false;
  std::string format, extension;  // "JPEG", ".jpg"
  uint64_t bytes = 0;
  nlohmann::json to_json() const;
};

enum class JobState { queued, running, paused, done, failed, cancelled };
std::string_view name(JobState state);
bool is_over(JobState state);

struct JobResult {
  std::string name, type;
  uint64_t bytes = 0;
};

struct Job {
  std::string id, kind;  // stylise, video, train, collect, compare
  JobState state = JobState::queued;
  int64_t priority = 0;      // of waiting jobs the highest is next, of equal ones the oldest
  double progress = 0;       // 0 … 1
  double seconds_left = -1;  // negative: not known
  std::string message, created, started, ended;
  nlohmann::json request;
  std::vector<JobResult> results;
  std::vector<std::pair<std::string, std::string>> failures;  // what, why

  nlohmann::json to_json() const;  // as the API shows it
};

class Store {
 public:
  explicit Store(const std::filesystem::path& file);

  void add(const UploadedPicture& picture);  // or its new name
  void remove_picture(const std::string& id);
  std::vector<UploadedPicture> pictures();  // oldest first
  std::optional<UploadedPicture> picture(const std::string& id);

  void save(const Job& job);
  void remove_job(const std::string& id);
  std::vector<Job> jobs();  // oldest first

 private:
  culture::Database database_;
};

}  // namespace linmo::studio
