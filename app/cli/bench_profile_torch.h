// SPDX-License-Identifier: Apache-2.0
// Where the time of a training step goes.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace linmo::cli {

// Seconds of one `work`, the mean of `runs`, by what was going on: libtorch's operations and linmo's own,
// each without those that it calls ("convolution, forward", "instance norm, backward", "Adam" …); "between
// operations" is the rest. Watching costs about a microsecond an operation.
std::map<std::string, double> profile(const std::function<void()>& work, int runs);

}  // namespace linmo::cli
