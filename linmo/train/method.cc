// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/method.h"

#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/library.h"
#include "linmo/model/styles.h"
#include "linmo/net/cost.h"
#include "linmo/net/discriminators.h"
#include "linmo/net/generators.h"
#include "linmo/net/styles.h"
#include "linmo/train/augment.h"

namespace linmo::train {

using at::Tensor;

net::Description generator_of(const TrainSettings& s) {
  if (s.generator == "from") {
    const std::filesystem::path file = model::find_model(model::default_library(), s.from);
    const model::Model from = model::load_model_header(file);
    if (net::style_count(from.network) == 1) return from.network;
    if (s.method != "multi" && s.from_style.empty())
      fail(ErrorKind::usage,
           "{} has several styles: {}. Name the one to begin with (--from-style), or add another to them "
           "(--add-style)",
           to_utf8(file), fmt::join(model::style_names(from), ", "));
    return net::with_styles(from.network, 1);
  }
  net::GeneratorChoice choice;
  choice.name = s.generator;
  choice.ngf = static_cast<int>(s.ngf);
  choice.norm = s.norm;
  choice.padding = s.padding;
  choice.decoder = s.decoder;
  choice.antialias_down = s.antialias_down;
  choice.dropout = s.dropout;
  choice.residual = s.residual;
  return net::make_generator(choice);
}

namespace {

Init init_of(const std::string& name) {
  if (name == "normal") return Init::normal;
  if (name == "kaiming") return Init::kaiming;
  if (name == "keras") return Init::keras;
  return Init::xavier;
}

// Every network draws its first weights from a stream of its own, named by its place.
Random init_random(const TrainSettings& s, size_t index) {
  return Random(static_cast<uint64_t>(s.seed), 0x1000 + index);
}

}  // namespace

std::shared_ptr<Network> Method::add_network(const std::string& name, net::Description description, Init init,
                                             double gain) {
  auto network =
      std::make_shared<Network>(std::move(description), init, gain, init_random(settings_, trainees_.size()));
  Trainee trainee{name, network, nullptr};
  if (name.starts_with("G")) {
    if (settings_.ema > 0) {
      trainee.average = std::make_shared<Network>(*network);
      // A copy of a Network shares its tensors; the average needs its own.
      trainee.average->detach_from(*network);
    }
    if (!generator_) {
      generator_ = network;
      average_ = trainee.average;
    }
  }
  trainees_.push_back(std::move(trainee));
  return network;
}

std::shared_ptr<Network> Method::add_generator(const std::string& name) {
  net::Description description = generator_of(settings_);
  if (!styles_.empty())
    description = net::with_styles(std::move(description), static_cast<int>(styles_.size()));
  auto network = add_network(name, std::move(description), init_of(settings_.init), settings_.init_gain);
  if (known_styles_ > 0) network->learn_styles();
  if (settings_.learn_share < 1) network->learn_last(settings_.learn_share);
  return network;
}

std::shared_ptr<Network> Method::add_discriminator(const std::string& name, int channels) {
  net::DiscriminatorChoice choice;
  choice.name = settings_.discriminator;
  choice.in = channels;
  choice.ndf = static_cast<int>(settings_.ndf);
  choice.layers = static_cast<int>(settings_.layers);
  choice.scales = static_cast<int>(settings_.scales);
  choice.norm = settings_.norm_d;
  choice.spectral_norm = settings_.spectral_norm;
  return add_network(name, net::make_discriminator(choice), init_of(settings_.init), settings_.init_gain);
}

Adam& Method::add_optimiser(const std::string& name, std::vector<Tensor> parameters) {
  Adam::Settings s;
  s.rate = settings_.rate;
  s.beta1 = settings_.beta1;
  s.beta2 = settings_.beta2;
  s.clip_norm = settings_.clip_norm;
  optimisers_.emplace_back(name, std::make_unique<Adam>(std::move(parameters), s));
  return *optimisers_.back().second;
}

Adam& Method::add_optimiser(const std::string& name, const std::vector<std::shared_ptr<Network>>& networks) {
  std::vector<Tensor> parameters;
  for (const auto& network : networks) {
    for (const Tensor& t : network->trainable()) parameters.push_back(t);
  }
  return add_optimiser(name, std::move(parameters));
}

void Method::update_averages(int64_t step) {
  for (const Trainee& t : trainees_) {
    if (!t.average) continue;
    std::vector<Tensor> averages, weights;
    for (size_t i = 0; i < t.network->state().size(); ++i) {
      averages.push_back(t.average->state()[i].tensor);
      weights.push_back(t.network->state()[i].tensor);
    }
    average_weights(averages, weights, settings_.ema, step);
  }
}

Tensor Method::fed(const Network& network, const Tensor& content) {
  const double scale = network.description().content_scale;
  if (scale == 1) return content;
  // Area average: for 1/4 every value is the mean of 4 × 4 pixels, as apply/ does it.
  const auto reduced = [&](int64_t side) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(side) * scale));
  };
  return at::adaptive_avg_pool2d(content, {reduced(content.size(2)), reduced(content.size(3))});
}

