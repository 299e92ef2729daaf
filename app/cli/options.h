// SPDX-License-Identifier: Apache-2.0
// A settings struct's fields as command-line flags.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "linmo/core/settings.h"

namespace linmo::cli {

// Adds --key-with-dashes for every field (and --key_with_underscores, which CycleGAN's users type); the help
// shows unit, range, choices and default.
class OptionAdder : public FieldVisitor {
 public:
  explicit OptionAdder(CLI::App& app) : app_(app) {}
  void section(std::string_view title) override { group_ = title; }
  void field(const FieldInfo& info, int64_t& value) override;
  void field(const FieldInfo& info, double& value) override;
  void field(const FieldInfo& info, bool& value) override;
  void field(const FieldInfo& info, std::string& value) override;

 private:
  CLI::App& app_;
  std::string group_ = "Options";
};

// --style of the commands that take a model of several styles in one of them, or in a blend.
void add_style_option(CLI::App& command, std::string& style);

// One function a command, defined in its own file; `run` is set by CLI11 to what main() must call.
struct Registry {
  CLI::App& app;
  int& exit_code;
};
using AddCommand = void (*)(Registry);

}  // namespace linmo::cli
