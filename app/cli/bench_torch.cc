// SPDX-License-Identifier: Apache-2.0
// linmo bench train: training steps and their parts in every precision, beside the plain libtorch twin, as
// shares of what the processor can do at all.
#include <ATen/ATen.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "app/cli/bench_options.h"
#include "app/cli/bench_profile_torch.h"
#include "app/cli/console.h"
#include "linmo/core/error.h"
#include "linmo/engine/peak.h"
#include "linmo/net/cost.h"
#include "linmo/net/generators.h"
#include "linmo/train/convolution.h"
#include "linmo/train/kernels.h"
#include "linmo/train/method.h"
#include "linmo/train/threads.h"
#include "linmo/train/trainer.h"

namespace linmo::cli {
namespace {

using at::Tensor;
using nlohmann::json;
using train::Precision;

constexpr const char* kNames[] = {"fp32", "bf16", "plain"};  // by Precision

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Largest resident memory since the last call of forget_peak_memory [bytes]; 0 where the system does not say.
double peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return 1024 * std::stod(line.substr(6));
  return 0;
}
void forget_peak_memory() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << '5';
}

class Bench {
 public:
  Bench(const BenchTrainCommand& o, int threads) : o_(o), threads_(threads) {
    peak_ = engine::measure_peak(threads);
    for (const Precision p : {Precision::bf16, Precision::fp32, Precision::plain}) {
      const std::vector<std::string>& wanted = o.precisions;
      const bool asked = std::find(wanted.begin(), wanted.end(), kNames[static_cast<int>(p)]) != wanted.end();
      // Without instructions for it bf16 is emulated: only who asks for it gets it.
      if (wanted.empty() ? p != Precision::bf16 || train::bf16_is_native() : asked) precisions_.push_back(p);
    }
  }

  json run() {
    json out = {{"threads", threads_},
                {"peak_gflops",
                 {{"fp32", peak_.fp32 / 1e9}, {"bf16", peak_.bf16 / 1e9}, {"int8", peak_.int8 / 1e9}}}};
    if (!o_.json) {
      fmt::print("Loops of multiply-adds in registers, {} threads: fp32 {:.0f} GFLOP/s", threads_,
                 peak_.fp32 / 1e9);
      if (peak_.bf16 > 0) fmt::print(", bf16 {:.0f}", peak_.bf16 / 1e9);
      if (peak_.int8 > 0) fmt::print(", int8 {:.0f} GOP/s", peak_.int8 / 1e9);
      fmt::print(".\nplain: the same through libtorch's own fp32 operations. Times are the best of {}.\n",
                 o_.runs);
      if (!train::bf16_is_native()) fmt::print("This processor has no instructions for bf16.\n");
    }
    if (o_.parts) {
      out["parts"] = json::array();
      heading("part", "");
      for (const auto& [channels, side] : {std::pair{256, 64}, std::pair{128, 128}, std::pair{64, 256},
                                           std::pair{64, 64}, std::pair{32, 128}})
        convolution(channels, side, out["parts"]);
      for (const auto& [channels, side] : {std::pair{256, 64}, std::pair{64, 256}, std::pair{32, 128}})
        norm(channels, side, out["parts"]);
      for (const auto& [name, ngf, side] :
           {std::tuple{"resnet_9blocks", 64, 256}, std::tuple{"compact", 32, 128}})
        generator(name, ngf, side, out["parts"]);
    }
    out["steps"] = json::array();
    heading("training step", "  memory [MB]");
    for (const std::string& text : o_.steps) step(text, out["steps"]);
    return out;
  }

 private:
  void heading(const char* what, const char* more) const {
    if (!o_.json)
      fmt::print("\n{:42} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9}{}\n", what, "precision", "time [ms]", "GFLOP/s",
                 "of peak", "vs plain", "GFLOP", more);
  }

