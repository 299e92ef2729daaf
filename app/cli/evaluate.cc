// SPDX-License-Identifier: Apache-2.0
// linmo evaluate: scores of a folder of outputs.
#include "app/cli/commands.h"
#include "app/cli/evaluate_options.h"

namespace linmo::cli {
namespace {

constexpr const char* kExamples =
    "  linmo evaluate --outputs OUT --style PAINTINGS --content PHOTOS\n"
    "  linmo evaluate --outputs OUT --style PAINTINGS --features inception_v3.pth\n"
    "  linmo evaluate --outputs OUT --truth TRUE --json scores.json\n"
    "  linmo evaluate --leaderboard RUN photo-to-ukiyoe OUT --style PAINTINGS --content PHOTOS\n";

}  // namespace

void add_evaluate(Registry registry) {
  auto command = std::make_shared<EvaluateCommand>();
  CLI::App* app =
      registry.app.add_subcommand("evaluate", "Score pictures against their style, content and truth");
  app->footer(kExamples);
  add_evaluate_options(*app, *command);
  app->callback([command, &code = registry.exit_code] {
    const std::string& features = command->settings.features;
    if (!features.empty() && measure::is_torchscript(features)) {
      std::vector<std::string> arguments = to_arguments(*command);
      arguments.insert(arguments.begin(), "evaluate");
      run_helper("linmo-train", std::move(arguments));
    }
    code = run_evaluate(*command, nullptr);
  });
}

}  // namespace linmo::cli
