// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/texts/texts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"

namespace linmo::culture {
namespace {
using Json = nlohmann::ordered_json;

const std::map<std::string_view, const Text*>& table() {
  static const auto* all = [] {
    auto* out = new std::map<std::string_view, const Text*>();
    for (const std::span<const Text>& part :
         {page_texts(), finding_texts(), method_texts(), figure_texts(), descriptor_texts()})
      for (const Text& text : part)
        if (!out->emplace(text.key, &text).second)
          fail(ErrorKind::usage, "the sentence {} is in the table twice", text.key);
    return out;
  }();
  return *all;
}

const char* words(const Text& text, Language language) {
  return language == Language::en ? text.en : language == Language::zh ? text.zh : text.ja;
}

Json json(const Phrase& phrase) {
  if (phrase.key.empty()) return phrase.literal;
  Json out = {{"k", phrase.key}};
  for (const auto& [name, value] : phrase.values) out["v"][name] = json(value);
  return out;
}

}  // namespace

const char* code(Language language) {
  return language == Language::en ? "en" : language == Language::zh ? "zh-Hans" : "ja";
}

Phrase say(std::string key, Phrase::Values values) {
  Phrase out;
  out.key = std::move(key);
  out.values = std::move(values);
  return out;
}

Phrase descriptor_phrase(const std::string& name) {
  const std::string key = "d." + name;
  return find_text(key) ? say(key) : Phrase(name);
}

const Text* find_text(std::string_view key) {
  const auto at = table().find(key);
  return at == table().end() ? nullptr : at->second;
}

std::string in_language(const Phrase& phrase, Language language) {
  if (phrase.key.empty()) return phrase.literal;
  const Text* text = find_text(phrase.key);
  if (!text) fail(ErrorKind::usage, "there is no sentence {}", phrase.key);
  const std::string_view pattern = words(*text, language);
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '{') {
      out += pattern[i++];
      continue;
    }
    const size_t end = pattern.find('}', i);
    const std::string_view name = pattern.substr(i + 1, end - i - 1);
    const auto value = std::find_if(phrase.values.begin(), phrase.values.end(),
                                    [&](const auto& v) { return v.first == name; });
    if (end == std::string_view::npos || value == phrase.values.end())
      fail(ErrorKind::usage, "the sentence {} lacks a value: {}", phrase.key, name);
    out += in_language(value->second, language);
    i = end + 1;
  }
  return out;
}

std::string to_json(const Phrase& phrase) {
  return json(phrase).dump();
}

void collect_keys(const Phrase& phrase, std::map<std::string, const Text*>& keys) {
  if (phrase.key.empty()) return;
  keys.emplace(phrase.key, find_text(phrase.key));
  for (const auto& [name, value] : phrase.values) collect_keys(value, keys);
}

}  // namespace linmo::culture
