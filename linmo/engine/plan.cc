// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/plan.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <set>
#include <string>

#include "linmo/core/error.h"

namespace linmo::engine {
namespace {

using dnnl::memory;
constexpr size_t kAlignment = 64;

memory::data_type data_type(Type type) {
  switch (type) {
    case Type::bf16:
      return memory::data_type::bf16;
    case Type::u8:
      return memory::data_type::u8;
    case Type::s8:
      return memory::data_type::s8;
    case Type::f32:
      break;
  }
  return memory::data_type::f32;
}

std::string key_of(const ConvStep& step) {
  return fmt::format("{} {} {} {} {} {}", step.layer, step.batch_norm, static_cast<int>(step.form),
                     step.phase_y, step.phase_x, step.quantised);
}

// Equal where oneDNN most likely runs the same code.
std::string code_of(const ConvStep& step, const Program& program) {
  const net::Shape in = program.values[static_cast<size_t>(step.in.value)].shape;
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", in.height, in.width, step.in_channels,
                     step.out_channels, step.kernel_h, step.kernel_w, step.stride, step.activation >= 0,
                     step.quantised ? step.layer : -1, static_cast<int>(step.form));
}

AlignedBytes allocate(uint64_t bytes) {
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t unit = bytes >= 4 * kHugePage ? kHugePage : kAlignment;
  const size_t rounded = (static_cast<size_t>(bytes) + unit) / unit * unit;
  AlignedBytes p(static_cast<std::byte*>(std::aligned_alloc(unit, rounded)));
  if (!p) fail(ErrorKind::limit, "no memory for {} MB of working space; use smaller tiles", bytes >> 20);
#ifdef __linux__
  // Touching fresh memory page by page costs more than the norms do; a refusal does no harm.
  if (unit == kHugePage) madvise(p.get(), rounded, MADV_HUGEPAGE);
#endif
  return p;
}

dnnl::post_ops post_ops(const net::Description& d, int layer) {
  dnnl::post_ops ops;
  if (layer < 0) return ops;
  const auto& activation = std::get<net::Activation>(d.layers[static_cast<size_t>(layer)].op);
  switch (activation.kind) {
    case net::ActivationKind::relu:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
      break;
    case net::ActivationKind::leaky_relu:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, static_cast<float>(activation.slope), 0);
      break;
    case net::ActivationKind::tanh:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_tanh, 0, 0);
      break;
    case net::ActivationKind::sigmoid:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_logistic, 0, 0);
      break;
    case net::ActivationKind::prelu:
      break;  // never fused: see program.cc
  }
  return ops;
}

}  // namespace

void refuse(const dnnl::error& error, std::string_view family, int64_t height, int64_t width) {
  if (error.status == dnnl_out_of_memory)
    fail(ErrorKind::limit, "no memory for a picture of {} × {}; use smaller tiles", width, height);
  fail(ErrorKind::input, "oneDNN cannot run the network {}: {}", family, error.what());
}

WeightStore::Packed WeightStore::conv(const ConvStep& step, const memory::desc& wanted,
                                      const dnnl::engine& engine) {
  const std::string key = key_of(step);
  const std::vector<float>* unit = step.quantised ? &scales(step) : nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto [from, to] = convs_.equal_range(key);
    for (auto it = from; it != to; ++it) {
      if (it->second.desc == wanted) return it->second.packed;
    }
  }
  ConvWeights plain = conv_weights(description_, tensors_, step);
  const bool grouped = step.groups > 1;
  memory::dims dims = {step.out_channels / step.groups, step.in_channels / step.groups, step.kernel_h,
                       step.kernel_w};
  if (grouped) dims.insert(dims.begin(), step.groups);
  const memory::desc plain_desc(dims, memory::data_type::f32,
                                grouped ? memory::format_tag::goihw : memory::format_tag::oihw);
  memory source(plain_desc, engine, plain.weight.data());
  Packed packed{memory(wanted, engine),
                memory({{step.out_channels}, memory::data_type::f32, memory::format_tag::a}, engine)};
  dnnl::primitive_attr attributes;
  if (unit) {
    // oneDNN multiplies sum and bias by the unit, so the bias goes in divided by it.
    const std::vector<float>& input = quantisation_.at(step.layer).scale;
    const size_t each = plain.weight.size() / plain.bias.size(), taps = each / input.size();
    for (size_t k = 0; k < plain.weight.size(); ++k) plain.weight[k] *= input[k % each / taps];
    std::vector<float> inverse(unit->size());
    for (size_t o = 0; o < inverse.size(); ++o) {
      inverse[o] = 1 / (*unit)[o];
      plain.bias[o] *= inverse[o];
    }
    attributes.set_output_scales(1, inverse);
  }
  dnnl::stream stream(engine);
  const dnnl::reorder::primitive_desc reorder(source, packed.weight, attributes);
  dnnl::reorder(reorder).execute(stream, source, packed.weight);
  stream.wait();
  std::memcpy(packed.bias.get_data_handle(), plain.bias.data(), plain.bias.size() * sizeof(float));
  const std::lock_guard lock(mutex_);
  convs_.emplace(key, Entry{wanted, packed});
  return packed;
}

