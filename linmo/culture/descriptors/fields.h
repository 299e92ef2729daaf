// SPDX-License-Identifier: Apache-2.0
// One field list a group of descriptors gives the registry entry, the column and the value.
#pragma once

#include <limits>
#include <string_view>

namespace linmo::culture {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kUnbounded = std::numeric_limits<double>::infinity();

// What Descriptor (features.h) says of a column.
struct FeatureInfo {
  const char* name;
  const char* unit;
  double low, high;
  const char* formula;
  const char* source;
  enum : unsigned { plain = 0, parity = 1, core = 2 };
  unsigned flags = plain;
};

// A struct of descriptors has visit(FeatureVisitor&), which names each of its fields once.
class FeatureVisitor {
 public:
  virtual ~FeatureVisitor() = default;
  virtual void group(std::string_view name) = 0;  // of the fields that follow
  virtual void field(const FeatureInfo& info, double& value) = 0;
};

}  // namespace linmo::culture
