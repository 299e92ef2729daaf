// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/settings.h"
#include "linmo/image/codec.h"
#include "linmo/image/markup.h"
#include "linmo/train/judge.h"

namespace linmo::train {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // minutes, value
};

// A line chart as SVG. A light line joins the values, a strong one their running mean.
std::string chart(const Curve& curve) {
  constexpr double kWidth = 340, kHeight = 130, kLeft = 44, kBottom = 18;
  double low = 1e300, high = -1e300;
  const double end = std::max(curve.points.back().first, 1e-9);
  for (const auto& [x, y] : curve.points) {
    low = std::min(low, y);
    high = std::max(high, y);
  }
  if (high - low < 1e-12) high = low + 1;
  const auto at = [&](double x, double y) {
    return fmt::format("{:.1f},{:.1f} ", kLeft + x / end * (kWidth - kLeft - 4),
                       6 + (high - y) / (high - low) * (kHeight - kBottom - 10));
  };
  std::string raw, smooth;
  double mean = curve.points[0].second;
  const size_t stride = std::max<size_t>(1, curve.points.size() / 600);
  const double weight = std::min(1.0, 20.0 / static_cast<double>(curve.points.size()) + 0.02);
  for (size_t i = 0; i < curve.points.size(); ++i) {
    mean += weight * (curve.points[i].second - mean);
    if (i % stride == 0 || i + 1 == curve.points.size()) {
      raw += at(curve.points[i].first, curve.points[i].second);
      smooth += at(curve.points[i].first, mean);
    }
  }
  return fmt::format(
      "<figure><figcaption>{}</figcaption><svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{} over "
      "{:.1f} minutes, last {:.4g}\">"
      "<polyline class=\"raw\" points=\"{}\"/><polyline class=\"mean\" points=\"{}\"/>"
      "<text x=\"2\" y=\"12\">{:.3g}</text><text x=\"2\" y=\"{}\">{:.3g}</text><text x=\"{}\" y=\"{}\" "
      "text-anchor=\"end\">{:.1f} min</text></svg></figure>\n",
      escape_html(curve.name), kWidth, kHeight, escape_html(curve.name), end, curve.points.back().second, raw,
      smooth, high, kHeight - kBottom, low, kWidth - 4, kHeight - 4, end);
}

std::vector<Curve> read_curves(const fs::path& file) {
  std::vector<Curve> curves;
  const auto add = [&](const std::string& name, double x, double y) {
    auto it = std::find_if(curves.begin(), curves.end(), [&](const Curve& c) { return c.name == name; });
    if (it == curves.end()) it = curves.insert(curves.end(), {name, {}});
    if (std::isfinite(y)) it->points.emplace_back(x, y);
  };
  const std::string text = read_text(file);
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const json line = json::parse(text.substr(begin, end - begin), nullptr, false);
    begin = end + 1;
    if (!line.is_object() || !line.contains("seconds") || !line.contains("losses")) continue;
    const double minutes = line["seconds"].get<double>() / 60;
    for (const auto& [name, value] : line["losses"].items()) {
      if (value.is_number()) add(name, minutes, value.get<double>());
    }
    if (line.contains("pictures_per_second"))
      add("pictures a second", minutes, line["pictures_per_second"].get<double>());
  }
  std::erase_if(curves, [](const Curve& c) { return c.points.empty(); });
  return curves;
}

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>)";
constexpr std::string_view kStyle = R"(</title><style>
:root{color-scheme:light dark;--ink:#1c1b19;--paper:#fbfaf7;--line:#b9b2a3;--accent:#a3341f}
@media(prefers-color-scheme:dark){:root{--ink:#ece7dc;--paper:#191816;--line:#5b564c;--accent:#e8836c}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1100px;margin:2rem auto;padding:0 1rem}
h1,h2{font-weight:600;line-height:1.2}h2{margin-top:2.5rem}
.curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:1rem}figure{margin:0}
figcaption{font-size:.9rem}svg{width:100%;border:1px solid var(--line)}svg text{font-size:10px;fill:currentColor}
polyline{fill:none;vector-effect:non-scaling-stroke}.raw{stroke:var(--line);stroke-width:1}.mean{stroke:var(--accent);stroke-width:2}
img{max-width:100%;border:1px solid var(--line)}table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
pre{overflow:auto;border:1px solid var(--line);padding:.8rem;font-size:.85rem}
</style></head><body>
)";

}  // namespace

