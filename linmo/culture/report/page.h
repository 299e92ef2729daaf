// SPDX-License-Identifier: Apache-2.0
// A page of HTML that needs nothing but itself: text in three languages, styles and scripts inside.
// Everything that comes from outside is escaped here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/culture/texts/texts.h"

namespace linmo::culture {

class Page {
 public:
  // `tag` with its class after a dot: "p.note".
  void open(std::string_view tag, std::string_view attributes = {});
  void close();
  void element(std::string_view tag, const Phrase& words, std::string_view attributes = {});
  void words(const Phrase& words);  // within a line
  // Markup of our own, as it is: figures, controls.
  void raw(std::string_view markup) { body_ += markup; }

  // What page.js makes the choice of a language from.
  void language_buttons();

  // A table: heads, rows; cells that begin with a digit or a sign stand on the right.
  void table(const std::vector<Phrase>& heads, const std::vector<std::vector<Phrase>>& rows,
             std::string_view tag = "table");
  // Sentences that a script will need although no element has them yet.
  void keep(const Phrase& phrase) { collect_keys(phrase, keys_); }
  // Sentences of figures: their keys stand in data-t attributes already.
  void keep_all(std::string_view prefix);

  // The whole file, English where no script runs.
  std::string finish(const Phrase& title, std::string_view styles, std::string_view scripts) const;

 private:
  std::string body_;
  std::vector<std::string> open_;
  std::map<std::string, const Text*> keys_;
};

// JSON that may stand inside <script>.
std::string in_script(const std::string& json);

}  // namespace linmo::culture
