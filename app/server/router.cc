// SPDX-License-Identifier: Apache-2.0
// Addresses: routes, queries, escapes.
#include <algorithm>
#include <charconv>

#include "app/server/http.h"
#include "linmo/collection/csv.h"
#include "linmo/core/files.h"

namespace linmo::studio {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const size_t end = path.find('/');
    parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end, path.size()));
  }
  return parts;
}

bool is_parameter(std::string_view part) {
  return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

HttpError not_found(const std::string& what) {
  return {404, "not_found", what};
}

nlohmann::json Request::json() const {
  const auto depth = [](int at, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (at > 32) throw HttpError(400, "json", "the JSON is nested too deeply");
    return true;
  };
  nlohmann::json value;
  try {
    value = nlohmann::json::parse(body, depth);
  } catch (const nlohmann::json::exception&) {
    throw HttpError(400, "json", "the body must be JSON");
  }
  if (!value.is_object()) throw HttpError(400, "json", "the body must be a JSON object");
  return value;
}

std::string Request::text(const std::string& name, const std::string& otherwise) const {
  const auto at = query.find(name);
  return at == query.end() ? otherwise : at->second;
}

int64_t Request::number(const std::string& name, int64_t otherwise, int64_t least, int64_t most) const {
  const auto at = query.find(name);
  if (at == query.end()) return otherwise;
  const std::string& text = at->second;
  int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw HttpError(400, "query", fmt::format("{} must be a whole number from {} to {}", name, least, most));
  return value;
}

Response Response::json(const nlohmann::json& value, int status) {
  Response response;
  response.status = status;
  response.body = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

Response Response::of_file(std::filesystem::path path, std::string type) {
  Response response;
  response.type = std::move(type);
  response.file = std::move(path);
  return response;
}

Response& Response::download_as(const std::string& name) {
  headers.emplace_back("Content-Disposition", "attachment; filename*=UTF-8''" + percent_encoded(name));
  return *this;
}

void Router::add(Route route) {
  routes_.push_back(std::move(route));
}

const Route& Router::find(Request& request) const {
  const std::vector<std::string_view> asked = segments(request.path);
  bool other_method = false;
  for (const Route& route : routes_) {
    const std::vector<std::string_view> parts = segments(route.pattern);
    const bool fits = parts.size() == asked.size() &&
                      std::equal(parts.begin(), parts.end(), asked.begin(), [](auto part, auto given) {
                        return is_parameter(part) ? !given.empty() : part == given;
                      });
    if (!fits) continue;
    if (route.method != request.method) {
      other_method = true;
      continue;
    }
    for (size_t i = 0; i < parts.size(); ++i)
      if (is_parameter(parts[i]))
        request.parameters[std::string(parts[i].substr(1, parts[i].size() - 2))] = percent_decoded(asked[i]);
    return route;
  }
  if (other_method)
    throw HttpError(405, "method", fmt::format("{} is not possible at this address.", request.method));
  throw not_found();
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) throw HttpError(400, "address", "the address has a broken % escape");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (out.find('\0') != std::string::npos || !is_utf8(out))
    throw HttpError(400, "address", "the address is not UTF-8 text");
  return out;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

void split_target(std::string_view target, Request& request) {
  if (!target.starts_with('/')) throw HttpError(400, "address", "the address must begin with /");
  const size_t mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  if (mark == std::string_view::npos) return;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = pair.find('=');
    const std::string value =
        equals == std::string_view::npos ? "" : percent_decoded(pair.substr(equals + 1));
    if (request.query.size() < 32) request.query[percent_decoded(pair.substr(0, equals))] = value;
  }
}

std::string type_of_name(const std::filesystem::path& file) {
  static const std::map<std::string, std::string> types = {{".html", "text/html; charset=utf-8"},
                                                           {".js", "text/javascript; charset=utf-8"},
                                                           {".css", "text/css; charset=utf-8"},
                                                           {".svg", "image/svg+xml"},
                                                           {".json", "application/json"},
                                                           {".csv", "text/csv; charset=utf-8"},
                                                           {".png", "image/png"},
                                                           {".jpg", "image/jpeg"},
                                                           {".jpeg", "image/jpeg"},
                                                           {".webp", "image/webp"},
                                                           {".tif", "image/tiff"},
                                                           {".avif", "image/avif"},
                                                           {".mp4", "video/mp4"}};
  const auto at = types.find(file.extension().string());
  return at == types.end() ? "application/octet-stream" : at->second;
}

}  // namespace linmo::studio
