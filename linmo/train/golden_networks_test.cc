// SPDX-License-Identifier: Apache-2.0
// Trainable networks against PyTorch's torch.nn: results, gradients, buffers (tests/golden/make_networks.py).
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "linmo/model/golden_cases_test.h"
#include "linmo/model/golden_test.h"
#include "linmo/train/network.h"

namespace linmo::train {
namespace {

using at::Tensor;

template <class T>
std::span<const T> values(const Tensor& contiguous) {
  return {contiguous.data_ptr<T>(), static_cast<size_t>(contiguous.numel())};
}

class Comparison {
 public:
  Comparison(const golden::Case& c, const golden::File& file)
      : case_(c), file_(file), stream_(file.about(c.name + ".stream")) {}

  Network network() const {
    Network n(case_.network, Init::normal, 1, Random(1, 1));
    n.load(golden::weights(case_.network, stream_), case_.name);
    return n;
  }
  Tensor noise(const std::string& name, std::vector<int64_t> shape) const {
    return to_torch(golden::noise(fmt::format("{}/{}", stream_, name), std::move(shape)));
  }

  // One pass forward and back, everything within `bound` of the largest value of its kind.
  void check(Network n, bool plain, at::ScalarType type, double bound) {
    const Tensor x = noise("input", case_.input).to(type).set_requires_grad(true);
    Pass pass;
    pass.train = case_.train;
    pass.plain = plain;
    pass.want = case_.network.outputs;
    const size_t outputs = pass.want.size();
    for (const auto& [name, layer] : case_.network.taps) pass.want.push_back(layer);
    const std::vector<Tensor> results = n.run(x, pass);

    Tensor sum;
    for (size_t i = 0; i < results.size(); ++i) {
      const Tensor& y = results[i];
      if (i < outputs) {
        expect(fmt::format("output.{}", i), y, bound * file_.scale(case_.name + "/output."));
        const Tensor part = (y * noise(fmt::format("weight.{}", i), y.sizes().vec())).sum();
        sum = sum.defined() ? sum + part : part;
      } else if (file_.has(key(fmt::format("tap.{}", i - outputs)))) {
        expect(fmt::format("tap.{}", i - outputs), y, bound * file_.scale(case_.name + "/tap."));
      }
    }
    sum.backward();
    // The biases before an instance norm have no gradient but that of rounding, so no scale of their own
    // either.
    const double gradients = 0.1 * bound * file_.scale(case_.name + "/grad.");
    expect_gradient("grad.input", x.grad(), bound, gradients);
    size_t compared = 1;
    for (const net::ParameterInfo& info : net::parameters(case_.network)) {
      if (!info.trainable()) continue;
      const auto& state = n.state();
      const auto entry =
          std::find_if(state.begin(), state.end(), [&](const auto& e) { return e.name == info.name; });
      expect_gradient("grad." + golden::official_key(case_.network, info), entry->tensor.grad(), bound,
                      gradients);
      ++compared;
    }
    EXPECT_EQ(compared, file_.keys(case_.name + "/grad.").size());

    const auto buffers = file_.keys(case_.name + "/after.");
    if (buffers.empty()) return;
    for (const std::string& name : buffers) {
      const auto entry =
          std::find_if(n.state().begin(), n.state().end(), [&](const auto& e) { return e.name == name; });
      ASSERT_NE(entry, n.state().end()) << name;
      expect("after." + name, entry->tensor.to(type), bound * file_.scale(case_.name + "/after."));
    }
    const at::NoGradGuard guard;
    pass.train = false;
    expect("output_eval.0", n.run(x, pass)[0], bound * file_.scale(case_.name + "/output_eval."));
  }

  // In bf16, forward only: 8 bits of mantissa in every layer.
  void check_bf16(double bound) {
    Network n = network();
    n.set_precision(Precision::bf16);
    const at::NoGradGuard guard;
    Pass pass;
    pass.train = case_.train;
    const Tensor y = n.run(noise("input", case_.input), pass)[0].contiguous();
    const auto differences = file_.differences(key("output.0"), values<float>(y));
    double squares = 0, reference = 0;
    for (const double d : differences) squares += d * d;
    for (const float v : file_.at(key("output.0")).values) reference += static_cast<double>(v) * v;
    EXPECT_LE(std::sqrt(squares / reference), bound);
  }

 private:
  std::string key(const std::string& name) const { return case_.name + "/" + name; }
  void expect(const std::string& name, const Tensor& ours, double bound) const {
    const Tensor t = ours.detach().contiguous();
    if (t.scalar_type() == at::kDouble)
      file_.expect_close(key(name), values<double>(t), bound);
    else
      file_.expect_close(key(name), values<float>(t), bound);
  }
  void expect_gradient(const std::string& name, const Tensor& ours, double relative, double absolute) const {
    ASSERT_TRUE(ours.defined()) << name << " has no gradient";
    expect(name, ours, absolute + relative * file_.scale(key(name)));
  }

  const golden::Case& case_;
  const golden::File& file_;
  std::string stream_;
};

void check(const std::vector<golden::Case>& cases) {
  at::set_num_threads(1);  // networks this small only wait for each other's threads
  std::map<std::string, golden::File> files;
  for (const golden::Case& c : cases) {
    const golden::File& file = files.try_emplace(c.file, c.file).first->second;
    for (const bool plain : {false, true}) {
      SCOPED_TRACE(fmt::format("{}{}", c.name, plain ? ", plain" : ""));
      Comparison comparison(c, file);
      // PyTorch's own float32 is up to 3e-6 away from its float64, which the files hold; another order of
      // sums and another processor may do several times worse.
      comparison.check(comparison.network(), plain, at::kFloat, 2e-5);
      // In float64 what is left is the rounding of the files to float32.
      Network wide = comparison.network();
      wide.to_double();
      SCOPED_TRACE("float64");
      comparison.check(wide, plain, at::kDouble, 2e-7);
    }
  }
  for (const auto& [name, file] : files) {
    size_t used = 0, all = 0;
    for (const golden::Case& c : cases) used += file.keys(c.name + "/").size();
    all = file.arrays().size();
    EXPECT_EQ(used, all) << name << " holds cases that no test looks at";
  }
}

TEST(GoldenNetworks, Generators) {
  check(golden::generator_cases());
}

TEST(GoldenNetworks, Discriminators) {
  check(golden::discriminator_cases());
}

TEST(GoldenNetworks, Bf16) {
  at::set_num_threads(1);  // networks this small only wait for each other's threads
  std::map<std::string, golden::File> files;
  for (const auto& cases : {golden::generator_cases(), golden::discriminator_cases()}) {
    for (const golden::Case& c : cases) {
      SCOPED_TRACE(c.name);
      Comparison(c, files.try_emplace(c.file, c.file).first->second).check_bf16(0.05);
    }
  }
}

}  // namespace
}  // namespace linmo::train
