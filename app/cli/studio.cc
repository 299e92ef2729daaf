// SPDX-License-Identifier: Apache-2.0
// linmo studio: all of it in a browser, on one's own machine.
#include "app/server/studio.h"

#include "app/cli/commands.h"
#include "app/cli/console.h"

namespace linmo::cli {
namespace {

struct StudioOptions {
  std::string data, listen = "127.0.0.1", password_file;
  std::vector<std::string> allow, hosts;
  int port = 0;
  int64_t upload = 256, pictures = 10, memory = 8;
  bool no_browser = false;
};

int run_studio(const StudioOptions& o) {
  studio::StudioSettings settings;
  settings.data = o.data;
  settings.allow = {o.allow.begin(), o.allow.end()};
  settings.port = static_cast<uint16_t>(o.port);
  settings.listen = o.listen;
  settings.hosts = o.hosts;
  settings.password_file = o.password_file;
  settings.can_train = find_helper("linmo-train").has_value();
  settings.open_browser = !o.no_browser;
  settings.upload_bytes = static_cast<uint64_t>(o.upload) << 20;
  settings.picture_bytes = static_cast<uint64_t>(o.pictures) << 30;
  settings.worker_bytes = static_cast<uint64_t>(o.memory) << 30;
  studio::run_studio(settings);
  return kDone;
}

// What the studio starts itself as; no command for people.
void add_child(Registry registry, const char* name, int (*run_child)(const std::vector<std::string>&)) {
  CLI::App* command = registry.app.add_subcommand(name)->group("");
  command->prefix_command();
  command->set_help_flag();
  command->callback(
      [command, run_child, &code = registry.exit_code] { code = run_child(command->remaining()); });
}

int run_worker(const std::vector<std::string>& words) {
  if (words.size() != 1) fail(ErrorKind::usage, "studio-worker is started by linmo studio");
  return studio::run_worker(words[0]);
}

int run_confined(const std::vector<std::string>& words) {
  if (words.size() < 3 || words[1] != "--") fail(ErrorKind::usage, "studio-run is started by linmo studio");
  return studio::run_confined(words[0], {words.begin() + 2, words.end()});
}

}  // namespace

void add_studio(Registry registry) {
  auto o = std::make_shared<StudioOptions>();
  CLI::App* command = registry.app.add_subcommand(
      "studio", "All of it in the browser: paint, train, collect, compare; on this machine alone");
  command->add_option("--data", o->data, "folder for its pictures, styles and jobs [~/.local/share/linmo]");
  command
      ->add_option("--allow", o->allow,
                   "a folder whose pictures may be read, for training and collections; repeatable")
      ->allow_extra_args(false);
  command->add_option("--port", o->port, "0: any that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command
      ->add_option(
          "--listen", o->listen,
          "address to listen at; another than this machine's own needs --password-file, and is not encrypted")
      ->capture_default_str();
  command->add_option("--password-file", o->password_file,
                      "file with a password in its first line, for who has no link");
  command
      ->add_option("--host", o->hosts, "name or address by which other machines call the studio; repeatable")
      ->allow_extra_args(false);
  command->add_flag("--no-browser", o->no_browser, "print the link and open nothing");
  command->add_option("--max-upload", o->upload, "MB of one file")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--max-pictures", o->pictures, "GB of all uploads")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--memory", o->memory, "GB of addresses that a process which decodes may take")
      ->check(CLI::Range(2, 1024))
      ->capture_default_str();
  command->callback([o, &code = registry.exit_code] { code = run_studio(*o); });
  add_child(registry, "studio-worker", run_worker);
  add_child(registry, "studio-run", run_confined);
}

}  // namespace linmo::cli
