// SPDX-License-Identifier: Apache-2.0
// What a report may do with a picture.
#pragma once

#include <string>
#include <string_view>

namespace linmo::culture {

struct Licence {
  std::string name;        // "CC BY-SA 4.0", "CC0 1.0", "Public domain" …; empty when not understood
  bool may_embed = false;  // a report that is passed on may contain a small copy
  bool needs_attribution = false;  // … beside its author, source and licence
  bool share_alike = false;        // … and others may have the copy under the same licence
};

// Reads a licence's name, SPDX identifier or address (creativecommons.org, rightsstatements.org). Public
// domain, CC0, CC BY and CC BY-SA (also GPL, FDL and the Free Art Licence) may be embedded; non-commercial,
// no-derivatives, all rights reserved, in copyright, and whatever is not understood may not. A text that
// names several licences is taken at its strictest.
Licence parse_licence(std::string_view text);

}  // namespace linmo::culture
