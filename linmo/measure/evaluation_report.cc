// SPDX-License-Identifier: Apache-2.0
// An evaluation as JSON and as the table that people read.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/measure/evaluate.h"

namespace linmo::measure {
namespace {

std::string number(double value) {
  return std::abs(value) >= 100 ? fmt::format("{:.1f}", value) : fmt::format("{:.4f}", value);
}

// Columns of a terminal that a text takes: here, its code points.
size_t columns(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, size_t width, bool right) {
  const size_t have = columns(text);
  const std::string space(have < width ? width - have : 0, ' ');
  return right ? space + text : text + space;
}

}  // namespace

const Score* telling_score(const Evaluation& e) {
  for (const char* key : {"perceptual", "content_perceptual", "ssim_luma", "content_ssim", "grid_peak"}) {
    const auto at =
        std::find_if(e.scores.begin(), e.scores.end(), [key](const Score& s) { return s.key == key; });
    if (at != e.scores.end()) return &*at;
  }
  return nullptr;
}

nlohmann::json to_json(const Evaluation& e) {
  nlohmann::json scores = nlohmann::json::array();
  for (const Score& s : e.scores) {
    nlohmann::json one = {{"key", s.key},     {"name", s.name},
                          {"value", s.value}, {"against", s.against},
                          {"n", s.n},         {"better", s.higher_is_better ? "higher" : "lower"}};
    if (s.deviation) one["deviation"] = *s.deviation;
    if (s.interval) one["interval"] = {s.interval->first, s.interval->second};
    if (s.input) one["input"] = *s.input;
    if (!s.features.empty()) one["features"] = s.features;
    scores.push_back(std::move(one));
  }
  nlohmann::json refused = nlohmann::json::array();
  for (const RefusedPicture& r : e.refused) refused.push_back({{"file", r.file}, {"reason", r.reason}});
  nlohmann::json pictures = nlohmann::json::array();
  for (const PictureScores& p : e.pictures) {
    nlohmann::json one = {{"output", p.output}, {"values", p.values}};
    if (!p.content.empty()) one["content"] = p.content;
    if (!p.truth.empty()) one["truth"] = p.truth;
    if (p.copied) one["nearest"] = {{"style", p.nearest}, {"share", *p.copied}};
    pictures.push_back(std::move(one));
  }
  return {
      {"scores", std::move(scores)},
      {"per_picture", std::move(pictures)},
      {"pictures", {{"outputs", e.outputs}, {"style", e.style}, {"content", e.content}, {"truth", e.truth}}},
      {"refused", std::move(refused)},
      {"unmatched", e.unmatched}};
}

std::string to_text(const Evaluation& e) {
  std::vector<std::vector<std::string>> rows = {
      {"", "output", "95 % of means", "input", "better", "against", "n", "features"}};
  for (const Score& s : e.scores) {
    std::string value = number(s.value);
    if (s.deviation) value += " ± " + number(*s.deviation);
    const std::string interval =
        s.interval ? fmt::format("{} … {}", number(s.interval->first), number(s.interval->second)) : "";
    rows.push_back({s.name, value, interval, s.input ? number(*s.input) : "", s.higher_is_better ? "↑" : "↓",
                    s.against, fmt::format("{}", s.n), s.features});
  }
  const size_t count = rows[0].size();
  std::vector<size_t> widths(count);
  for (const auto& row : rows) {
    for (size_t i = 0; i < count; ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < count; ++i) {
      const bool right = (i >= 1 && i <= 3) || i == 6;
      line += padded(row[i], widths[i], right) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  const bool inputs =
      std::any_of(e.scores.begin(), e.scores.end(), [](const Score& s) { return s.input.has_value(); });
  text += fmt::format("\n{} outputs", e.outputs);
  if (e.style > 0) text += fmt::format(", {} of the style", e.style);
  if (e.content > 0) text += fmt::format(", {} of the content", e.content);
  if (e.truth > 0) text += fmt::format(", {} true ones", e.truth);
  text += inputs ? "; \"input\" is what the untouched content scores\n" : "\n";
  if (!e.unmatched.empty()) {
    text += fmt::format("\n{} outputs without a counterpart of their name:\n", e.unmatched.size());
    for (const std::string& file : e.unmatched) text += "  " + file + "\n";
  }
  if (!e.refused.empty()) {
    text += fmt::format("\n{} pictures were left out:\n", e.refused.size());
    for (const RefusedPicture& r : e.refused) text += "  " + r.reason + "\n";
  }
  return text;
}

}  // namespace linmo::measure
