// SPDX-License-Identifier: Apache-2.0
// IIIF manifests on disk: which pictures they name, and what they know of them. Nothing is ever fetched: a
// picture must lie beside the manifest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linmo/collection/manifest.h"

namespace linmo {

struct IiifPicture {
  std::string address;  // of the picture, as the manifest gives it
  // Names under which a copy on disk may be found, best first: paths below the manifest's folder, or bare
  // names; without an extension any picture's extension fits.
  std::vector<std::string> names;
  Picture picture;     // what is known; without `file`
  std::string canvas;  // label of the page, where the manifest has several
};

struct IiifDocument {
  std::string label;
  std::vector<IiifPicture> pictures;
};

// Presentation API 2 and 3 manifests, and info.json of the Image API (2 and 3). Label, metadata pairs with
// the usual names (creator, date, culture …), rights, attribution and home page become the fields of Picture;
// all pages of a manifest are one `work`. Throws ErrorKind::input for what is none of these (a IIIF
// collection names manifests, not pictures), ErrorKind::limit past 64 levels of nesting, 100,000 pictures or
// 64 MB.
IiifDocument parse_iiif(std::string_view text, std::string_view name);

// A quick look at whether a text is worth parse_iiif().
bool mentions_iiif(std::string_view text);

}  // namespace linmo
