// SPDX-License-Identifier: Apache-2.0
// A way to train a generator. Each method is one file in methods/, whose step() reads like its paper.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "linmo/core/random.h"
#include "linmo/model/model_file.h"
#include "linmo/train/losses.h"
#include "linmo/train/network.h"
#include "linmo/train/optimiser.h"
#include "linmo/train/settings.h"

namespace linmo::train {

// One step's pictures: N × 3 × H × W, fp32 in [−1, 1]. For paired methods style[i] is the truth of
// content[i].
struct Batch {
  at::Tensor content, style;
  // multi: which of the learnt styles style[i] has, and so which content[i] is to be given; otherwise all 0,
  // or empty.
  std::vector<int64_t> styles = {};
};

struct StepContext {
  int64_t step = 0;        // steps done before this one
  double progress = 0;     // share of the budget used, 0 … 1
  double rate_factor = 1;  // of the learning-rate schedule
  Random random{0};        // this step's own
};

using Losses = std::vector<std::pair<std::string, double>>;  // in the order of the paper's equation

// A network with its optimiser's share and, for generators, its average.
struct Trainee {
  std::string name;  // "G", "G_B", "D" …
  std::shared_ptr<Network> network;
  std::shared_ptr<Network> average;  // exponential moving average; null where none is kept
};

// Everything a checkpoint must hold, by name; the tensors are the method's own and are overwritten on load.
struct StateItem {
  std::string name;
  at::Tensor tensor;
};

class Method {
 public:
  virtual ~Method() = default;
  virtual Losses step(const Batch& batch, const StepContext& context) = 0;

  // Content in [−1, 1] → result in [−1, 1], by the averaged generator, without gradients. Any size that the
  // network takes. `learnt`: in which of the learnt styles, where there are several.
  virtual at::Tensor generate(const at::Tensor& content, int64_t learnt = 0) const;
  // The generator and its average become the model's, of several styles the one that the settings name; the
  // styles of a generator of several begin as model::with_styles() says. Throws ErrorKind::usage when its
  // network is another.
  virtual void begin_with(const model::Model& model, const std::string& file);
  // The styles of a generator of several, in the order of its rows; empty for the others.
  const std::vector<std::string>& styles() const { return styles_; }
  // The network that is exported.
  const Network& exported() const { return average_ ? *average_ : *generator_; }
  const net::Description& generator_description() const { return generator_->description(); }

  // Tensors of networks, averages, optimisers and whatever else the method remembers.
  virtual std::vector<StateItem> state() const;
  // Called before load when the number of remembered items differs (picture pools).
  virtual void prepare_state(const std::map<std::string, std::vector<int64_t>>& /*shapes*/) {}

  // Floating-point operations of one step's convolutions at batch × side², as the method's equations need
  // them: a backward pass costs twice a forward one, a frozen network's once.
  virtual double flops_per_step() const = 0;

  std::vector<Trainee> networks() const { return trainees_; }
  virtual void set_precision(Precision precision);

 protected:
  // `styles`: those that the generator is to have, of which the first `known` are not learnt.
  explicit Method(const TrainSettings& settings, std::vector<std::string> styles = {}, size_t known = 0)
      : settings_(settings), styles_(std::move(styles)), known_styles_(known) {}
  std::shared_ptr<Network> add_generator(const std::string& name);
  // The generator's and its average's weights; throws as Network::load().
  void load_generator(const model::TensorMap& tensors, const std::string& file);
  // Kept in checkpoints; "G…" are generators, with an average and exported.
  std::shared_ptr<Network> add_network(const std::string& name, net::Description description, Init init,
                                       double gain);
  std::shared_ptr<Network> add_discriminator(const std::string& name, int channels);
  Adam& add_optimiser(const std::string& name, const std::vector<std::shared_ptr<Network>>& networks);
  Adam& add_optimiser(const std::string& name, std::vector<at::Tensor> parameters);
  void update_averages(int64_t step);

  // Content as a generator is meant to be fed (seed: at a quarter of the size); and its result.
  static at::Tensor fed(const Network& network, const at::Tensor& content);
  static at::Tensor run_generator(const Network& network, const at::Tensor& content, const Pass& pass = {});
  // A pass of the generator in these of the learnt styles: one a picture, or one for all.
  Pass pass_in(const std::vector<int64_t>& learnt) const;

  // Discriminator update shared by all methods: ½·(real + fake) (CycleGAN, CUT, pix2pix halve it; Wasserstein
  // does not), R1 and gradient penalty where they are on. Returns the loss before its backward pass.
  at::Tensor discriminator_loss(const Network& discriminator, const at::Tensor& real, const at::Tensor& fake,
                                Random& random) const;
  // The generator's side: gradients pass through the discriminator but not into it.
  at::Tensor generator_loss(const Network& discriminator, const at::Tensor& fake, Random& random) const;

  // Forward passes at the training size, in floating-point operations for the whole batch.
  double flops(const Network& network, int last_layer = -1) const;

  TrainSettings settings_;
  std::vector<std::string> styles_;
  size_t known_styles_;
  GanLoss gan_loss_;
  std::shared_ptr<Network> generator_, average_;  // the exported direction
  std::vector<Trainee> trainees_;
  std::vector<std::pair<std::string, std::unique_ptr<Adam>>> optimisers_;
};

// By settings.method (settings must be resolved). `styles`: those that multi learns (TrainingData::styles).
std::unique_ptr<Method> make_method(const TrainSettings& settings,
                                    const std::vector<std::string>& styles = {});
std::unique_ptr<Method> make_cyclegan(const TrainSettings& settings);
std::unique_ptr<Method> make_cut(const TrainSettings& settings);
std::unique_ptr<Method> make_paired(const TrainSettings& settings);
std::unique_ptr<Method> make_classic(const TrainSettings& settings);
std::unique_ptr<Method> make_swift(const TrainSettings& settings, const std::vector<std::string>& styles);
std::unique_ptr<Method> make_recurrent(const TrainSettings& settings);
std::unique_ptr<Method> make_distil(const TrainSettings& settings);

// The generator that the settings describe, with one style.
net::Description generator_of(const TrainSettings& settings);

}  // namespace linmo::train
