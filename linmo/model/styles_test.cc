// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/styles.h"

#include <gtest/gtest.h>

#include <functional>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/model/export.h"
#include "linmo/model/mix.h"
#include "linmo/model/onnx.h"
#include "linmo/model/problem_test.h"
#include "linmo/model/sample_model_test.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/styles.h"

namespace linmo::model {
namespace {

const std::vector<std::string> kNames = {"浮世絵", "山水", "van gogh"};
constexpr const char* kNorm = "model.1_norm.weight";

// Of kNames, with numbers of its own everywhere.
Model model_of_three(DType dtype = DType::f32) {
  Model m = with_styles(sample_model(net::NormChoice::instance), kNames);
  Random random(4);
  for (auto& [name, tensor] : m.tensors) {
    std::vector<float> values(static_cast<size_t>(tensor.count()));
    for (float& v : values) v = static_cast<float>(random.uniform() - 0.5);
    tensor = Tensor::from_floats(tensor.shape(), values).to(dtype);
  }
  m.card["title"] = "three";
  m.card["int8"] = {{"psnr", 40}};
  return m;
}

void expect_says(const std::string& text, const char* part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Blend, IsReadAndScaled) {
  const auto read = [](const char* text) { return parse_blend(text, kNames); };
  EXPECT_EQ(read("山水"), (Blend{{"山水", 1}}));
  EXPECT_EQ(read("山水:3, van gogh :1"), (Blend{{"山水", 0.75}, {"van gogh", 0.25}}));
  EXPECT_EQ(read("van gogh,浮世絵"), (Blend{{"van gogh", 0.5}, {"浮世絵", 0.5}}));
  EXPECT_EQ(read("山水:0,浮世絵:2e-1"), (Blend{{"山水", 0}, {"浮世絵", 1}}));
}

TEST(Blend, MistakesAreSaid) {
  const auto wrong = [](const char* text) { return problem([&] { parse_blend(text, kNames); }); };
  expect_says(wrong("monet"), "no style \"monet\"; the model has: 浮世絵, 山水, van gogh");
  expect_says(wrong("山水:half"), "\"half\" is not a weight for the style 山水");
  expect_says(wrong("山水:-1"), "\"-1\"");
  expect_says(wrong("山水:nan"), "\"nan\"");
  expect_says(wrong("山水:1:2"), "\"1:2\"");
  expect_says(wrong("山水:"), "\"\" is not a weight");
  expect_says(wrong("山水:0"), "add up to 0");
  expect_says(wrong("山水,山水"), "twice");
  expect_says(wrong("山水,"), "does not name styles");
  expect_says(wrong(""), "does not name styles");
}

TEST(StyleModel, OneStyleIsItsRow) {
  for (const DType dtype : {DType::f32, DType::f16}) {
    const Model three = model_of_three(dtype), one = with_blend(three, {{"山水", 1}});
    EXPECT_EQ(net::style_count(one.network), 1);
    EXPECT_TRUE(parameter_problems(one.network, one.tensors).empty());
    const std::vector<float> rows = three.tensors.at(kNorm).floats(), row = one.tensors.at(kNorm).floats();
    EXPECT_EQ(row, std::vector<float>(rows.begin() + 4, rows.begin() + 8));
    EXPECT_EQ(one.tensors.at("model.1.weight").floats(), three.tensors.at("model.1.weight").floats());
    EXPECT_EQ(one.card["title"], "three: 山水");
    EXPECT_EQ(one.card["style"]["山水"], 1);
    EXPECT_FALSE(one.card.contains("styles") || one.card.contains("int8"));
  }
}

TEST(StyleModel, ABlendIsTheWeightedMeanOfRows) {
  const Model three = model_of_three(), between = with_blend(three, {{"浮世絵", 0.25}, {"van gogh", 0.75}});
  const std::vector<float> rows = three.tensors.at(kNorm).floats(), got = between.tensors.at(kNorm).floats();
  ASSERT_EQ(got.size(), 4u);
  for (size_t c = 0; c < 4; ++c) EXPECT_NEAR(got[c], 0.25 * rows[c] + 0.75 * rows[8 + c], 1e-7);
  EXPECT_EQ(between.card["title"], "three: 0.25 × 浮世絵 + 0.75 × van gogh");
}

TEST(StyleModel, StylesOfAPlainModelBeginAlike) {
  const Model plain = sample_model(net::NormChoice::instance), two = with_styles(plain, {"a", "b"});
  EXPECT_EQ(two.tensors.at(kNorm).floats(), std::vector<float>(8, 1.F));
  EXPECT_EQ(two.tensors.at("model.1_norm.bias").floats(), std::vector<float>(8, 0.F));
  EXPECT_EQ(style_names(two), (std::vector<std::string>{"a", "b"}));
}

TEST(StyleModel, AddedStylesLeaveTheOthersRows) {
  const Model three = model_of_three(DType::f16);
  std::vector<std::string> names = kNames;
  names.insert(names.begin() + 1, "new");
  const Model four = with_styles(three, names);
  const std::vector<float> old = three.tensors.at(kNorm).floats(), now = four.tensors.at(kNorm).floats();
  ASSERT_EQ(now.size(), 16u);
  for (size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(now[c], old[c]);
    EXPECT_NEAR(now[4 + c], (old[c] + old[4 + c] + old[8 + c]) / 3, 1e-6);
    EXPECT_EQ(now[8 + c], old[4 + c]);
    EXPECT_EQ(now[12 + c], old[8 + c]);
  }
  EXPECT_EQ(style_names(four), names);
}

TEST(StyleModel, StyleMustBeChosenWhereThereAreSeveral) {
  const Model three = model_of_three(), plain = sample_model(net::NormChoice::instance);
  const auto in = [](const Model& m, const char* text) {
    return problem([&] { in_style(m, text, "模型"); });
  };
  expect_says(in(three, ""),
              "模型 has several styles; choose one, or a blend, with --style: 浮世絵, 山水, van gogh");
  expect_says(in(three, ""), "--style 浮世絵:0.6,山水:0.4");
  expect_says(in(three, "ink"), "no style \"ink\"");
  expect_says(in(plain, "ink"), "模型 has one style, its own");
  EXPECT_EQ(in(plain, ""), "");
  EXPECT_EQ(in(three, "山水,浮世絵"), "");
  expect_says(problem([&] { with_styles(plain, {"a"}); }), "two names or more");
  expect_says(problem([&] { with_styles(plain, {"a", "b", "a"}); }), "twice");
  expect_says(problem([&] { with_styles(sample_model(), {"a", "b"}); }), "no instance norms");
}

TEST(StyleModel, NamesAreText) {
  for (const char* good : {"a", "浮世絵", "van gogh", "19. Jh. (spät)"})
    EXPECT_NO_THROW(check_style_name(good)) << good;
  for (const std::string& bad :
       {std::string(), std::string("a,b"), std::string("a:b"), std::string(" a"), std::string("a "),
        std::string("a\nb"), std::string("\xff"), std::string(201, 'a')})
    EXPECT_THROW(check_style_name(bad), Error) << bad;
}

TEST(StyleModel, FilesKeepTheNames) {
  const TemporaryFolder folder;
  const auto file = folder / "三.safetensors";
  save_model(file, model_of_three());
  EXPECT_EQ(style_names(load_model(file)), kNames);
  EXPECT_EQ(style_names(load_model_header(file)), kNames);
  EXPECT_EQ(net::style_count(load_in_style(file, "山水").network), 1);
  for (const nlohmann::json& names :
       {nlohmann::json(), nlohmann::json({"a", "b"}), nlohmann::json({"a", "b", 3}),
        nlohmann::json({"a", "b", "a"}), nlohmann::json({"a", "b", "c,d"})}) {
    Model bad = model_of_three();
    bad.card["styles"] = names;
    expect_says(problem([&] { save_model(folder / "bad.safetensors", bad); }, ErrorKind::input), "the card");
    write_safetensors(
        folder / "bad.safetensors",
        {bad.tensors,
         {{"linmo", nlohmann::json{{"format", 1}, {"network", net::to_json(bad.network)}, {"card", bad.card}}
                        .dump()}}});
    expect_says(problem([&] { load_model(folder / "bad.safetensors"); }, ErrorKind::input),
                "bad.safetensors");
  }
}

TEST(StyleModel, WhatKnowsPlainNetworksOnlyRefusesSeveral) {
  const Model three = model_of_three();
  expect_says(problem([&] { format_onnx(three, {}); }), "holds 3 styles");
  expect_says(problem([&] { export_state(three); }), "holds 3 styles");
  EXPECT_NO_THROW(format_onnx(with_blend(three, {{"山水", 1}}), {}));
}

}  // namespace
}  // namespace linmo::model
