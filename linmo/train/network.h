// SPDX-License-Identifier: Apache-2.0
// A network that can be trained: a description and its parameters as libtorch tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/core/random.h"
#include "linmo/model/tensor.h"
#include "linmo/net/description.h"

namespace linmo::train {

class ConvolutionState;

enum class Precision {
  fp32,
  bf16,   // convolutions and what lies between them; parameters, statistics and losses in fp32
  plain,  // fp32 through libtorch's own operations alone: the slow twin of the other two
};

// How weights begin; biases are 0, norm scales 1 (normal: N(1, gain)).
enum class Init {
  normal,   // N(0, gain): CycleGAN, pix2pix (gain 0.02)
  xavier,   // Glorot 2010 normal, × gain: CUT (gain 0.02)
  kaiming,  // He 2015 normal, fan-in, × gain
  keras,    // Glorot uniform, the default of the source document's framework
};

struct Pass {
  bool train = true;    // batch norm uses and updates batch statistics; dropout is on
  bool frozen = false;  // no gradient into the parameters (a discriminator while its generator learns)
  bool plain = false;   // only libtorch's own operations: twice differentiable, and the twin of the fast path
  std::vector<int> want;  // layers whose results are returned (taps or outputs); empty: the outputs
  // Of a network of several styles (net/styles.h): the style of each picture, or one for all.
  std::vector<int64_t> styles;
  // What the network remembers, N × C × H × W in the order of Description::memories: read, then replaced by
  // what this pass leaves, through which gradients pass. Empty: zeros. Null: zeros, and nothing is left.
  std::vector<at::Tensor>* memory = nullptr;
};

class Network {
 public:
  Network(net::Description description, Init init, double gain, Random random);

  const net::Description& description() const { return description_; }
  Precision precision() const { return precision_; }
  void set_precision(Precision precision) { precision_ = precision; }

  // x: N × C × H × W; results in fp32, of `want` in its order. Layers that no wanted one reads are not run.
  // Throws ErrorKind::usage when a network of several styles is not told which.
  std::vector<at::Tensor> run(const at::Tensor& x, const Pass& asked) const;
  at::Tensor operator()(const at::Tensor& x, const Pass& pass = {}) const { return run(x, pass).at(0); }

  // Whether pictures may share a pass without changing each other's results or the network's state: no batch
  // norm, dropout or spectral norm.
  bool batches_freely() const;
  // run() of the outputs on several tensors at once, by the same arithmetic in fewer and larger pieces. They
  // are run one by one, in their order, where sizes differ or the network does not batch freely. For each
  // tensor its outputs.
  std::vector<std::vector<at::Tensor>> run_together(const std::vector<at::Tensor>& x) const;

  struct Entry {
    std::string name;  // state-dict key
    at::Tensor tensor;
    bool trainable;
  };
  // Parameters and buffers, in state-dict order; the tensors are the network's own.
  const std::vector<Entry>& state() const { return state_; }
  std::vector<at::Tensor> trainable() const;
  // Of these the scales and shifts of conditional norms, in which styles differ, and the others.
  std::vector<at::Tensor> trainable_of_styles() const { return trainable_where(true); }
  std::vector<at::Tensor> trainable_of_all_styles() const { return trainable_where(false); }
  // Only the last layers learn, from the result back: this share of those that have parameters, rounded up.
  // The others keep theirs, and no gradient is computed for them.
  void learn_last(double share);
  // Only what differs between styles learns: the scales and shifts of the conditional norms. Those of styles
  // that no pass names keep their bits, for Adam does not move what has no gradient.
  void learn_styles();

  model::TensorMap to_tensors() const;
  // Throws ErrorKind::input when a parameter is missing or has another shape.
  void load(const model::TensorMap& tensors, std::string_view from);

  void to_double();  // for gradient checks
  // After a copy, which shares the original's tensors: tensors of its own, without gradients.
  void detach_from(const Network& original);

 private:
  struct Step {         // one or more layers done at once
    int layer;          // whose result it is
    int norm = -1;      // the instance norm fused into it
    int residual = -1;  // the layer added in the same pass
  };
  const at::Tensor& parameter(int layer, int which) const;
  at::Tensor weight(int layer, int which, const Pass& pass) const;
  at::Tensor weight(int layer, int which, const Pass& pass, at::ScalarType type) const;
  bool differs_between_styles(size_t layer) const;
  std::vector<at::Tensor> trainable_where(bool styles) const;
  // Of a conditional norm's weight or bias: the row of the one style, or a row a picture.
  at::Tensor style_rows(const at::Tensor& weight, int styles, const Pass& pass) const;
  at::Tensor spectral_weight(int layer, const Pass& pass) const;
  at::Tensor run_layer(const Step& step, const std::vector<at::Tensor>& results, const Pass& pass) const;

  net::Description description_;
  Precision precision_ = Precision::fp32;
  std::vector<Entry> state_;
  std::vector<std::shared_ptr<ConvolutionState>> convolutions_;  // of each layer
  std::vector<std::vector<int>> layer_state_;                    // layer → indices into state_
  std::vector<Step> steps_;
};

at::Tensor to_torch(const model::Tensor& tensor);    // fp32 (or int64), a copy
model::Tensor from_torch(const at::Tensor& tensor);  // f32 or i64, contiguous, a copy

}  // namespace linmo::train
