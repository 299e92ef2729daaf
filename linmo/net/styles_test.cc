// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/styles.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/net/cost.h"
#include "linmo/net/generators.h"

namespace linmo::net {
namespace {

int64_t count(const Description& d) {
  return cost(d, {3, 64, 64}).parameters;
}

TEST(Styles, EveryInstanceNormHasARowAStyle) {
  for (const char* name : {"compact", "resnet_6blocks"}) {
    const Description plain = make_generator({.name = name}), three = with_styles(plain, 3);
    EXPECT_EQ(style_count(plain), 1);
    EXPECT_EQ(style_count(three), 3);
    int64_t channels = 0;
    for (const Layer& layer : plain.layers) {
      if (const auto* norm = std::get_if<Norm>(&layer.op)) channels += norm->channels;
    }
    EXPECT_EQ(count(three) - count(plain), 2 * 3 * channels) << name;
    EXPECT_EQ(count(with_styles(three, 1)) - count(plain), 2 * channels) << name;
    EXPECT_EQ(to_json(with_styles(with_styles(plain, 5), 3)), to_json(three));
    EXPECT_EQ(cost(three, {3, 64, 64}).macs, cost(plain, {3, 64, 64}).macs);
  }
  const Description compact = with_styles(make_generator({}), 4);
  bool found = false;
  for (const ParameterInfo& p : parameters(compact)) {
    if (p.name != "block2.conv1_norm.weight") continue;
    found = true;
    EXPECT_EQ(p.shape, (std::vector<int64_t>{4, 128}));
    EXPECT_TRUE(p.trainable());
  }
  EXPECT_TRUE(found);
}

TEST(Styles, JsonKeepsTheNumberAndFilesWithoutItAreOfOneStyle) {
  const nlohmann::json three = to_json(with_styles(make_generator({}), 3));
  EXPECT_EQ(style_count(description_from_json(three)), 3);
  EXPECT_EQ(to_json(description_from_json(three)), three);
  EXPECT_EQ(to_json(make_generator({})).dump().find("styles"), std::string::npos);
}

TEST(Styles, DescriptionsThatMakeNoSenseAreRefused) {
  const nlohmann::json good = to_json(with_styles(make_generator({}), 3));
  const auto problem = [&](auto&& spoil) {
    nlohmann::json bad = good;
    spoil(bad["layers"][2]);
    try {
      description_from_json(bad);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(problem([](auto&) {}), "");
  EXPECT_NE(problem([](auto& norm) { norm["styles"] = 0; }).find("styles 0"), std::string::npos);
  EXPECT_NE(problem([](auto& norm) { norm["styles"] = 1 << 20; }).find("styles"), std::string::npos);
  EXPECT_NE(problem([](auto& norm) { norm["styles"] = 4; }).find("has 3 styles, and a norm before it 4"),
            std::string::npos);
  EXPECT_NE(problem([](auto& norm) { norm["affine"] = false; }).find("only affine"), std::string::npos);
  EXPECT_NE(problem([](auto& norm) { norm["kind"] = "batch"; }).find("only affine"), std::string::npos);
}

TEST(Styles, NetworksWithoutInstanceNormsHaveNone) {
  EXPECT_THROW(with_styles(seed_generator(), 2), Error);
  EXPECT_THROW(with_styles(make_generator({.name = "unet_128"}), 2), Error);
  EXPECT_NO_THROW(with_styles(make_generator({.name = "unet_128", .norm = "instance"}), 2));
  EXPECT_THROW(require_one_style(with_styles(make_generator({}), 2)), Error);
  EXPECT_NO_THROW(require_one_style(with_styles(make_generator({}), 1)));
}

}  // namespace
}  // namespace linmo::net
