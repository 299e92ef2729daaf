// SPDX-License-Identifier: Apache-2.0
#include "linmo/core/events.h"

#include "linmo/core/error.h"

namespace linmo {
namespace {
class NullSink : public EventSink {
 public:
  void on_event(const Event&) override {}
};
}  // namespace

void EventSink::check(std::string_view what) const {
  if (stop_requested()) fail(ErrorKind::cancelled, "{}: stopped on request", what);
}

EventSink& null_sink() {
  static NullSink sink;
  return sink;
}

}  // namespace linmo
