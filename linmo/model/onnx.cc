// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/onnx.h"

#include <optional>
#include <set>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/overload.h"
#include "linmo/model/protobuf.h"
#include "linmo/net/styles.h"

namespace linmo::model {
namespace {

// Field numbers and enumerations of onnx.proto3.
namespace field {
constexpr int kModelIrVersion = 1, kModelProducer = 2, kModelProducerVersion = 3, kModelDoc = 6,
              kModelGraph = 7, kModelOpset = 8, kModelMetadata = 14;
constexpr int kGraphNode = 1, kGraphName = 2, kGraphInitializer = 5, kGraphInput = 11, kGraphOutput = 12;
constexpr int kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kNodeOp = 4, kNodeAttribute = 5;
constexpr int kAttributeName = 1, kAttributeFloat = 2, kAttributeInt = 3, kAttributeString = 4,
              kAttributeInts = 8, kAttributeType = 20;
constexpr int kTensorDims = 1, kTensorType = 2, kTensorName = 8, kTensorRaw = 9;
}  // namespace field
constexpr int kFloat = 1, kInt64 = 7;                                        // TensorProto.DataType
constexpr int kTypeFloat = 1, kTypeInt = 2, kTypeString = 3, kTypeInts = 7;  // AttributeProto.AttributeType
constexpr size_t kMostBytes = (size_t{1} << 31) - 1;

using Ints = std::vector<int64_t>;

class Node {
 public:
  Node(std::string_view op, const std::vector<std::string>& inputs, const std::string& output) {
    for (const std::string& input : inputs) message_.text(field::kNodeInput, input);
    message_.text(field::kNodeOutput, output).text(field::kNodeName, output).text(field::kNodeOp, op);
  }
  Node& set(std::string_view name, int64_t value) {
    return add(ProtoMessage().text(field::kAttributeName, name).integer(field::kAttributeInt, value),
               kTypeInt);
  }
  Node& set(std::string_view name, double value) {
    return add(ProtoMessage()
                   .text(field::kAttributeName, name)
                   .real(field::kAttributeFloat, static_cast<float>(value)),
               kTypeFloat);
  }
  Node& set(std::string_view name, const char* value) {
    return add(ProtoMessage().text(field::kAttributeName, name).text(field::kAttributeString, value),
               kTypeString);
  }
  Node& set(std::string_view name, const Ints& values) {
    ProtoMessage attribute;
    attribute.text(field::kAttributeName, name);
    for (const int64_t value : values) attribute.integer(field::kAttributeInts, value);
    return add(std::move(attribute), kTypeInts);
  }
  const ProtoMessage& message() const { return message_; }

