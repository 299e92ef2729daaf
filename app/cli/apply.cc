// SPDX-License-Identifier: Apache-2.0
// linmo apply MODEL IN… -o OUT: pictures through a model.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/apply/batch.h"
#include "linmo/core/files.h"
#include "linmo/core/settings.h"
#include "linmo/model/library.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

struct ApplyOptions {
  std::string model, output, style, precision = "auto", format, cells;
  std::vector<std::string> inputs;
  double strength = 1;
  std::optional<double> smooth;
  int64_t tile = 0, memory = 1024, max_side = 0, megapixels = 1000;
  std::optional<int> crf;
  std::string raw;
  int quality = 95, threads = 0, colours = 0, refine = 1;
  bool exact = false, keep_colour = false, pixel_art = false, batch = false;
  bool force = false, resume = false, strip = false, json = false, quiet = false;
};

// "32x48" or "32".
void read_cells(const std::string& text, apply::SpriteSettings& sprites) {
  if (text.empty()) return;
  long long width = 0, height = 0;
  int end = 0;
  const auto whole = [&](int fields, int wanted) {
    return fields == wanted && static_cast<size_t>(end) == text.size() && width > 0 && width <= 1 << 20;
  };
  if (whole(std::sscanf(text.c_str(), "%lldx%lld%n", &width, &height, &end), 2) && height > 0 &&
      height <= 1 << 20) {
    sprites.cell_width = width;
    sprites.cell_height = height;
  } else if (end = 0; whole(std::sscanf(text.c_str(), "%lld%n", &width, &end), 1)) {
    sprites.cell_width = sprites.cell_height = width;
  } else {
    fail(ErrorKind::usage, "--cells {}: give width and height in pixels, as in --cells 32x48", text);
  }
}

apply::BatchOptions batch_options(const ApplyOptions& o) {
  apply::BatchOptions b;
  b.output = o.output;
  if (!o.format.empty()) b.format = format_of_extension("picture." + o.format);
  b.quality = o.quality;
  b.max_side = o.max_side;
  b.limits.max_pixels = o.megapixels * 1'000'000;
  // Eight bytes a pixel and more are too much for any file of so many.
  b.limits.max_file_bytes = std::max(b.limits.max_file_bytes, static_cast<uint64_t>(b.limits.max_pixels) * 9);
  b.force = o.force;
  b.strip = o.strip;
  b.resume = o.resume;
  b.apply.strength = o.strength;
  b.apply.keep_colour = o.keep_colour;
  b.apply.refine = o.refine;
  b.apply.tiles.memory_bytes = static_cast<uint64_t>(o.memory) << 20;
  b.apply.tiles.tile = o.tile;
  b.apply.tiles.exact = o.exact;
  read_cells(o.cells, b.sprites);
  b.sprites.pixel_art = o.pixel_art;
  b.sprites.colours = o.colours;
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

// Returns only when there is nothing to do.
int run_video(const ApplyOptions& o) {
  if (o.inputs.size() != 1)
    fail(ErrorKind::usage, "{} is a video; videos are taken one at a time", o.inputs[0]);
  if (!o.cells.empty() || o.pixel_art || o.strip || !o.format.empty() || o.tile || o.exact || o.refine > 1)
    fail(
        ErrorKind::usage,
        "--cells, --pixel-art, --strip, --format, --tile, --exact and --refine are for pictures, and {} is a "
        "video",
        o.inputs[0]);
  // A video that was stopped goes on without being told.
  if (o.resume && !o.force && fs::exists(o.output)) {
    if (!o.quiet) fmt::print("{} is there, and kept\n", o.output);
    return kDone;
  }
  std::vector<std::string> arguments = {o.model,
                                        o.inputs[0],
                                        "-o",
                                        o.output,
                                        fmt::format("--strength={}", o.strength),
                                        "--precision=" + o.precision,
                                        fmt::format("--memory={}", o.memory)};
  if (!o.style.empty()) arguments.push_back("--style=" + o.style);
  if (o.smooth) arguments.push_back(fmt::format("--smooth={}", *o.smooth));
  if (o.crf) arguments.push_back(fmt::format("--crf={}", *o.crf));
  if (!o.raw.empty()) arguments.push_back("--raw=" + o.raw);
  if (o.max_side) arguments.push_back(fmt::format("--max-side={}", o.max_side));
  if (o.threads) arguments.push_back(fmt::format("--threads={}", o.threads));
  if (o.keep_colour) arguments.push_back("--keep-colour");
  if (o.force) arguments.push_back("--force");
  if (o.json) arguments.push_back("--json");
  if (o.quiet) arguments.push_back("-q");
  run_helper("linmo-video", std::move(arguments));
}

int run_apply(const ApplyOptions& o) {
  if (is_video_name(o.inputs[0])) return run_video(o);
  if (o.smooth || o.crf || !o.raw.empty())
    fail(ErrorKind::usage, "--smooth, --crf and --raw are for videos, and {} is none", o.inputs[0]);
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
  engine_options.precision = engine::precision_from_name(o.precision);
  const apply::Stylizer stylizer =
      apply::Stylizer::load(model::find_model(model::default_library(), o.model), engine_options, o.style);
  if (o.refine > 1 && !stylizer.engine().network().remembers())
    fail(ErrorKind::usage, "{} remembers nothing, so --refine {} changes nothing; leave it away", o.model,
         o.refine);
  apply::BatchResult result;
  {
    Console console(o.quiet || o.json);
    result = apply::run_batch(stylizer, inputs, options, console);
  }
  if (o.json) {
    fmt::print("{}\n", to_json(result, stylizer.engine()).dump(2));
  } else {
    for (const apply::BatchFailure& f : result.failures) say("failed: {}\n", apply::sentence(f));
    if (!o.quiet) {
      fmt::print("{} written", result.written.size());
      if (result.skipped) fmt::print(", {} kept as they were", result.skipped);
      if (result.ignored) fmt::print(", {} files that are no pictures left out", result.ignored);
      if (!result.failures.empty()) fmt::print(", {} failed", result.failures.size());
      fmt::print(" in {:.2f} s ({})\n", result.seconds, stylizer.engine().about());
    }
  }
  if (result.stopped) {
    if (!o.json) say("stopped; the same command with --resume goes on where this ended\n");
    return kInterrupted;
  }
  return result.failures.empty() ? kDone : kFailed;
}

}  // namespace

