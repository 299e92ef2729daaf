// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/perceptual.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/engine/random_weights.h"
#include "linmo/engine/reference.h"
#include "linmo/net/features.h"

namespace linmo::measure {
namespace {

model::Model some_network() {
  model::Model model;
  model.network = net::perceptual({4, 5, 6, 7});
  model.tensors = engine::random_weights(model.network, 3);
  model.card["name"] = "some";
  return model;
}

Image noise(int64_t width, int64_t height, uint64_t seed) {
  Image image(width, height, 3, Depth::u8);
  Random random(seed);
  for (int64_t y = 0; y < height; ++y) {
    for (uint8_t& sample : image.row<uint8_t>(y)) sample = static_cast<uint8_t>(random.uniform() * 256);
  }
  return image;
}

std::vector<engine::ReferencePicture> slowly(const net::Description& network, const model::Model& model,
                                             const Image& picture) {
  std::vector<float> in;
  for (int c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < picture.height(); ++y) {
      for (int64_t x = 0; x < picture.width(); ++x)
        in.push_back(static_cast<float>(picture.row<uint8_t>(y)[static_cast<size_t>(x * 3 + c)]) / 127.5f -
                     1);
    }
  }
  const auto layers =
      engine::run_reference(network, model.tensors, {3, picture.height(), picture.width()}, in);
  std::vector<engine::ReferencePicture> wanted;
  for (const int layer : network.outputs) wanted.push_back(layers[static_cast<size_t>(layer)]);
  return wanted;
}

// By the definition, through the engine's slow twin in double precision.
double by_hand(const model::Model& model, const Image& a, const Image& b) {
  const auto left = slowly(model.network, model, a), right = slowly(model.network, model, b);
  double distance = 0;
  for (size_t stage = 0; stage < left.size(); ++stage) {
    const net::Shape shape = left[stage].shape;
    double sum = 0;
    for (int64_t y = 0; y < shape.height; ++y) {
      for (int64_t x = 0; x < shape.width; ++x) {
        double u = 0, v = 0;
        for (int64_t c = 0; c < shape.channels; ++c)
          u += std::pow(left[stage].at(c, y, x), 2), v += std::pow(right[stage].at(c, y, x), 2);
        for (int64_t c = 0; c < shape.channels; ++c)
          sum +=
              std::pow(left[stage].at(c, y, x) / std::sqrt(u) - right[stage].at(c, y, x) / std::sqrt(v), 2);
      }
    }
    distance += sum / static_cast<double>(shape.height * shape.width);
  }
  return distance;
}

TEST(Perceptual, DistanceIsItsDefinition) {
  const model::Model model = some_network();
  const PerceptualDistance distance(model);
  const Image a = noise(24, 20, 1), b = noise(24, 20, 2);
  const double truth = by_hand(model, a, b);
  EXPECT_GT(truth, 1e-3);
  EXPECT_NEAR(distance(a, b), truth, 1e-4 * truth);
  EXPECT_NEAR(distance(b, a), truth, 1e-4 * truth);
  EXPECT_LT(distance(a, a), 1e-9);
  EXPECT_THROW(distance(a, noise(20, 24, 1)), Error);
  EXPECT_NO_THROW(distance(noise(3, 2, 1), noise(3, 2, 2)));  // smaller than the network can see
}

TEST(Perceptual, FeaturesAreMeansOfTheStages) {
  const model::Model model = some_network();
  const auto extractor = open_perceptual(model, 2);
  EXPECT_EQ(extractor->dimensions(), 32 + 64 + 96 + 96);
  EXPECT_EQ(extractor->name(), "some features");
  EXPECT_FALSE(extractor->is_inception());
  const std::vector<Image> pictures = {noise(24, 20, 1), noise(33, 18, 2)};
  const std::vector<float> values = extractor->features(pictures);
  ASSERT_EQ(values.size(), 2 * 288u);
  net::Description own = model.network;
  own.outputs = net::feature_layers(own);
  const auto stages = slowly(own, model, pictures[0]);
  const std::vector<float> reference = extractor->features({reference_picture()});
  size_t k = 0;
  for (const engine::ReferencePicture& stage : stages) {
    double squares = 0;
    for (int64_t c = 0; c < stage.shape.channels; ++c)
      squares += std::pow(reference[k + static_cast<size_t>(c)], 2);
    EXPECT_NEAR(squares / static_cast<double>(stage.shape.channels), 1, 1e-4);
    const auto places = static_cast<size_t>(stage.shape.height * stage.shape.width);
    std::vector<double> means;
    for (int64_t c = 0; c < stage.shape.channels; ++c) {
      const auto channel = std::span(stage.values).subspan(static_cast<size_t>(c) * places, places);
      means.push_back(std::accumulate(channel.begin(), channel.end(), 0.0) / static_cast<double>(places));
    }
    // One factor a stage.
    const size_t largest = static_cast<size_t>(std::max_element(means.begin(), means.end()) - means.begin());
    const double unit = values[k + largest] / means[largest];
    for (const double mean : means) EXPECT_NEAR(values[k++], mean * unit, 1e-4 * unit * means[largest]);
  }
  EXPECT_EQ(k, 288u);
}

}  // namespace
}  // namespace linmo::measure
