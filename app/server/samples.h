// SPDX-License-Identifier: Apache-2.0
// Drawn, not photographed: what the wall of styles has every model paint.
#pragma once

#include <string_view>

#include "linmo/image/image.h"

namespace linmo::studio {

// Sky, sun, hills, a lake. 8 bit RGB, as all of these; the same every time.
Image sample_landscape(int64_t width, int64_t height);
// Chinese characters as a book prints them, black on white, in cells of 64 px or less.
Image sample_characters(int64_t width, int64_t height);
// By the word that a model's card has for it ("subject"); a landscape where it is another or none.
Image sample_of(std::string_view subject, int64_t width, int64_t height);

}  // namespace linmo::studio
