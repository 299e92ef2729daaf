// SPDX-License-Identifier: Apache-2.0
// Who may speak to the studio. It listens on loopback only, but every page that the browser shows and every
// user of the machine can reach that: so a token made at every start is asked for, and requests that come
// from other pages are refused (Host against DNS rebinding, Origin against cross-site requests).
#pragma once

#include <map>
#include <string>

#include "app/server/http.h"

namespace linmo::studio {

// `bytes` random bytes of the system's generator, as hexadecimal digits.
std::string random_hex(int bytes);

class Guard {
 public:
  explicit Guard(std::string token) : token_(std::move(token)) {}
  // Known when the port is.
  void listens_at(uint16_t port);

  // Throws HttpError 403 (a foreign Host or Origin) or 401 (no token). Scripts send
  // "Authorization: Bearer TOKEN". A browser that opens "/?token=TOKEN" gets a session in a cookie and is
  // sent on to "/", so that the token does not stay in its history: then true, and `response` is the answer.
  bool operator()(Request& request, Response& response);

 private:
  std::string token_, cookie_;
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
