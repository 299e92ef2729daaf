// SPDX-License-Identifier: Apache-2.0
// CUT and FastCUT: Park, Efros, Zhang, Zhu 2020, "Contrastive learning for unpaired image-to-image
// translation". Every place of the result must be recognisable among the places of the content by the
// generator's own encoder (PatchNCE); `cut` asks the same of style pictures passed through unchanged
// (identity), `fastcut` does not.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/train/method.h"
#include "linmo/train/nce.h"

namespace linmo::train {
namespace {

using at::Tensor;

std::vector<int> nce_layers(const net::Description& d) {
  std::vector<int> layers;
  for (const auto& [name, layer] : d.taps) {
    if (name.starts_with("nce.")) layers.push_back(layer);
  }
  if (layers.empty())
    fail(ErrorKind::usage,
         "the generator {} has no taps for the contrastive loss; choose resnet_*, compact or seed", d.family);
  return layers;
}

std::vector<int64_t> tap_channels(const Network& g, const std::vector<int>& layers) {
  const net::Description& d = g.description();
  const int64_t side = 4 * std::max(d.size_multiple, 16);  // any size that fits
  const auto shapes = net::infer_shapes(d, {d.in_channels(), side, side});
  std::vector<int64_t> channels;
  for (const int k : layers) channels.push_back(shapes[static_cast<size_t>(k)].channels);
  return channels;
}

class Cut : public Method {
 public:
  static constexpr int64_t kHeadWidth = 256;

  explicit Cut(const TrainSettings& settings)
      : Method(settings),
        g_(add_generator("G")),
        d_(add_discriminator("D", 3)),
        layers_(nce_layers(g_->description())),
        heads_(tap_channels(*g_, layers_), kHeadWidth, settings.init_gain,
               Random(static_cast<uint64_t>(settings.seed), 0x2000)),
        adam_g_(add_optimiser("adam_G", {g_})),
        adam_d_(add_optimiser("adam_D", {d_})),
        adam_f_(add_optimiser("adam_F", head_parameters())) {
    gan_loss_ = {gan_loss_from_name(settings.gan_loss), settings.label_smoothing, settings.saturating};
  }

  Losses step(const Batch& batch, const StepContext& context) override {
    const Tensor &content = batch.content, &style = batch.style;
    Random random = context.random;
    const bool identity = settings_.lambda_identity > 0;
    const int64_t n = content.size(0);

    // The encoder's features of the inputs come from the same pass that makes the results: CUT runs it twice.
    const bool same_size = content.sizes() == style.sizes();
    Tensor fake, same;
    std::vector<Tensor> content_keys, style_keys;
    if (identity && same_size) {
      auto [results, keys] = generate_with_features(at::cat({content, style}, 0));
      fake = results.narrow(0, 0, n);
      same = results.narrow(0, n, n);
      for (const Tensor& k : keys) {
        content_keys.push_back(k.narrow(0, 0, n));
        style_keys.push_back(k.narrow(0, n, n));
      }
    } else {
      std::tie(fake, content_keys) = generate_with_features(content);
      if (identity) std::tie(same, style_keys) = generate_with_features(style);
    }

    adam_d_.zero_grad();
    const Tensor loss_d = discriminator_loss(*d_, style, fake, random);
    loss_d.backward();
    adam_d_.step(context.rate_factor);

    const Tensor gan = generator_loss(*d_, fake, random);
    Tensor nce = contrastive(fake, content_keys, random);
    Losses losses = {{"G_gan", gan.item<double>()}, {"nce", nce.item<double>()}};
    if (identity) {
      const Tensor nce_style = contrastive(same, style_keys, random);
      losses.emplace_back("nce_identity", nce_style.item<double>());
      nce = (nce + settings_.lambda_identity * nce_style) / (1 + settings_.lambda_identity);
    }
    adam_g_.zero_grad();
    adam_f_.zero_grad();
    (settings_.lambda_gan * gan + settings_.lambda_nce * nce).backward();
    adam_g_.step(context.rate_factor);
    adam_f_.step(context.rate_factor);

    update_averages(context.step);
    losses.emplace_back("D", loss_d.item<double>());
    return losses;
  }

  double flops_per_step() const override {
    const double sides = settings_.lambda_identity > 0 ? 2 : 1;
    const double encoder = flops(*g_, *std::max_element(layers_.begin(), layers_.end()));
    return sides * 3 * (flops(*g_) + encoder) + 2 * flops(*d_) + 2 * 3 * flops(*d_);
  }

  void set_precision(Precision precision) override {
    Method::set_precision(precision);
    heads_.set_precision(precision);
  }

  std::vector<StateItem> state() const override {
    std::vector<StateItem> items = Method::state();
    for (const NceHeads::Entry& e : heads_.state()) items.push_back({"F/" + e.name, e.tensor});
    return items;
  }

 private:
  std::vector<Tensor> head_parameters() const {
    std::vector<Tensor> list;
    for (const NceHeads::Entry& e : heads_.state()) list.push_back(e.tensor);
    return list;
  }

  std::pair<Tensor, std::vector<Tensor>> generate_with_features(const Tensor& x) const {
    Pass pass;
    pass.want = layers_;
    pass.want.push_back(g_->description().outputs[0]);
    std::vector<Tensor> results = g_->run(fed(*g_, x), pass);
    Tensor out = results.back();
    results.pop_back();
    return {out, results};
  }

  // PatchNCE averaged over the taps: queries from the result, keys from its input.
  Tensor contrastive(const Tensor& result, const std::vector<Tensor>& keys, Random& random) const {
    Pass encoder;
    encoder.want = layers_;
    const std::vector<Tensor> queries = g_->run(fed(*g_, result), encoder);
    Tensor sum;
    for (size_t tap = 0; tap < layers_.size(); ++tap) {
      const Tensor places = draw_places(keys[tap].size(2), keys[tap].size(3), settings_.patches, random);
      const Tensor q = heads_.project(tap, queries[tap], places);
      const Tensor k = heads_.project(tap, keys[tap].detach(), places).detach();
      const Tensor loss = patch_nce(q, k, result.size(0), settings_.temperature);
      sum = sum.defined() ? sum + loss : loss;
    }
    return sum / static_cast<double>(layers_.size());
  }

  std::shared_ptr<Network> g_, d_;
  std::vector<int> layers_;
  NceHeads heads_;
  Adam &adam_g_, &adam_d_, &adam_f_;
};

}  // namespace

std::unique_ptr<Method> make_cut(const TrainSettings& settings) {
  return std::make_unique<Cut>(settings);
}

}  // namespace linmo::train
