// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/prepare.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "linmo/core/error.h"

namespace linmo::culture {
namespace {

constexpr int64_t kFewUnits = 20, kFewClusters = 10;
constexpr double kManyMissing = .2;

std::string value_of(const FeatureTable& table, size_t row, std::string_view column) {
  const int64_t at = table.columns.find_metadata(column);
  return at < 0 ? std::string() : table.rows[row].metadata[at];
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Names that museums write where they do not know one.
bool is_name(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c < 128 ? static_cast<char>(std::tolower(c)) : c; });
  static const std::set<std::string> none{"",
                                          "unknown",
                                          "anonymous",
                                          "anon",
                                          "anon.",
                                          "unidentified",
                                          "unknown artist",
                                          "unidentified artist",
                                          "artist unknown",
                                          "n/a",
                                          "none",
                                          "佚名",
                                          "不詳",
                                          "不详",
                                          "無款",
                                          "无款",
                                          "作者不詳",
                                          "未詳"};
  return !none.contains(text);
}

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> out;
  std::string name;
  for (char c : text + ",") {
    if (c == ',') {
      if (!name.empty()) out.push_back(name);
      name.clear();
    } else if (c != ' ') {
      name += c;
    }
  }
  return out;
}

std::string level_of(const Study& study, size_t row, const std::string& column) {
  if (column == "period") return period_of(study.table, row, study.settings.period);
  return value_of(study.table, row, column);
}

void require_column(const FeatureTable& table, const std::string& column, const char* setting) {
  const bool has_years = table.columns.find_metadata("year_from") >= 0;
  if (table.columns.find_metadata(column) >= 0 || (column == "period" && has_years)) return;
  std::string names;
  for (const std::string& n : table.columns.metadata) names += (names.empty() ? "" : ", ") + n;
  fail(ErrorKind::usage, "{}: the table has no column \"{}\"; it has {}", setting, column, names);
}

std::vector<NamedCount> counted(const std::map<std::string, int64_t>& counts) {
  std::vector<NamedCount> out;
  for (const auto& [name, count] : counts) out.push_back({name, count});
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  return out;
}

class Preparer {
 public:
  explicit Preparer(Study& study) : study_(study), table_(study.table), settings_(study.settings) {}

  Prepared run() {
    strata_columns_ = split_names(settings_.strata);
    for (const std::string& c : strata_columns_) require_column(table_, c, "--strata");
    make_units();
    finish(out_.design);
    make_values();
    make_covariates();
    describe_groups();
    choose_core();
    warn();
    std::stable_partition(study_.warnings.begin(), study_.warnings.end(),
                          [](const StudyWarning& w) { return w.is_severe; });
    return std::move(out_);
  }

 private:
  std::string unit_key(size_t row) const {
    const std::string group = std::to_string(study_.row_groups[row]) + "\x1f";
    const std::string artist = value_of(table_, row, "artist");
    if (settings_.unit == "artist" && is_name(artist)) return group + "a" + artist;
    const std::string work = value_of(table_, row, "work");
    // Numbers of works are those of one collection.
    if (settings_.unit != "picture" && !work.empty())
      return group + "w" + value_of(table_, row, "collection") + "\x1f" + work;
    return group + "f" + table_.rows[row].file;
  }

  int64_t source_of(size_t row) {
    const std::string name = value_of(table_, row, "source");
    if (name.empty()) return -1;
    const auto [at, is_new] = sources_.try_emplace(name, static_cast<int64_t>(sources_.size()));
    if (is_new) out_.design.sources.push_back(name);
    return at->second;
  }

  int64_t stratum_of(size_t row) {
    std::string name;
    for (const std::string& column : strata_columns_) {
      const std::string level = level_of(study_, row, column);
      if (level.empty()) return -1;
      name += (name.empty() ? "" : " · ") + level;
    }
    const auto [at, is_new] = strata_.try_emplace(name, static_cast<int64_t>(strata_.size()));
    if (is_new) out_.design.strata.push_back(name);
    return at->second;
  }

