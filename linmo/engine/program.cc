// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/program.h"

#include <algorithm>
#include <numeric>

#include "linmo/core/error.h"

namespace linmo::engine {
namespace {

constexpr int64_t kAlignment = 64;

bool is_whole_picture_norm(const net::Layer& layer) {
  const auto* norm = std::get_if<net::Norm>(&layer.op);
  return norm && norm->kind != net::NormKind::batch;
}

std::vector<bool> needed_layers(const net::Description& d) {
  std::vector<bool> needed(d.layers.size());
  std::vector<int> open = {d.outputs[0]};
  while (!open.empty()) {
    const auto k = static_cast<size_t>(open.back());
    open.pop_back();
    if (needed[k]) continue;
    needed[k] = true;
    for (const int from : d.layers[k].inputs) open.push_back(from);
    for (const auto& [memory, source] : d.memories) {
      if (memory == static_cast<int>(k)) open.push_back(source);
    }
  }
  return needed;
}

class Compiler {
 public:
  Compiler(const net::Description& d, net::Shape input, Type type, Type result)
      : d_(d), type_(type), result_(result) {
    p_.shapes = net::infer_shapes(d, input);
    users_.resize(d.layers.size());
    for (size_t i = 0; i < d.layers.size(); ++i) {
      for (const int k : d.layers[i].inputs) users_[static_cast<size_t>(k)].push_back(static_cast<int>(i));
    }
    ref_.resize(d.layers.size());
    done_.resize(d.layers.size());
    needed_ = needed_layers(d);
    p_.statistics = whole_picture_norms(d);
    for (size_t i = 0; i < d.layers.size(); ++i) {
      std::erase_if(users_[i], [&](int k) { return !needed_[static_cast<size_t>(k)]; });
    }
    kept_.resize(d.layers.size());
    kept_[static_cast<size_t>(d.outputs[0])] = true;
    for (const auto& [memory, source] : d.memories) {
      if (needed_[static_cast<size_t>(memory)]) kept_[static_cast<size_t>(source)] = true;
    }
  }

  Program compile(const Quantisation& quantisation) {
    for (int i = 0; i < static_cast<int>(d_.layers.size()); ++i) {
      if (needed_[at(i)] && !done_[at(i)]) lower(i);
    }
    p_.output = ref_[at(d_.outputs[0])];
    for (const auto& [memory, source] : d_.memories)
      p_.remembered.push_back(needed_[at(memory)] ? ref_[at(source)] : Ref{});
    if (!quantisation.empty()) quantise(quantisation);
    plan_memory();
    return std::move(p_);
  }

 private:
  static size_t at(int i) { return static_cast<size_t>(i); }
  template <class T>
  const T* get(int i) const {
    return std::get_if<T>(&d_.layers[at(i)].op);
  }
  int input_of(int i) const { return d_.layers[at(i)].inputs[0]; }

  // The one layer that reads i, or −1: many, none, or i is the network's result or remembered.
  int sole_user(int i) const { return !kept_[at(i)] && users_[at(i)].size() == 1 ? users_[at(i)][0] : -1; }

  int new_value(net::Shape shape, Arrangement arrangement = Arrangement::plain) {
    Value v{shape, type_, arrangement, shape.channels, {}};
    p_.values.push_back(v);
    made_by_convolution_.push_back(false);
    aliased_.push_back(false);
    return static_cast<int>(p_.values.size()) - 1;
  }
  void finish(int layer, Ref ref) {
    ref_[at(layer)] = ref;
    done_[at(layer)] = true;
  }