const std::vector<float>& WeightStore::scales(const ConvStep& step) {
  const std::string key = key_of(step);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = scales_.find(key); found != scales_.end()) return found->second;
  }
  std::vector<float> made =
      weight_scales(conv_weights(description_, tensors_, step), quantisation_.at(step.layer).scale);
  const std::lock_guard lock(mutex_);
  return scales_.try_emplace(key, std::move(made)).first->second;
}

const std::vector<float>& WeightStore::quant_factor(int layer) {
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = quant_factors_.try_emplace(layer);
  if (fresh) {
    for (const float s : quantisation_.at(layer).scale) place->second.push_back(1 / s);
  }
  return place->second;
}

const ScaleShift& WeightStore::affine(int layer, int64_t channels) {
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = affine_.try_emplace({layer, channels});
  if (fresh) place->second = scale_shift(description_, tensors_, layer, channels);
  return place->second;
}

const std::vector<float>& WeightStore::slope(int layer, int64_t channels) {
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = slopes_.try_emplace({layer, channels});
  if (fresh) place->second = slopes(description_, tensors_, layer, channels);
  return place->second;
}

const std::vector<float>& WeightStore::blur(int layer) {
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = blurs_.try_emplace(layer);
  if (fresh) place->second = blur_filter(description_, tensors_, layer);
  return place->second;
}

