// SPDX-License-Identifier: Apache-2.0
// What people read of a study: figures/*.svg and report.html in its folder.
#pragma once

#include <filesystem>

#include "linmo/core/events.h"
#include "linmo/culture/study.h"

namespace linmo::culture {

// Writes figures/*.svg, report.html and map.html; figures of an earlier study that this one does not have are
// taken away. Pictures are shown where their licence allows it (licence.h) and Study::pictures says where
// they lie. The same study and pictures give the same bytes. Throws ErrorKind::io; ErrorKind::cancelled when
// the sink asks to stop.
void write_report(const Study& study, const std::filesystem::path& folder, EventSink& sink = null_sink());

}  // namespace linmo::culture
