// SPDX-License-Identifier: Apache-2.0
// An evaluation as JSON and as the table that people read.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

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

// Rows of equal length under each other; these columns to the right.
std::string aligned(const std::vector<std::vector<std::string>>& rows, const std::set<size_t>& right) {
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < widths.size(); ++i) line += padded(row[i], widths[i], right.contains(i)) + "  ";
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
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

const Score* ranking_score(const Evaluation& e) {
  for (const char* key : {"perceptual", "kid", "kernel", "swd"}) {
    const auto at =
        std::find_if(e.scores.begin(), e.scores.end(), [key](const Score& s) { return s.key == key; });
    if (at != e.scores.end()) return &*at;
  }
  return telling_score(e);
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
  std::string text = aligned(rows, {1, 2, 3, 6});
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

std::string to_leaderboard(std::vector<Ranked> all) {
  const auto rank = [](const Ranked& r) {
    const Score* score = ranking_score(r.evaluation);
    if (!score) return std::numeric_limits<double>::infinity();
    return score->higher_is_better ? -score->value : score->value;
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Ranked& a, const Ranked& b) { return rank(a) < rank(b); });
  const auto find = [](const Evaluation& e, const std::string& key) -> const Score* {
    const auto at =
        std::find_if(e.scores.begin(), e.scores.end(), [&](const Score& s) { return s.key == key; });
    return at == e.scores.end() ? nullptr : &*at;
  };
  // The columns that any of them has; the one that ranks stands first.
  std::vector<const Score*> heads;
  const auto add = [&](const Score* score) {
    if (score &&
        std::none_of(heads.begin(), heads.end(), [&](const Score* h) { return h->key == score->key; }))
      heads.push_back(score);
  };
  for (const Ranked& r : all) add(ranking_score(r.evaluation));
  for (const char* key :
       {"perceptual", "ssim_luma", "kid", "fid", "kernel", "frechet", "swd", "content_edges", "content_ssim",
        "content_perceptual", "colour_shift", "colour_spread", "grid_peak"}) {
    for (const Ranked& r : all) add(find(r.evaluation, key));
  }
  std::vector<std::vector<std::string>> rows = {{"", ""}};
  std::set<size_t> right = {0};
  for (const Score* head : heads) {
    right.insert(rows[0].size());
    rows[0].push_back(fmt::format("{}{} {}", head->name, head->against == "content" ? " to content" : "",
                                  head->higher_is_better ? "↑" : "↓"));
  }
  const auto row = [&](const std::string& place, const std::string& name, const Evaluation& e, bool input) {
    rows.push_back({place, name});
    for (const Score* head : heads) {
      const Score* score = find(e, head->key);
      std::string value;
      if (score && !input) value = number(score->value);
      if (score && input && score->input) value = number(*score->input);
      if (score && !input && score->deviation) value += " ± " + number(*score->deviation);
      rows.back().push_back(value);
    }
  };
  for (size_t i = 0; i < all.size(); ++i) row(std::to_string(i + 1), all[i].name, all[i].evaluation, false);
  if (std::any_of(heads.begin(), heads.end(), [](const Score* h) { return h->input.has_value(); }))
    row("", "(untouched)", all[0].evaluation, true);
  std::string text = aligned(rows, right);
  if (!heads.empty())
    text += fmt::format("\nranked by {}{}\n", heads[0]->name,
                        heads[0]->features.empty() ? "" : " on " + heads[0]->features);
  size_t left_out = 0;
  for (const Ranked& r : all) left_out += r.evaluation.refused.size() + r.evaluation.unmatched.size();
  if (left_out > 0)
    text += fmt::format("{} pictures were left out or have no counterpart; --json names them\n", left_out);
  return text;
}

}  // namespace linmo::measure
