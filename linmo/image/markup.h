// SPDX-License-Identifier: Apache-2.0
// What pages of HTML need that must open from disk without anything else beside them.
#pragma once

#include <string>
#include <string_view>

#include "linmo/image/image.h"

namespace linmo {

// For text and attributes of HTML and SVG: & < > " ' and control characters; bytes that are no UTF-8 become
// U+FFFD.
std::string escape_html(std::string_view text);

// A picture as the value of an <img>'s src: JPEG of this quality (1 … 100) in base64. Alpha is composed over
// white.
std::string picture_uri(const Image& picture, int quality);

}  // namespace linmo
