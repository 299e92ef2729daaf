// SPDX-License-Identifier: Apache-2.0
// linmo-video: started by `linmo apply` for videos, so that pictures do not wait for libav* to load.
#include <nlohmann/json.hpp>

#include "app/cli/console.h"
#include "app/cli/options.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/image/codec.h"
#include "linmo/model/library.h"
#include "linmo/video/apply_video.h"

namespace linmo::cli {
namespace {

int run(int argc, char** argv) {
  std::string model, input, output, style, precision = "auto", raw;
  video::VideoOptions options;
  engine::Options engine;
  int64_t memory = 1024;
  bool json = false, quiet = false;
  CLI::App app("Started by: linmo apply MODEL VIDEO -o VIDEO", "linmo-video");
  app.add_option("model", model)->required();
  app.add_option("input", input)->required();
  app.add_option("-o", output)->required();
  app.add_option("--style", style);
  app.add_option("--strength", options.apply.strength)->check(CLI::Range(0.0, 1.0));
  app.add_flag("--keep-colour", options.apply.keep_colour);
  app.add_option("--max-side", options.max_side)->check(CLI::Range(2, 1 << 20));
  app.add_option("--smooth", options.smooth)->check(CLI::Range(0.0, 0.98));
  app.add_option("--crf", options.writer.crf)->check(CLI::Range(0, 51));
  app.add_option("--precision", precision)->check(CLI::IsMember({"auto", "fp32", "bf16", "int8"}));
  app.add_option("--memory", memory)->check(CLI::Range(1, 1 << 20));
  app.add_option("--threads", engine.threads);
  app.add_flag("--force", options.force);
  app.add_option("--raw", raw);
  app.add_flag("--json", json);
  app.add_flag("-q", quiet);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (!is_video_name(output))
    fail(ErrorKind::usage, "{}: videos are written as .mp4, .mov, .mkv, .webm, .avi or .y4m, or to - as y4m",
         output);
  if (!raw.empty()) {
    if (input != "-")
      fail(ErrorKind::usage, "--raw describes what comes through standard input: apply it to -");
    options.raw_input = options.writer.raw = video::raw_video_from(raw);
  }
  engine.precision = engine::precision_from_name(precision);
  options.apply.tiles.memory_bytes = static_cast<uint64_t>(memory) << 20;
  const std::filesystem::path file = model::find_model(model::default_library(), model);
  const apply::Stylizer stylizer = apply::Stylizer::load(file, engine, style);
  options.identity = sha256_file(file) + " " + precision + (style.empty() ? "" : " " + style);
  video::VideoResult result;
  try {
    Console console(quiet || json);
    result = video::apply_video(stylizer, input, output, options, console);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled) throw;
    say("stopped; {} is not there yet{}\n", output,
        input != "-" && video::can_grow_in_pieces(output) ? "; the same command goes on with it" : "");
    return kInterrupted;
  }
  const bool pipe = output == "-";
  if (json) {
    fmt::print(pipe ? stderr : stdout, "{}\n",
               nlohmann::json{{"written", output},
                              {"frames", result.frames},
                              {"damaged", result.damaged},
                              {"resumed_at", result.resumed_at},
                              {"width", result.width},
                              {"height", result.height},
                              {"seconds", result.seconds},
                              {"engine", stylizer.engine().about()}}
                   .dump(2));
  } else if (!quiet) {
    fmt::print(pipe ? stderr : stdout, "{} frames of {} × {} in {:.1f} s, {:.1f} a second ({})\n",
               result.frames, result.width, result.height, result.seconds,
               static_cast<double>(result.frames - result.resumed_at) / result.seconds,
               stylizer.engine().about());
  }
  return kDone;
}

}  // namespace
}  // namespace linmo::cli

int main(int argc, char** argv) {
  linmo::cli::catch_interrupts();
  return linmo::cli::guarded([&] { return linmo::cli::run(argc, argv); });
}
