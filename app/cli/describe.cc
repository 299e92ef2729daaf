// SPDX-License-Identifier: Apache-2.0
// linmo describe COLL… -o features.csv: pictures → descriptors.
#include "linmo/culture/describe.h"

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/collection/csv.h"
#include "linmo/core/files.h"
#include "linmo/culture/descriptors/descriptors.h"

namespace linmo::cli {
namespace {
namespace fs = std::filesystem;
using namespace culture;

struct Options {
  std::vector<std::string> sources;
  std::string output, long_output, cache;
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

void print_summary(const DescribeReport& r, const Options& o, const fs::path& refused) {
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

int run(const Options& o) {
  if (o.sources.empty())
    fail(ErrorKind::usage, "name a collection, a folder, a table or a manifest to describe");
  if (o.output.empty()) fail(ErrorKind::usage, "name the table to write: -o features.csv");
  Console console(o.quiet || o.json);
  const fs::path output = o.output;
  DescribeJob job{{o.sources.begin(), o.sources.end()},
                  o.cache.empty() ? beside(output, ".cache") : fs::path(o.cache),
                  o.settings};
  const Works works = find_works(job.sources, job.settings.split, console);
  const FeatureColumns columns = feature_columns(works);
  AtomicFile wide(output);
  wide.write(wide_header(columns));
  std::optional<AtomicFile> tall;
  if (!o.long_output.empty()) tall.emplace(o.long_output).write(long_header(columns));
  const DescribeReport report = describe(works, job, console, [&](const FeatureRow& row) {
    wide.write(wide_row(columns, row));
    if (tall) tall->write(long_rows(columns, row));
  });
  wide.commit();
  if (tall) tall->commit();
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
  auto options = std::make_shared<Options>();
  CLI::App* command =
      registry.app.add_subcommand("describe", "Measure colour, tone, line, texture, composition of pictures");
  command->add_option("sources", options->sources,
                      "collections, folders, tables (CSV, TSV), IIIF manifests on disk, pictures");
  command->add_option("-o,--output", options->output, "table to write: CSV, one row a picture");
  command->add_option("--long", options->long_output,
                      "the same as CSV with one row a picture and descriptor");
  command->add_option(
      "--cache", options->cache,
      "file that remembers what was computed, by content; it may be shared [OUTPUT with .cache]");
  OptionAdder adder(*command);
  options->settings.visit(adder);
  command->add_flag("--quiet", options->quiet, "no progress");
  command->add_flag("--json", options->json, "for machines");
  command->callback([options, &code = registry.exit_code] { code = run(*options); });
}

}  // namespace linmo::cli
