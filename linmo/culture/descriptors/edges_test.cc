// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/edges.h"

#include <gtest/gtest.h>

#include "linmo/core/random.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

// Values of Aesthetics-Toolbox 1.0.2, which enlarges to 120,000 px. Where Pillow's fixed-point filter rounds
// another way than ours (38 pixels of 119,716 of the rings, by one level), the last digits differ; on
// Pillow's own pixels all digits are the same.
TEST(Edges, EqualTheReferenceImplementation) {
  struct {
    const char* name;
    double density, first, second;
  } cases[] = {{"rings", 9.51636, 4.04195, 1.33780},
               {"noise", 256.56159, 4.58110, 4.57802},
               {"ink", 11.35657, 1.99703, 1.99663}};
  for (const auto& c : cases) {
    const EdgeEntropies e = edge_entropies(edge_map(edge_picture(reference_picture(c.name), true)));
    EXPECT_NEAR(e.density, c.density, 2e-5 * c.density) << c.name;
    EXPECT_NEAR(e.first, c.first, 1e-3) << c.name;
    EXPECT_NEAR(e.second, c.second, 5e-3) << c.name;
  }
}

TEST(Edges, CountsPairsAsTheDefinitionDoes) {
  const Image small = resize(noise_picture(), 71, 43, Filter::box);
  const EdgeMap map = edge_map(small);
  const EdgeEntropies fast = edge_entropies(map), plain = edge_entropies(map, true);
  EXPECT_NEAR(fast.second, plain.second, 1e-6);
  // Taller than the largest distance, few pairs.
  const EdgeMap tall = edge_map(resize(rings_picture(), 8, 300, Filter::box));
  EXPECT_NEAR(edge_entropies(tall).second, edge_entropies(tall, true).second, 1e-6);
}

// Wider and taller than the largest distance, many points an orientation: every way through the fast form.
TEST(Edges, CountsPairsOfAWidePictureAsTheDefinitionDoes) {
  EdgeMap map{410, 330, std::vector<int32_t>(410 * 330), std::vector<uint8_t>(410 * 330)};
  Random random(3);
  for (int i = 0; i < 3000; ++i) {
    const auto at = static_cast<size_t>(random.below(410 * 330));
    map.response[at] = static_cast<int32_t>(1000 + random.below(1'000'000));
    map.orientation[at] = static_cast<uint8_t>(i % 5 == 0 ? random.below(24) : random.below(3) * 7);
  }
  EXPECT_NEAR(edge_entropies(map).second, edge_entropies(map, true).second, 1e-5);
}

TEST(Edges, StripesHaveOneOrientation) {
  const Image stripes = to_rgb(grey_picture([](int64_t, int64_t y) { return y / 8 % 2 * 200; }), 0);
  const EdgeFeatures level = measure_edges(make_subject(stripes));
  EXPECT_GT(level.edges_horizontal, 0.85);  // between the edges the broad filters tilt
  EXPECT_NEAR(level.anisotropy, 1, 1e-9);
  EXPECT_LT(level.edge_entropy_1, 1.01);  // two: up and down
  const EdgeFeatures noise = measure_edges(make_subject(to_rgb(noise_picture(), 0)));
  EXPECT_LT(noise.anisotropy, 0.02);
  EXPECT_NEAR(noise.edges_horizontal, 0.25, 0.03);
}

TEST(Edges, AFlatPictureHasNone) {
  const EdgeFeatures e = measure_edges(make_subject(Image(64, 64, 3)));
  EXPECT_EQ(e.edge_density, 0);
  EXPECT_TRUE(std::isnan(e.edge_entropy_1));
}

}  // namespace
}  // namespace linmo::culture
