// SPDX-License-Identifier: Apache-2.0
// Models between models: the weights of several, averaged.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "linmo/model/model_file.h"

namespace linmo::model {

// Mean over the convolutions of both networks' weights' cosine, −1 … 1. Networks of one origin, tuned to
// different styles, keep well above one half (the bundled photo-to-ukiyoe and photo-to-impressionism: 0.92);
// networks that began with different random numbers, or were trained long and apart, lie near 0 (0.07), and
// halfway between such there is only noise. Throws ErrorKind::usage when the descriptions differ.
double resemblance(const Model& a, const Model& b);
// What resemblance() must be at least for a mixture to be a style.
constexpr double kLeastResemblance = 0.5;

struct Ingredient {
  std::string name;  // for messages and the card
  Model model;
};
// Σ weightᵢ · parametersᵢ with the weights scaled to a sum of 1 (deep network interpolation: Wang, Yu, Dong,
// Tang, Loy 2019, "Deep network interpolation for continuous imagery effect transition", eq. 3), running
// statistics included, in the first's type. The card names the ingredients, their licences and their data.
// Preparation for int8 is not taken over: it holds for the ingredients only. Throws ErrorKind::usage for
// fewer than two models, weights that are negative, not finite or all 0, networks that differ, and models
// that resemble each other less than kLeastResemblance.
Model mix(std::span<const Ingredient> ingredients, std::span<const double> weights);

}  // namespace linmo::model
