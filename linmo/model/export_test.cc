// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/export.h"

#include <gtest/gtest.h>

#include <cstring>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/golden_test.h"
#include "linmo/model/import.h"
#include "linmo/model/onnx.h"
#include "linmo/model/pth.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/anime_gan.h"
#include "linmo/net/builder.h"
#include "linmo/net/discriminators.h"
#include "linmo/net/generators.h"
#include "linmo/net/srgan.h"
#include "linmo/net/transformer_net.h"

namespace linmo::model {
namespace {

using net::Decoder, net::NormChoice;

Model with_weights(net::Description network) {
  Model m;
  m.tensors = golden::weights(network, "export");
  m.network = std::move(network);
  m.card = {{"name", "山水"}, {"licence", "CC0-1.0"}, {"metrics", {{"fid", 12.5}}}};
  return m;
}

std::vector<Model> importable() {
  std::vector<Model> all;
  all.push_back(with_weights(net::resnet({.ngf = 2, .blocks = 2})));
  all.push_back(
      with_weights(net::resnet({.ngf = 2, .blocks = 1, .norm = NormChoice::batch, .dropout = true})));
  all.push_back(with_weights(
      net::resnet({.ngf = 2, .blocks = 1, .decoder = Decoder::antialias, .antialias_down = true})));
  all.push_back(with_weights(net::unet({.ngf = 2, .downs = 5})));
  all.push_back(with_weights(net::srgan({.features = 4, .blocks = 1})));
  all.push_back(with_weights(net::transformer_net({.width = 2, .blocks = 1})));
  all.push_back(with_weights(net::anime_gan_v2()));
  return all;
}

bool equal(const TensorMap& a, const TensorMap& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.dtype() == y.second.dtype() &&
           x.second.shape() == y.second.shape() &&
           std::memcmp(x.second.bytes().data(), y.second.bytes().data(), x.second.bytes().size()) == 0;
  });
}

TEST(Export, WhatIsExportedCanBeImportedAgain) {
  const TemporaryFolder folder;
  for (const Model& m : importable()) {
    SCOPED_TRACE(m.network.family);
    const TensorMap state = export_state(m);
    write_pth(folder / "a.pth", state);
    EXPECT_TRUE(equal(read_pth(folder / "a.pth").tensors, state));
    write_safetensors(folder / "a.safetensors", {state, {{"format", "pt"}}}, false);
    for (const char* file : {"a.pth", "a.safetensors"}) {
      const Model again =
          import_checkpoint(read_checkpoint(folder / file),
                            {.name = "", .licence = "", .source = "", .running_statistics = true});
      EXPECT_EQ(net::to_json(again.network), net::to_json(m.network));
      EXPECT_TRUE(equal(again.tensors, m.tensors));
    }
  }
}

TEST(Export, StateDictsAreWhole) {
  // Batch norm's counters, which our models may lack, and the statistics that an import does not use.
  const Model batch = with_weights(net::unet({.ngf = 2, .downs = 5}));
  const std::string norm = "model.model.1.model.2";
  ASSERT_FALSE(batch.tensors.contains(norm + ".num_batches_tracked"));
  EXPECT_EQ(export_state(batch).at(norm + ".num_batches_tracked").dtype(), DType::i64);
  const Model used = import_checkpoint(batch.tensors, {.name = "", .licence = "", .source = ""});
  EXPECT_TRUE(export_state(used).contains(norm + ".running_var"));
  // Half precision becomes single.
  Model half = with_weights(net::compact({.ngf = 2, .blocks = 1}));
  half.tensors = to_dtype(half.tensors, DType::bf16);
  for (const auto& [key, tensor] : export_state(half)) EXPECT_EQ(tensor.dtype(), DType::f32) << key;
  half.tensors.erase("head.weight");
  EXPECT_THROW(export_state(half), Error);
  const TemporaryFolder folder;
  EXPECT_THROW(write_pth(folder / "a.pth", {{"x", Tensor(DType::u8, {2})}}), Error);
  EXPECT_TRUE(list_files(folder / "").empty());
}

TEST(Export, FilesDependOnTheModelAlone) {
  const TemporaryFolder folder;
  const Model m = with_weights(net::compact({.ngf = 2, .blocks = 1}));
  write_pth(folder / "a.pth", export_state(m));
  write_pth(folder / "b.pth", export_state(m));
  EXPECT_EQ(read_file(folder / "a.pth"), read_file(folder / "b.pth"));
  EXPECT_EQ(format_onnx(m), format_onnx(m));
  EXPECT_NE(format_onnx(m, {13}), format_onnx(m, {17}));
}

TEST(Export, OnnxHoldsEveryNumberOnce) {
  for (const Model& m : importable()) {
    SCOPED_TRACE(m.network.family);
    const std::string file = format_onnx(m);
    size_t bytes = 0;
    for (const auto& [key, tensor] : m.tensors) {
      bytes += tensor.bytes().size();
      const std::string_view numbers(reinterpret_cast<const char*>(tensor.bytes().data()),
                                     tensor.bytes().size());
      EXPECT_NE(file.find(numbers), std::string::npos) << key;
    }
    EXPECT_LT(file.size(), bytes + 40000);
    EXPECT_NE(file.find("山水"), std::string::npos);
    EXPECT_NE(file.find("{\"fid\":12.5}"), std::string::npos);
  }
}

TEST(Export, OnnxRefusesWhatItCannotSay) {
  const Model m = with_weights(net::compact({.ngf = 2, .blocks = 1}));
  for (const int opset : {-1, 12, 18}) EXPECT_THROW(format_onnx(m, {opset}), Error);
  EXPECT_THROW(format_onnx(with_weights(net::patch_discriminator({3, 4, 3, NormChoice::none, true}))), Error);
  Model poor = m;
  poor.tensors.erase("head.bias");
  EXPECT_THROW(format_onnx(poor), Error);
}

}  // namespace
}  // namespace linmo::model
