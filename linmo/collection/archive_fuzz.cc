// SPDX-License-Identifier: Apache-2.0
// Any bytes as a zip archive: an Error, or entries whose names stay inside a folder and whose data is as long
// as stated.
#include <cstdint>
#include <cstdlib>

#include "linmo/collection/archive.h"
#include "linmo/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const linmo::ZipArchive archive(
        std::as_bytes(std::span(data, size)), "fuzz",
        {.max_entries = 100, .max_total_bytes = 1 << 20, .max_entry_bytes = 1 << 18, .max_ratio = 100});
    for (const linmo::ArchiveEntry& entry : archive.entries()) {
      if (!entry.refusal.empty()) continue;
      if (linmo::safe_entry_name(entry.name) != entry.name) std::abort();
      try {
        if (archive.read(entry).size() != entry.bytes) std::abort();
      } catch (const linmo::Error&) {
      }
    }
  } catch (const linmo::Error&) {
  }
  return 0;
}
