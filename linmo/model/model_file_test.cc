// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/model_file.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/model/problem_test.h"
#include "linmo/model/sample_model_test.h"
#include "linmo/model/temporary_folder_test.h"

namespace linmo::model {
namespace {

TEST(ModelFile, RoundTrip) {
  const TemporaryFolder folder;
  const auto path = folder / "m.safetensors";
  Model m = sample_model();
  m.tensors = to_dtype(m.tensors, DType::bf16);
  m.tensors.erase("model.2.num_batches_tracked");
  save_model(path, m);
  const Model back = load_model(path);
  EXPECT_EQ(net::to_json(back.network), net::to_json(m.network));
  EXPECT_EQ(back.card, m.card);
  EXPECT_EQ(back.tensors.size(), m.tensors.size());
  EXPECT_EQ(back.tensors.at("model.1.weight").dtype(), DType::bf16);
  const Model header = load_model_header(path);
  EXPECT_EQ(header.card, m.card);
  EXPECT_TRUE(header.tensors.empty());
  EXPECT_EQ(back.tensors.at("model.5.num_batches_tracked").dtype(), DType::i64);
}

TEST(ModelFile, MissingAndMisshapenArraysAreListed) {
  const TemporaryFolder folder;
  const auto path = folder / "m.safetensors";
  Model m = sample_model();
  m.tensors.erase("model.1.weight");
  m.tensors["model.4.weight"] = Tensor(DType::f32, {1, 2});
  m.tensors["model.5.bias"] = Tensor(DType::f64, m.tensors["model.5.bias"].shape());
  for (const char* key : {"model.2.weight", "model.2.bias", "model.8.weight"}) m.tensors.erase(key);
  EXPECT_EQ(parameter_problems(m.network, m.tensors).size(), 6u);
  const std::string what = problem([&] { save_model(path, m); }, std::nullopt);
  for (const char* part : {"model.1.weight is missing", "model.4.weight has shape [1, 2], not [8, 4, 3, 3]",
                           "and 1 more", "m.safetensors"}) {
    EXPECT_NE(what.find(part), std::string::npos) << what;
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ModelFile, StrangeHeadersAreRefused) {
  const Model m = sample_model();
  const auto load = [&](const std::string& header) {
    return problem([&] { model_from({m.tensors, {{"linmo", header}}}, "FILE"); }, std::nullopt);
  };
  const auto text = [&](auto&& change) {
    nlohmann::json j = {{"format", 1}, {"network", net::to_json(m.network)}, {"card", m.card}};
    change(j);
    return j.dump();
  };
  EXPECT_EQ(load(text([](auto&) {})), "");
  EXPECT_NE(load(text([](auto& j) { j["format"] = 2; })).find("newer"), std::string::npos);
  EXPECT_NE(load(text([](auto& j) { j["format"] = "1"; })), "");
  EXPECT_NE(load(text([](auto& j) { j["card"] = 3; })), "");
  EXPECT_NE(load(text([](auto& j) { j.erase("network"); })), "");
  EXPECT_NE(load(text([](auto& j) { j["network"]["layers"][2]["kernel_h"] = 65; })), "");
  EXPECT_NE(load("{"), "");
  EXPECT_NE(load(std::string(1 << 20, '[')), "");
  EXPECT_NE(problem(
                [&] {
                  model_from({m.tensors, {}}, "FILE");
                },
                std::nullopt)
                .find("linmo import"),
            std::string::npos);
}

}  // namespace
}  // namespace linmo::model
