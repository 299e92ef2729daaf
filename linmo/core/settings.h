// SPDX-License-Identifier: Apache-2.0
// One field list per settings struct gives the command-line flag, the TOML key, the range, the help text,
// the web form and the saved run settings. A struct takes part by having
//
//   void visit(FieldVisitor& v) {
//     v.field({"steps", "optimiser steps", "steps", 1, 1e9}, steps);
//     ...
//   }
//
// Unknown keys and values out of range are errors, never ignored.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace linmo {

struct FieldInfo {
  std::string key;        // snake_case; the flag is --key with '-' for '_'
  std::string help;       // one line, without the default (that is added)
  std::string unit = {};  // "px", "s", "steps" …
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices = {};  // for strings: the values allowed
  std::string alias = {};                 // what users of other tools call it; on the command line only

  static FieldInfo one_of(std::string key, std::string help, std::vector<std::string> choices) {
    FieldInfo info;
    info.key = std::move(key);
    info.help = std::move(help);
    info.choices = std::move(choices);
    return info;
  }
  FieldInfo also(std::string name) && {
    alias = std::move(name);
    return std::move(*this);
  }
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void section(std::string_view /*title*/) {}  // groups fields in help and forms
  virtual void field(const FieldInfo& info, int64_t& value) = 0;
  virtual void field(const FieldInfo& info, double& value) = 0;
  virtual void field(const FieldInfo& info, bool& value) = 0;
  virtual void field(const FieldInfo& info, std::string& value) = 0;
};

// Throws ErrorKind::usage when a value is outside its field's range or choices.
class FieldChecker : public FieldVisitor {
 public:
  void field(const FieldInfo& info, int64_t& value) override;
  void field(const FieldInfo& info, double& value) override;
  void field(const FieldInfo& info, bool& value) override;
  void field(const FieldInfo& info, std::string& value) override;
};

namespace settings_detail {
class TomlReader;
std::string write_toml(void (*visit)(void*, FieldVisitor&), void* settings);
void read_toml(std::string_view text, std::string_view name, void (*visit)(void*, FieldVisitor&),
               void* settings);
template <class S>
void visit_erased(void* settings, FieldVisitor& visitor) {
  static_cast<S*>(settings)->visit(visitor);
}
}  // namespace settings_detail

template <class S>
void check(S& settings) {
  FieldChecker checker;
  settings.visit(checker);
}

// All fields in their order, one `key = value` a line, with the help as a comment.
template <class S>
std::string to_toml(const S& settings) {
  S copy = settings;
  return settings_detail::write_toml(&settings_detail::visit_erased<S>, &copy);
}

// Sets the fields that `text` names; `name` is the file's for messages.
template <class S>
void from_toml(std::string_view text, std::string_view name, S& settings) {
  settings_detail::read_toml(text, name, &settings_detail::visit_erased<S>, &settings);
}

// "90s", "30m", "2h", "1h30m", a plain number of seconds → seconds; throws ErrorKind::usage.
double parse_duration(std::string_view text);
// 5400 → "1 h 30 min"; 42 → "42 s"
std::string format_duration(double seconds);

}  // namespace linmo
