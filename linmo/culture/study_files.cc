// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/study_files.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/collection/csv.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::culture {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;

Json num(double v) {
  return std::isfinite(v) ? Json(v) : Json(nullptr);
}
Json interval(const Interval& i) {
  return Json::array({num(i.low), num(i.high)});
}
Json points(const std::vector<MapPoint>& list) {
  Json out = Json::array();
  for (const MapPoint& p : list) out.push_back(Json::array({num(p.x), num(p.y)}));
  return out;
}
Json numbers(const std::vector<double>& list) {
  Json out = Json::array();
  for (double v : list) out.push_back(num(v));
  return out;
}
Json counts(const std::vector<NamedCount>& list) {
  Json out = Json::array();
  for (const NamedCount& c : list) out.push_back({{"name", to_valid_utf8(c.name)}, {"count", c.count}});
  return out;
}

// Settings as the folder keeps them: how many threads computed it changes nothing.
CompareSettings kept_settings(const Study& study) {
  CompareSettings settings = study.settings;
  settings.threads = 0;
  return settings;
}

class JsonFields : public FieldVisitor {
 public:
  void field(const FieldInfo& info, int64_t& value) override { json[info.key] = value; }
  void field(const FieldInfo& info, double& value) override { json[info.key] = value; }
  void field(const FieldInfo& info, bool& value) override { json[info.key] = value; }
  void field(const FieldInfo& info, std::string& value) override { json[info.key] = to_valid_utf8(value); }
  Json json = Json::object();
};

class Writer {
 public:
  explicit Writer(const Study& study) : s_(study) {}

  Json whole() const {
    Json out;
    out["format"] = "linmo study 1";
    out["version"] = s_.version;
    CompareSettings settings = kept_settings(s_);
    JsonFields fields;
    settings.visit(fields);
    out["settings"] = fields.json;
    out["inputs"] = Json::array();
    for (const InputFile& f : s_.inputs)
      out["inputs"].push_back(
          {{"name", to_valid_utf8(f.name)}, {"sha256", f.sha256}, {"pictures", f.pictures}});
    if (!s_.preregistration_sha256.empty()) out["preregistration_sha256"] = s_.preregistration_sha256;
    out["warnings"] = Json::array();
    for (const StudyWarning& w : s_.warnings)
      out["warnings"].push_back(
          {{"code", w.code}, {"is_severe", w.is_severe}, {"text", to_valid_utf8(w.text)}});
    out["groups"] = Json::array();
    for (const Group& g : s_.groups) out["groups"].push_back(group(g));
    out["hypotheses"] = Json::array();
    for (const HypothesisResult& h : s_.hypotheses) out["hypotheses"].push_back(hypothesis(h));
    out["comparisons"] = Json::array();
    for (const Comparison& c : s_.comparisons) out["comparisons"].push_back(comparison(c));
    add_multivariate(out);
    add_maps(out);
    return out;
  }

 private:
  std::string name(int64_t group) const { return to_valid_utf8(s_.groups[group].name); }
  const std::string& descriptor(int64_t d) const { return s_.table.columns.descriptors[d].name; }
  std::string file(int64_t row) const { return row < 0 ? "" : to_valid_utf8(s_.table.rows[row].file); }

  static Json group(const Group& g) {
    return {{"name", to_valid_utf8(g.name)},
            {"pictures", g.pictures},
            {"units", g.units},
            {"artists", g.artists},
            {"units_without_artist", g.units_without_artist},
            {"clusters", g.clusters},
            {"sources", counts(g.sources)},
            {"genres", counts(g.genres)},
            {"periods", counts(g.periods)},
            {"licences", counts(g.licences)},
            {"first_year", num(g.first_year)},
            {"last_year", num(g.last_year)}};
  }

  static Json hypothesis(const HypothesisResult& h) {
    return {{"descriptor", h.hypothesis.descriptor},
            {"first", h.hypothesis.first},
            {"second", h.hypothesis.second},
            {"direction", h.hypothesis.direction},
            {"alpha", h.hypothesis.alpha},
            {"margin", h.hypothesis.margin},
            {"note", h.hypothesis.note},
            {"p", num(h.p)},
            {"p_adjusted", num(h.p_adjusted)},
            {"outcome", to_text(h.outcome)}};
  }

