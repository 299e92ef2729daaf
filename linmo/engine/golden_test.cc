// SPDX-License-Identifier: Apache-2.0
// The engine and its plain twin against PyTorch's torch.nn (tests/golden/make_networks.py).
#include "linmo/model/golden_test.h"

#include <gtest/gtest.h>

#include <map>

#include "linmo/engine/engine.h"
#include "linmo/engine/reference.h"
#include "linmo/model/golden_cases_test.h"

namespace linmo::engine {
namespace {

struct Run {
  Precision precision;
  double bound;  // relative to the largest value of the result
};

void check(const golden::Case& c, const golden::File& file) {
  SCOPED_TRACE(c.name);
  const std::string stream = file.about(c.name + ".stream");
  model::TensorMap tensors = golden::weights(c.network, stream);
  // In training mode the file has the running statistics after the pass, and what they give in evaluation
  // mode.
  std::string output = c.name + "/output.0";
  for (const std::string& key : file.keys(c.name + "/after.")) {
    output = c.name + "/output_eval.0";
    if (!tensors.contains(key)) continue;  // num_batches_tracked
    const golden::File::Array& array = file.at(c.name + "/after." + key);
    tensors[key] = model::Tensor::from_floats(tensors[key].shape(), array.values);
  }
  const std::vector<float> input = golden::noise(stream + "/input", c.input).floats();
  const net::Shape one{c.input[1], c.input[2], c.input[3]};
  const auto layer = static_cast<size_t>(c.network.outputs[0]);
  const net::Shape result = net::infer_shapes(c.network, one)[layer];
  const double scale = file.scale(output);
  const auto picture = [&](int64_t i) {
    return std::span(input).subspan(static_cast<size_t>(i * one.count()), static_cast<size_t>(one.count()));
  };

  std::vector<double> plain;
  for (int64_t i = 0; i < c.input[0]; ++i) {
    const auto all = run_reference(c.network, tensors, one, picture(i));
    plain.insert(plain.end(), all[layer].values.begin(), all[layer].values.end());
  }
  // In double precision what is left is the rounding of the files, and of the running statistics in them.
  file.expect_close<double>(output, plain, 2e-7 * scale);

  std::vector<Run> runs{{Precision::fp32, 2e-5}};
  if (cpu_has_bf16()) runs.push_back({Precision::bf16, 0.1});
  for (const Run& run : runs) {
    SCOPED_TRACE(run.precision == Precision::fp32 ? "fp32" : "bf16");
    const Engine engine(c.network, tensors, {run.precision, 1, 4});
    std::vector<float> ours(static_cast<size_t>(c.input[0] * result.count()));
    for (int64_t i = 0; i < c.input[0]; ++i) {
      engine.run(picture(i), one.height, one.width,
                 std::span(ours).subspan(static_cast<size_t>(i * result.count()),
                                         static_cast<size_t>(result.count())),
                 Layout::planar);
    }
    file.expect_close<float>(output, ours, run.bound * scale);
  }
}

TEST(EngineGolden, Networks) {
  std::map<std::string, golden::File> files;
  for (const auto& cases : {golden::generator_cases(), golden::discriminator_cases()}) {
    for (const golden::Case& c : cases) {
      if (c.name.starts_with("spectral")) continue;  // only for training
      check(c, files.try_emplace(c.file, c.file).first->second);
    }
  }
}

}  // namespace
}  // namespace linmo::engine
