// SPDX-License-Identifier: Apache-2.0
#include "app/server/http.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <list>

#include "app/server/guard.h"
#include "linmo/core/files.h"

namespace linmo::studio {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using std::chrono::seconds;

namespace {

constexpr size_t kMaxListeners = 64;
constexpr size_t kMaxWaitingEvents = 2000;
// Who sends or takes less than this a second is not waited for.
constexpr uint64_t kSlowestBytesPerSecond = 16 << 10;

seconds patience(uint64_t bytes) {
  return seconds(30 + bytes / kSlowestBytesPerSecond);
}

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

Response problem(int status, const std::string& kind, const std::string& message) {
  return Response::json({{"error", {{"kind", kind}, {"message", message}}}}, status);
}

// What a handler threw, as an answer.
Response answer_to(const std::exception_ptr& thrown, const ServerHooks& hooks) {
  try {
    std::rethrow_exception(thrown);
  } catch (const HttpError& error) {
    return problem(error.status, error.kind, error.what());
  } catch (const Error& error) {
    switch (error.kind()) {
      case ErrorKind::usage:
        return problem(400, "usage", error.what());
      case ErrorKind::input:
        return problem(422, "input", error.what());
      case ErrorKind::limit:
        return problem(413, "limit", error.what());
      case ErrorKind::cancelled:
        return problem(409, "cancelled", error.what());
      default:
        hooks.log(error.what());
        return problem(500, "io", error.what());
    }
  } catch (const std::exception& error) {
    hooks.log(fmt::format("a request failed: {}", error.what()));
    return problem(500, "internal", "Something went wrong in the studio; its log says more.");
  }
}

class Connection {
 public:
  // Those that have not sent a request's header yet, the longest silent first.
  using Silent = std::list<Connection*>;

  Connection(tcp::socket socket, Silent& silent, const Router& router, Events& events,
             const ServerHooks& hooks, const ServerLimits& limits, int64_t number)
      : stream_(std::move(socket)),
        silent_(silent),
        router_(router),
        events_(events),
        hooks_(hooks),
        limits_(limits),
        number_(number) {}

  Task<void> serve() {
    while (co_await one_request()) {
    }
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  Task<void> refuse(Response response) { co_await send(response, false, false); }

  // For somebody who has something to say.
  void make_room() {
    silent_.remove(this);
    stream_.close();
  }

 private:
  // False when the connection ends.
  Task<bool> one_request() {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(16 << 10);
    parser.body_limit(limits_.upload_bytes);
    stream_.expires_after(seconds(30));
    error_code code;
    silent_.push_back(this);
    co_await http::async_read_header(stream_, buffer_, parser,
                                     asio::redirect_error(asio::use_awaitable, code));
    silent_.remove(this);
    const bool is_broken_request =
        code.category() == http::make_error_code(http::error::end_of_stream).category() &&
        code != http::error::end_of_stream;
    if (code && !is_broken_request) co_return false;  // the client went, or said nothing for too long
    if (code) {
      const HttpError bad =
          code == http::error::body_limit
              ? too_large(limits_.upload_bytes)
              : HttpError(400, "http", "This is not a request that the studio understands.");
      const Response answer = problem(bad.status, bad.kind, bad.what());
      co_await send(answer, false, false);
      co_return false;
    }

    const bool wants_alive = parser.get().keep_alive();
    const bool is_head = parser.get().method() == http::verb::head;
    Request request;
    Response response;
    bool body_is_read = parser.is_done();
    std::exception_ptr thrown;
    try {
      fill(request, parser.get());
      if (hooks_.guard(request, response)) {
        // answered
      } else {
        const Route& route = router_.find(request);
        if (!body_is_read) {
          co_await take_body(parser, route, request);
          body_is_read = true;
        }
        response = co_await route.handler(request);
      }
    } catch (const boost::system::system_error&) {
      forget_upload(request);
      co_return false;  // the connection broke, or was too slow
    } catch (...) {
      thrown = std::current_exception();
    }
    if (thrown) response = answer_to(thrown, hooks_);
    forget_upload(request);
    if (response.is_events) {
      co_await stream_events();
      co_return false;
    }
    // What was not read would be taken for the next request.
    const bool alive = wants_alive && body_is_read;
    co_return co_await send(response, alive, is_head) && alive;
  }

  template <class Header>
  static void fill(Request& request, const Header& header) {
    const http::verb method = header.method() == http::verb::head ? http::verb::get : header.method();
    request.method = text_of(http::to_string(method));
    split_target({header.target().data(), header.target().size()}, request);
    request.host = text_of(header[http::field::host]);
    request.origin = text_of(header[http::field::origin]);
    request.cookie = text_of(header[http::field::cookie]);
    request.authorization = text_of(header[http::field::authorization]);
  }

  static void forget_upload(const Request& request) {
    std::error_code ignored;
    if (!request.file.empty()) std::filesystem::remove(request.file, ignored);
  }

  static HttpError too_large(uint64_t most) {
    return {413, "limit", fmt::format("This is too large; {} MB are taken.", most >> 20)};
  }

  Task<void> take_body(http::request_parser<http::empty_body>& parser, const Route& route, Request& request) {
    const uint64_t most = route.takes_upload ? limits_.upload_bytes : limits_.json_bytes;
    const auto length = parser.content_length();
    if (length && *length > most) throw too_large(most);
    stream_.expires_after(patience(length ? *length : most));
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go(http::status::continue_, 11);
      co_await http::async_write(stream_, go, asio::use_awaitable);
    }
    error_code code;
    if (route.takes_upload) {
      request.file = hooks_.incoming / fmt::format("{}-{}", number_, uploads_++);
      http::request_parser<http::file_body> body(std::move(parser));
      body.body_limit(most);
      body.get().body().open(request.file.c_str(), beast::file_mode::write_new, code);
      if (code) fail(ErrorKind::io, "cannot write {}: {}", to_utf8(request.file), code.message());
      co_await http::async_read(stream_, buffer_, body, asio::redirect_error(asio::use_awaitable, code));
      body.get().body().close();
    } else {
      http::request_parser<http::string_body> body(std::move(parser));
      body.body_limit(most);
      co_await http::async_read(stream_, buffer_, body, asio::redirect_error(asio::use_awaitable, code));
      request.body = std::move(body.get().body());
    }
    if (code == http::error::body_limit) throw too_large(most);
    if (code == boost::system::errc::no_space_on_device)
      throw HttpError(507, "disk", "The disk is full; make room and try again.");
    if (code) throw boost::system::system_error(code);
  }

