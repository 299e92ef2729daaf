// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "linmo/culture/dates.h"
#include "linmo/culture/licence.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const linmo::culture::Years years = linmo::culture::parse_years(text);
  if (years.from && years.to && *years.from > *years.to) std::abort();
  const linmo::culture::Licence licence = linmo::culture::parse_licence(text);
  if (licence.may_embed && licence.name.empty()) std::abort();
  return 0;
}
