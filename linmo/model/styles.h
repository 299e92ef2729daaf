// SPDX-License-Identifier: Apache-2.0
// Models of several styles (net/styles.h): the styles' names, and the plain model of one of them or of a
// blend. The card holds the names, "styles": ["ukiyoe", "山水"], in the order of the norms' rows.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "linmo/model/model_file.h"

namespace linmo::model {

// In the order of the rows; empty for a plain model. Throws ErrorKind::input when the card does not name as
// many different styles as the network has, by check_style_name()'s rules.
std::vector<std::string> style_names(const Model& model);

// A style is called by 1 … 200 bytes of UTF-8 without control characters, commas and colons, with no space at
// either end. Throws ErrorKind::usage for other names.
void check_style_name(std::string_view name);

// Styles and their weights, which add up to 1.
using Blend = std::vector<std::pair<std::string, double>>;
// "ukiyoe", "ukiyoe:0.6,山水:0.4", "ukiyoe,山水" (equal shares: a style without a weight counts 1). Weights
// are 0 or more and are scaled to a sum of 1. Throws ErrorKind::usage with the names there are for one that
// is not among `names`, and for a name that comes twice, a weight that is none, and weights that are all 0.
Blend parse_blend(std::string_view text, std::span<const std::string> names);

// The plain model with γ = Σ weightᵢ·γᵢ and β = Σ weightᵢ·βᵢ, in f32, and everything else as it is; the card
// says which blend it is. Preparation for int8 is not taken over. Throws ErrorKind::usage as parse_blend().
Model with_blend(const Model& model, const Blend& blend);

// What a command's --style asks for: with_blend() of a model of several styles, and a plain model itself for
// an empty text. Throws ErrorKind::usage, with the names there are, for an empty text and several styles, and
// for a text and a plain model; `name` is the model's and `option` the command's, for messages.
Model in_style(Model model, std::string_view text, std::string_view name,
               std::string_view option = "--style");
Model load_in_style(const std::filesystem::path& path, std::string_view text);

// The model with exactly these styles. A style that it has keeps its row; another begins as the mean of the
// rows there are (of a plain model: what its norms do already, so that every style begins alike). Throws as
// net::with_styles() and check_style_name(), and ErrorKind::usage for fewer than two names or one twice.
Model with_styles(const Model& model, const std::vector<std::string>& names);

}  // namespace linmo::model
