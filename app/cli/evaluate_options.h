// SPDX-License-Identifier: Apache-2.0
// What `linmo evaluate` and linmo-train's share: feature networks in TorchScript need libtorch, so linmo
// hands those over to linmo-train.
#pragma once

#include <string>
#include <vector>

#include "app/cli/options.h"
#include "linmo/measure/evaluate.h"

namespace linmo::cli {

struct EvaluateCommand {
  measure::EvaluateSettings settings;
  std::string json;  // file, "-" for standard output, empty for none
  std::string page;  // file for the page; empty: none
  // Models, runs and folders of outputs to rank; settings.outputs is then where the models' results are kept.
  std::vector<std::string> leaderboard;
  bool quiet = false;
};

void add_evaluate_options(CLI::App& app, EvaluateCommand& command);
// A command line that gives the same command.
std::vector<std::string> to_arguments(EvaluateCommand command);
// Evaluates, prints the table, writes the JSON; returns the exit code. `features`: null for what the settings
// say.
int run_evaluate(const EvaluateCommand& command, measure::FeatureExtractor* features);
// linmo-train only: the command with a TorchScript file as --features.
int evaluate_torchscript(std::vector<std::string> arguments);

}  // namespace linmo::cli
