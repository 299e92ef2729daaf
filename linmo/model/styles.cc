// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/styles.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/utf8.h"
#include "linmo/net/styles.h"

namespace linmo::model {
namespace {

constexpr size_t kLongestName = 200;  // bytes

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

size_t place_of(std::string_view style, std::span<const std::string> names) {
  const auto at = std::find(names.begin(), names.end(), style);
  if (at == names.end())
    fail(ErrorKind::usage, "there is no style \"{}\"; the model has: {}", style, fmt::join(names, ", "));
  return static_cast<size_t>(at - names.begin());
}

double weight_of(std::string_view text, std::string_view style) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(weight) || weight < 0)
    fail(ErrorKind::usage, "\"{}\" is not a weight for the style {}; give a number, 0 or more, as in {}:0.6",
         text, style, style);
  return weight;
}

// A norm's rows, from `rows` of a weight or bias with `count` rows: Σ share·row for each result.
Tensor combined(const Tensor& tensor, int64_t count, const std::vector<std::vector<double>>& shares,
                std::vector<int64_t> shape) {
  const std::vector<float> values = tensor.floats();
  const size_t channels = values.size() / static_cast<size_t>(count);
  std::vector<float> out;
  for (const std::vector<double>& of : shares) {
    for (size_t c = 0; c < channels; ++c) {
      double sum = -0.0;  // then a −0 stays one: rows are kept to the bit
      for (size_t row = 0; row < of.size(); ++row)
        if (of[row] != 0) sum += of[row] * static_cast<double>(values[row * channels + c]);
      out.push_back(static_cast<float>(sum));
    }
  }
  return Tensor::from_floats(std::move(shape), out);
}

// The model's network and numbers with new rows in the conditional norms: result i is Σ shares[i][k]·row k.
Model with_rows(const Model& model, const std::vector<std::vector<double>>& shares) {
  const int before = net::style_count(model.network);
  Model out;
  out.network = net::with_styles(model.network, static_cast<int>(shares.size()));
  out.card = model.card;
  for (const net::ParameterInfo& p : net::parameters(out.network)) {
    const auto own = model.tensors.find(p.name);
    const net::Op& op = out.network.layers[static_cast<size_t>(p.layer)].op;
    const auto* norm = std::get_if<net::Norm>(&op);
    if (!norm || norm->kind != net::NormKind::instance) {
      if (own != model.tensors.end()) out.tensors[p.name] = own->second;  // batches_tracked may be missing
    } else if (own != model.tensors.end()) {
      out.tensors[p.name] = combined(own->second, before, shares, p.shape);
    } else {  // a norm without parameters
      const bool scale = p.kind == net::ParameterInfo::Kind::norm_weight;
      const std::vector<float> values(static_cast<size_t>(norm->channels) * shares.size(), scale ? 1.F : 0.F);
      out.tensors[p.name] = Tensor::from_floats(p.shape, values);
    }
  }
  return out;
}

std::string sentence(const Blend& blend) {
  if (blend.size() == 1) return blend[0].first;
  std::vector<std::string> parts;
  for (const auto& [style, weight] : blend) parts.push_back(fmt::format("{:.2g} × {}", weight, style));
  return fmt::format("{}", fmt::join(parts, " + "));
}

}  // namespace

void check_style_name(std::string_view name) {
  const auto bad = [](unsigned char c) { return c < 0x20 || c == 0x7f || c == ',' || c == ':'; };
  if (name.empty() || name.size() > kLongestName || name != trimmed(name) || !is_utf8(name) ||
      std::any_of(name.begin(), name.end(), bad))
    fail(ErrorKind::usage,
         "a style cannot be called \"{}\": a name has 1 to {} bytes of UTF-8 text without commas, colons and "
         "control characters, and no space at its ends",
         is_utf8(name) ? name : "(not UTF-8)", kLongestName);
}

