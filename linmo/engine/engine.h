// SPDX-License-Identifier: Apache-2.0
// Runs a network description on oneDNN, without libtorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/model/tensor.h"
#include "linmo/net/description.h"

namespace linmo::engine {

// What activations and weights are stored in between layers; sums, norm statistics and the picture that comes
// out are fp32 either way. int8: the convolutions that quantise() found fit for it, everything else as
// `automatic`.
enum class Precision { automatic, fp32, bf16, int8 };
// "auto", "fp32", "bf16", "int8"; throws ErrorKind::usage for others.
Precision precision_from_name(std::string_view name);

struct Options {
  Precision precision = Precision::automatic;  // automatic: bf16 where the CPU computes in it, else fp32
  int threads = 0;                             // 0: as many as OpenMP would take (usually all cores)
  int cached_plans = 4;                        // plans for so many picture sizes are kept, least used go
};

// Order of a picture's samples: interleaved H × W × C, planar C × H × W.
enum class Layout { interleaved, planar };

// A rectangle of pixels of some layer's result.
struct Rect {
  int64_t x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Rect&) const = default;
};

// Count, mean and sum of squared deviations of each channel; two halves of a picture can be put together
// (Chan, Golub & LeVeque 1979), so statistics of a whole picture can come from its tiles.
struct Moments {
  double count = 0;
  std::vector<double> mean, m2;
  void merge(const Moments& other);
};

// Steers the norms that depend on the whole picture (instance, group, layer), in the order of statistics().
struct NormControl {
  const std::vector<Moments>* given = nullptr;  // norm k uses given[k] where k < given->size()
  std::vector<Moments>* record = nullptr;       // all norms' own statistics are stored here
  int collect = -1;          // norm whose statistics are wanted; the run ends there, `out` is not touched
  Rect collect_region = {};  // which part of that norm's input counts
  Moments* collected = nullptr;
};

// What a recurrent network (net::Description::memories) remembers of the pictures before, one a stream. It
// belongs to the caller, for one run at a time; begins empty, which means zeros.
class Memory {
 public:
  bool empty() const { return values_.empty(); }
  void clear() { *this = {}; }
  // To go on elsewhere to the same bits. restore() throws ErrorKind::input for what is not save()'s.
  std::string save() const;
  void restore(std::string_view saved);

 private:
  friend class Engine;
  friend class Plan;
  net::Shape input_;                        // of the pictures
  std::vector<std::vector<float>> values_;  // of each memory, H × W × C
};

// Takes a row of pixels of what a convolution reads, margins included; rows of one run come in order.
using InputObserver = std::function<void(int layer, std::span<const float> row)>;

class Stages;

// Immutable after construction; run() may be called from several threads at once (each gets its own memory,
// all share the packed weights). Results do not depend on the number of threads.
class Engine {
 public:
  // Copies what it needs from `tensors`. Throws ErrorKind::input when one is missing or has a wrong shape,
  // ErrorKind::usage for int8 with a model that was not prepared for it (quantise()) and for a network of
  // several styles (model/styles.h makes a plain one of it). Where the CPU does not compute in what is asked
  // for, the next better precision is taken: int8 → bf16 → fp32; about() says so.
  Engine(net::Description network, model::TensorMap tensors, Options options = {});
  // The same, sharing the weights, with another number of threads.
  Engine with_threads(int threads) const;
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  const net::Description& network() const;
  Precision precision() const;  // what is computed in: fp32, bf16 or int8
  int threads() const;
  // One sentence: precision, instruction set, and why not bf16 where that is so.
  std::string about() const;

  // One picture through the network: in_channels × height × width in, outputs[0] out (sizes by
  // net::infer_shapes). Values as the network was trained, usually [−1, 1]. Throws ErrorKind::input when the
  // size does not fit the network or a span's size is wrong. `memory`: what a recurrent network remembers is
  // read and replaced; null: it remembers nothing. A picture of another size than the one before begins
  // anew. Throws ErrorKind::input when it is another network's.
  void run(std::span<const float> in, int64_t height, int64_t width, std::span<float> out,
           Layout layout = Layout::interleaved, Memory* memory = nullptr) const;

  // The same with the norms steered, of which only `crop` of the result is written (interleaved, dense).
  void run_part(std::span<const float> in, int64_t height, int64_t width, Rect crop, std::span<float> out,
                const NormControl& norms) const;

  // Makes a memory fit for pictures of this size, as run() does. Throws as run().
  void prepare(Memory& memory, net::Shape input) const;

  // run() that shows what the convolutions read. Throws ErrorKind::usage unless precision() is fp32.
  void run_observed(std::span<const float> in, int64_t height, int64_t width, std::span<float> out,
                    const InputObserver& observer) const;

  // Working memory of one run() of this size, weights left aside. Makes no plan; cheap.
  uint64_t memory_bytes(int64_t height, int64_t width) const;

  // The layers whose statistics depend on the whole picture, in the order in which they run.
  const std::vector<int>& statistics() const;

  // For pictures that are not to be computed in one piece (tiled.h); null where the network cannot be cut so.
  // Made when it is first asked for.
  const Stages* stages() const;

 private:
  void run_with(std::span<const float> in, net::Shape input, Rect crop, int64_t channels,
                std::span<float> out, Layout layout, const NormControl& norms,
                const InputObserver* observer = nullptr, Memory* memory = nullptr) const;
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether oneDNN computes in bf16 on this CPU at more than fp32's speed (AVX512_BF16 or AMX).
bool cpu_has_bf16();
// The same of 8-bit integers (VNNI or AMX). Without, oneDNN's products of 8 bits may overflow.
bool cpu_has_int8();

}  // namespace linmo::engine
