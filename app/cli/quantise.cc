// SPDX-License-Identifier: Apache-2.0
// linmo quantise MODEL --calibrate PICTURES -o MODEL: prepares a model for int8.
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/apply/calibration.h"
#include "linmo/core/files.h"
#include "linmo/model/library.h"
#include "linmo/model/styles.h"

namespace linmo::cli {
namespace {

struct QuantiseOptions {
  std::string model, output, style;
  std::vector<std::string> pictures;
  double psnr = 38;
  int64_t count = 8, side = 256;
  int threads = 0;
  bool force = false, json = false;
};

int run_quantise(const QuantiseOptions& o) {
  namespace fs = std::filesystem;
  const fs::path output = o.output, input = model::find_model(model::default_library(), o.model);
  if (fs::exists(output) && !o.force)
    fail(ErrorKind::usage, "{} is there already; replace it with --force", o.output);
  model::Model m = model::load_in_style(input, o.style);
  engine::QuantiseReport report;
  {
    Console console(o.json);
    const auto pictures = apply::calibration_pictures({o.pictures.begin(), o.pictures.end()}, m.network,
                                                      o.count, o.side, console);
    report = engine::quantise(m.network, m.tensors, pictures, {o.psnr, o.threads}, console);
    m.card["int8"] = {{"psnr", report.psnr},
                      {"psnr_worst", report.worst},
                      {"share", report.int8_share},
                      {"pictures", pictures.size()},
                      {"side", pictures[0].height}};
    model::save_model(output, m);
  }
  if (o.json) {
    nlohmann::json layers = nlohmann::json::array();
    for (const engine::QuantisedLayer& l : report.layers)
      layers.push_back(
          {{"name", l.name}, {"macs", l.macs}, {"psnr", l.psnr}, {"signed", l.is_signed}, {"int8", l.int8}});
    const nlohmann::json out = {{"model", o.output},
                                {"layers", layers},
                                {"psnr", report.psnr},
                                {"psnr_worst", report.worst},
                                {"psnr_all_layers", report.psnr_all},
                                {"psnr_floating", report.psnr_floating},
                                {"int8_share", report.int8_share}};
    fmt::print("{}\n", out.dump(2));
    return kDone;
  }
  fmt::print("{:32} {:>8} {:>9}  {}\n", "layer", "MMAC", "PSNR [dB]", "runs in");
  for (const engine::QuantisedLayer& l : report.layers)
    fmt::print("{:32} {:>8.0f} {:>9.1f}  {}\n", l.name, static_cast<double>(l.macs) / 1e6, l.psnr,
               l.int8 ? "int8" : "floating point");
  fmt::print(
      "result against fp32: {:.1f} dB (worst picture {:.1f} dB; all layers in int8 {:.1f} dB; none {:.1f} "
      "dB)\n"
      "{:.0f} % of the arithmetic in int8\n{}: written\n",
      report.psnr, report.worst, report.psnr_all, report.psnr_floating, 100 * report.int8_share, o.output);
  return kDone;
}

}  // namespace

void add_quantise(Registry registry) {
  auto o = std::make_shared<QuantiseOptions>();
  CLI::App* command = registry.app.add_subcommand(
      "quantise", "Prepare a model for int8 (apply --precision int8) and measure what that costs in quality");
  command->add_option("model", o->model, "a model's file, a run's folder, or the name of a listed model")
      ->required();
  add_style_option(*command, o->style);
  command
      ->add_option("--calibrate", o->pictures, "pictures and folders like those that it will be applied to")
      ->required();
  command->add_option("-o,--output", o->output, "the model to write, *.safetensors")->required();
  command
      ->add_option("--psnr", o->psnr,
                   "layers stay in floating point until results are this close to fp32's [dB]")
      ->capture_default_str()
      ->check(CLI::Range(10.0, 80.0));
  command->add_option("--pictures", o->count, "how many are used, spread over all")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->add_option("--side", o->side, "to which they are cut [px of the network's input]")
      ->capture_default_str()
      ->check(CLI::Range(32, 2048));
  command->add_option("--threads", o->threads, "default: all cores")->check(CLI::Range(1, 1024));
  command->add_flag("--force", o->force, "replace an existing model");
  command->add_flag("--json", o->json, "for machines");
  command->callback([o, &code = registry.exit_code] { code = run_quantise(*o); });
}

}  // namespace linmo::cli
