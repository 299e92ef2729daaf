// SPDX-License-Identifier: Apache-2.0
// Pictures for games through a Stylizer: sheets of sprites, and pixel art.
#pragma once

#include "linmo/apply/stylizer.h"

namespace linmo::apply {

struct SpriteSettings {
  // Cells of a sheet, from its top left corner; what is left over on the right and below are smaller cells.
  // Each is stylised by itself, so that no colour reaches a neighbour and equal cells become equal. 0: one
  // picture.
  int64_t cell_width = 0, cell_height = 0;
  // Enlarges with hard edges to the scale that networks see, stylises, takes each pixel's mean, and snaps the
  // result to few colours, without dithering. Alpha stays exactly as it is, and so does the size.
  bool pixel_art = false;
  int colours = 0;  // of pixel art, 2 … 256; 0: as many as the picture has, at most 64

  bool any() const { return cell_width > 0 || pixel_art; }
};

// Stylizer::apply() for such pictures; without any of these settings it is that. Cells in which nothing is
// visible stay as they are. Throws as that, and ErrorKind::usage for settings out of range or cells with a
// model whose enlargement is not whole.
Image apply_sprites(const Stylizer& stylizer, const Image& picture, const SpriteSettings& sprites,
                    const ApplySettings& settings, EventSink& events = null_sink());

// The picture in at most `colours` colours of its own: median cut (Heckbert 1982) of the visible pixels,
// then k-means, in coded sRGB; 8 bits or more. Alpha stays.
Image snap_to_palette(const Image& picture, int colours);
// How many colours the visible pixels have; stops counting beyond `most`.
int count_colours(const Image& picture, int most);

}  // namespace linmo::apply