  Json comparison(const Comparison& c) const {
    const Descriptor& d = s_.table.columns.descriptors[c.descriptor];
    Json out = {{"descriptor", d.name},
                {"group", d.group},
                {"unit", d.unit},
                {"is_nuisance", d.is_nuisance},
                {"first", name(c.first)},
                {"second", name(c.second)},
                {"n_first", c.n_first},
                {"n_second", c.n_second},
                {"median_first", num(c.median_first)},
                {"median_second", num(c.median_second)},
                {"iqr_first", num(c.iqr_first)},
                {"iqr_second", num(c.iqr_second)},
                {"delta", num(c.delta)},
                {"delta_interval", interval(c.delta_interval)},
                {"shift", num(c.shift)},
                {"shift_interval", interval(c.shift_interval)},
                {"p", num(c.p)},
                {"q", num(c.q)},
                {"p_max_t", num(c.p_max_t)},
                {"p_equivalence", num(c.p_equivalence)},
                {"verdict", to_text(c.verdict)},
                {"overlap", num(c.overlap)},
                {"superiority", num(c.superiority)},
                {"spread_ratio", num(c.spread_ratio)},
                {"p_dispersion", num(c.p_dispersion)}};
    if (!c.strata.empty()) {
      out["strata"] = Json::array();
      for (const StratumEffect& e : c.strata)
        out["strata"].push_back({{"stratum", to_valid_utf8(e.stratum)},
                                 {"n_first", e.n_first},
                                 {"n_second", e.n_second},
                                 {"weight", num(e.weight)},
                                 {"delta", num(e.delta)}});
    }
    return out;
  }

  void add_multivariate(Json& out) const {
    out["core"] = Json::array();
    for (int64_t d : s_.core) out["core"].push_back(descriptor(d));
    out["separations"] = Json::array();
    for (const Separation& p : s_.separations) {
      Json shares = Json::array();
      for (const FrechetShare& f : p.frechet_shares)
        shares.push_back({{"descriptor", descriptor(f.descriptor)},
                          {"mean", num(f.mean)},
                          {"spread", num(f.spread)},
                          {"share", num(f.share)}});
      out["separations"].push_back({{"first", name(p.first)},
                                    {"second", name(p.second)},
                                    {"n_first", p.n_first},
                                    {"n_second", p.n_second},
                                    {"energy", num(p.energy)},
                                    {"energy_p", num(p.energy_p)},
                                    {"mmd", num(p.mmd)},
                                    {"mmd_sigma", num(p.mmd_sigma)},
                                    {"mmd_p", num(p.mmd_p)},
                                    {"frechet", num(p.frechet)},
                                    {"frechet_infinite", num(p.frechet_infinite)},
                                    {"frechet_infinite_interval", interval(p.frechet_infinite_interval)},
                                    {"frechet_shares", shares}});
    }
    out["permanova"] = Json::array();
    for (const PermanovaTerm& t : s_.permanova)
      out["permanova"].push_back({{"term", t.name},
                                  {"degrees", t.degrees},
                                  {"sum_of_squares", num(t.sum_of_squares)},
                                  {"r2", num(t.r2)},
                                  {"omega2", num(t.omega2)},
                                  {"f", num(t.f)},
                                  {"p", num(t.p)}});
    out["permanova_left_out"] = s_.permanova_left_out;
    out["dispersion"] = {{"f", num(s_.dispersion.f)},
                         {"p", num(s_.dispersion.p)},
                         {"mean_distance", numbers(s_.dispersion.mean_distance)}};
    out["partitions"] = Json::array();
    for (const VariationPartition& v : s_.partitions)
      out["partitions"].push_back({{"other", v.other},
                                   {"group", num(v.group)},
                                   {"shared", num(v.shared)},
                                   {"other_alone", num(v.other_alone)},
                                   {"residual", num(v.residual)},
                                   {"is_separable", v.is_separable}});
    out["ladder"] = Json::array();
    for (const LadderRung& r : s_.ladder) {
      Json rung = {{"name", r.name},
                   {"first", name(r.first)},
                   {"second", name(r.second)},
                   {"is_possible", r.is_possible},
                   {"descriptors", r.descriptors},
                   {"folds", r.folds},
                   {"n", r.n},
                   {"auc", num(r.auc)},
                   {"auc_interval", interval(r.auc_interval)},
                   {"accuracy", num(r.accuracy)},
                   {"p", num(r.p)}};
      if (!r.is_possible) rung["reason"] = r.reason;
      out["ladder"].push_back(std::move(rung));
    }
  }

