// SPDX-License-Identifier: Apache-2.0
// Ten steps of every method against the same steps in PyTorch (tests/golden/make_methods.py): the losses of
// each step, and all weights after the last.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "linmo/model/golden_test.h"
#include "linmo/model/model_file.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/features.h"
#include "linmo/train/method.h"

namespace linmo::train {
namespace {

using at::Tensor;

// A bias whose layer is read by nothing but an instance norm changes nothing, and Adam moves it by whatever
// rounding left in its gradient.
std::vector<std::string> idle_biases(const net::Description& d) {
  std::vector<std::string> names;
  for (size_t i = 0; i < d.layers.size(); ++i) {
    bool only_norms = true;
    for (const net::Layer& reader : d.layers) {
      if (std::find(reader.inputs.begin(), reader.inputs.end(), static_cast<int>(i)) == reader.inputs.end())
        continue;
      const auto* norm = std::get_if<net::Norm>(&reader.op);
      only_norms &= norm && norm->kind == net::NormKind::instance;
    }
    for (const int k : d.outputs) only_norms &= k != static_cast<int>(i);
    if (only_norms) names.push_back(d.layers[i].name + ".bias");
  }
  return names;
}

void fill(const Tensor& tensor, const std::string& stream, const std::string& key) {
  const at::NoGradGuard guard;
  Tensor t = tensor;
  t.copy_(to_torch(golden::parameter(stream, key, t.sizes().vec())));
}

TrainSettings base(const std::string& method, const std::string& generator, int64_t ngf) {
  TrainSettings s;
  s.method = method;
  s.generator = generator;
  s.ngf = ngf;
  s.ndf = 4;
  s.layers = 2;
  s.size = 16;
  s.steps = 10;
  s.patches = 65536;  // every place, in order
  s.pool_size = 0;
  s.ema = 0;
  return s;
}

// How closely ten steps can be followed in float32.
struct Bounds {
  int64_t calm = 10;      // steps whose losses agree to 5e-5
  double later = 5e-5;    // of the losses after that
  double weights = 2e-5;  // of the weights after all steps; they have moved by up to 2e-3
  double outliers = 0;    // the share of weights that may differ by more
};

// Picture k of step i has style (i + k) mod the number of styles.
void compare(const std::string& name, TrainSettings settings, const Bounds& bounds = {},
             const std::vector<std::string>& styles = {}) {
  at::set_num_threads(1);  // networks this small only wait for each other's threads
  const golden::File file("methods");
  const std::string stream = file.about(name + ".stream");
  settings.resolve();
  const std::unique_ptr<Method> method = make_method(settings, styles);
  for (const Trainee& t : method->networks()) {
    const std::string of = stream + "/" + t.name;
    t.network->load(golden::weights(t.network->description(), of), of);
    if (t.average) t.average->load(golden::weights(t.network->description(), of), of);
  }
  for (const StateItem& item : method->state()) {
    if (item.name.starts_with("F/")) fill(item.tensor, stream + "/F", item.name.substr(2));
  }

  std::vector<std::string> names;
  std::string list = file.about(name + ".losses") + ",";
  for (size_t comma; (comma = list.find(',')) != std::string::npos; list.erase(0, comma + 1))
    names.push_back(list.substr(0, comma));
  const std::vector<float>& expected = file.at(name + "/losses").values;
  for (int64_t i = 0; i < settings.steps; ++i) {
    const std::vector<int64_t> shape{settings.batch, 3, settings.size, settings.size};
    Batch batch{to_torch(golden::noise(fmt::format("{}/content.{}", stream, i), shape, 0.8)),
                to_torch(golden::noise(fmt::format("{}/style.{}", stream, i), shape, 0.5, 0.3))};
    for (int64_t k = 0; k < settings.batch && !styles.empty(); ++k)
      batch.styles.push_back((i + k) % static_cast<int64_t>(styles.size()));
    StepContext context;
    context.step = i;
    context.progress = static_cast<double>(i) / static_cast<double>(settings.steps);
    std::map<std::string, double> losses;
    for (const auto& [key, value] : method->step(batch, context)) losses[key] = value;
    for (size_t k = 0; k < names.size(); ++k) {
      const double truth = expected[static_cast<size_t>(i) * names.size() + k];
      if (truth == 0) {  // a network that stands still computes no loss
        EXPECT_FALSE(losses.contains(names[k])) << names[k] << " at step " << i;
        continue;
      }
      ASSERT_TRUE(losses.contains(names[k])) << names[k] << " at step " << i;
      // PyTorch's float32 is up to 6e-6 away from its float64 after ten steps.
      EXPECT_NEAR(losses[names[k]], truth, (i < bounds.calm ? 5e-5 : bounds.later) * std::abs(truth))
          << names[k] << " at step " << i;
    }
  }

  const auto expect = [&](const std::string& key, const Tensor& ours, double bound) {
    const Tensor t = ours.detach().contiguous();
    file.expect_close<float>(fmt::format("{}/{}", name, key),
                             {t.data_ptr<float>(), static_cast<size_t>(t.numel())}, bound, bounds.outliers);
  };
  size_t compared = 1;
  for (const Trainee& t : method->networks()) {
    const auto idle = idle_biases(t.network->description());
    for (const bool average : {false, true}) {
      const Network* network = average ? t.average.get() : t.network.get();
      if (!network) continue;
      for (const Network::Entry& e : network->state()) {
        if (e.name.ends_with(".filt") || e.name.ends_with(".num_batches_tracked")) continue;
        ++compared;
        if (std::find(idle.begin(), idle.end(), e.name) != idle.end()) continue;
        expect(fmt::format("{}{}/{}", t.name, average ? ".average" : "", e.name), e.tensor, bounds.weights);
      }
    }
  }
  for (const StateItem& item : method->state()) {
    if (!item.name.starts_with("F/")) continue;
    ++compared;
    // Some of the heads' many weights have gradients so near zero that rounding decides Adam's first steps.
    expect(item.name, item.tensor, 4e-4);
  }
  EXPECT_EQ(compared, file.keys(name + "/").size());
}

TEST(GoldenMethods, CycleGan) {
  compare("cyclegan", base("cyclegan", "resnet_1blocks", 4));
}

// The heads' half a million rectified values a step cannot all keep away from their kink
// (tests/golden/common.py), and where rounding decides on one, the two runs part slowly.
constexpr Bounds kContrastive{5, 5e-3, 4e-4};
// Judges on several scales of features have more of them: with AVX2's order of sums one is decided in the
// first step.
constexpr Bounds kProjected{1, 5e-3, 4e-4, .01};

TEST(GoldenMethods, Cut) {
  TrainSettings s = base("cut", "resnet_5blocks", 2);
  s.decoder = "antialias";
  s.antialias_down = true;
  compare("cut", s, kContrastive);
}

TEST(GoldenMethods, FastCut) {
  compare("fastcut", base("fastcut", "resnet_7blocks", 2), kContrastive);
}

TEST(GoldenMethods, Paired) {
  TrainSettings s = base("paired", "resnet_1blocks", 4);
  s.ema = 0.998;
  compare("paired", s);
}

TEST(GoldenMethods, PairedWithItsOwnNetworks) {
  TrainSettings s = base("paired", "unet_128", 1);
  s.ndf = 2;
  s.size = 128;
  s.ema = 0.998;
  compare("paired_unet", s);
}

// A frozen network of the method's, with weights from the same stream.
std::string write_frozen(const std::filesystem::path& file, net::Description network,
                         const std::string& method, const std::string& name) {
  model::Model model;
  model.network = std::move(network);
  model.tensors =
      golden::weights(model.network, golden::File("methods").about(method + ".stream") + "/" + name);
  model::save_model(file, model);
  return file.string();
}

TEST(GoldenMethods, Swift) {
  const TemporaryFolder folder;
  TrainSettings s = base("swift", "compact", 2);
  s.size = 32;
  s.lambda_features = 1;
  s.features = write_frozen(folder / "eye.safetensors", net::perceptual({8, 8, 8, 8}), "swift", "eye");
  compare("swift", s, kProjected);
}

TEST(GoldenMethods, Multi) {
  const TemporaryFolder folder;
  TrainSettings s = base("multi", "compact", 2);
  s.size = 32;
  s.batch = 2;
  s.lambda_features = 1;
  s.features = write_frozen(folder / "eye.safetensors", net::perceptual({8, 8, 8, 8}), "multi", "eye");
  compare("multi", s, kContrastive, {"浮世絵", "山水", "vangogh"});
}

TEST(GoldenMethods, DistilFromVgg19) {
  const TemporaryFolder folder;
  TrainSettings s = base("distil", "compact", 2);
  s.features =
      write_frozen(folder / "teacher.safetensors", net::vgg19(net::VggInput::caffe), "distil", "teacher");
  compare("distil", s);
}

TEST(GoldenMethods, Classic) {
  compare("classic", base("classic", "compact", 2));
}

}  // namespace
}  // namespace linmo::train
