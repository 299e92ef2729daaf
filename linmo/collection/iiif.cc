// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/iiif.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "linmo/collection/csv.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"

namespace linmo {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBytes = 64 << 20, kMaxPictures = 100'000, kMaxText = 4000;
constexpr int kMaxDepth = 64;

Json parse_bounded(std::string_view text, std::string_view name) {
  if (text.size() > kMaxBytes) fail(ErrorKind::limit, "{} is larger than {} MB", name, kMaxBytes >> 20);
  const auto check = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) fail(ErrorKind::limit, "{} is nested more than {} levels deep", name, kMaxDepth);
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::exception& error) {
    fail(ErrorKind::input, "{} is not JSON: {}", name, error.what());
  }
}

const Json& at(const Json& object, const char* key) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

// "@id" of version 2, "id" of version 3; a text is its own id.
std::string id_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  for (const char* key : {"id", "@id"})
    if (at(value, key).is_string()) return at(value, key).get<std::string>();
  return {};
}

const Json& first(const Json& value) {
  static const Json kNone;
  if (!value.is_array()) return value;
  return value.empty() ? kNone : value.front();
}

// Texts may hold HTML; what stands between tags is left.
std::string without_tags(std::string_view text) {
  std::string out;
  bool inside = false;
  for (const char c : text.substr(0, kMaxText)) {
    if (c == '<')
      inside = true;
    else if (c == '>' && inside)
      inside = false;
    else if (!inside)
      out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  const size_t begin = out.find_first_not_of(' ');
  return begin == std::string::npos ? "" : to_valid_utf8(out.substr(begin));
}

// A text, a list of texts, {"@value": text}, or a language map {"en": [texts]}: English, then no language,
// then whichever comes first. Several texts of one language are joined by "; ".
std::string text_of(const Json& value) {
  if (value.is_string()) return without_tags(value.get_ref<const std::string&>());
  if (value.is_array()) {
    std::string out;
    for (const Json& part : value) {
      const std::string text = text_of(part);
      if (text.empty() || out.size() > kMaxText) continue;
      out += (out.empty() ? "" : "; ") + text;
    }
    return out;
  }
  if (!value.is_object()) return {};
  if (const Json& inner = at(value, "@value"); !inner.is_null()) return text_of(inner);
  for (const char* language : {"en", "none", "@none"})
    if (const Json& inner = at(value, language); !inner.is_null()) return text_of(inner);
  return value.empty() || !value.front().is_array() ? std::string() : text_of(value.front());
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Which field of Picture a metadata pair's label means; empty: none.
std::string_view field_of(const std::string& label) {
  struct Name {
    std::string_view label, field;
  };
  static constexpr std::array<Name, 36> kNames{{
      {"artist", "artist"},
      {"creator", "artist"},
      {"maker", "artist"},
      {"author", "artist"},
      {"painter", "artist"},
      {"contributor", "artist"},
      {"作者", "artist"},
      {"作家", "artist"},
      {"title", "title"},
      {"titel", "title"},
      {"题名", "title"},
      {"作品名", "title"},
      {"date", "date"},
      {"date created", "date"},
      {"created", "date"},
      {"dated", "date"},
      {"date made", "date"},
      {"year", "date"},
      {"period", "date"},
      {"年代", "date"},
      {"制作年", "date"},
      {"时代", "date"},
      {"時代", "date"},
      {"culture", "culture"},
      {"origin", "culture"},
      {"genre", "category"},
      {"type", "category"},
      {"classification", "category"},
      {"object type", "category"},
      {"source", "source"},
      {"repository", "source"},
      {"institution", "source"},
      {"museum", "source"},
      {"rights", "licence"},
      {"license", "licence"},
      {"licence", "licence"},
  }};
  for (const Name& n : kNames)
    if (n.label == label) return n.field;
  return {};
}

void set_once(std::string& field, std::string text) {
  if (field.empty()) field = std::move(text);
}

Picture read_description(const Json& document) {
  Picture p;
  p.title = text_of(at(document, "label"));
  p.description = text_of(at(document, "summary"));
  set_once(p.description, text_of(at(document, "description")));
  for (const char* key : {"rights", "license"}) {
    const Json& value = first(at(document, key));
    set_once(p.licence, value.is_string() ? text_of(value) : id_of(value));
  }
  if (const Json& pairs = at(document, "metadata"); pairs.is_array()) {
    for (const Json& pair : pairs) {
      const std::string_view field = field_of(lower(text_of(at(pair, "label"))));
      if (!field.empty()) set_once(descriptive_field(p, field), text_of(at(pair, "value")));
    }
  }
  set_once(p.source, text_of(at(first(at(document, "provider")), "label")));
  set_once(p.source, text_of(at(at(document, "requiredStatement"), "value")));
  set_once(p.source, text_of(at(document, "attribution")));
  for (const char* key : {"homepage", "related"}) set_once(p.permalink, id_of(first(at(document, key))));
  set_once(p.permalink, id_of(document));
  p.work = id_of(document);
  return p;
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) out.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(path.size(), slash + 1));
  }
  return out;
}

// No way out of the manifest's folder, nothing that a file system would stumble over.
bool is_safe(std::string_view path) {
  if (path.empty() || path.size() > 1000 || path.front() == '/' ||
      path.find('\0') != std::string_view::npos || path.find('\\') != std::string_view::npos ||
      !is_utf8(path))
    return false;
  const std::vector<std::string> parts = segments(path);
  return std::ranges::none_of(parts, [](const std::string& s) { return s == ".." || s == "."; });
}

