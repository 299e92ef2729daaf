// SPDX-License-Identifier: Apache-2.0
// The studio's painter: a confined child process that decodes pictures, keeps models warm and paints, so that
// no stranger's file is ever decoded in the server. They speak in frames over a pair of sockets.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "app/server/asio.h"
#include "app/server/processes.h"
#include "app/server/sandbox.h"

namespace linmo::studio {

// A frame: two little-endian 32-bit lengths, then so much JSON, then so many bytes.
struct Frame {
  nlohmann::json value;
  std::string bytes;
};
inline constexpr uint32_t kMaxFrameJson = 64 << 20, kMaxFrameBytes = 256 << 20;

// What a child process is told on its command line.
struct ChildSetup {
  Sandbox sandbox;
  int niceness = 0;
  std::string to_text(pid_t parent) const;
  static ChildSetup from_text(const std::string& text, pid_t& parent);
};

// The arguments that start a command of linmo confined.
std::vector<std::string> confined(const ChildSetup& setup, std::vector<std::string> command);

class Worker {
 public:
  Worker(asio::io_context& context, Processes& processes, ChildSetup setup, std::filesystem::path log);
  ~Worker();

  struct Wish {
    nlohmann::json value;
    // Of wishes with one key only the newest stays; the others throw HttpError 409: "superseded" where they
    // waited, "cancelled" where one was under way.
    std::string key = {};
    bool gives_way = false;             // whatever comes later without this is done before it
    std::chrono::seconds patience{60};  // without a word from the child; then it is ended
    std::function<void(const nlohmann::json&)> on_progress = {};
  };
  // In the order of asking. What the child refuses is thrown as HttpError 422 (or 413, 507 …); a child that
  // ends over it as HttpError 422 "crashed", and the next wish gets a new one.
  Task<Frame> ask(Wish wish);
  Task<Frame> ask(nlohmann::json value, std::chrono::seconds patience, std::string key = {});
  size_t waiting() const { return turns_->size(); }
  void interrupt();  // the wish under way ends with HttpError 409 "cancelled"
  void stop();

 private:
  struct Turn;
  Task<Frame> talk(const Wish& wish);
  void start();
  void forget_child();
  asio::io_context& context_;
  Processes& processes_;
  ChildSetup setup_;
  std::filesystem::path log_;
  // The first is under way. Shared, as wishes that wait when the studio ends outlive the worker.
  std::shared_ptr<std::deque<std::shared_ptr<Turn>>> turns_ =
      std::make_shared<std::deque<std::shared_ptr<Turn>>>();
  asio::local::stream_protocol::socket socket_;
  pid_t child_ = -1;
  bool stopped_ = false;
};

// `linmo studio-worker SETUP`: the child's side, over descriptor 3.
int run_worker(const std::string& setup);
// `linmo studio-run SETUP COMMAND…`: enters the sandbox and becomes that command of linmo.
int run_confined(const std::string& setup, std::vector<std::string> command);

}  // namespace linmo::studio
