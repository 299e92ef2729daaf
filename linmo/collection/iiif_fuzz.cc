// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "linmo/collection/iiif.h"
#include "linmo/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const linmo::IiifPicture& picture : linmo::parse_iiif(text, "input").pictures) {
      // No name may lead out of the manifest's folder.
      for (const std::string& name : picture.names)
        if (name.empty() || name.front() == '/' || name == ".." || name.starts_with("../") ||
            name.find("/../") != std::string::npos)
          std::abort();
    }
  } catch (const linmo::Error&) {
  }
  linmo::mentions_iiif(text);
  return 0;
}
