// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: what an error says.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "linmo/core/exception.h"

namespace linmo::model {

// Empty where `work` ends without an error. `kind`: what kind it must be of.
inline std::string problem(const std::function<void()>& work,
                           std::optional<ErrorKind> kind = ErrorKind::usage) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    if (kind) {
      EXPECT_EQ(error.kind(), *kind) << error.what();
    }
    return error.what();
  }
}

}  // namespace linmo::model
