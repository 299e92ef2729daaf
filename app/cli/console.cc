// SPDX-License-Identifier: Apache-2.0
#include "app/cli/console.h"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

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

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

Console::Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {
  const char* wanted = std::getenv("LINMO_EVENTS");
  if (!wanted) return;
  const std::string_view text = wanted;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), program_);
  if (problem != std::errc() || end != text.data() + text.size() || program_ < 1)
    fail(ErrorKind::usage,
         "LINMO_EVENTS={}: it names the descriptor to write events to, as in LINMO_EVENTS=3", wanted);
}

void Console::tell_program(const Event& event) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_progress = event.kind == Event::Kind::progress;
  if (is_progress && now - last_told_ < std::chrono::milliseconds(250)) return;
  if (is_progress) last_told_ = now;
  constexpr const char* kinds[] = {"info", "warning", "progress", "metrics"};
  nlohmann::json line = {{"kind", kinds[static_cast<int>(event.kind)]}, {"text", event.text}};
  if (is_progress)
    line.update({{"done", event.done}, {"total", event.total}, {"seconds_left", event.seconds_left}});
  for (const auto& [name, value] : event.values) line["values"][name] = value;
  const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  // A program that does not listen any more does not end the work.
  if (::write(program_, text.data(), text.size()) < 0) program_ = -1;
}
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
  if (program_ >= 0) tell_program(event);
  switch (event.kind) {
    case Event::Kind::info:
      if (quiet_) return;
      clear_line();
      say("{}\n", event.text);
      break;
    case Event::Kind::warning:
      clear_line();
      say("warning: {}\n", event.text);
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
        say("\r\x1b[K{}", line);
        line_open_ = true;
      } else {
        say("{}\n", line);
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
    say("linmo: {}\n", error.what());
    switch (error.kind()) {
      case ErrorKind::usage:
        return kUsage;
      case ErrorKind::cancelled:
        return kInterrupted;
      default:
        return kFailed;
    }
  } catch (const std::bad_alloc&) {
    say("linmo: not enough memory; close other programs or choose a smaller size\n");
    return kFailed;
  } catch (const std::system_error& error) {
    // Whoever reads the output has had enough of it (… | head): not worth a word.
    if (error.code() == std::errc::broken_pipe) return kFailed;
    say("linmo: {}\n", error.what());
    return kFailed;
  } catch (const std::exception& error) {
    say("linmo: {}\n", error.what());
    return kFailed;
  }
}

}  // namespace linmo::cli