  // A value in plain arrangement that a convolution can read: dense, margins only if `ref` shows them.
  Ref dense(Ref ref) {
    const Value& v = p_.values[at(ref.value)];
    if (!ref.with_border && v.border.any()) return copy(ref, {});
    return ref;
  }
  net::Shape shape_of(Ref ref) const {
    const Value& v = p_.values[at(ref.value)];
    return ref.with_border ? net::Shape{v.shape.channels, v.stored_height(), v.stored_width()} : v.shape;
  }
  Ref copy(Ref from, Border border) {
    const int out = new_value(shape_of(from));
    p_.values[at(out)].border = border;
    MapStep map;
    map.in = from;
    map.out = out;
    p_.steps.push_back(map);
    return {out, border.any()};
  }

  void lower(int i) {
    const net::Layer& layer = d_.layers[at(i)];
    if (std::holds_alternative<net::Input>(layer.op)) {
      const int out = new_value(p_.shapes[at(i)]);
      p_.steps.push_back(InputStep{out});
      finish(i, {out, false});
    } else if (std::holds_alternative<net::Conv>(layer.op)) {
      lower_conv(i);
    } else if (std::holds_alternative<net::ConvTranspose>(layer.op)) {
      lower_transposed(i);
    } else if (std::holds_alternative<net::Pad>(layer.op)) {
      lower_pad(i);
    } else if (std::holds_alternative<net::Dropout>(layer.op)) {
      finish(i, ref_[at(input_of(i))]);
      aliased_[at(ref_[at(i)].value)] = true;
    } else if (std::holds_alternative<net::Norm>(layer.op) ||
               std::holds_alternative<net::Activation>(layer.op) ||
               std::holds_alternative<net::Add>(layer.op) ||
               std::holds_alternative<net::ScaleShift>(layer.op)) {
      lower_map(i, ref_[at(input_of(i))]);
    } else if (std::holds_alternative<net::Memory>(layer.op)) {
      MemoryStep step;
      while (d_.memories[at(step.memory)].first != i) ++step.memory;
      step.out = new_value(p_.shapes[at(i)]);
      p_.steps.push_back(step);
      finish(i, {step.out, false});
    } else {
      if (std::holds_alternative<net::Upsample>(layer.op) && lower_upsampled_conv(i)) return;
      LayerStep step;
      step.layer = i;
      for (const int k : layer.inputs) step.in.push_back(ref_[at(k)]);
      step.out = new_value(p_.shapes[at(i)]);
      p_.steps.push_back(step);
      finish(i, {step.out, false});
    }
  }

  // Everything that can follow a convolution inside oneDNN; returns the last layer taken in.
  int absorb_after_conv(int i, ConvStep& step, bool activation_too = true) {
    int last = i;
    for (int next = sole_user(last); next >= 0; next = sole_user(last)) {
      const auto* norm = get<net::Norm>(next);
      const auto* activation = get<net::Activation>(next);
      if (norm && norm->kind == net::NormKind::batch && step.batch_norm < 0 && step.activation < 0) {
        step.batch_norm = next;
      } else if (activation && activation_too && activation->kind != net::ActivationKind::prelu &&
                 step.activation < 0) {
        step.activation = next;
      } else if (!get<net::Dropout>(next)) {
        break;
      }
      last = next;
      done_[at(last)] = true;
    }
    return last;
  }

