// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/measure/features.h"
#include "linmo/measure/golden_test.h"
#include "linmo/model/safetensors.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/inception.h"

namespace linmo::measure {
namespace {

// The weights of tests/golden/make_inception.py.
model::TensorMap golden_weights() {
  model::TensorMap tensors;
  for (const net::ParameterInfo& p : net::parameters(net::make_inception(net::InceptionVariant::fid))) {
    if (p.kind != net::ParameterInfo::Kind::batches_tracked) {
      tensors.emplace(p.name, model::Tensor(model::DType::f32, p.shape));
    }
  }
  uint64_t stream = 0;
  for (auto& [name, tensor] : tensors) {
    Random random(1, stream++);
    const bool kernel = name.ends_with("conv.weight");
    const bool near_one = name.ends_with("bn.weight") || name.ends_with("running_var");
    const std::vector<int64_t>& shape = tensor.shape();
    const double reach = kernel ? std::sqrt(6.0 / static_cast<double>(shape[1] * shape[2] * shape[3])) : 0;
    std::vector<float> values(static_cast<size_t>(tensor.count()));
    for (float& v : values) {
      const double u = random.uniform();
      v = static_cast<float>(kernel ? (2 * u - 1) * reach : near_one ? u + 0.5 : (u - 0.5) * 0.2);
    }
    tensor = model::Tensor::from_floats(shape, values);
  }
  return tensors;
}

TEST(InceptionInput, IsResizedBetweenPixelCentresWithoutAntiAliasing) {
  Image grey(2, 1, 1, Depth::f32);
  grey.samples<float>()[0] = 0, grey.samples<float>()[1] = 1;
  const std::vector<float> x = inception_input(grey);
  ASSERT_EQ(x.size(), 3U * 299 * 299);
  EXPECT_FLOAT_EQ(x[0], -1);
  EXPECT_FLOAT_EQ(x[298], 1);
  EXPECT_NEAR(x[149], 0, 1e-6);                                        // the middle of 299 positions
  EXPECT_NEAR(x[100], 2 * ((100.5 * 2 / 299 - 0.5)) - 1, 1e-5);        // in between
  EXPECT_FLOAT_EQ(x[298 * 299 + 100], x[100]) << "one row makes all";  //
  EXPECT_THROW(inception_input(Image(0, 5, 3)), Error);
}

TEST(InceptionFile, OthersAreRefused) {
  TemporaryFolder folder;
  model::Safetensors content;
  content.tensors.emplace("weight", model::Tensor(model::DType::f32, {2}));
  model::write_safetensors(folder / "other.safetensors", content);
  EXPECT_THROW(open_inception(folder / "other.safetensors", 1), Error);
  EXPECT_FALSE(is_torchscript(folder / "other.safetensors"));
  EXPECT_FALSE(is_torchscript(folder / "missing.pt"));
  content.tensors.emplace("Conv2d_1a_3x3.conv.weight", model::Tensor(model::DType::f32, {32, 3, 3, 3}));
  model::write_safetensors(folder / "part.safetensors", content);
  EXPECT_THROW(open_inception(folder / "part.safetensors", 1), Error);
  content.metadata["inception_variant"] = "newest";
  model::write_safetensors(folder / "variant.safetensors", content);
  EXPECT_THROW(open_inception(folder / "variant.safetensors", 1), Error);
}

TEST(InceptionSlow, EqualsPyTorch) {
  const nlohmann::json golden = nlohmann::json::parse(golden_file("inception.json"));
  TemporaryFolder folder;
  model::Safetensors content{golden_weights(), {}};
  std::string opened;
  std::unique_ptr<FeatureExtractor> net;
  for (const nlohmann::json& c : golden) {
    const std::string variant = c.at("variant");
    SCOPED_TRACE(variant);
    if (opened != variant) {
      // Both ways of telling the variant: by what the metadata say, and by the classifier.
      content.metadata.clear();
      content.tensors.erase("fc.weight");
      if (variant == "keras") content.metadata["inception_variant"] = "keras";
      if (variant == "torchvision")
        content.tensors.emplace("fc.weight", model::Tensor(model::DType::f32, {1000, 8}));
      model::write_safetensors(folder / "net.safetensors", content);
      net = open_inception(folder / "net.safetensors", 0);
      opened = variant;
    }
    EXPECT_EQ(net->name(), variant == "fid" ? "InceptionV3 (pytorch-fid)" : "InceptionV3 (" + variant + ")");
    const Image picture = golden_picture(3, c.at("width"), c.at("height"), 60);
    const std::vector<float> f = net->features({picture});
    ASSERT_EQ(f.size(), 2048U);
    const double mean = c.at("mean"), deviation = c.at("deviation");
    double sum = 0;
    for (const float v : f) sum += v;
    EXPECT_NEAR(sum / 2048, mean, 1e-4 * mean);
    // 94 layers of single precision, summed in another order than PyTorch's.
    for (size_t i = 0; i < 32; ++i)
      EXPECT_NEAR(f[i * 64], c.at("features")[i].get<double>(), 1e-3 * deviation);
  }
}

}  // namespace
}  // namespace linmo::measure