  // Times `work` of every precision in turns. flops 0: a matter of memory; `bytes` then counts.
  void compare(const std::string& name, double flops, double bytes,
               const std::vector<std::function<void()>>& work, json& rows,
               const std::vector<double>& memory = {}) const {
    std::vector<double> best(work.size(), 1e30);
    std::vector<double> first;
    for (const auto& w : work) first.push_back(seconds(w));
    for (int k = 0; k < o_.runs; ++k) {
      for (size_t i = 0; i < work.size(); ++i) {
        // A step of training follows one of its own kind: what the last one left in caches and heaps is not
        // its.
        if (first[i] < 2) work[i]();
        best[i] = std::min(best[i], seconds(work[i]));
      }
    }
    for (size_t i = 0; i < work.size(); ++i) {
      const Precision precision = precisions_[i];
      const double peak = precision == Precision::bf16 ? peak_.bf16 : peak_.fp32;
      json row = {{"name", name}, {"precision", kNames[static_cast<int>(precision)]}, {"ms", 1e3 * best[i]}};
      const bool twin = precisions_.back() == Precision::plain;
      if (twin) row["speed_up"] = best.back() / best[i];
      const std::string faster = twin ? fmt::format("{:.2f}×", best.back() / best[i]) : "";
      if (flops > 0)
        row.update(
            {{"gflop", flops / 1e9}, {"gflops", flops / best[i] / 1e9}, {"share", flops / best[i] / peak}});
      const double moved = bytes * (precision == Precision::bf16 ? 2 : 4);
      if (bytes > 0) row["gigabytes_per_second"] = moved / best[i] / 1e9;
      if (!memory.empty()) row["peak_memory_bytes"] = memory[i];
      rows.push_back(row);
      if (o_.json) continue;
      fmt::print("{:42} {:>9} {:>9.2f} ", i == 0 ? name : "", kNames[static_cast<int>(precision)],
                 1e3 * best[i]);
      if (flops > 0)
        fmt::print("{:>9.0f} {:>7.0f}% {:>9} {:>9.1f}", flops / best[i] / 1e9, 100 * flops / best[i] / peak,
                   faster, flops / 1e9);
      else
        fmt::print("{:>9} {:>8} {:>9} {:>9}", fmt::format("{:.1f} GB/s", moved / best[i] / 1e9), "", faster,
                   "");
      if (!memory.empty()) fmt::print(" {:>12.0f}", memory[i] / 1e6);
      fmt::print("\n");
      std::fflush(stdout);
    }
  }

  static Tensor picture(Precision precision, at::IntArrayRef sizes) {
    const Tensor x = at::rand(sizes) - 0.5;
    if (precision == Precision::plain) return x;
    return x.to(precision == Precision::bf16 ? at::kBFloat16 : at::kFloat)
        .contiguous(at::MemoryFormat::ChannelsLast);
  }

  void convolution(int channels, int side, json& rows) const {
    const net::Conv op{channels, channels, 3, 3, 1, 1, 1, 1, true, false};
    const Tensor weight = (at::rand({channels, channels, 3, 3}) * 0.01).set_requires_grad(true),
                 bias = at::zeros({channels}).set_requires_grad(true);
    std::vector<std::function<void()>> forward, both;
    for (const Precision precision : precisions_) {
      const auto state = train::make_convolution_state();
      const Tensor x = picture(precision, {1, channels, side, side}), ones = at::ones_like(x);
      const auto run = [=](const Tensor& in) {
        return precision == Precision::plain ? train::convolution_plain(in, weight, bias, op)
                                             : train::convolution(in, weight, bias, op, state, true);
      };
      forward.push_back([=] {
        const at::NoGradGuard guard;
        run(x);
      });
      const Tensor leaf = x.detach().clone().set_requires_grad(true);
      both.push_back([=] {
        leaf.mutable_grad().reset();
        weight.mutable_grad().reset();
        bias.mutable_grad().reset();
        run(leaf).backward(ones);
      });
    }
    const double flops = 2.0 * 9 * channels * channels * side * side;
    compare(fmt::format("convolution 3×3 {} @ {}², forward", channels, side), flops, 0, forward, rows);
    compare(fmt::format("  … and backward", channels, side), 3 * flops, 0, both, rows);
  }

  void norm(int channels, int side, json& rows) const {
    std::vector<std::function<void()>> both;
    for (const Precision precision : precisions_) {
      const Tensor x = picture(precision, {1, channels, side, side}).set_requires_grad(true),
                   ones = at::ones_like(x);
      both.push_back([=] {
        x.mutable_grad().reset();
        const auto f = precision == Precision::plain ? train::instance_norm_plain : train::instance_norm;
        f(x, {}, {}, 1e-5, {train::NormEpilogue::Kind::relu, 0}, {}).backward(ones);
      });
    }
    // Forward reads twice and writes once; backward reads the input and the gradient twice and writes once.
    compare(fmt::format("instance norm + ReLU {} @ {}², both ways", channels, side), 0,
            8.0 * channels * side * side, both, rows);
  }

