// SPDX-License-Identifier: Apache-2.0
#include "app/cli/console.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <new>

#include "linmo/core/settings.h"

namespace linmo::cli {
namespace {
volatile std::sig_atomic_t g_interrupts = 0;

void on_signal(int signal) {
  g_interrupts = g_interrupts + 1;
  if (g_interrupts >= 2) {
    // The second Ctrl-C: whoever asks twice does not want to wait. Files are written atomically, so
    // nothing half-written stays under a final name.
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}
}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return g_interrupts > 0;
}

Console::Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}
Console::~Console() {
  clear_line();
}

void Console::clear_line() {
  if (line_open_) std::fputs("\r\x1b[K", stderr);
  line_open_ = false;
}

bool Console::stop_requested() const {
  return interrupted();
}

void Console::on_event(const Event& event) {
  using Clock = std::chrono::steady_clock;
  switch (event.kind) {
    case Event::Kind::info:
      if (quiet_) return;
      clear_line();
      fmt::print(stderr, "{}\n", event.text);
      break;
    case Event::Kind::warning:
      clear_line();
      fmt::print(stderr, "warning: {}\n", event.text);
      break;
    case Event::Kind::progress: {
      if (quiet_) return;
      const auto now = Clock::now();
      const bool finished = event.total > 0 && event.done >= event.total;
      // A terminal gets ten lines a second over each other; a log one every ten seconds.
      const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
      if (!finished && now - last_line_ < pause && event.text == last_text_) return;
      last_line_ = now;
      last_text_ = event.text;
      std::string line = event.text;
      if (event.total > 0)
        line += fmt::format("  {:.0f}/{:.0f}", event.done, event.total);
      else if (event.done > 0)
        line += fmt::format("  {:.0f}", event.done);
      if (event.seconds_left >= 0 && !finished)
        line += fmt::format("  {} left", format_duration(event.seconds_left));
      for (const auto& [name, value] : event.values) line += fmt::format("  {} {:.4g}", name, value);
      if (terminal_) {
        fmt::print(stderr, "\r\x1b[K{}", line);
        line_open_ = true;
      } else {
        fmt::print(stderr, "{}\n", line);
      }
      std::fflush(stderr);
      break;
    }
    case Event::Kind::metrics:
      break;
  }
}

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const Error& error) {
    fmt::print(stderr, "linmo: {}\n", error.what());
    switch (error.kind()) {
      case ErrorKind::usage:
        return kUsage;
      case ErrorKind::cancelled:
        return kInterrupted;
      default:
        return kFailed;
    }
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "linmo: not enough memory; close other programs or choose a smaller size\n");
    return kFailed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "linmo: {}\n", error.what());
    return kFailed;
  }
}

}  // namespace linmo::cli
