// SPDX-License-Identifier: Apache-2.0
// Who may speak to the studio. It listens on loopback only, but every page that the browser shows and every
// user of the machine can reach that: so a token made at every start is asked for, and requests that come
// from other pages are refused (Host against DNS rebinding, Origin against cross-site requests).
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/server/http.h"

namespace linmo::studio {

// `bytes` random bytes of the system's generator, as hexadecimal digits.
std::string random_hex(int bytes);

// A password, kept as its scrypt hash (RFC 7914; N 2^15, r 8, p 1) under a salt of this start.
class Password {
 public:
  explicit Password(const std::string& text);
  bool is(const std::string& text) const;

 private:
  std::string salt_, hash_;
};

class Guard {
 public:
  // With a password, who has not the link may ask for a session by it (log_in).
  explicit Guard(std::string token, std::optional<Password> password = std::nullopt)
      : token_(std::move(token)), password_(std::move(password)) {}
  // Known when the port is. `hosts`: names and addresses beside those of loopback by which it is reached.
  void listens_at(uint16_t port, std::vector<std::string> hosts = {});

  // A session for the right password; throws HttpError 401, and 429 within a second after a wrong one.
  Response log_in(const std::string& password);

  // Throws HttpError 403 (a foreign Host or Origin) or 401 (no token). Scripts send
  // "Authorization: Bearer TOKEN". A browser that opens "/?token=TOKEN" gets a session in a cookie and is
  // sent on to "/", so that the token does not stay in its history: then true, and `response` is the answer.
  bool operator()(Request& request, Response& response);

 private:
  std::string new_session();  // the cookie for one

  std::string token_, cookie_;
  std::optional<Password> password_;
  std::vector<std::string> hosts_;
  std::chrono::steady_clock::time_point wrong_{};  // when a password was
  uint16_t port_ = 0;
  std::map<std::string, int64_t> sessions_;  // identifier → how many came before it
  int64_t next_session_ = 0;
};

// What every answer carries: the pages may load nothing from elsewhere and are shown in no foreign frame.
const std::vector<std::pair<std::string, std::string>>& security_headers();
// For reports and maps (pages with inline scripts, made from strangers' files): an origin of their own, and
// no way to send anything anywhere.
std::string report_policy();

}  // namespace linmo::studio
