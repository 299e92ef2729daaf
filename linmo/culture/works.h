// SPDX-License-Identifier: Apache-2.0
// Which pictures a study looks at, and what is known of them: the sources of `linmo describe` and `compare`.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/core/events.h"

namespace linmo::culture {

// Metadata columns that every table has, in this order; columns of the sources' own follow them.
// collection: name of the source; genre: column "genre", else "category"; year_from, year_to: dates.h.
inline constexpr std::array<std::string_view, 15> kMetadataColumns{
    "collection", "culture", "artist", "title", "date",        "year_from", "year_to",  "genre",
    "source",     "licence", "work",   "split", "description", "tags",      "permalink"};

struct Work {
  std::string file;  // as FeatureRow::file: unique, with the collection in front where there are several
  std::filesystem::path path;         // where it lies
  std::vector<std::string> metadata;  // values of Works::columns, in their order
};

struct FailedWork {
  std::string file;
  std::string reason;  // for people
};

struct Works {
  std::vector<std::string> columns;  // kMetadataColumns, then the others that any source has
  std::vector<Work> works;
  std::vector<FailedWork> failures;  // named by a table or manifest, but not on disk
  int64_t not_pictures = 0;          // files in folders that are not pictures
  std::vector<std::string> notes;    // for people
};

// A source is
// - a folder with manifest.csv: what linmo collect made (rows of one `split`; empty: all);
// - a folder without: all pictures below it; a table metadata.csv or .tsv and IIIF manifests at its top say
//   what is known of them;
// - a table (.csv, .tsv) with a column file or filename (PixPlot's columns are understood), whose files lie
//   beside it;
// - a IIIF Presentation 2 or 3 manifest or an info.json (.json), whose pictures lie beside it (iiif.h);
// - a picture.
// Nothing is ever downloaded. Throws ErrorKind::usage without sources, ErrorKind::io for a source that is not
// there, ErrorKind::input for a source without any picture or a table that is none.
Works find_works(std::span<const std::filesystem::path> sources, std::string_view split, EventSink& sink);

}  // namespace linmo::culture
