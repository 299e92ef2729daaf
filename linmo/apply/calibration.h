// SPDX-License-Identifier: Apache-2.0
// Pictures as a network is fed them, to calibrate it with (engine/quantise.h).
#pragma once

#include <filesystem>
#include <vector>

#include "linmo/engine/quantise.h"

namespace linmo::apply {

// `count` pictures spread over `paths` (files, and folders with all below them), each reduced so that its
// shorter side is `side` px of the network's input, and cut to a square from the middle. Pictures that cannot
// be read are left out with a warning. Throws ErrorKind::input when none is left.
std::vector<engine::CalibrationPicture> calibration_pictures(const std::vector<std::filesystem::path>& paths,
                                                             const net::Description& network, int64_t count,
                                                             int64_t side, EventSink& events = null_sink());

}  // namespace linmo::apply
