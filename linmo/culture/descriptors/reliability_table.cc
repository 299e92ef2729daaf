// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/reliability.h"

namespace linmo::culture {

std::span<const KnownReliability> known_reliability() {
  return {};
}

}  // namespace linmo::culture
