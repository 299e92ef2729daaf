// SPDX-License-Identifier: Apache-2.0
// A Program with its oneDNN primitives, ready to run on any number of Workspaces.
#pragma once

#include <dnnl.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "linmo/engine/engine.h"
#include "linmo/engine/picture_ops.h"
#include "linmo/engine/weights.h"

namespace linmo::engine {

// Packed weights and tables, made once and shared by all plans of an engine.
class WeightStore {
 public:
  WeightStore(const net::Description& description, model::TensorMap tensors, Quantisation quantisation)
      : description_(description), tensors_(std::move(tensors)), quantisation_(std::move(quantisation)) {}

  struct Packed {
    dnnl::memory weight, bias;
  };
  Packed conv(const ConvStep& step, const dnnl::memory::desc& wanted, const dnnl::engine& engine);
  // Of a quantised step: weight_scales(), and 1 / scale of the input's channels.
  const std::vector<float>& scales(const ConvStep& step);
  const std::vector<float>& quant_factor(int layer);
  const Quantisation& quantisation() const { return quantisation_; }
  const model::TensorMap& tensors() const { return tensors_; }
  const ScaleShift& affine(int layer, int64_t channels);
  const std::vector<float>& slope(int layer, int64_t channels);
  const std::vector<float>& blur(int layer);

 private:
  const net::Description& description_;
  const model::TensorMap tensors_;
  const Quantisation quantisation_;
  std::mutex mutex_;
  struct Entry {
    dnnl::memory::desc desc;
    Packed packed;
  };
  std::multimap<std::string, Entry> convs_;
  std::map<std::pair<int, int64_t>, ScaleShift> affine_;
  std::map<std::pair<int, int64_t>, std::vector<float>> slopes_;
  std::map<int, std::vector<float>> blurs_, quant_factors_;
  std::map<std::string, std::vector<float>> scales_;
};

// What an error of oneDNN's means to a user.
[[noreturn]] void refuse(const dnnl::error& error, std::string_view family, int64_t height, int64_t width);

struct FreeAligned {
  void operator()(std::byte* p) const { std::free(p); }
};
using AlignedBytes = std::unique_ptr<std::byte[], FreeAligned>;

// The memory of one run.
struct Workspace {
  AlignedBytes arena, scratch;
  std::vector<std::unordered_map<int, dnnl::memory>> arguments;  // of each step; empty but for convolutions
};

class Plan {
 public:
  Plan(const net::Description& description, net::Shape input, Type type, WeightStore& weights,
       const dnnl::engine& engine, Type result = Type::f32);

  // Throws ErrorKind::limit when there is no memory for it.
  std::unique_ptr<Workspace> make_workspace() const;
  // `in` empty: the input lies in input() already. `memory`: null is the same as an empty one, but that
  // nothing is left in it. `progress`: called after each step with the share done.
  void run(Workspace& workspace, std::span<const float> in, Layout layout, Rect crop, std::span<float> out,
           const NormControl& norms, const InputObserver* observer = nullptr, Memory* memory = nullptr,
           const std::function<void(double)>& progress = {}) const;
  // Where the input and the result lie: the first until run(), the second from then on.
  View input(const Workspace& workspace) const;
  View output(const Workspace& workspace) const { return view(workspace, program_.output); }
  net::Shape input_shape() const { return program_.shapes[0]; }
  net::Shape output_shape() const {
    return program_.values[static_cast<size_t>(program_.output.value)].shape;
  }
  uint64_t bytes() const { return static_cast<uint64_t>(program_.arena_bytes) + scratch_bytes_; }

 private:
  struct Convolution {
    dnnl::primitive primitive;
    dnnl::memory::desc src, dst, scratch, packing;
    WeightStore::Packed weights;
    int64_t dst_offset = 0;  // within the value: of a phase
  };
  Convolution make_convolution(const ConvStep& step) const;
  View view(const Workspace& w, Ref ref) const;
  void run_map(const Workspace& w, const MapStep& step, const NormControl& norms) const;
  void run_layer(const Workspace& w, const LayerStep& step) const;
  void recall(const Workspace& w, const MemoryStep& step, const Memory* memory) const;
  void remember(const Workspace& w, Memory& memory) const;

  const net::Description& description_;
  Program program_;
  WeightStore& weights_;
  dnnl::engine engine_;
  std::vector<Convolution> convolutions_;  // by step
  uint64_t scratch_bytes_ = 0;
};

}  // namespace linmo::engine