std::vector<std::string> style_names(const Model& model) {
  const int count = net::style_count(model.network);
  if (count == 1) return {};
  const auto listed = model.card.is_object() ? model.card.find("styles") : model.card.end();
  std::vector<std::string> names;
  if (listed != model.card.end() && listed->is_array()) {
    for (const nlohmann::json& name : *listed) {
      if (!name.is_string()) break;
      names.push_back(name);
    }
  }
  if (names.size() != static_cast<size_t>(count))
    fail(ErrorKind::input, "the network has {} styles, and the card does not name as many", count);
  for (size_t i = 0; i < names.size(); ++i) {
    try {
      check_style_name(names[i]);
    } catch (const Error& error) {
      fail(ErrorKind::input, "the card: {}", error.what());
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      fail(ErrorKind::input, "the card names the style {} twice", names[i]);
  }
  return names;
}

Blend parse_blend(std::string_view text, std::span<const std::string> names) {
  Blend blend;
  double sum = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view part = trimmed(text.substr(begin, comma - begin));
    begin = comma + 1;
    const size_t colon = part.find(':');
    const std::string_view style = trimmed(part.substr(0, colon));
    if (style.empty())
      fail(ErrorKind::usage, "\"{}\" does not name styles; write as in {} or {}:0.6,{}:0.4", text, names[0],
           names[0], names[std::min<size_t>(1, names.size() - 1)]);
    place_of(style, names);
    const auto same = [&](const auto& other) { return other.first == style; };
    if (std::any_of(blend.begin(), blend.end(), same))
      fail(ErrorKind::usage, "the style {} comes twice in \"{}\"", style, text);
    const double weight =
        colon == std::string_view::npos ? 1 : weight_of(trimmed(part.substr(colon + 1)), style);
    blend.emplace_back(style, weight);
    sum += weight;
  }
  if (!(sum > 0) || !std::isfinite(sum))
    fail(ErrorKind::usage, "the weights of \"{}\" add up to {}; one must be more than 0", text, sum);
  for (auto& [style, weight] : blend) weight /= sum;
  return blend;
}

Model with_blend(const Model& model, const Blend& blend) {
  const std::vector<std::string> names = style_names(model);
  std::vector<double> shares(names.size());
  nlohmann::json said = nlohmann::json::object();
  for (const auto& [style, weight] : blend) {
    shares[place_of(style, names)] += weight;
    said[style] = weight;
  }
  Model out = with_rows(model, {shares});
  out.card.erase("styles");
  out.card.erase("int8");
  out.card["style"] = said;
  const auto title = out.card.find("title");
  out.card["title"] = title != out.card.end() && title->is_string()
                          ? fmt::format("{}: {}", title->get<std::string>(), sentence(blend))
                          : sentence(blend);
  return out;
}

Model in_style(Model model, std::string_view text, std::string_view name, std::string_view option) {
  const std::vector<std::string> names = style_names(model);
  if (names.empty()) {
    if (!text.empty())
      fail(ErrorKind::usage, "{} has one style, its own; {} {} is for models of several", name, option, text);
    return model;
  }
  if (text.empty())
    fail(ErrorKind::usage,
         "{0} has several styles; choose one, or a blend, with {1}: {2}\n  for example {1} {3} or {1} "
         "{3}:0.6,{4}:0.4",
         name, option, fmt::join(names, ", "), names[0], names[1]);
  return with_blend(model, parse_blend(text, names));
}

Model load_in_style(const std::filesystem::path& path, std::string_view text) {
  return in_style(load_model(path), text, to_utf8(path));
}

Model with_styles(const Model& model, const std::vector<std::string>& names) {
  if (names.size() < 2)
    fail(ErrorKind::usage, "a model of several styles needs two names or more, not {}", names.size());
  const std::vector<std::string> old = style_names(model);
  const size_t rows = std::max<size_t>(1, old.size());
  std::vector<std::vector<double>> shares;
  for (size_t i = 0; i < names.size(); ++i) {
    check_style_name(names[i]);
    if (std::count(names.begin(), names.end(), names[i]) > 1)
      fail(ErrorKind::usage, "the style {} comes twice; every style needs a name of its own", names[i]);
    const auto at = std::find(old.begin(), old.end(), names[i]);
    std::vector<double> of(rows, at == old.end() ? 1 / static_cast<double>(rows) : 0);
    if (at != old.end()) of[static_cast<size_t>(at - old.begin())] = 1;
    shares.push_back(std::move(of));
  }
  Model out = with_rows(model, shares);
  out.card["styles"] = names;
  out.card.erase("int8");
  return out;
}

}  // namespace linmo::model
