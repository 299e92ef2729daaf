// SPDX-License-Identifier: Apache-2.0
// A TIFF handle of libtiff's on a file in memory or by name, for tiff.cc and tiff_write.cc.
#pragma once

#include <tiffio.h>

#include <memory>
#include <span>
#include <vector>

#include "linmo/core/files.h"

namespace linmo {

struct TiffMessages {
  char error[256] = {};  // the first, which is the cause; later ones follow from it
};

// A file in memory for libtiff: reads `source`, or writes `written`.
struct TiffMemory {
  std::span<const std::byte> source;
  std::vector<std::byte> written;
  uint64_t position = 0;
};

struct TiffCloser {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, TiffCloser>;

// In memory, or in `by_name` where that is given. `max_bytes`: the most that libtiff may allocate at once; 0
// for no bound. Nothing, with a message, when the file cannot be opened.
Tiff open_tiff(TiffMemory& file, TiffMessages& messages, const char* mode, int64_t max_bytes,
               const AtomicFile* by_name = nullptr);

}  // namespace linmo
