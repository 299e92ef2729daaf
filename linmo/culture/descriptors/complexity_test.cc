// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/complexity.h"

#include <gtest/gtest.h>

#include "linmo/culture/descriptors/reference_pictures_test.h"

namespace linmo::culture {
namespace {

std::vector<uint16_t> grey_values(const std::string& name) {
  const Image image = reference_picture(name);
  const auto s = image.samples<uint8_t>();
  return {s.begin(), s.end()};
}

TEST(Complexity, EqualsOrdpy) {
  // Docstring examples of ordpy 1.2: two 2 × 2 blocks of [[1,2,1],[8,3,4],[6,7,5]] …
  const std::vector<uint16_t> three{1, 2, 1, 8, 3, 4, 6, 7, 5};
  const EntropyComplexity e = entropy_complexity(order_shares(three, 3, 3, 1).orders);
  EXPECT_NEAR(e.h, .3271564379782973, 1e-12);
  EXPECT_NEAR(e.c, .2701200547320647, 1e-12);
  const std::vector<double> p{1 / 3., 1 / 15., 4 / 15., 2 / 15., 1 / 5., 0};
  EXPECT_NEAR(entropy_complexity(p).h, .8314454838586238, 1e-12);
  EXPECT_NEAR(entropy_complexity(p).c, .16576716623440763, 1e-12);
  const std::vector<uint16_t> wide{1, 2, 1, 4, 8, 3, 4, 5, 6, 7, 5, 6};
  const SmoothnessStructure s = smoothness_structure(order_shares(wide, 4, 3, 1));
  EXPECT_NEAR(s.smoothness, 0, 1e-3);
  EXPECT_NEAR(s.branching, .333, 1e-3);
}

TEST(Complexity, OrdersOfReferencePictures) {
  struct {
    const char* name;
    double h, c, smoothness, branching, equal;
  } const cases[] = {{"ramp", 0, 0, .666667, 0, 0},
                     {"checker", .126662, .110894, .663206, -.003460, .885813},
                     {"noise", .999944, .000074, -.001292, .002953, 0},
                     {"ink", .020748, .020098, .658639, .001353, .990604},
                     {"rings", .686493, .278892, .416055, .083537, .168428}};
  for (const auto& c : cases) {
    const OrderShares shares = order_shares(grey_values(c.name), 256, 256, 1);
    const EntropyComplexity e = entropy_complexity(shares.orders);
    EXPECT_NEAR(e.h, c.h, 1e-6) << c.name;
    EXPECT_NEAR(e.c, c.c, 1e-6) << c.name;
    const SmoothnessStructure s = smoothness_structure(shares);
    EXPECT_NEAR(s.smoothness, c.smoothness, 1e-6) << c.name;
    EXPECT_NEAR(s.branching, c.branching, 1e-6) << c.name;
    EXPECT_NEAR(shares.all_equal(), c.equal, 1e-6) << c.name;
  }
}

TEST(Complexity, KindsOfBlocksOfReferencePictures) {
  // ordpy 1.2.3's two_by_two_patterns(…, group_patterns=True); its docstring's example first.
  const std::vector<uint16_t> wide{1, 2, 1, 4, 8, 3, 4, 5, 6, 7, 5, 6};
  const TieGroupShares example = order_shares(wide, 4, 3, 1).groups;
  EXPECT_NEAR(example[2], .5, 1e-12);
  EXPECT_NEAR(example[4], 1 / 6., 1e-12);
  EXPECT_NEAR(example[5], 1 / 3., 1e-12);
  using Shares = std::vector<std::pair<TieGroup, double>>;
  const std::pair<const char*, Shares> cases[] = {
      {"ramp", {{TieGroup::d, 1}}},
      {"checker", {{TieGroup::a, .885813}, {TieGroup::d, .110727}, {TieGroup::k, .003460}}},
      {"noise",
       {{TieGroup::b, .325198},
        {TieGroup::c, .328151},
        {TieGroup::e, .325167},
        {TieGroup::f, .002291},
        {TieGroup::g, .009350},
        {TieGroup::i, .004998},
        {TieGroup::j, .004752}}},
      {"ink", {{TieGroup::a, .990604}, {TieGroup::d, .000984}, {TieGroup::h, .008412}}},
      {"rings",
       {{TieGroup::a, .168428}, {TieGroup::d, .332918}, {TieGroup::f, .164506}, {TieGroup::h, .334148}}}};
  for (const auto& [name, expected] : cases) {
    const TieGroupShares shares = order_shares(grey_values(name), 256, 256, 1).groups;
    double total = 0;
    for (const auto& [group, share] : expected) {
      EXPECT_NEAR(shares[static_cast<size_t>(group)], share, 1e-6) << name << static_cast<int>(group);
      total += shares[static_cast<size_t>(group)];
    }
    EXPECT_NEAR(total, 1, 2e-4) << name;  // the rest is rare
  }
}

TEST(Complexity, PhogOfReferencePictures) {
  struct {
    const char* name;
    double similarity, complexity, anisotropy;
  } const cases[] = {{"ramp", .932014, 1.0, .002848},
                     {"checker", .961078, 28.857132, .001141},
                     {"noise", .961578, 68.338387, .000107},
                     {"ink", .069176, .856036, .003572},
                     {"rings", .221175, .884073, .002039}};
  for (const auto& c : cases) {
    const Phog p = phog(reference_scale(c.name));
    EXPECT_NEAR(p.self_similarity, c.similarity, 2e-6) << c.name;
    EXPECT_NEAR(p.complexity, c.complexity, 1e-5) << c.name;
    EXPECT_NEAR(p.anisotropy, c.anisotropy, 1e-6) << c.name;
  }
  const Phog grad = phog(make_scale(grad_picture()));
  EXPECT_NEAR(grad.self_similarity, .667497, 2e-6);
  EXPECT_NEAR(grad.complexity, .865154, 1e-5);
  EXPECT_NEAR(grad.anisotropy, .001818, 1e-6);
}

TEST(Complexity, NoiseOnEvenGroundIsToldApart) {
  // The trap: one level of noise makes a blank picture look complex.
  Image noisy = ink_picture();
  const Image noise = noise_picture();
  for (size_t i = 0; i < noisy.samples<uint8_t>().size(); ++i)
    noisy.samples<uint8_t>()[i] =
        static_cast<uint8_t>(noisy.samples<uint8_t>()[i] + noise.samples<uint8_t>()[i] % 3 - 1);
  const ComplexityFeatures clean = measure_complexity(make_subject(to_rgb(ink_picture(), 0)));
  const ComplexityFeatures dirty = measure_complexity(make_subject(to_rgb(noisy, 0)));
  EXPECT_GT(dirty.permutation_h, 0.8);
  EXPECT_LT(clean.permutation_h, 0.03);
  EXPECT_GT(clean.permutation_dither, 0.9);  // says that this H means little
  EXPECT_LT(dirty.permutation_dither, 0.2);
  EXPECT_GT(clean.tie_groups[0] - dirty.tie_groups[0], 0.5);
}

}  // namespace
}  // namespace linmo::culture
