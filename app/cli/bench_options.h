// SPDX-License-Identifier: Apache-2.0
// The command line of `linmo bench train`, read by linmo (for help and mistakes, without libtorch) and again
// by linmo-train.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "linmo/train/settings.h"

namespace linmo::cli {

struct BenchTrainCommand {
  std::vector<std::string> steps = {"cyclegan:resnet_9blocks:64:256", "cyclegan:resnet_6blocks:32:128",
                                    "cut:resnet_9blocks:64:256", "swift:compact:32:128"};
  std::vector<std::string> precisions;  // empty: all that the processor has
  int runs = 3;
  int threads = 0;
  bool parts = true, profile = false, json = false;
};

void add_bench_train_options(CLI::App& command, BenchTrainCommand& o);

// METHOD:GENERATOR:NGF:SIZE[:BATCH] as a run's settings; throws ErrorKind::usage.
train::TrainSettings step_settings(const std::string& text);

// In linmo-train alone.
int bench_train(std::vector<std::string> arguments);

}  // namespace linmo::cli
