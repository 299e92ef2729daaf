// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/net/cost.h"
#include "linmo/net/discriminators.h"
#include "linmo/net/features.h"
#include "linmo/net/generators.h"

namespace linmo::net {
namespace {

// Published counts: pytorch-CycleGAN-and-pix2pix issues 405 and 422, and the official layer code.
TEST(Net, ParameterCountsArePublished) {
  EXPECT_EQ(cost(make_generator({.name = "resnet_9blocks"}), {3, 256, 256}).parameters, 11'378'179);
  EXPECT_EQ(cost(make_generator({.name = "resnet_6blocks"}), {3, 256, 256}).parameters, 7'837'699);
  EXPECT_EQ(cost(make_generator({.name = "unet_256"}), {3, 256, 256}).parameters, 54'413'955);
  EXPECT_EQ(cost(make_generator({.name = "unet_128"}), {3, 256, 256}).parameters, 41'828'995);
  EXPECT_EQ(cost(patch_discriminator({}), {3, 256, 256}).parameters, 2'764'737);
  EXPECT_EQ(cost(patch_discriminator({.in = 6, .norm = NormChoice::batch}), {6, 256, 256}).parameters,
            2'768'705);
  // Keras counts a batch norm's running mean and variance as parameters.
  const Cost seed = cost(seed_generator(), {3, 64, 64});
  EXPECT_EQ(seed.parameters + seed.buffers, 1'130'371);
}

TEST(Net, MultiplyAccumulatesArePublished) {
  const Cost resnet9 = cost(make_generator({.name = "resnet_9blocks"}), {3, 256, 256});
  EXPECT_NEAR(static_cast<double>(resnet9.macs), 49.55e9, 0.01e9);
  EXPECT_NEAR(static_cast<double>(resnet9.macs_at_output), 56.8e9, 0.05e9);
  EXPECT_NEAR(static_cast<double>(cost(make_generator({.name = "resnet_6blocks"}), {3, 256, 256}).macs),
              35.06e9, 0.01e9);
  const Description cut =
      make_generator({.name = "resnet_9blocks", .decoder = "antialias", .antialias_down = true});
  EXPECT_NEAR(static_cast<double>(cost(cut, {3, 256, 256}).macs), 64.05e9, 0.2e9);
  EXPECT_NEAR(static_cast<double>(cost(make_generator({.name = "unet_256"}), {3, 256, 256}).macs), 6.05e9,
              0.01e9);
  EXPECT_NEAR(static_cast<double>(cost(patch_discriminator({}), {3, 256, 256}).macs), 3.15e9, 0.01e9);
}

// A student is worth having when it costs a fifth of its teacher at most and fits in 2.5 MB of bf16.
TEST(Net, ThePerceptualNetworkIsSmall) {
  const Cost teacher = cost(vgg19(VggInput::caffe), {3, 128, 128});
  EXPECT_EQ(teacher.parameters, 2'325'568);  // Simonyan & Zisserman 2014, configuration E, through conv3_4
  const Cost student = cost(perceptual({64, 128, 256, 256}), {3, 128, 128});
  EXPECT_LE(static_cast<double>(student.macs), 0.2 * static_cast<double>(teacher.macs));
  EXPECT_LE(2 * student.parameters, 2'500'000);
}

TEST(Net, ReceptiveFields) {
  EXPECT_EQ(receptive_field(patch_discriminator({.layers = 3})), 70);  // Isola 2017
  EXPECT_EQ(receptive_field(patch_discriminator({.layers = 1})), 16);
  EXPECT_EQ(receptive_field(patch_discriminator({.layers = 5})), 286);
  EXPECT_EQ(receptive_field(pixel_discriminator(3, 64, NormChoice::none)), 1);
}

TEST(Net, SpectralNormOnEveryConvolutionOfEveryDiscriminator) {
  for (const std::string& name : discriminator_names()) {
    DiscriminatorChoice choice;
    choice.name = name;
    choice.spectral_norm = true;
    const Description d = make_discriminator(choice);
    for (const Layer& layer : d.layers) {
      if (const auto* conv = std::get_if<Conv>(&layer.op)) {
        EXPECT_TRUE(conv->spectral_norm) << name;
      }
    }
  }
}

std::vector<std::string> keys(const Description& d) {
  std::vector<std::string> names;
  for (const ParameterInfo& p : parameters(d)) names.push_back(p.name);
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST(Net, StateDictKeysAreOfficial) {
  const auto cyclegan = keys(make_generator({.name = "resnet_9blocks"}));
  EXPECT_EQ(cyclegan.size(), 48u);
  for (const char* key : {"model.1.weight", "model.10.conv_block.1.weight", "model.18.conv_block.5.bias",
                          "model.19.weight", "model.22.bias", "model.26.weight"}) {
    EXPECT_TRUE(has(cyclegan, key)) << key;
  }
  const auto dropout = keys(make_generator({.name = "resnet_9blocks", .dropout = true}));
  EXPECT_TRUE(has(dropout, "model.10.conv_block.6.weight"));
  const auto cut =
      keys(make_generator({.name = "resnet_9blocks", .decoder = "antialias", .antialias_down = true}));
  EXPECT_EQ(cut.size(), 52u);
  for (const char* key :
       {"model.7.filt", "model.8.weight", "model.11.filt", "model.20.conv_block.5.weight", "model.21.filt",
        "model.22.weight", "model.25.filt", "model.26.weight", "model.30.bias"}) {
    EXPECT_TRUE(has(cut, key)) << key;
  }
  const auto unet = keys(make_generator({.name = "unet_256"}));
  EXPECT_EQ(unet.size(), 82u);
  EXPECT_TRUE(has(unet, "model.model.1.model.3.model.3.model.3.model.3.model.3.model.3.model.4.running_var"));
  EXPECT_TRUE(has(unet, "model.model.1.model.6.weight"));
  const auto batch = keys(make_generator({.name = "resnet_6blocks", .norm = "batch"}));
  EXPECT_TRUE(has(batch, "model.2.running_mean"));
  EXPECT_FALSE(has(batch, "model.1.bias"));
  const auto patch = keys(patch_discriminator({}));
  EXPECT_EQ(patch.size(), 10u);
  for (const char* key :
       {"model.0.bias", "model.2.weight", "model.5.weight", "model.8.weight", "model.11.weight"}) {
    EXPECT_TRUE(has(patch, key)) << key;
  }
}

TEST(Net, CutTapsAreLayers0_4_8_12_16) {
  const Description cut =
      make_generator({.name = "resnet_9blocks", .decoder = "antialias", .antialias_down = true});
  const std::vector<Shape> shapes = infer_shapes(cut, {3, 256, 256});
  const auto at = [&](const char* name) { return shapes[static_cast<size_t>(cut.tap(name))]; };
  EXPECT_EQ(at("nce.0"), (Shape{3, 262, 262}));
  EXPECT_EQ(at("nce.1"), (Shape{128, 256, 256}));
  EXPECT_EQ(at("nce.2"), (Shape{256, 128, 128}));
  EXPECT_EQ(at("nce.3"), (Shape{256, 64, 64}));
  EXPECT_EQ(at("nce.4"), (Shape{256, 64, 64}));
  EXPECT_NE(cut.tap("nce.3"), cut.tap("nce.4"));
}

TEST(Net, ShapesComeBackToThePictures) {
  for (const std::string& name : generator_names()) {
    const Description d = make_generator({.name = name});
    const int side = name == "seed" ? 64 : 256;
    const Shape out = infer_shapes(d, {3, side, side}).back();
    EXPECT_EQ(out, (Shape{3, 256, 256})) << name;
  }
  EXPECT_EQ(infer_shapes(patch_discriminator({}), {3, 256, 256}).back(), (Shape{1, 30, 30}));
  const Description multi = multiscale_discriminator({}, 3);
  EXPECT_EQ(multi.outputs.size(), 3u);
  EXPECT_EQ(infer_shapes(multi, {3, 256, 256})[static_cast<size_t>(multi.outputs[1])], (Shape{1, 14, 14}));
}

TEST(Net, JsonRoundTrip) {
  for (const std::string& name : generator_names()) {
    const Description d = make_generator({.name = name});
    const nlohmann::json json = to_json(d);
    EXPECT_EQ(to_json(description_from_json(nlohmann::json::parse(json.dump()))), json) << name;
  }
}

TEST(Net, BadDescriptionsAreRefused) {
  const nlohmann::json good = to_json(make_generator({}));
  const auto refused = [](const nlohmann::json& json) {
    try {
      description_from_json(json);
      return false;
    } catch (const Error&) {
      return true;
    }
  };
  EXPECT_FALSE(refused(good));
  nlohmann::json bad = good;
  bad["layers"][3]["inputs"] = {7};  // reads a later layer
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad["layers"][1]["in"] = int64_t{1} << 40;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad["layers"][1]["op"] = "exec";
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad["outputs"] = {-1};
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.erase("taps");
  EXPECT_TRUE(refused(bad));
  EXPECT_TRUE(refused(nlohmann::json::array()));
}

TEST(Net, TheRecurrentGeneratorCostsWhatTheCompactOneDoes) {
  const Description d = make_generator({.name = "recurrent"});
  const Cost own = cost(d, {3, 256, 256}), compact = cost(make_generator({}), {3, 256, 256});
  EXPECT_LT(own.parameters, compact.parameters);
  EXPECT_LT(own.macs, compact.macs);
  EXPECT_GT(static_cast<double>(own.macs), 0.98 * static_cast<double>(compact.macs));
  ASSERT_EQ(d.memories.size(), 1u);
  const auto [memory, source] = d.memories[0];
  EXPECT_GT(source, memory);
  EXPECT_EQ(infer_shapes(d, {3, 64, 48})[static_cast<size_t>(memory)], (Shape{48, 16, 12}));
  EXPECT_FALSE(to_json(make_generator({})).contains("memories"));  // for readers that know none
  // The memory's convolutions look no further than the block's.
  EXPECT_LE(receptive_field(d), receptive_field(make_generator({})) + 8);
}

TEST(Net, BadMemoriesAreRefused) {
  const Description good = make_generator({.name = "recurrent"});
  const auto refused = [&](auto&& change) {
    Description d = good;
    change(d);
    try {
      const Description read = description_from_json(to_json(d));
      infer_shapes(read, {3, 64, 64});
    } catch (const Error& error) {
      return error.kind() == ErrorKind::input;
    }
    return false;
  };
  EXPECT_FALSE(refused([](Description&) {}));
  EXPECT_TRUE(refused([](Description& d) { d.memories.clear(); }));
  EXPECT_TRUE(refused([](Description& d) { d.memories.push_back(d.memories[0]); }));
  EXPECT_TRUE(refused([](Description& d) { d.memories[0].second = 100000; }));
  EXPECT_TRUE(refused([](Description& d) { d.memories[0].second = -1; }));
  EXPECT_TRUE(refused([](Description& d) { d.memories[0].first = 1; }));   // a convolution
  EXPECT_TRUE(refused([](Description& d) { d.memories[0].second = 0; }));  // of another shape
  EXPECT_TRUE(refused([](Description& d) {
    std::get<Memory>(d.layers[static_cast<size_t>(d.memories[0].first)].op).channels = 1 << 20;
  }));
  EXPECT_TRUE(
      refused([](Description& d) { d.layers[static_cast<size_t>(d.memories[0].first)].inputs.clear(); }));
}

TEST(Net, TooSmallAPictureIsNamed) {
  try {
    infer_shapes(patch_discriminator({}), {3, 8, 8});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("too small"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace linmo::net
