// SPDX-License-Identifier: Apache-2.0
#include "app/cli/bench_options.h"

#include <charconv>

#include "linmo/core/error.h"

namespace linmo::cli {

void add_bench_train_options(CLI::App& command, BenchTrainCommand& o) {
  command
      .add_option("steps", o.steps,
                  "training steps as METHOD:GENERATOR:NGF:SIZE or METHOD:GENERATOR:NGF:SIZE:BATCH")
      ->capture_default_str();
  command
      .add_option("--precision", o.precisions,
                  "any of bf16, fp32, plain; default: all that the processor has instructions for")
      ->delimiter(',')
      ->check(CLI::IsMember({"bf16", "fp32", "plain"}));
  command.add_option("--runs", o.runs, "timed after one that is not; the precisions take turns")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command.add_option("--threads", o.threads, "default: all cores")->check(CLI::Range(1, 1024));
  command.add_flag("--parts,!--no-parts", o.parts, "also single convolutions, norms and generators");
  command.add_flag("--profile", o.profile,
                   "also where the time of each step goes, operation by operation, in every precision");
  command.add_flag("--json", o.json, "for machines");
}

train::TrainSettings step_settings(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ':')
      words.emplace_back();
    else
      words.back() += c;
  }
  train::TrainSettings s;
  const auto number = [&](size_t i, int64_t& value) {
    const std::string& word = words[i];
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value < 1)
      fail(ErrorKind::usage, "{}: \"{}\" is not a whole number above 0", text, word);
  };
  if (words.size() < 4 || words.size() > 5)
    fail(ErrorKind::usage, "{}: a step is METHOD:GENERATOR:NGF:SIZE, as in cyclegan:resnet_6blocks:32:128",
         text);
  s.method = words[0];
  s.generator = words[1];
  number(2, s.ngf);
  number(3, s.size);
  if (words.size() == 5) number(4, s.batch);
  s.ndf = s.ngf;
  s.steps = 1;
  // The networks of CUT's authors blur where they change size.
  if (s.method == "cut" && s.generator.starts_with("resnet_")) {
    s.decoder = "antialias";
    s.antialias_down = true;
  }
  s.resolve();
  return s;
}

}  // namespace linmo::cli
