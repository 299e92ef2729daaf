// SPDX-License-Identifier: Apache-2.0
// A small study for the tests of figures and reports, and a reader that says whether text is well-formed XML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linmo/core/random.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/culture/study.h"

namespace linmo::culture {

// Three groups of 12 works (the second has two sources and a name with markup in it), all descriptors at
// random, everything that a study can hold filled.
inline Study test_study() {
  Study s;
  s.version = "0";
  s.table.columns.metadata = {"culture", "artist",  "title",  "date",      "genre",  "source",
                              "licence", "palette", "layout", "year_from", "year_to"};
  s.table.columns.descriptors = registry();
  const char* names[] = {"中国", "<b>浮世絵&\"</b>", "Europe"};
  Random random(7);
  Layout masses;
  masses.masses[Layout::dark].emplace().fill(1);
  masses.masses[Layout::salience].emplace().fill(1);
  masses.masses[Layout::salience]->at(9) = 3;
  const std::string layout = to_text(masses);
  for (int64_t g = 0; g < 3; ++g) {
    Group group;
    group.name = names[g];
    for (int64_t i = 0; i < 12; ++i) {
      FeatureRow row;
      row.file = std::to_string(g) + "/雪景 <" + std::to_string(i) + ">.jpg";
      row.sha256 = std::string(64, 'a');
      row.metadata = {names[g],
                      "artist " + std::to_string(i / 3),
                      "</title><script>" + std::to_string(i),
                      "1830",
                      "landscape",
                      "museum " + std::to_string(g == 1 ? i % 2 : 0),
                      i % 2 ? "CC0 1.0" : "All rights reserved",
                      "#ff0000 0.5; #00ff00 0.25; #0000ff 0.25",
                      layout,
                      "1830",
                      "1830"};
      for (const Descriptor& d : s.table.columns.descriptors)
        row.values.push_back(d.unit == "1" && d.low == 0 ? random.uniform() : random.normal());
      group.rows.push_back(static_cast<int64_t>(s.table.rows.size()));
      s.table.rows.push_back(row);
      s.row_groups.push_back(g);
      s.pictures.emplace_back();
    }
    group.pictures = group.units = group.clusters = 12;
    group.artists = 4;
    group.sources = {{"museum 0", g == 1 ? 6 : 12}};
    if (g == 1) group.sources.push_back({"museum 1", 6});
    group.artists_by_units = {{"artist 0", 3}, {"artist 1", 3}};
    group.genres = {{"landscape", 12}};
    group.licences = {{"CC0 1.0", 6}, {"All rights reserved", 6}};
    group.first_year = group.last_year = 1830;
    s.groups.push_back(group);
  }
  s.inputs = {{"a.csv", std::string(64, 'b'), 36}};
  for (int64_t a = 0; a < 3; ++a)
    for (int64_t b = a + 1; b < 3; ++b) {
      for (size_t d = 0; d < s.table.columns.descriptors.size(); ++d) {
        Comparison c;
        c.first = a, c.second = b, c.descriptor = static_cast<int64_t>(d);
        c.n_first = c.n_second = 12;
        c.delta = random.uniform() * 1.6 - .8;
        c.delta_interval = {c.delta - .15, c.delta + .15};
        c.shift = c.delta * 10, c.shift_interval = {c.shift - 2, c.shift + 2};
        c.median_first = 1, c.median_second = 1 + c.shift, c.p = c.q = c.p_max_t = .01, c.overlap = .5;
        c.superiority = (c.delta + 1) / 2, c.p_equivalence = .5, c.margin = .147, c.spread_ratio = 1;
        c.verdict = static_cast<Verdict>(d % 3);
        s.comparisons.push_back(c);
      }
      s.separations.push_back({.first = a,
                               .second = b,
                               .n_first = 12,
                               .n_second = 12,
                               .energy = 1,
                               .energy_p = .01,
                               .mmd = .1,
                               .mmd_sigma = 2,
                               .mmd_p = .01,
                               .frechet = 3,
                               .frechet_shares = {{0, .5, .1, .6}, {1, .3, .1, .4}}});
      for (const char* rung : {"nuisance", "style", "style_without_nuisance", "leave_source_out"}) {
        LadderRung r{.name = rung,
                     .first = a,
                     .second = b,
                     .descriptors = 20,
                     .folds = 5,
                     .n = 24,
                     .auc = .8,
                     .auc_interval = {.7, .9},
                     .accuracy = .75,
                     .p = .01};
        if (r.name == "leave_source_out") r.is_possible = false, r.reason = "one source", r.auc = kUnknown;
        s.ladder.push_back(r);
      }
      s.boundaries.push_back({a, b, {12, 12}, {2, 0}, {{{a * 12 + 3, a * 12 + 4}, {}}}});
      s.neighbours.push_back({a, b, {{a * 12, b * 12, 1.5}, {a * 12 + 1, b * 12 + 1, 2}}});
    }
  for (size_t d = 0; d < s.table.columns.descriptors.size(); ++d) {
    if (s.table.columns.descriptors[d].is_core) s.core.push_back(static_cast<int64_t>(d));
    for (int64_t g = 0; g < 3; ++g)
      for (double percentile : {5., 50., 95.})
        s.exemplars.push_back({static_cast<int64_t>(d), g, percentile, {g * 12 + 1, g * 12 + 2, g * 12 + 3}});
  }
  s.permanova = {{"group", 2, 3, .3, .28, 4, .001}, {"residual", 33, 7, .7}, {"total", 35, 10, 1}};
  s.dispersion = {2, .2, {1, 1.2, 1.4}};
  s.partitions = {{"source", .1, .2, .05, .65, false}};
  s.warnings = {{"one_source",
                 "All works of Europe come from a single source (museum 0).",
                 true,
                 {{"group", "Europe"}, {"source", "museum 0"}}},
                {"not_described",
                 "1 pictures of a could not be described: x",
                 false,
                 {{"group", "a"}, {"pictures", "1"}, {"坏<file>.jpg", "not a picture"}}}};
  s.pca.descriptors = s.core;
  s.pca.explained = {.4, .2, .1};
  for (size_t i = 0; i < s.core.size(); ++i) s.pca.loadings.push_back({random.normal(), random.normal()});
  for (int64_t i = 0; i < 36; ++i) {
    s.pca.rows.push_back(i);
    s.pca.groups.push_back(i / 12);
    s.pca.points.push_back({random.normal(), random.normal()});
    s.plane.push_back({i, i / 12, .8 + .1 * random.uniform(), .1 * random.uniform()});
  }
  for (int64_t g = 0; g < 3; ++g) {
    std::vector<MapPoint> cloud;
    for (int i = 0; i < 50; ++i)
      cloud.push_back({random.normal() * .1 + static_cast<double>(g), random.normal() * .1});
    s.pca.centroid_clouds.push_back(cloud);
    s.collections.items.push_back({names[g], g, "", 12});
    s.collections.points.push_back({static_cast<double>(g), .1 * static_cast<double>(g)});
    s.collections.clouds.push_back(cloud);
    s.places.push_back({g, g * 12, {{g * 12 + 5, g * 12 + 6, 4}}});
  }
  s.collections.explained = {.8, .2};
  s.collections.distances = {{0, 1, 2}, {1, 0, 1}, {2, 1, 0}};
  s.collections.dendrogram = {{0, 1, 1, .9}, {3, 2, 1.5, 1}};
  s.collections.cophenetic = .8;
  return s;
}

// What is wrong with a text as XML (tags that do not match, attributes without quotes, bare & and <,
// characters that XML has not); "" where nothing is. As much of XML 1.0 as our files use: no DOCTYPE, CDATA,
// entities of its own.
inline std::string xml_fault(std::string_view text) {
  std::vector<std::string> open;
  const auto fault = [&](const std::string& what, size_t at) {
    return what + " at " + std::to_string(at) + ": " + std::string(text.substr(at, 60));
  };
  const auto bad_characters = [](std::string_view part) {
    for (size_t i = 0; i < part.size(); ++i) {
      const auto c = static_cast<unsigned char>(part[i]);
      if (c < 0x20 && c != '\n' && c != '\t' && c != '\r') return true;
      if (c == '<') return true;
      if (c != '&') continue;
      const size_t end = part.find(';', i);
      const std::string_view name = end == std::string_view::npos ? "" : part.substr(i + 1, end - i - 1);
      if (name != "amp" && name != "lt" && name != "gt" && name != "quot" && name != "#39") return true;
    }
    return false;
  };
  bool has_root = false;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '<') {
      const size_t end = std::min(text.find('<', at), text.size());
      const std::string_view part = text.substr(at, end - at);
      if (bad_characters(part)) return fault("bad characters", at);
      if (open.empty() && part.find_first_not_of(" \n") != std::string_view::npos)
        return fault("text outside", at);
      at = end;
      continue;
    }
    const size_t end = text.find('>', at);
    if (end == std::string_view::npos) return fault("an open tag", at);
    std::string_view tag = text.substr(at + 1, end - at - 1);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return fault("a tag that does not match", at);
      open.pop_back();
    } else {
      const bool is_closed = tag.ends_with('/');
      if (is_closed) tag.remove_suffix(1);
      const size_t name_end = std::min(tag.find(' '), tag.size());
      const std::string name(tag.substr(0, name_end));
      std::vector<std::string> seen;
      for (size_t i = name_end; i < tag.size();) {
        if (tag[i] == ' ') {
          ++i;
          continue;
        }
        const size_t equals = tag.find("=\"", i);
        const size_t close = equals == std::string_view::npos ? equals : tag.find('"', equals + 2);
        if (close == std::string_view::npos) return fault("an attribute without quotes", at);
        if (bad_characters(tag.substr(equals + 2, close - equals - 2))) return fault("a bad attribute", at);
        const std::string key(tag.substr(i, equals - i));
        for (const std::string& k : seen)
          if (k == key) return fault("an attribute twice", at);
        seen.push_back(key);
        i = close + 1;
      }
      if (open.empty() && has_root) return fault("a second root", at);
      has_root = true;
      if (!is_closed) open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty() && has_root ? "" : "not closed: " + (open.empty() ? "(nothing)" : open.back());
}

}  // namespace linmo::culture