  void make_units() {
    out_.design.groups = static_cast<int64_t>(study_.groups.size());
    std::map<std::string, int64_t> units;
    std::map<std::string, int64_t> clusters, folds;
    for (size_t row = 0; row < table_.rows.size(); ++row) {
      if (study_.row_groups[row] < 0) continue;
      const auto [at, is_new] =
          units.try_emplace(unit_key(row), static_cast<int64_t>(out_.design.units.size()));
      if (is_new) {
        Unit unit;
        unit.group = study_.row_groups[row];
        unit.source = source_of(row);
        unit.stratum = stratum_of(row);
        const std::string artist = value_of(table_, row, "artist");
        const std::string group = std::to_string(unit.group) + "\x1f";
        std::string key = "u" + at->first;
        if (settings_.cluster == "artist" && is_name(artist)) key = "a" + group + artist;
        if (settings_.cluster == "source" && unit.source >= 0)
          key = "s" + group + std::to_string(unit.source);
        unit.cluster = clusters.try_emplace(key, static_cast<int64_t>(clusters.size())).first->second;
        const std::string fold = is_name(artist) ? "a" + artist : "u" + at->first;
        unit.fold = folds.try_emplace(fold, static_cast<int64_t>(folds.size())).first->second;
        out_.design.units.push_back(std::move(unit));
      }
      out_.design.units[at->second].rows.push_back(static_cast<int64_t>(row));
    }
    if (out_.design.strata.empty()) out_.design.strata.emplace_back();
  }

  void make_values() {
    const size_t width = table_.columns.descriptors.size();
    out_.values.assign(width, std::vector<double>(out_.design.units.size(), kUnknown));
    for (size_t d = 0; d < width; ++d)
      for (size_t u = 0; u < out_.design.units.size(); ++u) {
        double sum = 0, n = 0;
        for (int64_t row : out_.design.units[u].rows) {
          const double v = table_.rows[row].values[d];
          if (std::isfinite(v)) sum += v, n += 1;
        }
        if (n > 0) out_.values[d][u] = sum / n;
      }
  }

  void make_covariates() {
    for (const std::string& column : split_names(settings_.covariates)) {
      std::map<std::string, int64_t> levels;
      std::vector<int64_t> of;
      int64_t known = 0;
      for (const Unit& unit : out_.design.units) {
        const std::string level = level_of(study_, unit.rows.front(), column);
        if (level.empty()) {
          of.push_back(-1);
          continue;
        }
        of.push_back(levels.try_emplace(level, static_cast<int64_t>(levels.size())).first->second);
        ++known;
      }
      if (known == 0 || levels.size() < 2) continue;  // nothing that could explain anything
      out_.covariates.push_back(column);
      out_.covariate_levels.push_back(std::move(of));
    }
  }

  void describe_groups() {
    for (Group& g : study_.groups) g.rows.clear();
    for (size_t row = 0; row < table_.rows.size(); ++row)
      if (study_.row_groups[row] >= 0) study_.groups[study_.row_groups[row]].rows.push_back(row);
    for (size_t i = 0; i < study_.groups.size(); ++i) {
      Group& g = study_.groups[i];
      g.pictures = static_cast<int64_t>(g.rows.size());
      std::map<std::string, int64_t> sources, artists, genres, periods, licences;
      for (const Unit& unit : out_.design.units) {
        if (unit.group != static_cast<int64_t>(i)) continue;
        const size_t row = unit.rows.front();
        ++g.units;
        ++sources[value_of(table_, row, "source")];
        ++genres[value_of(table_, row, "genre")];
        ++periods[period_of(table_, row, settings_.period)];
        ++licences[value_of(table_, row, "licence")];
        const std::string artist = value_of(table_, row, "artist");
        if (is_name(artist))
          ++artists[artist];
        else
          ++g.units_without_artist;
        for (const char* column : {"year_from", "year_to"})
          if (const auto year = number(value_of(table_, row, column))) {
            g.first_year = std::isnan(g.first_year) ? *year : std::min(g.first_year, *year);
            g.last_year = std::isnan(g.last_year) ? *year : std::max(g.last_year, *year);
          }
      }
      g.artists = static_cast<int64_t>(artists.size());
      g.sources = counted(sources);
      g.artists_by_units = counted(artists);
      g.genres = counted(genres);
      g.periods = counted(periods);
      g.licences = counted(licences);
    }
    for (const Cluster& c : out_.design.clusters) ++study_.groups[c.group].clusters;
    int64_t with_units = 0;
    for (const Group& g : study_.groups) with_units += g.units > 0;
    if (with_units < 2 || with_units < static_cast<int64_t>(study_.groups.size()))
      fail(ErrorKind::usage,
           "comparing needs two groups with pictures; name two collections, or one table "
           "with --by COLUMN (culture, source, genre …)");
  }

