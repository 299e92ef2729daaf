// SPDX-License-Identifier: Apache-2.0
// map.html. A page of its own: it wants the whole window and the keyboard, and the works of a large study
// weigh more than the report.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/collection/csv.h"
#include "linmo/collection/parallel.h"
#include "linmo/culture/figures/parts.h"
#include "linmo/culture/report/embedded.h"
#include "linmo/culture/report/sections.h"
#include "linmo/image/markup.h"

namespace linmo::culture {
namespace {
using Json = nlohmann::ordered_json;

constexpr const char* kShownColumns[] = {"title", "artist", "date", "genre", "source", "licence"};

// A column as numbers of its different values, which repeat.
Json column(const std::vector<std::string>& values) {
  std::map<std::string, size_t> numbers;
  Json names = Json::array(), at = Json::array();
  for (const std::string& value : values) {
    const auto [entry, is_new] = numbers.try_emplace(value, numbers.size());
    if (is_new) names.push_back(value);
    at.push_back(entry->second);
  }
  return {{"names", names}, {"at", at}};
}

double rounded(double v) {
  return std::isfinite(v) ? std::round(v * 1e4) / 1e4 : 0;
}

// Pictures of the works, in sheets: a JPEG of many costs less than many of one, and a browser decodes only
// the sheets that are looked at.
struct Sheets {
  static constexpr int64_t kColumns = 8;
  int64_t side = 0;                 // px of a cell; whole blocks of JPEG, so that neighbours do not bleed
  std::vector<std::string> sheets;  // URIs
  Json place = Json::array();       // of every point: number of the cell over all sheets; −1: not shown
  Json width = Json::array(), height = Json::array();
  Json reasons = Json::array(), why_not = Json::array();  // of every point: number of the reason; −1: shown
};

Sheets picture_sheets(const Study& study, EventSink& sink) {
  constexpr size_t kCells = Sheets::kColumns * Sheets::kColumns;
  const std::vector<int64_t>& rows = study.pca.rows;
  Sheets out;
  out.side = rows.size() <= 1500 ? 96 : rows.size() <= 6000 ? 64 : 48;  // no page above some 20 MB
  std::vector<SmallCopy> copies(rows.size());
  // Where a picture stands on the sheets depends on which others may be shown, so that those come first.
  std::vector<size_t> shown;
  const auto number_of = [&](const char* reason) {
    const auto known = std::find(out.reasons.begin(), out.reasons.end(), reason);
    const auto at = known - out.reasons.begin();
    if (known == out.reasons.end()) out.reasons.push_back(reason);
    return at;
  };
  if (!for_each_parallel(rows.size(), static_cast<int>(study.settings.threads), "pictures of the map", sink,
                         [&](size_t i) { copies[i] = small_copy(study, rows[i], out.side); }))
    sink.check("drawing the map");
  for (size_t i = 0; i < rows.size(); ++i) {
    const SmallCopy& copy = copies[i];
    const bool is_shown = !copy.image.empty();
    out.place.push_back(is_shown ? static_cast<int64_t>(shown.size()) : -1);
    out.width.push_back(is_shown ? copy.image.width() : 0);
    out.height.push_back(is_shown ? copy.image.height() : 0);
    out.why_not.push_back(is_shown ? -1 : number_of(copy.why_not));
    if (is_shown) shown.push_back(i);
  }
  out.sheets.resize((shown.size() + kCells - 1) / kCells);
  for (size_t s = 0; s < out.sheets.size(); ++s) {
    Image sheet(Sheets::kColumns * out.side, Sheets::kColumns * out.side, 3);
    std::ranges::fill(sheet.samples<uint8_t>(), uint8_t{255});
    for (size_t cell = 0; cell < kCells && s * kCells + cell < shown.size(); ++cell) {
      const Image& picture = copies[shown[s * kCells + cell]].image;
      const int64_t left = static_cast<int64_t>(cell) % Sheets::kColumns * out.side,
                    top = static_cast<int64_t>(cell) / Sheets::kColumns * out.side;
      for (int64_t y = 0; y < picture.height(); ++y)
        std::ranges::copy(picture.row<uint8_t>(y), sheet.row<uint8_t>(top + y).begin() + 3 * left);
    }
    out.sheets[s] = picture_uri(sheet, 72);
  }
  return out;
}

Json map_data(const Study& study) {
  const PcaMap& pca = study.pca;
  Json out;
  out["groups"] = Json::array();
  for (size_t g = 0; g < study.groups.size(); ++g)
    out["groups"].push_back({{"name", to_valid_utf8(study.groups[g].name)},
                             {"colour", group_colour(static_cast<int64_t>(g))},
                             {"shape", group_shape(static_cast<int64_t>(g))}});
  Json x = Json::array(), y = Json::array(), file = Json::array();
  for (size_t i = 0; i < pca.points.size(); ++i) {
    x.push_back(rounded(pca.points[i].x));
    y.push_back(rounded(pca.points[i].y));
    file.push_back(to_valid_utf8(study.table.rows[pca.rows[i]].file));
  }
  out["x"] = x;
  out["y"] = y;
  out["group"] = pca.groups;
  out["file"] = file;
  out["columns"] = Json::object();
  for (const char* name : kShownColumns) {
    const int64_t at = study.table.columns.find_metadata(name);
    if (at < 0) continue;
    std::vector<std::string> values;
    for (int64_t row : pca.rows) values.push_back(to_valid_utf8(study.table.rows[row].metadata[at]));
    out["columns"][name] = column(values);
  }
  const auto axis = [&](size_t i) {
    return Json::parse(to_json(say(
        "figure.component", {{"n", std::to_string(i + 1)},
                             {"share", percent_text(i < pca.explained.size() ? pca.explained[i] : NAN)}})));
  };
  out["axes"] = Json::array({axis(0), axis(1)});
  return out;
}

}  // namespace

std::string map_page(const Study& study, EventSink& sink) {
  const PcaMap& pca = study.pca;
  const auto share = [&](size_t i) {
    return percent_text(i < pca.explained.size() ? pca.explained[i] : NAN);
  };
  Page page;
  page.open("header");
  const Phrase title = say("page.map_title", {{"names", names_of(study)}});
  page.element("h1", title);
  page.language_buttons();
  page.close();
  page.open("div.bar");
  page.raw("<span id=\"groups\"></span>\n<label>");
  page.words(say("map.filter"));
  page.raw("<select id=\"column\"></select> ");
  page.words(say("map.contains"));
  page.raw("<input id=\"text\" type=\"search\"></label>\n");
  page.element("button", say("map.lasso"), "id=\"lasso\" aria-pressed=\"false\"");
  page.element("button", say("map.all"), "id=\"all\"");
  page.element("button", say("map.clear"), "id=\"clear\"");
  page.element("button", say("map.save"), "id=\"save\"");
  page.element("button", say("map.collect"), "id=\"collect\" hidden");  // inside the studio only
  page.close();
  page.open("div.stage");
  page.raw(
      "<div id=\"paper\"><canvas id=\"points\"></canvas><canvas id=\"over\" tabindex=\"0\" "
      "role=\"application\" "
      "aria-describedby=\"help\"></canvas></div>\n<aside><p id=\"count\" aria-live=\"polite\"></p>"
      "<canvas id=\"picture\" hidden></canvas><p id=\"here\" aria-live=\"polite\"></p>"
      "<ol id=\"list\"></ol></aside>\n");
  page.close();
  page.element("p.note", say("map.help"), "id=\"help\"");
  page.element("p.note", say("map.caption", {{"descriptors", std::to_string(pca.descriptors.size())},
                                             {"x", share(0)},
                                             {"y", share(1)}}));
  page.raw("<script type=\"application/json\" id=\"works\">" + in_script(map_data(study).dump()) +
           "</script>\n");
  const Sheets pictures = picture_sheets(study, sink);
  page.raw("<script type=\"application/json\" id=\"pictures\">" +
           in_script(Json({{"side", pictures.side},
                           {"columns", Sheets::kColumns},
                           {"place", pictures.place},
                           {"width", pictures.width},
                           {"height", pictures.height},
                           {"reasons", pictures.reasons},
                           {"why", pictures.why_not}})
                         .dump()) +
           "</script>\n");
  for (size_t s = 0; s < pictures.sheets.size(); ++s)
    page.raw("<script type=\"text/plain\" id=\"sheet" + std::to_string(s) + "\">" + pictures.sheets[s] +
             "</script>\n");
  page.keep_all("figure.component");
  page.keep_all("page.not_shown_");
  page.keep_all("map.");
  for (const char* key : {"table.title", "table.artist", "table.date", "table.genre", "table.source",
                          "table.licence", "table.file"})
    page.keep(say(key));
  return page.finish(title, std::string(kPageCss) + std::string(kMapCss),
                     std::string(kPageJs) + std::string(kMapJs));
}

}  // namespace linmo::culture
