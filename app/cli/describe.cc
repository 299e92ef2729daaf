// SPDX-License-Identifier: Apache-2.0
// linmo describe COLL… -o features.csv: pictures → descriptors.
#include "linmo/culture/describe.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/collection/csv.h"
#include "linmo/core/files.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/culture/store.h"

namespace linmo::cli {
namespace {
namespace fs = std::filesystem;
using namespace culture;

struct DescribeOptions {
  std::vector<std::string> sources;
  std::string output, long_output, sqlite, schema, cache;
  DescribeSettings settings;
  bool list = false, quiet = false, json = false;
};

fs::path beside(const fs::path& output, const char* ending) {
  fs::path name = output.filename();
  name.replace_extension();
  name += ending;
  return output.parent_path() / name;
}

nlohmann::json to_json(const DescribeReport& r) {
  nlohmann::json failures = nlohmann::json::array();
  for (const FailedWork& f : r.failures)
    failures.push_back({{"file", to_valid_utf8(f.file)}, {"reason", to_valid_utf8(f.reason)}});
  return {{"works", r.works},
          {"described", r.described},
          {"computed", r.computed},
          {"not_pictures", r.not_pictures},
          {"descriptors", registry().size()},
          {"failures", failures},
          {"notes", r.notes},
          {"seconds", r.seconds},
          {"computed_per_second", r.seconds > 0 ? static_cast<double>(r.computed) / r.seconds : 0}};
}

void print_summary(const DescribeReport& r, const DescribeOptions& o, const fs::path& refused) {
  constexpr size_t kShown = 20;
  fmt::print("{} pictures described by {} numbers each: {}\n", r.described, registry().size(), o.output);
  fmt::print("{} computed in {}", r.computed, format_duration(r.seconds));
  if (r.computed > 0 && r.seconds > 0)
    fmt::print(" ({:.1f} a second)", static_cast<double>(r.computed) / r.seconds);
  fmt::print(", {} remembered\n", r.described - r.computed);
  if (r.not_pictures > 0) fmt::print("{} files that are not pictures were passed over\n", r.not_pictures);
  for (const std::string& note : r.notes) fmt::print("note: {}\n", note);
  if (r.failures.empty()) return;
  fmt::print("{} not described:\n", r.failures.size());
  for (size_t i = 0; i < std::min(kShown, r.failures.size()); ++i)
    fmt::print("  {}: {}\n", to_valid_utf8(r.failures[i].file), r.failures[i].reason);
  if (r.failures.size() > kShown) fmt::print("  …\n");
  fmt::print("all of them in {}\n", to_utf8(refused));
}

void write_refused(const fs::path& file, const std::vector<FailedWork>& failures) {
  std::error_code error;
  if (failures.empty()) {
    fs::remove(file, error);  // of an earlier run
    return;
  }
  CsvTable table;
  table.header = {"file", "reason"};
  for (const FailedWork& f : failures) table.rows.push_back({to_valid_utf8(f.file), f.reason});
  write_file(file, format_csv(table));
}

void print_list() {
  std::string group;
  for (const Descriptor& d : registry()) {
    if (d.group != group) fmt::print("{}\n", group = d.group);
    const auto bound = [](double v) { return std::isfinite(v) ? fmt::format("{}", v) : v < 0 ? "−∞" : "∞"; };
    fmt::print("  {} [{}], {} … {}{}{}\n", d.name, d.unit, bound(d.low), bound(d.high),
               d.is_core ? ", core" : "", d.is_parity ? ", parity" : "");
    fmt::print("      {} ({})\n", d.formula, d.source);
    if (!d.reliability) continue;
    const Reliability& r = *d.reliability;
    fmt::print("      order kept (Spearman): ⅔ size {:.2f}, JPEG 75 {:.2f}, noise {:.2f}, crop {:.2f}\n",
               r.resize.rank, r.jpeg.rank, r.noise.rank, r.crop.rank);
  }
}

// Every table that was asked for, written row by row; none of them appears before all are whole.
class Outputs {
 public:
  Outputs(const DescribeOptions& o, const FeatureColumns& columns, const std::string& settings)
      : columns_(columns), wide_(o.output) {
    wide_.write(wide_header(columns));
    if (!o.long_output.empty()) {
      long_.emplace(o.long_output);
      long_->write(long_header(columns));
    }
    if (!o.sqlite.empty()) store_.emplace(o.sqlite, columns, settings);
    if (!o.schema.empty()) {
      schema_.emplace(o.schema);
      schema_->write(schema_json(columns, settings));
    }
  }
  void add(const FeatureRow& row) {
    wide_.write(wide_row(columns_, row));
    if (long_) long_->write(long_rows(columns_, row));
    if (store_) store_->add(row);
  }
  void commit() {
    wide_.commit();
    if (long_) long_->commit();
    if (store_) store_->finish();
    if (schema_) schema_->commit();
  }

