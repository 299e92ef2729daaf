// SPDX-License-Identifier: Apache-2.0
// linmo evaluate --leaderboard: models and folders of outputs, scored by one measure and ranked.
#pragma once

#include "app/cli/evaluate_options.h"

namespace linmo::cli {

// Paints the content with every model that is named, scores all, prints the table; returns the exit code.
// What fails is said, and the others are ranked. `features` may be null.
int run_leaderboard(const EvaluateCommand& command, measure::FeatureExtractor* features);

}  // namespace linmo::cli
