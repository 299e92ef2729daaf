// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/import.h"

#include <gtest/gtest.h>

#include <limits>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/pth.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/anime_gan.h"
#include "linmo/net/cost.h"
#include "linmo/net/discriminators.h"
#include "linmo/net/features.h"
#include "linmo/net/generators.h"
#include "linmo/net/srgan.h"
#include "linmo/net/transformer_net.h"

namespace linmo::model {
namespace {

TensorMap weights_of(const net::Description& network) {
  TensorMap tensors;
  for (const net::ParameterInfo& p : net::parameters(network)) {
    if (p.kind != net::ParameterInfo::Kind::batches_tracked) tensors[p.name] = Tensor(DType::f32, p.shape);
  }
  return tensors;
}

std::string import_problem(TensorMap tensors) {
  try {
    import_checkpoint(std::move(tensors), {.name = "x", .licence = "", .source = "FILE"});
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_TRUE(std::string_view(error.what()).starts_with("FILE")) << error.what();
    return error.what();
  }
}

const ImportHint kEval = {.name = "x", .licence = "", .source = "FILE", .running_statistics = true};

// The network must be found from keys and shapes alone.
void expect_found(const net::Description& network, const std::string& words) {
  const Model model = import_checkpoint(weights_of(network), kEval);
  EXPECT_EQ(net::to_json(model.network), net::to_json(network)) << words;
  EXPECT_EQ(model.card["architecture"], words);
  EXPECT_EQ(model.card["licence"], "unknown");
}

// One network in the two releases' forms: blue first on 0 … 255 less the mean, red first on (0 … 1 − mean) by
// the deviation. Its layers are renamed, its classifier left out, and Caffe's first layer turned to red
// first.
TEST(Import, BothReleasesOfVgg19AreRecognised) {
  const net::Description network = net::vgg19(net::VggInput::caffe);
  TensorMap caffe = weights_of(network);
  std::vector<float> first(64 * 27);
  for (size_t i = 0; i < first.size(); ++i) first[i] = static_cast<float>(i);
  caffe["conv1_1.weight"] = Tensor::from_floats({64, 3, 3, 3}, first);
  const Model ours = import_checkpoint(caffe, kEval);
  EXPECT_EQ(net::to_json(ours.network), net::to_json(network));
  const std::vector<float> turned = ours.tensors.at("conv1_1.weight").floats();
  for (size_t out = 0; out < 64; ++out) {
    for (size_t channel = 0; channel < 3; ++channel)
      EXPECT_EQ(turned[out * 27 + channel * 9 + 4], first[out * 27 + (2 - channel) * 9 + 4]);
  }

  TensorMap torchvision;
  const int numbers[] = {0, 2, 5, 7, 10, 12, 14, 16};
  const char* names[] = {"conv1_1", "conv1_2", "conv2_1", "conv2_2",
                         "conv3_1", "conv3_2", "conv3_3", "conv3_4"};
  for (size_t i = 0; i < std::size(numbers); ++i) {
    for (const char* part : {".weight", ".bias"})
      torchvision[fmt::format("features.{}{}", numbers[i], part)] = caffe.at(names[i] + std::string(part));
  }
  torchvision["features.19.weight"] = Tensor(DType::f32, {512, 256, 3, 3});
  torchvision["classifier.0.weight"] = Tensor(DType::f32, {4, 4});
  const Model theirs = import_checkpoint(torchvision, kEval);
  EXPECT_EQ(net::to_json(theirs.network), net::to_json(net::vgg19(net::VggInput::torchvision)));
  EXPECT_EQ(theirs.tensors.at("conv1_1.weight").floats(), first);

  caffe.erase("conv2_1.bias");
  EXPECT_NE(import_problem(caffe).find("conv2_1.bias"), std::string::npos);
}

TEST(Import, ResnetsAreRecognised) {
  using net::Decoder, net::NormChoice;
  expect_found(net::resnet({.ngf = 4, .blocks = 9}),
               "CycleGAN ResNet generator, 9 blocks, 4 features, instance norm");
  int variants = 0;
  for (const int blocks : {1, 6, 9}) {
    for (const NormChoice norm : {NormChoice::instance, NormChoice::batch}) {
      for (const net::PadMode padding : {net::PadMode::reflect, net::PadMode::zero}) {
        for (const Decoder decoder : {Decoder::transposed, Decoder::antialias, Decoder::resize}) {
          for (const int flags : {0, 1, 2, 3}) {
            const net::Description network = net::resnet({.in = 1,
                                                          .out = 3,
                                                          .ngf = 4,
                                                          .blocks = blocks,
                                                          .norm = norm,
                                                          .padding = padding,
                                                          .dropout = (flags & 1) != 0,
                                                          .decoder = decoder,
                                                          .antialias_down = (flags & 2) != 0});
            const Model model = import_checkpoint(weights_of(network), kEval);
            ASSERT_EQ(net::to_json(model.network), net::to_json(network))
                << blocks << model.card["architecture"];
            ++variants;
          }
        }
      }
    }
  }
  EXPECT_EQ(variants, 144);
}

TEST(Import, UnetsAreRecognised) {
  for (const auto norm : {net::NormChoice::instance, net::NormChoice::batch}) {
    for (const int downs : {5, 7, 8}) {
      expect_found(net::unet({.in = 3, .out = 1, .ngf = 4, .downs = downs, .norm = norm}),
                   fmt::format("pix2pix U-Net {} generator, 4 features, {} norm", 1 << downs,
                               norm == net::NormChoice::batch ? "batch" : "instance"));
    }
  }
}

TEST(Import, OthersAreRecognised) {
  for (const bool last_norm : {true, false}) {
    for (const int upsamples : {1, 2, 3}) {
      expect_found(net::srgan({.features = 8, .blocks = 5, .upsamples = upsamples, .last_norm = last_norm}),
                   fmt::format("SRGAN generator, 5 blocks, 8 features, enlarges {}×", 1 << upsamples));
    }
  }
  expect_found(net::transformer_net({.width = 8}), "fast-neural-style TransformerNet, 5 blocks, 8 features");
  expect_found(net::anime_gan_v2(), "AnimeGANv2 generator");
}

// Counts that the programs' own pages print, and shapes of the files they publish.
TEST(Import, OthersHaveTheirPublishedSizes) {
  EXPECT_EQ(net::cost(net::transformer_net({}), {3, 256, 256}).parameters, 1'679'235);
  EXPECT_EQ(net::cost(net::anime_gan_v2(), {3, 256, 256}).parameters, 2'143'552);
  EXPECT_EQ(net::parameters(net::anime_gan_v2()).size(), 77u);
  // netG_epoch_4_100.pth of leftthomas/SRGAN: 79 arrays, 22 of them running statistics.
  const net::Description srgan = net::srgan({.last_norm = false});
  EXPECT_EQ(weights_of(srgan).size(), 79u);
  EXPECT_EQ(weights_of(srgan).at("block8.1.conv.weight").shape(), (std::vector<int64_t>{256, 64, 3, 3}));
  EXPECT_EQ(net::infer_shapes(srgan, {3, 24, 16}).back(), (net::Shape{3, 96, 64}));
  EXPECT_EQ(net::infer_shapes(net::anime_gan_v2(), {3, 64, 32}).back(), (net::Shape{3, 64, 32}));
  EXPECT_EQ(net::infer_shapes(net::transformer_net({}), {3, 64, 32}).back(), (net::Shape{3, 64, 32}));
}

TEST(Import, BatchNormRunsOnThePictureUnlessToldOtherwise) {
  const TensorMap weights = weights_of(net::unet({.ngf = 4, .downs = 5}));
  const Model model = import_checkpoint(weights, {});
  // Kept for exports, although the network does not name them.
  EXPECT_TRUE(model.tensors.contains("model.model.1.model.2.running_mean"));
  EXPECT_TRUE(model.tensors.contains("model.model.1.model.2.weight"));
  EXPECT_EQ(model.card["architecture"],
            "pix2pix U-Net 32 generator, 4 features, batch norm, on the picture's own statistics");
  int instance = 0;
  for (const net::Layer& layer : model.network.layers) {
    const auto* norm = std::get_if<net::Norm>(&layer.op);
    if (norm) {
      EXPECT_EQ(norm->kind, net::NormKind::instance);
      EXPECT_TRUE(norm->affine);
      ++instance;
    }
  }
  EXPECT_EQ(instance, 7);
  EXPECT_TRUE(import_checkpoint(weights, kEval).tensors.contains("model.model.1.model.2.running_mean"));
  // SRGAN's own program always runs with the statistics of training.
  EXPECT_TRUE(import_checkpoint(weights_of(net::srgan({.features = 8})), {})
                  .tensors.contains("block2.bn1.running_mean"));
}

TEST(Import, OldStatisticsAreDroppedAndDoublesNarrowed) {
  const net::Description network = net::resnet({.ngf = 4, .blocks = 1});
  TensorMap tensors = weights_of(network);
  const size_t count = tensors.size();
  tensors["model.2.running_mean"] = Tensor(DType::f32, {4});
  tensors["model.2.running_var"] = Tensor(DType::f32, {4});
  tensors["model.1.weight"] = Tensor(DType::f64, tensors["model.1.weight"].shape());
  const Model model = import_checkpoint(tensors, {});
  EXPECT_EQ(model.tensors.size(), count);
  EXPECT_EQ(model.tensors.at("model.1.weight").dtype(), DType::f32);
}

TEST(Import, GeneratorsInsideModulesAreFound) {
  TensorMap inside;
  for (const auto& [key, tensor] : weights_of(net::resnet({.ngf = 4, .blocks = 1})))
    inside["netG." + key] = tensor;
  for (const auto& [key, tensor] : weights_of(net::patch_discriminator({.ndf = 4})))
    inside["netD." + key] = tensor;
  EXPECT_TRUE(import_checkpoint(inside, {}).tensors.contains("model.1.weight"));
}

TEST(Import, WrongFilesAreNamed) {
  EXPECT_NE(import_problem(weights_of(net::patch_discriminator({}))).find("discriminator"),
            std::string::npos);
  EXPECT_NE(import_problem({{"mlp_0.0.weight", Tensor(DType::f32, {256, 3})}}).find("feature network"),
            std::string::npos);
  const std::string other = import_problem({{"features.0.weight", Tensor(DType::f32, {64, 3, 11, 11})}});
  for (const char* part : {"1 arrays", "features.0.weight [64, 3, 11, 11]", "expected", "model.1.weight"})
    EXPECT_NE(other.find(part), std::string::npos) << other;
  EXPECT_NE(import_problem({}).find("0 arrays"), std::string::npos);
}

TEST(Import, NearMissesAreNamed) {
  const TensorMap good = weights_of(net::resnet({.ngf = 4, .blocks = 2}));
  EXPECT_EQ(import_problem(good), "");
  TensorMap bad = good;
  bad.erase("model.4.bias");
  EXPECT_NE(import_problem(bad).find("model.4.bias is missing"), std::string::npos);
  bad = good;
  bad["model.99.weight"] = Tensor(DType::f32, {1});
  EXPECT_NE(import_problem(bad).find("model.99.weight is not part"), std::string::npos);
  bad = good;
  bad["model.1.bias"] =
      Tensor::from_floats({4}, std::vector<float>{0, std::numeric_limits<float>::quiet_NaN(), 0, 0});
  EXPECT_NE(import_problem(bad).find("not finite"), std::string::npos);
  bad = good;
  bad["model.1.weight"] = Tensor(DType::f32, {0, 3, 7, 7});
  EXPECT_NE(import_problem(bad), "");
  // Nothing but keys that look right.
  EXPECT_NE(import_problem({{"model.1.weight", Tensor(DType::f32, {4, 3, 7, 7})}}), "");
  EXPECT_NE(import_problem({{"model.model.0.weight", Tensor(DType::f32, {4, 3, 4, 4})}}), "");
  EXPECT_NE(import_problem({{"block1.0.weight", Tensor(DType::f32, {4, 3, 9, 9})}}), "");
  EXPECT_NE(import_problem({{"conv1.conv2d.weight", Tensor(DType::f32, {4, 3, 9, 9})}}), "");
  EXPECT_NE(import_problem({{"block_a.0.1.weight", Tensor(DType::f32, {4, 3, 7, 7})}}), "");
}

TEST(Import, FoldersAreSearchedByDirection) {
  const TemporaryFolder folder;
  const auto find = [&](const char* direction) {
    return find_checkpoint(folder / "", direction).filename().string();
  };
  EXPECT_THROW(find(""), Error);
  write_file(folder / "latest_net_G.pth", "x");
  EXPECT_EQ(find(""), "latest_net_G.pth");
  EXPECT_EQ(find("BtoA"), "latest_net_G.pth");
  write_file(folder / "latest_net_G_A.pth", "x");
  write_file(folder / "latest_net_G_B.pth", "x");
  EXPECT_THROW(find(""), Error);
  EXPECT_THROW(find("BtoC"), Error);
  EXPECT_EQ(find("AtoB"), "latest_net_G_A.pth");
  EXPECT_EQ(find("BtoA"), "latest_net_G_B.pth");
}

// tests/golden/make_import.py; the engine's tests compare what they compute.
TEST(Import, GoldenGeneratorsAreRecognised) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"cyclegan", "CycleGAN ResNet generator, 2 blocks, 2 features, instance norm"},
      {"cyclegan_dropout", "CycleGAN ResNet generator, 1 blocks, 2 features, instance norm, dropout"},
      {"cyclegan_batch", "CycleGAN ResNet generator, 1 blocks, 2 features, batch norm"},
      {"cut", "CycleGAN ResNet generator, 1 blocks, 2 features, instance norm, anti-aliased (CUT)"},
      {"cut_down",
       "CycleGAN ResNet generator, 1 blocks, 2 features, instance norm, anti-aliased downsampling (CUT)"},
      {"pix2pix", "pix2pix U-Net 32 generator, 1 features, batch norm"},
      {"pix2pix_eval", "pix2pix U-Net 32 generator, 1 features, batch norm"},
      {"pix2pix_instance", "pix2pix U-Net 32 generator, 1 features, instance norm"},
      {"srgan_eval", "SRGAN generator, 5 blocks, 4 features, enlarges 4×"},
      {"srgan_2017_eval", "SRGAN generator, 5 blocks, 2 features, enlarges 4×"},
      {"transformer_net", "fast-neural-style TransformerNet, 5 blocks, 2 features"}};
  const auto folder = std::filesystem::path(LINMO_SOURCE_DIR) / "tests/golden/import";
  EXPECT_EQ(list_files(folder).size(), cases.size());
  for (const auto& [name, words] : cases) {
    const auto path = folder / (name + ".pth");
    const Model model = import_checkpoint(read_checkpoint(path), kEval);
    EXPECT_EQ(model.card["architecture"], words) << name;
    const Checkpoint whole = read_pth(path);
    const std::vector<int64_t> in = whole.tensors.at("input").shape(),
                               out = whole.tensors.at("output").shape();
    EXPECT_EQ(net::infer_shapes(model.network, {in[1], in[2], in[3]}).back(),
              (net::Shape{out[1], out[2], out[3]}))
        << name;
  }
}

TEST(Import, CheckpointFilesOfBothKindsAreRead) {
  const TemporaryFolder folder;
  const TensorMap weights = weights_of(net::resnet({.ngf = 4, .blocks = 1}));
  write_safetensors(folder / "w.safetensors", {weights, {}});
  EXPECT_EQ(read_checkpoint(folder / "w.safetensors").size(), weights.size());
  save_model(folder / "m.safetensors", import_checkpoint(weights, {}));
  EXPECT_THROW(read_checkpoint(folder / "m.safetensors"), Error);
  const auto golden = std::filesystem::path(LINMO_SOURCE_DIR) / "tests/golden/pth";
  EXPECT_EQ(read_checkpoint(golden / "parallel_legacy.pth").size(), 6u);
  EXPECT_EQ(read_checkpoint(golden / "parallel_zip.pth").size(), 6u);
  EXPECT_THROW(read_checkpoint(folder / "none"), Error);
  write_file(folder / "short", "x");
  EXPECT_THROW(read_checkpoint(folder / "short"), Error);
}

}  // namespace
}  // namespace linmo::model
