// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/descriptors.h"

#include <gtest/gtest.h>

#include <set>

#include "linmo/culture/descriptors/reference_pictures_test.h"

namespace linmo::culture {
namespace {

TEST(Descriptors, EntriesAreWholeAndValuesWithinTheirRanges) {
  std::set<std::string> names;
  for (const Descriptor& d : registry()) {
    EXPECT_TRUE(names.insert(d.name).second) << d.name;
    EXPECT_FALSE(d.unit.empty() || d.formula.empty() || d.source.empty() || d.group.empty()) << d.name;
  }
  for (const Image& picture : {grad_picture(), noise_picture(3), to_rgb(ink_picture(), 0)}) {
    const Description description = describe(make_subject(picture));
    ASSERT_EQ(description.values.size(), registry().size());
    for (size_t i = 0; i < registry().size(); ++i) {
      if (std::isnan(description.values[i])) continue;
      EXPECT_GE(description.values[i], registry()[i].low - 1e-9) << registry()[i].name;
      EXPECT_LE(description.values[i], registry()[i].high + 1e-9) << registry()[i].name;
    }
  }
}

}  // namespace
}  // namespace linmo::culture