  void lower_conv(int i) {
    const auto& conv = *get<net::Conv>(i);
    ConvStep step;
    step.layer = i;
    step.in_channels = conv.in, step.out_channels = conv.out, step.groups = conv.groups;
    step.kernel_h = conv.kernel_h, step.kernel_w = conv.kernel_w, step.stride = conv.stride;
    step.left = step.right = conv.pad_w;
    step.top = step.bottom = conv.pad_h;
    int from = input_of(i);
    if (const auto* pad = get<net::Pad>(from); pad && ref_[at(from)].value < 0) {  // zeros, left to us
      step.left += pad->left, step.right += pad->right, step.top += pad->top, step.bottom += pad->bottom;
      from = input_of(from);
    }
    step.in = dense(ref_[at(from)]);
    const int last = absorb_after_conv(i, step);
    net::Shape shape = p_.shapes[at(i)];
    const bool is_result = last == d_.outputs[0];
    // A picture of three channels wastes 13 of 16 lanes; four pixels as 12 channels waste fewer, although
    // the kernel grows by one.
    const bool block = is_result && conv.out <= 4 && conv.stride == 1 && conv.groups == 1 &&
                       conv.kernel_h >= 3 && conv.kernel_w >= 3 && conv.in >= 16 && shape.height % 2 == 0 &&
                       shape.width % 2 == 0;
    if (block) {
      step.form = ConvStep::Form::block;
      ++step.kernel_h, ++step.kernel_w;
      step.stride = 2;
      step.out_channels = 16;
    }
    step.out = new_value(shape, block ? Arrangement::blocks : Arrangement::plain);
    Value& out = p_.values[at(step.out)];
    if (block) out.stored_channels = step.out_channels;
    if (is_result) out.type = result_;
    made_by_convolution_[at(step.out)] = true;
    p_.steps.push_back(step);
    for (int k = i;; k = users_[at(k)][0]) {
      finish(k, {step.out, false});
      if (k == last) break;
    }
  }

  // Four convolutions that fill `out`'s phases, then one step that puts the pixels in their places and does
  // what follows.
  template <class SetPhase>
  void lower_phases(int i, ConvStep step, SetPhase&& set_phase) {
    const int last = absorb_after_conv(i, step);
    step.out = new_value(p_.shapes[at(i)], Arrangement::phases);
    made_by_convolution_[at(step.out)] = true;
    for (int phase = 0; phase < 4; ++phase) {
      step.phase_y = phase / 2, step.phase_x = phase % 2;
      set_phase(step);
      p_.steps.push_back(step);
    }
    done_[at(i)] = true;
    lower_map_chain(last, -1, {step.out, false});
  }

  void lower_transposed(int i) {
    const auto& up = *get<net::ConvTranspose>(i);
    ConvStep step;
    step.layer = i;
    step.in = dense(ref_[at(input_of(i))]);
    step.in_channels = up.in, step.out_channels = up.out;
    const net::Shape in = p_.shapes[at(input_of(i))], out = p_.shapes[at(i)];
    bool phases = up.stride == 2 && out.height % 2 == 0 && out.width % 2 == 0;
    // Zero padding that phase r needs before and after; negative where it reads less than there is, which
    // oneDNN does not take.
    const auto before = [&](const Taps& t) { return t.count - 1 - t.shift; };
    const auto after = [&](const Taps& t, int64_t size, int64_t result) {
      return static_cast<int>(result / 2 - 1 + t.shift - (size - 1));
    };
    for (int r = 0; r < 2 && phases; ++r) {
      const Taps t = transposed_taps(up.kernel, 2, up.pad, r);
      phases = t.count > 0 && before(t) >= 0 && after(t, in.height, out.height) >= 0 &&
               after(t, in.width, out.width) >= 0;
    }
    if (phases) {
      step.form = ConvStep::Form::transposed_phase;
      lower_phases(i, step, [&](ConvStep& s) {
        const Taps y = transposed_taps(up.kernel, 2, up.pad, s.phase_y);
        const Taps x = transposed_taps(up.kernel, 2, up.pad, s.phase_x);
        s.kernel_h = y.count, s.kernel_w = x.count;
        s.top = before(y), s.bottom = after(y, in.height, out.height);
        s.left = before(x), s.right = after(x, in.width, out.width);
      });
      return;
    }
    step.form = ConvStep::Form::deconvolution;
    step.kernel_h = step.kernel_w = up.kernel;
    step.stride = up.stride;
    step.left = step.right = step.top = step.bottom = up.pad;
    step.right -= up.output_pad, step.bottom -= up.output_pad;
    step.out = new_value(out);
    made_by_convolution_[at(step.out)] = true;
    p_.steps.push_back(step);
    finish(i, {step.out, false});
  }

