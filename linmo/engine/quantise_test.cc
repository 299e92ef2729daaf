// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/quantise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/engine/random_weights.h"
#include "linmo/engine/weights.h"
#include "linmo/net/builder.h"
#include "linmo/net/generators.h"

namespace linmo::engine {
namespace {

CalibrationPicture picture(const net::Description& d, int64_t height, int64_t width, uint64_t seed) {
  Random random(seed, 5);
  CalibrationPicture p{height, width, {}};
  for (int64_t i = 0; i < height * width * d.in_channels(); ++i)
    p.values.push_back(static_cast<float>(random.uniform(-1, 1)));
  return p;
}

std::vector<float> run(const net::Description& d, const model::TensorMap& tensors, Precision precision,
                       const CalibrationPicture& p) {
  const Engine engine(d, tensors, {precision, 2, 1});
  EXPECT_EQ(engine.precision(), precision);
  const net::Shape out =
      net::infer_shapes(d, {d.in_channels(), p.height, p.width})[static_cast<size_t>(d.outputs[0])];
  std::vector<float> result(static_cast<size_t>(out.count()));
  engine.run(p.values, p.height, p.width, result);
  return result;
}

double psnr(const std::vector<float>& a, const std::vector<float>& b, double peak) {
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i)
    squares += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
  return 10 * std::log10(peak * peak * static_cast<double>(a.size()) / squares);
}

class Quantise : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu_has_int8()) GTEST_SKIP() << "this processor does not compute in int8";
  }
};

using QuantiseSlow = Quantise;

// One 8-bit convolution against the same rounding done by hand.
TEST_F(Quantise, OneConvolutionIsTheSumOfRoundedProducts) {
  for (const bool is_signed : {false, true}) {
    net::Builder b("one", 16);
    b.conv("c", 16, 32, 1, 1, 0);
    const net::Description d = b.finish();
    model::TensorMap tensors = random_weights(d, 3);
    CalibrationPicture p = picture(d, 5, 7, 1);
    if (!is_signed)
      for (float& v : p.values) v = std::abs(v);
    QuantisedInput how{is_signed ? Type::s8 : Type::u8, {}};
    for (int c = 0; c < 16; ++c)
      how.scale.push_back((is_signed ? 1 / 127.0f : 1 / 255.0f) * (1 + 0.05f * static_cast<float>(c)));
    tensors[is_signed ? "c.s8_scale" : "c.u8_scale"] = model::Tensor::from_floats({16}, how.scale);
    const std::vector<float> ours = run(d, tensors, Precision::int8, p);
    const std::vector<float> w = tensors.at("c.weight").floats(), bias = tensors.at("c.bias").floats();
    const std::vector<float> units = weight_scales({w, bias}, how.scale);
    for (size_t x = 0; x < 35; ++x) {
      for (size_t o = 0; o < 32; ++o) {
        double sum = 0;
        for (size_t i = 0; i < 16; ++i) {
          const float q = std::clamp(std::nearbyint(p.values[x * 16 + i] / how.scale[i]),
                                     is_signed ? -128.0f : 0.0f, is_signed ? 127.0f : 255.0f);
          sum += static_cast<double>(q * std::nearbyint(w[o * 16 + i] * how.scale[i] / units[o]));
        }
        const double truth = sum * static_cast<double>(units[o]) + static_cast<double>(bias[o]);
        // The input went through bf16; a value on the edge of two roundings may take the other one.
        EXPECT_NEAR(static_cast<double>(ours[x * 32 + o]), truth, 0.03) << x << " " << o << " " << is_signed;
      }
    }
  }
}

TEST_F(QuantiseSlow, GeneratorsStayCloseAndTheReportIsTrue) {
  net::GeneratorChoice compact, resnet, unet, seed;
  compact.name = "compact", compact.ngf = 16;
  resnet.name = "resnet_2blocks", resnet.ngf = 16;
  unet.name = "unet_128", unet.ngf = 16;
  seed.name = "seed";
  for (const net::GeneratorChoice& choice : {compact, resnet, unet, seed}) {
    const net::Description d = net::make_generator(choice);
    const int64_t side = choice.name == "seed" ? 32 : 128;
    model::TensorMap tensors = random_weights(d, 5);
    const CalibrationPicture p = picture(d, side, side, 1);
    const QuantiseReport report = quantise(d, tensors, {p}, {25, 2});
    const std::vector<float> truth = run(d, tensors, Precision::fp32, p);
    const double measured = psnr(run(d, tensors, Precision::int8, p), truth, 2);
    EXPECT_NEAR(measured, report.psnr, 0.01) << choice.name;
    EXPECT_GE(report.psnr, 25) << choice.name;
    EXPECT_GT(report.int8_share, 0.3) << choice.name;
    const auto kept =
        std::count_if(report.layers.begin(), report.layers.end(), [](const auto& l) { return l.int8; });
    EXPECT_EQ(static_cast<size_t>(kept), stored_quantisation(d, tensors).size());
    // A picture that it was not calibrated with.
    const CalibrationPicture other = picture(d, side, side, 2);
    EXPECT_GT(psnr(run(d, tensors, Precision::int8, other), run(d, tensors, Precision::fp32, other), 2), 24)
        << choice.name;
  }
}

