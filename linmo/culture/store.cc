// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/store.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/culture/database.h"
#include "linmo/culture/describe.h"

namespace linmo::culture {
namespace {

std::string sql_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// SQLite's names do not tell upper from lower case.
std::vector<std::string> distinct(std::span<const std::string> names) {
  std::set<std::string> taken{"id", "file", "sha256", "protocol"};
  std::vector<std::string> out;
  for (const std::string& name : names) {
    std::string lower = name;
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    std::string ending;
    for (int n = 2; !taken.insert(lower + ending).second; ++n) ending = fmt::format("_{}", n);
    out.push_back(name + ending);
  }
  return out;
}

std::string version_hash() {
  const std::string text = describe_version();
  return sha256(std::as_bytes(std::span(text)));
}

double rank_of(const Descriptor& d) {
  return d.reliability ? d.reliability->least_rank() : std::nan("");
}

nlohmann::json number_or_null(double v) {
  return std::isfinite(v) ? nlohmann::json(v) : nlohmann::json(nullptr);
}

nlohmann::ordered_json movement(const Movement& m) {
  return {{"shift", number_or_null(m.shift)}, {"rank", number_or_null(m.rank)}};
}

nlohmann::ordered_json property_of(const Descriptor& d) {
  nlohmann::ordered_json p = {{"type", {"number", "null"}}, {"description", d.formula}};
  if (std::isfinite(d.low)) p["minimum"] = d.low;
  if (std::isfinite(d.high)) p["maximum"] = d.high;
  p["unit"] = d.unit;
  p["group"] = d.group;
  p["source"] = d.source;
  p["parity"] = d.is_parity;
  p["nuisance"] = d.is_nuisance;
  p["core"] = d.is_core;
  if (d.reliability) {
    p["reliability"] = {{"pictures", d.reliability->pictures},
                        {"least_rank", number_or_null(d.reliability->least_rank())},
                        {"resize", movement(d.reliability->resize)},
                        {"jpeg", movement(d.reliability->jpeg)},
                        {"noise", movement(d.reliability->noise)},
                        {"crop", movement(d.reliability->crop)}};
  }
  return p;
}

}  // namespace

struct FeatureStore::State {
  explicit State(const std::filesystem::path& path) : file(path) { database.emplace(file.temporary()); }
  AtomicFile file;
  std::optional<Database> database;
  std::optional<Statement> picture, number;
  size_t metadata = 0, descriptors = 0;
  int64_t pictures = 0;
};

FeatureStore::FeatureStore(const std::filesystem::path& file, const FeatureColumns& columns,
                           std::string_view settings)
    : state_(std::make_unique<State>(file)) {
  Database& db = *state_->database;
  // The file is not seen before it is whole, so nothing needs to be undone.
  db.run("PRAGMA journal_mode = OFF");
  db.run("PRAGMA synchronous = OFF");
  db.run("BEGIN");
  std::string names = "id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, sha256 TEXT, protocol TEXT";
  std::string places = "?, ?, ?, ?";
  for (const std::string& name : distinct(columns.metadata)) {
    names += ", " + sql_name(name) + " TEXT";
    places += ", ?";
  }
  db.run(("CREATE TABLE pictures (" + names + ")").c_str());
  db.run(
      "CREATE TABLE descriptors (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, family TEXT, unit TEXT, "
      "low REAL, high REAL, formula TEXT, source TEXT, is_parity INTEGER, is_nuisance INTEGER, is_core "
      "INTEGER, "
      "least_rank REAL)");
  db.run(
      "CREATE TABLE numbers (picture INTEGER REFERENCES pictures (id), descriptor INTEGER REFERENCES "
      "descriptors "
      "(id), value REAL, PRIMARY KEY (picture, descriptor)) WITHOUT ROWID");
  db.run("CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT)");
  db.run(
      "CREATE VIEW long AS SELECT p.file AS file, d.name AS descriptor, d.family AS family, d.unit AS unit, "
      "n.value AS value FROM numbers n JOIN pictures p ON p.id = n.picture JOIN descriptors d ON d.id = "
      "n.descriptor");
  Statement about = db.prepare("INSERT INTO about VALUES (?, ?)");
  const std::pair<std::string_view, std::string> entries[] = {
      {"linmo", LINMO_VERSION}, {"describe_sha256", version_hash()}, {"settings", std::string(settings)}};
  for (const auto& [key, value] : entries) {
    about.bind(1, key).bind(2, value).step();
    about.reset();
  }
  Statement insert = db.prepare("INSERT INTO descriptors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  int64_t id = 0;
  const auto finite = [](double v) { return std::isfinite(v) ? v : std::nan(""); };
  for (const Descriptor& d : columns.descriptors) {
    insert.bind(1, ++id).bind(2, d.name).bind(3, d.group).bind(4, d.unit).bind(5, finite(d.low));
    insert.bind(6, finite(d.high)).bind(7, d.formula).bind(8, d.source).bind(9, int64_t{d.is_parity});
    insert.bind(10, int64_t{d.is_nuisance}).bind(11, int64_t{d.is_core}).bind(12, rank_of(d)).step();
    insert.reset();
  }
  state_->metadata = columns.metadata.size();
  state_->descriptors = columns.descriptors.size();
  state_->picture.emplace(db.prepare("INSERT INTO pictures VALUES (" + places + ")"));
  state_->number.emplace(db.prepare("INSERT INTO numbers VALUES (?, ?, ?)"));
}

FeatureStore::~FeatureStore() = default;

void FeatureStore::add(const FeatureRow& row) {
  State& s = *state_;
  const int64_t id = ++s.pictures;
  s.picture->bind(1, id).bind(2, row.file).bind(3, row.sha256).bind(4, row.protocol);
  for (size_t i = 0; i < s.metadata && i < row.metadata.size(); ++i)
    s.picture->bind(static_cast<int>(i) + 5, row.metadata[i]);
  s.picture->step();
  s.picture->reset();
  for (size_t d = 0; d < s.descriptors; ++d) {
    s.number->bind(1, id).bind(2, static_cast<int64_t>(d) + 1).bind(3, row.values[d]).step();
    s.number->reset();
  }
}

void FeatureStore::finish() {
  state_->picture.reset();
  state_->number.reset();
  state_->database->run("COMMIT");
  state_->database.reset();
  state_->file.commit();
}

std::string schema_json(const FeatureColumns& columns, std::string_view settings) {
  nlohmann::ordered_json properties;
  properties["file"] = {{"type", "string"}, {"description", "the picture, as the collection names it"}};
  properties["sha256"] = {{"type", "string"}, {"description", "of the file's bytes"}};
  properties["protocol"] = {{"type", "string"},
                            {"description", "every step from the file to the pixels measured, key=value"}};
  for (const std::string& name : columns.metadata)
    properties[name] = {{"type", {"string", "null"}}, {"group", "metadata"}};
  for (const Descriptor& d : columns.descriptors) properties[d.name] = property_of(d);
  const nlohmann::ordered_json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                                         {"title", "linmo features"},
                                         {"description", "one row of the wide table of linmo describe"},
                                         {"linmo_version", LINMO_VERSION},
                                         {"describe_sha256", version_hash()},
                                         {"settings", settings},
                                         {"type", "object"},
                                         {"required", {"file"}},
                                         {"properties", properties}};
  return schema.dump(2) + "\n";
}

}  // namespace linmo::culture
