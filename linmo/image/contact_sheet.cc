// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/contact_sheet.h"

#include <algorithm>

#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo {

Image contact_sheet(const std::vector<Image>& pictures, int columns, int cell, uint8_t background) {
  if (pictures.empty() || columns < 1 || cell < 1) {
    fail(ErrorKind::usage, "a contact sheet of {} pictures in {} columns of {} px is not possible",
         pictures.size(), columns, cell);
  }
  const int64_t rows = (static_cast<int64_t>(pictures.size()) + columns - 1) / columns;
  Image sheet(int64_t{columns} * cell, rows * cell, 3);
  const auto all = sheet.samples<uint8_t>();
  std::fill(all.begin(), all.end(), background);
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Image& picture = pictures[i];
    if (picture.empty()) continue;
    const int64_t longer = std::max(picture.width(), picture.height());
    const auto fitted = [&](int64_t side) {
      return std::clamp<int64_t>((side * cell + longer / 2) / longer, 1, cell);
    };
    const int64_t width = fitted(picture.width()), height = fitted(picture.height());
    const Image small = to_rgb(to_depth(resize(picture, width, height), Depth::u8), background);
    const int64_t index = static_cast<int64_t>(i);
    const int64_t left = index % columns * cell + (cell - width) / 2;
    const int64_t top = index / columns * cell + (cell - height) / 2;
    for (int64_t y = 0; y < height; ++y) {
      const auto row = small.row<uint8_t>(y);
      std::copy(row.begin(), row.end(), sheet.row<uint8_t>(top + y).begin() + left * 3);
    }
  }
  return sheet;
}

}  // namespace linmo
