// SPDX-License-Identifier: Apache-2.0
#include "app/server/jobs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <chrono>
#include <istream>
#include <set>

#include "app/server/guard.h"
#include "app/server/job_requests.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

constexpr size_t kMostWaiting = 1000;
constexpr uint64_t kLeastFreeBytes = 256ULL << 20;
constexpr int kMostCrashes = 2;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Whether a training has this run's folder: the one of a studio that was killed may still be saving.
bool is_locked(const fs::path& run) {
  const int descriptor = ::open((run / ".lock").c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0;
  ::close(descriptor);
  return locked;
}

}  // namespace

struct Jobs::Entry {
  Job job;
  Wish wish = Wish::none;
  pid_t child = -1;
  bool is_running = false;  // a lane has it
  int crashes = 0;          // of its command, one after another
  Clock::time_point told{};
};

Jobs::Jobs(asio::io_context& context, const Folders& folders, Store& store, Events& events,
           Processes& processes, Worker& painter)
    : context_(context),
      folders_(folders),
      store_(store),
      events_(events),
      processes_(processes),
      painter_(painter),
      added_{Bell(context), Bell(context)} {}

Jobs::~Jobs() = default;

void Jobs::begin() {
  for (Job& job : store_.jobs()) {
    auto entry = std::make_unique<Entry>();
    entry->job = std::move(job);
    if (entry->job.state == JobState::running)
      entry->job.state = JobState::queued;  // the studio ended in the middle of it
    entries_.push_back(std::move(entry));
  }
  // Videos that were brought and never asked to be painted.
  std::set<std::string> wanted;
  for (const auto& entry : entries_)
    if (entry->job.kind == "video") wanted.insert(entry->job.request.at("video"));
  std::error_code code;
  for (const auto& video : fs::directory_iterator(folders_.videos(), code))
    if (!wanted.contains(to_utf8(video.path().filename()))) fs::remove(video.path(), code);
  for (const Lane lane : {Lane::paint, Lane::command}) asio::co_spawn(context_, work(lane), asio::detached);
}

const Job& Jobs::add(const json& request) {
  const auto waiting = std::count_if(entries_.begin(), entries_.end(),
                                     [](const auto& entry) { return entry->job.state == JobState::queued; });
  if (waiting >= static_cast<int64_t>(kMostWaiting))
    throw HttpError(429, "full", "The queue is full; wait until some of it is done.");
  std::error_code code;
  const fs::space_info space = fs::space(folders_.data, code);
  if (!code && space.available < kLeastFreeBytes)
    throw HttpError(507, "disk", "The disk is nearly full; make room and try again.");
  auto entry = std::make_unique<Entry>();
  entry->job.id = random_hex(8);
  entry->job.created = iso_time();
  entry->job.request = checked_request(request, folders_, store_);
  entry->job.kind = entry->job.request["kind"];
  if (entry->job.kind == "train" || entry->job.kind == "collect" || entry->job.kind == "compare") {
    for (const auto& other : entries_)
      if (other->job.kind == entry->job.kind && !is_over(other->job.state) &&
          other->job.request["name"] == entry->job.request["name"])
        throw HttpError(409, "exists", "Something of this name is being made already; choose another name.");
  }
  entries_.push_back(std::move(entry));
  Entry& added = *entries_.back();
  changed(added);
  bell(lane_of(added.job)).ring();
  return added.job;
}

std::vector<const Job*> Jobs::newest_first() const {
  std::vector<const Job*> all;
  for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) all.push_back(&(*at)->job);
  return all;
}

Jobs::Entry& Jobs::entry(const std::string& id) const {
  for (const auto& entry : entries_)
    if (entry->job.id == id) return *entry;
  throw not_found("There is no such job.");
}

const Job& Jobs::find(const std::string& id) const {
  return entry(id).job;
}

void Jobs::changed(Entry& entry) {
  store_.save(entry.job);
  entry.told = Clock::now();
  events_.tell("job", entry.job.to_json());
  if (entry.job.kind == "train") events_.tell("run", {{"id", entry.job.id}});
}

void Jobs::told(Entry& entry) {
  if (since(entry.told) < 0.25) return;
  entry.told = Clock::now();
  events_.tell("job", entry.job.to_json());
}