void write_report(const fs::path& run) {
  const std::string title =
      "linmo run " + escape_html(to_utf8(fs::absolute(run).lexically_normal().filename().empty()
                                             ? fs::absolute(run).lexically_normal().parent_path().filename()
                                             : fs::absolute(run).lexically_normal().filename()));
  std::string page = fmt::format("{}{}{}<h1>{}</h1>\n", kHead, title, kStyle, title);
  json data = json::object();
  if (fs::exists(run / "data.json")) data = json::parse(read_text(run / "data.json"), nullptr, false);
  if (data.is_object() && data.contains("summary")) {
    page += "<table>\n";
    for (const auto& [key, value] : data["summary"].items()) {
      page += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape_html(key),
                          escape_html(value.is_string() ? value.get<std::string>() : value.dump()));
    }
    page += "</table>\n";
  }
  if (const std::vector<Judgement> scores = read_judgements(run); !scores.empty()) {
    page += fmt::format("<h2>When is it done?</h2>\n<p>{}.</p>\n<div class=\"curves\">\n",
                        escape_html(verdict(scores)));
    Curve style{"distance to the style (kernel distance on features; lower is nearer)", {}},
        content{"content kept (edge orientation; 1: all)", {}};
    for (const Judgement& j : scores) {
      style.points.emplace_back(j.seconds / 60, j.style);
      content.points.emplace_back(j.seconds / 60, j.content);
    }
    page += chart(style) + chart(content) + "</div>\n";
  }
  std::vector<fs::path> grids;
  if (fs::exists(run / "samples")) grids = list_files(run / "samples");
  std::erase_if(grids, [](const fs::path& p) { return p.extension() != ".png"; });
  if (!grids.empty()) {
    page +=
        "<h2>Held-out pictures over time</h2>\n<p>Top row: the content. Then what the averaged generator "
        "made of it";
    if (data.is_object() && data.value("paired", false)) page += ", and below that the true result";
    if (data.is_object() && data.contains("styles") && data["styles"].is_array() && !data["styles"].empty()) {
      page += ", from top to bottom in the style";
      for (size_t i = 0; i < data["styles"].size(); ++i)
        page += (i ? ", " : " ") + escape_html(data["styles"][i].get<std::string>());
    }
    page += ". Newest first.</p>\n";
    std::reverse(grids.begin(), grids.end());
    for (size_t i = 0; i < grids.size(); ++i) {
      page += fmt::format(
          "<figure><figcaption>{}</figcaption><img {}alt=\"sample grid {}\" "
          "src=\"{}\"></figure>\n",
          escape_html(to_utf8(grids[i].stem())), i > 0 ? "loading=\"lazy\" " : "",
          escape_html(to_utf8(grids[i].stem())), picture_uri(read_image(grids[i]), 88));
    }
  }
  if (fs::exists(run / "stats.jsonl")) {
    const std::vector<Curve> curves = read_curves(run / "stats.jsonl");
    if (!curves.empty()) {
      page += "<h2>Losses</h2>\n<div class=\"curves\">\n";
      for (const Curve& curve : curves) page += chart(curve);
      page += "</div>\n";
    }
  }
  if (data.is_object() && data.contains("refused") && !data["refused"].empty()) {
    page +=
        fmt::format("<h2>Pictures that were not used ({})</h2>\n<table><tr><th>file</th><th>why</th></tr>\n",
                    data["refused"].size());
    for (const json& item : data["refused"]) {
      page += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape_html(item.value("file", "")),
                          escape_html(item.value("reason", "")));
    }
    page += "</table>\n";
  }
  if (data.is_object() && data.contains("content")) {
    page +=
        "<h2>Where the pictures came from</h2>\n<p>File names below each folder are in data.json beside this "
        "page, with a SHA-256 "
        "over their names and sizes.</p>\n";
  }
  if (fs::exists(run / "settings.toml"))
    page += "<h2>Settings</h2>\n<pre>" + escape_html(read_text(run / "settings.toml")) + "</pre>\n";
  page += "</body></html>\n";
  write_file(run / "report.html", page);
}

}  // namespace linmo::train
