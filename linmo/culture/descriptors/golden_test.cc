// SPDX-License-Identifier: Apache-2.0
// Against what scikit-image and numpy say (tests/golden/make_descriptors.py).
#include "linmo/measure/golden_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "linmo/culture/descriptors/colour_space.h"
#include "linmo/culture/descriptors/complexity.h"
#include "linmo/culture/descriptors/composition.h"
#include "linmo/culture/descriptors/nuisance.h"
#include "linmo/culture/descriptors/spectrum.h"
#include "linmo/culture/descriptors/texture.h"

namespace linmo::culture {
namespace {

Image grey_of(const nlohmann::json& c) {
  const Image rgb = measure::golden_picture(c.at("seed"), c.at("width"), c.at("height"), c.at("noise"));
  Image grey(rgb.width(), rgb.height(), 1);
  for (size_t i = 0; i < grey.samples<uint8_t>().size(); ++i)
    grey.samples<uint8_t>()[i] = rgb.samples<uint8_t>()[3 * i];
  return grey;
}

TEST(DescriptorsGolden, EqualScikitImage) {
  for (const auto& c : nlohmann::json::parse(measure::golden_file("descriptors.json"))) {
    const Image grey = grey_of(c);
    EXPECT_EQ(otsu(histogram(grey.samples<uint8_t>())), c.at("otsu").get<int>());
    const GlcmProperties glcm = glcm_properties(cooccurrence(grey));
    EXPECT_NEAR(glcm.contrast, c.at("contrast").get<double>(), 1e-9);
    EXPECT_NEAR(glcm.dissimilarity, c.at("dissimilarity").get<double>(), 1e-9);
    EXPECT_NEAR(glcm.homogeneity, c.at("homogeneity").get<double>(), 1e-9);
    EXPECT_NEAR(glcm.energy, c.at("energy").get<double>(), 1e-9);
    EXPECT_NEAR(glcm.correlation, c.at("correlation").get<double>(), 1e-9);
    const auto lbp = local_binary_patterns(grey);
    for (size_t i = 0; i < 10; ++i) EXPECT_NEAR(lbp[i], c.at("lbp")[i].get<double>(), 1e-9) << i;
    Plane plane(grey.width(), grey.height());
    std::ranges::copy(grey.samples<uint8_t>(), plane.values.begin());
    const auto gabor = gabor_energies(plane);
    for (size_t k = 0; k < 6; ++k) {
      const double truth = c.at("gabor")[k];
      EXPECT_NEAR(gabor[k], truth, 1e-4 * truth) << k;
    }
  }
}

TEST(DescriptorsGolden, ColoursAndBlurEqualScikitImage) {
  for (const auto& c : nlohmann::json::parse(measure::golden_file("descriptors.json"))) {
    const Image rgb = measure::golden_picture(c.at("seed"), c.at("width"), c.at("height"), c.at("noise"));
    std::array<Plane, 3> lab;
    lab_planes(rgb, lab[0], lab[1], lab[2]);
    for (size_t k = 0; k < 3; ++k) {
      const auto count = static_cast<double>(lab[k].values.size());
      double sum = 0, squares = 0;
      for (const float v : lab[k].values) sum += static_cast<double>(v);
      for (const float v : lab[k].values) squares += std::pow(static_cast<double>(v) - sum / count, 2);
      EXPECT_NEAR(sum / count, c.at("lab_mean")[k].get<double>(), 1e-3) << k;
      EXPECT_NEAR(std::sqrt(squares / count), c.at("lab_deviation")[k].get<double>(), 1e-3) << k;
    }
    Plane from_paper;
    delta_e_2000(lab[0], lab[1], lab[2], lab_of_srgb(236, 224, 200), from_paper);
    double sum = 0;
    for (const float v : from_paper.values) sum += static_cast<double>(v);
    EXPECT_NEAR(sum / static_cast<double>(from_paper.values.size()), c.at("from_paper").get<double>(), 2e-3);
    const Image grey = grey_of(c);
    Plane plane(grey.width(), grey.height());
    std::ranges::copy(grey.samples<uint8_t>(), plane.values.begin());
    EXPECT_NEAR(blur_effect(plane), c.at("blur").get<double>(), 2e-6);
  }
}

TEST(DescriptorsGolden, PartitionsAndSpectrumEqualNumpy) {
  for (const auto& c : nlohmann::json::parse(measure::golden_file("descriptors.json"))) {
    const Image grey = grey_of(c);
    std::vector<uint16_t> labels;
    for (const uint8_t v : grey.samples<uint8_t>()) labels.push_back(v >> 5);
    for (const bool horizontal : {true, false}) {
      const Cut cut = best_cut(labels, grey.width(), {0, 0, grey.width(), grey.height()}, horizontal);
      const auto& truth = c.at("cuts")[horizontal ? 0 : 1];
      EXPECT_EQ(cut.position, truth.at("position").get<int64_t>());
      EXPECT_NEAR(cut.gain, truth.at("gain").get<double>(), 1e-9);
    }
    Plane square(64, 64);
    for (int64_t y = 0; y < 64; ++y) {
      for (size_t x = 0; x < 64; ++x) square.row(y)[x] = grey.row<uint8_t>(y)[x];
    }
    const std::vector<double> rings = ring_power(square, 32);
    for (size_t r = 0; r < rings.size(); ++r) {
      const double truth = c.at("rings")[r];
      EXPECT_NEAR(rings[r], truth, 1e-4 * truth) << r;
    }
  }
}

TEST(DescriptorsGolden, OrdersOfBlocksEqualOrdpy) {
  for (const auto& c : nlohmann::json::parse(measure::golden_file("ordpy.json"))) {
    const Image grey = grey_of(c);
    const auto samples = grey.samples<uint8_t>();
    const std::vector<uint16_t> values(samples.begin(), samples.end());
    const auto shares = [&](int64_t step) { return order_shares(values, grey.width(), grey.height(), step); };
    for (const size_t i : {0, 1, 2}) {
      const EntropyComplexity e = entropy_complexity(shares(int64_t{1} << i).orders);
      EXPECT_NEAR(e.h, c.at("entropy_complexity")[i][0].get<double>(), 1e-10) << i;
      EXPECT_NEAR(e.c, c.at("entropy_complexity")[i][1].get<double>(), 1e-10) << i;
    }
    const OrderShares one = shares(1);
    const SmoothnessStructure s = smoothness_structure(one);
    EXPECT_NEAR(s.smoothness, c.at("smoothness").get<double>(), 1e-10);
    EXPECT_NEAR(s.branching, c.at("branching").get<double>(), 1e-10);
    EXPECT_NEAR(one.all_equal(), c.at("all_equal").get<double>(), 1e-10);
    EXPECT_NEAR(one.some_equal(), c.at("some_equal").get<double>(), 1e-10);
    for (size_t scale = 0; scale < 2; ++scale) {
      const TieGroupShares groups = shares(scale == 0 ? 1 : 4).groups;
      for (size_t k = 0; k < kTieGroups; ++k)
        EXPECT_NEAR(groups[k], c.at("groups")[scale][k].get<double>(), 1e-10) << scale << " " << k;
    }
  }
}

// ordpy is not in Debian: an environment of one's own (make_ordpy.py says how) is asked where there is one.
TEST(DescriptorsSlow, OrdpyAgrees) {
  const char* python = std::getenv("LINMO_GOLDEN_PYTHON");
  if (!python || std::system(("'" + std::string(python) + "' -c 'import ordpy' 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << "LINMO_GOLDEN_PYTHON names no python with ordpy";
  EXPECT_EQ(std::system(("PYTHONDONTWRITEBYTECODE=1 '" + std::string(python) +
                         "' '" LINMO_SOURCE_DIR "/tests/golden/make_ordpy.py' --check")
                            .c_str()),
            0);
}

// Where the oracle is installed (packages.txt names it), it is asked again.
TEST(DescriptorsSlow, LiveOraclesAgree) {
  if (std::system("/usr/bin/python3 -c 'import skimage' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3-skimage is not installed";
  EXPECT_EQ(std::system("PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 '" LINMO_SOURCE_DIR
                        "/tests/golden/make_descriptors.py' --check"),
            0);
}

}  // namespace
}  // namespace linmo::culture
