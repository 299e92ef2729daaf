// SPDX-License-Identifier: Apache-2.0
// An evaluation as a page: where people would rather look than read.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "linmo/core/error.h"
#include "linmo/image/codec.h"
#include "linmo/image/markup.h"
#include "linmo/image/resize.h"
#include "linmo/measure/evaluate.h"

namespace linmo::measure {
namespace {

constexpr int64_t kSide = 256;  // px, long side of a picture on the page
constexpr int kQuality = 82;
constexpr size_t kShown = 6;  // cases of each kind

constexpr std::string_view kStyle = R"(<style>
:root{color-scheme:light dark;--ink:#1c1b19;--paper:#fbfaf7;--line:#b9b2a3;--soft:#6b655a}
@media(prefers-color-scheme:dark){:root{--ink:#ece7dc;--paper:#191816;--line:#5b564c;--soft:#a79f90}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1100px;margin:2rem auto;padding:0 1rem}
h1,h2{font-weight:600;line-height:1.2}h2{margin-top:2.5rem}h1{overflow-wrap:anywhere}
.wide{overflow-x:auto}table{border-collapse:collapse}
td,th{padding:.15rem .9rem .15rem 0;text-align:left;vertical-align:top;white-space:nowrap}
td.n{text-align:right;font-variant-numeric:tabular-nums}thead th{border-bottom:1px solid var(--line)}
.cases{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fill,minmax(320px,1fr))}
.case{margin:0}.row{display:flex;gap:4px}.row figure{margin:0;flex:1;min-width:0}.row img{width:100%;display:block}
figcaption{font-size:.85rem;color:var(--soft);overflow-wrap:anywhere}
</style>)";

std::string number(double value) {
  return std::abs(value) >= 100 ? fmt::format("{:.1f}", value) : fmt::format("{:.4f}", value);
}

// "" for a picture that cannot be read any more.
std::string figure(const std::string& file, std::string_view role) {
  if (file.empty()) return "";
  try {
    DecodeOptions options;
    options.limits.max_pixels = 200'000'000;
    options.shrink_to_side = 2 * kSide;
    const Image whole = read_image(file, options);
    const double scale = std::min(
        1., static_cast<double>(kSide) / static_cast<double>(std::max(whole.width(), whole.height())));
    const auto scaled = [scale](int64_t side) {
      return std::max<int64_t>(1, std::llround(static_cast<double>(side) * scale));
    };
    return fmt::format(
        "<figure><img loading=\"lazy\" alt=\"{}: {}\" src=\"{}\"><figcaption>{}</figcaption></figure>", role,
        escape_html(std::filesystem::path(file).filename().string()),
        picture_uri(resize(whole, scaled(whole.width()), scaled(whole.height())), kQuality), role);
  } catch (const Error&) {
    return "";
  }
}

struct Case {
  const PictureScores* picture;
  double value;
};

std::string cases(const std::vector<Case>& list, std::string_view what, bool with_style) {
  std::string page = "<div class=\"cases\">\n";
  for (const Case& c : list) {
    const PictureScores& p = *c.picture;
    page +=
        "<div class=\"case\"><div class=\"row\">" + figure(p.content, "content") + figure(p.output, "output");
    page += with_style ? figure(p.nearest, "style") : figure(p.truth, "truth");
    page +=
        fmt::format("</div><figcaption>{}: {} {}</figcaption></div>\n",
                    escape_html(std::filesystem::path(p.output).filename().string()), what, number(c.value));
  }
  return page + "</div>\n";
}

std::string table(const Evaluation& e) {
  std::string page =
      "<div class=\"wide\"><table><thead><tr><th scope=\"col\">score</th><th scope=\"col\">output</th><th "
      "scope=\"col\">95 % of means</th><th scope=\"col\">input</th><th scope=\"col\">better</th><th "
      "scope=\"col\">against</th><th scope=\"col\">n</th><th "
      "scope=\"col\">features</th></tr></thead><tbody>\n";
  for (const Score& s : e.scores) {
    page += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"n\">{}{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{}</td><td>{}</td>"
        "<td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
        escape_html(s.name), number(s.value), s.deviation ? " ± " + number(*s.deviation) : "",
        s.interval ? number(s.interval->first) + " … " + number(s.interval->second) : "",
        s.input ? number(*s.input) : "", s.higher_is_better ? "higher" : "lower", s.against, s.n,
        escape_html(s.features));
  }
  return page + "</tbody></table></div>\n";
}

}  // namespace

std::string to_page(const Evaluation& e, const std::string& title) {
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Scores of {0}</title>{1}</head><body>\n<h1>Scores of "
      "{0}</h1>\n<p>{2} "
      "outputs, {3} pictures of the style, {4} of the content, {5} true ones. “Input” is what the untouched "
      "content "
      "scores: an output that does not beat it has changed nothing for the better. Features are named beside "
      "what was "
      "computed on them; only InceptionV3’s give FID and KID.</p>\n",
      escape_html(title), kStyle, e.outputs, e.style, e.content, e.truth);
  page += table(e);

  if (const Score* score = telling_score(e)) {
    std::vector<Case> all;
    for (const PictureScores& p : e.pictures) {
      if (const auto at = p.values.find(score->key); at != p.values.end()) all.push_back({&p, at->second});
    }
    std::stable_sort(all.begin(), all.end(), [&](const Case& a, const Case& b) {
      return score->higher_is_better ? a.value > b.value : a.value < b.value;
    });
    // Never the same picture as best and as worst.
    const size_t shown = std::min(kShown, all.size() / 2);
    const std::string what = escape_html(score->name);
    const std::string_view against = score->against == "itself" ? "of the picture itself" : "";
    const std::string by = fmt::format(
        "By {} {}.", what, against.empty() ? "against the " + score->against : std::string(against));
    if (shown > 0) {
      page += fmt::format("<h2>Worst</h2>\n<p>{}</p>\n", by);
      page += cases({all.rbegin(), all.rbegin() + static_cast<int64_t>(shown)}, what, false);
      page += fmt::format("<h2>Best</h2>\n<p>{}</p>\n", by);
      page += cases({all.begin(), all.begin() + static_cast<int64_t>(shown)}, what, false);
    }
  }

  std::vector<Case> near;
  for (const PictureScores& p : e.pictures) {
    if (p.copied && std::isfinite(*p.copied)) near.push_back({&p, *p.copied});
  }
  std::stable_sort(near.begin(), near.end(), [](const Case& a, const Case& b) { return a.value < b.value; });
  if (!near.empty()) {
    near.resize(std::min(kShown, near.size()));
    page +=
        "<h2>Nearest to a picture of the style</h2>\n<p>The distance by the features, as a share of that "
        "picture’s "
        "distance to its own nearest other. Far below 1 an output may be a copy: look.</p>\n";
    page += cases(near, "share", true);
  }
  const auto list = [&page](const std::string& heading, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    page += fmt::format("<h2>{} ({})</h2>\n<ul>\n", heading, lines.size());
    for (const std::string& line : lines) page += "<li>" + escape_html(line) + "</li>\n";
    page += "</ul>\n";
  };
  list("Outputs without a counterpart of their name", e.unmatched);
  std::vector<std::string> reasons;
  for (const RefusedPicture& r : e.refused) reasons.push_back(r.reason);
  list("Pictures that were left out", reasons);
  return page + "</body></html>\n";
}

}  // namespace linmo::measure
