// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/csv.h"

#include <algorithm>
#include <array>

#include "linmo/core/error.h"

namespace linmo {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string folded(std::string_view name) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t first = name.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  std::string out(name.substr(first, name.find_last_not_of(kSpaces) - first + 1));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

char find_separator(std::string_view text) {
  constexpr std::array<char, 3> kCandidates{',', '\t', ';'};
  std::array<size_t, 3> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    for (size_t i = 0; i < kCandidates.size(); ++i) counts[i] += c == kCandidates[i];
  }
  return kCandidates[static_cast<size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

// One pass over the text, one state; rows are delivered as they end.
class Parser {
 public:
  Parser(std::string_view text, std::string_view name, const CsvLimits& limits)
      : text_(text), name_(name), limits_(limits), separator_(find_separator(text)) {}

  CsvTable parse() {
    while (position_ < text_.size()) {
      const bool ended_row = read_field();
      if (ended_row) end_row();
    }
    // A last line without a line end; also "a," whose second field is empty.
    if (!fields_.empty() || separator_was_last_) {
      if (separator_was_last_) push_field({});
      end_row();
    }
    if (table_.header.empty())
      fail(ErrorKind::input, "{} is empty: the first line must name the columns", name_);
    return std::move(table_);
  }

 private:
  // Reads one field and what ends it; true when that was a line end or the end of the text.
  bool read_field() {
    std::string value;
    if (text_[position_] == '"') {
      read_quoted(value);
    }
    // Spreadsheets also write bare quotes inside a field; after a closed quote the rest is taken as it is.
    while (position_ < text_.size() && !ends_field(text_[position_])) append(value, text_[position_++]);
    push_field(std::move(value));
    separator_was_last_ = false;
    if (position_ == text_.size()) return true;
    const char end = text_[position_++];
    if (end == separator_) {
      separator_was_last_ = true;
      return false;
    }
    if (end == '\r' && position_ < text_.size() && text_[position_] == '\n') ++position_;
    next_line_ += 1;
    return true;
  }

  void read_quoted(std::string& value) {
    const size_t opened_on = next_line_;
    ++position_;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '"') {
        if (position_ == text_.size() || text_[position_] != '"') return;
        ++position_;
      } else if (c == '\n' || (c == '\r' && (position_ == text_.size() || text_[position_] != '\n'))) {
        next_line_ += 1;
      }
      append(value, c);
    }
    fail(ErrorKind::input, "{}, line {}: a quoted field that begins here never ends; add the missing \"",
         name_, opened_on);
  }

  bool ends_field(char c) const { return c == separator_ || c == '\n' || c == '\r'; }

  void append(std::string& value, char c) {
    if (value.size() >= limits_.max_field_bytes) {
      fail(ErrorKind::limit, "{}, line {}: a field is longer than {} bytes, the most that is read here",
           name_, line_, limits_.max_field_bytes);
    }
    value.push_back(c);
  }

  void push_field(std::string value) {
    if (fields_.size() >= limits_.max_columns) {
      fail(ErrorKind::limit, "{}, line {}: more than {} columns, the most that is read here", name_, line_,
           limits_.max_columns);
    }
    fields_.push_back(std::move(value));
  }

  void end_row() {
    const bool blank = fields_.size() == 1 && fields_[0].empty();
    if (!blank && table_.header.empty()) {
      table_.header = std::move(fields_);
    } else if (!blank) {
      if (fields_.size() > table_.header.size()) {
        fail(
            ErrorKind::input,
            "{}, line {}: {} fields, but the header names {} columns; put quotes around fields that hold the "
            "separator",
            name_, line_, fields_.size(), table_.header.size());
      }
      if (table_.rows.size() >= limits_.max_rows) {
        fail(ErrorKind::limit, "{} has more than {} rows, the most that is read here", name_,
             limits_.max_rows);
      }
      fields_.resize(table_.header.size());
      table_.rows.push_back(std::move(fields_));
    }
    fields_.clear();
    separator_was_last_ = false;
    line_ = next_line_;
  }

  std::string_view text_, name_;
  const CsvLimits& limits_;
  char separator_;
  size_t position_ = 0;
  size_t line_ = 1, next_line_ = 1;  // where the row began; where the reader is
  bool separator_was_last_ = false;
  std::vector<std::string> fields_;
  CsvTable table_;
};

void append_field(std::string& out, std::string_view field) {
  // Other separators are quoted too, so that no reader can mistake them for the separator; so is a mark at
  // the front that would read as a byte order mark.
  if (field.find_first_of(",;\t\"\r\n") == std::string_view::npos && !field.starts_with(kByteOrderMark)) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_row(std::string& out, const std::vector<std::string>& fields) {
  // A lone empty field would read as an empty line, and those are skipped.
  if (fields.size() == 1 && fields[0].empty()) out += "\"\"";
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    append_field(out, fields[i]);
  }
  out += "\r\n";
}

}  // namespace

int64_t CsvTable::column(std::string_view name) const {
  const std::string wanted = folded(name);
  for (size_t i = 0; i < header.size(); ++i) {
    if (folded(header[i]) == wanted) return static_cast<int64_t>(i);
  }
  return -1;
}

CsvTable parse_csv(std::string_view text, std::string_view name, const CsvLimits& limits) {
  if (text.size() > limits.max_bytes) {
    fail(ErrorKind::limit, "{} is larger than {} bytes, the most that is read here", name, limits.max_bytes);
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail(ErrorKind::input, "{} is UTF-16; save it as \"CSV UTF-8\"", name);
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(3);
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    fail(ErrorKind::input, "{} is not UTF-8 text; save it as \"CSV UTF-8\"", name);
  }
  return Parser(text, name, limits).parse();
}

std::string format_csv(const CsvTable& table) {
  std::string out;
  append_row(out, table.header);
  for (const auto& row : table.rows) append_row(out, row);
  return out;
}

}  // namespace linmo