  // Nearest × 2 and a zero-padded convolution of odd kernel: four convolutions on the small picture with
  // the taps that fall on one pixel summed (3 × 3: 16 products instead of 36).
  bool lower_upsampled_conv(int i) {
    const auto& up = *get<net::Upsample>(i);
    const int next = sole_user(i);
    if (up.mode != net::Interpolation::nearest || up.factor != 2 || next < 0) return false;
    const auto* conv = get<net::Conv>(next);
    if (!conv || conv->stride != 1 || conv->groups != 1 || conv->kernel_h != conv->kernel_w ||
        conv->kernel_h % 2 == 0 || conv->pad_h != conv->kernel_h / 2 || conv->pad_w != conv->pad_h ||
        conv->kernel_h < 3)
      return false;
    ConvStep step;
    step.form = ConvStep::Form::upsampled_phase;
    step.layer = next;
    step.in = dense(ref_[at(input_of(i))]);
    step.in_channels = conv->in, step.out_channels = conv->out;
    done_[at(i)] = true;
    lower_phases(next, step, [&](ConvStep& s) {
      const Reach y = upsampled_reach(conv->kernel_h, conv->pad_h, s.phase_y);
      const Reach x = upsampled_reach(conv->kernel_h, conv->pad_h, s.phase_x);
      s.kernel_h = y.high - y.low + 1, s.kernel_w = x.high - x.low + 1;
      s.top = -y.low, s.bottom = y.high, s.left = -x.low, s.right = x.high;
    });
    return true;
  }

  void lower_pad(int i) {
    const auto& pad = *get<net::Pad>(i);
    const int from = input_of(i);
    const Border border{pad.left, pad.right, pad.top, pad.bottom, pad.mode};
    const auto is_conv = [&](int k) { return get<net::Conv>(k) != nullptr; };
    if (!border.any()) return finish(i, ref_[at(from)]);
    if (pad.mode == net::PadMode::zero && !kept_[at(i)] && !get<net::Pad>(from) &&
        std::all_of(users_[at(i)].begin(), users_[at(i)].end(), is_conv)) {
      done_[at(i)] = true;  // the convolutions pad by themselves
      return;
    }
    const Ref ref = ref_[at(from)];
    // The value's maker fills the margins too, unless a convolution made it or another layer needs it dense.
    const bool shared = std::any_of(users_[at(from)].begin(), users_[at(from)].end(), [&](int k) {
      return k != i && (is_conv(k) || get<net::ConvTranspose>(k) || get<net::Upsample>(k) ||
                        get<net::Dropout>(k) || get<net::Pad>(k));
    });
    if (!made_by_convolution_[at(ref.value)] && !aliased_[at(ref.value)] && !ref.with_border && !shared &&
        from != d_.outputs[0] && !p_.values[at(ref.value)].border.any()) {
      p_.values[at(ref.value)].border = border;
      finish(i, {ref.value, true});
    } else {
      finish(i, copy(ref, border));
    }
  }

  void lower_map(int i, Ref in) { lower_map_chain(-1, i, in); }

