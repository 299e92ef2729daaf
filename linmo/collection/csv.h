// SPDX-License-Identifier: Apache-2.0
// Tables as text: RFC 4180, and the dialects that spreadsheets write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/core/utf8.h"

namespace linmo {

// Bounds that the reader checks while it reads.
struct CsvLimits {
  size_t max_bytes = 1ULL << 28;
  size_t max_rows = 10'000'000;
  size_t max_columns = 1'000;
  size_t max_field_bytes = 1 << 20;
};

// Every row has as many fields as the header. A byte order mark is no part of the first name.
struct CsvTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  // Position of a column, −1 when there is none. Names are compared without ASCII case and outer spaces.
  int64_t column(std::string_view name) const;
};

// Reads UTF-8 text: quoted fields (with "" and line ends inside), CRLF or LF or CR, an optional byte order
// mark. The separator is the one of ',' tab ';' that the first line has most of, outside quotes. Empty lines
// are skipped; short rows are filled with empty fields. Throws ErrorKind::input, with the line, for text that
// is not UTF-8, a quote that never ends, a row longer than the header; ErrorKind::limit past a bound.
CsvTable parse_csv(std::string_view text, std::string_view name, const CsvLimits& limits = {});

// RFC 4180: commas, CRLF, quotes only where they are needed.
std::string format_csv(const CsvTable& table);

}  // namespace linmo
