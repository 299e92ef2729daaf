// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/texts/texts.h"

namespace linmo::culture {

std::span<const Text> page_texts() {
  return {};
}

}  // namespace linmo::culture
