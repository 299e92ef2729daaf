// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/mix.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "linmo/core/error.h"

namespace linmo::model {
namespace {

using ParameterKind = net::ParameterInfo::Kind;

void check_same_network(const Ingredient& a, const Ingredient& b) {
  if (net::to_json(a.model.network) == net::to_json(b.model.network)) return;
  if (a.model.network.family != b.model.network.family)
    fail(ErrorKind::usage, "{} is a {} network and {} a {} network; only models of one network can be mixed",
         a.name, a.model.network.family, b.name, b.model.network.family);
  fail(ErrorKind::usage,
       "{} and {} are both {} networks, but of different sizes or options; only models of one network can be "
       "mixed (linmo models show NAME prints the layers)",
       a.name, b.name, a.model.network.family);
}

// What the ingredients' cards say of one thing, each once.
std::string joined(std::span<const Ingredient> ingredients, const auto& say) {
  std::vector<std::string> all;
  for (const Ingredient& i : ingredients) {
    const std::string text = say(i.model.card);
    if (!text.empty() && std::find(all.begin(), all.end(), text) == all.end()) all.push_back(text);
  }
  return fmt::format("{}", fmt::join(all, "; "));
}

nlohmann::json card_of(std::span<const Ingredient> ingredients, std::span<const double> shares,
                       std::span<const double> near) {
  nlohmann::json parts = nlohmann::json::array();
  std::vector<std::string> titles;
  for (size_t i = 0; i < ingredients.size(); ++i) {
    const std::string title = card_text(ingredients[i].model.card, "title");
    titles.push_back(fmt::format("{:.2g} × {}", shares[i], title.empty() ? ingredients[i].name : title));
    parts.push_back({{"name", ingredients[i].name},
                     {"weight", shares[i]},
                     {"title", title},
                     {"resemblance_to_first", near[i]}});
  }
  nlohmann::json card = {
      {"title", fmt::format("{}", fmt::join(titles, " + "))},
      {"method", "mix"},
      {"mixed_of", parts},
      {"linmo", LINMO_VERSION},
      {"licence", joined(ingredients, [](const auto& card) { return card_text(card, "licence"); })},
      {"data", {{"credit", joined(ingredients, [](const auto& card) {
                   return card.is_object() && card.contains("data") ? card_text(card["data"], "credit") : "";
                 })}}}};
  const std::string subject = card_text(ingredients[0].model.card, "subject");
  if (!subject.empty() &&
      joined(ingredients, [](const auto& c) { return card_text(c, "subject"); }) == subject)
    card["subject"] = subject;
  return card;
}

}  // namespace

double resemblance(const Model& a, const Model& b) {
  check_same_network({"the first", a}, {"the second", b});
  double sum = 0;
  int count = 0;
  for (const net::ParameterInfo& p : net::parameters(a.network)) {
    if (p.kind != ParameterKind::weight) continue;
    const std::vector<float> x = a.tensors.at(p.name).floats(), y = b.tensors.at(p.name).floats();
    const auto dot = [](const std::vector<float>& u, const std::vector<float>& v) {
      return std::inner_product(u.begin(), u.end(), v.begin(), 0.0);
    };
    const double length = std::sqrt(dot(x, x) * dot(y, y));
    if (length > 0) {
      sum += dot(x, y) / length;
      ++count;
    }
  }
  return count ? sum / count : 0;
}

Model mix(std::span<const Ingredient> ingredients, std::span<const double> weights) {
  if (ingredients.size() < 2) fail(ErrorKind::usage, "mixing takes two models or more");
  if (weights.size() != ingredients.size())
    fail(ErrorKind::usage, "{} models and {} weights: give each model its own", ingredients.size(),
         weights.size());
  double sum = 0;
  for (const double w : weights) {
    if (!(w >= 0) || !std::isfinite(w)) fail(ErrorKind::usage, "the weight {} is not a share, 0 or more", w);
    sum += w;
  }
  if (!(sum > 0) || !std::isfinite(sum)) fail(ErrorKind::usage, "the weights add up to {}", sum);
  const Ingredient& first = ingredients[0];
  std::vector<double> near = {1};
  for (size_t i = 1; i < ingredients.size(); ++i) {
    check_same_network(first, ingredients[i]);
    // Not resemblance() of all pairs: what lies near the first lies near the others.
    near.push_back(resemblance(first.model, ingredients[i].model));
    if (near[i] < kLeastResemblance)
      fail(ErrorKind::usage,
           "{} and {} do not come from one another or from one origin (their weights resemble each other "
           "{:.2f} of 1, mixing takes {:.1f}): what lies between them is noise, not a style. Tune one model "
           "to the other's style (linmo tune, or train --from), and mix those",
           first.name, ingredients[i].name, near[i], kLeastResemblance);
  }
  std::vector<double> shares;
  for (const double w : weights) shares.push_back(w / sum);
  Model result;
  result.network = first.model.network;
  for (const net::ParameterInfo& p : net::parameters(result.network)) {
    const auto own = first.model.tensors.find(p.name);
    if (own == first.model.tensors.end()) continue;  // num_batches_tracked may be missing
    if (!is_float(own->second.dtype())) {
      result.tensors[p.name] = own->second;
      continue;
    }
    std::vector<double> total(static_cast<size_t>(own->second.count()));
    for (size_t i = 0; i < ingredients.size(); ++i) {
      const std::vector<float> values = ingredients[i].model.tensors.at(p.name).floats();
      for (size_t k = 0; k < total.size(); ++k) total[k] += shares[i] * static_cast<double>(values[k]);
    }
    const std::vector<float> rounded(total.begin(), total.end());
    result.tensors[p.name] = Tensor::from_floats(own->second.shape(), rounded).to(own->second.dtype());
  }
  result.card = card_of(ingredients, shares, near);
  return result;
}

}  // namespace linmo::model
