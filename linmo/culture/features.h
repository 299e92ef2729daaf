// SPDX-License-Identifier: Apache-2.0
// The table that describing makes and comparing reads: one row a picture, one column a descriptor, and what
// is known of the work beside them.
#pragma once

#include <array>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linmo::culture {

// How far a descriptor moves when the picture is changed in a way that no viewer would call another style.
// `shift`: median over pictures of |changed − original| divided by the interquartile range of the originals
// (0: does not move; 1: moves as far as pictures differ). `rank`: Spearman correlation of changed and
// original values over the pictures (1: the order is kept).
struct Movement {
  double shift = std::numeric_limits<double>::quiet_NaN();
  double rank = std::numeric_limits<double>::quiet_NaN();
};

struct Reliability {
  Movement resize;  // to ⅔ of the sides (Lanczos)
  Movement jpeg;    // stored again as JPEG, quality 75
  Movement noise;   // ±1 of 255 grey levels, each sample at random
  Movement crop;    // 3 % cut off every side
  int64_t pictures = 0;

  double least_rank() const;  // the smallest of the four; NaN where none is known
};

// What one column means.
struct Descriptor {
  std::string name;   // snake_case, stable between versions
  std::string group;  // colour, tone, line, texture, complexity, composition, nuisance
  std::string unit;   // "1" for plain numbers
  double low = -std::numeric_limits<double>::infinity();  // range: closed, infinite where there is no bound
  double high = std::numeric_limits<double>::infinity();
  std::string formula;  // one line
  std::string source;   // paper, or "linmo" where it was made here
  // Parity forms are the field's usual definitions, given so that figures can be compared with published ones
  // although a better form stands beside them.
  bool is_parity = false;
  // Of the file, the scan or the mount rather than of the work; never to be called style.
  bool is_nuisance = false;
  // One of the few, little correlated descriptors that multivariate tests should use.
  bool is_core = false;
  std::optional<Reliability> reliability;
};

struct FeatureRow {
  std::string file;                   // UTF-8 path as the collection names it; unique in a table
  std::string sha256;                 // of the file's bytes
  std::string protocol;               // every step from the file to the pixels that were measured
  std::vector<std::string> metadata;  // values of FeatureColumns::metadata, in their order; empty: not known
  std::vector<double> values;         // of FeatureColumns::descriptors, in their order; NaN: not measurable
};

struct FeatureColumns {
  std::vector<std::string> metadata;  // culture, artist, title, date, source, licence, work, genre …
  std::vector<Descriptor> descriptors;

  // Positions; −1 where there is no such column.
  int64_t find_metadata(std::string_view name) const;
  int64_t find_descriptor(std::string_view name) const;
};

struct FeatureTable {
  FeatureColumns columns;
  std::vector<FeatureRow> rows;

  // One metadata column; empty texts where the table does not have it.
  std::vector<std::string> metadata(std::string_view name) const;
  // One descriptor's values; throws ErrorKind::usage where the table does not have it.
  std::vector<double> values(std::string_view descriptor) const;
};

// The columns that stand before all others in both forms of CSV.
inline constexpr std::array<std::string_view, 3> kRowColumns{"file", "sha256", "protocol"};

// Wide form, one row a picture: file, sha256, protocol, the metadata, the descriptors. Numbers are written so
// that reading gives the same bits; NaN is an empty field.
std::string wide_header(const FeatureColumns& columns);
std::string wide_row(const FeatureColumns& columns, const FeatureRow& row);
// Long form, one row a picture and descriptor: file, sha256, the metadata, descriptor, group, unit, value,
// least_rank (Reliability). Descriptors that are not measurable have an empty value.
std::string long_header(const FeatureColumns& columns);
std::string long_rows(const FeatureColumns& columns, const FeatureRow& row);

std::string format_wide(const FeatureTable& table);
std::string format_long(const FeatureTable& table);

// Reads either form (told apart by the column "descriptor"). Columns named like one of `known` are
// descriptors, all others are metadata, so a table of another program with a column `file` (or `filename`)
// can be read as well. Throws ErrorKind::input for a table without files, a file twice, a value that is no
// number.
FeatureTable parse_features(std::string_view text, std::string_view name, std::span<const Descriptor> known);
FeatureTable read_features(const std::filesystem::path& file, std::span<const Descriptor> known);

// Rows of several tables under the columns that any of them has. Throws ErrorKind::usage when two tables mean
// different things by one descriptor (unit or formula).
FeatureTable concatenate(std::span<const FeatureTable> tables);

// A number as JSON, CSV and reports write it: the shortest text that reads back as the same bits.
std::string format_number(double value);

}  // namespace linmo::culture
