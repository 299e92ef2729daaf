// SPDX-License-Identifier: Apache-2.0
#include "app/cli/bench_profile_torch.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace linmo::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Open {
  std::string name;
  bool backward;
  Clock::time_point begin;
  double inside = 0;  // of the operations that it called
};

// libtorch takes bare functions as observers, so what they write to is global; an operation begins and ends
// on one thread.
std::mutex mutex;                       // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::map<std::string, double> seconds;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
thread_local std::vector<Open> open;    // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// What a name of libtorch's or of ours is called here; the first that it contains.
std::string group(std::string_view name) {
  static constexpr std::array kGroups = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"linmo::pack", "packing of weights"},
      {"linmo::adam", "Adam"},
      {"linmo::average", "running average"},
      {"InstanceNorm", "instance norm"},
      {"instance_norm", "instance norm"},
      {"batch_norm", "instance norm"},
      {"BatchNorm", "instance norm"},
      {"UpsampleNearest", "upsampling"},
      {"upsample", "upsampling"},
      {"Padding", "padding"},
      {"pad", "padding"},
      {"Pad", "padding"},
      {"onvolution", "convolution"},
      {"conv", "convolution"},
      {"elu", "activation"},
      {"tanh", "activation"},
      {"Tanh", "activation"},
      {"threshold", "activation"},
      {"copy_", "copies and types"},
      {"clone", "copies and types"},
      {"contiguous", "copies and types"},
      {"aten::to", "copies and types"},
      {"aten::cat", "copies and types"},
      {"ToCopy", "copies and types"},
      {"fill_", "zero-filling"},
      {"zero", "zero-filling"},
      {"ccumulateGrad", "sums"},
      {"aten::add", "sums"},
      {"mm", "matrix products"},
      {"matmul", "matrix products"},
  });
  for (const auto& [part, called] : kGroups) {
    if (name.find(part) != std::string_view::npos) return std::string(called);
  }
  return "other operations";
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& f) {
  const bool backward =
      f.scope() == at::RecordScope::BACKWARD_FUNCTION || (!open.empty() && open.back().backward);
  open.push_back({group(f.name()), backward, Clock::now()});
  return nullptr;
}

void end(const at::RecordFunction&, at::ObserverContext*) {
  const Open done = open.back();
  open.pop_back();
  const double whole = std::chrono::duration<double>(Clock::now() - done.begin).count();
  if (!open.empty()) open.back().inside += whole;
  const bool one_way =
      done.name == "Adam" || done.name == "running average" || done.name == "packing of weights";
  const std::lock_guard lock(mutex);
  seconds[done.name + (one_way ? "" : done.backward ? ", backward" : ", forward")] += whole - done.inside;
}

}  // namespace

std::map<std::string, double> profile(const std::function<void()>& work, int runs) {
  work();  // packs, plans, allocates
  seconds.clear();
  const at::CallbackHandle observer = at::addGlobalCallback(at::RecordFunctionCallback(begin, end));
  const auto begun = Clock::now();
  for (int i = 0; i < runs; ++i) work();
  double rest = std::chrono::duration<double>(Clock::now() - begun).count();
  at::removeCallback(observer);
  std::map<std::string, double> result;
  for (const auto& [name, sum] : seconds) result[name] = sum / runs, rest -= sum;
  result["between operations"] = std::max(0.0, rest) / runs;
  return result;
}

}  // namespace linmo::cli
