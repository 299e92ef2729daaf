// SPDX-License-Identifier: Apache-2.0
// linmo models: which there are, and what one holds.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/library.h"
#include "linmo/model/model_file.h"
#include "linmo/net/cost.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string text_of(const json& value) {
  const auto is_text = [](const json& item) { return item.is_string(); };
  if (value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_text))
    return fmt::format("{}", fmt::join(value.get<std::vector<std::string>>(), ", "));
  return value.is_string() ? value.get<std::string>() : value.dump();
}

int list(bool as_json) {
  const model::Library library = model::default_library();
  json out = json::array();
  std::vector<std::string> damaged;
  for (const fs::path& path : model::list_models(library)) {
    try {
      const model::Model m = model::load_model_header(path);
      out.push_back({{"file", to_utf8(path)},
                     {"name", to_utf8(path.stem())},
                     {"family", m.network.family},
                     {"bytes", fs::file_size(path)},
                     {"card", m.card}});
    } catch (const Error& error) {
      damaged.push_back(error.what());
    }
  }
  if (as_json) {
    fmt::print("{}\n", out.dump(2));
  } else if (out.empty() && damaged.empty()) {
    std::vector<std::string> folders;
    for (const fs::path& folder : library.folders) folders.push_back(to_utf8(folder));
    fmt::print("no models in {}\n", fmt::join(folders, " or "));
  } else {
    size_t widest = 0;
    for (const json& m : out) widest = std::max(widest, m["name"].get_ref<const std::string&>().size());
    for (const json& m : out) {
      const json& card = m["card"];
      const std::string what = card.contains("title")          ? text_of(card["title"])
                               : card.contains("architecture") ? text_of(card["architecture"])
                                                               : m["family"].get<std::string>();
      fmt::print("{:{}} {:>6.1f} MB  {}{}\n", m["name"].get<std::string>(), widest,
                 m["bytes"].get<double>() / 1e6, what,
                 card.contains("styles") ? fmt::format(" (--style {})", text_of(card["styles"])) : "");
    }
  }
  for (const std::string& problem : damaged) say("linmo: {}\n", problem);
  return damaged.empty() ? 0 : 1;
}

int show(const std::string& name, bool as_json) {
  const fs::path path = model::find_model(model::default_library(), name);
  const model::Model m = model::load_model(path);
  // Smaller than a U-Net's multiple nothing can go in.
  const int64_t side = std::max<int64_t>(256, m.network.size_multiple);
  const auto content =
      std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(side) * m.network.content_scale));
  const net::Shape input{m.network.in_channels(), content, content};
  const net::Cost cost = net::cost(m.network, input);
  const net::Shape result = net::infer_shapes(m.network, input)[static_cast<size_t>(m.network.outputs.at(0))];
  std::set<std::string> types;
  for (const auto& [key, tensor] : m.tensors) types.emplace(model::name(tensor.dtype()));
  if (as_json) {
    const json out = {{"file", to_utf8(path)},
                      {"bytes", fs::file_size(path)},
                      {"family", m.network.family},
                      {"layers", m.network.layers.size()},
                      {"parameters", cost.parameters},
                      {"buffers", cost.buffers},
                      {"size", side},
                      {"macs", cost.macs},
                      {"receptive_field", net::receptive_field(m.network)},
                      {"types", types},
                      {"card", m.card},
                      {"network", net::to_json(m.network)}};
    fmt::print("{}\n", out.dump(2));
    return 0;
  }
  fmt::print("{}  {:.1f} MB\n", to_utf8(path), static_cast<double>(fs::file_size(path)) / 1e6);
  for (const auto& [key, value] : m.card.items()) fmt::print("  {:16} {}\n", key, text_of(value));
  fmt::print(
      "network {}\n"
      "  layers           {}\n"
      "  parameters       {} ({} more are stored), {}\n"
      "  arithmetic       {:.2f} GMAC for {} × {} pixels → {} × {}\n"
      "  receptive field  {} px\n",
      m.network.family, m.network.layers.size(), cost.parameters, cost.buffers, fmt::join(types, ", "),
      static_cast<double>(cost.macs) / 1e9, content, content, result.width, result.height,
      net::receptive_field(m.network));
  return 0;
}

}  // namespace

void add_models(Registry registry) {
  struct Options {
    std::string name;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      registry.app.add_subcommand("models", "List the models there are, or show one: models show NAME");
  command->add_flag("--json", options->json, "for machines");
  command->require_subcommand(0, 1);
  command->add_subcommand("list", "The models in ./models and those installed with linmo (default)")
      ->add_flag("--json", options->json, "for machines");
  CLI::App* one = command->add_subcommand("show", "A model's card, network and size");
  one->add_option("model", options->name, "a model's file, a run's folder, or the name of a listed model")
      ->required();
  one->add_flag("--json", options->json, "for machines");
  command->callback([options, one, &code = registry.exit_code] {
    code = one->parsed() ? show(options->name, options->json) : list(options->json);
  });
}

}  // namespace linmo::cli
