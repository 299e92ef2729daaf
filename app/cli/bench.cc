// SPDX-License-Identifier: Apache-2.0
// linmo bench: how fast networks run and train here, in every precision.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "app/cli/bench_options.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/core/random.h"
#include "linmo/engine/quantise.h"
#include "linmo/engine/random_weights.h"
#include "linmo/net/cost.h"
#include "linmo/net/generators.h"

namespace linmo::cli {
namespace {

struct Options {
  std::vector<std::string> networks = {"resnet_9blocks:64", "resnet_6blocks:32", "compact:32"};
  int64_t size = 256;
  double psnr = 36;
  int threads = 0, runs = 10;
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

int run(const Options& o) {
  nlohmann::json rows = nlohmann::json::array();
  std::string about;
  if (!o.json)
    fmt::print("{:18} {:10} {:>9} {:>9} {:>8} {:>9}  {}\n", "network", "precision", "best [ms]", "median",
               "GMAC", "GFLOP/s", "PSNR against fp32 [dB]");
  for (const std::string& text : o.networks) {
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
    const net::Description d = net::make_generator(choice);
    const net::Cost cost = net::cost(d, {d.in_channels(), o.size, o.size});
    model::TensorMap tensors = engine::random_weights(d, 1);
    const auto picture = waves(o.size, d.in_channels(), 1);
    if (engine::cpu_has_int8())
      engine::quantise(d, tensors,
                       // Not the picture that is measured.
                       {{o.size, o.size, waves(o.size, d.in_channels(), 2)},
                        {o.size, o.size, waves(o.size, d.in_channels(), 3)}},
                       {o.psnr, o.threads});
    std::vector<float> truth;
    for (const auto& [precision, wanted] : {std::pair{"fp32", engine::Precision::fp32},
                                            {"bf16", engine::Precision::bf16},
                                            {"int8", engine::Precision::int8}}) {
      if (wanted == engine::Precision::bf16 && !engine::cpu_has_bf16()) continue;
      if (wanted == engine::Precision::int8 && !engine::cpu_has_int8()) continue;
      const engine::Engine engine(d, tensors, {wanted, o.threads, 1});
      about = engine.about();
      const net::Shape out =
          net::infer_shapes(d, {d.in_channels(), o.size, o.size})[static_cast<size_t>(d.outputs[0])];
      std::vector<float> result(static_cast<size_t>(out.count()));
      engine.run(picture, o.size, o.size, result);
      std::vector<double> times;
      for (int k = 0; k < o.runs; ++k) {
        const auto begun = std::chrono::steady_clock::now();
        engine.run(picture, o.size, o.size, result);
        times.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
      }
      std::sort(times.begin(), times.end());
      if (truth.empty()) truth = result;
      double squares = 0;
      for (size_t i = 0; i < result.size(); ++i)
        squares +=
            std::pow(static_cast<double>(result[i] - truth[i]), 2) / static_cast<double>(result.size());
      const double psnr = squares > 0 ? 10 * std::log10(4 / squares) : 99, median = times[times.size() / 2];
      rows.push_back({{"network", text},
                      {"precision", precision},
                      {"size", o.size},
                      {"best_ms", times[0]},
                      {"median_ms", median},
                      {"macs", cost.macs},
                      {"macs_at_output", cost.macs_at_output},
                      {"gflops", cost.flops() / times[0] / 1e6},
                      {"psnr", psnr},
                      {"engine", about}});
      if (!o.json)
        fmt::print("{:18} {:10} {:>9.1f} {:>9.1f} {:>8.2f} {:>9.0f}  {}\n", text, precision, times[0], median,
                   static_cast<double>(cost.macs) / 1e9, cost.flops() / times[0] / 1e6,
                   psnr < 99 ? fmt::format("{:.1f}", psnr) : "");
    }
  }
  if (o.json)
    fmt::print("{}\n", rows.dump(2));
  else
    fmt::print(
        "{} × {} pixels, untrained weights, {}.\nGMAC and GFLOP/s count the multiplications really needed: a "
        "transposed convolution at its input's size, not at its output's.\n",
        o.size, o.size, about);
  return kDone;
}

}  // namespace

void add_bench(Registry registry) {
  auto o = std::make_shared<Options>();
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
  command->add_flag("--json", o->json, "for machines");
  command->callback([o, &code = registry.exit_code] { code = run(*o); });

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
    if (steps->json) arguments.emplace_back("--json");
    run_helper("linmo-train", std::move(arguments));
  });
}

}  // namespace linmo::cli
