// SPDX-License-Identifier: Apache-2.0
// The commands of linmo, one file each, in the order in which --help shows them.
#pragma once

#include "app/cli/options.h"

namespace linmo::cli {

void add_collect(Registry);
void add_net(Registry);
void add_glyphs(Registry);

}  // namespace linmo::cli
