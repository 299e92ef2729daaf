// SPDX-License-Identifier: Apache-2.0
#include "app/server/guard.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

namespace linmo::studio {
namespace {

constexpr size_t kSessions = 64;

// Without telling by its time where two differ.
bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// The value of a cookie, empty when it was not sent.
std::string cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = header.find(';');
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
      return std::string(pair.substr(name.size() + 1));
  }
  return {};
}

std::string scrypt(const std::string& text, const std::string& salt) {
  std::string hash(32, '\0');
  if (EVP_PBE_scrypt(text.data(), text.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                     salt.size(), 1 << 15, 8, 1, 64 << 20, reinterpret_cast<unsigned char*>(hash.data()),
                     hash.size()) != 1)
    fail(ErrorKind::io, "OpenSSL cannot compute scrypt here");
  return hash;
}

}  // namespace

std::string random_hex(int bytes) {
  std::vector<unsigned char> random(static_cast<size_t>(bytes));
  if (RAND_bytes(random.data(), bytes) != 1) fail(ErrorKind::io, "the system gives no random numbers");
  std::string text;
  for (const unsigned char byte : random) text += fmt::format("{:02x}", byte);
  return text;
}

Password::Password(const std::string& text) : salt_(random_hex(16)), hash_(scrypt(text, salt_)) {}

bool Password::is(const std::string& text) const {
  return same(hash_, scrypt(text, salt_));
}

Response Guard::log_in(const std::string& password) {
  if (!password_) throw not_found("This studio has no password; open it with the link that it printed.");
  const auto now = std::chrono::steady_clock::now();
  // One try a second, whoever makes it: scrypt takes the server's only thread for a moment.
  if (now - wrong_ < std::chrono::seconds(1)) throw HttpError(429, "wait", "Wait a second, then try again.");
  if (!password_->is(password)) {
    wrong_ = std::chrono::steady_clock::now();
    throw HttpError(401, "password", "This is not the password.");
  }
  Response response = Response::nothing();
  response.headers.emplace_back("Set-Cookie", new_session());
  return response;
}

std::string Guard::new_session() {
  if (sessions_.size() >= kSessions) {
    const auto oldest = std::min_element(sessions_.begin(), sessions_.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
    sessions_.erase(oldest);
  }
  const std::string session = random_hex(24);
  sessions_[session] = next_session_++;
  return fmt::format("{}={}; HttpOnly; SameSite=Strict; Path=/", cookie_, session);
}

void Guard::listens_at(uint16_t port, std::vector<std::string> hosts) {
  port_ = port;
  hosts_ = std::move(hosts);
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) hosts_.emplace_back(name);
  cookie_ = fmt::format("linmo-{}", port);  // cookies of all ports of a host are sent to each of them
}

bool Guard::operator()(Request& request, Response& response) {
  bool known_host = false;
  for (const std::string& name : hosts_) {
    const std::string host = fmt::format("{}:{}", name, port_);
    known_host |= request.host == host || (port_ == 80 && request.host == name);
    if (request.origin == "http://" + host) request.origin.clear();
  }
  if (!known_host) throw HttpError(403, "host", "The studio answers only at the address that it printed.");
  if (!request.origin.empty())
    throw HttpError(403, "origin", "The studio answers only its own pages, not those of other sites.");
  const auto token = request.query.find("token");
  if (request.path == "/" && request.method == "GET" && token != request.query.end()) {
    if (!same(token->second, token_))
      throw HttpError(401, "token",
                      "This link is of another start of the studio; open the one it printed last.");
    response.status = 303;
    response.type.clear();
    response.headers = {{"Location", "/"}, {"Set-Cookie", new_session()}};
    return true;
  }
  // The pages themselves hold nothing of the user's, and say what to do when there is no session.
  if (!request.path.starts_with("/api/") || request.path == "/api/v1/login") return false;
  constexpr std::string_view bearer = "Bearer ";
  if (request.authorization.starts_with(bearer) &&
      same(std::string_view(request.authorization).substr(bearer.size()), token_))
    return false;
  const std::string session = cookie_value(request.cookie, cookie_);
  if (!sessions_.contains(session) && password_)
    throw HttpError(401, "password", "Give the studio's password.");
  if (!sessions_.contains(session))
    throw HttpError(401, "token", "Open the studio with the link that it printed when it was started.");
  request.client = session;
  return false;
}

const std::vector<std::pair<std::string, std::string>>& security_headers() {
  static const std::vector<std::pair<std::string, std::string>> headers = {
      {"Content-Security-Policy",
       "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
       "frame-ancestors 'self'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cache-Control", "no-store"}};
  return headers;
}

std::string report_policy() {
  return "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src "
         "'unsafe-inline'; "
         "img-src data: blob:; font-src data:; frame-ancestors 'self'";
}

}  // namespace linmo::studio
