// SPDX-License-Identifier: Apache-2.0
// Descriptions as JSON, for the headers of model files. One visitor lists every op's fields for both
// directions, so the two cannot disagree.
#include <array>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/net/description.h"

namespace linmo::net {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> kPadModes = {"zero", "reflect", "replicate"};
constexpr std::array<std::string_view, 4> kNormKinds = {"instance", "batch", "group", "layer"};
constexpr std::array<std::string_view, 5> kActivations = {"relu", "leaky_relu", "tanh", "sigmoid", "prelu"};
constexpr std::array<std::string_view, 2> kInterpolations = {"nearest", "bilinear"};

struct Writer {
  json& out;
  template <class T>
  void operator()(const char* key, const T& value) {
    out[key] = value;
  }
  template <class T, size_t n>
  void operator()(const char* key, const T& value, const std::array<std::string_view, n>& names) {
    out[key] = names[static_cast<size_t>(value)];
  }
  // Left out where it is `otherwise`: files are then those of linmo before the field.
  void newer(const char* key, const int& value, int otherwise) {
    if (value != otherwise) out[key] = value;
  }
};

struct Reader {
  const json& in;
  template <class T>
  void operator()(const char* key, T& value) {
    const json& item = in.at(key);
    if constexpr (std::is_same_v<T, int>) {
      if (!item.is_number_integer()) fail(ErrorKind::input, "network: {} must be a whole number", key);
      const auto wide = item.get<int64_t>();
      if (wide < -(1 << 30) || wide > (1 << 30)) fail(ErrorKind::input, "network: {} is out of range", key);
      value = static_cast<int>(wide);
    } else {
      value = item.get<T>();
    }
  }
  template <class T, size_t n>
  void operator()(const char* key, T& value, const std::array<std::string_view, n>& names) {
    const auto text = in.at(key).get<std::string>();
    for (size_t i = 0; i < n; ++i) {
      if (names[i] == text) {
        value = static_cast<T>(i);
        return;
      }
    }
    fail(ErrorKind::input, "network: {} \"{}\" is not known", key, text);
  }
  void newer(const char* key, int& value, int otherwise) {
    value = otherwise;
    if (in.contains(key)) (*this)(key, value);
  }
};

template <class V, class Op>
void fields(V& v, Op& op) {
  using T = std::remove_const_t<Op>;
  if constexpr (std::is_same_v<T, Input>) {
    v("channels", op.channels);
  } else if constexpr (std::is_same_v<T, Conv>) {
    v("in", op.in), v("out", op.out), v("kernel_h", op.kernel_h), v("kernel_w", op.kernel_w);
    v("stride", op.stride), v("pad_h", op.pad_h), v("pad_w", op.pad_w), v("groups", op.groups);
    v("bias", op.bias), v("spectral_norm", op.spectral_norm);
  } else if constexpr (std::is_same_v<T, ConvTranspose>) {
    v("in", op.in), v("out", op.out), v("kernel", op.kernel), v("stride", op.stride), v("pad", op.pad);
    v("output_pad", op.output_pad), v("bias", op.bias);
  } else if constexpr (std::is_same_v<T, Pad>) {
    v("mode", op.mode, kPadModes);
    v("left", op.left), v("right", op.right), v("top", op.top), v("bottom", op.bottom);
  } else if constexpr (std::is_same_v<T, Norm>) {
    v("kind", op.kind, kNormKinds);
    v("channels", op.channels), v("affine", op.affine), v("eps", op.eps), v("momentum", op.momentum);
    v("groups", op.groups), v.newer("styles", op.styles, 1);
  } else if constexpr (std::is_same_v<T, Activation>) {
    v("kind", op.kind, kActivations);
    v("slope", op.slope), v("channels", op.channels);
  } else if constexpr (std::is_same_v<T, Upsample>) {
    v("mode", op.mode, kInterpolations);
    v("factor", op.factor), v("align_corners", op.align_corners);
  } else if constexpr (std::is_same_v<T, BlurDown> || std::is_same_v<T, BlurUp>) {
    v("channels", op.channels);
  } else if constexpr (std::is_same_v<T, Dropout>) {
    v("p", op.p);
  } else if constexpr (std::is_same_v<T, PixelShuffle> || std::is_same_v<T, PixelUnshuffle>) {
    v("factor", op.factor);
  } else if constexpr (std::is_same_v<T, Pool>) {
    v("maximum", op.maximum), v("kernel", op.kernel), v("stride", op.stride), v("pad", op.pad);
    v("count_pad", op.count_pad);
  } else if constexpr (std::is_same_v<T, ScaleShift>) {
    v("scale", op.scale), v("shift", op.shift);
  } else if constexpr (std::is_same_v<T, Memory>) {
    v("channels", op.channels);
  } else {
    static_assert(std::is_same_v<T, Add> || std::is_same_v<T, Concat> || std::is_same_v<T, GlobalPool> ||
                  std::is_same_v<T, Multiply>);
  }
}

template <size_t i = 0>
Op make_op(std::string_view name, const json& in) {
  if constexpr (i == std::variant_size_v<Op>) {
    fail(ErrorKind::input,
         "network: the layer type \"{}\" is not known; a newer linmo may have written this file", name);
  } else {
    std::variant_alternative_t<i, Op> op;
    if (op_name(op) != name) return make_op<i + 1>(name, in);
    Reader reader{in};
    fields(reader, op);
    return op;
  }
}

}  // namespace

json to_json(const Description& d) {
  json layers = json::array();
  for (const Layer& layer : d.layers) {
    json item = {{"op", op_name(layer.op)}};
    if (!layer.name.empty()) item["name"] = layer.name;
    if (!layer.inputs.empty()) item["inputs"] = layer.inputs;
    Writer writer{item};
    std::visit([&](const auto& op) { fields(writer, op); }, layer.op);
    layers.push_back(std::move(item));
  }
  json taps = json::object();
  for (const auto& [name, layer] : d.taps) taps[name] = layer;
  json out = {{"family", d.family},
              {"layers", layers},
              {"outputs", d.outputs},
              {"taps", taps},
              {"size_multiple", d.size_multiple},
              {"content_scale", d.content_scale}};
  if (d.remembers()) out["memories"] = d.memories;  // files without stay readable by programs before it
  return out;
}

Description description_from_json(const json& in) {
  try {
    Description d;
    Reader reader{in};
    reader("family", d.family);
    const json& layers = in.at("layers");
    if (!layers.is_array() || layers.size() > 4096)
      fail(ErrorKind::input, "network: layers must be a list of at most 4096");
    for (const json& item : layers) {
      Layer layer;
      layer.op = make_op(item.at("op").get<std::string>(), item);
      layer.name = item.value("name", std::string());
      layer.inputs = item.value("inputs", std::vector<int>());
      d.layers.push_back(std::move(layer));
    }
    reader("outputs", d.outputs);
    for (const auto& [name, layer] : in.at("taps").items()) d.taps.emplace_back(name, layer.get<int>());
    d.memories = in.value("memories", d.memories);
    reader("size_multiple", d.size_multiple);
    reader("content_scale", d.content_scale);
    validate(d);
    return d;
  } catch (const json::exception& error) {
    fail(ErrorKind::input, "network: the description is damaged ({})", error.what());
  }
}

}  // namespace linmo::net
