// SPDX-License-Identifier: Apache-2.0
// The command line of `linmo train`, read by linmo (for help and mistakes, without libtorch) and again by
// linmo-train.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "linmo/train/settings.h"

namespace linmo::cli {

struct TrainCommand {
  train::TrainSettings settings;  // resolved
  std::filesystem::path run;
  bool resume = false, quiet = false;
};

// `arguments` without the program and command names. Help is printed and ends the program with code 0;
// mistakes throw ErrorKind::usage. Order of precedence: command line, the resumed run's settings, --recipe,
// defaults.
TrainCommand parse_train(const std::vector<std::string>& arguments);
// The same of `linmo tune`.
TrainCommand parse_tune(const std::vector<std::string>& arguments);

}  // namespace linmo::cli