  void generator(const char* name, int ngf, int side, json& rows) const {
    net::GeneratorChoice choice;
    choice.name = name;
    choice.ngf = ngf;
    const net::Description d = net::make_generator(choice);
    std::vector<std::function<void()>> work;
    for (const Precision precision : precisions_) {
      const auto network = std::make_shared<train::Network>(d, train::Init::normal, 0.02, Random(1, 1));
      network->set_precision(precision);
      const Tensor x = at::rand({1, 3, side, side});
      work.push_back([=] {
        const at::NoGradGuard guard;
        (*network)(x);
      });
    }
    const double flops =
        2.0 * static_cast<double>(net::macs_until(d, {3, side, side}, static_cast<int>(d.layers.size()) - 1));
    compare(fmt::format("{} ngf {} @ {}², forward", name, ngf, side), flops, 0, work, rows);
  }

  // Steps on noise: how long one takes does not depend on what the pictures show.
  void step(const std::string& text, json& rows) const {
    const train::TrainSettings settings = step_settings(text);
    const std::vector<int64_t> sizes = {settings.batch, 3, settings.size, settings.size};
    train::Batch batch{at::rand(sizes) * 2 - 1, at::rand(sizes) * 2 - 1};
    std::vector<std::string> styles;
    if (settings.method == "multi") styles = {"one", "other"};
    for (int64_t i = 0; i < settings.batch; ++i) batch.styles.push_back(styles.empty() ? 0 : i % 2);
    struct State {
      std::unique_ptr<train::Method> method;
      train::StepContext context;
    };
    const auto begin = [&](Precision precision) {
      auto state = std::make_shared<State>();
      state->method = train::make_method(settings, styles);
      state->method->set_precision(precision);
      state->context.random = Random(1, 2);
      return state;
    };
    // One at a time and from a clean slate, as a run would need it.
    std::vector<double> memory;
    double flops = 0;
    for (const Precision precision : precisions_) {
      forget_peak_memory();
      const auto state = begin(precision);
      flops = state->method->flops_per_step();
      state->method->step(batch, state->context);
      memory.push_back(peak_memory());
    }
    std::vector<std::function<void()>> work;
    for (const Precision precision : precisions_)
      work.push_back([state = begin(precision), &batch] { state->method->step(batch, state->context); });
    compare(fmt::format("{} {} ngf {}, {} × {}²", settings.method, settings.generator, settings.ngf,
                        settings.batch, settings.size),
            flops, 0, work, rows, memory);
    if (o_.profile) rows.back()["profile"] = where_it_goes(work);
  }

  // Milliseconds of a step by operation, a column a precision, the largest of the first one first.
  json where_it_goes(const std::vector<std::function<void()>>& work) const {
    std::vector<std::map<std::string, double>> columns;
    columns.reserve(work.size());
    for (const auto& w : work) columns.push_back(profile(w, o_.runs));
    std::map<std::string, double> largest;
    for (const auto& column : columns)
      for (const auto& [name, time] : column) largest[name] = std::max(largest[name], time);
    std::vector<std::string> names;
    for (const auto& [name, time] : largest) names.push_back(name);
    const auto of = [&](size_t i, const std::string& name) {
      const auto at = columns[i].find(name);
      return at == columns[i].end() ? 0.0 : 1e3 * at->second;
    };
    std::stable_sort(names.begin(), names.end(),
                     [&](const auto& a, const auto& b) { return of(0, a) > of(0, b); });
    json out = json::object();
    for (size_t i = 0; i < columns.size(); ++i)
      for (const std::string& name : names) out[kNames[static_cast<int>(precisions_[i])]][name] = of(i, name);
    if (o_.json) return out;
    fmt::print("  {:40}", "of it [ms]");
    for (const Precision p : precisions_) fmt::print(" {:>9}", kNames[static_cast<int>(p)]);
    fmt::print("\n");
    for (const std::string& name : names) {
      fmt::print("    {:38}", name);
      for (size_t i = 0; i < columns.size(); ++i) fmt::print(" {:>9.2f}", of(i, name));
      fmt::print("\n");
    }
    std::fflush(stdout);
    return out;
  }

  BenchTrainCommand o_;
  int threads_;
  engine::Peak peak_;
  std::vector<Precision> precisions_;  // the plain twin last
};

}  // namespace

int bench_train(std::vector<std::string> arguments) {
  BenchTrainCommand command;
  CLI::App app{"Training steps and their parts", "linmo bench train"};
  add_bench_train_options(app, command);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    fail(ErrorKind::usage, "{}\nSee: linmo bench train --help", error.what());
  }
  const int threads = train::use_threads(command.threads);
  const json result = Bench(command, threads).run();
  if (command.json) fmt::print("{}\n", result.dump(2));
  return kDone;
}

}  // namespace linmo::cli
