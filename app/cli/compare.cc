// SPDX-License-Identifier: Apache-2.0
// linmo compare COLL COLL… -o STUDY: how collections differ, by how much, and what cannot be said.
#include "linmo/culture/compare.h"

#include <algorithm>
#include <cmath>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/core/files.h"
#include "linmo/culture/preregistration.h"
#include "linmo/culture/report/pictures.h"
#include "linmo/culture/report/report.h"
#include "linmo/culture/study_files.h"

namespace linmo::cli {
namespace {
namespace fs = std::filesystem;
using namespace culture;

struct CompareOptions {
  std::vector<std::string> sources, pictures;
  std::string output, cache, preregistration, write_preregistration;
  CompareSettings settings;
  Protocol protocol;
  bool json = false, quiet = false;
};

void print_pair(const Study& study, int64_t first, int64_t second) {
  std::vector<const Comparison*> found;
  int64_t verdicts[3] = {0, 0, 0}, style = 0;
  for (const Comparison& c : study.comparisons) {
    if (c.first != first || c.second != second) continue;
    if (study.table.columns.descriptors[c.descriptor].is_nuisance) continue;
    ++style;
    ++verdicts[static_cast<int>(c.verdict)];
    if (c.verdict == culture::Verdict::different) found.push_back(&c);
  }
  fmt::print("\n{} → {}: {} descriptors of style, {} different, {} equivalent, {} cannot tell\n",
             study.groups[first].name, study.groups[second].name, style, verdicts[0], verdicts[1],
             verdicts[2]);
  std::stable_sort(found.begin(), found.end(), [](const Comparison* a, const Comparison* b) {
    return std::abs(a->delta) > std::abs(b->delta);
  });
  constexpr size_t kShown = 12;
  for (size_t i = 0; i < std::min(kShown, found.size()); ++i) {
    const Comparison& c = *found[i];
    const Descriptor& d = study.table.columns.descriptors[c.descriptor];
    fmt::print(
        "  {:<28} δ {:+.2f} [{:+.2f}, {:+.2f}]  {:+.4g} {} [{:.4g}, {:.4g}]  q {:.2g}, overlap {:.0f} %\n",
        d.name, c.delta, c.delta_interval.low, c.delta_interval.high, c.shift, d.unit, c.shift_interval.low,
        c.shift_interval.high, c.q, 100 * c.overlap);
  }
  for (const LadderRung& r : study.ladder)
    if (r.first == first && r.second == second) {
      if (r.is_possible)
        fmt::print("  told apart by {:<24} AUC {:.2f} [{:.2f}, {:.2f}], p {:.2g}\n", r.name, r.auc,
                   r.auc_interval.low, r.auc_interval.high, r.p);
      else
        fmt::print("  told apart by {:<24} not possible: {}\n", r.name, r.reason);
    }
}

void print_summary(const Study& study, const CompareOptions& o) {
  for (const StudyWarning& w : study.warnings)
    if (w.is_severe) fmt::print("!! {}\n", w.text);
  for (const Group& g : study.groups)
    fmt::print("{}: {} pictures, {} works, {} artists, {} sources\n", g.name, g.pictures, g.units, g.artists,
               g.sources.size());
  for (const HypothesisResult& h : study.hypotheses) {
    const bool is_ordered = h.hypothesis.direction == "higher" || h.hypothesis.direction == "lower";
    fmt::print("hypothesis: {} {} in {} {} {}: {} (p {:.2g}, Holm {:.2g})\n", h.hypothesis.descriptor,
               h.hypothesis.direction, h.hypothesis.second, is_ordered ? "than in" : "and",
               h.hypothesis.first, to_text(h.outcome), h.p, h.p_adjusted);
  }
  for (size_t a = 0; a < study.groups.size(); ++a)
    for (size_t b = a + 1; b < study.groups.size(); ++b)
      print_pair(study, static_cast<int64_t>(a), static_cast<int64_t>(b));
  fmt::print("\nall of it in {}; start with {}\n", o.output, (fs::path(o.output) / "report.html").string());
}

int run_compare(const CompareOptions& o) {
  if (o.output.empty() && o.write_preregistration.empty())
    fail(ErrorKind::usage, "name the folder of the study: -o STUDY");
  Console console(o.quiet || o.json);
  CompareJob job;
  job.sources = {o.sources.begin(), o.sources.end()};
  job.settings = o.settings;
  job.protocol = o.protocol;
  job.cache = o.cache;
  if (o.cache.empty() && !o.output.empty()) {
    fs::path folder = o.output;
    if (folder.filename().empty()) folder = folder.parent_path();
    job.cache = folder.parent_path() / fs::path(folder.filename()).concat(".cache");
  }
  if (!o.write_preregistration.empty()) {
    if (fs::exists(o.write_preregistration))
      fail(ErrorKind::usage, "{} is there already; a preregistration is not overwritten",
           o.write_preregistration);
    write_file(o.write_preregistration, preregistration_template(load_study(job, console)));
    fmt::print("{}: keep what you expect, delete the rest, then --preregistration {}\n",
               o.write_preregistration, o.write_preregistration);
    return kDone;
  }
  if (!o.preregistration.empty()) {
    job.preregistration = read_text(o.preregistration, 1 << 20);
    job.preregistration_name = o.preregistration;
    if (job.preregistration.empty()) fail(ErrorKind::input, "{} is empty", o.preregistration);
  }
  const std::vector<fs::path> folders(o.pictures.begin(), o.pictures.end());
  for (const fs::path& folder : folders)
    if (!fs::is_directory(folder)) fail(ErrorKind::io, "--pictures: there is no folder {}", to_utf8(folder));
  Study study = compare(job, console);
  if (!folders.empty())
    if (const int64_t missing = find_pictures(study, folders); missing > 0)
      console.warn(fmt::format("--pictures: {} of {} pictures are not there; the report does without",
                               missing, study.table.rows.size()));
  write_study_files(study, o.output);
  write_report(study, o.output, console);
  if (o.json)
    fmt::print("{}", study_json(study));
  else
    print_summary(study, o);
  return kDone;
}

}  // namespace

void add_compare(Registry registry) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = registry.app.add_subcommand(
      "compare", "Test how collections differ: effects, intervals, verdicts, maps");
  command->add_option(
      "collections", options->sources,
      "tables of linmo describe, or collections, folders, IIIF manifests, which are described "
      "first; one a group, or any number with --by");
  command->add_option("-o,--output", options->output, "folder of the study");
  command->add_option("--pictures", options->pictures,
                      "folders where the pictures of tables lie, for the report (found by name and SHA-256; "
                      "folders and collections that are described here need none)");
  command->add_option("--preregistration", options->preregistration,
                      "hypotheses that were written down before (TOML); their tests are listed apart");
  command->add_option("--write-preregistration", options->write_preregistration,
                      "write such a file to start from, and stop");
  command->add_option("--cache", options->cache,
                      "file that remembers what was described, by content [STUDY.cache, beside the folder]");
  OptionAdder adder(*command);
  options->settings.visit(adder);
  adder.section("Describing");
  options->protocol.visit(adder);
  command->add_flag("--quiet", options->quiet, "no progress");
  command->add_flag("--json", options->json, "the study as JSON on standard output");
  command->callback([options, &code = registry.exit_code] { code = run_compare(*options); });
}

}  // namespace linmo::cli