  // One MapStep from layer `first` on, or, with first −1, from whatever follows `done_layer`.
  void lower_map_chain(int done_layer, int first, Ref in) {
    MapStep step;
    step.in = in;
    int last = done_layer;
    std::vector<int> extra;  // inputs of an Add beyond two
    int stage = 0;           // 1 after the norm, 2 the first activation, 3 the sum, 4 the second activation
    const auto take = [&](int k) {
      const auto& op = d_.layers[at(k)].op;
      if (std::holds_alternative<net::Dropout>(op)) return true;
      if (std::holds_alternative<net::Norm>(op) || std::holds_alternative<net::ScaleShift>(op)) {
        if (stage >= 1) return false;
        step.norm = k;
        stage = 1;
        return true;
      }
      if (std::holds_alternative<net::Activation>(op)) {
        if (stage >= 4) return false;
        (stage < 2 ? step.before : step.after) = k;
        stage = stage < 2 ? 2 : 4;
        return stage != 4 || step.residual.value >= 0;
      }
      if (std::holds_alternative<net::Add>(op)) {
        const std::vector<int>& inputs = d_.layers[at(k)].inputs;
        if (stage >= 3 || inputs.size() > 2) return false;
        if (inputs.size() == 2) {
          const int other = last < 0 ? inputs[1] : inputs[0] == last ? inputs[1] : inputs[0];
          const Ref ref = ref_[at(other)];
          if (ref.value < 0 || !done_[at(other)]) return false;
          step.residual = ref;
        }
        stage = 3;
        return true;
      }
      return false;
    };
    if (first >= 0) {
      if (!take(first)) return lower_long_add(first);
      last = first;
      done_[at(first)] = true;
    }
    for (int next = sole_user(last); next >= 0; next = sole_user(last)) {
      const MapStep before = step;
      const int stage_before = stage;
      if (!take(next)) {
        step = before;
        stage = stage_before;
        break;
      }
      last = next;
      done_[at(next)] = true;
    }
    if (step.norm >= 0 && is_whole_picture_norm(d_.layers[at(step.norm)])) {
      const auto place = std::find(p_.statistics.begin(), p_.statistics.end(), step.norm);
      step.statistics = static_cast<int>(place - p_.statistics.begin());
    }
    step.out = new_value(p_.shapes[at(last)]);
    if (last == d_.outputs[0]) p_.values[at(step.out)].type = result_;
    p_.steps.push_back(step);
    finish(last, {step.out, false});
  }

  void lower_long_add(int i) {
    const std::vector<int>& inputs = d_.layers[at(i)].inputs;
    Ref sum = ref_[at(inputs[0])];
    for (size_t k = 1; k < inputs.size(); ++k) {
      MapStep step;
      step.in = sum;
      step.residual = ref_[at(inputs[k])];
      step.out = new_value(p_.shapes[at(i)]);
      p_.steps.push_back(step);
      sum = {step.out, false};
    }
    finish(i, sum);
  }

  void quantise(const Quantisation& quantisation);
  void plan_memory();

