// SPDX-License-Identifier: Apache-2.0
// Exported models in other programs: ONNX Runtime and PyTorch must compute what the engine computes.
#include "linmo/model/onnx.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/engine/engine.h"
#include "linmo/engine/random_weights.h"
#include "linmo/model/export.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/anime_gan.h"
#include "linmo/net/builder.h"
#include "linmo/net/generators.h"
#include "linmo/net/srgan.h"
#include "linmo/net/transformer_net.h"

namespace linmo::engine {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  net::Description network;
  int64_t height, width;
};

// Layers that no generator of ours has.
net::Description other_layers() {
  net::Builder b("other", 3);
  b.add(net::PixelUnshuffle{2});
  b.conv("a", 12, 8, 3, 1, 1);
  b.add(net::Norm{net::NormKind::group, 8, true, 1e-5, 0.1, 2}, "n");
  b.add(net::Activation{net::ActivationKind::prelu, 0, 8}, "p");
  b.add(net::Pool{true, 3, 2, 1, false});
  const int half = b.last();
  b.add(net::Upsample{net::Interpolation::bilinear, 4, false});
  b.pad(net::PadMode::zero, 2);
  b.add(net::Pool{false, 5, 1, 2, true});
  b.add(net::Pool{false, 3, 1, 1, false});
  b.conv("b", 8, 4, 5, 1, 0, false);
  b.add(net::Activation{net::ActivationKind::sigmoid, 0, 1});
  const int wide = b.last();
  b.add(net::GlobalPool{}, {}, half);
  b.conv("c", 8, 4, 1);
  b.add(net::Upsample{net::Interpolation::nearest, 16, false});
  b.add(net::Pad{net::PadMode::replicate, 1, 3, 2, 2});
  b.conv("d", 4, 4, 5, 1, 0);
  b.join(net::Concat{}, {wide, wide});
  b.conv("e", 8, 3, 1);
  b.add(net::ScaleShift{{1, 2, 3}, {0.5}});
  b.description().size_multiple = 16;
  return b.finish();
}

std::vector<Case> cases() {
  using net::Decoder, net::NormChoice, net::PadMode;
  return {
      {"resnet", net::resnet({.ngf = 8, .blocks = 3}), 40, 56},
      {"resnet_dropout_batch",
       net::resnet({.ngf = 4, .blocks = 1, .norm = NormChoice::batch, .dropout = true}), 24, 20},
      {"resnet_antialias",
       net::resnet({.ngf = 4, .blocks = 2, .decoder = Decoder::antialias, .antialias_down = true}), 36, 44},
      {"resnet_resize_zero",
       net::resnet({.ngf = 4, .blocks = 1, .padding = PadMode::zero, .decoder = Decoder::resize}), 24, 28},
      {"unet", net::unet({.ngf = 4, .downs = 7}), 256, 128},
      {"unet_instance", net::unet({.ngf = 4, .downs = 5, .norm = NormChoice::instance}), 64, 96},
      {"seed", net::seed_generator(), 14, 9},
      {"compact", net::compact({.ngf = 8, .blocks = 2}), 52, 36},
      {"compact_residual", net::compact({.ngf = 8, .blocks = 1, .norm = NormChoice::batch, .residual = true}),
       20, 24},
      {"srgan", net::srgan({.features = 8, .blocks = 2}), 13, 17},
      {"transformer_net", net::transformer_net({.width = 8, .blocks = 2}), 40, 48},
      {"anime_gan_v2", net::anime_gan_v2(), 32, 40},
      {"other_layers", other_layers(), 32, 48},
      {"recurrent", net::compact({.ngf = 8, .blocks = 3, .recurrent = true}), 20, 28},
  };
}

void write_floats(const fs::path& path, std::span<const float> values) {
  write_file(path, std::as_bytes(values));
}

// A folder a case: model.13.onnx, model.17.onnx, state.pth, state.safetensors, input.f32, output.f32 and, in
// `cases.txt`, name, C × H × W of the input, of the output and of what is remembered. output.f32 is the
// result for the third of three equal pictures.
void write_cases(const fs::path& folder) {
  std::string list;
  for (Case& c : cases()) {
    fs::create_directories(folder / c.name);
    model::Model m;
    m.tensors = random_weights(c.network, 11);
    m.network = c.network;
    for (const int opset : {13, 17})
      model::write_onnx(folder / c.name / fmt::format("model.{}.onnx", opset), m, {opset});
    model::write_pth(folder / c.name / "state.pth", model::export_state(m));
    model::write_safetensors(folder / c.name / "state.safetensors",
                             {model::export_state(m), {{"format", "pt"}}}, false);
    const net::Shape in{c.network.in_channels(), c.height, c.width};
    const net::Shape out = net::infer_shapes(c.network, in)[static_cast<size_t>(c.network.outputs[0])];
    std::vector<float> picture(static_cast<size_t>(in.count())), result(static_cast<size_t>(out.count()));
    Random random(5, 1);
    for (float& v : picture) v = static_cast<float>(random.uniform(-1, 1));
    const Engine engine(m.network, m.tensors, {Precision::fp32, 1, 1});
    Memory memory;
    for (int t = 0; t < 3; ++t) engine.run(picture, c.height, c.width, result, Layout::planar, &memory);
    write_floats(folder / c.name / "input.f32", picture);
    write_floats(folder / c.name / "output.f32", result);
    list += c.name;
    std::vector<net::Shape> shapes = {in, out};
    for (const auto& [layer, source] : c.network.memories)
      shapes.push_back(net::infer_shapes(c.network, in)[static_cast<size_t>(layer)]);
    for (const net::Shape& s : shapes) list += fmt::format(" {} {} {}", s.channels, s.height, s.width);
    list += "\n";
  }
  write_file(folder / "cases.txt", list);
}

void check_with(const std::string& script, const std::string& modules, const std::string& option = "") {
  const char* chosen = std::getenv("LINMO_GOLDEN_PYTHON");
  const std::string python = chosen ? chosen : "/usr/bin/python3";
  if (std::system(fmt::format("'{}' -c 'import {}' >/dev/null 2>&1", python, modules).c_str()) != 0)
    GTEST_SKIP() << python << " has no " << modules
                 << "; make an environment from tests/golden/requirements.txt and name its python in "
                    "LINMO_GOLDEN_PYTHON";
  const TemporaryFolder folder;
  write_cases(folder / "");
  const std::string command = fmt::format("'{}' -B '{}/tests/golden/{}' '{}' {}", python, LINMO_SOURCE_DIR,
                                          script, to_utf8(folder / ""), option);
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

// With Debian's python3-onnx, so wherever ./run test runs.
TEST(ExportSlow, IsValidOnnx) {
  check_with("check_onnx.py", "onnx");
}

// Debian 12 has no ONNX Runtime for Python: this one runs where somebody made an environment with it.
TEST(ExportSlow, OnnxRuntimePaintsTheSame) {
  check_with("check_onnx.py", "onnx, onnxruntime", "--run");
}

// With Debian's python3-torch.
TEST(ExportSlow, OfficialNetworksLoadTheStateDict) {
  check_with("check_state.py", "torch");
}

}  // namespace
}  // namespace linmo::engine
