// SPDX-License-Identifier: Apache-2.0
// What figures and reports say, in English, Chinese and Japanese: one table of sentences, each with places
// for values. A page carries the sentences it uses once and puts the values in where the reader wants them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linmo::culture {

enum class Language { en, zh, ja };
inline constexpr Language kLanguages[] = {Language::en, Language::zh, Language::ja};
const char* code(Language language);  // "en", "zh-Hans", "ja", as HTML's lang

// One sentence of the table. {name} is the place of the value `name`.
struct Text {
  const char* key;
  const char* en;
  const char* zh;
  const char* ja;
};

// The parts of the table.
std::span<const Text> page_texts();
std::span<const Text> finding_texts();
std::span<const Text> method_texts();
std::span<const Text> figure_texts();
std::span<const Text> descriptor_texts();

// A sentence with its values, or (without a key) words that are not translated: names, titles, numbers.
struct Phrase {
  using Values = std::vector<std::pair<std::string, Phrase>>;

  Phrase() = default;
  Phrase(std::string words) : literal(std::move(words)) {}
  Phrase(const char* words) : literal(words) {}

  std::string key = {};
  std::string literal = {};
  Values values = {};
};
Phrase say(std::string key, Phrase::Values values = {});
// What a descriptor is called by people; its own name where the table has none.
Phrase descriptor_phrase(const std::string& name);

// Null: there is no such sentence.
const Text* find_text(std::string_view key);
// Throws ErrorKind::usage for a key or value that is missing.
std::string in_language(const Phrase& phrase, Language language);
// As the page's script reads it: a string, or {"k": key, "v": {name: …}}.
std::string to_json(const Phrase& phrase);
// The sentences that these phrases need, as {"en": {key: text}, "zh-Hans": …}, sorted.
void collect_keys(const Phrase& phrase, std::map<std::string, const Text*>& keys);

}  // namespace linmo::culture
