// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/preregistration.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "linmo/core/error.h"

namespace linmo::culture {
namespace {

constexpr std::array<std::string_view, 4> kDirections{"higher", "lower", "different", "equivalent"};

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

double read_share(const toml::table& table, std::string_view key, double otherwise, double most,
                  std::string_view name) {
  if (!table.contains(key)) return otherwise;
  const auto value = table[key].value<double>();
  if (!value || !(*value > 0 && *value <= most))
    fail(ErrorKind::input, "{}: {} must be a number above 0, at most {}", name, key, most);
  return *value;
}

std::string read_string(const toml::table& table, std::string_view key, std::string_view name) {
  const auto value = table[key].value<std::string>();
  if (!value) fail(ErrorKind::input, "{}: every hypothesis needs a text \"{}\"", name, key);
  return *value;
}

void check_keys(const toml::table& table, std::initializer_list<std::string_view> known,
                std::string_view name) {
  for (const auto& [key, value] : table)
    if (std::find(known.begin(), known.end(), key.str()) == known.end())
      fail(ErrorKind::input, "{}: unknown key \"{}\"", name, key.str());
}

}  // namespace

std::vector<Hypothesis> parse_preregistration(std::string_view text, std::string_view name) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    fail(ErrorKind::input, "{}: line {}: {}", name, error.source().begin.line, error.description());
  }
  check_keys(table, {"alpha", "margin", "hypothesis"}, name);
  const double alpha = read_share(table, "alpha", .05, .5, name);
  const double margin = read_share(table, "margin", .147, 1, name);
  const toml::array* entries = table["hypothesis"].as_array();
  if (!entries || entries->empty()) fail(ErrorKind::input, "{}: there is no [[hypothesis]] in it", name);
  std::vector<Hypothesis> out;
  for (const toml::node& node : *entries) {
    const toml::table* entry = node.as_table();
    if (!entry) fail(ErrorKind::input, "{}: write each hypothesis as a table, [[hypothesis]]", name);
    check_keys(*entry, {"descriptor", "first", "second", "direction", "alpha", "margin", "note"}, name);
    Hypothesis h;
    h.descriptor = read_string(*entry, "descriptor", name);
    h.first = read_string(*entry, "first", name);
    h.second = read_string(*entry, "second", name);
    h.direction = read_string(*entry, "direction", name);
    if (std::find(kDirections.begin(), kDirections.end(), h.direction) == kDirections.end())
      fail(ErrorKind::input, "{}: direction \"{}\" is none of higher, lower, different, equivalent", name,
           h.direction);
    h.alpha = read_share(*entry, "alpha", alpha, .5, name);
    h.margin = read_share(*entry, "margin", margin, 1, name);
    h.note = (*entry)["note"].value_or(std::string());
    out.push_back(std::move(h));
  }
  return out;
}

void check_hypotheses(const std::vector<Hypothesis>& hypotheses, const Study& study) {
  for (const Hypothesis& h : hypotheses) {
    if (study.table.columns.find_descriptor(h.descriptor) < 0)
      fail(ErrorKind::usage, "preregistration: there is no descriptor \"{}\"; linmo describe --list has all",
           h.descriptor);
    for (const std::string& name : {h.first, h.second}) {
      std::string names;
      bool found = false;
      for (const Group& g : study.groups) {
        found = found || g.name == name;
        names += (names.empty() ? "" : ", ") + g.name;
      }
      if (!found)
        fail(ErrorKind::usage, "preregistration: there is no group \"{}\"; there are {}", name, names);
    }
    if (h.first == h.second)
      fail(ErrorKind::usage, "preregistration: \"{}\" is compared with itself", h.first);
  }
}

std::string preregistration_template(const Study& study) {
  std::string out =
      "# What is expected, written down before looking. Keep the hypotheses that you have a reason for, "
      "delete "
      "the others.\n"
      "# direction: of the second group over the first; higher, lower, different or equivalent\n"
      "# margin: Cliff's delta that counts as no difference\n";
  out += fmt::format("alpha = {}\nmargin = {}\n", study.settings.alpha, study.settings.margin);
  for (size_t a = 0; a < study.groups.size(); ++a)
    for (size_t b = a + 1; b < study.groups.size(); ++b)
      for (int64_t d : study.core) {
        const Descriptor& descriptor = study.table.columns.descriptors[d];
        out += fmt::format(
            "\n[[hypothesis]]\ndescriptor = {}\nfirst = {}\nsecond = {}\ndirection = \"different\"\n",
            quoted(descriptor.name), quoted(study.groups[a].name), quoted(study.groups[b].name));
      }
  return out;
}

}  // namespace linmo::culture