// Names for an address: of the Image API ({id}/{region}/{size}/{rotation}/{quality}.{format}) the identifier,
// otherwise the last part; a relative address is a path as it is.
void add_names(std::string address, std::vector<std::string>& names) {
  const auto add = [&](std::string name) {
    if (is_safe(name) && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  address.resize(std::min({address.size(), address.find('?'), address.find('#')}));
  const size_t scheme = address.find("://");
  if (scheme == std::string::npos) add(percent_decoded(address));
  const std::string_view path =
      std::string_view(address).substr(scheme == std::string::npos ? 0 : scheme + 3);
  std::vector<std::string> parts = segments(path);
  if (scheme != std::string::npos && !parts.empty()) parts.erase(parts.begin());  // the host
  if (!parts.empty() && parts.back() == "info.json") parts.pop_back();
  const size_t n = parts.size();
  const bool api = n >= 5 && (parts[n - 1].starts_with("default.") || parts[n - 1].starts_with("native.") ||
                              parts[n - 1].starts_with("color.") || parts[n - 1].starts_with("gray."));
  if (api) parts.resize(n - 4);
  if (parts.empty()) return;
  const std::string identifier = percent_decoded(parts.back());
  add(identifier);
  // Identifiers may be paths.
  if (const std::vector<std::string> inner = segments(identifier); inner.size() > 1) add(inner.back());
}

class IiifReader {
 public:
  explicit IiifReader(std::string_view name) : name_(name) {}
  IiifDocument document;

  // A painting on a canvas: the resource (2) or body (3) of an annotation.
  void add(const Json& body, const Picture& known, const std::string& canvas) {
    const Json& choice = first(at(body, "items"));  // a Choice of several takes
    const Json& resource = !choice.is_null() && !choice.is_primitive() ? choice : body;
    if (document.pictures.size() >= kMaxPictures)
      fail(ErrorKind::limit, "{} names more than {} pictures", name_, kMaxPictures);
    IiifPicture picture;
    picture.address = id_of(resource);
    picture.picture = known;
    picture.canvas = canvas;
    if (const std::string service = id_of(first(at(resource, "service"))); !service.empty())
      add_names(service, picture.names);
    add_names(picture.address, picture.names);
    if (picture.address.empty() && picture.names.empty()) return;
    document.pictures.push_back(std::move(picture));
  }

 private:
  std::string_view name_;
};

void read_version_2(const Json& manifest, const Picture& known, IiifReader& out) {
  const Json& canvases = at(first(at(manifest, "sequences")), "canvases");
  if (!canvases.is_array()) return;
  for (const Json& canvas : canvases) {
    const Json& images = at(canvas, "images");
    if (!images.is_array()) continue;
    for (const Json& image : images) out.add(at(image, "resource"), known, text_of(at(canvas, "label")));
  }
}

void read_version_3(const Json& manifest, const Picture& known, IiifReader& out) {
  const Json& canvases = at(manifest, "items");
  if (!canvases.is_array()) return;
  for (const Json& canvas : canvases) {
    const Json& pages = at(canvas, "items");
    if (!pages.is_array()) continue;
    for (const Json& page : pages) {
      const Json& annotations = at(page, "items");
      if (!annotations.is_array()) continue;
      for (const Json& annotation : annotations) {
        const Json& motivation = first(at(annotation, "motivation"));
        if (motivation.is_string() && motivation != "painting") continue;
        const Json& body = first(at(annotation, "body"));
        if (const Json& type = at(body, "type"); type.is_string() && type != "Image" && type != "Choice")
          continue;
        out.add(body, known, text_of(at(canvas, "label")));
      }
    }
  }
}

std::string type_of(const Json& document) {
  for (const char* key : {"type", "@type"})
    if (const Json& type = first(at(document, key)); type.is_string()) return type.get<std::string>();
  return {};
}

}  // namespace

IiifDocument parse_iiif(std::string_view text, std::string_view name) {
  const Json json = parse_bounded(text, name);
  const std::string type = type_of(json);
  if (type == "Collection" || type == "sc:Collection")
    fail(ErrorKind::input, "{} is a IIIF collection; name its manifests, or the folder where they lie", name);
  IiifReader out(name);
  const Json& protocol = at(json, "protocol");
  if (protocol.is_string() &&
      protocol.get_ref<const std::string&>().find("iiif.io/api/image") != std::string::npos) {
    Picture known = read_description(json);
    known.work = {};
    IiifPicture picture;
    picture.address = id_of(json);
    add_names(picture.address, picture.names);
    for (const char* size : {"max", "full"})
      for (const char* format : {"jpg", "png", "webp", "tif"})
        picture.names.push_back(fmt::format("full/{}/0/default.{}", size, format));
    picture.picture = std::move(known);
    out.document.pictures.push_back(std::move(picture));
    return std::move(out.document);
  }
  if (type != "Manifest" && type != "sc:Manifest") {
    fail(ErrorKind::input, "{} is not a IIIF manifest (Presentation 2 or 3) nor an info.json", name);
  }
  const Picture known = read_description(json);
  out.document.label = known.title;
  type == "Manifest" ? read_version_3(json, known, out) : read_version_2(json, known, out);
  if (out.document.pictures.size() == 1) out.document.pictures[0].canvas.clear();
  return std::move(out.document);
}

bool mentions_iiif(std::string_view text) {
  return text.substr(0, 1 << 16).find("iiif.io/api/") != std::string_view::npos;
}

}  // namespace linmo
