// SPDX-License-Identifier: Apache-2.0
// From a file to the pixels that are measured: the same steps for every picture, each on record.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "linmo/collection/manifest.h"
#include "linmo/core/settings.h"
#include "linmo/culture/descriptors/nuisance.h"
#include "linmo/culture/descriptors/subject.h"
#include "linmo/image/image.h"

namespace linmo::culture {

// 1 decode; upright (EXIF) and sRGB (ICC); 16 bits to 8; transparency over white
// 2 measure what belongs to the file and the scan (descriptors/nuisance.h), at the stored size
// 3 cut off mount, frame and margins (find_mount)
// 4 reduce to the pixel budget: long side at most `size`, Lanczos, never enlarged
// 5 find seals and columns of writing (descriptors/marks.h): always counted; those that `mask` names are
// filled
//   with the colours around them, so that every descriptor sees blank ground there
struct Protocol {
  int64_t size = 1024;
  bool keep_mount = false;
  std::string mask = "none";

  void visit(FieldVisitor& v) {
    v.field({"size", "pixel budget: long side that larger pictures are reduced to; none is enlarged", "px",
             64, 8192},
            size);
    v.field({.key = "keep_mount", .help = "measure mount, frame and paper margin as part of the picture"},
            keep_mount);
    v.field(FieldInfo::one_of("mask", "what is blanked out before measuring",
                              {"none", "seals", "inscriptions", "both"}),
            mask);
  }
};

struct PreparedPicture {
  Subject subject;  // at the standard scale and the smaller one
  NuisanceFeatures nuisance;
  // Every step as "key=value" separated by spaces, e.g. "protocol=1 format=JPEG source=1200x900 orientation=6
  // icc=applied alpha=none crop=0,12,0,12 size=1024x750 mask=seals:2"; crop is left, top, right,
  // bottom in px of the upright source, mask what was filled and how many boxes.
  std::string record;
};

// Throws ErrorKind::input for what is no picture, damaged or broken off, or too narrow; ErrorKind::limit past
// the bounds of collection/scan.h.
PreparedPicture prepare(std::span<const std::byte> bytes, const Protocol& protocol, std::string_view name);

// Bytes of memory that prepare() and describe() need at a time for a file, from its header.
uint64_t memory_needed(std::span<const std::byte> bytes, const Protocol& protocol, std::string_view name);

// Margins that end in a straight edge: mounts, frames, letterboxes, the paper around a print's block.
// On the picture reduced to 512 px, find_border()'s uniform margins, up to three within each other; a side
// counts only where at least 60 % of the pixels next to it differ from it by more than 8 levels, so that the
// blank ground of an ink painting, which ends raggedly, stays. In px of `rgb`; the left-over picture
// has at least a quarter of the area.
Border find_mount(const Image& rgb);

}  // namespace linmo::culture
