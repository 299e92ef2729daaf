// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/engine.h"

#include <omp.h>

#include <list>
#include <mutex>

#include "linmo/core/error.h"
#include "linmo/engine/plan.h"
#include "linmo/engine/stages.h"
#include "linmo/net/styles.h"

namespace linmo::engine {
namespace {

std::string_view isa_name() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_amx:
      return "AVX-512 with AMX";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 with BF16";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 with VNNI";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx2_vnni:
      return "AVX2 with VNNI";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::sse41:
      return "SSE4.1";
    default:
      return "plain code";
  }
}

}  // namespace

bool cpu_has_bf16() {
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

bool cpu_has_int8() {
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  return cpu_has_bf16() || isa == dnnl::cpu_isa::avx512_core_vnni || isa == dnnl::cpu_isa::avx2_vnni;
}

Precision precision_from_name(std::string_view name) {
  if (name == "auto") return Precision::automatic;
  if (name == "fp32") return Precision::fp32;
  if (name == "bf16") return Precision::bf16;
  if (name == "int8") return Precision::int8;
  fail(ErrorKind::usage, "there is no precision \"{}\"; choose auto, fp32, bf16 or int8", name);
}

void Moments::merge(const Moments& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const double total = count + other.count;
  for (size_t c = 0; c < mean.size(); ++c) {
    const double difference = other.mean[c] - mean[c];
    mean[c] += difference * other.count / total;
    m2[c] += other.m2[c] + difference * difference * count * other.count / total;
  }
  count = total;
}

std::string Memory::save() const {
  std::string out;
  const auto put = [&](int64_t number) { out.append(reinterpret_cast<const char*>(&number), sizeof number); };
  for (const int64_t side : {input_.channels, input_.height, input_.width}) put(side);
  for (const std::vector<float>& values : values_) {
    put(static_cast<int64_t>(values.size()));
    out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  return out;
}

void Memory::restore(std::string_view saved) {
  const auto damaged = [] { fail(ErrorKind::input, "what was remembered of the last frame is damaged"); };
  const auto get = [&] {
    int64_t number = 0;
    if (saved.size() < sizeof number) damaged();
    std::memcpy(&number, saved.data(), sizeof number);
    saved.remove_prefix(sizeof number);
    return number;
  };
  Memory read;
  for (int64_t* side : {&read.input_.channels, &read.input_.height, &read.input_.width}) *side = get();
  while (!saved.empty()) {
    const int64_t count = get();
    if (count < 0 || static_cast<uint64_t>(count) > saved.size() / sizeof(float)) damaged();
    std::vector<float>& values = read.values_.emplace_back(static_cast<size_t>(count));
    if (count > 0) std::memcpy(values.data(), saved.data(), values.size() * sizeof(float));
    saved.remove_prefix(values.size() * sizeof(float));
  }
  *this = std::move(read);
}

struct Engine::State {
  // A plan and the workspaces that no run is using.
  struct Slot {
    std::unique_ptr<Plan> plan;
    std::mutex mutex;
    std::vector<std::unique_ptr<Workspace>> idle;
  };

  // What engines of one network have in common.
  struct Shared {
    Shared(net::Description d, model::TensorMap tensors, Quantisation quantisation)
        : description(std::move(d)),
          engine(dnnl::engine::kind::cpu, 0),
          weights(description, std::move(tensors), std::move(quantisation)) {}
    const net::Description description;
    const dnnl::engine engine;
    WeightStore weights;
    std::once_flag stages_made;
    std::unique_ptr<Stages> stages;
  };

  State(std::shared_ptr<Shared> s, const Options& o)
      : shared(std::move(s)),
        description(shared->description),
        engine(shared->engine),
        weights(shared->weights),
        options(o),
        type(o.precision != Precision::fp32 && cpu_has_bf16() ? Type::bf16 : Type::f32),
        threads(o.threads > 0 ? o.threads : omp_get_max_threads()),
        statistics(whole_picture_norms(description)) {}

  std::shared_ptr<Slot> slot(net::Shape input) {
    const std::lock_guard lock(mutex);
    for (auto it = slots.begin(); it != slots.end(); ++it) {
      if ((*it)->plan->input_shape() == input) {
        slots.splice(slots.begin(), slots, it);
        return slots.front();
      }
    }
    auto fresh = std::make_shared<Slot>();
    fresh->plan = std::make_unique<Plan>(description, input, type, weights, engine);
    slots.push_front(fresh);
    while (slots.size() > static_cast<size_t>(std::max(1, options.cached_plans))) slots.pop_back();
    return fresh;
  }

  // Room for `bytes`: small workspaces of other sizes are worth keeping, large ones would double the memory
  // that a run was allowed.
  void free_idle(uint64_t bytes) {
    if (bytes < (uint64_t{32} << 20)) return;
    const std::lock_guard lock(mutex);
    for (const auto& other : slots) {
      const std::lock_guard inner(other->mutex);
      other->idle.clear();
    }
  }

  const std::shared_ptr<Shared> shared;
  const net::Description& description;
  const dnnl::engine& engine;
  WeightStore& weights;
  const Options options;
  const Type type;
  const int threads;
  const std::vector<int> statistics;
  std::mutex mutex;
  std::list<std::shared_ptr<Slot>> slots;  // most recently used first
};

Engine::Engine(net::Description network, model::TensorMap tensors, Options options) {
  net::validate(network);
  net::require_one_style(network);
  check_tensors(network, tensors);
  Quantisation quantisation;
  if (options.precision == Precision::int8) {
    quantisation = stored_quantisation(network, tensors);
    if (quantisation.empty())
      fail(
          ErrorKind::usage,
          "the model is not prepared for int8; prepare it with: linmo quantise MODEL --calibrate PICTURES -o "
          "MODEL, or choose another precision");
    if (!cpu_has_int8()) quantisation.clear();
  }
  state_ = std::make_unique<State>(
      std::make_shared<State::Shared>(std::move(network), std::move(tensors), std::move(quantisation)),
      options);
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}

Engine Engine::with_threads(int threads) const {
  Options options = state_->options;
  options.threads = threads;
  return Engine(std::make_unique<State>(state_->shared, options));
}

Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const net::Description& Engine::network() const {
  return state_->description;
}
Precision Engine::precision() const {
  if (!state_->weights.quantisation().empty()) return Precision::int8;
  return state_->type == Type::bf16 ? Precision::bf16 : Precision::fp32;
}
int Engine::threads() const {
  return state_->threads;
}
const std::vector<int>& Engine::statistics() const {
  return state_->statistics;
}

const Stages* Engine::stages() const {
  State::Shared& shared = *state_->shared;
  std::call_once(shared.stages_made, [&] {
    shared.stages = Stages::make(shared.description, shared.weights.tensors(), state_->type,
                                 !shared.weights.quantisation().empty(), shared.engine);
  });
  return shared.stages.get();
}

std::string Engine::about() const {
  const std::string rest = state_->type == Type::bf16 ? "bf16" : "fp32";
  const size_t quantised = state_->weights.quantisation().size();
  std::string text =
      fmt::format("{} on {}, {} thread{}",
                  quantised > 0 ? fmt::format("int8 ({} layers, others {})", quantised, rest) : rest,
                  isa_name(), state_->threads, state_->threads == 1 ? "" : "s");
  const Precision asked = state_->options.precision;
  if (asked == Precision::int8 && quantised == 0)
    text += " (not int8: the processor has no VNNI)";
  else if (asked != Precision::fp32 && state_->type == Type::f32)
    text += " (the processor does not compute in bf16)";
  return text;
}

uint64_t Engine::memory_bytes(int64_t height, int64_t width) const {
  const net::Shape input{state_->description.in_channels(), height, width};
  return static_cast<uint64_t>(
      compile(state_->description, input, state_->type, state_->weights.quantisation()).arena_bytes);
}

void Engine::run(std::span<const float> in, int64_t height, int64_t width, std::span<float> out,
                 Layout layout, Memory* memory) const {
  const net::Shape input{state_->description.in_channels(), height, width};
  const net::Shape result =
      net::infer_shapes(state_->description, input)[static_cast<size_t>(state_->description.outputs[0])];
  run_with(in, input, {0, 0, result.width, result.height}, result.channels, out, layout, {}, nullptr, memory);
}

void Engine::run_part(std::span<const float> in, int64_t height, int64_t width, Rect crop,
                      std::span<float> out, const NormControl& norms) const {
  const net::Shape input{state_->description.in_channels(), height, width};
  const net::Shape result =
      net::infer_shapes(state_->description, input)[static_cast<size_t>(state_->description.outputs[0])];
  if (norms.collect < 0 && (crop.x < 0 || crop.y < 0 || crop.width < 0 || crop.height < 0 ||
                            crop.x + crop.width > result.width || crop.y + crop.height > result.height))
    fail(ErrorKind::input, "the part asked for lies outside the result of {} × {}", result.width,
         result.height);
  run_with(in, input, crop, result.channels, out, Layout::interleaved, norms);
}

void Engine::run_observed(std::span<const float> in, int64_t height, int64_t width, std::span<float> out,
                          const InputObserver& observer) const {
  if (precision() != Precision::fp32) fail(ErrorKind::usage, "only an engine in fp32 shows its inputs");
  const net::Shape input{state_->description.in_channels(), height, width};
  const net::Shape result =
      net::infer_shapes(state_->description, input)[static_cast<size_t>(state_->description.outputs[0])];
  run_with(in, input, {0, 0, result.width, result.height}, result.channels, out, Layout::interleaved, {},
           &observer);
}

// What is remembered of pictures of another size does not fit, and what has not this network's sizes is not
// its own.
void Engine::prepare(Memory& memory, net::Shape input) const {
  if (memory.input_ != input) memory.clear();
  memory.input_ = input;
  if (memory.empty()) return;
  const net::Description& d = state_->description;
  const std::vector<net::Shape> shapes = net::infer_shapes(d, input);
  bool fits = memory.values_.size() == d.memories.size();
  for (size_t i = 0; fits && i < d.memories.size(); ++i) {
    const int64_t wanted = shapes[static_cast<size_t>(d.memories[i].first)].count();
    fits = memory.values_[i].empty() || static_cast<int64_t>(memory.values_[i].size()) == wanted;
  }
  if (!fits) fail(ErrorKind::input, "what is remembered comes from another network than {}", d.family);
}

void Engine::run_with(std::span<const float> in, net::Shape input, Rect crop, int64_t channels,
                      std::span<float> out, Layout layout, const NormControl& norms,
                      const InputObserver* observer, Memory* memory) const {
  if (static_cast<int64_t>(in.size()) != input.count())
    fail(ErrorKind::input, "the picture has {} values, not {} × {} × {}", in.size(), input.height,
         input.width, input.channels);
  if (norms.collect < 0 && static_cast<int64_t>(out.size()) != crop.width * crop.height * channels)
    fail(ErrorKind::input, "there is room for {} values of a result of {} × {} × {}", out.size(), crop.height,
         crop.width, channels);
  if (memory) prepare(*memory, input);
  const ThreadCount threads(state_->threads);
  try {
    const std::shared_ptr<State::Slot> slot = state_->slot(input);
    std::unique_ptr<Workspace> workspace;
    {
      const std::lock_guard lock(slot->mutex);
      if (!slot->idle.empty()) {
        workspace = std::move(slot->idle.back());
        slot->idle.pop_back();
      }
    }
    if (!workspace) {
      state_->free_idle(slot->plan->bytes());
      workspace = slot->plan->make_workspace();
    }
    if (norms.record) norms.record->resize(state_->statistics.size());
    slot->plan->run(*workspace, in, layout, crop, out, norms, observer, memory);
    const std::lock_guard lock(slot->mutex);
    slot->idle.push_back(std::move(workspace));
  } catch (const dnnl::error& error) {
    refuse(error, state_->description.family, input.height, input.width);
  }
}

}  // namespace linmo::engine
