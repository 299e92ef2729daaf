// SPDX-License-Identifier: Apache-2.0
// Training's operations, forward and backward, beside their plain twins. Each pair NAME/fast, NAME/plain
// gives one ratio of bench/baseline.json.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "linmo/train/convolution.h"
#include "linmo/train/kernels.h"
#include "linmo/train/optimiser.h"
#include "linmo/train/threads.h"
#include "linmo/train/trainer.h"

namespace linmo::train {
namespace {

using at::Tensor;

Tensor picture(bool plain, int64_t channels, int64_t side) {
  const Tensor x = at::rand({1, channels, side, side}) - 0.5;
  if (plain) return x.set_requires_grad(true);
  return x.to(bf16_is_native() ? at::kBFloat16 : at::kFloat)
      .contiguous(at::MemoryFormat::ChannelsLast)
      .set_requires_grad(true);
}

void run(benchmark::State& state, const Tensor& x, const std::function<Tensor()>& forward) {
  const Tensor ones = at::ones_like(forward());
  for (auto _ : state) {
    x.mutable_grad().reset();
    forward().backward(ones);
  }
}

void convolution_pass(benchmark::State& state, bool plain, int channels, int side) {
  const net::Conv op{channels, channels, 3, 3, 1, 1, 1, 1, false, false};
  const Tensor weight = (at::rand({channels, channels, 3, 3}) * 0.01).set_requires_grad(true);
  const Tensor x = picture(plain, channels, side);
  const auto kept = make_convolution_state();
  run(state, x, [&] {
    weight.mutable_grad().reset();
    return plain ? convolution_plain(x, weight, {}, op) : convolution(x, weight, {}, op, kept, true);
  });
  state.counters["GFLOP/s"] = benchmark::Counter(3 * 2.0 * 9 * channels * channels * side * side / 1e9,
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

void norm_pass(benchmark::State& state, bool plain, int channels, int side) {
  const Tensor x = picture(plain, channels, side);
  const NormEpilogue relu{NormEpilogue::Kind::relu, 0};
  run(state, x, [&] { return (plain ? instance_norm_plain : instance_norm)(x, {}, {}, 1e-5, relu, {}); });
}

void pad_pass(benchmark::State& state, bool plain, int channels, int side) {
  const Tensor x = picture(plain, channels, side);
  const net::Pad reflect{net::PadMode::reflect, 1, 1, 1, 1};
  run(state, x, [&] { return (plain ? pad_plain : pad)(x, reflect); });
}

void upsample_pass(benchmark::State& state, bool plain, int channels, int side) {
  const Tensor x = picture(plain, channels, side);
  run(state, x, [&] { return (plain ? upsample_nearest_plain : upsample_nearest)(x, 2); });
}

// The plain twin: Adam as PyTorch 1.13 writes it for one parameter, operation by operation, and the average.
void optimiser_pass(benchmark::State& state, bool plain) {
  const int64_t n = 1 << 21;
  const Tensor w = at::rand({n}).set_requires_grad(true), average = at::rand({n});
  w.mutable_grad() = at::rand({n});
  Adam adam({w}, {});
  const Tensor m = at::zeros({n}), v = at::zeros({n}), g = w.grad();
  for (auto _ : state) {
    if (!plain) {
      adam.step(1);
      average_weights({average}, {w}, 0.998, 1000);
      continue;
    }
    const at::NoGradGuard guard;
    m.mul_(0.5).add_(g, 0.5);
    v.mul_(0.999).addcmul_(g, g, 0.001);
    w.detach().addcdiv_(m, v.sqrt().div_(0.5).add_(1e-8), -2e-4);
    average.mul_(0.998).add_(w.detach(), 0.002);
  }
}

void pair(const std::string& name, const std::function<void(benchmark::State&, bool)>& pass) {
  for (const bool plain : {false, true}) {
    benchmark::RegisterBenchmark((name + (plain ? "/plain" : "/fast")).c_str(),
                                 [=](benchmark::State& state) { pass(state, plain); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
}

const bool registered = [] {
  use_threads(0);
  for (const auto& [channels, side] : {std::pair{256, 64}, std::pair{64, 256}, std::pair{32, 128}}) {
    const std::string size = "_" + std::to_string(channels) + "_at_" + std::to_string(side);
    const int c = channels, s = side;
    pair("convolution" + size, [=](auto& state, bool plain) { convolution_pass(state, plain, c, s); });
    pair("instance_norm" + size, [=](auto& state, bool plain) { norm_pass(state, plain, c, s); });
    pair("reflection_pad" + size, [=](auto& state, bool plain) { pad_pass(state, plain, c, s); });
  }
  pair("upsample_64_at_128", [](auto& state, bool plain) { upsample_pass(state, plain, 64, 128); });
  pair("adam_and_average_2M", [](auto& state, bool plain) { optimiser_pass(state, plain); });
  return true;
}();

}  // namespace
}  // namespace linmo::train
