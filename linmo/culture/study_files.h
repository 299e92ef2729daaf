// SPDX-License-Identifier: Apache-2.0
// The files of a study's folder that programs read: results.csv, study.json, features.csv, settings.toml,
// preregistration.toml. The same study gives the same bytes.
#pragma once

#include <filesystem>
#include <string>

#include "linmo/culture/study.h"

namespace linmo::culture {

// One row a descriptor and pair of groups, confirmatory ones marked.
std::string results_csv(const Study& study);
// Everything but the table of features, the places of pictures, and settings that do not change results.
std::string study_json(const Study& study);
// Makes the folder where it is missing. Throws ErrorKind::io.
void write_study_files(const Study& study, const std::filesystem::path& folder);

}  // namespace linmo::culture
