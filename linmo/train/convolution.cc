// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/convolution.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <dnnl.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "linmo/train/kernels.h"

namespace linmo::train {
namespace {

using at::Tensor;
using dnnl::memory;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = c10::optional<Tensor>;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Working memory is lent for each call. Left to oneDNN, every primitive keeps its own: half of what a step
// needs.
const dnnl::primitive_attr& with_lent_memory() {
  static const dnnl::primitive_attr attributes = [] {
    dnnl::primitive_attr a;
    a.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return a;
  }();
  return attributes;
}

void execute(const dnnl::primitive& primitive, std::unordered_map<int, memory> arguments) {
  static thread_local dnnl::stream stream(cpu());
  static thread_local Tensor lent;
  const memory::desc wanted(
      *dnnl_primitive_desc_query_md(primitive.get_primitive_desc(), dnnl_query_scratchpad_md, 0));
  if (const auto bytes = static_cast<int64_t>(wanted.get_size()); bytes > 0) {
    if (!lent.defined() || lent.numel() < bytes) {
      lent.reset();  // not beside the larger one
      lent = at::empty({bytes}, at::kByte);
    }
    arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(wanted, cpu(), lent.data_ptr()));
  }
  primitive.execute(stream, arguments);
  stream.wait();
}

memory::data_type type_of(at::ScalarType type) {
  return type == at::kBFloat16 ? memory::data_type::bf16 : memory::data_type::f32;
}

memory::desc plain_weights(const memory::dims& dims) {
  return {dims, memory::data_type::f32, memory::format_tag::oihw};
}

memory view(const memory::desc& desc, const Tensor& t) {
  return {desc, cpu(), t.data_ptr()};
}

Tensor bytes_for(const memory::desc& desc) {
  return at::empty({static_cast<int64_t>(desc.get_size())}, at::kByte);
}

dnnl::reorder reorder(const memory::desc& from, const memory::desc& to) {
  return dnnl::reorder({cpu(), from, cpu(), to, with_lent_memory()});
}

Tensor nhwc(const Tensor& t) {
  return t.contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor empty_nhwc(const memory::dims& dims, at::ScalarType type) {
  return at::empty(dims, at::TensorOptions(type).memory_format(at::MemoryFormat::ChannelsLast));
}

// A convolution: from the wide side (its source, C channels) to the narrow one (its result, O channels). A
// transposed convolution runs it backwards.
struct Geometry {
  memory::dims source, weights, result;  // N C H W · O C KH KW · N O H' W'
  int64_t stride = 1, pad_h = 0, pad_w = 0;
  at::ScalarType type = at::kFloat;
  bool bias = false;
  int threads = 1;  // oneDNN plans for the number of threads at hand
  bool operator==(const Geometry&) const = default;
};

}  // namespace

class ConvolutionState {
 public:
  struct Plan {
    Geometry geometry;
    dnnl::convolution_forward::primitive_desc forward_desc;
    std::optional<dnnl::convolution_backward_data::primitive_desc> data_desc;
    std::optional<dnnl::convolution_backward_weights::primitive_desc> weights_desc;
    dnnl::primitive forward, data, weights;
    dnnl::primitive
        unblock;  // the weights' gradients as oneDNN makes them → plain; empty where they are plain
  };

  Plan& plan(const Geometry& g) {
    const auto found = std::find_if(plans_.begin(), plans_.end(),
                                    [&](const std::unique_ptr<Plan>& p) { return p->geometry == g; });
    if (found != plans_.end()) return **found;
    // Sizes vary without bound only when pictures of any size pass through: not in training.
    if (plans_.size() >= 16) plans_.erase(plans_.begin());
    auto p = std::make_unique<Plan>();
    p->geometry = g;
    const memory::dims stride = {g.stride, g.stride}, pad = {g.pad_h, g.pad_w};
    const auto [source, result, weights] = picture_descs(g);
    const auto desc = g.bias ? dnnl::convolution_forward::desc(
                                   dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct,
                                   source, weights, bias_desc(g), result, stride, pad, pad)
                             : dnnl::convolution_forward::desc(dnnl::prop_kind::forward_training,
                                                               dnnl::algorithm::convolution_direct, source,
                                                               weights, result, stride, pad, pad);
    p->forward_desc = dnnl::convolution_forward::primitive_desc(desc, with_lent_memory(), cpu());
    p->forward = dnnl::convolution_forward(p->forward_desc);
    plans_.push_back(std::move(p));
    return *plans_.back();
  }

