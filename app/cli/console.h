// SPDX-License-Identifier: Apache-2.0
// How the commands talk: one live line on a terminal, plain lines in a log, JSON for machines; Ctrl-C asks
// the work to stop, a second Ctrl-C ends it at once.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "linmo/core/error.h"
#include "linmo/core/events.h"

namespace linmo::cli {

// Exit codes of every command.
inline constexpr int kDone = 0;    // all was done
inline constexpr int kFailed = 1;  // something was not; the list was printed
inline constexpr int kUsage = 2;   // the command line makes no sense
inline constexpr int kInterrupted = 130;

// Writes to stderr, and does not mind when nobody reads it any more (fmt::print would throw, and end the
// work).
void say(std::string_view text);
template <class... T>
void say(fmt::format_string<T...> format, T&&... values) {
  say(std::string_view(fmt::format(format, std::forward<T>(values)...)));
}

// With LINMO_EVENTS=N in the environment every event also goes, as a line of JSON, to file descriptor N: for
// programs that show the progress their own way.
class Console : public EventSink {
 public:
  explicit Console(bool quiet = false);
  ~Console() override;
  void on_event(const Event& event) override;
  bool stop_requested() const override;

 private:
  void clear_line();
  void tell_program(const Event& event);
  bool quiet_, terminal_;
  int program_ = -1;  // LINMO_EVENTS
  std::chrono::steady_clock::time_point last_told_{};
  bool line_open_ = false;
  std::chrono::steady_clock::time_point last_line_{};
  std::string last_text_;
};

// Installs the SIGINT/SIGTERM handler that Console::stop_requested() reads.
void catch_interrupts();
bool interrupted();

// Runs a command: prints an Error as "linmo: …" on stderr and turns it into the exit code.
int guarded(const std::function<int()>& command);

}  // namespace linmo::cli
