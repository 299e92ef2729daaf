// SPDX-License-Identifier: Apache-2.0
#include "app/cli/options.h"

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"

namespace linmo::cli {
namespace {

std::string flag_names(const FieldInfo& info) {
  std::string dashes = info.key;
  std::replace(dashes.begin(), dashes.end(), '_', '-');
  std::string names = dashes == info.key ? "--" + info.key : "--" + dashes + ",--" + info.key;
  if (!info.alias.empty()) names += ",--" + info.alias;
  return names;
}

std::string help(const FieldInfo& info) {
  std::string text = info.help;
  if (!info.choices.empty()) text += fmt::format(" ({})", fmt::join(info.choices, "|"));
  if (!info.unit.empty()) text += fmt::format(" [{}]", info.unit);
  if (std::isfinite(info.minimum) && std::isfinite(info.maximum))
    text += fmt::format(" {:g} … {:g}", info.minimum, info.maximum);
  else if (std::isfinite(info.minimum))
    text += fmt::format(" at least {:g}", info.minimum);
  return text;
}

template <class T>
void add(CLI::App& app, const std::string& group, const FieldInfo& info, T& value) {
  app.add_option(flag_names(info), value, help(info))->capture_default_str()->group(group);
}

}  // namespace

void OptionAdder::field(const FieldInfo& info, int64_t& value) {
  add(app_, group_, info, value);
}
void OptionAdder::field(const FieldInfo& info, double& value) {
  add(app_, group_, info, value);
}
void OptionAdder::field(const FieldInfo& info, std::string& value) {
  add(app_, group_, info, value);
}
void OptionAdder::field(const FieldInfo& info, bool& value) {
  std::string dashes = info.key;
  std::replace(dashes.begin(), dashes.end(), '_', '-');
  app_.add_flag(flag_names(info) + ",!--no-" + dashes, value,
                help(info) + (value ? "; on unless --no-" + dashes : ""))
      ->group(group_);
}

void add_style_option(CLI::App& command, std::string& style) {
  command.add_option("--style", style,
                     "of a model of several styles (linmo models show NAME), one, or a blend as "
                     "ukiyoe:0.6,impressionism:0.4; shares are scaled to a sum of 1");
}

}  // namespace linmo::cli
