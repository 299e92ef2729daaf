// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "linmo/core/error.h"
#include "linmo/core/overload.h"
#include "linmo/train/convolution.h"
#include "linmo/train/kernels.h"

namespace linmo::train {
namespace {

using at::Tensor;
using Kind = net::ParameterInfo::Kind;

void fill(Tensor& t, Random& random, const std::function<double(Random&)>& value) {
  float* p = t.data_ptr<float>();
  for (int64_t i = 0; i < t.numel(); ++i) p[i] = static_cast<float>(value(random));
}

void initialise(Tensor& t, const net::ParameterInfo& info, Init init, double gain, Random& random) {
  switch (info.kind) {
    case Kind::weight: {
      const auto receptive = static_cast<double>(info.shape[2] * info.shape[3]);
      // torch counts fan-in by dimension 1 and fan-out by dimension 0, for transposed convolutions too.
      const double fan_in = static_cast<double>(info.shape[1]) * receptive,
                   fan_out = static_cast<double>(info.shape[0]) * receptive;
      switch (init) {
        case Init::normal:
          fill(t, random, [&](Random& r) { return gain * r.normal(); });
          break;
        case Init::xavier: {
          const double s = gain * std::sqrt(2.0 / (fan_in + fan_out));
          fill(t, random, [&](Random& r) { return s * r.normal(); });
          break;
        }
        case Init::kaiming: {
          const double s = gain * std::sqrt(2.0 / fan_in);
          fill(t, random, [&](Random& r) { return s * r.normal(); });
          break;
        }
        case Init::keras: {
          const double limit = std::sqrt(6.0 / (fan_in + fan_out));
          fill(t, random, [&](Random& r) { return r.uniform(-limit, limit); });
          break;
        }
      }
      break;
    }
    case Kind::norm_weight:
      if (init == Init::normal)
        fill(t, random, [&](Random& r) { return 1.0 + gain * r.normal(); });
      else
        t.fill_(1);
      break;
    case Kind::running_var:
      t.fill_(1);
      break;
    case Kind::prelu:
      t.fill_(0.25);
      break;
    case Kind::filter: {
      const std::vector<float> taps =
          info.shape[3] == 3 ? std::vector<float>{1, 2, 1} : std::vector<float>{1, 3, 3, 1};
      const float sum =
          info.shape[3] == 3 ? 16.f : 16.f;  // 4·4/64 for the transposed one: its gain is stride² = 4
      float* p = t.data_ptr<float>();
      const auto k = static_cast<int64_t>(taps.size());
      for (int64_t i = 0; i < t.numel(); ++i) {
        p[i] = taps[static_cast<size_t>(i / k % k)] * taps[static_cast<size_t>(i % k)] / sum;
      }
      break;
    }
    case Kind::bias:
    case Kind::norm_bias:
    case Kind::running_mean:
    case Kind::batches_tracked:
      break;  // zeros
  }
}

// Matrix of a spectrally normalised weight: out × everything else.
Tensor as_matrix(const Tensor& w) {
  return w.reshape({w.size(0), -1});
}

}  // namespace

Network::Network(net::Description description, Init init, double gain, Random random)
    : description_(std::move(description)) {
  layer_state_.resize(description_.layers.size());
  for (size_t i = 0; i < description_.layers.size(); ++i) convolutions_.push_back(make_convolution_state());
  for (const net::ParameterInfo& info : net::parameters(description_)) {
    Tensor t = at::zeros(info.shape, info.kind == Kind::batches_tracked ? at::kLong : at::kFloat);
    initialise(t, info, init, gain, random);
    t.set_requires_grad(info.trainable());
    layer_state_[static_cast<size_t>(info.layer)].push_back(static_cast<int>(state_.size()));
    state_.push_back({info.name, t, info.trainable()});
  }
  for (size_t i = 0; i < description_.layers.size(); ++i) {
    const auto* conv = std::get_if<net::Conv>(&description_.layers[i].op);
    if (!conv || !conv->spectral_norm) continue;
    // torch.nn.utils.spectral_norm's buffers: unit vectors, refined by one power iteration a training pass.
    const Tensor matrix = as_matrix(parameter(static_cast<int>(i), 0)).detach();
    for (const auto& [suffix, size] :
         {std::pair{"weight_u", matrix.size(0)}, std::pair{"weight_v", matrix.size(1)}}) {
      Tensor v = at::zeros({size}, at::kFloat);
      fill(v, random, [](Random& r) { return r.normal(); });
      v.div_(v.norm());
      layer_state_[i].push_back(static_cast<int>(state_.size()));
      state_.push_back({fmt::format("{}.{}", description_.layers[i].name, suffix), v, false});
    }
  }
  // What is done in one pass: instance norm + activation, instance norm + sum.
  std::vector<int> readers(description_.layers.size(), 0);
  for (const net::Layer& layer : description_.layers) {
    for (const int k : layer.inputs) ++readers[static_cast<size_t>(k)];
  }
  for (const int k : description_.outputs) readers[static_cast<size_t>(k)] += 2;
  for (const auto& [name, k] : description_.taps) readers[static_cast<size_t>(k)] += 2;
  for (const auto& [memory, k] : description_.memories) readers[static_cast<size_t>(k)] += 2;
  for (size_t i = 0; i < description_.layers.size(); ++i) {
    Step step{static_cast<int>(i)};
    const auto* norm = std::get_if<net::Norm>(&description_.layers[i].op);
    if (norm && norm->kind == net::NormKind::instance) {
      step.norm = static_cast<int>(i);
      if (readers[i] == 1 && i + 1 < description_.layers.size()) {
        const net::Layer& next = description_.layers[i + 1];
        const bool reads =
            std::find(next.inputs.begin(), next.inputs.end(), static_cast<int>(i)) != next.inputs.end();
        const auto* activation = std::get_if<net::Activation>(&next.op);
        if (reads && activation &&
            (activation->kind == net::ActivationKind::relu ||
             activation->kind == net::ActivationKind::leaky_relu)) {
          step.layer = static_cast<int>(++i);
        } else if (reads && std::holds_alternative<net::Add>(next.op) && next.inputs.size() == 2) {
          step.residual = next.inputs[0] == static_cast<int>(i) ? next.inputs[1] : next.inputs[0];
          step.layer = static_cast<int>(++i);
        }
      }
    }
    steps_.push_back(step);
  }
}

const Tensor& Network::parameter(int layer, int which) const {
  return state_[static_cast<size_t>(layer_state_[static_cast<size_t>(layer)].at(static_cast<size_t>(which)))]
      .tensor;
}

std::vector<Tensor> Network::trainable() const {
  std::vector<Tensor> list;
  for (const Entry& entry : state_) {
    if (entry.trainable) list.push_back(entry.tensor);
  }
  return list;
}

bool Network::differs_between_styles(size_t layer) const {
  const auto* norm = std::get_if<net::Norm>(&description_.layers[layer].op);
  return norm && norm->styles > 1;
}

std::vector<Tensor> Network::trainable_where(bool styles) const {
  std::vector<Tensor> list;
  for (size_t i = 0; i < layer_state_.size(); ++i) {
    if (differs_between_styles(i) != styles) continue;
    for (const int entry : layer_state_[i]) {
      const Entry& e = state_[static_cast<size_t>(entry)];
      if (e.trainable) list.push_back(e.tensor);
    }
  }
  return list;
}

void Network::learn_last(double share) {
  std::vector<const std::vector<int>*> layers;
  for (const std::vector<int>& entries : layer_state_) {
    if (!entries.empty()) layers.push_back(&entries);
  }
  const auto learning = static_cast<size_t>(std::ceil(share * static_cast<double>(layers.size())));
  for (size_t i = 0; i + learning < layers.size(); ++i) {
    for (const int entry : *layers[i]) {
      state_[static_cast<size_t>(entry)].trainable = false;
      state_[static_cast<size_t>(entry)].tensor.set_requires_grad(false);
    }
  }
}

void Network::learn_styles() {
  for (size_t i = 0; i < layer_state_.size(); ++i) {
    if (differs_between_styles(i)) continue;
    for (const int entry : layer_state_[i]) {
      state_[static_cast<size_t>(entry)].trainable = false;
      state_[static_cast<size_t>(entry)].tensor.set_requires_grad(false);
    }
  }
}

Tensor Network::style_rows(const Tensor& weight, int styles, const Pass& pass) const {
  if (styles == 1) return weight;
  for (const int64_t style : pass.styles) {
    if (style < 0 || style >= styles) fail(ErrorKind::usage, "there is no style {} of {}", style, styles);
  }
  if (pass.styles.empty()) fail(ErrorKind::usage, "which of the network's {} styles is not said", styles);
  if (pass.styles.size() == 1) return weight.select(0, pass.styles[0]);
  return weight.index_select(0, at::tensor(pass.styles, at::kLong));
}

Tensor Network::spectral_weight(int layer, const Pass& pass) const {
  const auto& indices = layer_state_[static_cast<size_t>(layer)];
  const Tensor w = pass.frozen ? parameter(layer, 0).detach() : parameter(layer, 0);
  Tensor u = state_[static_cast<size_t>(indices[indices.size() - 2])].tensor;
  Tensor v = state_[static_cast<size_t>(indices[indices.size() - 1])].tensor;
  const Tensor matrix = as_matrix(w);
  if (pass.train) {
    const at::NoGradGuard guard;
    constexpr double kEps = 1e-12;
    const Tensor nv = at::mv(matrix.detach().t(), u);
    v.copy_(nv / nv.norm().clamp_min(kEps));
    const Tensor nu = at::mv(matrix.detach(), v);
    u.copy_(nu / nu.norm().clamp_min(kEps));
  }
  // Copies: a later pass changes u and v before this one's backward has read them.
  const Tensor sigma = at::dot(u.clone(), at::mv(matrix, v.clone()));
  return w / sigma;
}

Tensor Network::weight(int layer, int which, const Pass& pass) const {
  const Tensor& w = parameter(layer, which);
  return pass.frozen ? w.detach() : w;
}

Tensor Network::weight(int layer, int which, const Pass& pass, at::ScalarType type) const {
  const Tensor w = weight(layer, which, pass);
  return w.scalar_type() == type ? w : w.to(type);
}

std::vector<Tensor> Network::run(const Tensor& x, const Pass& asked) const {
  Pass pass = asked;
  pass.plain |= precision_ == Precision::plain;
  std::vector<int> want = pass.want.empty() ? description_.outputs : pass.want;
  const size_t results_wanted = want.size();
  if (pass.memory) {
    for (const auto& [memory, source] : description_.memories) want.push_back(source);
  }
  std::vector<char> needed(description_.layers.size(), 0);
  for (const int k : want) needed[static_cast<size_t>(k)] = 1;
  for (size_t l = needed.size(); l-- > 0;) {
    if (!needed[l]) continue;
    for (const int k : description_.layers[l].inputs) needed[static_cast<size_t>(k)] = 1;
  }
  std::vector<int> last_use(description_.layers.size(), -1);
  for (const Step& step : steps_) {
    if (!needed[static_cast<size_t>(step.layer)]) continue;
    for (int l = step.norm >= 0 ? step.norm : step.layer; l <= step.layer; ++l) {
      for (const int k : description_.layers[static_cast<size_t>(l)].inputs)
        last_use[static_cast<size_t>(k)] = step.layer;
    }
  }
  for (const int k : want) last_use[static_cast<size_t>(k)] = static_cast<int>(description_.layers.size());
  std::vector<Tensor> results(description_.layers.size());
  const bool bf16 = precision_ == Precision::bf16 && !pass.plain;
  const at::ScalarType wide = state_.empty() ? at::kFloat : state_[0].tensor.scalar_type();
  results[0] = x.to(bf16 ? at::kBFloat16 : wide);
  results[0] =
      results[0].contiguous(pass.plain ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast);
  for (const Step& step : steps_) {
    if (!needed[static_cast<size_t>(step.layer)]) continue;
    if (step.layer != 0) results[static_cast<size_t>(step.layer)] = run_layer(step, results, pass);
    for (size_t k = 0; k < results.size() && static_cast<int>(k) <= step.layer; ++k) {
      if (last_use[k] == step.layer && results[k].defined()) results[k].reset();
    }
  }
  std::vector<Tensor> out;
  for (const int k : want) out.push_back(results[static_cast<size_t>(k)].to(wide));
  if (pass.memory) {
    pass.memory->assign(out.begin() + static_cast<std::ptrdiff_t>(results_wanted), out.end());
    out.resize(results_wanted);
  }
  return out;
}

bool Network::batches_freely() const {
  return std::none_of(description_.layers.begin(), description_.layers.end(), [](const net::Layer& layer) {
    if (const auto* norm = std::get_if<net::Norm>(&layer.op)) return norm->kind == net::NormKind::batch;
    if (const auto* conv = std::get_if<net::Conv>(&layer.op)) return conv->spectral_norm;
    return std::holds_alternative<net::Dropout>(layer.op);
  });
}

std::vector<std::vector<Tensor>> Network::run_together(const std::vector<Tensor>& x) const {
  std::vector<std::vector<Tensor>> results;
  const bool alike = std::all_of(
      x.begin(), x.end(), [&](const Tensor& t) { return t.sizes().slice(1) == x[0].sizes().slice(1); });
  if (!alike || !batches_freely()) {
    for (const Tensor& t : x) results.push_back(run(t, {}));
    return results;
  }
  const std::vector<Tensor> all = run(at::cat(x, 0), {});
  int64_t first = 0;
  for (const Tensor& t : x) {
    std::vector<Tensor> own;
    for (const Tensor& y : all) own.push_back(y.narrow(0, first, t.size(0)));
    results.push_back(std::move(own));
    first += t.size(0);
  }
  return results;
}

Tensor Network::run_layer(const Step& step, const std::vector<Tensor>& results, const Pass& pass) const {
  const net::Layer& layer = description_.layers[static_cast<size_t>(step.layer)];
  const auto in = [&](size_t k) -> const Tensor& { return results[static_cast<size_t>(layer.inputs.at(k))]; };
  if (step.norm >= 0) {
    const net::Layer& norm_layer = description_.layers[static_cast<size_t>(step.norm)];
    const auto& norm = std::get<net::Norm>(norm_layer.op);
    const Tensor& x = results[static_cast<size_t>(norm_layer.inputs[0])];
    NormEpilogue epilogue;
    if (const auto* activation = std::get_if<net::Activation>(&layer.op)) {
      epilogue.kind = activation->kind == net::ActivationKind::relu ? NormEpilogue::Kind::relu
                                                                    : NormEpilogue::Kind::leaky_relu;
      epilogue.slope = activation->slope;
    }
    const Tensor residual = step.residual >= 0 ? results[static_cast<size_t>(step.residual)] : Tensor();
    const auto wide = x.scalar_type() == at::kBFloat16 ? at::kFloat : x.scalar_type();
    const auto row = [&](int which) {
      return norm.affine ? style_rows(weight(step.norm, which, pass, wide), norm.styles, pass) : Tensor();
    };
    const Tensor gamma = row(0), beta = row(1);
    if (gamma.defined() && gamma.dim() == 2 && gamma.size(0) != x.size(0))
      fail(ErrorKind::usage, "{} styles are named for {} pictures", gamma.size(0), x.size(0));
    return (pass.plain ? instance_norm_plain : instance_norm)(x, gamma, beta, norm.eps, epilogue, residual);
  }
  const int index = step.layer;
  const at::ScalarType type = in(0).scalar_type();
  const auto in_float = [&](auto&& f) {  // for operations that libtorch 1.13 has no (good) bf16 path for
    return type == at::kBFloat16 ? f(in(0).to(at::kFloat)).to(type) : f(in(0));
  };
  // Pictures leave in fp32: bf16 near ±1 is coarser than a grey level.
  const bool leaves = std::find(description_.outputs.begin(), description_.outputs.end(), index) !=
                      description_.outputs.end();
  const auto curve = [&](auto&& f) {
    return leaves && type == at::kBFloat16 ? f(in(0).to(at::kFloat)) : in_float(f);
  };
  return std::visit(
      Overload{
          [&](const net::Input&) { return in(0); },
          [&](const net::Conv& op) {
            const Tensor w = op.spectral_norm ? spectral_weight(index, pass) : weight(index, 0, pass);
            const Tensor b = op.bias ? weight(index, 1, pass) : Tensor();
            if (pass.plain) return convolution_plain(in(0), w, b, op);
            return convolution(in(0), w, b, op, convolutions_[static_cast<size_t>(index)], !op.spectral_norm);
          },
          [&](const net::ConvTranspose& op) {
            const Tensor w = weight(index, 0, pass), b = op.bias ? weight(index, 1, pass) : Tensor();
            if (pass.plain) return transposed_convolution_plain(in(0), w, b, op);
            return transposed_convolution(in(0), w, b, op, convolutions_[static_cast<size_t>(index)], true);
          },
          [&](const net::Pad& op) { return pass.plain ? pad_plain(in(0), op) : pad(in(0), op); },
          [&](const net::Norm& op) {
            return in_float([&](const Tensor& x) {
              const Tensor w = op.affine ? weight(index, 0, pass, x.scalar_type()) : Tensor();
              const Tensor b = op.affine ? weight(index, 1, pass, x.scalar_type()) : Tensor();
              if (op.kind == net::NormKind::batch) {
                const int first = op.affine ? 2 : 0;
                Tensor tracked = parameter(index, first + 2);
                if (pass.train) tracked.add_(1);
                return at::batch_norm(x, w, b, parameter(index, first), parameter(index, first + 1),
                                      pass.train, op.momentum, op.eps, false);
              }
              return at::group_norm(x, op.kind == net::NormKind::layer ? 1 : op.groups, w, b, op.eps);
            });
          },
          [&](const net::Activation& op) {
            switch (op.kind) {
              case net::ActivationKind::relu:
                return at::relu(in(0));
              case net::ActivationKind::leaky_relu:
                return at::leaky_relu(in(0), op.slope);
              case net::ActivationKind::tanh:
                return curve([](const Tensor& x) { return at::tanh(x); });
              case net::ActivationKind::sigmoid:
                return curve([](const Tensor& x) { return at::sigmoid(x); });
              case net::ActivationKind::prelu:
                return at::prelu(in(0), weight(index, 0, pass, type));
            }
            return in(0);
          },
          [&](const net::Add&) {
            Tensor sum = in(0);
            for (size_t k = 1; k < layer.inputs.size(); ++k) sum = sum + in(k);
            return sum;
          },
          [&](const net::Concat&) {
            std::vector<Tensor> parts;
            for (size_t k = 0; k < layer.inputs.size(); ++k) parts.push_back(in(k));
            return at::cat(parts, 1);
          },
          [&](const net::Upsample& op) {
            if (op.mode == net::Interpolation::nearest)
              return pass.plain ? upsample_nearest_plain(in(0), op.factor)
                                : upsample_nearest(in(0), op.factor);
            return in_float([&](const Tensor& x) {
              return at::upsample_bilinear2d(x, {x.size(2) * op.factor, x.size(3) * op.factor},
                                             op.align_corners);
            });
          },
          [&](const net::BlurDown& op) {
            const net::Pad reflect{net::PadMode::reflect, 1, 1, 1, 1};
            const Tensor padded = pass.plain ? pad_plain(in(0), reflect) : pad(in(0), reflect);
            return at::conv2d(padded, weight(index, 0, pass, type), Tensor(), 2, at::IntArrayRef({0, 0}), 1,
                              op.channels);
          },
          [&](const net::BlurUp&) {
            // The filter [1 3 3 1]/4 at stride 2 with replicated borders is bilinear enlargement by two.
            return in_float([&](const Tensor& x) {
              return at::upsample_bilinear2d(x, {x.size(2) * 2, x.size(3) * 2}, false);
            });
          },
          [&](const net::Dropout& op) { return at::dropout(in(0), op.p, pass.train); },
          [&](const net::PixelShuffle& op) { return at::pixel_shuffle(in(0), op.factor); },
          [&](const net::PixelUnshuffle& op) { return at::pixel_unshuffle(in(0), op.factor); },
          [&](const net::Pool& op) {
            return in_float([&](const Tensor& x) {
              if (op.maximum) return at::max_pool2d(x, op.kernel, op.stride, op.pad);
              return at::avg_pool2d(x, op.kernel, op.stride, op.pad, false, op.count_pad);
            });
          },
          [&](const net::GlobalPool&) {
            return at::mean(in(0), {2, 3}, true);
          },
          [&](const net::ScaleShift& op) {
            const auto numbers = [&](const std::vector<double>& v) {
              return at::tensor(v, at::kDouble).to(type).view({1, static_cast<int64_t>(v.size()), 1, 1});
            };
            return in(0) * numbers(op.scale) + numbers(op.shift);
          },
          [&](const net::Multiply&) {
            Tensor product = in(0);
            for (size_t k = 1; k < layer.inputs.size(); ++k) product = product * in(k);
            return product;
          },
          [&](const net::Memory& op) {
            const Tensor& like = in(0);
            if (!pass.memory || pass.memory->empty()) {
              Tensor zeros = at::zeros({like.size(0), op.channels, like.size(2), like.size(3)}, type);
              return pass.plain ? zeros : zeros.contiguous(at::MemoryFormat::ChannelsLast);
            }
            size_t which = 0;
            while (description_.memories[which].first != index) ++which;
            return pass.memory->at(which).to(type);
          },
      },
      layer.op);
}

model::TensorMap Network::to_tensors() const {
  model::TensorMap map;
  for (const Entry& entry : state_) map[entry.name] = from_torch(entry.tensor);
  return map;
}

void Network::load(const model::TensorMap& tensors, std::string_view from) {
  const at::NoGradGuard guard;
  for (Entry& entry : state_) {
    const auto it = tensors.find(entry.name);
    if (it == tensors.end()) {
      if (entry.name.ends_with("num_batches_tracked")) continue;
      fail(ErrorKind::input, "{}: the parameter {} is missing", from, entry.name);
    }
    const Tensor value = to_torch(it->second);
    if (value.sizes() != entry.tensor.sizes()) {
      fail(ErrorKind::input, "{}: {} has the shape [{}] instead of [{}]", from, entry.name,
           fmt::join(value.sizes().begin(), value.sizes().end(), ", "),
           fmt::join(entry.tensor.sizes().begin(), entry.tensor.sizes().end(), ", "));
    }
    entry.tensor.copy_(value);
  }
}

void Network::to_double() {
  for (Entry& entry : state_) {
    if (entry.tensor.scalar_type() == at::kFloat) {
      entry.tensor = entry.tensor.detach().to(at::kDouble).set_requires_grad(entry.trainable);
    }
  }
}

void Network::detach_from(const Network& original) {
  for (auto& state : convolutions_) state = make_convolution_state();
  for (size_t i = 0; i < state_.size(); ++i) state_[i].tensor = original.state_[i].tensor.detach().clone();
}

Tensor to_torch(const model::Tensor& tensor) {
  if (tensor.dtype() == model::DType::i64) {
    Tensor t = at::empty(tensor.shape(), at::kLong);
    std::memcpy(t.data_ptr(), tensor.bytes().data(), tensor.bytes().size());
    return t;
  }
  Tensor t = at::empty(tensor.shape(), at::kFloat);
  if (tensor.dtype() == model::DType::f32) {
    std::memcpy(t.data_ptr(), tensor.bytes().data(), tensor.bytes().size());
  } else {
    const std::vector<float> values = tensor.floats();
    std::memcpy(t.data_ptr(), values.data(), values.size() * sizeof(float));
  }
  return t;
}

model::Tensor from_torch(const Tensor& tensor) {
  const bool integer = tensor.scalar_type() == at::kLong;
  const Tensor t = tensor.detach().to(integer ? at::kLong : at::kFloat).contiguous();
  model::Tensor out(integer ? model::DType::i64 : model::DType::f32, t.sizes().vec());
  std::memcpy(out.mutable_bytes().data(), t.data_ptr(), out.bytes().size());
  return out;
}

}  // namespace linmo::train
