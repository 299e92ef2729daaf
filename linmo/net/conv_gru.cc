// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/conv_gru.h"

namespace linmo::net {

int add_conv_gru(Builder& b, const std::string& name, int x, int in, int hidden) {
  const int h = b.memory(hidden, x);
  const auto gate = [&](const char* part, int state, ActivationKind kind) {
    b.join(Concat{}, {x, state});
    b.conv(name + "." + part, in + hidden, hidden, 3, 1, 1);
    return b.add(Activation{kind, 0, 1});
  };
  const int z = gate("update", h, ActivationKind::sigmoid);
  const int r = gate("reset", h, ActivationKind::sigmoid);
  const int n = gate("candidate", b.join(Multiply{}, {r, h}), ActivationKind::tanh);
  const int change = b.join(Add{}, {b.add(ScaleShift{{-1.0}, {0.0}}, {}, h), n});
  const int next = b.join(Add{}, {h, b.join(Multiply{}, {z, change})});
  b.remember(h, next);
  return next;
}

}  // namespace linmo::net