  // A descriptor that is missing for many, or the same for all, would decide who takes part.
  bool is_complete(size_t d) const {
    int64_t missing = 0;
    double low = INFINITY, high = -INFINITY;
    for (double v : out_.values[d]) {
      if (std::isnan(v)) {
        ++missing;
        continue;
      }
      low = std::min(low, v);
      high = std::max(high, v);
    }
    return missing <= kManyMissing * static_cast<double>(out_.design.units.size()) && high > low;
  }

  void choose_core() {
    const auto& descriptors = table_.columns.descriptors;
    bool any = false;
    for (const Descriptor& d : descriptors) any = any || (d.is_core && !d.is_nuisance);
    for (size_t d = 0; d < descriptors.size(); ++d) {
      if (descriptors[d].is_nuisance || descriptors[d].is_parity) continue;
      if (any && !descriptors[d].is_core) continue;
      if (is_complete(d)) {
        study_.core.push_back(static_cast<int64_t>(d));
      } else {
        add("skipped_descriptor",
            fmt::format("{} is missing for more than a fifth of the works or the same for all; it takes no "
                        "part in what looks at all descriptors together.",
                        descriptors[d].name),
            false, {{"descriptor", descriptors[d].name}});
      }
    }
  }

  void add(std::string code, std::string text, bool is_severe,
           std::vector<std::pair<std::string, std::string>> values = {}) {
    study_.warnings.push_back({std::move(code), std::move(text), is_severe, std::move(values)});
  }

  void warn() {
    warn_of_sources();
    for (const Group& g : study_.groups) {
      if (g.units < kFewUnits)
        add("few_units",
            fmt::format("{} has only {} works; most differences between so few cannot be told.", g.name,
                        g.units),
            false, {{"group", g.name}, {"units", std::to_string(g.units)}});
      if (g.clusters < kFewClusters)
        add("few_clusters",
            fmt::format("{} has only {} independent sets of works ({}); intervals of so few are too narrow, "
                        "and p cannot become small.",
                        g.name, g.clusters, settings_.cluster == "source" ? "sources" : "artists"),
            true, {{"group", g.name}, {"clusters", std::to_string(g.clusters)}});
      if (g.units_without_artist > 0 && settings_.cluster == "artist")
        add("unknown_artists",
            fmt::format("{} of the {} works of {} have no artist's name; each is taken as independent of all "
                        "others, which makes intervals too narrow where one hand made several.",
                        g.units_without_artist, g.units, g.name),
            false,
            {{"group", g.name},
             {"units", std::to_string(g.units)},
             {"without", std::to_string(g.units_without_artist)}});
    }
    int64_t unknown = 0;
    for (const Unit& u : out_.design.units) unknown += u.stratum < 0;
    if (unknown > 0)
      add("unknown_stratum",
          fmt::format("{} works have no value of {} and take no part in single descriptors' comparisons.",
                      unknown, settings_.strata),
          false, {{"units", std::to_string(unknown)}, {"strata", settings_.strata}});
    warn_of_strata();
  }

