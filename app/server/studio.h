// SPDX-License-Identifier: Apache-2.0
// linmo studio: everything put together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "app/server/folders.h"
#include "app/server/guard.h"
#include "app/server/http.h"
#include "app/server/jobs.h"
#include "app/server/processes.h"
#include "app/server/store.h"
#include "app/server/worker.h"

namespace linmo::studio {

struct StudioSettings {
  std::filesystem::path data;  // empty: default_data_folder()
  std::vector<std::filesystem::path> allow;
  uint16_t port = 0;  // 0: any that is free
  std::string listen = "127.0.0.1";
  std::vector<std::string> hosts;       // beside `listen`, what the studio is called from other machines
  std::filesystem::path password_file;  // its first line; demanded where `listen` is no loopback address
  bool open_browser = true;
  bool can_train = false;                // linmo-train is installed
  uint64_t upload_bytes = 256ULL << 20;  // of one file
  uint64_t picture_bytes = 10ULL << 30;  // of all uploads
  uint64_t worker_bytes = 8ULL << 30;    // of a worker's address space
};

// Serves until SIGINT or SIGTERM. Prints the address. Throws ErrorKind::io (the port or the data folder is in
// use) and ErrorKind::usage.
void run_studio(const StudioSettings& settings);

struct Studio {
  Studio(const StudioSettings& the_settings, Folders the_folders);

  StudioSettings settings;
  Folders folders;
  asio::io_context context{1};
  Store store;
  Events events;
  Processes processes;
  Worker eyes;     // looks at uploads and paints previews: quick answers
  Worker painter;  // paints in full size
  Jobs jobs;
  Router router;
  std::string token;  // of this start
  Guard guard;
  std::map<std::string, Frame> cards;  // the wall's pictures, by model file and time
};

// All routes: the API's (docs/openapi.json), by what they are about in files of their own, and the pages.
void add_routes(Studio& studio);
void add_picture_routes(Studio& studio);
void add_video_routes(Studio& studio);
void add_model_routes(Studio& studio);
void add_job_routes(Studio& studio);
void add_folder_routes(Studio& studio);
void add_collection_routes(Studio& studio);

// A worker's picture; browsers may keep it so many seconds (0: not at all).
Response picture_answer(Frame frame, int seconds);

// The front end, built into the program: path without the first slash → contents; null where there is none.
const std::string* asset(const std::string& path);

}  // namespace linmo::studio
