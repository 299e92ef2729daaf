// SPDX-License-Identifier: Apache-2.0
// Tables of features as one SQLite file, for R, Python and SQL.
#pragma once

#include <filesystem>
#include <memory>

#include "linmo/culture/features.h"

namespace linmo::culture {

// Writes, row by row, a file with
//   pictures     id, file, sha256, protocol, and a column for each of the metadata
//   descriptors  id, name, family (Descriptor::group), unit, low, high, formula, source, is_parity,
//   is_nuisance,
//                is_core, least_rank
//   numbers      picture, descriptor, value (NULL: not measurable)
//   about        key, value: versions and settings
//   long         a view: file, descriptor, family, unit, value
// The file appears whole at finish(), or not at all.
class FeatureStore {
 public:
  // `settings`: how the rows were made, as TOML (about).
  FeatureStore(const std::filesystem::path& file, const FeatureColumns& columns, std::string_view settings);
  ~FeatureStore();
  void add(const FeatureRow& row);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What the columns mean as a JSON Schema (2020-12) of one row of the wide table; unit, group, source,
// reliability and the marks parity, nuisance and core are annotations of each property.
std::string schema_json(const FeatureColumns& columns, std::string_view settings);

}  // namespace linmo::culture
