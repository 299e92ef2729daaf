// SPDX-License-Identifier: Apache-2.0
// Child processes: linmo itself, started again with other arguments.
#pragma once

#include <sys/types.h>

#include <boost/asio/signal_set.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/server/asio.h"

namespace linmo::studio {

class Processes {
 public:
  explicit Processes(asio::io_context& context);

  // Starts linmo with these arguments. The child has `third` as descriptor 3 (the caller closes its own), no
  // input, writes both outputs to the end of `log` (empty: nowhere), and no other descriptor of ours.
  pid_t start(std::vector<std::string> arguments, int third, const std::filesystem::path& log);
  // The exit code, or 128 + the signal that ended it. Once for each child.
  Task<int> ended(pid_t child);
  void signal(pid_t child, int number);  // nothing where it has ended
  bool any() const { return !children_.empty(); }

 private:
  struct Child {
    explicit Child(asio::io_context& context) : bell(context) {}
    std::optional<int> status;
    Bell bell;
  };
  Task<void> reap();
  asio::io_context& context_;
  asio::signal_set signals_;
  std::map<pid_t, std::shared_ptr<Child>> children_;
};

// What a command of linmo complained of last in its log; empty where it said nothing.
std::string complaint(const std::filesystem::path& log);

// What every child does first: it ends with `parent`, which started it (by this signal), also when that is
// killed. To be called before threads are started.
void end_with_parent(int signal, pid_t parent);

}  // namespace linmo::studio
