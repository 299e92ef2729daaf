// SPDX-License-Identifier: Apache-2.0
// A gated recurrent unit of convolutions (Ballas et al. 2016, "Delving deeper into convolutional networks for
// learning video representations"; the unit is Cho et al. 2014), at the size of what it reads. With x its
// input, h what it gave for the picture before and [·, ·] channels side by side:
//   z = σ(update([x, h]))   r = σ(reset([x, h]))   n = tanh(candidate([x, r ⊙ h]))   h′ = h + z ⊙ (n − h)
// (Cho's z is the share that is kept, Ballas's the share that is new, as here and not as in torch.nn.GRU.)
#pragma once

#include <string>

#include "linmo/net/builder.h"

namespace linmo::net {

// Reads layer `x` of `in` channels, gives and remembers `hidden` channels; the 3 × 3 convolutions are called
// name.update, name.reset, name.candidate. Returns the layer that is h′.
int add_conv_gru(Builder& builder, const std::string& name, int x, int in, int hidden);

}  // namespace linmo::net