 private:
  const FeatureColumns& columns_;
  AtomicFile wide_;
  std::optional<AtomicFile> long_, schema_;
  std::optional<FeatureStore> store_;
};

int run_describe(const DescribeOptions& o) {
  const std::string settings = to_toml(o.settings);
  if (o.list) {
    const FeatureColumns columns{{kMetadataColumns.begin(), kMetadataColumns.end()}, registry()};
    if (o.json)
      fmt::print("{}", schema_json(columns, settings));
    else
      print_list();
    return kDone;
  }
  if (o.sources.empty())
    fail(ErrorKind::usage, "name a collection, a folder, a table or a manifest to describe");
  if (o.output.empty()) fail(ErrorKind::usage, "name the table to write: -o features.csv");
  Console console(o.quiet || o.json);
  const fs::path output = o.output;
  const DescribeJob job{{o.sources.begin(), o.sources.end()},
                        o.cache.empty() ? beside(output, ".cache") : fs::path(o.cache),
                        o.settings};
  const Works works = find_works(job.sources, job.settings.split, console);
  const FeatureColumns columns = feature_columns(works);
  Outputs outputs(o, columns, settings);
  const DescribeReport report =
      describe(works, job, console, [&](const FeatureRow& row) { outputs.add(row); });
  outputs.commit();
  const fs::path refused = beside(output, ".refused.csv");
  write_refused(refused, report.failures);
  if (o.json)
    fmt::print("{}\n", to_json(report).dump(2));
  else
    print_summary(report, o, refused);
  return report.failures.empty() ? kDone : kFailed;
}

}  // namespace

void add_describe(Registry registry) {
  auto options = std::make_shared<DescribeOptions>();
  CLI::App* command =
      registry.app.add_subcommand("describe", "Measure colour, tone, line, texture, composition of pictures");
  command->add_option("sources", options->sources,
                      "collections, folders, tables (CSV, TSV), IIIF manifests on disk, pictures");
  command->add_option("-o,--output", options->output, "table to write: CSV, one row a picture");
  command->add_option("--long", options->long_output,
                      "the same as CSV with one row a picture and descriptor");
  command->add_option("--sqlite", options->sqlite,
                      "the same as a SQLite file: pictures, descriptors with units and formulas, numbers");
  command->add_option("--schema", options->schema, "what the columns mean, as JSON Schema");
  command->add_flag("--list", options->list, "print what is measured, and stop (with --json: the schema)");
  command->add_option(
      "--cache", options->cache,
      "file that remembers what was computed, by content; it may be shared [OUTPUT with .cache]");
  OptionAdder adder(*command);
  options->settings.visit(adder);
  command->add_flag("--quiet", options->quiet, "no progress");
  command->add_flag("--json", options->json, "for machines");
  command->callback([options, &code = registry.exit_code] { code = run_describe(*options); });
}

}  // namespace linmo::cli