  void add_maps(Json& out) const {
    Json loadings = Json::array();
    for (size_t i = 0; i < s_.pca.descriptors.size(); ++i)
      loadings.push_back({{"descriptor", descriptor(s_.pca.descriptors[i])},
                          {"x", num(s_.pca.loadings[i][0])},
                          {"y", num(s_.pca.loadings[i][1])}});
    Json works = Json::array();
    for (size_t i = 0; i < s_.pca.rows.size(); ++i)
      works.push_back({{"file", file(s_.pca.rows[i])},
                       {"group", name(s_.pca.groups[i])},
                       {"x", num(s_.pca.points[i].x)},
                       {"y", num(s_.pca.points[i].y)}});
    Json clouds = Json::array();
    for (const auto& cloud : s_.pca.centroid_clouds) clouds.push_back(points(cloud));
    out["pca"] = {{"explained", numbers(s_.pca.explained)},
                  {"loadings", loadings},
                  {"works", works},
                  {"centroid_clouds", clouds}};
    Json items = Json::array(), distances = Json::array(), merges = Json::array(), spread = Json::array();
    for (const MapItem& i : s_.collections.items)
      items.push_back({{"name", to_valid_utf8(i.name)},
                       {"group", name(i.group)},
                       {"source", to_valid_utf8(i.source)},
                       {"units", i.units}});
    for (const auto& row : s_.collections.distances) distances.push_back(numbers(row));
    for (const Merge& m : s_.collections.dendrogram)
      merges.push_back({{"a", m.a}, {"b", m.b}, {"height", num(m.height)}, {"support", num(m.support)}});
    for (const auto& cloud : s_.collections.clouds) spread.push_back(points(cloud));
    out["collections"] = {{"items", items},
                          {"distances", distances},
                          {"points", points(s_.collections.points)},
                          {"explained", numbers(s_.collections.explained)},
                          {"clouds", spread},
                          {"dendrogram", merges},
                          {"cophenetic", num(s_.collections.cophenetic)}};
    Json plane = Json::array();
    for (const PlanePoint& p : s_.plane)
      plane.push_back({{"file", file(p.row)},
                       {"group", name(p.group)},
                       {"entropy", num(p.entropy)},
                       {"complexity", num(p.complexity)}});
    out["plane"] = plane;
    out["exemplars"] = Json::array();
    for (const Exemplars& e : s_.exemplars) {
      Json files = Json::array();
      for (int64_t row : e.rows) files.push_back(file(row));
      out["exemplars"].push_back({{"descriptor", descriptor(e.descriptor)},
                                  {"group", name(e.group)},
                                  {"percentile", e.percentile},
                                  {"files", files}});
    }
    out["boundaries"] = Json::array();
    for (const Boundary& b : s_.boundaries) {
      Json sides = Json::array();
      for (size_t side = 0; side < 2; ++side) {
        Json files = Json::array();
        for (int64_t row : b.rows[side]) files.push_back(file(row));
        sides.push_back({{"group", name(side == 0 ? b.first : b.second)},
                         {"works", b.works[side]},
                         {"across", b.across[side]},
                         {"farthest", files}});
      }
      out["boundaries"].push_back({{"first", name(b.first)}, {"second", name(b.second)}, {"sides", sides}});
    }
    out["neighbours"] = Json::array();
    for (const Neighbours& n : s_.neighbours) {
      Json pairs = Json::array();
      for (const Neighbour& p : n.pairs) pairs.push_back(neighbour(p));
      out["neighbours"].push_back({{"first", name(n.first)}, {"second", name(n.second)}, {"pairs", pairs}});
    }
    out["places"] = Json::array();
    for (const Place& p : s_.places) {
      Json outliers = Json::array();
      for (const Neighbour& o : p.outliers) outliers.push_back(neighbour(o));
      out["places"].push_back({{"group", name(p.group)}, {"medoid", file(p.medoid)}, {"outliers", outliers}});
    }
  }

