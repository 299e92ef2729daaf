// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/report/report.h"

#include <algorithm>
#include <string_view>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/culture/figures/figures.h"
#include "linmo/culture/report/embedded.h"
#include "linmo/culture/report/sections.h"

namespace linmo::culture {
namespace fs = std::filesystem;
namespace {

// Whether a file is called as one of our figures: palettes.svg …, forest-1-2.svg, forest-1-2-all.svg.
bool is_figure_name(std::string_view name) {
  if (!name.ends_with(".svg")) return false;
  name.remove_suffix(4);
  for (const char* known : {"palettes", "composition", "pca", "collections", "dendrogram", "plane"})
    if (name == known) return true;
  if (!name.starts_with("forest-")) return false;
  name.remove_prefix(7);
  if (name.ends_with("-all")) name.remove_suffix(4);
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  };
  const size_t dash = name.find('-');
  return dash != name.npos && is_number(name.substr(0, dash)) && is_number(name.substr(dash + 1));
}

void write_figures(const std::vector<Figure>& list, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(ErrorKind::io, "cannot make {}: {}", to_utf8(folder), error.message());
  std::vector<fs::path> kept;
  for (const Figure& f : list) {
    kept.push_back(folder / (f.name + ".svg"));
    write_file(kept.back(), f.svg);
  }
  // Other people's files stay.
  for (const fs::path& file : list_files(folder))
    if (is_figure_name(to_utf8(file.filename())) && std::find(kept.begin(), kept.end(), file) == kept.end())
      fs::remove(file, error);
}

std::string report_page(const Study& study, const std::vector<Figure>& figures) {
  Page page;
  Thumbnails thumbnails(study);
  page.open("header");
  page.element("span.dim", "linmo compare");
  page.language_buttons();
  page.close();
  page.open("main");
  const Phrase title = say("page.title", {{"names", names_of(study)}});
  page.element("h1", title);
  write_opening(page, study);
  write_hypotheses(page, study);
  page.open("p.nolink");
  page.element("a", say("page.map_link"), "href=\"map.html\" data-page=\"map.html\"");
  page.close();
  for (const auto& [first, second] : shown_pairs(study))
    write_pair(page, study, first, second, thumbnails, figures);
  write_together(page, study);
  page.open("section");
  page.element("h2", say("page.figures"));
  for (const Figure& f : figures)
    if (!f.name.starts_with("forest-")) write_figure(page, f);
  page.close();
  write_works(page, study, thumbnails);
  write_datasheet(page, study, thumbnails);
  write_method(page, study);
  write_measures(page, study);
  write_credits(page, study, thumbnails);
  page.close();
  page.open("footer");
  page.element("p", say("page.footer", {{"version", study.version}}));
  page.close();
  thumbnails.define(page);
  page.keep_all("figure.");
  page.keep_all("verdict.");  // legends name verdicts that no row may have
  return page.finish(title, kPageCss, kPageJs);
}

}  // namespace

void write_report(const Study& study, const fs::path& folder, EventSink& sink) {
  const std::vector<Figure> figures = draw_figures(study);
  write_figures(figures, folder / "figures");
  write_file(folder / "report.html", report_page(study, figures));
  write_file(folder / "map.html", map_page(study, sink));
}

}  // namespace linmo::culture
