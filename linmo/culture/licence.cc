// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/licence.h"

#include <algorithm>
#include <array>
#include <vector>

namespace linmo::culture {
namespace {

constexpr size_t kMaxLength = 2000;  // of a text that is looked at; a longer one is no licence's name

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// Lower-case words between single spaces, with one at each end; "4.0" stays one word, "b.y." does not matter.
std::string normalised(std::string_view text) {
  std::string out = " ";
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool decimal = c == '.' && i > 0 && i + 1 < text.size() && text[i - 1] >= '0' &&
                         text[i - 1] <= '9' && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (is_word(c) || decimal)
      out += c;
    else if (out.back() != ' ')
      out += ' ';
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

template <size_t N>
bool has_any(const std::string& text, const std::array<std::string_view, N>& list) {
  return std::ranges::any_of(list, [&](std::string_view words) { return has(text, words); });
}

// "4.0" after the licence's name, empty where none stands there.
std::string version_in(const std::string& text) {
  for (const char* version : {"4.0", "3.0", "2.5", "2.1", "2.0", "1.0"})
    if (has(text, std::string(" ") + version + " ")) return version;
  return {};
}

std::string creative_commons(std::string name, const std::string& text) {
  const std::string version = version_in(text);
  return version.empty() ? name : name + " " + version;
}

}  // namespace

Licence parse_licence(std::string_view original) {
  if (original.empty() || original.size() > kMaxLength) return {};
  const std::string text = normalised(original);
  // What forbids: the strictest word counts, whatever else is said.
  static constexpr std::array<std::string_view, 17> kForbidden{" nc ",
                                                               " nd ",
                                                               " noncommercial ",
                                                               " non commercial ",
                                                               " noderivatives ",
                                                               " no derivatives ",
                                                               " noderivs ",
                                                               " no derivs ",
                                                               " noc nc ",
                                                               " noc cr ",
                                                               " noc oklr ",
                                                               " inc ",
                                                               " in copyright ",
                                                               " rights reserved ",
                                                               " personal use ",
                                                               " educational use ",
                                                               " no commercial "};
  static constexpr std::array<std::string_view, 4> kUnclear{" cne ", " und ", " nkc ", " not evaluated "};
  const bool cc = has(text, " cc ") || has(text, " creative commons ") || has(text, " creativecommons ");
  const bool attribution = has(text, " by ") || has(text, " attribution ");
  if (has_any(text, kForbidden)) {
    Licence licence;
    if (cc && attribution) {
      std::string name = "CC BY";
      if (has(text, " nc ") || has(text, "commercial ")) name += "-NC";
      if (has(text, " nd ") || has(text, "deriv")) name += "-ND";
      if (has(text, " sa ") || has(text, " sharealike ") || has(text, " share alike ")) name += "-SA";
      licence.name = creative_commons(std::move(name), text);
    } else if (has(text, " rights reserved ")) {
      licence.name = "All rights reserved";
    } else if (has(text, " inc ") || has(text, " in copyright ")) {
      licence.name = "In copyright";
    }
    return licence;
  }
  if (has_any(text, kUnclear)) return {};
  if (cc && attribution) {
    Licence licence{"", true, true,
                    has(text, " sa ") || has(text, " sharealike ") || has(text, " share alike ")};
    licence.name = creative_commons(licence.share_alike ? "CC BY-SA" : "CC BY", text);
    return licence;
  }
  if (has(text, " cc0 ") || has(text, " cc zero ") || (cc && has(text, " zero "))) {
    return {has(text, " 1.0 ") ? "CC0 1.0" : "CC0", true, false, false};
  }
  // The work may be free and its photograph claimed.
  const bool disclaimed = has(text, " no copyright ") || has(text, " no known copyright ");
  if ((has(text, "©") || has(text, " copyright ")) && !disclaimed) return {};
  static constexpr std::array<std::string_view, 10> kPublic{
      " no copyright ",       " public domain ", " publicdomain ",   " pdm ",    " noc us ",
      " no known copyright ", " gemeinfrei ",    " domaine public ", "公有领域", "パブリックドメイン"};
  static constexpr std::array<std::string_view, 3> kNotPublic{
      " not public domain ", " not in the public domain ", " not in public domain "};
  if (has_any(text, kNotPublic)) return {};
  if (has_any(text, kPublic) || text == " pd " || has(text, " cc pd ") || has(text, "公有領域")) {
    return {"Public domain", true, false, false};
  }
  if (text.starts_with(" gpl ") || has(text, " gnu general public ") || has(text, " gpl 2") ||
      has(text, " gpl 3") || has(text, " gpl2 ") || has(text, " gpl3 ") || has(text, " gfdl ") ||
      has(text, " free documentation "))
    return {has(text, " gfdl ") || has(text, " documentation ") ? "GFDL" : "GPL", true, true, true};
  if (has(text, " free art ") || has(text, " art libre ")) return {"Free Art Licence", true, true, true};
  return {};
}

}  // namespace linmo::culture
