// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/description.h"

#include <algorithm>

#include "linmo/core/error.h"
#include "linmo/core/overload.h"

namespace linmo::net {
namespace {

constexpr int kMaxLayers = 4096;
constexpr int kMaxChannels = 1 << 16;
constexpr int kMaxKernel = 64;
constexpr int kMaxStyles = 1024;

[[noreturn]] void bad(size_t index, const Layer& layer, const std::string& why) {
  fail(ErrorKind::input, "network layer {} ({}{}{}): {}", index, op_name(layer.op),
       layer.name.empty() ? "" : " ", layer.name, why);
}

void in_range(size_t index, const Layer& layer, std::string_view what, int64_t value, int64_t low,
              int64_t high) {
  if (value < low || value > high)
    bad(index, layer, fmt::format("{} {} is not in {} … {}", what, value, low, high));
}

int64_t conv_size(int64_t size, int kernel, int stride, int pad) {
  return (size + 2 * pad - kernel) / stride + 1;
}

}  // namespace

int Description::in_channels() const {
  return std::get<Input>(layers.at(0).op).channels;
}

int Description::tap(const std::string& name) const {
  for (const auto& [key, layer] : taps) {
    if (key == name) return layer;
  }
  fail(ErrorKind::usage, "the network {} has no tap named {}", family, name);
}

std::string_view op_name(const Op& op) {
  static constexpr std::string_view names[] = {
      "input",  "conv",        "conv_transpose", "pad",      "norm",    "activation",    "add",
      "concat", "upsample",    "blur_down",      "blur_up",  "dropout", "pixel_shuffle", "pixel_unshuffle",
      "pool",   "global_pool", "scale_shift",    "multiply", "memory"};
  static_assert(std::size(names) == std::variant_size_v<Op>);
  return names[op.index()];
}

std::vector<Shape> infer_shapes(const Description& description, Shape input) {
  std::vector<Shape> shapes;
  shapes.reserve(description.layers.size());
  for (size_t i = 0; i < description.layers.size(); ++i) {
    const Layer& layer = description.layers[i];
    const auto in = [&](size_t k) { return shapes.at(static_cast<size_t>(layer.inputs.at(k))); };
    const auto want_channels = [&](int64_t channels) {
      if (in(0).channels != channels) {
        bad(i, layer, fmt::format("takes {} channels but is given {}", channels, in(0).channels));
      }
    };
    const auto all_alike = [&](std::string_view does) {
      for (size_t k = 1; k < layer.inputs.size(); ++k) {
        if (in(k) != in(0)) {
          bad(i, layer,
              fmt::format("{} {} × {} × {} and {} × {} × {}", does, in(0).channels, in(0).height, in(0).width,
                          in(k).channels, in(k).height, in(k).width));
        }
      }
      return in(0);
    };
    const Shape out = std::visit(
        Overload{
            [&](const Input& op) {
              if (input.channels != op.channels) {
                bad(i, layer, fmt::format("takes {} channels but is given {}", op.channels, input.channels));
              }
              return input;
            },
            [&](const Conv& op) {
              want_channels(op.in);
              return Shape{op.out, conv_size(in(0).height, op.kernel_h, op.stride, op.pad_h),
                           conv_size(in(0).width, op.kernel_w, op.stride, op.pad_w)};
            },
            [&](const ConvTranspose& op) {
              want_channels(op.in);
              const auto size = [&](int64_t s) {
                return (s - 1) * op.stride - 2 * op.pad + op.kernel + op.output_pad;
              };
              return Shape{op.out, size(in(0).height), size(in(0).width)};
            },
            [&](const Pad& op) {
              const Shape s = in(0);
              if (op.mode == PadMode::reflect &&
                  (std::max(op.left, op.right) >= s.width || std::max(op.top, op.bottom) >= s.height)) {
                bad(i, layer,
                    fmt::format("reflection by {} needs more than {} × {} values",
                                std::max({op.left, op.right, op.top, op.bottom}), s.width, s.height));
              }
              return Shape{s.channels, s.height + op.top + op.bottom, s.width + op.left + op.right};
            },
            [&](const Norm& op) {
              want_channels(op.channels);
              return in(0);
            },
            [&](const Activation& op) {
              if (op.kind == ActivationKind::prelu && op.channels != 1) want_channels(op.channels);
              return in(0);
            },
            [&](const Add&) { return all_alike("adds"); },
            [&](const Concat&) {
              Shape s = in(0);
              for (size_t k = 1; k < layer.inputs.size(); ++k) {
                if (in(k).height != s.height || in(k).width != s.width) {
                  bad(i, layer,
                      fmt::format("joins {} × {} and {} × {}", s.height, s.width, in(k).height, in(k).width));
                }
                s.channels += in(k).channels;
              }
              return s;
            },
            [&](const Upsample& op) {
              const Shape s = in(0);
              return Shape{s.channels, s.height * op.factor, s.width * op.factor};
            },
            [&](const BlurDown& op) {
              want_channels(op.channels);
              return Shape{op.channels, conv_size(in(0).height, 3, 2, 1), conv_size(in(0).width, 3, 2, 1)};
            },
            [&](const BlurUp& op) {
              want_channels(op.channels);
              return Shape{op.channels, in(0).height * 2, in(0).width * 2};
            },
            [&](const Dropout&) { return in(0); },
            [&](const PixelShuffle& op) {
              const Shape s = in(0);
              if (s.channels % (op.factor * op.factor) != 0)
                bad(i, layer, "channels are not a multiple of factor²");
              return Shape{s.channels / (op.factor * op.factor), s.height * op.factor, s.width * op.factor};
            },
            [&](const PixelUnshuffle& op) {
              const Shape s = in(0);
              if (s.height % op.factor != 0 || s.width % op.factor != 0) {
                bad(i, layer, fmt::format("{} × {} is not a multiple of {}", s.height, s.width, op.factor));
              }
              return Shape{s.channels * op.factor * op.factor, s.height / op.factor, s.width / op.factor};
            },
            [&](const Pool& op) {
              return Shape{in(0).channels, conv_size(in(0).height, op.kernel, op.stride, op.pad),
                           conv_size(in(0).width, op.kernel, op.stride, op.pad)};
            },
            [&](const GlobalPool&) {
              return Shape{in(0).channels, 1, 1};
            },
            [&](const ScaleShift& op) {
              for (const auto* v : {&op.scale, &op.shift}) {
                if (v->size() > 1 && static_cast<int64_t>(v->size()) != in(0).channels) {
                  bad(i, layer, fmt::format("has {} numbers for {} channels", v->size(), in(0).channels));
                }
              }
              return in(0);
            },
            [&](const Multiply&) { return all_alike("multiplies"); },
            [&](const Memory& op) {
              return Shape{op.channels, in(0).height, in(0).width};
            },
        },
        layer.op);
    if (out.height < 1 || out.width < 1) {
      bad(i, layer,
          fmt::format("nothing is left of a {} × {} input: the picture is too small for this network",
                      input.width, input.height));
    }
    if (out.count() > (int64_t{1} << 40))
      fail(ErrorKind::limit, "network layer {}: the result is too large", i);
    shapes.push_back(out);
  }
  for (const auto& [memory, source] : description.memories) {
    const Shape has = shapes.at(static_cast<size_t>(memory)), gets = shapes.at(static_cast<size_t>(source));
    if (has != gets)
      bad(static_cast<size_t>(memory), description.layers[static_cast<size_t>(memory)],
          fmt::format("holds {} × {} × {}, but layer {} gives {} × {} × {}", has.channels, has.height,
                      has.width, source, gets.channels, gets.height, gets.width));
  }
  return shapes;
}

void validate(const Description& d) {
  if (d.layers.empty() || d.layers.size() > kMaxLayers) {
    fail(ErrorKind::input, "a network has 1 … {} layers, not {}", kMaxLayers, d.layers.size());
  }
  if (!std::holds_alternative<Input>(d.layers[0].op))
    fail(ErrorKind::input, "a network's first layer must be its input");
  int styles = 1;  // of the norms so far
  for (size_t i = 0; i < d.layers.size(); ++i) {
    const Layer& layer = d.layers[i];
    const auto range = [&](std::string_view what, int64_t value, int64_t low, int64_t high) {
      in_range(i, layer, what, value, low, high);
    };
    const bool is_input = std::holds_alternative<Input>(layer.op);
    const bool many = std::holds_alternative<Add>(layer.op) || std::holds_alternative<Concat>(layer.op) ||
                      std::holds_alternative<Multiply>(layer.op);
    if (is_input != (i == 0)) bad(i, layer, "a network has exactly one input, its first layer");
    range("the number of inputs", static_cast<int64_t>(layer.inputs.size()), is_input ? 0 : 1,
          is_input ? 0
          : many   ? 64
                   : 1);
    for (const int k : layer.inputs) range("input", k, 0, static_cast<int64_t>(i) - 1);
    if (layer.name.size() > 512) bad(i, layer, "the name is longer than 512 bytes");
    std::visit(
        Overload{
            [&](const Input& op) { range("channels", op.channels, 1, kMaxChannels); },
            [&](const Conv& op) {
              range("in", op.in, 1, kMaxChannels);
              range("out", op.out, 1, kMaxChannels);
              range("kernel", op.kernel_h, 1, kMaxKernel);
              range("kernel", op.kernel_w, 1, kMaxKernel);
              range("stride", op.stride, 1, kMaxKernel);
              range("pad", op.pad_h, 0, kMaxKernel);
              range("pad", op.pad_w, 0, kMaxKernel);
              range("groups", op.groups, 1, op.in);
              if (op.in % op.groups != 0 || op.out % op.groups != 0)
                bad(i, layer, "groups do not divide the channels");
            },
            [&](const ConvTranspose& op) {
              range("in", op.in, 1, kMaxChannels);
              range("out", op.out, 1, kMaxChannels);
              range("kernel", op.kernel, 1, kMaxKernel);
              range("stride", op.stride, 1, kMaxKernel);
              range("pad", op.pad, 0, op.kernel - 1);
              range("output_pad", op.output_pad, 0, op.stride - 1);
            },
            [&](const Pad& op) {
              for (const int p : {op.left, op.right, op.top, op.bottom}) range("pad", p, 0, 1024);
            },
            [&](const Norm& op) {
              range("channels", op.channels, 1, kMaxChannels);
              range("groups", op.groups, 1, op.channels);
              if (op.channels % op.groups != 0) bad(i, layer, "groups do not divide the channels");
              if (!(op.eps > 0 && op.eps < 1)) bad(i, layer, "eps must be between 0 and 1");
              if (!(op.momentum >= 0 && op.momentum <= 1)) bad(i, layer, "momentum must be between 0 and 1");
              range("styles", op.styles, 1, kMaxStyles);
              if (op.styles > 1 && (op.kind != NormKind::instance || !op.affine))
                bad(i, layer, "only affine instance norms have styles");
              if (op.styles > 1 && styles > 1 && op.styles != styles)
                bad(i, layer, fmt::format("has {} styles, and a norm before it {}", op.styles, styles));
              styles = std::max(styles, op.styles);
            },
            [&](const Activation& op) {
              range("channels", op.channels, 1, kMaxChannels);
              if (!(op.slope >= 0 && op.slope <= 1)) bad(i, layer, "slope must be between 0 and 1");
            },
            [&](const Add&) {},
            [&](const Concat&) {},
            [&](const Upsample& op) { range("factor", op.factor, 1, 16); },
            [&](const BlurDown& op) { range("channels", op.channels, 1, kMaxChannels); },
            [&](const BlurUp& op) { range("channels", op.channels, 1, kMaxChannels); },
            [&](const Dropout& op) {
              if (!(op.p >= 0 && op.p < 1)) bad(i, layer, "p must be at least 0 and below 1");
            },
            [&](const PixelShuffle& op) { range("factor", op.factor, 1, 16); },
            [&](const PixelUnshuffle& op) { range("factor", op.factor, 1, 16); },
            [&](const Pool& op) {
              range("kernel", op.kernel, 1, kMaxKernel);
              range("stride", op.stride, 1, kMaxKernel);
              range("pad", op.pad, 0, op.kernel / 2);
            },
            [&](const GlobalPool&) {},
            [&](const ScaleShift& op) {
              range("numbers", static_cast<int64_t>(std::min(op.scale.size(), op.shift.size())), 1,
                    kMaxChannels);
              for (const auto* v : {&op.scale, &op.shift}) {
                for (const double x : *v) {
                  if (!(x > -1e6 && x < 1e6)) bad(i, layer, "a number is not finite or too large");
                }
              }
            },
            [&](const Multiply&) {},
            [&](const Memory& op) {
              range("channels", op.channels, 1, kMaxChannels);
              const auto holds = std::count_if(d.memories.begin(), d.memories.end(),
                                               [&](const auto& m) { return m.first == static_cast<int>(i); });
              if (holds != 1) bad(i, layer, fmt::format("is told {} times what to hold, not once", holds));
            },
        },
        layer.op);
  }
  const auto valid_layer = [&](int k) { return k >= 0 && k < static_cast<int>(d.layers.size()); };
  if (d.outputs.empty() || !std::all_of(d.outputs.begin(), d.outputs.end(), valid_layer)) {
    fail(ErrorKind::input, "a network's outputs must name its layers");
  }
  for (const auto& [name, layer] : d.taps) {
    if (!valid_layer(layer))
      fail(ErrorKind::input, "the tap {} names layer {}, which does not exist", name, layer);
  }
  for (const auto& [memory, source] : d.memories) {
    if (!valid_layer(memory) || !valid_layer(source) ||
        !std::holds_alternative<Memory>(d.layers[static_cast<size_t>(memory)].op))
      fail(ErrorKind::input, "layer {} cannot hold what layer {} gave", memory, source);
  }
  if (d.size_multiple < 1 || d.size_multiple > 4096)
    fail(ErrorKind::input, "size_multiple must be in 1 … 4096");
  if (!(d.content_scale >= 1.0 / 64 && d.content_scale <= 64))
    fail(ErrorKind::input, "content_scale must be in 1/64 … 64");
}

std::vector<ParameterInfo> parameters(const Description& description) {
  using Kind = ParameterInfo::Kind;
  std::vector<ParameterInfo> list;
  for (size_t i = 0; i < description.layers.size(); ++i) {
    const Layer& layer = description.layers[i];
    const auto add = [&](std::string_view suffix, std::vector<int64_t> shape, Kind kind) {
      list.push_back({fmt::format("{}.{}", layer.name, suffix), std::move(shape), kind, static_cast<int>(i)});
    };
    if (const auto* conv = std::get_if<Conv>(&layer.op)) {
      add("weight", {conv->out, conv->in / conv->groups, conv->kernel_h, conv->kernel_w}, Kind::weight);
      if (conv->bias) add("bias", {conv->out}, Kind::bias);
    } else if (const auto* up = std::get_if<ConvTranspose>(&layer.op)) {
      add("weight", {up->in, up->out, up->kernel, up->kernel}, Kind::weight);
      if (up->bias) add("bias", {up->out}, Kind::bias);
    } else if (const auto* norm = std::get_if<Norm>(&layer.op)) {
      if (norm->affine) {
        std::vector<int64_t> shape = {norm->channels};
        if (norm->styles > 1) shape.insert(shape.begin(), norm->styles);
        add("weight", shape, Kind::norm_weight);
        add("bias", shape, Kind::norm_bias);
      }
      if (norm->kind == NormKind::batch) {
        add("running_mean", {norm->channels}, Kind::running_mean);
        add("running_var", {norm->channels}, Kind::running_var);
        add("num_batches_tracked", {}, Kind::batches_tracked);
      }
    } else if (const auto* activation = std::get_if<Activation>(&layer.op)) {
      if (activation->kind == ActivationKind::prelu) add("weight", {activation->channels}, Kind::prelu);
    } else if (const auto* down = std::get_if<BlurDown>(&layer.op)) {
      add("filt", {down->channels, 1, 3, 3}, Kind::filter);
    } else if (const auto* blur_up = std::get_if<BlurUp>(&layer.op)) {
      add("filt", {blur_up->channels, 1, 4, 4}, Kind::filter);
    }
  }
  return list;
}

}  // namespace linmo::net