  static void need_data(Plan& p) {
    if (p.data_desc) return;
    const Geometry& g = p.geometry;
    const memory::dims stride = {g.stride, g.stride}, pad = {g.pad_h, g.pad_w};
    const auto [source, result, weights] = picture_descs(g);
    p.data_desc.emplace(dnnl::convolution_backward_data::desc(dnnl::algorithm::convolution_direct, source,
                                                              weights, result, stride, pad, pad),
                        with_lent_memory(), cpu(), p.forward_desc);
    p.data = dnnl::convolution_backward_data(*p.data_desc);
  }

  static void need_weights(Plan& p) {
    if (p.weights_desc) return;
    const Geometry& g = p.geometry;
    const memory::dims stride = {g.stride, g.stride}, pad = {g.pad_h, g.pad_w};
    const auto [source, result, weights] = picture_descs(g);
    // The gradient is summed and left in fp32 whatever the pictures are.
    const memory::desc gradient(g.weights, memory::data_type::f32, memory::format_tag::any);
    const auto desc =
        g.bias ? dnnl::convolution_backward_weights::desc(dnnl::algorithm::convolution_direct, source,
                                                          gradient, bias_desc(g), result, stride, pad, pad)
               : dnnl::convolution_backward_weights::desc(dnnl::algorithm::convolution_direct, source,
                                                          gradient, result, stride, pad, pad);
    p.weights_desc.emplace(desc, with_lent_memory(), cpu(), p.forward_desc);
    p.weights = dnnl::convolution_backward_weights(*p.weights_desc);
    const memory::desc made = p.weights_desc->diff_weights_desc(), wanted = plain_weights(g.weights);
    if (made != wanted) p.unblock = reorder(made, wanted);
  }

  // The fp32 weights in the form that a primitive wants; kept while they do not change.
  Tensor packed(const Tensor& weight, const memory::dims& dims, const memory::desc& wanted, bool constant) {
    RECORD_USER_SCOPE("linmo::pack");
    const Tensor plain = weight.contiguous();
    auto kept =
        std::find_if(packed_.begin(), packed_.end(), [&](const Packed& p) { return p.desc == wanted; });
    if (kept == packed_.end())
      kept = packed_.insert(packed_.end(), {wanted, reorder(plain_weights(dims), wanted), nullptr, 0, {}});
    // Never packed in place: a graph that is still to be run backwards may hold the old ones.
    const auto pack = [&] {
      Tensor bytes = bytes_for(wanted);
      execute(kept->reorder,
              {{DNNL_ARG_FROM, view(plain_weights(dims), plain)}, {DNNL_ARG_TO, view(wanted, bytes)}});
      return bytes;
    };
    if (!constant) return pack();
    const uint32_t version = weight.unsafeGetTensorImpl()->version_counter().current_version();
    if (kept->source != plain.data_ptr() || kept->version != version) {
      kept->bytes = pack();
      kept->source = plain.data_ptr();
      kept->version = version;
    }
    return kept->bytes;
  }

  static memory::desc picture(const memory::dims& dims, at::ScalarType type) {
    return {dims, type_of(type), memory::format_tag::nhwc};
  }
  static memory::desc bias_desc(const Geometry& g) {
    return {{g.weights[0]}, memory::data_type::f32, memory::format_tag::a};
  }

 private:
  struct Packed {
    memory::desc desc;
    dnnl::primitive reorder;
    const void* source;
    uint32_t version;
    Tensor bytes;
  };

