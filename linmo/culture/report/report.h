// SPDX-License-Identifier: Apache-2.0
// What people read of a study: figures/*.svg and report.html in its folder.
#pragma once

#include <filesystem>

#include "linmo/core/events.h"
#include "linmo/culture/study.h"

namespace linmo::culture {

// Writes the figures (and takes away those of an earlier study of the same name).
void write_figures(const Study& study, const std::filesystem::path& folder);

}  // namespace linmo::culture