 private:
  Node& add(ProtoMessage attribute, int type) {
    message_.message(field::kNodeAttribute, attribute.integer(field::kAttributeType, type));
    return *this;
  }
  ProtoMessage message_;
};

std::string raw(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}
std::string raw(std::span<const int64_t> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

class Writer {
 public:
  explicit Writer(const Model& model) : model_(model), d_(model.network) {}

  ProtoMessage graph() {
    const std::vector<net::Shape> shapes = some_shapes();
    std::vector<bool> needed = needed_layers();
    needed[0] = true;
    for (size_t i = 0; i < d_.layers.size(); ++i) {
      names_.push_back(i == 0 ? "input" : fmt::format("{}_{}", net::op_name(d_.layers[i].op), i));
      if (needed[i] && i > 0) lower(i);
    }
    graph_.text(field::kGraphName, d_.family.empty() ? "network" : d_.family);
    graph_.message(field::kGraphInput, value_info("input", d_.in_channels(), "height", "width"));
    for (size_t k = 0; k < d_.memories.size(); ++k) {
      const auto [memory, source] = d_.memories[k];
      if (!needed[static_cast<size_t>(memory)]) continue;
      const std::string name = fmt::format("memory.{}", k), next = fmt::format("next_memory.{}", k);
      const int64_t channels = shapes[static_cast<size_t>(memory)].channels;
      const std::string height = "height_of_" + name, width = "width_of_" + name;
      graph_.message(field::kGraphInput, value_info(name, channels, height, width));
      add(Node("Identity", {names_[static_cast<size_t>(source)]}, next));
      memories_.push_back(value_info(next, channels, height, width));
    }
    for (size_t k = 0; k < d_.outputs.size(); ++k) {
      const auto layer = static_cast<size_t>(d_.outputs[k]);
      const std::string name = k == 0 ? "output" : fmt::format("output.{}", k);
      add(Node("Identity", {names_[layer]}, name));
      graph_.message(field::kGraphOutput,
                     value_info(name, shapes[layer].channels, "height_of_" + name, "width_of_" + name));
    }
    for (const ProtoMessage& memory : memories_) graph_.message(field::kGraphOutput, memory);
    return std::move(graph_);
  }

 private:
  // Shapes for a picture that certainly fits, for the numbers of channels.
  std::vector<net::Shape> some_shapes() const {
    for (int64_t side = d_.size_multiple;; side += d_.size_multiple) {
      try {
        return net::infer_shapes(d_, {d_.in_channels(), side, side});
      } catch (const Error&) {
        if (side >= 4096) throw;
      }
    }
  }
  std::vector<bool> needed_layers() const {
    std::vector<bool> needed(d_.layers.size());
    std::vector<int> open = d_.outputs;
    while (!open.empty()) {
      const auto k = static_cast<size_t>(open.back());
      open.pop_back();
      if (needed[k]) continue;
      needed[k] = true;
      open.insert(open.end(), d_.layers[k].inputs.begin(), d_.layers[k].inputs.end());
      for (const auto& [memory, source] : d_.memories) {
        if (memory == static_cast<int>(k)) open.push_back(source);
      }
    }
    return needed;
  }

  static ProtoMessage value_info(const std::string& name, int64_t channels, const std::string& height,
                                 const std::string& width) {
    const auto open = [](const std::string& size) { return ProtoMessage().text(2, size); };
    ProtoMessage shape;  // TensorShapeProto: repeated dim { dim_value 1 | dim_param 2 }
    shape.message(1, open("batch")).message(1, ProtoMessage().integer(1, channels));
    shape.message(1, open(height)).message(1, open(width));
    ProtoMessage type;  // TypeProto.Tensor: elem_type 1, shape 2
    type.integer(1, kFloat).message(2, shape);
    return ProtoMessage().text(1, name).message(2, ProtoMessage().message(1, type));
  }

  void add(const Node& node) { graph_.message(field::kGraphNode, node.message()); }

  std::string constant(const std::string& name, int type, const Ints& shape, const std::string& bytes) {
    if (!constants_.insert(name).second) return name;  // layers that share their numbers
    ProtoMessage tensor;
    for (const int64_t size : shape) tensor.integer(field::kTensorDims, size);
    tensor.integer(field::kTensorType, type).text(field::kTensorName, name).text(field::kTensorRaw, bytes);
    if (graph_.bytes().size() + tensor.bytes().size() > kMostBytes)
      fail(ErrorKind::limit, "the network {} does not fit into the 2 GB of an ONNX file", d_.family);
    graph_.message(field::kGraphInitializer, tensor);
    return name;
  }
  std::string floats(const std::string& name, const Ints& shape, std::span<const float> values) {
    return constant(name, kFloat, shape, raw(values));
  }
  std::string integers(const std::string& name, const Ints& values) {
    return constant(name, kInt64, {static_cast<int64_t>(values.size())}, raw(values));
  }
  // A parameter of layer i under its own name; `shape` where ONNX wants another than PyTorch.
  std::string parameter(size_t i, std::string_view suffix, std::optional<Ints> shape = {}) {
    const std::string key = fmt::format("{}.{}", d_.layers[i].name, suffix);
    const auto found = model_.tensors.find(key);
    if (found == model_.tensors.end()) fail(ErrorKind::input, "the model has no numbers named {}", key);
    return floats(key, shape.value_or(found->second.shape()), found->second.floats());
  }

  void lower(size_t i);
  void lower_norm(size_t i, const net::Norm& norm);

  const std::string& in(size_t i, size_t k = 0) const {
    return names_[static_cast<size_t>(d_.layers[i].inputs.at(k))];
  }

  const Model& model_;
  const net::Description& d_;
  ProtoMessage graph_;
  std::vector<std::string> names_;      // of every layer's result
  std::vector<ProtoMessage> memories_;  // outputs: what the next picture is to be given
  std::set<std::string> constants_;
};

void Writer::lower_norm(size_t i, const net::Norm& norm) {
  const std::string& out = names_[i];
  const Ints each = {norm.channels};
  const auto ones = [&](int64_t n) {
    return floats(out + ".scale", {n}, std::vector<float>(static_cast<size_t>(n), 1.0f));
  };
  const auto zeros = [&](int64_t n) {
    return floats(out + ".bias", {n}, std::vector<float>(static_cast<size_t>(n)));
  };
  if (norm.kind == net::NormKind::batch || norm.kind == net::NormKind::instance) {
    std::vector<std::string> inputs = {in(i), norm.affine ? parameter(i, "weight") : ones(norm.channels),
                                       norm.affine ? parameter(i, "bias") : zeros(norm.channels)};
    if (norm.kind == net::NormKind::batch) {
      inputs.push_back(parameter(i, "running_mean"));
      inputs.push_back(parameter(i, "running_var"));
    }
    const char* op = norm.kind == net::NormKind::batch ? "BatchNormalization" : "InstanceNormalization";
    add(Node(op, inputs, out).set("epsilon", norm.eps));
    return;
  }
  // A group's channels laid end to end are one channel of an instance norm.
  const int64_t groups = norm.kind == net::NormKind::group ? norm.groups : 1;
  add(Node("Reshape", {in(i), integers(out + ".groups", {0, groups, -1})}, out + ".grouped"));
  const std::string normed = norm.affine ? out + ".normed" : out;
  add(Node("InstanceNormalization", {out + ".grouped", ones(groups), zeros(groups)}, out + ".each")
          .set("epsilon", norm.eps));
  add(Node("Shape", {in(i)}, out + ".shape"));
  add(Node("Reshape", {out + ".each", out + ".shape"}, normed));
  if (!norm.affine) return;
  const Ints column = {norm.channels, 1, 1};
  add(Node("Mul", {normed, parameter(i, "weight", column)}, out + ".scaled"));
  add(Node("Add", {out + ".scaled", parameter(i, "bias", column)}, out));
}

void Writer::lower(size_t i) {
  const net::Layer& layer = d_.layers[i];
  const std::string& out = names_[i];
  const auto pads = [&](const Ints& values) { return integers(out + ".pads", values); };
  std::visit(
      Overload{
          [&](const net::Input&) {},
          [&](const net::Conv& op) {
            if (op.spectral_norm)
              fail(ErrorKind::usage,
                   "the network {} has spectral norm, which is for training only; export a generator",
                   d_.family);
            std::vector<std::string> inputs = {in(i), parameter(i, "weight")};
            if (op.bias) inputs.push_back(parameter(i, "bias"));
            add(Node("Conv", inputs, out)
                    .set("kernel_shape", Ints{op.kernel_h, op.kernel_w})
                    .set("strides", Ints{op.stride, op.stride})
                    .set("pads", Ints{op.pad_h, op.pad_w, op.pad_h, op.pad_w})
                    .set("group", int64_t{op.groups}));
          },
          [&](const net::ConvTranspose& op) {
            std::vector<std::string> inputs = {in(i), parameter(i, "weight")};
            if (op.bias) inputs.push_back(parameter(i, "bias"));
            add(Node("ConvTranspose", inputs, out)
                    .set("kernel_shape", Ints{op.kernel, op.kernel})
                    .set("strides", Ints{op.stride, op.stride})
                    .set("pads", Ints{op.pad, op.pad, op.pad, op.pad})
                    .set("output_padding", Ints{op.output_pad, op.output_pad}));
          },
          [&](const net::Pad& op) {
            const char* mode = op.mode == net::PadMode::reflect ? "reflect"
                               : op.mode == net::PadMode::zero  ? "constant"
                                                                : "edge";
            add(Node("Pad", {in(i), pads({0, 0, op.top, op.left, 0, 0, op.bottom, op.right})}, out)
                    .set("mode", mode));
          },
          [&](const net::Norm& op) { lower_norm(i, op); },
          [&](const net::Activation& op) {
            switch (op.kind) {
              case net::ActivationKind::relu:
                return add(Node("Relu", {in(i)}, out));
              case net::ActivationKind::leaky_relu:
                return add(Node("LeakyRelu", {in(i)}, out).set("alpha", op.slope));
              case net::ActivationKind::tanh:
                return add(Node("Tanh", {in(i)}, out));
              case net::ActivationKind::sigmoid:
                return add(Node("Sigmoid", {in(i)}, out));
              case net::ActivationKind::prelu:
                return add(Node("PRelu", {in(i), parameter(i, "weight", Ints{op.channels, 1, 1})}, out));
            }
          },
          [&](const net::Add&) {
            std::vector<std::string> inputs;
            for (size_t k = 0; k < layer.inputs.size(); ++k) inputs.push_back(in(i, k));
            add(Node("Sum", inputs, out));
          },
          [&](const net::Concat&) {
            std::vector<std::string> inputs;
            for (size_t k = 0; k < layer.inputs.size(); ++k) inputs.push_back(in(i, k));
            add(Node("Concat", inputs, out).set("axis", int64_t{1}));
          },
          [&](const net::Upsample& op) {
            const auto factor = static_cast<float>(op.factor);
            Node node("Resize",
                      {in(i), "", floats(out + ".scales", {4}, std::vector<float>{1, 1, factor, factor})},
                      out);
            if (op.mode == net::Interpolation::nearest)
              node.set("mode", "nearest")
                  .set("coordinate_transformation_mode", "asymmetric")
                  .set("nearest_mode", "floor");
            else
              node.set("mode", "linear")
                  .set("coordinate_transformation_mode", op.align_corners ? "align_corners" : "half_pixel");
            add(node);
          },
          [&](const net::BlurDown& op) {
            add(Node("Pad", {in(i), pads({0, 0, 1, 1, 0, 0, 1, 1})}, out + ".padded").set("mode", "reflect"));
            add(Node("Conv", {out + ".padded", parameter(i, "filt")}, out)
                    .set("kernel_shape", Ints{3, 3})
                    .set("strides", Ints{2, 2})
                    .set("group", int64_t{op.channels}));
          },
          [&](const net::BlurUp& op) {
            // Padding 2 and the crop of one row and column on every side come to padding 3.
            add(Node("Pad", {in(i), pads({0, 0, 1, 1, 0, 0, 1, 1})}, out + ".padded").set("mode", "edge"));
            add(Node("ConvTranspose", {out + ".padded", parameter(i, "filt")}, out)
                    .set("kernel_shape", Ints{4, 4})
                    .set("strides", Ints{2, 2})
                    .set("pads", Ints{3, 3, 3, 3})
                    .set("group", int64_t{op.channels}));
          },
          [&](const net::Dropout&) { names_[i] = in(i); },
          [&](const net::PixelShuffle& op) {
            add(Node("DepthToSpace", {in(i)}, out).set("blocksize", int64_t{op.factor}).set("mode", "CRD"));
          },
          [&](const net::PixelUnshuffle& op) {
            // SpaceToDepth puts the place in the block first, PyTorch the channel.
            const int64_t f = op.factor, channels = some_shapes()[i].channels / (f * f);
            Ints order;
            for (int64_t c = 0; c < channels; ++c) {
              for (int64_t place = 0; place < f * f; ++place) order.push_back(place * channels + c);
            }
            add(Node("SpaceToDepth", {in(i)}, out + ".blocks").set("blocksize", f));
            add(Node("Gather", {out + ".blocks", integers(out + ".order", order)}, out)
                    .set("axis", int64_t{1}));
          },
          [&](const net::Pool& op) {
            Node node(op.maximum ? "MaxPool" : "AveragePool", {in(i)}, out);
            node.set("kernel_shape", Ints{op.kernel, op.kernel})
                .set("strides", Ints{op.stride, op.stride})
                .set("pads", Ints{op.pad, op.pad, op.pad, op.pad});
            if (!op.maximum) node.set("count_include_pad", int64_t{op.count_pad});
            add(node);
          },
          [&](const net::GlobalPool&) { add(Node("GlobalAveragePool", {in(i)}, out)); },
          [&](const net::ScaleShift& op) {
            const auto column = [&](const std::string& name, const std::vector<double>& values) {
              return floats(out + name, {static_cast<int64_t>(values.size()), 1, 1},
                            std::vector<float>(values.begin(), values.end()));
            };
            add(Node("Mul", {in(i), column(".scale", op.scale)}, out + ".scaled"));
            add(Node("Add", {out + ".scaled", column(".shift", op.shift)}, out));
          },
          [&](const net::Multiply&) {
            std::string product = in(i);
            for (size_t k = 1; k < layer.inputs.size(); ++k) {
              const bool last = k + 1 == layer.inputs.size();
              const std::string name = last ? out : fmt::format("{}.{}", out, k);
              add(Node("Mul", {product, in(i, k)}, name));
              product = name;
            }
            names_[i] = product;  // with one input nothing was multiplied
          },
          [&](const net::Memory&) {
            for (size_t k = 0; k < d_.memories.size(); ++k) {
              if (d_.memories[k].first == static_cast<int>(i)) names_[i] = fmt::format("memory.{}", k);
            }
          },
      },
      layer.op);
}

}  // namespace

std::string format_onnx(const Model& model, const OnnxOptions& options) {
  if (options.opset < 13 || options.opset > 17)
    fail(ErrorKind::usage, "opset {} is not written; choose 13 … 17", options.opset);
  net::validate(model.network);
  net::require_one_style(model.network);
  check_parameters(model.network, model.tensors, "the model");
  ProtoMessage out;
  // The first version of the file format that has the opset.
  out.integer(field::kModelIrVersion, options.opset <= 14 ? 7 : 8);
  out.text(field::kModelProducer, "linmo").text(field::kModelProducerVersion, LINMO_VERSION);
  out.text(field::kModelDoc, "Pictures N x C x H x W, RGB in [-1, 1], in and out.");
  out.message(field::kModelOpset, ProtoMessage().text(1, "").integer(2, options.opset));
  const auto metadata = [&](const std::string& key, const std::string& value) {
    out.message(field::kModelMetadata, ProtoMessage().text(1, key).text(2, value));
  };
  for (const auto& [key, value] : model.card.items())
    metadata(key, value.is_string() ? value.get<std::string>() : value.dump());
  metadata("family", model.network.family);
  metadata("size_multiple", std::to_string(model.network.size_multiple));
  metadata("content_scale", fmt::format("{}", model.network.content_scale));
  out.message(field::kModelGraph, Writer(model).graph());
  if (out.bytes().size() > kMostBytes)
    fail(ErrorKind::limit, "the network {} does not fit into the 2 GB of an ONNX file", model.network.family);
  return out.bytes();
}

void write_onnx(const std::filesystem::path& path, const Model& model, const OnnxOptions& options) {
  write_file(path, format_onnx(model, options));
}

}  // namespace linmo::model
