// SPDX-License-Identifier: Apache-2.0
// Not a style but an eye: a small feature network learns to see as a larger one does (Romero 2015, "FitNets":
// the student's stages, through a linear map each, are to equal the teacher's). Content and style pictures
// are both looked at. What comes out is the model that `swift` judges with.
#include <ATen/ATen.h>

#include "linmo/core/error.h"
#include "linmo/net/features.h"
#include "linmo/train/features.h"
#include "linmo/train/method.h"

namespace linmo::train {
namespace {

using at::Tensor;

class Distil : public Method {
 public:
  explicit Distil(const TrainSettings& settings)
      : Method(settings),
        teacher_(settings.features),
        student_(add_student()),
        adam_(add_optimiser("adam", {student_})) {}

  Losses step(const Batch& batch, const StepContext& context) override {
    // The loader may give the two sides different sizes.
    const bool alike = batch.content.sizes().slice(1) == batch.style.sizes().slice(1);
    const Tensor seen = alike ? at::cat({batch.content, batch.style}, 0) : batch.content;
    std::vector<Tensor> truth;
    {
      const at::NoGradGuard guard;
      truth = teacher_(seen);
    }
    const std::vector<Tensor> guess = student_->run(seen, {});
    Tensor distance, direction;
    for (size_t stage = 0; stage < truth.size(); ++stage) {
      // Every channel counts alike, however large its values; a channel that is silent here counts little.
      const Tensor power = truth[stage].square().mean({0, 2, 3}, true);
      const Tensor scale = (power + 0.01 * power.mean()).rsqrt();
      const Tensor d = ((guess[stage] - truth[stage]) * scale).square().mean();
      // What distances between pictures are made of: the direction of the features at each place.
      const Tensor c = 1 - (unit_features(guess[stage]) * unit_features(truth[stage])).sum(1).mean();
      distance = distance.defined() ? distance + d : d;
      direction = direction.defined() ? direction + c : c;
    }
    const auto stages = static_cast<double>(truth.size());
    adam_.zero_grad();
    ((distance + direction) / stages).backward();
    adam_.step(context.rate_factor);
    update_averages(context.step);
    return {{"distance", distance.item<double>() / stages}, {"direction", direction.item<double>() / stages}};
  }

  // For the sample grids: how strongly three stages answer, as red, green and blue.
  Tensor generate(const Tensor& content, int64_t /*learnt*/) const override {
    const at::NoGradGuard guard;
    Pass pass;
    pass.train = false;
    pass.want = net::feature_layers(exported().description());
    const std::vector<Tensor> stages = exported().run(content, pass);
    std::vector<Tensor> planes;
    for (size_t i = 0; i < 3; ++i) {
      Tensor strength = stages[i].abs().mean({1}, true);
      strength = strength / (strength.amax() + 1e-6) * 2 - 1;
      planes.push_back(at::upsample_nearest2d(strength, {content.size(2), content.size(3)}));
    }
    return at::cat(planes, 1);
  }

  double flops_per_step() const override {
    return 2 * (flops(teacher_.network(), teacher_.layers().back()) + 3 * flops(*student_));
  }

  void set_precision(Precision precision) override {
    Method::set_precision(precision);
    teacher_.set_precision(precision);
  }

 private:
  std::shared_ptr<Network> add_student() {
    std::vector<int> channels;
    for (const int64_t c : teacher_.channels()) channels.push_back(static_cast<int>(c));
    return add_network("G", net::perceptual(channels), Init::kaiming, 1);
  }

  Features teacher_;
  std::shared_ptr<Network> student_;
  Adam& adam_;
};

}  // namespace

std::unique_ptr<Method> make_distil(const TrainSettings& settings) {
  return std::make_unique<Distil>(settings);
}

}  // namespace linmo::train
