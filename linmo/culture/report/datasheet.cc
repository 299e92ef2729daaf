// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "linmo/culture/figures/parts.h"
#include "linmo/culture/licence.h"
#include "linmo/culture/report/sections.h"

namespace linmo::culture {
namespace {

constexpr size_t kMostNames = 12, kMostFiles = 200;

// "A (12), B (3), …"
Phrase counted(const std::vector<NamedCount>& list) {
  Phrase out;
  std::vector<Phrase> items;
  for (const NamedCount& c : list) {
    if (items.size() >= kMostNames) {
      items.emplace_back("…");
      break;
    }
    if (c.name.empty())
      items.push_back(say("multi.share", {{"descriptor", say("table.unrecorded")},
                                          {"share", "(" + std::to_string(c.count) + ")"}}));
    else
      items.emplace_back(c.name + " (" + std::to_string(c.count) + ")");
  }
  return items.empty() ? say("table.unrecorded") : listed(items);
}

Phrase years(const Group& g) {
  if (!std::isfinite(g.first_year)) return say("table.unrecorded");
  return fmt::format("{:.0f} – {:.0f}", g.first_year, g.last_year);
}

}  // namespace

void write_datasheet(Page& page, const Study& study, Thumbnails& thumbnails) {
  page.open("section");
  page.element("h2", say("page.datasheet"));
  for (size_t g = 0; g < study.groups.size(); ++g) {
    const Group& group = study.groups[g];
    page.element("h3", group.name);
    page.open("div.row");
    for (const Place& p : study.places)
      if (p.group == static_cast<int64_t>(g) && p.medoid >= 0)
        thumbnails.draw(page, p.medoid, say("page.middle_work"));
    page.table({}, {{say("table.pictures"), std::to_string(group.pictures)},
                    {say("table.works"), std::to_string(group.units)},
                    {say("table.artists"), std::to_string(group.artists)},
                    {say("table.nameless"), std::to_string(group.units_without_artist)},
                    {say("table.main_artists"), counted(group.artists_by_units)},
                    {say("table.sources"), counted(group.sources)},
                    {say("table.years"), years(group)},
                    {say("table.genres"), counted(group.genres)},
                    {say("table.licences"), counted(group.licences)}});
    page.close();
  }
  std::vector<std::vector<Phrase>> inputs;
  for (const InputFile& f : study.inputs)
    inputs.push_back({f.name, std::to_string(f.pictures), f.sha256.substr(0, 16) + "…"});
  page.table({say("table.input"), say("table.pictures"), say("table.hash")}, inputs);
  page.element("h3", say("table.refused"));
  std::vector<std::vector<Phrase>> refused;
  for (const StudyWarning& w : study.warnings) {
    if (w.code != "not_described") continue;
    // After the group and the number: file, reason.
    for (size_t i = 2; i < w.values.size() && refused.size() < kMostFiles; ++i)
      refused.push_back({w.values[i].first, w.values[i].second});
  }
  if (refused.empty())
    page.element("p", say("table.none_refused"));
  else
    page.table({say("table.file"), say("table.reason")}, refused);
  page.close();
}

void write_credits(Page& page, const Study& study, const Thumbnails& thumbnails) {
  page.open("section");
  page.element("h2", say("page.credits"));
  page.element("p", say("page.credits_text", {{"shown", std::to_string(thumbnails.shown().size())},
                                              {"hidden", std::to_string(thumbnails.hidden().size())}}));
  std::vector<std::vector<Phrase>> rows;
  for (int64_t row : thumbnails.shown()) {
    const std::string recorded = metadata_of(study, row, "licence"), name = parse_licence(recorded).name;
    rows.push_back({work_name(study, row), metadata_of(study, row, "source"), name.empty() ? recorded : name,
                    study.table.rows[row].file});
  }
  if (!rows.empty()) {
    page.open("details");
    page.element("summary", say("page.credits"));
    page.table({say("table.title"), say("table.source"), say("table.licence"), say("table.file")}, rows);
    page.close();
  }
  page.close();
}

void write_measures(Page& page, const Study& study) {
  page.open("section");
  page.element("h2", say("page.measures"));
  page.open("details");
  page.element("summary",
               say("page.all_results", {{"n", std::to_string(study.table.columns.descriptors.size())}}));
  std::vector<std::vector<Phrase>> rows;
  for (const Descriptor& d : study.table.columns.descriptors)
    rows.push_back({descriptor_phrase(d.name), d.name, say("group." + d.group), d.unit == "1" ? "" : d.unit,
                    d.formula, d.source,
                    d.reliability ? number_text(d.reliability->least_rank()) : std::string("–")});
  page.table({say("table.measure"), "", say("table.group"), say("table.unit"), say("table.formula"),
              say("table.source"), say("table.reliability")},
             rows);
  page.close();
  page.close();
}

}  // namespace linmo::culture
