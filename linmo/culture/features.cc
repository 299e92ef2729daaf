// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/features.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "linmo/collection/csv.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::culture {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<std::string_view, 5> kLongColumns{"descriptor", "group", "unit", "value", "least_rank"};

int64_t position(std::span<const std::string> names, std::string_view name) {
  const auto at = std::ranges::find(names, name);
  return at == names.end() ? -1 : at - names.begin();
}

// One line without the header that format_csv() writes for tables.
std::string csv_line(std::vector<std::string> fields) {
  CsvTable table;
  table.header = std::move(fields);
  return format_csv(table);
}

double parse_number(std::string_view text, std::string_view name, size_t row, std::string_view column) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty() || text == "NA" || text == "nan" || text == "NaN") return kNaN;
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    fail(ErrorKind::input, "{}: row {} has \"{}\" in column {}, which is not a number", name, row + 2, text,
         column);
  }
  return value;
}

const Descriptor* find_known(std::span<const Descriptor> known, std::string_view name) {
  const auto at = std::ranges::find(known, name, &Descriptor::name);
  return at == known.end() ? nullptr : &*at;
}

int64_t file_column(const CsvTable& table, std::string_view name) {
  for (const std::string_view column : {"file", "filename"}) {
    if (const int64_t at = table.column(column); at >= 0) return at;
  }
  fail(ErrorKind::input, "{} has no column \"file\"; tables of features are made by linmo describe", name);
}

void fill_row_columns(FeatureRow& row, const CsvTable& table, const std::vector<std::string>& fields) {
  if (const int64_t at = table.column("sha256"); at >= 0) row.sha256 = fields[static_cast<size_t>(at)];
  if (const int64_t at = table.column("protocol"); at >= 0) row.protocol = fields[static_cast<size_t>(at)];
}

bool is_row_column(std::string_view name) {
  return std::ranges::find(kRowColumns, name) != kRowColumns.end() || name == "filename";
}

FeatureTable parse_wide(const CsvTable& table, std::string_view name, std::span<const Descriptor> known) {
  FeatureTable result;
  const auto file_at = static_cast<size_t>(file_column(table, name));
  std::vector<size_t> metadata_at, descriptor_at;
  for (size_t c = 0; c < table.header.size(); ++c) {
    if (c == file_at || is_row_column(table.header[c])) continue;
    if (const Descriptor* descriptor = find_known(known, table.header[c])) {
      result.columns.descriptors.push_back(*descriptor);
      descriptor_at.push_back(c);
    } else {
      result.columns.metadata.push_back(table.header[c]);
      metadata_at.push_back(c);
    }
  }
  std::unordered_map<std::string_view, size_t> seen;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const std::vector<std::string>& fields = table.rows[r];
    if (!seen.emplace(fields[file_at], r).second) {
      fail(ErrorKind::input, "{}: row {} names {} a second time", name, r + 2, fields[file_at]);
    }
    FeatureRow row;
    row.file = fields[file_at];
    fill_row_columns(row, table, fields);
    for (const size_t c : metadata_at) row.metadata.push_back(fields[c]);
    for (const size_t c : descriptor_at)
      row.values.push_back(parse_number(fields[c], name, r, table.header[c]));
    result.rows.push_back(std::move(row));
  }
  return result;
}

