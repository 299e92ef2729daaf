// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/report/page.h"

#include <nlohmann/json.hpp>

#include "linmo/culture/figures/svg.h"

namespace linmo::culture {
namespace {
using Json = nlohmann::ordered_json;

std::string start_tag(std::string_view tag, std::string_view attributes) {
  const size_t dot = tag.find('.');
  std::string out = "<" + std::string(tag.substr(0, dot));
  if (dot != std::string_view::npos) out += " class=\"" + std::string(tag.substr(dot + 1)) + "\"";
  if (!attributes.empty()) out += " " + std::string(attributes);
  return out;
}

std::string name_of(std::string_view tag) {
  return std::string(tag.substr(0, tag.find('.')));
}

bool is_number(const std::string& text) {
  return !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '+' ||
                           text.starts_with("−") || text.starts_with("–"));
}

}  // namespace

void Page::open(std::string_view tag, std::string_view attributes) {
  body_ += start_tag(tag, attributes) + ">\n";
  open_.push_back(name_of(tag));
}

void Page::close() {
  body_ += "</" + open_.back() + ">\n";
  open_.pop_back();
}

void Page::element(std::string_view tag, const Phrase& words, std::string_view attributes) {
  keep(words);
  body_ += start_tag(tag, attributes);
  if (!words.key.empty()) body_ += " data-t=\"" + escape_html(to_json(words)) + "\"";
  body_ += ">" + escape_html(in_language(words, Language::en)) + "</" + name_of(tag) + ">\n";
}

void Page::words(const Phrase& words) {
  element("span", words);
}

void Page::language_buttons() {
  raw("<nav aria-label=\"Language\"><button data-language=\"en\" lang=\"en\">English</button>"
      "<button data-language=\"zh-Hans\" lang=\"zh-Hans\">中文</button>"
      "<button data-language=\"ja\" lang=\"ja\">日本語</button></nav>\n");
}

void Page::table(const std::vector<Phrase>& heads, const std::vector<std::vector<Phrase>>& rows,
                 std::string_view tag) {
  open("div.wide");
  open(tag);
  open("tr");
  for (const Phrase& head : heads) element("th", head);
  close();
  for (const auto& row : rows) {
    open("tr");
    for (const Phrase& cell : row) element(is_number(cell.literal) ? "td.n" : "td", cell);
    close();
  }
  close();
  close();
}

void Page::keep_all(std::string_view prefix) {
  for (const auto& part : {figure_texts(), page_texts()})
    for (const Text& text : part)
      if (std::string_view(text.key).starts_with(prefix)) keys_.emplace(text.key, &text);
}

std::string Page::finish(const Phrase& title, std::string_view styles, std::string_view scripts) const {
  std::map<std::string, const Text*> keys = keys_;
  collect_keys(title, keys);
  Json texts;
  for (const auto& [key, text] : keys) {
    texts[code(Language::en)][key] = text->en;
    texts[code(Language::zh)][key] = text->zh;
    texts[code(Language::ja)][key] = text->ja;
  }
  const std::string english = escape_html(in_language(title, Language::en));
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      // Nothing is fetched and nothing is sent, even if a part of the page were not ours.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title data-t=\"";
  out += escape_html(to_json(title)) + "\">" + english + "</title>\n<style>\n";
  out += styles;
  out += "</style></head>\n<body>\n" + body_ + "<script type=\"application/json\" id=\"texts\">" +
         in_script(texts.dump()) + "</script>\n<script>\n";
  out += scripts;
  out += "</script>\n</body></html>\n";
  return out;
}

std::string in_script(const std::string& json) {
  std::string out;
  for (char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

}  // namespace linmo::culture