void add_apply(Registry registry) {
  auto o = std::make_shared<ApplyOptions>();
  CLI::App* command = registry.app.add_subcommand("apply", "Turn pictures and videos into a model's style");
  command->add_option("model", o->model, "a .safetensors file, a run folder, or a bundled model's name")
      ->required();
  command
      ->add_option(
          "inputs", o->inputs,
          "pictures and folders (with all below them), or one video; - is standard input, y4m or --raw")
      ->required();
  command
      ->add_option("-o,--output", o->output,
                   "a picture for one picture, otherwise a folder, in which trees are mirrored; for a video "
                   "a video, or - for "
                   "y4m on standard output")
      ->required();
  add_style_option(*command, o->style);
  command->add_option("--strength", o->strength, "0: the untouched picture … 1: the full style")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--keep-colour,--keep-color", o->keep_colour,
                    "take only the lightness from the style and keep the picture's colours");
  command
      ->add_option("--refine", o->refine,
                   "of models trained with --method recurrent: steps over a picture, each with what the one "
                   "before remembered")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  CLI::Option* cells = command->add_option(
      "--cells", o->cells,
      "the pictures are sprite sheets of such cells [px], as 32x48; no cell sees another");
  CLI::Option* pixel_art =
      command->add_flag("--pixel-art", o->pixel_art,
                        "enlarge with hard edges for the model, come back pixel by pixel in few colours");
  command
      ->add_option("--colours,--colors", o->colours,
                   "of --pixel-art; default: as many as the picture has, at most 64")
      ->check(CLI::Range(2, 256))
      ->needs(pixel_art);
  command->add_option("--format", o->format, "of the results; default: as -o or the input is called")
      ->check(CLI::IsMember({"png", "jpg", "jpeg", "webp", "tif", "tiff", "avif"}));
  command->add_option("--quality", o->quality, "of JPEG, WebP and AVIF, 1 … 100")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command
      ->add_option("--max-side", o->max_side, "reduce pictures whose longer side is more [px]; default: keep")
      ->check(CLI::Range(1, 1 << 20))
      ->excludes(cells)
      ->excludes(pixel_art);
  command
      ->add_option("--max-megapixels", o->megapixels,
                   "refuse larger pictures; raise it only for files that you trust")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command->add_flag("--force", o->force, "replace results that are there already");
  command->add_flag("--strip", o->strip,
                    "leave out EXIF and the colour profile; default: EXIF is kept (turned upright, without "
                    "its thumbnail), and sRGB is named where the picture named a profile");
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
  command
      ->add_option("--smooth", o->smooth,
                   "of videos, against flicker where the scene stands still: 0 (off) … 0.98; default: 0.8")
      ->check(CLI::Range(0.0, 0.98));
  command->add_option("--crf", o->crf, "quality of videos: 0 (largest file) … 51; default: 18")
      ->check(CLI::Range(0, 51));
  command->add_option("--raw", o->raw,
                      "- carries pixels alone, in and out: WIDTHxHEIGHT@RATE or WIDTHxHEIGHT@RATE:PIXELS, as "
                      "640x480@30:rgb24");
  command->add_flag("--batch", o->batch, "the inputs are folders (they may be without this flag too)");
  command->add_flag("--json", o->json, "for machines");
  command->add_flag("-q,--quiet", o->quiet, "only warnings and errors");
  command->callback([o, &code = registry.exit_code] { code = run_apply(*o); });
}

}  // namespace linmo::cli