FeatureTable parse_long(const CsvTable& table, std::string_view name, std::span<const Descriptor> known) {
  FeatureTable result;
  const auto file_at = static_cast<size_t>(file_column(table, name));
  const auto descriptor_at = static_cast<size_t>(table.column("descriptor"));
  const int64_t value_at = table.column("value");
  if (value_at < 0) fail(ErrorKind::input, "{} has a column \"descriptor\" but none named \"value\"", name);
  std::vector<size_t> metadata_at;
  for (size_t c = 0; c < table.header.size(); ++c) {
    if (c == file_at || is_row_column(table.header[c])) continue;
    if (std::ranges::find(kLongColumns, table.header[c]) != kLongColumns.end()) continue;
    result.columns.metadata.push_back(table.header[c]);
    metadata_at.push_back(c);
  }
  std::unordered_map<std::string, size_t> descriptors, files;
  for (const auto& fields : table.rows) {
    const std::string& descriptor = fields[descriptor_at];
    if (!descriptors.emplace(descriptor, descriptors.size()).second) continue;
    if (const Descriptor* entry = find_known(known, descriptor)) {
      result.columns.descriptors.push_back(*entry);
    } else {
      Descriptor unknown;
      unknown.name = descriptor;
      if (const int64_t at = table.column("group"); at >= 0) unknown.group = fields[static_cast<size_t>(at)];
      if (const int64_t at = table.column("unit"); at >= 0) unknown.unit = fields[static_cast<size_t>(at)];
      result.columns.descriptors.push_back(std::move(unknown));
    }
  }
  std::vector<std::vector<bool>> given;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const std::vector<std::string>& fields = table.rows[r];
    const auto [at, is_new] = files.emplace(fields[file_at], files.size());
    if (is_new) {
      FeatureRow row;
      row.file = fields[file_at];
      fill_row_columns(row, table, fields);
      for (const size_t c : metadata_at) row.metadata.push_back(fields[c]);
      row.values.assign(descriptors.size(), kNaN);
      result.rows.push_back(std::move(row));
      given.emplace_back(descriptors.size(), false);
    }
    const size_t d = descriptors.at(fields[descriptor_at]);
    if (given[at->second][d]) {
      fail(ErrorKind::input, "{}: row {} gives {} of {} a second time", name, r + 2, fields[descriptor_at],
           fields[file_at]);
    }
    given[at->second][d] = true;
    result.rows[at->second].values[d] = parse_number(fields[static_cast<size_t>(value_at)], name, r, "value");
  }
  return result;
}

}  // namespace

double Reliability::least_rank() const {
  double least = kNaN;
  for (const Movement& m : {resize, jpeg, noise, crop}) least = std::fmin(least, m.rank);
  return least;
}

int64_t FeatureColumns::find_metadata(std::string_view name) const {
  return position(metadata, name);
}

int64_t FeatureColumns::find_descriptor(std::string_view name) const {
  const auto at = std::ranges::find(descriptors, name, &Descriptor::name);
  return at == descriptors.end() ? -1 : at - descriptors.begin();
}

std::vector<std::string> FeatureTable::metadata(std::string_view name) const {
  std::vector<std::string> out(rows.size());
  const int64_t at = columns.find_metadata(name);
  for (size_t r = 0; at >= 0 && r < rows.size(); ++r) out[r] = rows[r].metadata[static_cast<size_t>(at)];
  return out;
}

std::vector<double> FeatureTable::values(std::string_view descriptor) const {
  const int64_t at = columns.find_descriptor(descriptor);
  if (at < 0) fail(ErrorKind::usage, "the table of features has no descriptor \"{}\"", descriptor);
  std::vector<double> out;
  for (const FeatureRow& row : rows) out.push_back(row.values[static_cast<size_t>(at)]);
  return out;
}

std::string format_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

std::string wide_header(const FeatureColumns& columns) {
  std::vector<std::string> fields(kRowColumns.begin(), kRowColumns.end());
  fields.insert(fields.end(), columns.metadata.begin(), columns.metadata.end());
  for (const Descriptor& d : columns.descriptors) fields.push_back(d.name);
  return csv_line(std::move(fields));
}

std::string wide_row(const FeatureColumns& columns, const FeatureRow& row) {
  std::vector<std::string> fields{row.file, row.sha256, row.protocol};
  fields.insert(fields.end(), row.metadata.begin(), row.metadata.end());
  fields.resize(kRowColumns.size() + columns.metadata.size());
  for (const double value : row.values) fields.push_back(format_number(value));
  return csv_line(std::move(fields));
}

