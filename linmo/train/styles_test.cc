// SPDX-License-Identifier: Apache-2.0
// Networks of several styles: against plain libtorch, against the engine's plain networks, and what learns.
#include "linmo/model/styles.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstring>

#include "linmo/core/error.h"
#include "linmo/engine/engine.h"
#include "linmo/engine/reference.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/features.h"
#include "linmo/net/generators.h"
#include "linmo/net/styles.h"
#include "linmo/train/method.h"
#include "linmo/train/twins_test.h"

namespace linmo::train {
namespace {

using at::Tensor;

const std::vector<std::string> kNames = {"浮世絵", "山水", "vangogh"};

// A generator of three styles with scales and shifts of their own.
model::Model three_styles() {
  model::Model m;
  m.network = net::with_styles(net::compact({.ngf = 4, .blocks = 2}), 3);
  Network network(m.network, Init::kaiming, 1, Random(3));
  at::manual_seed(11);
  const at::NoGradGuard guard;
  for (const Network::Entry& e : network.state()) {
    Tensor t = e.tensor;
    if (e.name.find("_norm.") != std::string::npos) t.add_(0.4 * at::randn(t.sizes()));
    t.view(-1)[-1] = -0.0;  // what is kept to the bit keeps this too
  }
  m.tensors = network.to_tensors();
  m.card["styles"] = kNames;
  return m;
}

Network network_of(const model::Model& m) {
  Network network(m.network, Init::kaiming, 1, Random(1));
  network.load(m.tensors, "the test's model");
  return network;
}

Pass in(std::vector<int64_t> styles) {
  Pass pass;
  pass.styles = std::move(styles);
  return pass;
}

double distance(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST(StyleNetwork, FastAndPlainPathsAgreeInDouble) {
  const model::Model m = three_styles();
  Network fast = network_of(m), plain = network_of(m);
  fast.to_double();
  plain.to_double();
  plain.set_precision(Precision::plain);
  const Tensor x = picture({3, 3, 16, 12}, at::kDouble, 2) / 5;
  const Pass pass = in({2, 0, 2});
  const Tensor weight = picture({3, 3, 16, 12}, at::kDouble, 6);
  for (Network* network : {&fast, &plain}) ((*network)(x, pass) * weight).sum().backward();
  EXPECT_LT(distance(fast(x, pass), plain(x, pass)), 1e-11);
  for (size_t i = 0; i < fast.state().size(); ++i) {
    const Tensor a = fast.state()[i].tensor.grad(), b = plain.state()[i].tensor.grad();
    ASSERT_TRUE(a.defined() && b.defined()) << fast.state()[i].name;
    EXPECT_LT(distance(a, b), 1e-9 * std::max(1.0, b.abs().max().item<double>())) << fast.state()[i].name;
    if (fast.state()[i].name.find("_norm.") != std::string::npos) {
      EXPECT_EQ(a[1].abs().max().item<double>(), 0)
          << "a style that no picture has: " << fast.state()[i].name;
      EXPECT_GT(a[0].abs().max().item<double>(), 0) << fast.state()[i].name;
    }
  }
}

TEST(StyleNetwork, PicturesOfABatchHaveTheirOwnStyles) {
  const Network network = network_of(three_styles());
  const Tensor x = picture({2, 3, 16, 16}, at::kFloat, 3) / 5;
  const at::NoGradGuard guard;
  const Tensor both = network(x, in({1, 2}));
  EXPECT_LT(distance(both[0], network(x.narrow(0, 0, 1), in({1}))[0]), 1e-5);
  EXPECT_LT(distance(both[1], network(x.narrow(0, 1, 1), in({2}))[0]), 1e-5);
  EXPECT_GT(distance(both[1], network(x, in({1}))[1]), 1e-2);  // one style for all
  EXPECT_THROW(network(x, {}), Error);
  EXPECT_THROW(network(x, in({3})), Error);
  EXPECT_THROW(network(x, in({0, 1, 2})), Error);
}

// The plain model of a style, or of a blend, in the engine is what the network of several paints.
TEST(StyleNetwork, CollapsedItIsThePlainNetworkOfTheEngine) {
  const model::Model m = three_styles();
  const Network network = network_of(m);
  const Tensor x = picture({1, 3, 20, 12}, at::kFloat, 4) / 5;
  const at::NoGradGuard guard;
  const Tensor planar = x.contiguous();
  const std::span<const float> in_values(planar.data_ptr<float>(), 3 * 20 * 12);
  const auto paint = [&](const model::Model& plain) {
    Tensor out = at::empty({1, 3, 20, 12});
    const engine::Engine engine(plain.network, plain.tensors, {engine::Precision::fp32, 1, 1});
    engine.run(in_values, 20, 12, {out.data_ptr<float>(), 3 * 20 * 12}, engine::Layout::planar);
    return out;
  };
  for (size_t i = 0; i < kNames.size(); ++i) {
    const model::Model plain = model::with_blend(m, {{kNames[i], 1}});
    EXPECT_LT(distance(paint(plain), network(x, in({static_cast<int64_t>(i)}))), 2e-5) << kNames[i];
  }
  // A blend, with rows that libtorch averages.
  const model::Model blend = model::with_blend(m, {{"浮世絵", 0.3}, {"vangogh", 0.7}});
  Network between = network_of(blend);
  for (size_t i = 0; i < between.state().size(); ++i) {
    const Network::Entry &mean = between.state()[i], &rows = network.state()[i];
    ASSERT_EQ(mean.name, rows.name);
    if (rows.tensor.sizes() == mean.tensor.sizes()) continue;
    EXPECT_LT(distance(mean.tensor, 0.3 * rows.tensor[0] + 0.7 * rows.tensor[2]), 1e-6) << mean.name;
  }
  EXPECT_LT(distance(paint(blend), between(x)), 2e-5);
  EXPECT_THROW(paint(m), Error);
}

TEST(StyleNetwork, AddingAStyleChangesNothingOfTheOthers) {
  const TemporaryFolder folder;
  model::Model m = three_styles();
  m.tensors = model::to_dtype(m.tensors, model::DType::f16);
  model::save_model(folder / "three.safetensors", m);
  model::Model eye;
  eye.network = net::perceptual({8, 8, 8, 8});
  eye.tensors = Network(eye.network, Init::kaiming, 1, Random(8)).to_tensors();
  model::save_model(folder / "eye.safetensors", eye);
  TrainSettings s;
  prepare_adding(s);
  s.time = "";
  s.steps = 5;
  s.size = 32;
  s.ndf = 4;
  s.patches = 16;
  s.batch = 2;
  s.from = (folder / "three.safetensors").string();
  s.add_style = "新";
  s.features = (folder / "eye.safetensors").string();
  s.resolve();
  const auto method = make_method(s, {"新"});
  method->begin_with(model::load_model(folder / "three.safetensors"), "three");
  EXPECT_EQ(method->styles(), (std::vector<std::string>{"浮世絵", "山水", "vangogh", "新"}));
  const model::TensorMap begun = method->exported().to_tensors();
  at::manual_seed(5);
  for (int64_t i = 0; i < s.steps; ++i) {
    StepContext context;
    context.step = i;
    context.random = Random(3, static_cast<uint64_t>(i));
    method->step({at::rand({2, 3, 32, 32}) * 2 - 1, at::rand({2, 3, 32, 32}) * 2 - 1, {0, 0}}, context);
  }
  model::Model four;
  four.network = method->generator_description();
  four.tensors = method->exported().to_tensors();
  four.card["styles"] = method->styles();
  int moved = 0;
  for (const auto& [name, tensor] : four.tensors) {
    const std::vector<float> now = tensor.floats(), before = begun.at(name).floats();
    const bool rows = name.find("_norm.") != std::string::npos;
    const size_t kept = rows ? now.size() / 4 * 3 : now.size();
    EXPECT_TRUE(std::equal(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(kept), before.begin()))
        << name;
    if (rows)
      moved += !std::equal(now.begin() + static_cast<std::ptrdiff_t>(kept), now.end(),
                           before.begin() + static_cast<std::ptrdiff_t>(kept));
  }
  EXPECT_GT(moved, 10);
  // To the bit in the engine too.
  std::vector<float> x(3 * 16 * 16), a(x.size()), b(x.size());
  Random random(2);
  for (float& v : x) v = static_cast<float>(2 * random.uniform() - 1);
  for (const std::string& name : kNames) {
    const model::Model was = model::with_blend(m, {{name, 1}}), is = model::with_blend(four, {{name, 1}});
    engine::Engine(was.network, was.tensors).run(x, 16, 16, a);
    engine::Engine(is.network, is.tensors).run(x, 16, 16, b);
    EXPECT_EQ(a, b) << name;
  }
}

}  // namespace
}  // namespace linmo::train
