// SPDX-License-Identifier: Apache-2.0
// Networks that remember, and the moving windows that they learn from: against PyTorch
// (tests/golden/make_recurrent.py), definitions and finite differences.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/model/golden_cases_test.h"
#include "linmo/model/golden_test.h"
#include "linmo/model/model_file.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/features.h"
#include "linmo/train/method.h"
#include "linmo/train/motion.h"

namespace linmo::train {
namespace {

using at::Tensor;

class Comparison {
 public:
  Comparison(const golden::Case& c, const golden::File& file)
      : case_(c), file_(file), stream_(file.about(c.name + ".stream")) {}

  Network network() const {
    Network n(case_.network, Init::normal, 1, Random(1, 1));
    n.load(golden::weights(case_.network, stream_), case_.name);
    return n;
  }

  // Three frames forward, and back through all of them.
  void check(const Network& n, bool plain, at::ScalarType type, double bound) const {
    std::vector<Tensor> frames, memory;
    Pass pass;
    pass.train = case_.train;
    pass.plain = plain;
    pass.memory = &memory;
    Tensor sum;
    for (int t = 0; t < 3; ++t) {
      frames.push_back(noise(fmt::format("frame.{}", t), case_.input).to(type).set_requires_grad(true));
      const Tensor y = n(frames.back(), pass);
      ASSERT_EQ(memory.size(), 1u);
      expect(fmt::format("output.{}", t), y, bound);
      expect(fmt::format("state.{}", t), memory[0], bound);
      const Tensor part = (y * noise(fmt::format("weight.{}", t), y.sizes().vec())).sum();
      sum = sum.defined() ? sum + part : part;
    }
    sum.backward();
    const double scale = file_.scale(case_.name + "/grad.");
    for (int t = 0; t < 3; ++t)
      expect_gradient(fmt::format("grad.frame.{}", t), frames[t].grad(), bound, scale);
    size_t compared = 3;
    for (const Network::Entry& e : n.state()) {
      if (!e.trainable) continue;
      expect_gradient("grad." + e.name, e.tensor.grad(), bound, scale);
      ++compared;
    }
    EXPECT_EQ(compared, file_.keys(case_.name + "/grad.").size());
  }

 private:
  Tensor noise(const std::string& name, std::vector<int64_t> shape) const {
    return to_torch(golden::noise(fmt::format("{}/{}", stream_, name), std::move(shape)));
  }
  void expect(const std::string& name, const Tensor& ours, double bound) const {
    const std::string key = case_.name + "/" + name;
    const Tensor t = ours.detach().to(at::kDouble).contiguous();
    file_.expect_close<double>(key, {t.data_ptr<double>(), static_cast<size_t>(t.numel())},
                               bound * std::max(1.0, file_.scale(key)));
  }
  // The biases before an instance norm have no gradient but rounding's, so no scale of their own.
  void expect_gradient(const std::string& name, const Tensor& ours, double bound, double scale) const {
    ASSERT_TRUE(ours.defined()) << name << " has no gradient";
    expect(name, ours, bound * std::max(1.0, 0.1 * scale));
  }

