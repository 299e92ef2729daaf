// SPDX-License-Identifier: Apache-2.0
#include "app/server/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "app/server/folders.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

extern char** environ;

namespace linmo::studio {

Processes::Processes(asio::io_context& context) : context_(context), signals_(context, SIGCHLD) {
  asio::co_spawn(context, reap(), asio::detached);
}

pid_t Processes::start(std::vector<std::string> arguments, int third, const std::filesystem::path& log) {
  arguments.insert(arguments.begin(), "linmo");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  const std::string output = log.empty() ? "/dev/null" : log.string();
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_adddup2(&actions, third, 3);
  posix_spawn_file_actions_addclosefrom_np(&actions, 4);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own: Ctrl-C at the terminal is for the studio, which tells its children itself.
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int problem = ::posix_spawn(&child, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (problem != 0)
    fail(ErrorKind::io, "cannot start a process: {}", std::generic_category().message(problem));
  children_[child] = std::make_shared<Child>(context_);
  return child;
}

Task<int> Processes::ended(pid_t child) {
  const std::shared_ptr<Child> known = children_.at(child);
  while (!known->status) co_await known->bell.wait();
  children_.erase(child);
  co_return *known->status;
}

void Processes::signal(pid_t child, int number) {
  const auto at = children_.find(child);
  if (at != children_.end() && !at->second->status) ::kill(child, number);
}

Task<void> Processes::reap() {
  for (;;) {
    boost::system::error_code code;
    co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, code));
    if (code) co_return;
    for (auto& [pid, child] : children_) {
      int status = 0;
      if (child->status || ::waitpid(pid, &status, WNOHANG) != pid) continue;
      child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      child->bell.ring();
    }
  }
}

std::string complaint(const std::filesystem::path& log) {
  std::error_code none;
  if (!std::filesystem::exists(log, none)) return {};
  std::string text = read_text(log, 16 << 20);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  // A message may have several lines.
  constexpr std::string_view mark = "linmo: ";
  if (const size_t at = text.rfind(mark); at != std::string::npos)
    return safe_text(text.substr(at + mark.size()));
  return safe_text(text.substr(text.rfind('\n') + 1));
}

void end_with_parent(int signal, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
  if (::getppid() != parent) ::raise(SIGKILL);  // it ended before that
}

}  // namespace linmo::studio
