// SPDX-License-Identifier: Apache-2.0
// The one exception type of the library; free of other headers, so that linmo.h can include it. Expected
// outcomes (a picture refused, a duplicate found) are return values instead.
#pragma once

#include <stdexcept>
#include <string>

namespace linmo {

enum class ErrorKind {
  usage,      // the caller asked for something that does not exist or does not fit together (exit code 2)
  input,      // a file or value from outside is wrong
  limit,      // a stated bound (pixels, memory, nesting, time) would be passed
  io,         // the file system refused: missing, read-only, full
  cancelled,  // an event sink asked to stop
  numeric,    // a computation diverged
};

// `what()` reads: what was wrong, with which file, what to do. Crosses the shared library's border.
class __attribute__((visibility("default"))) Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace linmo
