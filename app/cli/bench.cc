// SPDX-License-Identifier: Apache-2.0
// linmo bench: how fast networks run and train here, in every precision.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/cli/bench_options.h"
#include "app/cli/bench_peer.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/core/random.h"
#include "linmo/engine/quantise.h"
#include "linmo/engine/random_weights.h"
#include "linmo/net/cost.h"
#include "linmo/net/generators.h"

namespace linmo::cli {
namespace {

struct BenchOptions {
  std::vector<std::string> networks = {"resnet_9blocks:64", "resnet_6blocks:32", "compact:32"};
  int64_t size = 256;
  double psnr = 36;
  int threads = 0, runs = 10;
  std::string onnxruntime;
  bool json = false;
};

// Smooth waves: like a photograph in having large and small shapes, and the same everywhere.
std::vector<float> waves(int64_t side, int channels, uint64_t seed) {
  Random random(seed, 3);
  std::vector<float> values(static_cast<size_t>(side * side * channels));
  for (int wave = 0; wave < 24; ++wave) {
    const double fx = random.uniform(-0.4, 0.4), fy = random.uniform(-0.4, 0.4), at = random.uniform(0, 6.28);
    for (int c = 0; c < channels; ++c) {
      const double height = random.uniform(0, 0.25);
      for (int64_t y = 0; y < side; ++y)
        for (int64_t x = 0; x < side; ++x)
          values[static_cast<size_t>((y * side + x) * channels + c)] += static_cast<float>(
              height * std::sin(fx * static_cast<double>(x) + fy * static_cast<double>(y) + at));
    }
  }
  for (float& v : values) v = std::clamp(v, -1.0f, 1.0f);
  return values;
}

std::vector<float> planar(const std::vector<float>& interleaved, int channels) {
  std::vector<float> planes(interleaved.size());
  const size_t count = static_cast<size_t>(channels), pixels = planes.size() / count;
  for (size_t i = 0; i < pixels; ++i)
    for (size_t c = 0; c < count; ++c) planes[c * pixels + i] = interleaved[i * count + c];
  return planes;
}

net::GeneratorChoice choice_of(const std::string& text) {
  const size_t colon = text.find(':');
  net::GeneratorChoice choice;
  choice.name = text.substr(0, colon);
  if (colon != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, choice.ngf);
    if (error != std::errc() || rest != end || choice.ngf < 1)
      fail(ErrorKind::usage, "{}: after the colon comes the number of first features, as in compact:32",
           text);
  }
  return choice;
}

struct Times {
  std::vector<double> ms;
  double best() const { return *std::min_element(ms.begin(), ms.end()); }
  double median() const {
    std::vector<double> sorted = ms;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

// Threads that have just worked go on looking for work for a while, and would take it from whoever is next.
void let_threads_sleep() {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

struct Measured {
  std::string precision, about;
  Times times;
  double psnr = 99;  // [dB] against fp32
};

// One network in every precision that the processor has, and ONNX Runtime, in turn.
struct NetworkTimes {
  net::Cost cost;
  std::vector<Measured> ours;
  nlohmann::json peer;                      // about(), where there is one
  std::map<std::string, Times> peer_times;  // by precision
};

NetworkTimes compare(const std::string& text, const BenchOptions& o) {
  NetworkTimes result;
  model::Model model;
  model.network = net::make_generator(choice_of(text));
  const net::Description& d = model.network;
  result.cost = net::cost(d, {d.in_channels(), o.size, o.size});
  model.tensors = engine::random_weights(d, 1);
  const auto picture = waves(o.size, d.in_channels(), 1);
  // Not the picture that is measured.
  const std::vector<engine::CalibrationPicture> others = {
      {o.size, o.size, waves(o.size, d.in_channels(), 2)},
      {o.size, o.size, waves(o.size, d.in_channels(), 3)}};
  std::unique_ptr<OnnxRuntime> peer;
  if (!o.onnxruntime.empty()) {
    std::vector<std::vector<float>> planes = {planar(picture, d.in_channels())};
    for (const auto& other : others) planes.push_back(planar(other.values, d.in_channels()));
    peer = std::make_unique<OnnxRuntime>(
        o.onnxruntime, model, o.size, planes,
        engine::Engine(d, model.tensors, {engine::Precision::fp32, o.threads, 1}).threads());
    result.peer = peer->about();
  }
  if (engine::cpu_has_int8()) engine::quantise(d, model.tensors, others, {o.psnr, o.threads});
  std::vector<engine::Engine> engines;
  for (const auto& [name, wanted] : {std::pair{"fp32", engine::Precision::fp32},
                                     {"bf16", engine::Precision::bf16},
                                     {"int8", engine::Precision::int8}}) {
    if (wanted == engine::Precision::bf16 && !engine::cpu_has_bf16()) continue;
    if (wanted == engine::Precision::int8 && !engine::cpu_has_int8()) continue;
    engines.emplace_back(d, model.tensors, engine::Options{wanted, o.threads, 1});
    result.ours.push_back({name, engines.back().about(), {}});
  }
  const net::Shape out =
      net::infer_shapes(d, {d.in_channels(), o.size, o.size})[static_cast<size_t>(d.outputs[0])];
  std::vector<float> truth, values(static_cast<size_t>(out.count()));
  for (int round = 0; round < o.runs; ++round) {
    for (size_t k = 0; k < engines.size(); ++k) {
      Measured& m = result.ours[k];
      let_threads_sleep();
      engines[k].run(picture, o.size, o.size, values);
      const auto begun = std::chrono::steady_clock::now();
      engines[k].run(picture, o.size, o.size, values);
      m.times.ms.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
      if (round == 0) {
        if (truth.empty()) truth = values;
        double squares = 0;
        for (size_t i = 0; i < values.size(); ++i)
          squares +=
              std::pow(static_cast<double>(values[i] - truth[i]), 2) / static_cast<double>(values.size());
        if (squares > 0) m.psnr = 10 * std::log10(4 / squares);
      }
      if (peer && m.precision != "bf16") {
        let_threads_sleep();
        result.peer_times[m.precision].ms.push_back(peer->run(m.precision));
      }
    }
  }
  return result;
}

nlohmann::json to_json(const std::string& text, const BenchOptions& o, const NetworkTimes& c) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Measured& m : c.ours) {
    rows.push_back({{"network", text},
                    {"precision", m.precision},
                    {"size", o.size},
                    {"best_ms", m.times.best()},
                    {"median_ms", m.times.median()},
                    {"macs", c.cost.macs},
                    {"macs_at_output", c.cost.macs_at_output},
                    {"gflops", c.cost.flops() / m.times.best() / 1e6},
                    {"psnr", m.psnr},
                    {"engine", m.about}});
  }
  for (const auto& [precision, times] : c.peer_times) {
    rows.push_back({{"network", text},
                    {"precision", precision},
                    {"size", o.size},
                    {"best_ms", times.best()},
                    {"median_ms", times.median()},
                    {"psnr", precision == "int8" ? c.peer.at("psnr_int8").get<double>() : 99.0},
                    {"engine", fmt::format("ONNX Runtime {}", c.peer.at("version").get<std::string>())}});
  }
  return rows;
}

void print_rows(const std::string& text, const NetworkTimes& c) {
  const auto ratio = [&](double ms, const char* to) {
    const auto found = c.peer_times.find(to);
    return found == c.peer_times.end() ? std::string("–") : fmt::format("{:.3f}", ms / found->second.best());
  };
  const auto psnr = [](double dB) { return dB < 99 ? fmt::format("{:.1f}", dB) : std::string(); };
  const auto line = [&](std::string_view who, std::string_view precision, const Times& times, double dB) {
    fmt::print("{:18} {:13} {:9} {:>9.1f} {:>9.1f} {:>7.0f} {:>9} {:>9}  {}\n", text, who, precision,
               times.best(), times.median(), c.cost.flops() / times.best() / 1e6, ratio(times.best(), "fp32"),
               ratio(times.best(), "int8"), psnr(dB));
  };
  for (const Measured& m : c.ours) line("linmo", m.precision, m.times, m.psnr);
  for (const auto& [precision, times] : c.peer_times)
    line("ONNX Runtime", precision, times, precision == "int8" ? c.peer.at("psnr_int8").get<double>() : 99);
}

int run_bench(const BenchOptions& o) {
  nlohmann::json rows = nlohmann::json::array();
  std::string about, version;
  if (!o.json)
    fmt::print("{:18} {:13} {:9} {:>9} {:>9} {:>7} {:>9} {:>9}  {}\n", "network", "", "precision",
               "best [ms]", "median", "GFLOP/s", "/ORT fp32", "/ORT int8", "PSNR to its fp32 [dB]");
  for (const std::string& text : o.networks) {
    const NetworkTimes c = compare(text, o);
    about = c.ours.back().about;
    if (c.peer.is_object()) version = c.peer.at("version");
    if (!o.json) print_rows(text, c);
    for (nlohmann::json& row : to_json(text, o, c)) rows.push_back(std::move(row));
  }
  if (o.json) {
    fmt::print("{}\n", rows.dump(2));
    return kDone;
  }
  fmt::print(
      "{} × {} pixels, untrained weights, {}.\nGFLOP/s count the multiplications really needed: a transposed "
      "convolution at its input's size, not at its output's.\n",
      o.size, o.size, about);
  if (version.empty())
    fmt::print(
        "Beside ONNX Runtime: name a Python that has it (bench/requirements.txt) in LINMO_ONNXRUNTIME.\n");
  else
    fmt::print("ONNX Runtime {}, in turn with linmo, the same number of threads; int8 by its own tools.\n",
               version);
  return kDone;
}

}  // namespace

void add_bench(Registry registry) {
  auto o = std::make_shared<BenchOptions>();
  CLI::App* bench = registry.app.add_subcommand("bench", "Measure how fast linmo is on this machine");
  bench->require_subcommand(1);
  CLI::App* command =
      bench->add_subcommand("engine", "Networks in fp32, bf16 and int8, one picture at a time");
  command->add_option("networks", o->networks, "generators as NAME or NAME:ngf (linmo net --help lists them)")
      ->capture_default_str();
  command->add_option("--size", o->size, "side of the picture [px]")
      ->capture_default_str()
      ->check(CLI::Range(64, 4096));
  command->add_option("--runs", o->runs, "timed after one that is not")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--psnr", o->psnr,
                   "int8 as close to fp32 as this [dB] on the pictures it is prepared with: layers stay in "
                   "floating point until it is")
      ->capture_default_str()
      ->check(CLI::Range(10.0, 80.0));
  command->add_option("--threads", o->threads, "default: all cores")->check(CLI::Range(1, 1024));
  command
      ->add_option(
          "--onnxruntime", o->onnxruntime,
          "a Python that has ONNX Runtime (bench/requirements.txt): it is measured in turn, on the same "
          "networks")
      ->envname("LINMO_ONNXRUNTIME");
  command->add_flag("--json", o->json, "for machines");
  command->callback([o, &code = registry.exit_code] { code = run_bench(*o); });

  auto steps = std::make_shared<BenchTrainCommand>();
  CLI::App* train =
      bench->add_subcommand("train", "Training steps and their parts, beside libtorch's own operations");
  add_bench_train_options(*train, *steps);
  train->callback([steps] {
    std::vector<std::string> arguments{"bench"};
    for (const std::string& text : steps->steps) {
      step_settings(text);
      arguments.push_back(text);
    }
    arguments.push_back(fmt::format("--runs={}", steps->runs));
    for (const std::string& name : steps->precisions) arguments.push_back("--precision=" + name);
    if (steps->threads > 0) arguments.push_back(fmt::format("--threads={}", steps->threads));
    if (!steps->parts) arguments.emplace_back("--no-parts");
    if (steps->profile) arguments.emplace_back("--profile");
    if (steps->json) arguments.emplace_back("--json");
    run_helper("linmo-train", std::move(arguments));
  });
}

}  // namespace linmo::cli
