// SPDX-License-Identifier: Apache-2.0
// Text that may or may not be UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace linmo {

// True when all of `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);
// `text` with every byte that is not part of well-formed UTF-8 replaced by U+FFFD, for reports.
std::string to_valid_utf8(std::string_view text);

}  // namespace linmo
