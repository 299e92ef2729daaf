// SPDX-License-Identifier: Apache-2.0
// Where the pictures of a table lie.
#pragma once

#include <filesystem>
#include <span>

#include "linmo/culture/study.h"

namespace linmo::culture {

// Tables say what their pictures are called, not where they lie. Looks below the folders for files of the
// same name and, where the table has it, the same SHA-256, and fills Study::pictures where it is empty.
// Returns how many rows are still without. Throws ErrorKind::io for a folder that is not there.
int64_t find_pictures(Study& study, std::span<const std::filesystem::path> folders);

}  // namespace linmo::culture
