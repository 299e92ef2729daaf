// SPDX-License-Identifier: Apache-2.0
// Imported generators against what PyTorch computes with them (tests/golden/make_import.py).
#include "linmo/model/import.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linmo/core/files.h"
#include "linmo/engine/engine.h"
#include "linmo/engine/reference.h"
#include "linmo/model/golden_test.h"
#include "linmo/model/pth.h"
#include "linmo/net/anime_gan.h"

namespace linmo::engine {
namespace {

// PyTorch computes in fp32, the twin in double, the engine in fp32 with other orders of summation; all values
// are in [−1, 1]. Some of these networks divide by the small deviation of a few values, which magnifies
// rounding.
constexpr double kTolerance = 1e-4;

TEST(Import, GeneratorsPaintWhatPyTorchPaints) {
  const auto folder = std::filesystem::path(LINMO_SOURCE_DIR) / "tests/golden/import";
  int networks = 0;
  for (const auto& path : list_files(folder)) {
    SCOPED_TRACE(path.stem().string());
    const model::Model m = model::import_checkpoint(
        model::read_checkpoint(path), {.name = "",
                                       .licence = "",
                                       .source = "",
                                       .running_statistics = path.stem().string().ends_with("_eval")});
    const model::Checkpoint whole = model::read_pth(path);
    const model::Tensor& picture = whole.tensors.at("input");
    const std::vector<float> in = picture.floats(), want = whole.tensors.at("output").floats();
    const int64_t height = picture.shape()[2], width = picture.shape()[3];

    const auto layers = run_reference(m.network, m.tensors, {3, height, width}, in);
    const std::vector<double>& plain = layers[static_cast<size_t>(m.network.outputs[0])].values;
    const Engine engine(m.network, m.tensors, {Precision::fp32, 1, 1});
    std::vector<float> fast(want.size());
    engine.run(in, height, width, fast, Layout::planar);
    ASSERT_EQ(plain.size(), want.size());
    double worst_plain = 0, worst_fast = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      worst_plain = std::max(worst_plain, std::abs(plain[i] - want[i]));
      worst_fast = std::max<double>(worst_fast, std::abs(fast[i] - want[i]));
    }
    EXPECT_LT(worst_plain, kTolerance);
    EXPECT_LT(worst_fast, kTolerance);
    ++networks;
  }
  EXPECT_EQ(networks, 11);
}

// Its weights are made and not stored (tests/golden/make_anime_gan.py).
TEST(Import, AnimeGanPaintsWhatPyTorchPaints) {
  const golden::File file("anime_gan");
  const model::Model m = model::import_checkpoint(golden::weights(net::anime_gan_v2(), "anime_gan"),
                                                  {.name = "", .licence = "", .source = ""});
  EXPECT_EQ(m.network.family, "anime_gan_v2");
  const std::vector<float> in = golden::noise("anime_gan/input", {1, 3, 40, 32}).floats();
  std::vector<float> out(in.size());
  Engine(m.network, m.tensors, {Precision::fp32, 1, 1}).run(in, 40, 32, out, Layout::planar);
  file.expect_close<float>("output", out, kTolerance);
}

}  // namespace
}  // namespace linmo::engine
