// SPDX-License-Identifier: Apache-2.0
// linmo collect SRC… -o COLL: pictures from folders and archives → a collection.
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/collection/csv.h"
#include "linmo/collection/ingest.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::cli {
namespace {

struct CollectOptions {
  std::vector<std::string> sources, metadata;
  std::string output;
  CollectSettings settings;
  bool copy = false, link = false, manifest_only = false;
  bool quiet = false, json = false;
};

nlohmann::json to_json(const CollectReport& r) {
  nlohmann::json refused = nlohmann::json::array();
  for (const RefusedFile& file : r.refused) {
    refused.push_back({{"file", to_valid_utf8(file.file)},
                       {"verdict", name(file.verdict)},
                       {"reason", to_valid_utf8(file.reason)}});
  }
  return {{"found", r.found},
          {"pictures", r.pictures},
          {"not_pictures", r.not_pictures},
          {"measured", r.measured},
          {"exact_duplicates", r.exact_duplicates},
          {"near_duplicates", r.near_duplicates},
          {"works", r.works},
          {"refused", refused},
          {"notes", r.notes},
          {"splits", r.splits},
          {"cultures", r.cultures},
          {"seconds", r.seconds},
          {"measured_per_second",
           r.measure_seconds > 0 ? static_cast<double>(r.measured) / r.measure_seconds : 0}};
}

void print_summary(const CollectReport& r, const CollectOptions& o) {
  constexpr size_t kShown = 20;
  fmt::print("{} pictures of {} works in {}\n", r.pictures, r.works, o.output);
  for (const auto& [culture, count] : r.cultures)
    fmt::print("  {:>7}  {}\n", count, culture.empty() ? "(culture not known)" : culture);
  fmt::print("split:");
  for (const char* split : {"train", "val", "test"}) {
    const auto at = r.splits.find(split);
    fmt::print(" {} {}", split, at == r.splits.end() ? 0 : at->second);
  }
  fmt::print("\nduplicates: {} exact{}, {} near (one work with what they resemble)\n", r.exact_duplicates,
             o.settings.keep_duplicates ? "" : " (left out)", r.near_duplicates);
  if (r.not_pictures > 0) fmt::print("{} files that are not pictures were passed over\n", r.not_pictures);
  if (!r.refused.empty()) fmt::print("{} refused:\n", r.refused.size());
  for (size_t i = 0; i < std::min(kShown, r.refused.size()); ++i)
    fmt::print("  {}: {}\n", r.refused[i].file, r.refused[i].reason);
  if (r.refused.size() > kShown) fmt::print("  … all of them in {}\n", kRefusedName);
  for (const std::string& note : r.notes) fmt::print("note: {}\n", note);
  fmt::print("measured {} pictures in {}", r.measured, format_duration(r.measure_seconds));
  if (r.measured > 0 && r.measure_seconds > 0)
    fmt::print(" ({:.0f} a second)", static_cast<double>(r.measured) / r.measure_seconds);
  fmt::print(", {} in all; see {}, {} and {} there\n", format_duration(r.seconds), kManifestName,
             kDuplicatesName, kContactSheetName);
}

int run_collect(CollectOptions o) {
  const int placements = o.copy + o.link + o.manifest_only;
  if (placements > 1) fail(ErrorKind::usage, "--copy, --link and --manifest-only exclude each other");
  if (o.link) o.settings.placement = "link";
  if (o.manifest_only) o.settings.placement = "manifest-only";
  Console console(o.quiet || o.json);
  const std::vector<std::filesystem::path> sources(o.sources.begin(), o.sources.end());
  const std::vector<std::filesystem::path> metadata(o.metadata.begin(), o.metadata.end());
  const CollectReport report = collect(sources, o.output, metadata, o.settings, console);
  if (o.json)
    fmt::print("{}\n", to_json(report).dump(2));
  else
    print_summary(report, o);
  return kDone;
}

}  // namespace

void add_collect(Registry registry) {
  auto options = std::make_shared<CollectOptions>();
  CLI::App* command = registry.app.add_subcommand(
      "collect", "Make a collection: check, measure, find duplicates, split, write manifest.csv");
  command
      ->add_option("sources", options->sources,
                   "folders, pictures, zip archives; CSV or TSV tables about them")
      ->required();
  command->add_option("-o,--output", options->output, "folder of the collection")->required();
  command->add_option(
      "--metadata", options->metadata,
      "table with a column file (or filename) and any of culture, artist, title, date (year), source, "
      "licence, category, tags, description, permalink, work, split; others are kept");
  command->add_flag("--copy", options->copy, "copy pictures into the collection (what happens anyway)");
  command->add_flag("--link", options->link, "make symbolic links instead of copies");
  command->add_flag("--manifest-only", options->manifest_only, "leave the pictures where they are");
  OptionAdder adder(*command);
  options->settings.visit(adder);
  command->add_flag("--quiet", options->quiet, "no progress");
  command->add_flag("--json", options->json, "for machines");
  command->callback([options, &code = registry.exit_code] { code = run_collect(*options); });
}

}  // namespace linmo::cli
