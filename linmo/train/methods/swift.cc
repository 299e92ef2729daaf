// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/methods/swift.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/library.h"
#include "linmo/model/styles.h"
#include "linmo/net/features.h"
#include "linmo/train/augment.h"

namespace linmo::train {
namespace {

using at::Tensor;

constexpr int64_t kHeadWidth = 256;
// The finest stage is colour and grain, which belong to the style.
constexpr size_t kComparedFrom = 1;

// The two coarsest stages: what is where, not how it is drawn.
Tensor feature_distance(const std::vector<Tensor>& result, const std::vector<Tensor>& content) {
  Tensor sum;
  for (size_t stage = result.size() - 2; stage < result.size(); ++stage) {
    const auto channels = static_cast<double>(result[stage].size(1));
    const Tensor d =
        std::sqrt(channels) * at::l1_loss(unit_features(result[stage]), unit_features(content[stage]));
    sum = sum.defined() ? sum + d : d;
  }
  return sum / 2;
}

}  // namespace

Swift::Styles::Styles(const TrainSettings& settings, const std::vector<std::string>& learnt) {
  if (!settings.add_style.empty()) {
    const auto file = model::find_model(model::default_library(), settings.from);
    all = model::style_names(model::load_model_header(file));
    known = all.size();
    if (all.empty())
      fail(ErrorKind::usage,
           "{} has one style; --add-style is for models of several (linmo train --method multi). To adjust "
           "it as a whole, leave --add-style away",
           to_utf8(file));
    if (std::find(all.begin(), all.end(), settings.add_style) != all.end())
      fail(ErrorKind::usage, "{} has a style {} already ({}); choose another name", to_utf8(file),
           settings.add_style, fmt::join(all, ", "));
  }
  all.insert(all.end(), learnt.begin(), learnt.end());
}

Swift::Swift(const TrainSettings& settings, const std::vector<std::string>& learnt)
    : Swift(settings, Styles(settings, learnt), std::max<size_t>(1, learnt.size())) {}

Swift::Swift(const TrainSettings& settings, Styles styles, size_t judged)
    : Method(settings, std::move(styles.all), styles.known),
      judged_(static_cast<int>(judged)),
      eye_(settings.features),
      g_(add_generator("G")),
      heads_(add_heads()),
      projections_(compared_channels(), kHeadWidth, settings.init_gain,
                   Random(static_cast<uint64_t>(settings.seed), 0x2000)),
      adam_d_(add_optimiser("adam_D", heads_)),
      adam_f_(add_optimiser("adam_F", projection_parameters())) {
  // A generator of one style has only the first, one that a style is added to only the second.
  const std::vector<Tensor> shared = g_->trainable_of_all_styles(), own = g_->trainable_of_styles();
  if (!shared.empty()) adams_g_.emplace_back(&add_optimiser("adam_G", shared), 1.0);
  if (!own.empty()) adams_g_.emplace_back(&add_optimiser("adam_S", own), settings.style_rate);
  gan_loss_ = {gan_loss_from_name(settings.gan_loss), settings.label_smoothing, settings.saturating};
}

Losses Swift::step(const Batch& batch, const StepContext& context) {
  Random random = context.random;
  const Tensor fake = run_generator(*g_, batch.content, pass_in(batch.styles));
  return learn(fake, batch.content, batch.style, batch.styles, {}, random, context);
}

Losses Swift::learn(const Tensor& fake, const Tensor& content, const Tensor& style,
                    const std::vector<int64_t>& styles, const std::vector<Term>& terms, Random& random,
                    const StepContext& context) {
  std::vector<Tensor> content_features, style_features;
  {
    const at::NoGradGuard guard;
    content_features = eye_(content);
    style_features = eye_(augment(style, settings_.augment, random));
  }
  // One look at the result serves its judges, their lesson and the comparison with the content.
  const std::vector<Tensor> fake_features = eye_(fake);
  std::vector<Tensor> judged_features = fake_features;
  if (!settings_.augment.empty()) judged_features = eye_(augment(fake, settings_.augment, random));

  adam_d_.zero_grad();
  const Tensor loss_d = lesson(style_features, judged_features, styles);
  loss_d.backward();
  adam_d_.step(context.rate_factor);

  const Tensor gan = gan_loss_.generator(judge(judged_features, styles));
  Losses losses = {{"G_gan", gan.item<double>()}};
  Tensor total = settings_.lambda_gan * gan;
  if (settings_.lambda_nce > 0) {
    const Tensor nce = contrastive(fake_features, content_features, random);
    losses.emplace_back("nce", nce.item<double>());
    total = total + settings_.lambda_nce * nce;
  }
  if (settings_.lambda_features > 0) {
    const Tensor near = feature_distance(fake_features, content_features);
    losses.emplace_back("features", near.item<double>());
    total = total + settings_.lambda_features * near;
  }
  for (const Term& term : terms) {
    losses.emplace_back(term.name, term.loss.item<double>());
    total = total + term.weight * term.loss;
  }
  for (const auto& [adam, share] : adams_g_) adam->zero_grad();
  adam_f_.zero_grad();
  total.backward();
  for (const auto& [adam, share] : adams_g_) adam->step(context.rate_factor * share);
  adam_f_.step(context.rate_factor);

  update_averages(context.step);
  losses.emplace_back("D", loss_d.item<double>());
  return losses;
}

double Swift::flops_per_step() const {
  return 3 * flops(*g_) + flops_of_judging(1);
}

double Swift::flops_of_judging(double results) const {
  double heads = 0;
  const std::vector<int64_t> strides = eye_.strides();
  for (size_t i = 0; i < heads_.size(); ++i)
    heads += flops(*heads_[i]) / static_cast<double>(strides[i] * strides[i]);
  const double eye = flops(eye_.network(), eye_.layers().back());
  return ((settings_.augment.empty() ? 3 : 5) * results + 1) * eye +
         (3 * (results + 1) + 2 * results) * heads;
}

void Swift::set_precision(Precision precision) {
  Method::set_precision(precision);
  eye_.set_precision(precision);
  projections_.set_precision(precision);
}

std::vector<StateItem> Swift::state() const {
  std::vector<StateItem> items = Method::state();
  for (const NceHeads::Entry& e : projections_.state()) items.push_back({"F/" + e.name, e.tensor});
  return items;
}

// A fine stage is halved more often, so that all judge places of a similar size. The coarse stages at one
// size each have their own judge.
std::vector<std::shared_ptr<Network>> Swift::add_heads() {
  std::vector<std::shared_ptr<Network>> heads;
  const std::vector<int64_t> channels = eye_.channels(), strides = eye_.strides();
  for (size_t i = 0; i < channels.size(); ++i) {
    const int halvings =
        std::max(1, 3 - static_cast<int>(std::lround(std::log2(static_cast<double>(strides[i])))));
    heads.push_back(add_network(fmt::format("head{}", i),
                                net::projected_head(static_cast<int>(channels[i]),
                                                    static_cast<int>(settings_.ndf), halvings, judged_),
                                Init::xavier, 1));
  }
  return heads;
}

std::vector<int64_t> Swift::compared_channels() const {
  const std::vector<int64_t> all = eye_.channels();
  if (all.size() <= kComparedFrom)
    fail(ErrorKind::usage, "--features {} has too few stages of features for {}", settings_.features,
         settings_.method);
  return {all.begin() + kComparedFrom, all.end()};
}

std::vector<Tensor> Swift::projection_parameters() const {
  std::vector<Tensor> list;
  for (const NceHeads::Entry& e : projections_.state()) list.push_back(e.tensor);
  return list;
}

// Each picture's own style's map of N × styles × H × W.
Tensor Swift::own_map(const Tensor& logits, const std::vector<int64_t>& styles) const {
  if (judged_ == 1) return logits;
  if (static_cast<int64_t>(styles.size()) != logits.size(0))
    fail(ErrorKind::usage, "a batch of {} pictures names {} styles", logits.size(0), styles.size());
  const Tensor index = at::tensor(styles, at::kLong).view({-1, 1, 1, 1});
  return logits.gather(1, index.expand({-1, 1, logits.size(2), logits.size(3)}));
}

// The maps of every style but each picture's own: N × (styles − 1) × H × W.
Tensor Swift::other_maps(const Tensor& logits, const std::vector<int64_t>& styles) const {
  std::vector<int64_t> others;
  for (const int64_t own : styles) {
    for (int64_t k = 0; k < judged_; ++k) {
      if (k != own) others.push_back(k);
    }
  }
  const Tensor index = at::tensor(others, at::kLong).view({-1, judged_ - 1, 1, 1});
  return logits.gather(1, index.expand({-1, -1, logits.size(2), logits.size(3)}));
}

// Gradients pass through the heads but not into them.
std::vector<Tensor> Swift::judge(const std::vector<Tensor>& features,
                                 const std::vector<int64_t>& styles) const {
  Pass frozen;
  frozen.frozen = true;
  std::vector<Tensor> logits;
  for (size_t i = 0; i < heads_.size(); ++i)
    logits.push_back(own_map((*heads_[i])(features[i], frozen), styles));
  return logits;
}

// A judge of one style among several also learns that the true pictures of the others are not of its own:
// half of what it is to refuse are those (Reed 2016, "Generative adversarial text to image synthesis",
// algorithm 1).
Tensor Swift::lesson(const std::vector<Tensor>& real, const std::vector<Tensor>& fake,
                     const std::vector<int64_t>& styles) const {
  std::vector<Tensor> on_real, on_fake;
  for (size_t i = 0; i < heads_.size(); ++i) {
    const auto judged = heads_[i]->run_together({fake[i].detach(), real[i]});
    on_fake.push_back(own_map(judged[0][0], styles));
    on_real.push_back(own_map(judged[1][0], styles));
    if (judged_ > 1) on_fake.push_back(other_maps(judged[1][0], styles));
  }
  return gan_loss_.discriminator(on_real, on_fake);
}

Tensor Swift::contrastive(const std::vector<Tensor>& result, const std::vector<Tensor>& content,
                          Random& random) const {
  Tensor sum;
  for (size_t stage = kComparedFrom; stage < result.size(); ++stage) {
    const Tensor places =
        draw_places(result[stage].size(2), result[stage].size(3), settings_.patches, random);
    const Tensor query = projections_.project(stage - kComparedFrom, result[stage], places);
    const Tensor key = projections_.project(stage - kComparedFrom, content[stage], places).detach();
    const Tensor loss = patch_nce(query, key, result[stage].size(0), settings_.temperature);
    sum = sum.defined() ? sum + loss : loss;
  }
  return sum / static_cast<double>(result.size() - kComparedFrom);
}

std::unique_ptr<Method> make_swift(const TrainSettings& settings, const std::vector<std::string>& styles) {
  return std::make_unique<Swift>(settings, styles);
}

}  // namespace linmo::train
