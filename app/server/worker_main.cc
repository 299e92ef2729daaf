// SPDX-License-Identifier: Apache-2.0
// The worker's side: one wish after another, each answered, until the server goes.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "app/server/paint.h"
#include "app/server/worker.h"
#include "linmo/core/error.h"

namespace linmo::studio {
namespace {

using nlohmann::json;

volatile std::sig_atomic_t g_stop = 0;

constexpr int kServer = 3;  // the descriptor

bool read_all(void* to, size_t bytes) {
  auto* at = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t count = ::read(kServer, at, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    bytes -= static_cast<size_t>(count);
  }
  return true;
}

bool write_all(const void* from, size_t bytes) {
  const auto* at = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t count = ::write(kServer, at, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    bytes -= static_cast<size_t>(count);
  }
  return true;
}

bool send(const Frame& frame) {
  const std::string text = frame.value.dump(-1, ' ', false, json::error_handler_t::replace);
  const std::array<uint32_t, 2> lengths = {static_cast<uint32_t>(text.size()),
                                           static_cast<uint32_t>(frame.bytes.size())};
  return write_all(lengths.data(), sizeof(lengths)) && write_all(text.data(), text.size()) &&
         write_all(frame.bytes.data(), frame.bytes.size());
}

// Progress goes to the server; SIGINT from there asks the work to stop.
class ServerSink : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.kind == Event::Kind::warning) warnings.push_back(event.text);
    if (event.kind != Event::Kind::progress || event.total <= 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    send({{{"progress", event.done / event.total}, {"seconds_left", event.seconds_left}}, ""});
  }
  bool stop_requested() const override { return g_stop > 0; }
  std::vector<std::string> warnings;

 private:
  std::chrono::steady_clock::time_point last_{};
};

json error_of(int status, const char* kind, const std::string& message) {
  return {{"error", {{"status", status}, {"kind", kind}, {"message", message}}}};
}

Frame answer(Painter& painter, const json& wish) {
  try {
    ServerSink sink;
    Frame frame = painter.fulfil(wish, sink);
    if (!sink.warnings.empty()) frame.value["warnings"] = sink.warnings;
    return frame;
  } catch (const Error& error) {
    switch (error.kind()) {
      case ErrorKind::limit:
        return {error_of(413, "limit", error.what()), ""};
      case ErrorKind::cancelled:
        return {error_of(409, "cancelled", error.what()), ""};
      case ErrorKind::usage:
        return {error_of(400, "usage", error.what()), ""};
      default:
        return {error_of(422, "input", error.what()), ""};
    }
  } catch (const std::bad_alloc&) {
    return {error_of(413, "limit", "there is not enough memory for this picture"), ""};
  } catch (const std::exception& error) {
    return {error_of(422, "input", error.what()), ""};
  }
}

ChildSetup begin(const std::string& text, int signal) {
  pid_t parent = 0;
  ChildSetup setup = ChildSetup::from_text(text, parent);
  end_with_parent(signal, parent);
  if (setup.niceness > 0) ::setpriority(PRIO_PROCESS, 0, setup.niceness);
  for (const std::string& missing : enter_sandbox(setup.sandbox))
    fmt::print(stderr, "the sandbox is without {}\n", missing);
  return setup;
}

}  // namespace

int run_worker(const std::string& text) {
  begin(text, SIGKILL);
  struct sigaction action = {};
  action.sa_handler = [](int) { g_stop = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  Painter painter;
  for (;;) {
    std::array<uint32_t, 2> lengths = {};
    if (!read_all(lengths.data(), sizeof(lengths))) return 0;
    if (lengths[0] > kMaxFrameJson || lengths[1] != 0) return 1;
    std::string wish(lengths[0], '\0');
    if (!read_all(wish.data(), wish.size())) return 0;
    g_stop = 0;
    if (!send(answer(painter, json::parse(wish)))) return 0;
  }
}

int run_confined(const std::string& text, std::vector<std::string> command) {
  begin(text, SIGTERM);
  command.insert(command.begin(), "linmo");
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::setenv("LINMO_EVENTS", std::to_string(kServer).c_str(), 1);
  ::execv("/proc/self/exe", argv.data());
  fail(ErrorKind::io, "cannot start linmo again: {}", std::strerror(errno));
}

}  // namespace linmo::studio
