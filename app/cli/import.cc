// SPDX-License-Identifier: Apache-2.0
// linmo import CKPT -o MODEL: a generator of another program as a model of ours.
#include "linmo/model/import.h"

#include <algorithm>
#include <cmath>

#include "app/cli/commands.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/net/cost.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

struct ImportOptions {
  std::string checkpoint, output, direction, dtype = "keep";
  model::ImportHint hint;
  bool force = false;
};

model::TensorMap converted(const model::TensorMap& tensors, const std::string& name) {
  const model::DType dtype = name == "f32"    ? model::DType::f32
                             : name == "bf16" ? model::DType::bf16
                                              : model::DType::f16;
  model::TensorMap out = model::to_dtype(tensors, dtype);
  for (const auto& [key, tensor] : out) {
    const std::vector<float> values = tensor.floats();
    if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
      fail(ErrorKind::input, "{} holds numbers too large for {}; choose bf16 or f32", key, name);
  }
  return out;
}

int run_import(ImportOptions o) {
  const fs::path output(o.output);
  if (output.extension() != ".safetensors")
    fail(ErrorKind::usage, "models are named *.safetensors; {} is not", o.output);
  if (fs::exists(output) && !o.force)
    fail(ErrorKind::usage, "{} exists; choose another name, or --force to replace it", o.output);
  fs::path checkpoint(o.checkpoint);
  if (fs::is_directory(checkpoint))
    checkpoint = model::find_checkpoint(checkpoint, o.direction);
  else if (!o.direction.empty())
    fail(ErrorKind::usage, "--direction chooses from a folder of checkpoints; {} is a file", o.checkpoint);
  o.hint.source = to_utf8(checkpoint);
  if (o.hint.name.empty()) o.hint.name = to_utf8(output.stem());
  model::Model imported = model::import_checkpoint(model::read_checkpoint(checkpoint), o.hint);
  // The card travels with the file: what was imported, not where it lay on this machine.
  imported.card["source"] = to_utf8(checkpoint.filename());
  imported.card["source_sha256"] = sha256_file(checkpoint);
  imported.card["linmo"] = LINMO_VERSION;
  if (o.dtype != "keep") imported.tensors = converted(imported.tensors, o.dtype);
  model::save_model(output, imported);
  const int64_t side = std::max(64, imported.network.size_multiple);
  const net::Cost cost = net::cost(imported.network, {imported.network.in_channels(), side, side});
  fmt::print("{}: {} ({} parameters)\n{}: written, {:.1f} MB\n", to_utf8(checkpoint),
             imported.card["architecture"].get<std::string>(), cost.parameters, o.output,
             static_cast<double>(fs::file_size(output)) / 1e6);
  return 0;
}

}  // namespace

void add_import(Registry registry) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* command = registry.app.add_subcommand("import",
                                                  "Make a model of another program's generator: CycleGAN, "
                                                  "CUT, pix2pix, SRGAN, fast-neural-style, AnimeGANv2");
  command
      ->add_option(
          "checkpoint", options->checkpoint,
          "a .pth or .safetensors file with the generator's state dict, or a folder with latest_net_G*.pth")
      ->required();
  command->add_option("-o,--output", options->output, "the model to write, *.safetensors")->required();
  command->add_option("--direction", options->direction, "which generator of a CycleGAN folder (AtoB|BtoA)")
      ->check(CLI::IsMember({"AtoB", "BtoA"}));
  command->add_option("--name", options->hint.name, "the model's name in its card (default: the output's)");
  command->add_option("--licence,--license", options->hint.licence, "of the weights, for the card");
  command->add_option("--dtype", options->dtype, "how numbers are stored (keep|f32|bf16|f16)")
      ->check(CLI::IsMember({"keep", "f32", "bf16", "f16"}))
      ->capture_default_str();
  command->add_flag("--eval", options->hint.running_statistics,
                    "run batch norms of CycleGAN and pix2pix with the statistics of training, as their test "
                    "programs' --eval does; otherwise with those of the picture itself, as they do without");
  command->add_flag("--force", options->force, "replace an existing model");
  command->callback([options, &code = registry.exit_code] { code = run_import(*options); });
}

}  // namespace linmo::cli
