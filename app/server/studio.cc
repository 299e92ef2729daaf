// SPDX-License-Identifier: Apache-2.0
#include "app/server/studio.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "app/server/job_requests.h"
#include "linmo/core/files.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

ChildSetup eyes_setup(const StudioSettings& settings, const Folders& folders) {
  ChildSetup setup;
  setup.sandbox.read = folders.readable();
  setup.sandbox.memory_bytes = settings.worker_bytes;
  return setup;
}

ChildSetup painter_setup(const StudioSettings& settings, const Folders& folders) {
  ChildSetup setup = eyes_setup(settings, folders);
  setup.sandbox.write = {folders.work()};
  setup.niceness = 5;
  return setup;
}

// Two studios over one data folder would run every job twice.
void lock_data(const Folders& folders) {
  const fs::path file = folders.data / "studio.lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) fail_io("open", file);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    fail(ErrorKind::io, "another studio uses {}; stop it, or give this one another folder with --data",
         to_utf8(folders.data));
  // Kept open until the process ends.
}

void clean(const Folders& folders) {
  std::error_code ignored;
  for (const fs::path& folder : {folders.incoming(), folders.work()})
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove_all(entry.path(), ignored);
}

void open_in_browser(const std::string& url) {
  if (!std::getenv("DISPLAY") && !std::getenv("WAYLAND_DISPLAY")) return;
  std::string program = "xdg-open", address = url;
  char* argv[] = {program.data(), address.data(), nullptr};
  pid_t child = 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int output : {1, 2})
    posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  ::posix_spawnp(&child, program.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
}

Response page(const std::string& path) {
  const std::string* content = asset(path);
  Response response;
  if (!content && path == "index.html") {
    response.type = "text/plain; charset=utf-8";
    response.body =
        "This linmo was built without the studio's pages. Build it with ./run build where npm is\n"
        "installed. The API works: docs/api.md.\n";
    return response;
  }
  if (!content) throw not_found();
  response.type = type_of_name(path);
  response.body = *content;
  // Vite names what it bundles by its content.
  if (path.starts_with("assets/"))
    response.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
  return response;
}

void add_page_routes(Studio& studio) {
  studio.router.add({"GET", "/", [](Request&) -> Task<Response> { co_return page("index.html"); }});
  studio.router.add({"GET", "/{file}",
                     [](Request& request) -> Task<Response> { co_return page(request.parameter("file")); }});
  studio.router.add({"GET", "/assets/{file}", [](Request& request) -> Task<Response> {
                       co_return page("assets/" + request.parameter("file"));
                     }});
}

// The password that was asked for. Throws ErrorKind::usage where one is needed and there is none, or a weak
// one.
std::optional<Password> password_of(const StudioSettings& settings) {
  boost::system::error_code code;
  const auto address = asio::ip::make_address(settings.listen, code);
  if (code)
    fail(ErrorKind::usage, "--listen {}: this is not an address, as 127.0.0.1 or 192.168.1.5 are",
         settings.listen);
  if (settings.password_file.empty()) {
    if (address.is_loopback()) return std::nullopt;
    fail(ErrorKind::usage,
         "--listen {} opens the studio to other machines: name a file with a password, --password-file FILE. "
         "What goes "
         "over the network is not encrypted; ssh -L PORT:127.0.0.1:PORT needs neither",
         settings.listen);
  }
  if (address.is_unspecified() && settings.hosts.empty())
    fail(ErrorKind::usage, "--listen {}: say with --host by which name or address the studio is called",
         settings.listen);
  std::string text = read_text(settings.password_file, 4096);
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.size() < 10)
    fail(ErrorKind::usage, "{}: the password (its first line) must have at least 10 characters",
         to_utf8(settings.password_file));
  return Password(text);
}