  static std::array<memory::desc, 3> picture_descs(const Geometry& g) {
    return {picture(g.source, g.type), picture(g.result, g.type),
            memory::desc(g.weights, type_of(g.type), memory::format_tag::any)};
  }

  std::vector<std::unique_ptr<Plan>> plans_;
  std::vector<Packed> packed_;
};

std::shared_ptr<ConvolutionState> make_convolution_state() {
  return std::make_shared<ConvolutionState>();
}

namespace {

using State = std::shared_ptr<ConvolutionState>;

Tensor run_forward(ConvolutionState& state, const Geometry& g, const Tensor& source, const Tensor& packed,
                   const Tensor& bias) {
  const ConvolutionState::Plan& p = state.plan(g);
  Tensor result = empty_nhwc(g.result, g.type);
  std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, view(p.forward_desc.src_desc(), source)},
      {DNNL_ARG_WEIGHTS, view(p.forward_desc.weights_desc(), packed)},
      {DNNL_ARG_DST, view(p.forward_desc.dst_desc(), result)}};
  if (g.bias) arguments.emplace(DNNL_ARG_BIAS, view(ConvolutionState::bias_desc(g), bias));
  execute(p.forward, arguments);
  return result;
}

Tensor run_data(ConvolutionState& state, const Geometry& g, const Tensor& result, const Tensor& packed) {
  ConvolutionState::Plan& p = state.plan(g);
  ConvolutionState::need_data(p);
  Tensor source = empty_nhwc(g.source, g.type);
  execute(p.data, {{DNNL_ARG_DIFF_DST, view(p.data_desc->diff_dst_desc(), result)},
                   {DNNL_ARG_WEIGHTS, view(p.data_desc->weights_desc(), packed)},
                   {DNNL_ARG_DIFF_SRC, view(p.data_desc->diff_src_desc(), source)}});
  return source;
}

std::pair<Tensor, Tensor> run_weights(ConvolutionState& state, const Geometry& g, const Tensor& source,
                                      const Tensor& result) {
  ConvolutionState::Plan& p = state.plan(g);
  ConvolutionState::need_weights(p);
  const memory::desc made = p.weights_desc->diff_weights_desc();
  Tensor gradient = at::empty(g.weights, at::kFloat), bias;
  const bool same = !p.unblock;
  const Tensor blocked = same ? gradient : bytes_for(made);
  std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, view(p.weights_desc->src_desc(), source)},
      {DNNL_ARG_DIFF_DST, view(p.weights_desc->diff_dst_desc(), result)},
      {DNNL_ARG_DIFF_WEIGHTS, view(made, blocked)}};
  if (g.bias) {
    bias = at::empty({g.weights[0]}, at::kFloat);
    arguments.emplace(DNNL_ARG_DIFF_BIAS, view(ConvolutionState::bias_desc(g), bias));
  }
  execute(p.weights, arguments);
  if (!same)
    execute(p.unblock,
            {{DNNL_ARG_FROM, view(made, blocked)}, {DNNL_ARG_TO, view(plain_weights(g.weights), gradient)}});
  return {gradient, bias};
}

Tensor packed_for_data(ConvolutionState& state, const Geometry& g, const Tensor& weight, bool constant) {
  ConvolutionState::Plan& p = state.plan(g);
  ConvolutionState::need_data(p);
  return state.packed(weight, g.weights, p.data_desc->weights_desc(), constant);
}

// One call, as its backward pass needs it. Keeps the state alive as long as a graph does.
struct Call : torch::CustomClassHolder {
  Call(State s, Geometry g, bool back) : state(std::move(s)), geometry(std::move(g)), backwards(back) {}
  State state;
  Geometry geometry;
  bool backwards;  // a transposed convolution: source and result change places
  bool by_input = false, by_weight = false, by_bias = false;
};

