// SPDX-License-Identifier: Apache-2.0
// Work that takes a while: a queue that survives the studio's end. Painting goes through the worker;
// training, collecting and comparing are linmo's own commands as confined child processes, one at a time.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "app/server/folders.h"
#include "app/server/http.h"
#include "app/server/processes.h"
#include "app/server/store.h"
#include "app/server/worker.h"

namespace linmo::studio {

class Jobs {
 public:
  Jobs(asio::io_context& context, const Folders& folders, Store& store, Events& events, Processes& processes,
       Worker& painter);
  ~Jobs();

  // Takes up what was not finished, and begins to work.
  void begin();
  // Checks the request (throws HttpError 400, 404, 422, 429) and queues it.
  const Job& add(const nlohmann::json& request);
  std::vector<const Job*> newest_first() const;
  const Job& find(const std::string& id) const;  // throws HttpError 404

  // Throw HttpError 409 where the job's state does not allow it. A training that is cancelled keeps the model
  // that it has reached.
  void cancel(const std::string& id);
  void pause(const std::string& id);
  void resume(const std::string& id);
  void put_first(const std::string& id);  // of those that wait
  void forget(const std::string& id);     // with its results; a model, collection or study that it made stays

  // Asks the children to save what they have and waits for them.
  Task<void> stop();

 private:
  struct Entry;
  enum class Wish { none, pause, cancel };
  enum class Lane { paint, command };
  static Lane lane_of(const Job& job);
  Bell& bell(Lane lane) { return added_[static_cast<size_t>(lane)]; }
  Entry& entry(const std::string& id) const;
  void changed(Entry& entry);  // saved and told
  void told(Entry& entry);     // told, not more often than is useful
  void end(Entry& entry, JobState state, const std::string& message = "");
  Task<void> work(Lane lane);
  Task<void> stylise(Entry& entry);
  Task<void> run_command(Entry& entry);
  std::vector<std::string> command_of(Entry& entry, Sandbox& sandbox) const;
  void take_line(Entry& entry, const std::string& line);
  void install_file(Job& job);          // a video, a table: among its results
  void install_model(const Job& job);   // on the wall
  void install_folder(const Job& job);  // a collection, a study

  asio::io_context& context_;
  const Folders& folders_;
  Store& store_;
  Events& events_;
  Processes& processes_;
  Worker& painter_;
  std::list<std::unique_ptr<Entry>> entries_;  // oldest first
  Bell added_[2];
  int working_ = 0;
  bool stopping_ = false;
};

}  // namespace linmo::studio