  template <class Body>
  static void set_fields(http::response<Body>& out, const Response& response, bool alive) {
    out.result(static_cast<unsigned>(response.status));
    out.keep_alive(alive);
    if (!response.type.empty()) out.set(http::field::content_type, response.type);
    for (const auto& [name, value] : security_headers()) out.set(name, value);
    for (const auto& [name, value] : response.headers) out.set(name, value);
  }

  // False when it could not be sent.
  Task<bool> send(const Response& response, bool alive, bool is_head) {
    error_code code;
    if (!response.file.empty()) {
      http::response<http::file_body> out;
      out.body().open(response.file.c_str(), beast::file_mode::scan, code);
      if (code) {
        const Response gone = problem(404, "not_found", "This file is not there any more.");
        co_return co_await send(gone, alive, is_head);
      }
      set_fields(out, response, alive);
      const uint64_t size = out.body().size();
      stream_.expires_after(patience(size));
      if (is_head) {
        http::response<http::empty_body> head(std::move(out.base()));
        head.content_length(size);
        co_await http::async_write(stream_, head, asio::redirect_error(asio::use_awaitable, code));
      } else {
        out.prepare_payload();
        co_await http::async_write(stream_, out, asio::redirect_error(asio::use_awaitable, code));
      }
    } else if (is_head) {
      http::response<http::empty_body> head;
      set_fields(head, response, alive);
      head.content_length(response.body.size());
      stream_.expires_after(seconds(30));
      co_await http::async_write(stream_, head, asio::redirect_error(asio::use_awaitable, code));
    } else {
      http::response<http::string_body> out;
      set_fields(out, response, alive);
      out.body() = response.body;
      out.prepare_payload();
      if (response.status == 204) out.erase(http::field::content_length);
      stream_.expires_after(patience(response.body.size()));
      co_await http::async_write(stream_, out, asio::redirect_error(asio::use_awaitable, code));
    }
    co_return !code;
  }

  Task<void> stream_events() {
    Response start;
    start.type = "text/event-stream";
    http::response<http::empty_body> head;
    set_fields(head, start, false);
    const std::shared_ptr<Events::Listener> listener = events_.join();
    error_code code;
    stream_.expires_after(seconds(30));
    http::response_serializer<http::empty_body> serializer(head);
    co_await http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, code));
    std::string piece = "retry: 1000\n\n";
    while (!code && !piece.empty()) {
      stream_.expires_after(seconds(30));
      co_await asio::async_write(stream_, asio::buffer(piece),
                                 asio::redirect_error(asio::use_awaitable, code));
      if (!code) piece = co_await events_.next(listener);
    }
  }