class Convolution : public torch::autograd::Function<Convolution> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight,
                        const MaybeTensor& bias, const c10::intrusive_ptr<Call>& call, bool constant) {
    ConvolutionState& state = *call->state;
    const Geometry& g = call->geometry;
    const Tensor x = nhwc(input), w = weight.detach();
    call->by_input = input.requires_grad();
    call->by_weight = weight.requires_grad();
    call->by_bias = bias && bias->requires_grad();
    const auto packed_forward = [&] {
      return state.packed(w, g.weights, state.plan(g).forward_desc.weights_desc(), constant);
    };
    const auto packed_data = [&] { return packed_for_data(state, g, w, constant); };
    Tensor y;
    if (call->backwards) {
      y = run_data(state, g, x, packed_data());
      if (bias) add_bias(y, bias->detach());
    } else {
      y = run_forward(state, g, x, packed_forward(), bias ? bias->detach() : Tensor());
    }
    // Packed now: by the time of the backward pass an optimiser may have changed the weights.
    Tensor back;
    if (call->by_input) back = call->backwards ? packed_forward() : packed_data();
    context->save_for_backward({call->by_weight ? x : Tensor(), back});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto capsule = context->saved_data["call"].toCapsule();
    const Call& call = static_cast<const Call&>(*capsule);
    ConvolutionState& state = *call.state;
    const Geometry& g = call.geometry;
    const Tensor dy = nhwc(gradients[0].to(g.type));
    Tensor dx, dw, db;
    if (call.backwards) {
      if (call.by_input) dx = run_forward(state, g, dy, saved[1], Tensor());
      if (call.by_weight) dw = run_weights(state, g, dy, saved[0]).first;
      if (call.by_bias) db = channel_sums(dy);
    } else {
      if (call.by_input) dx = run_data(state, g, dy, saved[1]);
      if (call.by_weight) std::tie(dw, db) = run_weights(state, g, saved[0], dy);
      if (!call.by_bias) db = Tensor();
    }
    return {dx, dw, db, Tensor(), Tensor()};
  }
};

// oneDNN's x86 code computes in bf16 from AVX-512 on and refuses it below.
bool has_bf16() {
  static const bool found = [] {
    try {
      ConvolutionState().plan(
          {{1, 16, 4, 4}, {16, 16, 3, 3}, {1, 16, 4, 4}, 1, 1, 1, at::kBFloat16, false, 1});
      return true;
    } catch (const dnnl::error&) {
      return false;
    }
  }();
  return found;
}

// There the same sums of rounded numbers are made in fp32, slowly: libtorch's own bf16 rounds every sum, and
// has no transposed convolution.
bool is_emulated(const Tensor& x) {
  return x.scalar_type() == at::kBFloat16 && !has_bf16();
}

Tensor rounded(const Tensor& weight) {
  return weight.to(at::kBFloat16).to(at::kFloat);
}

bool handled(const Tensor& x) {
  return (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.numel() > 0;
}

Tensor run(const Tensor& x, const Tensor& weight, const Tensor& bias, const Geometry& g, const State& state,
           bool backwards, bool constant) {
  // libtorch 1.13 takes no undefined tensors here; optionals it does.
  return Convolution::apply(x, weight, bias.defined() ? MaybeTensor(bias) : MaybeTensor(),
                            c10::make_intrusive<Call>(state, g, backwards), constant);
}

// Few output channels leave most of a vector of 16 empty. Four neighbouring results at once are a convolution
// with stride 2, four times the channels and a kernel one larger, in which each of the four has its own
// place: out[2y + dy, 2x + dx] = Σ w[u, v] · in[2y + (u + dy), 2x + (v + dx)].
Tensor quads(const Tensor& x, const Tensor& weight, const Tensor& bias, const net::Conv& op,
             const State& state, int64_t h, int64_t w) {
  std::vector<Tensor> places;
  for (const int64_t dy : {0, 1}) {
    for (const int64_t dx : {0, 1})
      places.push_back(at::constant_pad_nd(weight, std::array<int64_t, 4>{dx, 1 - dx, dy, 1 - dy}, 0));
  }
  const int64_t n = x.size(0), c = weight.size(0);
  const Tensor kernel = at::cat(places, 0), biases = bias.defined() ? bias.repeat({4}) : bias;
  const Geometry g{x.sizes().vec(), kernel.sizes().vec(), {n, 4 * c, h / 2, w / 2}, 2, op.pad_h, op.pad_w,
                   x.scalar_type(), bias.defined(),       at::get_num_threads()};
  const Tensor y = run(x, kernel, biases, g, state, false, false);
  return y.permute({0, 2, 3, 1})
      .reshape({n, h / 2, w / 2, 2, 2, c})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({n, h, w, c})
      .permute({0, 3, 1, 2});
}

}  // namespace