  const net::Description& d_;
  const Type type_, result_;
  Program p_;
  std::vector<std::vector<int>> users_;
  std::vector<Ref> ref_;
  std::vector<bool> done_, needed_, kept_;           // of layers
  std::vector<bool> made_by_convolution_, aliased_;  // of values
};

// Gives every convolution of `quantisation` its input in 8 bits: from the step that makes that input anyway
// where it is a map, otherwise by a map of its own. A result that then nobody reads in floating point is left
// out.
void Compiler::quantise(const Quantisation& quantisation) {
  std::vector<Step> steps;
  std::vector<int> maker(p_.values.size(), -1);  // index in `steps` of the map that makes a value
  struct Made {
    Ref source;
    QuantisedInput how;
    Ref result;
  };
  std::vector<Made> made;
  for (Step& step : p_.steps) {
    auto* conv = std::get_if<ConvStep>(&step);
    const auto how = conv ? quantisation.find(conv->layer) : quantisation.end();
    if (how == quantisation.end() || conv->form == ConvStep::Form::deconvolution ||
        conv->form == ConvStep::Form::block || conv->groups != 1) {
      if (const auto* map = std::get_if<MapStep>(&step)) maker[at(map->out)] = static_cast<int>(steps.size());
      steps.push_back(step);
      continue;
    }
    conv->quantised = true;
    const Ref from = conv->in;
    const auto same = std::find_if(made.begin(), made.end(), [&](const Made& m) {
      return m.source.value == from.value && m.source.with_border == from.with_border && m.how == how->second;
    });
    if (same != made.end()) {
      conv->in = same->result;
    } else {
      const Value source = p_.values[at(from.value)];
      const bool own = maker[at(from.value)] >= 0;
      MapStep* map = own ? &std::get<MapStep>(steps[at(maker[at(from.value)])]) : nullptr;
      const bool fused = map && map->quantised < 0 && (from.with_border || !source.border.any());
      const int out = new_value(fused ? source.shape : shape_of(from));
      Value& value = p_.values[at(out)];
      maker.push_back(-1);
      value.type = how->second.type;
      if (fused) {
        value.border = source.border;
      } else {
        MapStep copy;
        copy.in = from;
        steps.push_back(copy);
        map = &std::get<MapStep>(steps.back());
      }
      map->quantised = out;
      map->quantised_for = conv->layer;
      const Ref result{out, fused && from.with_border};
      made.push_back({from, how->second, result});
      conv->in = result;
    }
    steps.push_back(step);
  }
  p_.steps = std::move(steps);
  // Who still reads what in floating point, and with margins?
  std::vector<bool> read(p_.values.size()), with_border(p_.values.size());
  const auto use = [&](Ref ref) {
    if (ref.value < 0) return;
    read[at(ref.value)] = true;
    if (ref.with_border) with_border[at(ref.value)] = true;
  };
  use(p_.output);
  for (const Ref ref : p_.remembered) use(ref);
  for (const Step& step : p_.steps) {
    if (const auto* conv = std::get_if<ConvStep>(&step)) use(conv->in);
    if (const auto* map = std::get_if<MapStep>(&step)) use(map->in), use(map->residual);
    if (const auto* layer = std::get_if<LayerStep>(&step)) {
      for (const Ref ref : layer->in) use(ref);
    }
  }
  for (Step& step : p_.steps) {
    auto* map = std::get_if<MapStep>(&step);
    if (!map || map->out < 0) continue;
    if (!read[at(map->out)] && map->quantised >= 0)
      map->out = -1;
    else if (!with_border[at(map->out)])
      p_.values[at(map->out)].border = {};
  }
}

void Compiler::plan_memory() {
  const int count = static_cast<int>(p_.values.size());
  const int end = static_cast<int>(p_.steps.size());
  std::vector<int> born(at(count), end), dies(at(count), -1);
  const auto use = [&](int step, Ref ref) {
    if (ref.value >= 0) dies[at(ref.value)] = std::max(dies[at(ref.value)], step);
  };
  const auto make = [&](int step, int value) {
    born[at(value)] = std::min(born[at(value)], step);
    dies[at(value)] = std::max(dies[at(value)], step);
  };
  for (int s = 0; s < end; ++s) {
    const Step& step = p_.steps[at(s)];
    if (const auto* input = std::get_if<InputStep>(&step)) make(s, input->out);
    if (const auto* memory = std::get_if<MemoryStep>(&step)) make(s, memory->out);
    if (const auto* conv = std::get_if<ConvStep>(&step)) use(s, conv->in), make(s, conv->out);
    if (const auto* map = std::get_if<MapStep>(&step)) {
      use(s, map->in), use(s, map->residual);
      if (map->out >= 0) make(s, map->out);
      if (map->quantised >= 0) make(s, map->quantised);
    }
    if (const auto* layer = std::get_if<LayerStep>(&step)) {
      for (const Ref ref : layer->in) use(s, ref);
      make(s, layer->out);
    }
  }
  use(end, p_.output);
  for (const Ref ref : p_.remembered) use(end, ref);
  // A map whose source dies with it and lies in memory as its result will works in place.
  std::vector<int> place(at(count));
  std::iota(place.begin(), place.end(), 0);
  for (int s = 0; s < end; ++s) {
    const auto* map = std::get_if<MapStep>(&p_.steps[at(s)]);
    if (!map || map->out < 0) continue;
    const Value& out = p_.values[at(map->out)];
    if (out.border.any() || out.arrangement != Arrangement::plain) continue;
    for (const Ref source : {map->in, map->residual}) {
      if (source.value < 0) continue;
      const Value& in = p_.values[at(source.value)];
      const int root = place[at(source.value)];
      if (dies[at(source.value)] != s || dies[at(root)] != s || in.border.any() || in.type != out.type ||
          in.arrangement != Arrangement::plain)
        continue;
      place[at(map->out)] = root;
      dies[at(root)] = dies[at(map->out)];
      break;
    }
  }
  std::vector<int> order;
  for (int v = 0; v < count; ++v) {
    if (place[at(v)] == v && dies[at(v)] >= 0) order.push_back(v);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return p_.values[at(a)].bytes() > p_.values[at(b)].bytes(); });
  p_.offset.assign(at(count), 0);
  std::vector<int> placed;
  const auto size = [&](int v) {
    return (p_.values[at(v)].bytes() + kAlignment - 1) / kAlignment * kAlignment;
  };
  for (const int v : order) {
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (const int w : placed) {
      if (born[at(v)] <= dies[at(w)] && born[at(w)] <= dies[at(v)])
        taken.emplace_back(p_.offset[at(w)], p_.offset[at(w)] + size(w));
    }
    std::sort(taken.begin(), taken.end());
    int64_t offset = 0;
    for (const auto& [from, to] : taken) {
      if (offset + size(v) <= from) break;
      offset = std::max(offset, to);
    }
    p_.offset[at(v)] = offset;
    p_.arena_bytes = std::max(p_.arena_bytes, offset + size(v));
    placed.push_back(v);
  }
  for (int v = 0; v < count; ++v) p_.offset[at(v)] = p_.offset[at(place[at(v)])];
}

}  // namespace