void Jobs::end(Entry& entry, JobState state, const std::string& message) {
  Job& job = entry.job;
  job.state = state;
  job.message = message;
  job.seconds_left = -1;
  if (state == JobState::done) job.progress = 1;
  if (is_over(state)) job.ended = iso_time();
  std::error_code ignored;
  if (is_over(state)) fs::remove_all(folders_.work() / job.id, ignored);
  if (state == JobState::done || state == JobState::cancelled)
    fs::remove_all(folders_.sources() / job.id, ignored);
  changed(entry);
}

void Jobs::cancel(const std::string& id) {
  Entry& found = entry(id);
  if (is_over(found.job.state)) throw HttpError(409, "state", "This is over already.");
  if (found.is_running) {
    found.wish = Wish::cancel;
    if (found.child >= 0)
      processes_.signal(found.child, SIGINT);
    else
      painter_.interrupt();
    return;
  }
  const bool has_model = found.job.kind == "train" && fs::exists(folders_.runs() / id / "model.safetensors");
  if (has_model) {
    install_model(found.job);
    end(found, JobState::done, "Stopped early; the style is as far as it came.");
  } else {
    end(found, JobState::cancelled);
  }
}

void Jobs::pause(const std::string& id) {
  Entry& found = entry(id);
  if (found.job.kind != "train") throw HttpError(409, "state", "Only training can be paused.");
  if (found.is_running && found.job.state == JobState::running) {
    found.wish = Wish::pause;
    if (found.child >= 0) processes_.signal(found.child, SIGINT);
  } else if (found.job.state == JobState::queued) {
    end(found, JobState::paused);
  } else {
    throw HttpError(409, "state", "This is not running.");
  }
}

void Jobs::resume(const std::string& id) {
  Entry& found = entry(id);
  // A training that broke off has its settings and checkpoints.
  const bool broke_off = found.job.kind == "train" && found.job.state == JobState::failed &&
                         fs::exists(folders_.runs() / id / "settings.toml");
  if (found.job.state != JobState::paused && !broke_off) throw HttpError(409, "state", "This is not paused.");
  found.job.state = JobState::queued;
  found.job.message.clear();
  found.job.ended.clear();
  found.crashes = 0;
  changed(found);
  bell(Lane::command).ring();
}

void Jobs::put_first(const std::string& id) {
  Entry& found = entry(id);
  if (found.job.state != JobState::queued) throw HttpError(409, "state", "This is not waiting.");
  for (const auto& other : entries_)
    if (other.get() != &found && other->job.state == JobState::queued &&
        lane_of(other->job) == lane_of(found.job))
      found.job.priority = std::max(found.job.priority, other->job.priority + 1);
  changed(found);
}

void Jobs::forget(const std::string& id) {
  Entry& found = entry(id);
  if (!is_over(found.job.state)) throw HttpError(409, "state", "This is not over yet; cancel it first.");
  std::error_code ignored;
  if (found.job.kind == "video") {
    const std::string video = found.job.request.at("video");
    const bool shared = std::any_of(entries_.begin(), entries_.end(), [&](const auto& other) {
      return other.get() != &found && other->job.kind == "video" && other->job.request.at("video") == video;
    });
    if (!shared) fs::remove(folders_.videos() / from_utf8(video), ignored);
  }
  for (const fs::path& folder : {folders_.results(), folders_.runs(), folders_.work(), folders_.sources()})
    fs::remove_all(folder / id, ignored);
  for (const auto& left : fs::directory_iterator(folders_.work()))  // its log, its archive
    if (to_utf8(left.path().filename()).starts_with(id)) fs::remove(left.path(), ignored);
  store_.remove_job(id);
  const bool was_run = found.job.kind == "train";
  std::erase_if(entries_, [&](const auto& entry) { return entry.get() == &found; });
  if (was_run) events_.tell("run", {{"id", id}});
}

Task<void> Jobs::stop() {
  stopping_ = true;
  for (Bell& added : added_) added.ring();
  for (const auto& entry : entries_)
    if (entry->child >= 0) processes_.signal(entry->child, SIGINT);
  painter_.interrupt();
  // A training writes its checkpoint in a second or two.
  const auto start = Clock::now();
  while (working_ > 0 && since(start) < 60) {
    asio::steady_timer pause(context_, std::chrono::milliseconds(20));
    co_await pause.async_wait(asio::use_awaitable);
  }
}

Jobs::Lane Jobs::lane_of(const Job& job) {
  return job.kind == "stylise" ? Lane::paint : Lane::command;
}

