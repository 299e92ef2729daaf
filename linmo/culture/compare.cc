// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "linmo/collection/manifest.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/culture/preregistration.h"
#include "linmo/culture/statistics/classifier.h"
#include "linmo/culture/statistics/maps.h"
#include "linmo/culture/statistics/permanova.h"

namespace linmo::culture {
namespace fs = std::filesystem;
namespace {

struct Source {
  std::string name;
  FeatureTable table;
  std::vector<fs::path> pictures;  // of every row
  InputFile input;
  std::vector<FailedWork> failures;
};

std::string text_hash(const std::string& text) {
  return sha256(std::as_bytes(std::span(text.data(), text.size())));
}

std::string name_of(const fs::path& source) {
  fs::path path = source;
  if (path.filename().empty()) path = path.parent_path();
  if (path.filename() == "features.csv" && !path.parent_path().filename().empty())
    return to_utf8(path.parent_path().filename());
  return to_utf8(fs::is_directory(path) ? path.filename() : path.stem());
}

bool is_feature_table(const fs::path& path, FeatureTable& table) {
  const std::string ending = path.extension().string();
  if (!fs::is_regular_file(path) || (ending != ".csv" && ending != ".tsv")) return false;
  table = read_features(path, registry());
  return !table.columns.descriptors.empty();
}

Source load_source(const CompareJob& job, const fs::path& path, EventSink& sink) {
  Source out;
  out.name = name_of(path);
  out.input.name = to_utf8(path);
  if (!fs::exists(path)) fail(ErrorKind::io, "{} is not there", to_utf8(path));
  if (is_feature_table(path, out.table)) {
    out.input.sha256 = sha256_file(path);
    for (const FeatureRow& row : out.table.rows) {
      const fs::path picture = path.parent_path() / from_utf8(row.file);
      std::error_code error;
      out.pictures.push_back(fs::is_regular_file(picture, error) ? picture : fs::path());
    }
  } else {
    DescribeJob describing;
    describing.sources = {path};
    describing.cache = job.cache;
    describing.settings.protocol = job.protocol;
    describing.settings.threads = job.settings.threads;
    DescribeReport report;
    Works works;
    out.table = describe(describing, sink, &report, &works);
    out.failures = report.failures;
    std::map<std::string, fs::path> places;
    for (const Work& w : works.works) places[w.file] = w.path;
    for (const FeatureRow& row : out.table.rows) out.pictures.push_back(places[row.file]);
    out.input.sha256 = text_hash(format_wide(out.table));
  }
  out.input.pictures = static_cast<int64_t>(out.table.rows.size());
  return out;
}

// The one culture that all pictures have; empty where there are several or none.
std::string only_culture(const FeatureTable& table) {
  const std::vector<std::string> values = table.metadata("culture");
  const bool same = !values.empty() &&
                    std::all_of(values.begin(), values.end(), [&](const auto& v) { return v == values[0]; });
  return same ? values[0] : std::string();
}

void name_sources(std::vector<Source>& sources) {
  std::map<std::string, int> cultures;
  for (const Source& s : sources) ++cultures[only_culture(s.table)];
  for (Source& s : sources) {
    const std::string culture = only_culture(s.table);
    if (!culture.empty() && cultures[culture] == 1) s.name = culture;
  }
  std::map<std::string, int> seen;
  for (Source& s : sources)
    if (const int n = ++seen[s.name]; n > 1) s.name += fmt::format(" ({})", n);
}

void join(Study& study, std::vector<Source>& sources) {
  std::map<std::string, int> files;
  for (const Source& s : sources)
    for (const FeatureRow& row : s.table.rows) ++files[row.file];
  std::vector<FeatureTable> tables;
  for (Source& s : sources) {
    study.inputs.push_back(s.input);
    study.pictures.insert(study.pictures.end(), s.pictures.begin(), s.pictures.end());
    for (FeatureRow& row : s.table.rows)
      if (files[row.file] > 1) row.file = s.name + "/" + row.file;
    tables.push_back(std::move(s.table));
  }
  study.table = concatenate(tables);
}

// What could not be read is part of the study: it may not be missing at random.
void warn_of_failures(Study& study, const std::vector<Source>& sources) {
  for (const Source& s : sources) {
    if (s.failures.empty()) continue;
    StudyWarning warning{.code = "not_described"};
    warning.text = fmt::format("{} pictures of {} could not be described:", s.failures.size(), s.name);
    warning.values = {{"group", s.name}, {"pictures", std::to_string(s.failures.size())}};
    for (const FailedWork& f : s.failures) {
      warning.text += fmt::format("{} {} ({})", &f == &s.failures.front() ? "" : ";", f.file, f.reason);
      warning.values.emplace_back(f.file, f.reason);
    }
    study.warnings.push_back(std::move(warning));
  }
}

void group_by_column(Study& study) {
  const std::string& by = study.settings.by;
  if (study.table.columns.find_metadata(by) < 0) {
    std::string names;
    for (const std::string& n : study.table.columns.metadata) names += (names.empty() ? "" : ", ") + n;
    fail(ErrorKind::usage, "--by: there is no column \"{}\"; there are {}", by, names);
  }
  const std::vector<std::string> values = study.table.metadata(by);
  std::map<std::string, int64_t> numbers;
  for (const std::string& value : values) {
    if (value.empty()) {
      study.row_groups.push_back(-1);
      continue;
    }
    const auto [at, is_new] = numbers.try_emplace(value, static_cast<int64_t>(study.groups.size()));
    if (is_new) study.groups.push_back({.name = value});
    study.row_groups.push_back(at->second);
  }
  if (const auto without = std::count(study.row_groups.begin(), study.row_groups.end(), -1); without > 0)
    study.warnings.push_back(
        StudyWarning{.code = "no_group",
                     .text = fmt::format("{} pictures have no value of {} and take no part.", without, by),
                     .values = {{"pictures", std::to_string(without)}, {"by", by}}});
  constexpr size_t kMostGroups = 30;
  if (study.groups.size() > kMostGroups)
    fail(ErrorKind::usage, "--by {}: {} groups are more than {}; choose a column with fewer values", by,
         study.groups.size(), kMostGroups);
}

Study load(const CompareJob& job, EventSink& sink, Prepared& prepared) {
  CompareSettings settings = job.settings;
  check(settings);
  if (job.sources.empty()) fail(ErrorKind::usage, "name two collections, or one with --by COLUMN");
  Study study;
  study.version = LINMO_VERSION;
  study.settings = settings;
  std::vector<Source> sources;
  for (const fs::path& path : job.sources) sources.push_back(load_source(job, path, sink));
  name_sources(sources);
  std::vector<std::pair<std::string, size_t>> sizes;
  for (const Source& s : sources) sizes.emplace_back(s.name, s.table.rows.size());
  warn_of_failures(study, sources);
  join(study, sources);
  if (!settings.by.empty()) {
    group_by_column(study);
  } else {
    for (const auto& [name, count] : sizes) {
      study.row_groups.insert(study.row_groups.end(), count, static_cast<int64_t>(study.groups.size()));
      study.groups.push_back({.name = name});
    }
  }
  if (study.groups.size() < 2)
    fail(ErrorKind::usage, "comparing needs two groups; name two collections, or one with --by COLUMN");
  prepared = prepare(study);
  return study;
}

// What looks at all core descriptors together.
void compare_together(Study& study, const Prepared& prepared, EventSink& sink) {
  if (study.core.empty()) {
    draw_maps(prepared, study, sink);
    return;
  }
  explain_variation(prepared, study, sink);
  std::vector<int64_t> units;
  const Design design = sampled(prepared.design, study.settings, units);
  UnitValues values;
  for (const auto& column : prepared.values) {
    values.emplace_back();
    for (int64_t u : units) values.back().push_back(column[u]);
  }
  for (size_t a = 0; a < study.groups.size(); ++a)
    for (size_t b = a + 1; b < study.groups.size(); ++b) {
      sink.info(
          fmt::format("{} and {}: all descriptors together", study.groups[a].name, study.groups[b].name));
      const int64_t first = static_cast<int64_t>(a), second = static_cast<int64_t>(b);
      study.separations.push_back(separate(design, values, study.core, first, second, study.settings, sink));
      Ladder ladder = climb_ladder(prepared, study, first, second, sink);
      std::move(ladder.rungs.begin(), ladder.rungs.end(), std::back_inserter(study.ladder));
      if (ladder.boundary) study.boundaries.push_back(std::move(*ladder.boundary));
    }
  draw_maps(prepared, study, sink);
}

}  // namespace

Study load_study(const CompareJob& job, EventSink& sink) {
  Prepared prepared;
  return load(job, sink, prepared);
}

Study compare(const CompareJob& job, EventSink& sink) {
  std::vector<Hypothesis> hypotheses;
  if (!job.preregistration.empty())  // what is wrong with it is said before minutes of describing
    hypotheses = parse_preregistration(job.preregistration, job.preregistration_name);
  Prepared prepared;
  Study study = load(job, sink, prepared);
  if (!job.preregistration.empty()) {
    check_hypotheses(hypotheses, study);
    study.preregistration = job.preregistration;
    study.preregistration_sha256 = text_hash(job.preregistration);
  }
  for (const StudyWarning& w : study.warnings) sink.warn(w.text);

  std::vector<std::vector<double>> deltas;
  for (size_t a = 0; a < study.groups.size(); ++a)
    for (size_t b = a + 1; b < study.groups.size(); ++b) {
      sink.info(
          fmt::format("{} and {}: one descriptor at a time", study.groups[a].name, study.groups[b].name));
      PairComparison pair =
          compare_pair(prepared.design, prepared.values, study.table.columns.descriptors,
                       static_cast<int64_t>(a), static_cast<int64_t>(b), study.settings, sink);
      study.comparisons.insert(study.comparisons.end(), pair.comparisons.begin(), pair.comparisons.end());
      std::move(pair.deltas.begin(), pair.deltas.end(), std::back_inserter(deltas));
    }
  study.hypotheses = test_hypotheses(hypotheses, study, deltas);
  compare_together(study, prepared, sink);
  return study;
}

}  // namespace linmo::culture
