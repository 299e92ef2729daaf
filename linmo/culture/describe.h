// SPDX-License-Identifier: Apache-2.0
// Collections → tables of descriptors: the whole of `linmo describe`.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/culture/features.h"
#include "linmo/culture/protocol.h"
#include "linmo/culture/works.h"

namespace linmo::culture {

struct DescribeSettings {
  Protocol protocol;
  std::string split = {};
  int64_t threads = 0;
  int64_t memory = 2000;

  void visit(FieldVisitor& v) {
    protocol.visit(v);
    v.field({.key = "split", .help = "of collections: only pictures of train, val or test (empty: all)"},
            split);
    v.field({"threads", "pictures measured at a time; 0: one a processor", "", 0, 1024}, threads);
    v.field({"memory", "for pictures in work, over all threads; a larger one waits until it is alone", "MB",
             100, 1e7},
            memory);
  }
};

struct DescribeJob {
  std::vector<std::filesystem::path> sources;  // works.h: find_works
  // What was computed is kept here as soon as it is there, by content (SHA-256 of the file), protocol and
  // version of the descriptors, so that a second or interrupted run computes only what is new. Empty: kept
  // for this run only.
  std::filesystem::path cache;
  DescribeSettings settings;
};

struct DescribeReport {
  int64_t works = 0;                 // named by the sources
  int64_t described = 0;             // rows of the table
  int64_t computed = 0;              // of these, in this run; the others were remembered
  int64_t not_pictures = 0;          // text, tables … in folders
  std::vector<FailedWork> failures;  // in the order of the works; the rest was done
  std::vector<std::string> notes;
  double seconds = 0;  // spent on computing
};

// The columns of every table that describe() makes for these sources: Works::columns, "palette" (colour.h:
// parse_palette) and "layout" (composition.h: parse_layout) as metadata; registry() as descriptors.
FeatureColumns feature_columns(const Works& works);

// Describes every work and hands the rows over in the order of the works, with memory that does not grow with
// their number beyond names and metadata. A picture that cannot be read (or breaks off: grey rows are no
// style) is reported, never fatal. The values do not depend on the number of threads. Throws
// ErrorKind::cancelled when the sink asks to stop (what is done is in the cache), ErrorKind::io for a cache
// that cannot be written, and as find_works() does.
DescribeReport describe(const Works& works, const DescribeJob& job, EventSink& sink,
                        const std::function<void(const FeatureRow&)>& on_row);

// The same as a table in memory. `works`, when given, receives what find_works() found (paths of the
// pictures).
FeatureTable describe(const DescribeJob& job, EventSink& sink, DescribeReport* report = nullptr,
                      Works* works = nullptr);

// What values depend on besides the file: every descriptor's definition, and kDescribeVersion.
std::string describe_version();

}  // namespace linmo::culture