void add_session_routes(Studio& studio) {
  studio.router.add({"GET", "/api/v1/session", [&studio](Request&) -> Task<Response> {
                       json folders = json::array();
                       for (const fs::path& folder : studio.folders.allowed)
                         folders.push_back(to_utf8(folder));
                       co_return Response::json(
                           {{"version", LINMO_VERSION},
                            {"languages", {"en", "zh", "ja"}},
                            {"limits", {{"bodyBytes", studio.settings.upload_bytes}, {"pixels", 1 << 28}}},
                            {"train", studio.settings.can_train},
                            {"folders", folders},
                            {"cores", std::thread::hardware_concurrency()}});
                     }});
  studio.router.add({"POST", "/api/v1/login", [&studio](Request& request) -> Task<Response> {
                       const json asked = request.json();
                       co_return studio.guard.log_in(text_field(asked, "password"));
                     }});
  studio.router.add({"GET", "/api/v1/events", [](Request&) -> Task<Response> {
                       Response response;
                       response.is_events = true;
                       co_return response;
                     }});
}

Task<void> stop_at_signal(Studio& studio) {
  asio::signal_set signals(studio.context, SIGINT, SIGTERM);
  co_await signals.async_wait(asio::use_awaitable);
  // Nobody may be reading: fmt::print would throw, and the signals would be lost.
  std::fputs("stopping; trainings write their checkpoints\n", stderr);
  studio.events.end();
  // A second signal ends it at once: what is finished is on the disk.
  signals.async_wait([](boost::system::error_code code, int) {
    if (!code) ::_exit(130);
  });
  co_await studio.jobs.stop();
  studio.eyes.stop();
  studio.painter.stop();
  for (int i = 0; i < 250 && studio.processes.any(); ++i) {
    asio::steady_timer pause(studio.context, std::chrono::milliseconds(20));
    co_await pause.async_wait(asio::use_awaitable);
  }
  studio.context.stop();
}

}  // namespace

Studio::Studio(const StudioSettings& the_settings, Folders the_folders)
    : settings(the_settings),
      folders(std::move(the_folders)),
      store(folders.data / "studio.sqlite"),
      events(context),
      processes(context),
      eyes(context, processes, eyes_setup(settings, folders), folders.log()),
      painter(context, processes, painter_setup(settings, folders), folders.log()),
      jobs(context, folders, store, events, processes, painter),
      token(random_hex(20)),
      guard(token, password_of(settings)) {}

void add_routes(Studio& studio) {
  add_session_routes(studio);
  add_picture_routes(studio);
  add_video_routes(studio);
  add_model_routes(studio);
  add_job_routes(studio);
  add_folder_routes(studio);
  add_collection_routes(studio);
  add_page_routes(studio);
}

void run_studio(const StudioSettings& settings) {
  Folders folders(settings.data.empty() ? default_data_folder() : settings.data, settings.allow);
  lock_data(folders);
  clean(folders);
  Studio studio(settings, std::move(folders));
  add_routes(studio);

  ServerHooks hooks;
  hooks.guard = [&studio](Request& request, Response& response) { return studio.guard(request, response); };
  hooks.incoming = studio.folders.incoming();
  hooks.log = [](const std::string& line) { std::fputs((line + "\n").c_str(), stderr); };
  ServerLimits limits;
  limits.upload_bytes = settings.upload_bytes;
  const uint16_t port =
      serve(studio.context, settings.listen, settings.port, studio.router, studio.events, hooks, limits);
  std::vector<std::string> hosts = settings.hosts;
  const auto address = asio::ip::make_address(settings.listen);
  if (!address.is_unspecified())
    hosts.push_back(address.is_v6() ? "[" + settings.listen + "]" : settings.listen);
  studio.guard.listens_at(port, hosts);
  asio::co_spawn(studio.context, stop_at_signal(studio), asio::detached);
  studio.jobs.begin();

  const std::string url = fmt::format(
      "http://{}:{}/?token={}", address.is_unspecified() ? "127.0.0.1" : hosts.back(), port, studio.token);
  fmt::print("the studio is open at\n\n  {}\n\n", url);
  if (address.is_loopback())
    fmt::print("Only this machine can reach it. ");
  else
    fmt::print(
        "Other machines reach it as http://{}:{}/ and need the password. Nothing is encrypted on the way: "
        "password and\n"
        "pictures can be read by who is between. ",
        hosts.front(), port);
  fmt::print("Its pictures and styles are in {}.\nCtrl-C ends it.\n", to_utf8(studio.folders.data));
  std::fflush(stdout);
  if (settings.open_browser) open_in_browser(url);
  studio.context.run();
}

}  // namespace linmo::studio