std::string long_header(const FeatureColumns& columns) {
  std::vector<std::string> fields{"file", "sha256"};
  fields.insert(fields.end(), columns.metadata.begin(), columns.metadata.end());
  fields.insert(fields.end(), kLongColumns.begin(), kLongColumns.end());
  return csv_line(std::move(fields));
}

std::string long_rows(const FeatureColumns& columns, const FeatureRow& row) {
  std::string out;
  std::vector<std::string> start{row.file, row.sha256};
  start.insert(start.end(), row.metadata.begin(), row.metadata.end());
  start.resize(2 + columns.metadata.size());
  std::vector<size_t> long_fields;
  for (const char* name : {"palette", "layout"})
    if (const int64_t at = columns.find_metadata(name); at >= 0)
      long_fields.push_back(2 + static_cast<size_t>(at));
  for (size_t d = 0; d < columns.descriptors.size(); ++d) {
    const Descriptor& descriptor = columns.descriptors[d];
    std::vector<std::string> fields = start;
    fields.insert(fields.end(),
                  {descriptor.name, descriptor.group, descriptor.unit, format_number(row.values[d]),
                   descriptor.reliability ? format_number(descriptor.reliability->least_rank()) : ""});
    out += csv_line(std::move(fields));
    // Two hundred copies of them would be nine tenths of the table.
    for (const size_t at : long_fields) start[at].clear();
  }
  return out;
}

std::string format_wide(const FeatureTable& table) {
  std::string out = wide_header(table.columns);
  for (const FeatureRow& row : table.rows) out += wide_row(table.columns, row);
  return out;
}

std::string format_long(const FeatureTable& table) {
  std::string out = long_header(table.columns);
  for (const FeatureRow& row : table.rows) out += long_rows(table.columns, row);
  return out;
}

FeatureTable parse_features(std::string_view text, std::string_view name, std::span<const Descriptor> known) {
  CsvLimits limits;
  limits.max_bytes = 1ULL << 32;  // 100,000 pictures in the long form
  const CsvTable table = parse_csv(text, name, limits);
  return table.column("descriptor") >= 0 ? parse_long(table, name, known) : parse_wide(table, name, known);
}

FeatureTable read_features(const std::filesystem::path& file, std::span<const Descriptor> known) {
  return parse_features(read_text(file, 1ULL << 32), to_utf8(file), known);
}

FeatureTable concatenate(std::span<const FeatureTable> tables) {
  FeatureTable result;
  for (const FeatureTable& table : tables) {
    for (const std::string& name : table.columns.metadata) {
      if (result.columns.find_metadata(name) < 0) result.columns.metadata.push_back(name);
    }
    for (const Descriptor& d : table.columns.descriptors) {
      const int64_t at = result.columns.find_descriptor(d.name);
      if (at < 0) {
        result.columns.descriptors.push_back(d);
        continue;
      }
      const Descriptor& other = result.columns.descriptors[static_cast<size_t>(at)];
      if (other.unit != d.unit || other.formula != d.formula) {
        fail(ErrorKind::usage,
             "two tables mean different things by \"{}\"; describe both collections with one version",
             d.name);
      }
    }
  }
  for (const FeatureTable& table : tables) {
    for (const FeatureRow& row : table.rows) {
      FeatureRow out = row;
      out.metadata.assign(result.columns.metadata.size(), "");
      out.values.assign(result.columns.descriptors.size(), kNaN);
      for (size_t c = 0; c < table.columns.metadata.size(); ++c) {
        out.metadata[static_cast<size_t>(result.columns.find_metadata(table.columns.metadata[c]))] =
            row.metadata[c];
      }
      for (size_t c = 0; c < table.columns.descriptors.size(); ++c) {
        out.values[static_cast<size_t>(result.columns.find_descriptor(table.columns.descriptors[c].name))] =
            row.values[c];
      }
      result.rows.push_back(std::move(out));
    }
  }
  return result;
}

}  // namespace linmo::culture
