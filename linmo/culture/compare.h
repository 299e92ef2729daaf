// SPDX-License-Identifier: Apache-2.0
// Collections → a study: the whole of `linmo compare` but its files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/culture/describe.h"
#include "linmo/culture/study.h"

namespace linmo::culture {

struct CompareJob {
  // Tables of `linmo describe` (wide or long), or anything that describe() takes.
  std::vector<std::filesystem::path> sources;
  std::filesystem::path cache;       // of describe()
  Protocol protocol;                 // of describe()
  std::string preregistration;       // the file's text; empty: none
  std::string preregistration_name;  // for messages
  CompareSettings settings;
};

// The groups, their pictures and the warnings, before anything is compared. Groups: the values of a column
// (settings.by), or one a source, named after the one culture that all of its pictures have, else after the
// source. Throws ErrorKind::usage for fewer than two groups and columns that are not there, and as describe()
// and read_features() do.
Study load_study(const CompareJob& job, EventSink& sink);

// The same bits for any number of threads. Throws as load_study(); ErrorKind::cancelled when the sink asks to
// stop.
Study compare(const CompareJob& job, EventSink& sink);

}  // namespace linmo::culture
