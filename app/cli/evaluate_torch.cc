// SPDX-License-Identifier: Apache-2.0
// The part of linmo evaluate that linmo-train does: feature networks in TorchScript.
#include <algorithm>

#include "app/cli/evaluate_options.h"
#include "linmo/core/error.h"
#include "linmo/measure/features_torch.h"

namespace linmo::cli {

int evaluate_torchscript(std::vector<std::string> arguments) {
  EvaluateCommand command;
  CLI::App app{"Score pictures against their style, content and truth", "linmo evaluate"};
  add_evaluate_options(app, command);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    fail(ErrorKind::usage, "{}\nSee: linmo evaluate --help", error.what());
  }
  const auto features =
      measure::open_torchscript(command.settings.features, static_cast<int>(command.settings.threads));
  return run_evaluate(command, features.get());
}

}  // namespace linmo::cli