  Json neighbour(const Neighbour& n) const {
    return {{"file", file(n.row)}, {"other", file(n.other)}, {"distance", num(n.distance)}};
  }

  const Study& s_;
};

}  // namespace

std::string results_csv(const Study& study) {
  CsvTable table;
  table.header = {"part",
                  "descriptor",
                  "group",
                  "unit",
                  "first",
                  "second",
                  "n_first",
                  "n_second",
                  "median_first",
                  "median_second",
                  "delta",
                  "delta_low",
                  "delta_high",
                  "shift",
                  "shift_low",
                  "shift_high",
                  "p",
                  "q",
                  "p_max_t",
                  "p_equivalence",
                  "verdict",
                  "overlap",
                  "superiority",
                  "spread_ratio",
                  "p_dispersion",
                  "direction",
                  "p_confirmatory",
                  "p_confirmatory_holm",
                  "outcome"};
  const auto row = [&](const Comparison& c, const HypothesisResult* h) {
    const Descriptor& d = study.table.columns.descriptors[c.descriptor];
    std::vector<std::string> out{h               ? "confirmatory"
                                 : d.is_nuisance ? "nuisance"
                                                 : "exploratory",
                                 d.name,
                                 d.group,
                                 d.unit,
                                 to_valid_utf8(study.groups[c.first].name),
                                 to_valid_utf8(study.groups[c.second].name),
                                 std::to_string(c.n_first),
                                 std::to_string(c.n_second)};
    for (double v :
         {c.median_first, c.median_second, c.delta, c.delta_interval.low, c.delta_interval.high, c.shift,
          c.shift_interval.low, c.shift_interval.high, c.p, c.q, c.p_max_t, c.p_equivalence})
      out.push_back(std::isnan(v) ? "" : format_number(v));
    out.push_back(to_text(c.verdict));
    for (double v : {c.overlap, c.superiority, c.spread_ratio, c.p_dispersion})
      out.push_back(std::isnan(v) ? "" : format_number(v));
    if (h) {
      // The direction is written for the groups in the order of this row.
      std::string direction = h->hypothesis.direction;
      if (h->is_reversed && direction == "higher")
        direction = "lower";
      else if (h->is_reversed && direction == "lower")
        direction = "higher";
      out.push_back(direction);
      out.push_back(std::isnan(h->p) ? "" : format_number(h->p));
      out.push_back(std::isnan(h->p_adjusted) ? "" : format_number(h->p_adjusted));
      out.push_back(to_text(h->outcome));
    } else {
      out.insert(out.end(), 4, "");
    }
    table.rows.push_back(std::move(out));
  };
  for (const HypothesisResult& h : study.hypotheses)
    if (h.comparison >= 0) row(study.comparisons[h.comparison], &h);
  for (const Comparison& c : study.comparisons) row(c, nullptr);
  return format_csv(table);
}

std::string study_json(const Study& study) {
  return Writer(study).whole().dump(1) + "\n";
}

void write_study_files(const Study& study, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(ErrorKind::io, "cannot make {}: {}", to_utf8(folder), error.message());
  write_file(folder / "features.csv", format_wide(study.table));
  write_file(folder / "settings.toml", to_toml(kept_settings(study)));
  const fs::path preregistration = folder / "preregistration.toml";
  if (study.preregistration.empty())
    fs::remove(preregistration, error);  // of an earlier study
  else
    write_file(preregistration, study.preregistration);
  write_file(folder / "results.csv", results_csv(study));
  write_file(folder / "study.json", study_json(study));
}

}  // namespace linmo::culture
