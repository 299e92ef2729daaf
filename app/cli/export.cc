// SPDX-License-Identifier: Apache-2.0
// linmo export MODEL -o FILE: a model for other programs: ONNX, or a state dict for PyTorch.
#include "linmo/model/export.h"

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/library.h"
#include "linmo/model/onnx.h"
#include "linmo/model/styles.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  std::string model, output, style;
  model::OnnxOptions onnx;
  bool force = false, json = false;
};

int run_export(const ExportOptions& o) {
  const fs::path output(o.output);
  const std::string kind = output.extension();
  if (kind != ".onnx" && kind != ".safetensors" && kind != ".pth")
    fail(ErrorKind::usage,
         "{}: models are exported as .onnx, .safetensors or .pth; choose one of these extensions", o.output);
  if (fs::exists(output) && !o.force)
    fail(ErrorKind::usage, "{} exists; choose another name, or --force to replace it", o.output);
  const fs::path input = model::find_model(model::default_library(), o.model);
  std::error_code ignored;
  if (fs::equivalent(input, output, ignored))
    fail(ErrorKind::usage, "{} is the model itself; choose another name", o.output);
  const model::Model m = model::load_in_style(input, o.style);
  if (kind == ".onnx") {
    model::write_onnx(output, m, o.onnx);
  } else if (kind == ".pth") {
    model::write_pth(output, model::export_state(m));
  } else {
    model::write_safetensors(output, {model::export_state(m), {{"format", "pt"}}}, false);
  }
  const auto bytes = fs::file_size(output);
  if (o.json) {
    nlohmann::json told = {{"model", to_utf8(input)},
                           {"written", o.output},
                           {"bytes", bytes},
                           {"family", m.network.family},
                           {"size_multiple", m.network.size_multiple},
                           {"content_scale", m.network.content_scale}};
    if (kind == ".onnx") told["opset"] = o.onnx.opset;
    fmt::print("{}\n", told.dump(2));
    return kDone;
  }
  fmt::print(
      "{}: {} network{}, {:.1f} MB\n", o.output, m.network.family,
      kind == ".onnx" ? fmt::format(" as ONNX, opset {}", o.onnx.opset) : " as a state dict for PyTorch",
      static_cast<double>(bytes) / 1e6);
  if (kind == ".onnx") {
    fmt::print("input N × {} × H × W in [−1, 1], H and W multiples of {}\n", m.network.in_channels(),
               m.network.size_multiple);
    if (m.network.content_scale != 1)
      fmt::print("the picture is resized by {} before it goes in\n", m.network.content_scale);
  }
  return kDone;
}

}  // namespace

void add_export(Registry registry) {
  auto o = std::make_shared<ExportOptions>();
  CLI::App* command = registry.app.add_subcommand(
      "export", "Write a model for other programs: ONNX, or a state dict that PyTorch's networks load");
  command->add_option("model", o->model, "a .safetensors file, a run folder, or an installed model's name")
      ->required();
  add_style_option(*command, o->style);
  command
      ->add_option("-o,--output", o->output,
                   "what to write: *.onnx, or *.safetensors or *.pth with PyTorch's keys")
      ->required();
  command->add_option("--opset", o->onnx.opset, "of the ONNX file, 13 … 17")
      ->capture_default_str()
      ->check(CLI::Range(13, 17));
  command->add_flag("--force", o->force, "replace an existing file");
  command->add_flag("--json", o->json, "for machines");
  command->callback([o, &code = registry.exit_code] { code = run_export(*o); });
}

}  // namespace linmo::cli
