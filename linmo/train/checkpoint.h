// SPDX-License-Identifier: Apache-2.0
// The whole state of a run in one checksummed file, written beside the old ones and renamed: there is always
// a good one, whatever happens while writing.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/train/method.h"

namespace linmo::train {

struct CheckpointMeta {
  int64_t step = 0;
  double elapsed = 0;     // s of training so far
  double rate_scale = 1;  // lowered after a divergence
  int64_t rollbacks = 0;
  std::string fingerprint;  // of the data
};

// checkpoints/step_000001234.safetensors below `run`; keeps the two newest.
void save_checkpoint(const std::filesystem::path& run, const Method& method, const CheckpointMeta& meta);

// Loads the newest checkpoint that is whole into the method; damaged ones are reported and passed over. Empty
// when there is none.
std::optional<CheckpointMeta> load_newest_checkpoint(const std::filesystem::path& run, Method& method,
                                                     EventSink& sink);

}  // namespace linmo::train
