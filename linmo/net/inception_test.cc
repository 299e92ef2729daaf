// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/inception.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "linmo/net/cost.h"

namespace linmo::net {
namespace {

TEST(Inception, HasThePublishedSize) {
  for (const InceptionVariant v :
       {InceptionVariant::fid, InceptionVariant::torchvision, InceptionVariant::keras}) {
    const Description d = make_inception(v);
    // torchvision's 23,834,568 without its classifier of 2048 × 1000 + 1000.
    EXPECT_EQ(cost(d, {3, 299, 299}).parameters, 21'785'568);
    EXPECT_EQ(infer_shapes(d, {3, 299, 299}).back(), (Shape{2048, 1, 1}));
  }
}

TEST(Inception, HasTorchvisionsKeys) {
  const std::vector<ParameterInfo> all = parameters(make_inception(InceptionVariant::fid));
  EXPECT_EQ(all.size(), 94U * 6);
  const auto shape = [&](const std::string& name) {
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const ParameterInfo& p) { return p.name == name; });
    return at == all.end() ? std::vector<int64_t>{} : at->shape;
  };
  EXPECT_EQ(shape("Conv2d_1a_3x3.conv.weight"), (std::vector<int64_t>{32, 3, 3, 3}));
  EXPECT_EQ(shape("Mixed_6b.branch7x7dbl_4.conv.weight"), (std::vector<int64_t>{128, 128, 7, 1}));
  EXPECT_EQ(shape("Mixed_7c.branch3x3dbl_3a.bn.running_var"), (std::vector<int64_t>{384}));
}

TEST(Inception, VariantsDifferInTheirPoolsOnly) {
  const auto pools = [](InceptionVariant v, auto pick) {
    int64_t n = 0;
    for (const Layer& layer : make_inception(v).layers) {
      if (const auto* pool = std::get_if<Pool>(&layer.op)) n += pick(*pool);
    }
    return n;
  };
  const auto maximum = [](const Pool& p) { return p.maximum; };
  const auto padded = [](const Pool& p) { return !p.maximum && p.count_pad; };
  EXPECT_EQ(pools(InceptionVariant::fid, maximum), 5);
  EXPECT_EQ(pools(InceptionVariant::fid, padded), 0);
  EXPECT_EQ(pools(InceptionVariant::keras, maximum), 4);
  EXPECT_EQ(pools(InceptionVariant::keras, padded), 0);
  EXPECT_EQ(pools(InceptionVariant::torchvision, maximum), 4);
  EXPECT_EQ(pools(InceptionVariant::torchvision, padded), 9);
}

}  // namespace
}  // namespace linmo::net
