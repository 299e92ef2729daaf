// SPDX-License-Identifier: Apache-2.0
// linmo apply MODEL IN… -o OUT: pictures through a model.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/apply/batch.h"
#include "linmo/core/files.h"
#include "linmo/core/settings.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model, output, precision = "auto", format;
  std::vector<std::string> inputs;
  double strength = 1;
  int64_t tile = 0, memory = 1024, max_side = 0;
  int quality = 95, threads = 0;
  bool exact = false, keep_colour = false, batch = false;
  bool force = false, resume = false, json = false, quiet = false;
};

// A model file, a run folder, or the name of a bundled model.
fs::path find_model(const std::string& name) {
  const fs::path path = name;
  if (fs::is_directory(path)) {
    if (fs::exists(path / "model.safetensors")) return path / "model.safetensors";
    fail(ErrorKind::usage, "the folder {} has no model.safetensors; name a model file or a finished run",
         name);
  }
  if (fs::exists(path)) return path;
  std::error_code ignored;
  const fs::path binary = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  const fs::path folders[] = {binary / "../share/linmo/models", binary / "../../models", "models"};
  if (path.filename() == path) {
    for (const fs::path& folder : folders) {
      const fs::path file = folder / (name + ".safetensors");
      if (fs::exists(file)) return file;
    }
  }
  std::vector<std::string> known;
  for (const fs::path& folder : folders) {
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".safetensors") known.push_back(to_utf8(entry.path().stem()));
    }
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  fail(ErrorKind::usage, "the model {} is neither a file, nor a run folder, nor a bundled model ({})", name,
       known.empty() ? "none are installed" : fmt::format("{}", fmt::join(known, ", ")));
}

apply::BatchOptions batch_options(const Options& o) {
  apply::BatchOptions b;
  b.output = o.output;
  if (!o.format.empty()) b.format = format_of_extension("picture." + o.format);
  b.quality = o.quality;
  b.max_side = o.max_side;
  b.force = o.force;
  b.resume = o.resume;
  b.apply.strength = o.strength;
  b.apply.keep_colour = o.keep_colour;
  b.apply.tiles.memory_bytes = static_cast<uint64_t>(o.memory) << 20;
  b.apply.tiles.tile = o.tile;
  b.apply.tiles.exact = o.exact;
  return b;
}

nlohmann::json to_json(const apply::BatchResult& r, const engine::Engine& engine) {
  nlohmann::json written = nlohmann::json::array(), failed = nlohmann::json::array();
  for (const fs::path& path : r.written) written.push_back(to_utf8(path));
  for (const apply::BatchFailure& f : r.failures)
    failed.push_back({{"input", to_utf8(f.input)}, {"reason", f.reason}});
  return {{"written", written},
          {"failed", failed},
          {"skipped", r.skipped},
          {"ignored", r.ignored},
          {"stopped", r.stopped},
          {"seconds", r.seconds},
          {"engine_seconds", r.engine_seconds},
          {"engine", engine.about()}};
}

int run(const Options& o) {
  std::vector<fs::path> inputs(o.inputs.begin(), o.inputs.end());
  if (o.batch) {
    for (const fs::path& input : inputs) {
      if (!fs::is_directory(input))
        fail(ErrorKind::usage, "--batch takes folders, and {} is none", to_utf8(input));
    }
  }
  const apply::BatchOptions options = batch_options(o);
  engine::Options engine_options;
  engine_options.threads = o.threads;
  if (o.precision == "fp32") engine_options.precision = engine::Precision::fp32;
  if (o.precision == "bf16") engine_options.precision = engine::Precision::bf16;
  if (o.precision == "int8") engine_options.precision = engine::Precision::int8;
  const apply::Stylizer stylizer = apply::Stylizer::load(find_model(o.model), engine_options);
  apply::BatchResult result;
  {
    Console console(o.quiet || o.json);
    result = apply::run_batch(stylizer, inputs, options, console);
  }
  if (o.json) {
    fmt::print("{}\n", to_json(result, stylizer.engine()).dump(2));
  } else {
    for (const apply::BatchFailure& f : result.failures)
      fmt::print(stderr, "failed: {}: {}\n", to_utf8(f.input), f.reason);
    if (!o.quiet) {
      fmt::print("{} written", result.written.size());
      if (result.skipped) fmt::print(", {} kept as they were", result.skipped);
      if (result.ignored) fmt::print(", {} files that are no pictures left out", result.ignored);
      if (!result.failures.empty()) fmt::print(", {} failed", result.failures.size());
      fmt::print(" in {:.2f} s ({})\n", result.seconds, stylizer.engine().about());
    }
  }
  if (result.stopped) {
    if (!o.json) fmt::print(stderr, "stopped; the same command with --resume goes on where this ended\n");
    return kInterrupted;
  }
  return result.failures.empty() ? kDone : kFailed;
}

}  // namespace

void add_apply(Registry registry) {
  auto o = std::make_shared<Options>();
  CLI::App* command = registry.app.add_subcommand("apply", "Turn pictures into a model's style");
  command->add_option("model", o->model, "a .safetensors file, a run folder, or a bundled model's name")
      ->required();
  command->add_option("inputs", o->inputs, "pictures and folders; folders are taken with all below them")
      ->required();
  command
      ->add_option("-o,--output", o->output,
                   "a picture for one picture, otherwise a folder, in which trees are mirrored")
      ->required();
  command->add_option("--strength", o->strength, "0: the untouched picture … 1: the full style")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--keep-colour,--keep-color", o->keep_colour,
                    "take only the lightness from the style and keep the picture's colours");
  command->add_option("--format", o->format, "of the results; default: as -o or the input is called")
      ->check(CLI::IsMember({"png", "jpg", "jpeg", "webp", "tif", "tiff"}));
  command->add_option("--quality", o->quality, "of JPEG and WebP, 1 … 100")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command
      ->add_option("--max-side", o->max_side, "reduce pictures whose longer side is more [px]; default: keep")
      ->check(CLI::Range(1, 1 << 20));
  command->add_flag("--force", o->force, "replace results that are there already");
  command->add_flag("--resume", o->resume, "keep results that are there already and do the others")
      ->excludes("--force");
  command
      ->add_option("--precision", o->precision,
                   "auto: bf16 where the processor computes in it, else fp32; int8: models prepared with "
                   "linmo quantise")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "fp32", "bf16", "int8"}));
  command->add_option("--memory", o->memory, "working memory beside the picture and the model [MB]")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--tile", o->tile, "side of the tiles [px]; default: as large as --memory allows")
      ->check(CLI::Range(1, 1 << 20));
  command->add_flag("--exact", o->exact,
                    "in tiles, take norm statistics from every pixel instead of a sample "
                    "(many times slower, equal to the untiled result)");
  command->add_option("--threads", o->threads, "default: all cores")->check(CLI::Range(1, 1024));
  command->add_flag("--batch", o->batch, "the inputs are folders (they may be without this flag too)");
  command->add_flag("--json", o->json, "for machines");
  command->add_flag("-q,--quiet", o->quiet, "only warnings and errors");
  command->callback([o, &code = registry.exit_code] { code = run(*o); });
}

}  // namespace linmo::cli
