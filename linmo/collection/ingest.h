// SPDX-License-Identifier: Apache-2.0
// Pictures from folders, files and archives → a collection that can be trained on and studied.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "linmo/collection/duplicates.h"
#include "linmo/collection/scan.h"
#include "linmo/core/settings.h"

namespace linmo {

struct CollectSettings {
  std::string placement = "copy";  // or "link" (symbolic), "manifest-only" (left where they are)
  std::string culture = {}, source = {}, licence = {};
  int64_t min_side = kMinSide;
  std::string split = "0.8,0.1,0.1";
  int64_t seed = 1;
  bool keep_duplicates = false;
  int64_t threads = 0;
  bool resume = false, force = false;

  void visit(FieldVisitor& v) {
    v.field(
        {.key = "culture", .help = "of all pictures of which no table says it (else folder names say it)"},
        culture);
    v.field(
        {.key = "source", .help = "museum, web site, photographer … of pictures of which no table says it"},
        source);
    v.field({.key = "licence", .help = "of pictures of which no table says it, e.g. CC0"}, licence);
    v.field({"min_side", "refuse pictures whose shorter side is less", "px", 1, 1e5}, min_side);
    v.field({.key = "split", .help = "shares of train, val and test, by work and within each culture"},
            split);
    v.field({"seed", "another seed splits differently", "", 0, 9e18}, seed);
    v.field({.key = "keep_duplicates", .help = "list exact copies in the manifest too (as one work)"},
            keep_duplicates);
    v.field({"threads", "pictures decoded at a time; 0: one a processor", "", 0, 1024}, threads);
    v.field({.key = "resume", .help = "go on with, or add to, a collection: only new files are measured"},
            resume);
    v.field(
        {.key = "force", .help = "make the collection anew, measuring all and replacing files of equal name"},
        force);
  }
};

struct RefusedFile {
  std::string file;  // as found: path, or archive!entry
  Verdict verdict = Verdict::unreadable;
  std::string reason;
};

struct CollectReport {
  int64_t found = 0;             // files looked at
  int64_t pictures = 0;          // rows of the manifest
  int64_t not_pictures = 0;      // text, tables …
  int64_t measured = 0;          // the rest was remembered from an earlier run
  int64_t exact_duplicates = 0;  // same file or same pixels
  int64_t near_duplicates = 0;
  int64_t works = 0;
  std::vector<RefusedFile> refused;
  std::vector<std::string> notes;  // for people: rows without a picture, works that crossed given splits …
  std::map<std::string, int64_t> splits, cultures;
  double seconds = 0, measure_seconds = 0;
};

// Reads `sources` (folders, pictures, zip archives, and CSV or TSV tables that describe them) into the folder
// `output` and writes manifest.csv, refused.csv, duplicates.csv and contact_sheet.jpg there. manifest.csv and
// metadata.csv at the top of a source folder or archive count as tables too (archives inside folders are not
// opened). What a table says of a picture comes first; then culture, source and licence of the settings;
// then, for pictures of which no table speaks, the folder names: the culture is the name of the source, or,
// when there is one source and all of its pictures lie in sub-folders, the first folder; the folders below
// are the category.
//
// Pictures come to lie at <name of the source>/<path below it>. Nothing that is there is replaced, unless by
// its equal, or with `force`. A picture that cannot be used is reported, never fatal. Measures are kept in
// .linmo-cache, so that a stopped run goes on where it was.
// Throws ErrorKind::usage (nothing to read, an existing collection without resume or force, an archive with
// manifest-only), ErrorKind::input (no usable picture at all), ErrorKind::io, ErrorKind::cancelled (the
// message says how to go on).
CollectReport collect(const std::vector<std::filesystem::path>& sources, const std::filesystem::path& output,
                      const std::vector<std::filesystem::path>& metadata, const CollectSettings& settings,
                      EventSink& sink);

// Names of what collect() writes beside manifest.csv.
inline constexpr const char* kRefusedName = "refused.csv";
inline constexpr const char* kDuplicatesName = "duplicates.csv";
inline constexpr const char* kContactSheetName = "contact_sheet.jpg";
inline constexpr const char* kCacheName = ".linmo-cache";

}  // namespace linmo
