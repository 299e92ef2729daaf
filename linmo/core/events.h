// SPDX-License-Identifier: Apache-2.0
// One way out of the library: it never prints and never exits. Work reports to an EventSink, whose answer
// can stop it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linmo {

struct Event {
  enum class Kind { info, warning, progress, metrics };
  Kind kind = Kind::info;
  std::string text;          // info, warning: a sentence; progress: what is being done
  double done = 0;           // progress: work done …
  double total = 0;          // … of this much (0: unknown)
  double seconds_left = -1;  // progress: estimate, negative when unknown
  std::vector<std::pair<std::string, double>> values;  // metrics, and figures beside a progress
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  // May be called from any thread, one call at a time.
  virtual void on_event(const Event& event) = 0;
  // Polled between units of work; true makes the work end early with ErrorKind::cancelled (or, where the
  // function says so, with whole files and a way to go on).
  virtual bool stop_requested() const { return false; }

  void info(std::string text) { on_event({Event::Kind::info, std::move(text), 0, 0, -1, {}}); }
  void warn(std::string text) { on_event({Event::Kind::warning, std::move(text), 0, 0, -1, {}}); }
  void progress(std::string text, double done, double total, double seconds_left = -1) {
    on_event({Event::Kind::progress, std::move(text), done, total, seconds_left, {}});
  }
  // Throws ErrorKind::cancelled when a stop was requested.
  void check(std::string_view what) const;
};

// Drops everything; for callers who do not care.
EventSink& null_sink();

// Passes everything on but progress, for steps of a work that reports its own.
class WithoutProgress : public EventSink {
 public:
  explicit WithoutProgress(EventSink& inner) : inner_(inner) {}
  void on_event(const Event& event) override {
    if (event.kind != Event::Kind::progress) inner_.on_event(event);
  }
  bool stop_requested() const override { return inner_.stop_requested(); }

 private:
  EventSink& inner_;
};

}  // namespace linmo
