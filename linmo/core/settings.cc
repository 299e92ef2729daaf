// SPDX-License-Identifier: Apache-2.0
#include "linmo/core/settings.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "linmo/core/error.h"

namespace linmo {
namespace {

void check_number(const FieldInfo& info, double value) {
  if (!(value >= info.minimum && value <= info.maximum)) {
    fail(ErrorKind::usage, "{} = {} is out of range: it must be from {} to {}{}{}", info.key, value,
         info.minimum, info.maximum, info.unit.empty() ? "" : " ", info.unit);
  }
}

class TomlWriter : public FieldVisitor {
 public:
  void section(std::string_view title) override { out_ << "\n# " << title << "\n"; }
  void field(const FieldInfo& info, int64_t& value) override { line(info, fmt::format("{}", value)); }
  void field(const FieldInfo& info, double& value) override {
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";
    line(info, text);
  }
  void field(const FieldInfo& info, bool& value) override { line(info, value ? "true" : "false"); }
  void field(const FieldInfo& info, std::string& value) override {
    std::ostringstream quoted;
    quoted << toml::value<std::string>(value);
    line(info, quoted.str());
  }
  std::string str() const { return out_.str(); }

 private:
  void line(const FieldInfo& info, const std::string& value) {
    out_ << info.key << " = " << value << "  # " << info.help;
    if (!info.unit.empty()) out_ << " [" << info.unit << "]";
    out_ << "\n";
  }
  std::ostringstream out_;
};

}  // namespace

void FieldChecker::field(const FieldInfo& info, int64_t& value) {
  check_number(info, static_cast<double>(value));
}
void FieldChecker::field(const FieldInfo& info, double& value) {
  check_number(info, value);
}
void FieldChecker::field(const FieldInfo&, bool&) {}
void FieldChecker::field(const FieldInfo& info, std::string& value) {
  if (info.choices.empty()) return;
  if (std::find(info.choices.begin(), info.choices.end(), value) == info.choices.end()) {
    fail(ErrorKind::usage, "{} = \"{}\" is not known; choose one of: {}", info.key, value,
         fmt::join(info.choices, ", "));
  }
}

namespace settings_detail {

class TomlReader : public FieldVisitor {
 public:
  TomlReader(const toml::table& table, std::string_view name) : table_(table), name_(name) {}
  void field(const FieldInfo& info, int64_t& value) override { read(info, value, "a whole number"); }
  void field(const FieldInfo& info, double& value) override { read(info, value, "a number"); }
  void field(const FieldInfo& info, bool& value) override { read(info, value, "true or false"); }
  void field(const FieldInfo& info, std::string& value) override { read(info, value, "a string"); }
  void finish() const {
    for (const auto& [key, node] : table_) {
      if (!seen_.contains(std::string(key.str()))) {
        fail(ErrorKind::usage, "{}: unknown key \"{}\" on line {}; the known keys are: {}", name_, key.str(),
             node.source().begin.line, fmt::join(seen_, ", "));
      }
    }
  }

 private:
  template <class T>
  void read(const FieldInfo& info, T& value, std::string_view type) {
    seen_.insert(info.key);
    const auto node = table_[info.key];
    if (!node) return;
    const auto read = node.template value<T>();
    if (!read || (std::is_same_v<T, bool> != node.is_boolean()) ||
        (std::is_same_v<T, int64_t> && !node.is_integer())) {
      fail(ErrorKind::usage, "{}: {} must be {}", name_, info.key, type);
    }
    value = *read;
    try {
      FieldChecker().field(info, value);
    } catch (const Error& error) {
      fail(ErrorKind::usage, "{}: {}", name_, error.what());
    }
  }
  const toml::table& table_;
  std::string_view name_;
  std::set<std::string> seen_;
};

std::string write_toml(void (*visit)(void*, FieldVisitor&), void* settings) {
  TomlWriter writer;
  visit(settings, writer);
  return writer.str();
}

void read_toml(std::string_view text, std::string_view name, void (*visit)(void*, FieldVisitor&),
               void* settings) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    fail(ErrorKind::usage, "{}: line {}: {}", name, error.source().begin.line, error.description());
  }
  TomlReader reader(table, name);
  visit(settings, reader);
  reader.finish();
}

}  // namespace settings_detail

double parse_duration(std::string_view text) {
  double total = 0;
  std::string_view rest = text;
  bool plain = false;
  while (!rest.empty()) {
    double value = 0;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (code != std::errc() || value < 0 || !std::isfinite(value)) {
      fail(ErrorKind::usage, "\"{}\" is not a duration; write for example 90s, 30m, 2h or 1h30m", text);
    }
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    double unit = 1;
    if (rest.empty()) {
      plain = true;
    } else {
      switch (rest.front()) {
        case 's':
          unit = 1;
          break;
        case 'm':
          unit = 60;
          break;
        case 'h':
          unit = 3600;
          break;
        default:
          fail(ErrorKind::usage, "\"{}\" is not a duration; write for example 90s, 30m, 2h or 1h30m", text);
      }
      rest.remove_prefix(1);
    }
    if (plain && value * unit != 0 && total != 0) {
      fail(ErrorKind::usage, "\"{}\" is not a duration; write for example 90s, 30m, 2h or 1h30m", text);
    }
    total += value * unit;
  }
  if (text.empty()) fail(ErrorKind::usage, "an empty duration; write for example 90s, 30m, 2h or 1h30m");
  return total;
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0)) return "?";
  const auto s = static_cast<int64_t>(std::llround(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return s % 60 ? fmt::format("{} min {} s", s / 60, s % 60) : fmt::format("{} min", s / 60);
  return s % 3600 >= 60 ? fmt::format("{} h {} min", s / 3600, s % 3600 / 60) : fmt::format("{} h", s / 3600);
}

}  // namespace linmo
