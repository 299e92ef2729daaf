// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "linmo/core/exception.h"
#include "linmo/culture/preregistration.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto hypotheses = linmo::culture::parse_preregistration(
        std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
    for (const auto& h : hypotheses)
      if (!(h.alpha > 0 && h.alpha <= .5 && h.margin > 0 && h.margin <= 1)) std::abort();
  } catch (const linmo::Error&) {
  }
  return 0;
}
