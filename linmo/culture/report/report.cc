// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/report/report.h"

#include <algorithm>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/culture/figures/figures.h"

namespace linmo::culture {
namespace fs = std::filesystem;

void write_figures(const Study& study, const fs::path& folder) {
  const fs::path figures = folder / "figures";
  std::error_code error;
  fs::create_directories(figures, error);
  if (error) fail(ErrorKind::io, "cannot make {}: {}", to_utf8(figures), error.message());
  std::vector<fs::path> kept;
  for (const Figure& f : draw_figures(study)) {
    kept.push_back(figures / (f.name + ".svg"));
    write_file(kept.back(), f.svg);
  }
  // Of an earlier study; other people's files stay.
  for (const char* stem : {"palettes", "composition", "pca", "collections", "dendrogram", "plane"})
    if (const fs::path file = figures / (std::string(stem) + ".svg");
        std::find(kept.begin(), kept.end(), file) == kept.end())
      fs::remove(file, error);
}

}  // namespace linmo::culture