Plan::Plan(const net::Description& description, net::Shape input, Type type, WeightStore& weights,
           const dnnl::engine& engine, Type result)
    : description_(description),
      program_(compile(description, input, type, weights.quantisation(), result)),
      weights_(weights),
      engine_(engine),
      convolutions_(program_.steps.size()) {
  // Code is generated for each, which starting waits for: on all threads, first one of every kind, since
  // whoever asks for what another thread is at waits for it.
  std::vector<size_t> order, repeated;
  std::set<std::string> kinds;
  for (size_t i = 0; i < program_.steps.size(); ++i) {
    if (const auto* step = std::get_if<ConvStep>(&program_.steps[i]))
      (kinds.insert(code_of(*step, program_)).second ? order : repeated).push_back(i);
  }
  order.insert(order.end(), repeated.begin(), repeated.end());
  std::mutex mutex;
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < order.size(); ++i) {
    try {
      convolutions_[order[i]] = make_convolution(std::get<ConvStep>(program_.steps[order[i]]));
    } catch (...) {  // none may leave a parallel loop
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  // Weights are packed one after another: oneDNN's reordering to s8 adds up what its own threads found, and
  // gives wrong sums when it is run inside a parallel loop (2.6.3).
  for (size_t i = 0; i < program_.steps.size(); ++i) {
    const auto* step = std::get_if<ConvStep>(&program_.steps[i]);
    if (!step) continue;
    Convolution& c = convolutions_[i];
    scratch_bytes_ = std::max<uint64_t>(scratch_bytes_, c.scratch.get_size());
    c.weights = weights_.conv(*step, c.packing, engine_);
  }
}

Plan::Convolution Plan::make_convolution(const ConvStep& step) const {
  const Value& in = program_.values[static_cast<size_t>(step.in.value)];
  const Value& out = program_.values[static_cast<size_t>(step.out)];
  const int64_t in_h = step.in.with_border ? in.stored_height() : in.shape.height;
  const int64_t in_w = step.in.with_border ? in.stored_width() : in.shape.width;
  const auto nhwc = memory::format_tag::nhwc;
  Convolution c;
  c.src = memory::desc({1, step.in_channels, in_h, in_w}, data_type(in.type), nhwc);
  c.dst = memory::desc({1, step.out_channels, out.stored_height(), out.stored_width()}, data_type(out.type),
                       nhwc);
  if (out.arrangement == Arrangement::phases)
    c.dst_offset =
        (2 * step.phase_y + step.phase_x) * out.stored_height() * out.stored_width() * out.stored_channels;
  memory::dims dims = {step.out_channels / step.groups, step.in_channels / step.groups, step.kernel_h,
                       step.kernel_w};
  if (step.groups > 1) dims.insert(dims.begin(), step.groups);
  const memory::desc weight(dims, step.quantised ? memory::data_type::s8 : data_type(in.type),
                            memory::format_tag::any);
  const memory::desc bias({step.out_channels}, memory::data_type::f32, memory::format_tag::a);
  const memory::dims strides = {step.stride, step.stride};
  const memory::dims before = {step.top, step.left}, after = {step.bottom, step.right};
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(post_ops(description_, step.activation));
  if (step.quantised) attributes.set_output_scales(1 << 1, weights_.scales(step));
  const auto prop = dnnl::prop_kind::forward_inference;
  if (step.form == ConvStep::Form::deconvolution) {
    const dnnl::deconvolution_forward::desc desc(prop, dnnl::algorithm::deconvolution_direct, c.src, weight,
                                                 bias, c.dst, strides, before, after);
    const dnnl::deconvolution_forward::primitive_desc primitive(desc, attributes, engine_);
    c.primitive = dnnl::deconvolution_forward(primitive);
    c.scratch = primitive.scratchpad_desc();
    c.packing = primitive.weights_desc();
  } else {
    const dnnl::convolution_forward::desc desc(prop, dnnl::algorithm::convolution_direct, c.src, weight, bias,
                                               c.dst, strides, before, after);
    const dnnl::convolution_forward::primitive_desc primitive(desc, attributes, engine_);
    c.primitive = dnnl::convolution_forward(primitive);
    c.scratch = primitive.scratchpad_desc();
    c.packing = primitive.weights_desc();
  }
  return c;
}

std::unique_ptr<Workspace> Plan::make_workspace() const {
  auto w = std::make_unique<Workspace>();
  w->arena = allocate(static_cast<uint64_t>(program_.arena_bytes));
  w->scratch = allocate(scratch_bytes_);
  w->arguments.resize(program_.steps.size());
  for (size_t i = 0; i < program_.steps.size(); ++i) {
    const auto* step = std::get_if<ConvStep>(&program_.steps[i]);
    if (!step) continue;
    const Convolution& c = convolutions_[i];
    std::byte* in = w->arena.get() + program_.offset[static_cast<size_t>(step->in.value)];
    const auto out = static_cast<size_t>(step->out);
    std::byte* to = w->arena.get() + program_.offset[out] + c.dst_offset * size_of(program_.values[out].type);
    w->arguments[i] = {{DNNL_ARG_SRC, memory(c.src, engine_, in)},
                       {DNNL_ARG_WEIGHTS, c.weights.weight},
                       {DNNL_ARG_BIAS, c.weights.bias},
                       {DNNL_ARG_DST, memory(c.dst, engine_, to)},
                       {DNNL_ARG_SCRATCHPAD, memory(c.scratch, engine_, w->scratch.get())}};
  }
  return w;
}

View Plan::view(const Workspace& w, Ref ref) const {
  const auto v = static_cast<size_t>(ref.value);
  return view_of(program_.values[v], w.arena.get() + program_.offset[v], ref.with_border);
}

View Plan::input(const Workspace& w) const {
  return view(w, {std::get<InputStep>(program_.steps[0]).out, false});
}

namespace {

// Statistics of a norm's groups from those of its channels, as scale and shift in front of the affine part.
void normalise(const net::Norm& norm, const Moments& m, const ScaleShift& affine, std::vector<float>& scale,
               std::vector<float>& shift) {
  const size_t channels = m.mean.size();
  size_t groups = channels;  // instance
  if (norm.kind == net::NormKind::group) groups = static_cast<size_t>(norm.groups);
  if (norm.kind == net::NormKind::layer) groups = 1;
  const size_t each = channels / groups;
  scale.resize(channels);
  shift.resize(channels);
  for (size_t g = 0; g < groups; ++g) {
    double mean = 0, m2 = 0;
    for (size_t c = g * each; c < (g + 1) * each; ++c) mean += m.mean[c] / static_cast<double>(each);
    for (size_t c = g * each; c < (g + 1) * each; ++c)
      m2 += m.m2[c] + m.count * (m.mean[c] - mean) * (m.mean[c] - mean);
    const double inverse = 1 / std::sqrt(m2 / (m.count * static_cast<double>(each)) + norm.eps);
    for (size_t c = g * each; c < (g + 1) * each; ++c) {
      const double factor = inverse * static_cast<double>(affine.scale[c]);
      scale[c] = static_cast<float>(factor);
      shift[c] = static_cast<float>(static_cast<double>(affine.shift[c]) - mean * factor);
    }
  }
}

}  // namespace

void Plan::run_map(const Workspace& w, const MapStep& step, const NormControl& norms) const {
  const View in = view(w, step.in);
  const int64_t channels = in.channels;
  const ScaleShift& affine = weights_.affine(step.norm, channels);
  MapTables tables{affine.scale.data(), affine.shift.data(), {}, {}};
  std::vector<float> scale, shift;
  if (step.statistics >= 0) {
    const auto k = static_cast<size_t>(step.statistics);
    const bool given = norms.given && k < norms.given->size();
    Moments own;
    if (!given || norms.record) own = moments(in, {0, 0, in.width, in.height});
    const auto& norm = std::get<net::Norm>(description_.layers[static_cast<size_t>(step.norm)].op);
    normalise(norm, given ? (*norms.given)[k] : own, affine, scale, shift);
    tables.scale = scale.data();
    tables.shift = shift.data();
    if (norms.record) (*norms.record)[k] = std::move(own);
  }
  const auto curve = [&](int layer) {
    Curve c;
    if (layer < 0) return c;
    const auto kind = std::get<net::Activation>(description_.layers[static_cast<size_t>(layer)].op).kind;
    if (kind == net::ActivationKind::tanh)
      c.kind = Curve::Kind::tanh;
    else if (kind == net::ActivationKind::sigmoid)
      c.kind = Curve::Kind::sigmoid;
    else
      c.slope = weights_.slope(layer, channels).data();
    return c;
  };
  tables.before = curve(step.before);
  tables.after = curve(step.after);
  View residual;
  if (step.residual.value >= 0) residual = view(w, step.residual);
  View out, quantised;
  if (step.out >= 0) out = view(w, {step.out, false});
  if (step.quantised < 0) return map_picture(in, residual, out, tables);
  quantised = view(w, {step.quantised, false});
  map_picture(in, residual, out, tables, quantised, weights_.quant_factor(step.quantised_for).data());
}

void Plan::run_layer(const Workspace& w, const LayerStep& step) const {
  const View in = view(w, step.in[0]), out = view(w, {step.out, false});
  const net::Op& op = description_.layers[static_cast<size_t>(step.layer)].op;
  if (const auto* up = std::get_if<net::Upsample>(&op)) {
    upsample(in, out, *up);
  } else if (std::holds_alternative<net::BlurDown>(op)) {
    blur_down(in, out, weights_.blur(step.layer).data());
  } else if (std::holds_alternative<net::BlurUp>(op)) {
    blur_up(in, out, weights_.blur(step.layer).data());
  } else if (const auto* p = std::get_if<net::Pool>(&op)) {
    pool(in, out, *p);
  } else if (std::holds_alternative<net::GlobalPool>(op)) {
    global_pool(in, out);
  } else if (const auto* shuffle = std::get_if<net::PixelShuffle>(&op)) {
    pixel_shuffle(in, out, shuffle->factor);
  } else if (const auto* unshuffle = std::get_if<net::PixelUnshuffle>(&op)) {
    pixel_unshuffle(in, out, unshuffle->factor);
  } else if (std::holds_alternative<net::Concat>(op)) {
    std::vector<View> parts;
    for (const Ref ref : step.in) parts.push_back(view(w, ref));
    concat(parts, out);
  } else if (std::holds_alternative<net::Multiply>(op)) {
    std::vector<View> parts;
    for (const Ref ref : step.in) parts.push_back(view(w, ref));
    multiply(parts, out);
  } else {
    fail(ErrorKind::usage, "the engine has no step for {}", net::op_name(op));
  }
}

void Plan::recall(const Workspace& w, const MemoryStep& step, const Memory* memory) const {
  const View out = view(w, {step.out, false});
  const auto i = static_cast<size_t>(step.memory);
  if (memory && !memory->empty() && !memory->values_[i].empty())
    return import_picture(memory->values_[i], Layout::interleaved, out);
  parallel(out.height, [&](int64_t y) {
    std::memset(out.at(y, 0), 0, static_cast<size_t>(out.width * out.channels * size_of(out.type)));
  });
}

void Plan::remember(const Workspace& w, Memory& memory) const {
  memory.values_.resize(program_.remembered.size());
  for (size_t i = 0; i < memory.values_.size(); ++i) {
    const Ref ref = program_.remembered[i];
    if (ref.value < 0) continue;
    const net::Shape shape = program_.shapes[static_cast<size_t>(description_.memories[i].second)];
    memory.values_[i].resize(static_cast<size_t>(shape.count()));
    const bool blocks = program_.values[static_cast<size_t>(ref.value)].arrangement == Arrangement::blocks;
    export_picture(view(w, ref), blocks, {0, 0, shape.width, shape.height}, shape.channels,
                   Layout::interleaved, memory.values_[i]);
  }
}

void Plan::run(Workspace& w, std::span<const float> in, Layout layout, Rect crop, std::span<float> out,
               const NormControl& norms, const InputObserver* observer, Memory* memory,
               const std::function<void(double)>& progress) const {
  dnnl::stream stream(engine_);
  const auto fill = [&](int value) {
    const auto v = static_cast<size_t>(value);
    fill_border(program_.values[v], w.arena.get() + program_.offset[v]);
  };
  for (size_t i = 0; i < program_.steps.size(); ++i) {
    const Step& step = program_.steps[i];
    if (const auto* input = std::get_if<InputStep>(&step)) {
      if (!in.empty()) import_picture(in, layout, view(w, {input->out, false}));
      fill(input->out);
    } else if (const auto* conv = std::get_if<ConvStep>(&step)) {
      if (observer && conv->phase_y == 0 && conv->phase_x == 0) {
        const View read = view(w, conv->in);
        for (int64_t y = 0; y < read.height; ++y)
          (*observer)(conv->layer, {reinterpret_cast<const float*>(read.at(y, 0)),
                                    static_cast<size_t>(read.width * read.channels)});
      }
      convolutions_[i].primitive.execute(stream, w.arguments[i]);
      stream.wait();
    } else if (const auto* map = std::get_if<MapStep>(&step)) {
      if (norms.collect >= 0 && map->statistics == norms.collect) {
        *norms.collected = moments(view(w, map->in), norms.collect_region);
        return;
      }
      run_map(w, *map, norms);
      if (map->out >= 0) fill(map->out);
      if (map->quantised >= 0) fill(map->quantised);
    } else if (const auto* other = std::get_if<LayerStep>(&step)) {
      run_layer(w, *other);
      fill(other->out);
    } else if (const auto* remembered = std::get_if<MemoryStep>(&step)) {
      recall(w, *remembered, memory);
      fill(remembered->out);
    }
    if (progress) progress(static_cast<double>(i + 1) / static_cast<double>(program_.steps.size()));
  }
  if (memory) remember(w, *memory);
  const Value& result = program_.values[static_cast<size_t>(program_.output.value)];
  export_picture(view(w, program_.output), result.arrangement == Arrangement::blocks, crop,
                 result.shape.channels, layout, out);
}

}  // namespace linmo::engine
