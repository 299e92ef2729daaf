// SPDX-License-Identifier: Apache-2.0
// A generator that remembers, for videos: swift on sequences of frames, which are windows moving over a still
// picture (motion.h), with a temporal loss: what a frame shows must look as the frame before it did, where it
// was then (Ruder et al. 2016, "Artistic style transfer for videos"; Lai et al. 2018, "Learning blind video
// temporal consistency"). The flow between the frames is known, not estimated. Frames differ in noise and
// brightness as a camera's do, so that a result which follows those is punished. Begun with a model for
// single pictures, the generator must also give what that gave for the frame without its noise (as Lai's
// keeps to the video that was processed frame by frame), so that the style is there from the first step.
// Gradients pass back through all frames of a sequence (truncated backpropagation through time); before it
// the generator sees some more frames without them, so that it learns from states as it will have them in the
// middle of a video.
#include <ATen/ATen.h>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/train/crops.h"
#include "linmo/train/methods/swift.h"
#include "linmo/train/motion.h"

namespace linmo::train {
namespace {

using at::Tensor;

class Recurrent : public Swift {
 public:
  explicit Recurrent(const TrainSettings& settings) : Swift(settings) {
    if (!generator_description().remembers())
      fail(ErrorKind::usage,
           "--method recurrent trains a generator that remembers, and {} does not; leave --generator away",
           settings.generator);
    if (settings.generator == "recurrent") begin_memory();
  }

  Losses step(const Batch& batch, const StepContext& context) override {
    Random random = context.random;
    const int64_t pictures = batch.content.size(0), before = random.below(settings_.frames);
    std::vector<std::vector<Camera>> ways;
    for (int64_t i = 0; i < pictures; ++i)
      ways.push_back(draw_way(before + settings_.frames, settings_.motion, random));
    const auto cameras = [&](int64_t frame) {
      std::vector<Camera> list;
      for (const auto& way : ways) list.push_back(way[static_cast<size_t>(frame)]);
      return list;
    };

    std::vector<Tensor> memory, seen, results;
    Pass pass;
    pass.memory = &memory;
    const double spread = settings_.frame_noise * random.uniform();
    for (int64_t t = 0; t < before + settings_.frames; ++t) {
      const Tensor frame = look(batch.content, cameras(t), settings_.size);
      const Tensor given = as_filmed(frame, spread, random);
      if (t < before) {
        const at::NoGradGuard guard;
        run_generator(generator(), given, pass);
        continue;
      }
      seen.push_back(frame);
      results.push_back(run_generator(generator(), given, pass));
    }
    Tensor flicker;
    for (size_t t = 1; t < results.size(); ++t) {
      const auto now = static_cast<int64_t>(t) + before;
      const Flow flow = flow_between(cameras(now), cameras(now - 1), settings_.size, batch.content.size(3));
      const Tensor error = warping_error(results[t], results[t - 1], flow);
      flicker = flicker.defined() ? flicker + error : error;
    }
    const Tensor fake = at::cat(results);
    const Tensor temporal = flicker / (static_cast<double>(results.size() - 1) * contrast(fake));
    std::vector<Term> terms = {{"temporal", temporal, settings_.lambda_temporal}};
    const Tensor content = at::cat(seen);
    if (begun_with_ && settings_.lambda_content > 0)
      terms.push_back({"alone", at::l1_loss(fake, alone(content)), settings_.lambda_content});
    return learn(fake, content, batch.style, {}, terms, random, context);
  }

  double flops_per_step() const override {
    const auto frames = static_cast<double>(settings_.frames);
    const double alone = begun_with_ && settings_.lambda_content > 0 ? frames * flops(*begun_with_) : 0;
    return (3 * frames + (frames - 1) / 2) * flops(generator()) + alone + flops_of_judging(frames);
  }

  void set_precision(Precision precision) override {
    Swift::set_precision(precision);
    if (begun_with_) begun_with_->set_precision(precision);
  }

  // A compact generator's weights serve where its layers are the same; what is remembered adds nothing yet.
  // What it made of each frame alone is what is to be kept.
  void begin_with(const model::Model& model, const std::string& file) override {
    if (model.network.remembers()) return Swift::begin_with(model, file);
    model::TensorMap own = generator().to_tensors();
    for (auto& [name, tensor] : own) {
      if (name.starts_with("gru.")) continue;
      const auto found = model.tensors.find(name);
      if (found == model.tensors.end() || found->second.shape() != tensor.shape())
        fail(
            ErrorKind::usage,
            "{} ({}) has no {} like the generator's, so training cannot begin with its weights; begin with a "
            "compact or recurrent one of the same size",
            file, model.network.family, name);
      tensor = found->second;
    }
    for (const char* part : {"gru.out.weight", "gru.out.bias"})
      own.at(part) = model::Tensor(model::DType::f32, own.at(part).shape());
    load_generator(own, file);
    begun_with_ = std::make_shared<Network>(model.network, Init::xavier, 1, Random(0));
    begun_with_->load(model.tensors, file);
    for (const Network::Entry& e : begun_with_->state()) Tensor(e.tensor).set_requires_grad(false);
  }

 private:
  // What the model that training began with gives for each frame by itself.
  Tensor alone(const Tensor& content) const {
    const at::NoGradGuard guard;
    Pass pass;
    pass.train = false;
    return run_generator(*begun_with_, content, pass);
  }

  // Mean distance of the values from their channel's mean. Flicker counts as a share of it: measured plainly,
  // a grey veil over everything is the nearest way to less of it, and the way that training takes.
  static Tensor contrast(const Tensor& x) { return (x - x.mean({2, 3}, true)).abs().mean() + 1e-3; }

  // Sensor noise of this spread, and a little more or less light.
  Tensor as_filmed(const Tensor& frame, double spread, Random& random) const {
    if (settings_.frame_noise <= 0) return frame;
    const double light = settings_.frame_noise / 2 * random.uniform(-1, 1);
    return frame * (1 + light) + light + spread * at::randn(frame.sizes());
  }

  // No norm follows the unit's convolutions, so they begin at a scale of their own.
  void begin_memory() {
    const at::NoGradGuard guard;
    for (const Trainee& t : networks()) {
      for (const auto* network : {t.network.get(), t.average.get()}) {
        if (!network || t.name != "G") continue;
        for (const Network::Entry& e : network->state()) {
          Tensor weight = e.tensor;
          if (e.name.starts_with("gru.") && e.name.ends_with(".weight") && e.name != "gru.out.weight")
            weight.mul_(kGateGain / settings_.init_gain);
        }
      }
    }
  }
  static constexpr double kGateGain = 0.5;
  std::shared_ptr<Network> begun_with_;  // null: a network that remembers, or none
};

}  // namespace

std::unique_ptr<Method> make_recurrent(const TrainSettings& settings) {
  return std::make_unique<Recurrent>(settings);
}

}  // namespace linmo::train
