// SPDX-License-Identifier: Apache-2.0
// A training run from its settings to its folder:
//   settings.toml  data.json  stats.jsonl  samples/*.png  checkpoints/*.safetensors  model.safetensors
//   report.html
#pragma once

#include <filesystem>

#include "linmo/core/events.h"
#include "linmo/train/settings.h"

namespace linmo::train {

struct TrainResult {
  int64_t steps = 0;
  double seconds = 0;
  bool finished = false;  // false: stopped on request, or by stop_at; a resume goes on
  std::filesystem::path model;
};

// `settings` must be resolved. With `resume`, continues the newest whole checkpoint of `run` to the same bits
// as a run that was never stopped; otherwise `run` must not hold a run yet. Progress and losses go to `sink`,
// whose stop_requested() saves and ends the run. Throws ErrorKind::numeric when the losses diverge twice.
TrainResult train(const TrainSettings& settings, const std::filesystem::path& run, bool resume,
                  EventSink& sink);

// The settings that a folder's run was made with. Throws ErrorKind::usage when it holds none.
TrainSettings read_run_settings(const std::filesystem::path& run);

// Whether the processor multiplies bf16 itself (AVX-512 BF16).
bool bf16_is_native();

}  // namespace linmo::train
