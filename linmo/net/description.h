// SPDX-License-Identifier: Apache-2.0
// What a network IS: plain data, a list of layers in the order in which they are computed, each naming the
// earlier layers that it reads. train/ makes libtorch operations from it, engine/ oneDNN primitives,
// model/onnx an ONNX graph, net/cost a price. Nothing else in the project knows a layer list.
//
// A layer's `name` is the prefix of its keys in PyTorch state dicts ("model.10.conv_block.1" →
// "model.10.conv_block.1.weight"), so official checkpoints load and ours load there.
// Tensors are N × C × H × W.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace linmo::net {

enum class PadMode { zero, reflect, replicate };
enum class NormKind { instance, batch, group, layer };  // layer: over C×H×W (GroupNorm with one group)
enum class ActivationKind { relu, leaky_relu, tanh, sigmoid, prelu };
enum class Interpolation { nearest, bilinear };

struct Input {
  int channels = 3;
};
struct Conv {  // torch.nn.Conv2d, zero padding
  int in = 0, out = 0;
  int kernel_h = 3, kernel_w = 3;
  int stride = 1;
  int pad_h = 0, pad_w = 0;
  int groups = 1;
  bool bias = true;
  bool spectral_norm = false;  // weight divided by its largest singular value (Miyato 2018); training only
};
struct ConvTranspose {  // torch.nn.ConvTranspose2d; weight in × out × k × k
  int in = 0, out = 0, kernel = 4, stride = 2, pad = 1, output_pad = 0;
  bool bias = true;
};
struct Pad {
  PadMode mode = PadMode::reflect;
  int left = 0, right = 0, top = 0, bottom = 0;
};
struct Norm {
  NormKind kind = NormKind::instance;
  int channels = 0;
  bool affine = false;
  double eps = 1e-5;
  double momentum = 0.1;  // torch's: running = (1 − momentum)·running + momentum·batch
  int groups = 1;         // group only
  // Instance, affine: weight and bias have a row for each style (styles.h); 1: one for all.
  int styles = 1;
};
struct Activation {
  ActivationKind kind = ActivationKind::relu;
  double slope = 0.2;  // leaky_relu
  int channels = 1;    // prelu: 1 or the tensor's
};
struct Add {};     // of all inputs, equal shapes
struct Concat {};  // along channels
struct Upsample {
  Interpolation mode = Interpolation::nearest;
  int factor = 2;
  bool align_corners = false;
};
// CUT's anti-aliased resampling with a stored depthwise filter (Zhang 2019).
struct BlurDown {  // ReflectionPad(1), [1 2 1]⊗[1 2 1]/16, stride 2
  int channels = 0;
};
struct BlurUp {  // ReplicationPad(1), transposed with [1 3 3 1]⊗[1 3 3 1]·4/64, stride 2, cropped to 2H × 2W
  int channels = 0;
};
struct Dropout {
  double p = 0.5;
};
struct PixelShuffle {
  int factor = 2;
};
struct PixelUnshuffle {
  int factor = 2;
};
struct Pool {
  bool maximum = false;  // otherwise average
  int kernel = 3, stride = 2, pad = 0;
  bool count_pad = false;  // average: padded zeros count
};
struct GlobalPool {};  // average over H × W → 1 × 1
struct ScaleShift {  // x·scale + shift with fixed numbers, e.g. [−1, 1] → what the network was trained on
  std::vector<double> scale, shift;  // one number, or one a channel
};

struct Multiply {};  // of all inputs, equal shapes
// What another layer gave for the picture before this one in a sequence of pictures of one size; zeros at the
// first (Description::memories says which layer). Its input only lends it height and width, so that shapes
// are known from the first layer to the last.
struct Memory {
  int channels = 0;
};

using Op =
    std::variant<Input, Conv, ConvTranspose, Pad, Norm, Activation, Add, Concat, Upsample, BlurDown, BlurUp,
                 Dropout, PixelShuffle, PixelUnshuffle, Pool, GlobalPool, ScaleShift, Multiply, Memory>;

struct Layer {
  Op op;
  std::string name;         // key prefix; empty where there is nothing to store
  std::vector<int> inputs;  // indices of earlier layers; empty for Input
};

struct Description {
  std::string family;                             // "resnet", "unet", "seed", "compact", "n_layers" …
  std::vector<Layer> layers;                      // layers[0] is the Input
  std::vector<int> outputs;                       // usually one, the last
  std::vector<std::pair<std::string, int>> taps;  // named intermediate results, e.g. CUT's "nce.0" …
  std::vector<std::pair<int, int>> memories;      // a Memory, and the layer whose result it holds next time
  int size_multiple = 1;                          // H and W of the input must be multiples of this
  double content_scale = 1;  // the content is resized by this before it goes in (seed: 0.25)

  int in_channels() const;
  int tap(const std::string& name) const;  // layer index; throws ErrorKind::usage
  bool remembers() const { return !memories.empty(); }
};

struct Shape {  // of one picture
  int64_t channels = 0, height = 0, width = 0;
  int64_t count() const { return channels * height * width; }
  bool operator==(const Shape&) const = default;
};

// The shape of every layer's result; throws ErrorKind::input naming the layer that does not fit.
std::vector<Shape> infer_shapes(const Description& description, Shape input);

// Checks what a description from a file must satisfy before anything is allocated: order, indices, channel
// agreement, and bounds on every number. Throws ErrorKind::input.
void validate(const Description& description);

struct ParameterInfo {
  enum class Kind {
    weight,
    bias,
    norm_weight,
    norm_bias,
    running_mean,
    running_var,
    batches_tracked,
    prelu,
    filter
  };
  std::string name;  // full key
  std::vector<int64_t> shape;
  Kind kind;
  int layer;
  bool trainable() const { return kind <= Kind::norm_bias || kind == Kind::prelu; }
};
// In state-dict order.
std::vector<ParameterInfo> parameters(const Description& description);

std::string_view op_name(const Op& op);

nlohmann::json to_json(const Description& description);
Description description_from_json(const nlohmann::json& json);  // validated; throws ErrorKind::input

}  // namespace linmo::net