Program compile(const net::Description& description, net::Shape input, Type type,
                const Quantisation& quantisation, Type result) {
  return Compiler(description, input, type, result).compile(quantisation);
}

namespace {

// Whether the layer reads a memory, directly or not, and is read by what that memory will hold.
bool in_a_loop(const net::Description& d, int layer) {
  // Layers that `from` is computed from, itself among them.
  const auto behind = [&](int from) {
    std::vector<bool> found(d.layers.size());
    found[static_cast<size_t>(from)] = true;
    for (size_t i = static_cast<size_t>(from) + 1; i-- > 0;) {
      if (!found[i] || std::holds_alternative<net::Memory>(d.layers[i].op)) continue;
      for (const int k : d.layers[i].inputs) found[static_cast<size_t>(k)] = true;
    }
    return found;
  };
  const std::vector<bool> read = behind(layer);
  return std::any_of(d.memories.begin(), d.memories.end(), [&](const auto& m) {
    return read[static_cast<size_t>(m.first)] && behind(m.second)[static_cast<size_t>(layer)];
  });
}

}  // namespace

bool can_quantise(const net::Description& description, int layer) {
  const net::Op& op = description.layers.at(static_cast<size_t>(layer)).op;
  const auto* up = std::get_if<net::ConvTranspose>(&op);
  const auto* conv = std::get_if<net::Conv>(&op);
  if (in_a_loop(description, layer)) return false;
  if (up) return up->in % 16 == 0 && up->out % 16 == 0 && up->stride == 2;
  return conv && conv->groups == 1 && conv->in % 16 == 0 && conv->out % 16 == 0;
}

std::vector<int> whole_picture_norms(const net::Description& description) {
  const std::vector<bool> needed = needed_layers(description);
  std::vector<int> list;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i] && is_whole_picture_norm(description.layers[i])) list.push_back(static_cast<int>(i));
  }
  return list;
}

Taps transposed_taps(int kernel, int stride, int pad, int phase) {
  const int first = (phase + pad) % stride;
  return {first, first < kernel ? (kernel - first + stride - 1) / stride : 0, (phase + pad) / stride};
}

Reach upsampled_reach(int kernel, int pad, int phase) {
  return {floor_half(phase - pad), floor_half(phase + kernel - 1 - pad)};
}

}  // namespace linmo::engine