  beast::tcp_stream stream_;
  Silent& silent_;
  beast::flat_buffer buffer_{64 << 10};
  const Router& router_;
  Events& events_;
  const ServerHooks& hooks_;
  const ServerLimits& limits_;
  int64_t number_;
  int uploads_ = 0;
};

struct Server {
  Server(asio::io_context& the_context, const Router& the_router, Events& the_events, ServerHooks the_hooks,
         ServerLimits the_limits)
      : context(the_context),
        router(the_router),
        events(the_events),
        hooks(std::move(the_hooks)),
        limits(the_limits),
        acceptor(the_context) {}
  asio::io_context& context;
  const Router& router;
  Events& events;
  ServerHooks hooks;
  ServerLimits limits;
  tcp::acceptor acceptor;
  Connection::Silent silent;
  int open = 0;
};

Task<void> serve_one(std::shared_ptr<Server> server, tcp::socket socket, int64_t number) {
  struct Count {
    int& open;
    explicit Count(int& count) : open(count) { ++open; }
    ~Count() { --open; }
  } count(server->open);
  Connection connection(std::move(socket), server->silent, server->router, server->events, server->hooks,
                        server->limits, number);
  try {
    // Hundreds who begin requests and never end them must not shut the others out.
    const bool is_full = server->open > server->limits.connections;
    const bool has_room = !is_full || !server->silent.empty();
    if (is_full && has_room) server->silent.front()->make_room();
    if (!has_room) {
      const Response busy = problem(503, "busy", "Too many programs speak to the studio at once; try again.");
      co_await connection.refuse(busy);
    } else {
      co_await connection.serve();
    }
  } catch (const std::exception& error) {
    server->hooks.log(fmt::format("a connection ended: {}", error.what()));
  }
}

Task<void> accept_all(std::shared_ptr<Server> server) {
  for (int64_t number = 0;; ++number) {
    error_code code;
    tcp::socket socket =
        co_await server->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, code));
    if (code == asio::error::operation_aborted) co_return;
    if (code) {  // out of descriptors, most likely: others will end
      asio::steady_timer pause(server->context, std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    asio::co_spawn(server->context, serve_one(server, std::move(socket), number), asio::detached);
  }
}

}  // namespace

struct Events::Listener {
  explicit Listener(asio::io_context& context) : wake(context) {}
  asio::steady_timer wake;
  std::deque<std::string> waiting;
  bool lost = false;
};

Events::Events(asio::io_context& context) : context_(context) {}
Events::~Events() = default;

void Events::tell(std::string_view event, const nlohmann::json& data) {
  const std::string piece = fmt::format("event: {}\ndata: {}\n\n", event,
                                        data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  for (const auto& weak : listeners_) {
    const auto listener = weak.lock();
    if (listener->waiting.size() >= kMaxWaitingEvents) listener->lost = true;
    if (!listener->lost) listener->waiting.push_back(piece);
    listener->wake.cancel();
  }
}

std::shared_ptr<Events::Listener> Events::join() {
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  if (listeners_.size() >= kMaxListeners)
    throw HttpError(503, "busy", "Too many pages of the studio are open.");
  auto listener = std::make_shared<Listener>(context_);
  listeners_.push_back(listener);
  return listener;
}

Task<std::string> Events::next(std::shared_ptr<Listener> listener) {
  if (listener->waiting.empty() && !ended_) {
    listener->wake.expires_after(seconds(15));
    error_code ignored;
    co_await listener->wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (listener->lost || ended_) co_return std::string();
  if (listener->waiting.empty()) co_return std::string(": here\n\n");
  std::string piece;
  for (std::string& one : listener->waiting) piece += one;
  listener->waiting.clear();
  co_return piece;
}

void Events::end() {
  ended_ = true;
  for (const auto& weak : listeners_)
    if (const auto listener = weak.lock()) listener->wake.cancel();
}

uint16_t serve(asio::io_context& context, const std::string& address, uint16_t port, const Router& router,
               Events& events, ServerHooks hooks, ServerLimits limits) {
  auto server = std::make_shared<Server>(context, router, events, std::move(hooks), limits);
  const tcp::endpoint endpoint(asio::ip::make_address(address), port);
  error_code code;
  server->acceptor.open(endpoint.protocol(), code);
  if (!code) server->acceptor.set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) server->acceptor.bind(endpoint, code);
  if (!code) server->acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code)
    fail(ErrorKind::io, "cannot listen at {}:{}: {}; choose another with --port", address, port,
         code.message());
  const uint16_t bound = server->acceptor.local_endpoint().port();
  asio::co_spawn(context, accept_all(server), asio::detached);
  return bound;
}

}  // namespace linmo::studio
