// SPDX-License-Identifier: Apache-2.0
// Weights for a network that nobody has trained: for tests and benchmarks.
#pragma once

#include "linmo/model/tensor.h"
#include "linmo/net/description.h"

namespace linmo::engine {

// Weights after Glorot & Bengio 2010 (uniform), small biases, norms near the identity, running statistics
// near (0, 1), and the filters that blur layers are defined with. The same for the same seed.
model::TensorMap random_weights(const net::Description& description, uint64_t seed);

}  // namespace linmo::engine
