// SPDX-License-Identifier: Apache-2.0
// The feed-forward style network of Johnson 2016 as in pytorch/examples, "fast neural style". Trained on 0 …
// 255 RGB in and out; the description takes and gives [−1, 1], clamped as that program clamps when it saves.
#pragma once

#include "linmo/net/description.h"

namespace linmo::net {

struct TransformerNetOptions {
  int width = 32, blocks = 5;
};
Description transformer_net(const TransformerNetOptions& options);

}  // namespace linmo::net
