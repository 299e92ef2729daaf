// SPDX-License-Identifier: Apache-2.0
// report.html: one file that shows what a run did, from the files of its folder. Free of libtorch.
#pragma once

#include <filesystem>

namespace linmo::train {

// Reads settings.toml, data.json, stats.jsonl and samples/*.png of `run`; missing ones are left out. The page
// needs nothing but itself. Atomic.
void write_report(const std::filesystem::path& run);

}  // namespace linmo::train
