// SPDX-License-Identifier: Apache-2.0
// The commands of linmo, one file each, in the order in which --help shows them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/options.h"

namespace linmo::cli {

void add_collect(Registry);
void add_glyphs(Registry);
void add_train(Registry);
void add_tune(Registry);
void add_apply(Registry);
void add_import(Registry);
void add_export(Registry);
void add_models(Registry);
void add_quantise(Registry);
void add_mix(Registry);
void add_evaluate(Registry);
void add_describe(Registry);
void add_compare(Registry);
void add_studio(Registry);
void add_net(Registry);
void add_bench(Registry);

// A program that is installed beside linmo, or in libexec/linmo.
std::optional<std::filesystem::path> find_helper(const std::string& program);
// Replaces this process by a program that is installed beside it (linmo-train).
[[noreturn]] void run_helper(const std::string& program, std::vector<std::string> arguments);

}  // namespace linmo::cli
