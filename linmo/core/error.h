// SPDX-License-Identifier: Apache-2.0
// Error, and a way to throw it with a formatted message.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "linmo/core/exception.h"

namespace linmo {

template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace linmo
