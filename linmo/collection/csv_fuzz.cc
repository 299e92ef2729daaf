// SPDX-License-Identifier: Apache-2.0
// The table reader on any bytes: no crash, and what it accepts survives being written and read again. The
// manifest reader on top of it must answer with an Error or a manifest.
#include <cstdint>
#include <cstdlib>

#include "linmo/collection/csv.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const linmo::CsvLimits limits{
      .max_bytes = 1 << 20, .max_rows = 1000, .max_columns = 100, .max_field_bytes = 4096};
  try {
    const linmo::CsvTable table = linmo::parse_csv(text, "fuzz", limits);
    // One column of empty fields is written as quotes, which read as an empty line; all else must return.
    if (table.header.size() > 1) {
      const linmo::CsvTable again = linmo::parse_csv(linmo::format_csv(table), "fuzz");
      if (again.rows != table.rows || again.header != table.header) std::abort();
    }
    (void)linmo::parse_manifest(text, "fuzz");
  } catch (const linmo::Error&) {
  }
  return 0;
}
