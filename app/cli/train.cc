// SPDX-License-Identifier: Apache-2.0
// linmo train and linmo tune: check the command line, then hand over to linmo-train, which has libtorch.
#include <unistd.h>

#include <filesystem>

#include "app/cli/commands.h"
#include "app/cli/train_options.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::cli {

std::optional<std::filesystem::path> find_helper(const std::string& program) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& place : {folder / program, folder / ".." / "libexec" / "linmo" / program})
    if (fs::exists(place)) return place;
  return std::nullopt;
}

[[noreturn]] void run_helper(const std::string& program, std::vector<std::string> arguments) {
  const auto place = find_helper(program);
  if (!place) fail(ErrorKind::io, "{} is not beside linmo; build and install it too (./run build)", program);
  std::string path = place->string();
  std::vector<char*> argv = {path.data()};
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  ::execv(path.c_str(), argv.data());
  fail_io("start", *place);
}

namespace {

void add(Registry registry, const char* name, const char* description,
         TrainCommand (*parse)(const std::vector<std::string>&)) {
  CLI::App* command = registry.app.add_subcommand(name, description);
  command->prefix_command();
  command->set_help_flag();  // linmo train --help is answered by the command itself
  command->callback([command, parse, name] {
    std::vector<std::string> arguments = command->remaining();
    parse(arguments);
    arguments.insert(arguments.begin(), name);
    run_helper("linmo-train", std::move(arguments));
  });
}

}  // namespace

void add_train(Registry registry) {
  add(registry, "train", "Learn the style of a folder of pictures", parse_train);
}

void add_tune(Registry registry) {
  add(registry, "tune", "Adjust a trained generator to a new style, from a few pictures", parse_tune);
}

}  // namespace linmo::cli
