// SPDX-License-Identifier: Apache-2.0
#include "app/server/worker.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "app/server/http.h"
#include "linmo/core/files.h"

namespace linmo::studio {

using nlohmann::json;

struct Worker::Turn {
  Turn(asio::io_context& context, const Wish& wish)
      : bell(context), key(wish.key), gives_way(wish.gives_way) {}
  Bell bell;
  std::string key;
  bool gives_way, superseded = false;
};

std::string ChildSetup::to_text(pid_t parent) const {
  const auto texts = [](const std::vector<std::filesystem::path>& paths) {
    json list = json::array();
    for (const auto& path : paths) list.push_back(path.string());
    return list;
  };
  return json{{"read", texts(sandbox.read)},    {"write", texts(sandbox.write)},
              {"memory", sandbox.memory_bytes}, {"programs", sandbox.starts_programs},
              {"niceness", niceness},           {"parent", parent}}
      .dump();
}

std::vector<std::string> confined(const ChildSetup& setup, std::vector<std::string> command) {
  command.insert(command.begin(), {"studio-run", setup.to_text(::getpid()), "--"});
  return command;
}

ChildSetup ChildSetup::from_text(const std::string& text, pid_t& parent) {
  const json value = json::parse(text);
  ChildSetup setup;
  for (const json& path : value.at("read")) setup.sandbox.read.emplace_back(path.get<std::string>());
  for (const json& path : value.at("write")) setup.sandbox.write.emplace_back(path.get<std::string>());
  setup.sandbox.memory_bytes = value.at("memory");
  setup.sandbox.starts_programs = value.at("programs");
  setup.niceness = value.at("niceness");
  parent = value.at("parent");
  return setup;
}

Worker::Worker(asio::io_context& context, Processes& processes, ChildSetup setup, std::filesystem::path log)
    : context_(context),
      processes_(processes),
      setup_(std::move(setup)),
      log_(std::move(log)),
      socket_(context) {}

Worker::~Worker() = default;

void Worker::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    fail(ErrorKind::io, "cannot speak to a worker: {}", std::generic_category().message(errno));
  try {
    child_ = processes_.start({"studio-worker", setup_.to_text(::getpid())}, ends[1], log_);
  } catch (...) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  socket_.assign(asio::local::stream_protocol(), ends[0]);
}

void Worker::forget_child() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (child_ < 0) return;
  processes_.signal(child_, SIGKILL);
  asio::co_spawn(context_, processes_.ended(child_), asio::detached);
  child_ = -1;
}

void Worker::interrupt() {
  if (child_ >= 0 && !turns_->empty()) processes_.signal(child_, SIGINT);
}

void Worker::stop() {
  stopped_ = true;
  forget_child();
}

Task<Frame> Worker::ask(json value, std::chrono::seconds patience, std::string key) {
  Wish wish;
  wish.value = std::move(value);
  wish.patience = patience;
  wish.key = std::move(key);
  return ask(std::move(wish));
}

Task<Frame> Worker::ask(Wish wish) {
  if (stopped_) throw HttpError(503, "stopping", "The studio is stopping.");
  if (!wish.key.empty()) {
    for (size_t i = turns_->size(); i-- > 1;) {  // never the one under way
      if ((*turns_)[i]->key != wish.key) continue;
      (*turns_)[i]->superseded = true;
      (*turns_)[i]->bell.ring();
      turns_->erase(turns_->begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (!turns_->empty() && turns_->front()->key == wish.key) interrupt();
  }
  const auto turn = std::make_shared<Turn>(context_, wish);
  auto place = turns_->end();
  if (!wish.gives_way && !turns_->empty())  // never before the one under way
    place =
        std::find_if(turns_->begin() + 1, turns_->end(), [](const auto& other) { return other->gives_way; });
  turns_->insert(place, turn);
  while (turns_->empty() || turns_->front() != turn) {
    if (turn->superseded) throw HttpError(409, "superseded", "A newer request took the place of this one.");
    co_await turn->bell.wait();
  }
  // Whatever happens, the next has its turn.
  struct Next {
    std::shared_ptr<std::deque<std::shared_ptr<Turn>>> turns;
    ~Next() {
      turns->pop_front();
      if (!turns->empty()) turns->front()->bell.ring();
    }
  } next{turns_};
  co_return co_await talk(wish);
}

Task<Frame> Worker::talk(const Wish& wish) {
  if (stopped_) throw HttpError(503, "stopping", "The studio is stopping.");
  if (child_ < 0) start();
  asio::steady_timer deadline(context_);
  const auto was_slow = std::make_shared<bool>(false);  // the timer's handler may run after this has ended
  const auto wait_again = [&] {
    deadline.expires_after(wish.patience);
    deadline.async_wait([was_slow, child = child_, this](boost::system::error_code code) {
      if (code || *was_slow || was_slow.use_count() == 1) return;
      *was_slow = true;
      processes_.signal(child, SIGKILL);
    });
  };

  const std::string text = wish.value.dump();
  std::array<uint32_t, 2> lengths = {static_cast<uint32_t>(text.size()), 0};
  bool crashed = false;
  Frame reply;
  try {
    wait_again();
    co_await asio::async_write(socket_, asio::buffer(lengths), asio::use_awaitable);
    co_await asio::async_write(socket_, asio::buffer(text), asio::use_awaitable);
    for (;;) {
      co_await asio::async_read(socket_, asio::buffer(lengths), asio::use_awaitable);
      if (lengths[0] > kMaxFrameJson || lengths[1] > kMaxFrameBytes)
        throw std::runtime_error("a frame too large");
      std::string answer(lengths[0], '\0');
      reply.bytes.resize(lengths[1]);
      co_await asio::async_read(socket_, asio::buffer(answer), asio::use_awaitable);
      co_await asio::async_read(socket_, asio::buffer(reply.bytes), asio::use_awaitable);
      reply.value = json::parse(answer);
      wait_again();
      if (!reply.value.contains("progress")) break;
      if (wish.on_progress) wish.on_progress(reply.value);
    }
  } catch (
      const std::exception&) {  // the socket broke, or what came is nonsense: the child is not to be trusted
    crashed = true;
  }
  if (crashed) {
    forget_child();
    if (stopped_) throw HttpError(503, "stopping", "The studio is stopping.");
    if (*was_slow) throw HttpError(422, "slow", "This took too long and was given up.");
    throw HttpError(422, "crashed",
                    "The worker ended over this; perhaps it needs more memory than there is.");
  }
  if (reply.value.contains("error")) {
    const json& error = reply.value["error"];
    throw HttpError(error.value("status", 422), error.value("kind", "input"), error.value("message", ""));
  }
  co_return reply;
}

}  // namespace linmo::studio
