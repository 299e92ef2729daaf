// SPDX-License-Identifier: Apache-2.0
// The norm layers of the CycleGAN / pix2pix family: instance norm without parameters, batch norm with.
#pragma once

#include <string>

#include "linmo/net/builder.h"
#include "linmo/net/generators.h"

namespace linmo::net {

inline int add_norm(Builder& b, NormChoice choice, int channels, std::string name) {
  switch (choice) {
    case NormChoice::instance:
      return b.add(Norm{NormKind::instance, channels, false, 1e-5, 0.1, 1});
    case NormChoice::batch:
      return b.add(Norm{NormKind::batch, channels, true, 1e-5, 0.1, 1}, std::move(name));
    case NormChoice::none:
      return b.last();
  }
  return b.last();
}

}  // namespace linmo::net