Tensor convolution_plain(const Tensor& x, const Tensor& weight, const Tensor& bias, const net::Conv& op) {
  if (is_emulated(x)) return convolution_plain(x.to(at::kFloat), rounded(weight), bias, op).to(at::kBFloat16);
  const auto typed = [&](const Tensor& t) { return t.defined() ? t.to(x.scalar_type()) : t; };
  return at::conv2d(x, typed(weight), typed(bias), op.stride, at::IntArrayRef({op.pad_h, op.pad_w}), 1,
                    op.groups);
}

Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const net::Conv& op,
                   const State& state, bool constant) {
  if (is_emulated(x))
    return convolution(x.to(at::kFloat), rounded(weight), bias, op, state, false).to(at::kBFloat16);
  const int64_t h = (x.size(2) + 2 * op.pad_h - op.kernel_h) / op.stride + 1,
                w = (x.size(3) + 2 * op.pad_w - op.kernel_w) / op.stride + 1;
  const bool fits = x.size(2) + 2 * op.pad_h >= op.kernel_h && x.size(3) + 2 * op.pad_w >= op.kernel_w;
  if (!handled(x) || op.groups != 1 || !fits) return convolution_plain(x, weight, bias, op);
  if (op.out <= 4 && op.stride == 1 && op.kernel_h >= 3 && op.kernel_w >= 3 && h % 2 == 0 && w % 2 == 0)
    return quads(x, weight, bias, op, state, h, w);
  const Geometry g{x.sizes().vec(),
                   weight.sizes().vec(),
                   {x.size(0), weight.size(0), h, w},
                   op.stride,
                   op.pad_h,
                   op.pad_w,
                   x.scalar_type(),
                   bias.defined(),
                   at::get_num_threads()};
  RECORD_USER_SCOPE("linmo::convolution");
  return run(x, weight, bias, g, state, false, constant);
}

Tensor transposed_convolution_plain(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                    const net::ConvTranspose& op) {
  if (is_emulated(x))
    return transposed_convolution_plain(x.to(at::kFloat), rounded(weight), bias, op).to(at::kBFloat16);
  const auto typed = [&](const Tensor& t) { return t.defined() ? t.to(x.scalar_type()) : t; };
  return at::conv_transpose2d(x, typed(weight), typed(bias), op.stride, op.pad, op.output_pad);
}

Tensor transposed_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias,
                              const net::ConvTranspose& op, const State& state, bool constant) {
  if (is_emulated(x))
    return transposed_convolution(x.to(at::kFloat), rounded(weight), bias, op, state, false)
        .to(at::kBFloat16);
  const auto side = [&](int64_t n) { return (n - 1) * op.stride - 2 * op.pad + op.kernel + op.output_pad; };
  const int64_t h = side(x.size(2)), w = side(x.size(3));
  if (!handled(x) || h <= 0 || w <= 0) return transposed_convolution_plain(x, weight, bias, op);
  const Geometry g{{x.size(0), weight.size(1), h, w},
                   weight.sizes().vec(),
                   x.sizes().vec(),
                   op.stride,
                   op.pad,
                   op.pad,
                   x.scalar_type(),
                   false,
                   at::get_num_threads()};
  RECORD_USER_SCOPE("linmo::convolution");
  return run(x, weight, bias, g, state, true, constant);
}

}  // namespace linmo::train
