// SPDX-License-Identifier: Apache-2.0
// Requests and answers as the studio's handlers see them, and the server that carries them (HTTP/1.1 on
// Boost.Beast, one thread, coroutines).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/server/asio.h"
#include "linmo/core/error.h"

namespace linmo::studio {

// What goes wrong with a request: answered as {"error": {"kind": …, "message": …}}.
struct HttpError : std::runtime_error {
  HttpError(int status_code, std::string what_kind, const std::string& message)
      : std::runtime_error(message), status(status_code), kind(std::move(what_kind)) {}
  int status;
  std::string kind;
};
HttpError not_found(const std::string& what = "There is nothing at this address.");

struct Request {
  std::string method;                             // GET, POST … (HEAD comes as GET)
  std::string path;                               // as sent, without the query
  std::map<std::string, std::string> parameters;  // of the route's pattern, decoded
  std::map<std::string, std::string> query;       // decoded
  std::string host, origin, cookie, authorization;
  std::string client;          // who asks, set by the guard: a browser's session, or "" for a script
  std::string body;            // where the route takes JSON or nothing
  std::filesystem::path file;  // where it takes an upload: removed after the handler, unless moved away

  // The body as a JSON object; throws HttpError 400.
  nlohmann::json json() const;
  const std::string& parameter(const std::string& name) const { return parameters.at(name); }
  std::string text(const std::string& name, const std::string& otherwise = "") const;  // of the query
  // Of the query, within bounds; throws HttpError 400.
  int64_t number(const std::string& name, int64_t otherwise, int64_t least, int64_t most) const;
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::filesystem::path file;  // sent instead of the body where set
  std::vector<std::pair<std::string, std::string>> headers;
  bool is_events = false;  // the connection becomes a stream of server-sent events

  static Response json(const nlohmann::json& value, int status = 200);
  static Response nothing() { return {204, "", "", {}, {}, false}; }
  static Response of_file(std::filesystem::path path, std::string type);
  // The browser saves it under this name (RFC 6266, RFC 8187).
  Response& download_as(const std::string& name);
};

using Handler = std::function<Task<Response>(Request&)>;

struct Route {
  std::string method, pattern;  // "/api/v1/jobs/{id}"
  Handler handler;
  bool takes_upload = false;  // the body goes to a file
};

class Router {
 public:
  void add(Route route);
  // Sets request.parameters. Throws HttpError 404, or 405 where another method would do.
  const Route& find(Request& request) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

// %XX and nothing else (no '+'); throws HttpError 400 for broken escapes, NUL and what is not UTF-8.
std::string percent_decoded(std::string_view text);
std::string percent_encoded(std::string_view text);
// Path and query of a request line's target.
void split_target(std::string_view target, Request& request);
std::string type_of_name(const std::filesystem::path& file);

// Server-sent events for everybody who listens.
class Events {
 public:
  explicit Events(asio::io_context& context);
  ~Events();
  void tell(std::string_view event, const nlohmann::json& data);

  struct Listener;
  std::shared_ptr<Listener> join();  // throws HttpError 503 when too many listen
  // The next piece of the stream, a comment after a quiet while; empty when the listener was too slow or the
  // server ends.
  Task<std::string> next(std::shared_ptr<Listener> listener);
  void end();

 private:
  asio::io_context& context_;
  std::vector<std::weak_ptr<Listener>> listeners_;
  bool ended_ = false;
};

struct ServerLimits {
  uint64_t upload_bytes = 256ULL << 20;
  uint64_t json_bytes = 1ULL << 20;
  int connections = 256;
};

struct ServerHooks {
  // Before the body is read. Throws HttpError (401, 403); sets request.client; may answer by itself.
  std::function<bool(Request& request, Response& response)> guard;
  std::filesystem::path incoming;  // uploads are written here
  std::function<void(const std::string& line)> log;
};

// Binds and begins to accept; returns the port. Throws ErrorKind::io when the port is taken.
uint16_t serve(asio::io_context& context, const std::string& address, uint16_t port, const Router& router,
               Events& events, ServerHooks hooks, ServerLimits limits);

}  // namespace linmo::studio