Task<void> Jobs::work(Lane lane) {
  while (!stopping_) {
    const auto waits = [&](const auto& entry) {
      return entry->job.state == JobState::queued && lane_of(entry->job) == lane;
    };
    auto next = std::find_if(entries_.begin(), entries_.end(), waits);
    for (auto at = next; at != entries_.end(); ++at)
      if (waits(*at) && (*at)->job.priority > (*next)->job.priority) next = at;
    if (next == entries_.end()) {
      co_await bell(lane).wait();
      continue;
    }
    Entry& entry = **next;
    entry.is_running = true;
    entry.wish = Wish::none;
    entry.job.state = JobState::running;
    if (entry.job.started.empty()) entry.job.started = iso_time();
    ++working_;
    changed(entry);
    std::string problem;
    try {
      if (lane == Lane::command)
        co_await run_command(entry);
      else
        co_await stylise(entry);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    entry.is_running = false;
    entry.child = -1;
    if (!problem.empty()) end(entry, JobState::failed, problem);
    --working_;
  }
}

Task<void> Jobs::stylise(Entry& entry) {
  Job& job = entry.job;
  const fs::path work = folders_.work() / job.id, results = folders_.results() / job.id;
  fs::create_directories(work);
  fs::create_directories(results);
  const json look = look_of_request(job.request, folders_);
  const json ids = job.request.at("pictures"), names = job.request.at("names");
  std::set<std::string> ready;
  for (const JobResult& result : job.results) ready.insert(result.name);
  job.failures.clear();
  const auto total = static_cast<double>(ids.size());
  const auto start = Clock::now();
  const auto ready_before = static_cast<double>(ready.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string result_name = names[i];
    const auto base = static_cast<double>(i);
    const auto advance = [&](double share) {
      job.progress = (base + share) / total;
      const double done = base + share - ready_before;
      if (done > 0.05) job.seconds_left = since(start) / done * (total - base - share);
      told(entry);
    };
    if (ready.contains(result_name)) continue;
    const auto picture = store_.picture(ids[i]);
    if (!picture) {
      job.failures.emplace_back(result_name, "this picture has been removed");
      continue;
    }
    const fs::path stored = folders_.pictures() / (picture->id + picture->extension);
    for (int attempt = 0;; ++attempt) {
      std::string kind, reason;
      try {
        json wish = look;
        wish["do"] = "paint";
        wish["path"] = to_utf8(stored);
        wish["output"] = to_utf8(work / from_utf8(result_name));
        Worker::Wish asked;
        asked.value = wish;
        asked.patience = std::chrono::seconds(600);
        asked.on_progress = [&](const json& said) { advance(said.value("progress", 0.0)); };
        const Frame said = co_await painter_.ask(asked);
        for (const json& warning : said.value.value("warnings", json::array()))
          job.failures.emplace_back(picture->name, for_its_owner(warning, to_utf8(stored), picture->name));
        const fs::path made = file_below(work, result_name);  // the worker is not to be trusted: no links
        fs::rename(made, results / from_utf8(result_name));
        job.results.push_back(
            {result_name, type_of_name(result_name), fs::file_size(results / from_utf8(result_name))});
      } catch (const HttpError& error) {
        kind = error.kind;
        reason = for_its_owner(error.what(), to_utf8(stored), picture->name);
      }
      if (stopping_) {
        store_.save(job);  // still "running": taken up at the next start
        co_return;
      }
      if (entry.wish == Wish::cancel || kind == "cancelled") {
        end(entry, JobState::cancelled);
        co_return;
      }
      if (kind == "crashed" && attempt == 0) continue;
      if (!reason.empty()) job.failures.emplace_back(picture->name, reason);
      break;
    }
    advance(1);
    store_.save(job);
  }
  const bool nothing = job.results.empty();
  end(entry, nothing ? JobState::failed : JobState::done, nothing ? job.failures.at(0).second : "");
}

std::vector<std::string> Jobs::command_of(Entry& entry, Sandbox& sandbox) const {
  const Job& job = entry.job;
  const json& request = job.request;
  sandbox.starts_programs = true;
  sandbox.read = folders_.readable();
  if (job.kind == "train") {
    const fs::path run = folders_.runs() / job.id;
    fs::create_directories(run);
    sandbox.write = {run};
    if (fs::exists(run / "settings.toml")) return {"train", "-o", run.string(), "--resume"};
    std::vector<std::string> command = {"train"};
    const std::string method = request.at("method");
    if (method != "tune") command.push_back("--method=" + method);
    if (request.contains("model")) {
      const Style base = folders_.find_style(request["model"]);
      if (method == "tune")
        command = {"tune", base.file.string()};
      else
        command.push_back("--from=" + base.file.string());
      if (!base.style.empty()) command.push_back("--from-style=" + base.style);
    }
    for (const char* side : {"content", "style"}) {
      if (!request.contains(side)) continue;
      command.push_back(fmt::format("--{}", side));
      command.push_back(source_folder(request[side], side, job.id, folders_, store_).string());
    }
    command.insert(command.end(),
                   {"-o", run.string(), "--title=" + request.at("name").get<std::string>(),
                    fmt::format("--time={:.0f}s", std::max(1.0, request.at("minutes").get<double>() * 60)),
                    fmt::format("--size={}", request.at("size").get<int64_t>()),
                    fmt::format("--seed={}", request.at("seed").get<int64_t>())});
    return command;
  }
  const fs::path name = from_utf8(request.at("name").get<std::string>());
  // Made in a folder of its own, and moved when it is whole: a command that breaks off, or is turned by what
  // it reads, reaches nothing that was there before.
  const fs::path work = folders_.work() / job.id;
  if (job.kind != "video") fs::remove_all(work);  // of a video the part that is painted serves
  fs::create_directories(work);
  sandbox.write = {work};
  if (job.kind == "video") {
    const Style style = folders_.find_style(request.at("blend").at(0).at("model"));
    std::vector<std::string> command = {
        "apply",
        style.file.string(),
        file_below(folders_.videos(), request.at("video")).string(),
        "--resume",  // whole already: the studio ended before it was installed
        "-o",
        (work / from_utf8(request.at("output").get<std::string>())).string(),
        fmt::format("--strength={}", request.at("strength").get<double>())};
    if (!style.style.empty()) command.push_back("--style=" + style.style);
    if (request.at("keepColour").get<bool>()) command.emplace_back("--keep-colour");
    return command;
  }
  if (job.kind == "describe")
    return {"describe",
            (folders_.collections() / from_utf8(request.at("collection").get<std::string>())).string(), "-o",
            (work / from_utf8(request.at("output").get<std::string>())).string()};
  if (job.kind == "collect") {
    std::vector<std::string> command = {"collect"};
    if (request.contains("works")) {
      const std::vector<fs::path> made = works_as_sources(request["works"], job.id, folders_);
      command.insert(command.end(), {made[0].string(), "--metadata", made[1].string()});
    } else if (request.contains("pictures")) {
      command.push_back(
          uploads_as_source(request["pictures"], job.id, request.at("name"), folders_, store_).string());
    } else {
      for (const json& source : request.at("sources")) command.push_back(source);
    }
    command.insert(command.end(), {"-o", (work / name).string()});
    return command;
  }
  std::vector<std::string> command = {"compare"};
  for (const json& collection : request.at("collections"))
    command.push_back((folders_.collections() / from_utf8(collection.get<std::string>())).string());
  command.insert(command.end(), {"-o", (work / name).string()});
  if (const std::string plan = request.value("preregistration", ""); !plan.empty()) {
    fs::create_directories(folders_.sources() / job.id);
    const fs::path file = folders_.sources() / job.id / "preregistration.toml";
    write_file(file, plan);
    command.insert(command.end(), {"--preregistration", file.string()});
  }
  return command;
}

void Jobs::take_line(Entry& entry, const std::string& line) {
  const json said = json::parse(line, nullptr, false);
  if (!said.is_object()) return;
  Job& job = entry.job;
  if (said.value("kind", "") == "warning" && job.failures.size() < 200)
    job.failures.emplace_back("", safe_text(said.value("text", "")));
  if (said.value("kind", "") != "progress") return;
  const double total = said.value("total", 0.0);
  if (total > 0) job.progress = std::clamp(said.value("done", 0.0) / total, 0.0, 1.0);
  job.seconds_left = said.value("seconds_left", -1.0);
  job.message = safe_text(said.value("text", ""));
  told(entry);
}

Task<void> Jobs::run_command(Entry& entry) {
  Job& job = entry.job;
  job.failures.clear();
  const auto begun = Clock::now();
  while (job.kind == "train" && is_locked(folders_.runs() / job.id) && since(begun) < 120 && !stopping_) {
    asio::steady_timer pause(context_, std::chrono::milliseconds(100));
    co_await pause.async_wait(asio::use_awaitable);
  }
  ChildSetup setup;
  setup.niceness = 10;  // previews come first
  std::vector<std::string> command = command_of(entry, setup.sandbox);
  command = confined(setup, std::move(command));
  const fs::path log = folders_.work() / (job.id + ".log");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    fail(ErrorKind::io, "cannot hear a command: {}", std::generic_category().message(errno));
  asio::posix::stream_descriptor voice(context_, ends[0]);
  try {
    entry.child = processes_.start(command, ends[1], log);
  } catch (...) {
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  if (entry.wish != Wish::none || stopping_) processes_.signal(entry.child, SIGINT);
  asio::streambuf heard(1 << 20);
  for (;;) {
    boost::system::error_code code;
    co_await asio::async_read_until(voice, heard, '\n', asio::redirect_error(asio::use_awaitable, code));
    if (code) break;
    std::istream stream(&heard);
    std::string line;
    std::getline(stream, line);
    take_line(entry, line);
  }
  voice.close();  // who says more than can be heard is not waited for
  const int code = co_await processes_.ended(entry.child);
  entry.child = -1;
  const bool is_train = job.kind == "train";
  const bool has_model = is_train && fs::exists(folders_.runs() / job.id / "model.safetensors");
  if (code == 0 && (has_model || !is_train)) {
    if (is_train)
      install_model(job);
    else if (job.kind == "video" || job.kind == "describe")
      install_file(job);
    else
      install_folder(job);
    end(entry, JobState::done);
  } else if (entry.wish == Wish::cancel) {
    if (has_model) install_model(job);
    end(entry, has_model ? JobState::done : JobState::cancelled,
        has_model ? "Stopped early; the style is as far as it came." : "");
  } else if (entry.wish == Wish::pause) {
    end(entry, JobState::paused);
  } else if (stopping_) {
    store_.save(job);  // still "running": taken up at the next start
  } else if (code > 128 && ++entry.crashes < kMostCrashes) {
    job.state = JobState::queued;  // killed, for want of memory perhaps: once more, from its checkpoint
    changed(entry);
  } else {
    // What a killed command said last is progress, not a reason.
    std::string reason =
        code > 128 ? fmt::format("linmo {} was killed by signal {}; perhaps there was not enough memory.",
                                 job.kind == "video" ? "apply" : job.kind, code - 128)
                   : complaint(log);
    if (job.kind == "compare")
      reason = for_its_owner(reason, to_utf8(folders_.sources() / job.id / "preregistration.toml"),
                             "preregistration.toml");
    if (job.kind == "video")
      reason = for_its_owner(
          reason, to_utf8(folders_.videos() / from_utf8(job.request.at("video").get<std::string>())),
          job.request.at("name"));
    end(entry, JobState::failed,
        reason.empty()
            ? fmt::format("linmo {} ended with code {}.", job.kind == "video" ? "apply" : job.kind, code)
            : reason);
  }
}

void Jobs::install_file(Job& job) {
  const std::string name = job.request.at("output");
  const fs::path results = folders_.results() / job.id;
  fs::create_directories(results);
  const fs::path made = file_below(folders_.work() / job.id, name);  // no link
  fs::rename(made, results / from_utf8(name));
  job.results = {{name, type_of_name(name), fs::file_size(results / from_utf8(name))}};
}

void Jobs::install_folder(const Job& job) {
  const bool is_collection = job.kind == "collect";
  const fs::path name = from_utf8(job.request.at("name").get<std::string>());
  const fs::path made = folder_below(folders_.work() / job.id, to_utf8(name));  // no link
  const fs::path place = (is_collection ? folders_.collections() : folders_.studies()) / name;
  if (fs::exists(place)) fail(ErrorKind::io, "{} is there already", to_utf8(place));
  fs::rename(made, place);
  events_.tell(is_collection ? "collection" : "study", {{"name", job.request["name"]}});
}

void Jobs::install_model(const Job& job) {
  const std::string wanted = job.request.at("name");
  std::set<std::string> taken;
  for (const fs::path& file : folders_.all_models()) taken.insert(to_utf8(file.stem()));
  std::string name = wanted;
  for (int n = 2; taken.contains(name); ++n) name = fmt::format("{} {}", wanted, n);
  // A second name for the file: the run may be forgotten, the style stays.
  link_or_copy(file_below(folders_.runs() / job.id, "model.safetensors"),
               folders_.models() / from_utf8(name + ".safetensors"));
  events_.tell("model", {{"id", name}});
}

}  // namespace linmo::studio
