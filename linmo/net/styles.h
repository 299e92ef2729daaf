// SPDX-License-Identifier: Apache-2.0
// One network for several styles: conditional instance norm (Dumoulin, Shlens & Kudlur 2017, "A learned
// representation for artistic style", eq. 5). The styles share every convolution; each has its own scale γ
// and shift β after every instance norm, a row of the norms' weight and bias (styles × channels). What is
// between styles is their rows' weighted mean, so a network of one style, or of any blend, is a plain one:
// the engine and the writers know nothing else.
#pragma once

#include "linmo/net/description.h"

namespace linmo::net {

// Rows of the conditional norms; 1 where there are none.
int style_count(const Description& description);

// The same network with `styles` rows in every instance norm, whatever it had; 1: plain affine norms. A norm
// that had no parameters is named after the layer it reads ("stem" → "stem_norm"). Throws ErrorKind::usage
// when the network has no instance norm, ErrorKind::input when a norm cannot be named.
Description with_styles(Description description, int styles);

// Throws ErrorKind::usage for a network of several styles, which says how to choose one. For everything that
// knows plain networks only.
void require_one_style(const Description& description);

}  // namespace linmo::net