  void warn_of_sources() {
    std::vector<std::set<int64_t>> of(study_.groups.size());
    std::set<int64_t> shared, seen;
    for (const Unit& u : out_.design.units) of[u.group].insert(u.source);
    for (const auto& s : of)
      for (int64_t id : s)
        if (id >= 0 && !seen.insert(id).second) shared.insert(id);
    bool single = false;
    for (size_t i = 0; i < of.size(); ++i) {
      if (of[i].size() > 1) continue;
      single = true;
      const int64_t id = *of[i].begin();
      const std::string name = id < 0 ? "" : out_.design.sources[id];
      if (shared.contains(id)) continue;
      add("one_source",
          fmt::format("All works of {} come from a single source ({}). This study cannot tell a culture from "
                      "the museum that collected, photographed and stored it: every difference below may be "
                      "one of scanning, selection or mounting.",
                      study_.groups[i].name, name.empty() ? "not recorded" : name),
          true, {{"group", study_.groups[i].name}, {"source", name}});
    }
    if (shared.empty() && !single)
      add("sources_nested",
          "No source has works of two groups, so that differences between groups are also differences "
          "between "
          "sources; only what carries over to sources that were left out (see the ladder) speaks for the "
          "groups.",
          true);
    else
      warn_of_pairs(of, shared);
  }

  // Some groups share a source; those that share none with each other are named.
  void warn_of_pairs(const std::vector<std::set<int64_t>>& of, const std::set<int64_t>& shared) {
    const auto stands_alone = [&](size_t g) { return of[g].size() == 1 && !shared.contains(*of[g].begin()); };
    for (size_t a = 0; a < of.size(); ++a)
      for (size_t b = a + 1; b < of.size(); ++b) {
        if (stands_alone(a) || stands_alone(b)) continue;  // one_source has said so
        bool common = false;
        for (int64_t id : of[a]) common = common || (id >= 0 && of[b].contains(id));
        if (!common)
          add("no_common_source",
              fmt::format("No source has works of both {} and {}: what differs between them may belong to "
                          "the museums and their photographs as much as to the cultures.",
                          study_.groups[a].name, study_.groups[b].name),
              true, {{"first", study_.groups[a].name}, {"second", study_.groups[b].name}});
      }
  }

  void warn_of_strata() {
    if (out_.design.strata.size() < 2) return;
    for (size_t a = 0; a < study_.groups.size(); ++a)
      for (size_t b = a + 1; b < study_.groups.size(); ++b) {
        std::set<int64_t> of[2];
        for (const Unit& u : out_.design.units) {
          if (u.group == static_cast<int64_t>(a)) of[0].insert(u.stratum);
          if (u.group == static_cast<int64_t>(b)) of[1].insert(u.stratum);
        }
        bool common = false;
        for (int64_t s : of[0]) common = common || (s >= 0 && of[1].contains(s));
        if (!common)
          add("no_common_stratum",
              fmt::format("{} and {} have no {} in common: they cannot be compared like with like.",
                          study_.groups[a].name, study_.groups[b].name, settings_.strata),
              true,
              {{"first", study_.groups[a].name},
               {"second", study_.groups[b].name},
               {"strata", settings_.strata}});
      }
  }

  Study& study_;
  const FeatureTable& table_;
  const CompareSettings& settings_;
  std::vector<std::string> strata_columns_;
  std::map<std::string, int64_t> sources_, strata_;
  Prepared out_;
};

}  // namespace

std::string period_of(const FeatureTable& table, size_t row, double years) {
  if (const std::string named = value_of(table, row, "period"); !named.empty()) return named;
  const auto from = number(value_of(table, row, "year_from")), to = number(value_of(table, row, "year_to"));
  if (!from && !to) return {};
  const double middle = from && to ? (*from + *to) / 2 : from ? *from : *to;
  const double start = std::floor(middle / years) * years;
  return fmt::format("{:.0f}–{:.0f}", start, start + years - 1);
}

Prepared prepare(Study& study) {
  return Preparer(study).run();
}

}  // namespace linmo::culture
