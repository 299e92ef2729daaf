// SPDX-License-Identifier: Apache-2.0
#include "app/cli/evaluate_options.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/cli/console.h"
#include "app/cli/leaderboard.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/library.h"

namespace linmo::cli {
namespace {

class ArgumentWriter : public FieldVisitor {
 public:
  std::vector<std::string> arguments;
  void field(const FieldInfo& info, int64_t& value) override { put(info, std::to_string(value)); }
  void field(const FieldInfo& info, double& value) override { put(info, fmt::format("{}", value)); }
  void field(const FieldInfo& info, bool& value) override { put(info, value ? "true" : "false"); }
  void field(const FieldInfo& info, std::string& value) override {
    if (!value.empty()) put(info, value);
  }

 private:
  void put(const FieldInfo& info, const std::string& value) {
    arguments.push_back("--" + info.key + "=" + value);
  }
};

}  // namespace

void add_evaluate_options(CLI::App& app, EvaluateCommand& command) {
  // The network that comes with linmo, where it lies beside the program.
  const auto models = model::list_models(model::default_library());
  const bool bundled =
      std::any_of(models.begin(), models.end(), [](const auto& m) { return m.stem() == "features"; });
  if (bundled) command.settings.perceptual = "features";
  OptionAdder adder(app);
  command.settings.visit(adder);
  app.add_option("--json", command.json,
                 "write the scores to this file for machines; -: to standard output instead of the table");
  app.add_option(
      "--page", command.page,
      "write a page to this file (HTML): the scores, the best and the worst outputs beside their content "
      "and truth, and those that come nearest to a picture of the style");
  app.add_option("--leaderboard", command.leaderboard,
                 "rank these: models (files or names; applied to --content, their results kept in --outputs "
                 "where that is "
                 "given), runs of linmo train (their snapshots and their model), folders of outputs");
  app.add_flag("-q,--quiet", command.quiet, "only the table, warnings and errors");
}

std::vector<std::string> to_arguments(EvaluateCommand command) {
  ArgumentWriter writer;
  command.settings.visit(writer);
  if (!command.json.empty()) writer.arguments.push_back("--json=" + command.json);
  if (!command.page.empty()) writer.arguments.push_back("--page=" + command.page);
  for (const std::string& name : command.leaderboard) writer.arguments.push_back("--leaderboard=" + name);
  if (command.quiet) writer.arguments.push_back("--quiet");
  return writer.arguments;
}

int run_evaluate(const EvaluateCommand& command, measure::FeatureExtractor* features) {
  if (!command.leaderboard.empty()) return run_leaderboard(command, features);
  measure::Evaluation evaluation;
  {
    Console console(command.quiet);
    evaluation = features ? measure::evaluate(command.settings, features, console)
                          : measure::evaluate(command.settings, console);
  }
  if (!command.page.empty()) {
    const std::string title = to_utf8(std::filesystem::path(command.settings.outputs).lexically_normal());
    write_file(command.page, measure::to_page(evaluation, title));
  }
  const std::string machine = measure::to_json(evaluation).dump(2) + "\n";
  if (command.json == "-") {
    fmt::print("{}", machine);
  } else {
    if (!command.json.empty()) write_file(command.json, machine);
    fmt::print("{}", measure::to_text(evaluation));
  }
  return evaluation.refused.empty() && evaluation.unmatched.empty() ? kDone : kFailed;
}

}  // namespace linmo::cli