  const golden::Case& case_;
  const golden::File& file_;
  std::string stream_;
};

TEST(Recurrent, ThreeFramesAgreeWithPyTorch) {
  at::set_num_threads(1);  // networks this small only wait for each other's threads
  const golden::File file("recurrent");
  size_t used = 0;
  for (const golden::Case& c : golden::recurrent_cases()) {
    SCOPED_TRACE(c.name);
    const Comparison comparison(c, file);
    for (const bool plain : {false, true}) {
      comparison.check(comparison.network(), plain, at::kFloat, 2e-5);
      Network wide = comparison.network();
      wide.to_double();
      comparison.check(wide, plain, at::kDouble, 2e-7);
    }
    used += file.keys(c.name + "/").size();
  }
  EXPECT_EQ(used, file.arrays().size());
}

TEST(Recurrent, RemembersInBf16Too) {
  const Network exact(net::compact({.ngf = 8, .recurrent = true}), Init::kaiming, 1, Random(3));
  Network rough = exact;
  rough.set_precision(Precision::bf16);
  const at::NoGradGuard guard;
  std::vector<Tensor> one, other, none;
  Pass a, b, c;
  a.memory = &one, b.memory = &other, c.memory = &none;
  at::manual_seed(4);
  for (int t = 0; t < 3; ++t) {
    const Tensor x = at::rand({1, 3, 16, 16}) * 2 - 1;
    const Tensor y = exact(x, a), z = rough(x, b);
    EXPECT_EQ(z.scalar_type(), at::kFloat);
    EXPECT_LT((y - z).abs().mean().item<double>(), 0.05);
    // Without memory the first frame is the same, later ones are not.
    none.clear();
    EXPECT_EQ((exact(x, c) - y).abs().max().item<double>() > 1e-3, t > 0);
  }
}

// A picture of waves long enough for cubic sampling.
Tensor waves(int64_t side) {
  const Tensor i = at::arange(static_cast<double>(side), at::kDouble);
  const Tensor x = i.view({1, side}), y = i.view({side, 1});
  const Tensor one = at::sin(0.21 * x + 0.13 * y), two = at::cos(0.17 * x - 0.19 * y + 1);
  return at::stack({one, two, one * two}).unsqueeze(0);
}

TEST(Motion, FlowSaysWhereThingsWere) {
  Random random(5);
  for (int trial = 0; trial < 12; ++trial) {
    const std::vector<Camera> way = draw_way(4, 3, random);
    const Tensor picture = waves(80);
    for (size_t t = 1; t < way.size(); ++t) {
      const Tensor now = look(picture, {way[t]}, 64), before = look(picture, {way[t - 1]}, 64);
      const Flow flow = flow_between({way[t]}, {way[t - 1]}, 64, 80);
      EXPECT_GT(flow.mask.mean().item<double>(), 0.7);
      // libtorch's cubic (a = −3/4) gives waves back with so much error: a grey level in the mean.
      EXPECT_LT(((now - warp(before, flow)).abs() * flow.mask).max().item<double>(), 0.06);
      EXPECT_LT(warping_error(now, before, flow).item<double>(), 0.012);
      // Warped the other way it does not fit, unless the camera stands.
      const Flow wrong = flow_between({way[t - 1]}, {way[t]}, 64, 80);
      if (std::abs(way[t].position - way[t - 1].position) > 1) {
        EXPECT_GT(warping_error(now, before, wrong).item<double>(), 0.04);
      }
    }
  }
}

TEST(Motion, PixelsAreWhereTheCameraLooks) {
  const Tensor picture = waves(40);
  EXPECT_LT((look(picture, {Camera{}}, 40) - picture).abs().max().item<double>(), 1e-5);
  // Three pixels to the right, two down.
  const Tensor moved = look(picture, {Camera{{3, 2}, 1}}, 20);
  const Tensor there = picture.narrow(2, 10 + 2, 20).narrow(3, 10 + 3, 20);
  EXPECT_LT((moved - there).abs().max().item<double>(), 1e-5);
  // A quarter turn: what lies to the right of the frame's middle lies below the picture's.
  const Tensor turned = look(picture, {Camera{0, {0, 1}}}, 40);
  EXPECT_LT((turned - picture.transpose(2, 3).flip({2})).abs().max().item<double>(), 1e-4);
}

TEST(Motion, MaskLeavesOutWhatWasNotSeen) {
  const Camera before{}, now{{10, 0}, 1};
  const Flow flow = flow_between({now}, {before}, 32, 64);
  EXPECT_EQ(flow.mask.narrow(3, 22, 10).sum().item<double>(), 0);
  EXPECT_EQ(flow.mask.narrow(3, 0, 22).min().item<double>(), 1);
  // Beyond the picture its edge goes on, which is no motion.
  const Camera outside{{20, 0}, 1}, further{{21, 0}, 1};
  const Flow beyond = flow_between({further}, {outside}, 32, 64);
  EXPECT_EQ(beyond.mask.narrow(3, 27, 5).sum().item<double>(), 0);
  EXPECT_EQ(beyond.mask.narrow(3, 0, 26).min().item<double>(), 1);
}

TEST(Motion, WarpingErrorHasTheRightGradient) {
  Random random(9);
  const std::vector<Camera> way = draw_way(2, 2, random);
  const Flow flow = flow_between({way[1]}, {way[0]}, 8, 10);
  at::manual_seed(2);
  const Tensor now = at::rand({1, 2, 8, 8}, at::kDouble).set_requires_grad(true);
  const Tensor before = at::rand({1, 2, 8, 8}, at::kDouble).set_requires_grad(true);
  warping_error(now, before, flow).backward();
  const at::NoGradGuard guard;
  constexpr double kStep = 1e-6;
  for (const Tensor& x : {now, before}) {
    double* values = x.data_ptr<double>();
    for (int64_t i = 0; i < x.numel(); i += 5) {
      const double here = values[i];
      values[i] = here + kStep;
      const double more = warping_error(now, before, flow).item<double>();
      values[i] = here - kStep;
      const double less = warping_error(now, before, flow).item<double>();
      values[i] = here;
      EXPECT_NEAR(x.grad().data_ptr<double>()[i], (more - less) / (2 * kStep), 1e-6) << i;
    }
  }
}

TrainSettings tiny(const std::filesystem::path& features) {
  TrainSettings s;
  s.method = "recurrent";
  s.ngf = s.ndf = 4;
  s.size = 32;
  s.frames = 3;
  s.patches = 16;
  s.steps = 1;
  s.features = features.string();
  s.resolve();
  return s;
}

void write_model(const std::filesystem::path& file, net::Description network) {
  model::Model model;
  model.tensors = Network(network, Init::kaiming, 1, Random(8)).to_tensors();
  model.network = std::move(network);
  model::save_model(file, model);
}

TEST(RecurrentMethod, BeginsAsTheCompactGeneratorWithoutOneBlock) {
  const TemporaryFolder folder;
  write_model(folder / "features.safetensors", net::perceptual({8, 8, 8, 8}));
  write_model(folder / "compact.safetensors", net::compact({.ngf = 4}));
  write_model(folder / "wide.safetensors", net::compact({.ngf = 8}));
  const auto method = make_method(tiny(folder / "features.safetensors"));
  const model::Model compact = model::load_model(folder / "compact.safetensors");
  method->begin_with(compact, "compact");
  // The compact generator whose fourth block adds nothing.
  Network expected(compact.network, Init::kaiming, 1, Random(1));
  model::TensorMap tensors = compact.tensors;
  for (const char* part : {"block3.conv2.weight", "block3.conv2.bias"})
    tensors.at(part) = model::Tensor(model::DType::f32, tensors.at(part).shape());
  expected.load(tensors, "compact");
  at::manual_seed(1);
  const Tensor x = at::rand({1, 3, 32, 40}) * 2 - 1;
  EXPECT_LT((method->generate(x) - expected(x)).abs().max().item<double>(), 1e-5);
  const auto refused = [&](const char* file) {
    try {
      method->begin_with(model::load_model(folder / file), file);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::usage;
    }
    return false;
  };
  // What it gave for a frame alone is a loss now, and reaches the generator.
  const auto alone = [&](Method& of) {
    at::manual_seed(3);
    const Batch batch{at::rand({1, 3, 40, 40}) * 2 - 1, at::rand({1, 3, 32, 32}) * 2 - 1};
    StepContext context;
    context.random = Random(3, 4);
    for (const auto& [key, value] : of.step(batch, context)) {
      if (key == "alone") return value;
    }
    return -1.0;
  };
  const double first = alone(*method);
  EXPECT_GT(first, 0);
  for (int i = 0; i < 12; ++i) alone(*method);
  EXPECT_LT(alone(*method), first);
  EXPECT_EQ(alone(*make_method(tiny(folder / "features.safetensors"))), -1);
  EXPECT_TRUE(refused("wide.safetensors"));
  EXPECT_TRUE(refused("features.safetensors"));
}

TEST(RecurrentMethod, TemporalLossReachesTheMemory) {
  const TemporaryFolder folder;
  write_model(folder / "features.safetensors", net::perceptual({8, 8, 8, 8}));
  TrainSettings s = tiny(folder / "features.safetensors");
  s.lambda_gan = 0;
  s.lambda_nce = 0;
  const auto method = make_method(s);
  at::manual_seed(3);
  const Batch batch{at::rand({2, 3, 40, 40}) * 2 - 1, at::rand({2, 3, 32, 32}) * 2 - 1};
  StepContext context;
  context.random = Random(3, 4);
  const Losses losses = method->step(batch, context);
  const auto named = [&](const char* name) {
    for (const auto& [key, value] : losses) {
      if (key == name) return value;
    }
    return -1.0;
  };
  EXPECT_GT(named("temporal"), 0);
  for (const StateItem& item : method->state()) {
    if (item.name.starts_with("adam_G/") && item.name.ends_with("first_moment")) {
      EXPECT_GT(item.tensor.abs().max().item<double>(), 0);
    }
  }
}

}  // namespace
}  // namespace linmo::train
