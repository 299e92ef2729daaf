// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "linmo/image/image.h"

namespace linmo {

// Pictures side by side, row by row: each fitted whole (enlarged or reduced, centred) in a cell of
// `cell` × `cell` px over a grey `background`, which also shows through alpha. Returns RGB, 8 bit,
// columns × cell wide; unfilled cells at the end are background. Throws ErrorKind::usage when there is no
// picture, or columns or cell is below 1.
Image contact_sheet(const std::vector<Image>& pictures, int columns, int cell, uint8_t background);

}  // namespace linmo