Tensor Method::run_generator(const Network& network, const Tensor& content, const Pass& pass) {
  return network(fed(network, content), pass);
}

Pass Method::pass_in(const std::vector<int64_t>& learnt) const {
  Pass pass;
  if (styles_.empty()) return pass;
  for (const int64_t style : learnt) pass.styles.push_back(static_cast<int64_t>(known_styles_) + style);
  return pass;
}

Tensor Method::generate(const Tensor& content, int64_t learnt) const {
  const at::NoGradGuard guard;
  Pass pass = pass_in({learnt});
  pass.train = false;
  return run_generator(exported(), content, pass);
}

Tensor Method::discriminator_loss(const Network& d, const Tensor& real, const Tensor& fake,
                                  Random& random) const {
  const Tensor real_seen = augment(real, settings_.augment, random);
  const Tensor fake_seen = augment(fake.detach(), settings_.augment, random);
  // The fake ones first, as pix2pix does: a batch norm's running statistics remember the order.
  const auto judged = d.run_together({fake_seen, real_seen});
  Tensor loss = gan_loss_.discriminator(judged[1], judged[0]);
  Pass plain;
  plain.plain = true;
  const auto critic = [&](const Tensor& x) { return d.run(x, plain); };
  if (gan_loss_.kind == GanLossKind::wasserstein) {
    Tensor alpha = at::empty({real.size(0), 1, 1, 1});
    for (int64_t i = 0; i < alpha.numel(); ++i)
      alpha.data_ptr<float>()[i] = static_cast<float>(random.uniform());
    loss = loss + settings_.lambda_gp * gradient_penalty(critic, real_seen, fake_seen, alpha);
  }
  if (settings_.r1 > 0) loss = loss + settings_.r1 / 2 * r1_penalty(critic, real_seen);
  return loss;
}

Tensor Method::generator_loss(const Network& d, const Tensor& fake, Random& random) const {
  Pass frozen;
  frozen.frozen = true;
  return gan_loss_.generator(d.run(augment(fake, settings_.augment, random), frozen));
}

void Method::begin_with(const model::Model& from, const std::string& file) {
  model::Model model = from;
  if (!settings_.from_style.empty() || styles_.empty())
    model = model::in_style(std::move(model), settings_.from_style, file, "--from-style");
  if (!styles_.empty()) model = model::with_styles(model, styles_);
  if (net::to_json(model.network) != net::to_json(generator_->description()))
    fail(ErrorKind::usage,
         "{} is not a {} generator with these settings, so training cannot begin with its weights; take its "
         "network over with --generator from",
         file, settings_.generator);
  load_generator(model.tensors, file);
}

void Method::load_generator(const model::TensorMap& tensors, const std::string& file) {
  generator_->load(tensors, file);
  if (average_) average_->load(tensors, file);
}

double Method::flops(const Network& network, int last_layer) const {
  const net::Description& d = network.description();
  const auto side = static_cast<int64_t>(std::llround(static_cast<double>(settings_.size) * d.content_scale));
  const int last = last_layer < 0 ? static_cast<int>(d.layers.size()) - 1 : last_layer;
  return 2.0 * static_cast<double>(settings_.batch) *
         static_cast<double>(net::macs_until(d, {d.in_channels(), side, side}, last));
}

std::vector<StateItem> Method::state() const {
  std::vector<StateItem> items;
  for (const Trainee& t : trainees_) {
    for (const Network::Entry& e : t.network->state()) items.push_back({t.name + "/" + e.name, e.tensor});
    if (!t.average) continue;
    for (const Network::Entry& e : t.average->state())
      items.push_back({t.name + ".average/" + e.name, e.tensor});
  }
  for (const auto& [name, optimiser] : optimisers_) {
    for (const auto& [part, tensor] : optimiser->state()) items.push_back({name + "/" + part, tensor});
  }
  return items;
}

void Method::set_precision(Precision precision) {
  for (const Trainee& t : trainees_) {
    t.network->set_precision(precision);
    if (t.average) t.average->set_precision(precision);
  }
}

std::unique_ptr<Method> make_method(const TrainSettings& settings, const std::vector<std::string>& styles) {
  if (settings.method == "cyclegan") return make_cyclegan(settings);
  if (settings.method == "cut" || settings.method == "fastcut") return make_cut(settings);
  if (settings.method == "paired") return make_paired(settings);
  if (settings.method == "classic") return make_classic(settings);
  if (settings.method == "swift" || settings.method == "multi") return make_swift(settings, styles);
  if (settings.method == "recurrent") return make_recurrent(settings);
  if (settings.method == "distil") return make_distil(settings);
  fail(ErrorKind::usage, "the method \"{}\" is not known", settings.method);
}

}  // namespace linmo::train