TEST_F(Quantise, LayersLeaveUntilTheTargetIsReached) {
  net::GeneratorChoice choice;
  choice.name = "compact", choice.ngf = 16;
  const net::Description d = net::make_generator(choice);
  model::TensorMap tensors = random_weights(d, 5);
  const std::vector<CalibrationPicture> pictures = {picture(d, 64, 64, 1)};
  const QuantiseReport all = quantise(d, tensors, pictures, {10, 2});
  const size_t before = stored_quantisation(d, tensors).size();
  EXPECT_EQ(before, all.layers.size());
  const QuantiseReport fewer = quantise(d, tensors, pictures, {all.psnr_all + 1, 2});
  EXPECT_GE(fewer.psnr, all.psnr_all + 1);
  EXPECT_LT(stored_quantisation(d, tensors).size(), before) << "scales of an earlier run must go";
}

TEST_F(Quantise, TilesAreThePictureInOnePiece) {
  net::GeneratorChoice choice;
  choice.name = "resnet_1blocks", choice.ngf = 16, choice.norm = "batch";
  const net::Description d = net::make_generator(choice);
  model::TensorMap tensors = random_weights(d, 5);
  const CalibrationPicture p = picture(d, 64, 96, 1);
  quantise(d, tensors, {p}, {10, 2});
  const Engine engine(d, tensors, {Precision::int8, 1, 2});
  std::vector<float> whole(64 * 96 * 3), part(16 * 16 * 3);
  engine.run(p.values, 64, 96, whole);
  engine.run_part(p.values, 64, 96, {40, 24, 16, 16}, part, {});
  for (size_t y = 0; y < 16; ++y)
    for (size_t k = 0; k < 48; ++k) ASSERT_EQ(part[y * 48 + k], whole[((24 + y) * 96 + 40) * 3 + k]);
}

// oneDNN 2.6 gives wrong numbers for signed 8-bit inputs whose weights were packed inside a parallel region.
TEST_F(Quantise, HoweverManyThreadsTheWeightsAreTheSame) {
  for (const char* name : {"compact", "resnet_2blocks"}) {
    net::GeneratorChoice choice;
    choice.name = name, choice.ngf = 16;
    const net::Description d = net::make_generator(choice);
    model::TensorMap tensors = random_weights(d, 5);
    const CalibrationPicture p = picture(d, 64, 64, 1);
    quantise(d, tensors, {p}, {10, 2});
    std::vector<float> one(64 * 64 * 3), four(one.size()), truth(one.size());
    Engine(d, tensors, {Precision::int8, 1, 1}).run(p.values, 64, 64, one);
    Engine(d, tensors, {Precision::int8, 4, 1}).run(p.values, 64, 64, four);
    Engine(d, tensors, {Precision::fp32, 1, 1}).run(p.values, 64, 64, truth);
    EXPECT_EQ(one, four) << name;
    EXPECT_GT(psnr(one, truth, 2), 25) << name;
  }
}

TEST(QuantiseErrors, SayWhatToDo) {
  net::GeneratorChoice choice;
  choice.name = "compact", choice.ngf = 16;
  const net::Description d = net::make_generator(choice);
  model::TensorMap tensors = random_weights(d, 5);
  EXPECT_THROW(Engine(d, tensors, {Precision::int8, 1, 1}), Error) << "not prepared";
  EXPECT_THROW(quantise(d, tensors, {}), Error) << "no pictures";
  for (const std::vector<float>& bad : {std::vector<float>(64, 0.0f), std::vector<float>(64, -1.0f),
                                        std::vector<float>(64, NAN), std::vector<float>(3, 1.0f)}) {
    tensors["block0.conv1.u8_scale"] = model::Tensor::from_floats({static_cast<int64_t>(bad.size())}, bad);
    EXPECT_THROW(Engine(d, tensors, {Precision::int8, 1, 1}), Error);
  }
}

}  // namespace
}  // namespace linmo::engine
