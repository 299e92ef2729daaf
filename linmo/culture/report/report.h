// SPDX-License-Identifier: Apache-2.0
// What people read of a study: figures/*.svg and report.html in its folder.
#pragma once

#include <filesystem>

#include "linmo/culture/study.h"

namespace linmo::culture {

// Writes figures/*.svg, report.html and map.html; figures of an earlier study that this one does not have are
// taken away. Pictures are shown in the report where their licence allows it (licence.h) and Study::pictures
// says where they lie. The same study and pictures give the same bytes. Throws ErrorKind::io.
void write_report(const Study& study, const std::filesystem::path& folder);

}  // namespace linmo::culture
