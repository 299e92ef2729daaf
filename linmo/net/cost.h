// SPDX-License-Identifier: Apache-2.0
// What a network costs: parameters, arithmetic, memory, and how far it looks.
#pragma once

#include "linmo/net/description.h"

namespace linmo::net {

struct Cost {
  int64_t parameters = 0;         // trainable
  int64_t buffers = 0;            // stored but not trained (running statistics, filters)
  int64_t macs = 0;               // multiply-accumulates of the convolutions that are really needed …
  int64_t macs_at_output = 0;     // … and as often quoted: transposed ones counted at their output's size
  int64_t activation_values = 0;  // all results of one forward pass (training keeps about these)
  int64_t peak_values = 0;        // largest sum of results alive at once when freed after their last use
  double flops() const { return 2.0 * static_cast<double>(macs); }
};
Cost cost(const Description& description, Shape input);

// Multiply-accumulates of the layers up to and including `last`.
int64_t macs_until(const Description& description, Shape input, int last);

// Size in input pixels of the square that one output value depends on, norms left aside (instance norm
// looks at everything). The largest over all paths and outputs. Of a memory counts the square of its places:
// what was seen in earlier pictures lies further out by as much for each of them.
int64_t receptive_field(const Description& description);

}  // namespace linmo::net
