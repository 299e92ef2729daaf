// SPDX-License-Identifier: Apache-2.0
// linmo mix MODEL MODEL… --weights … -o MODEL: a model between models.
#include "linmo/model/mix.h"

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/apply/stylizer.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"
#include "linmo/image/contact_sheet.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/model/library.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> models;
  std::vector<double> weights;
  std::string output, picture, path, title;
  int steps = 5;
  int64_t side = 384;
  bool force = false, json = false;
};

// One cell a mixture: from the first model to the second, the second to the third …
Image path_between(const std::vector<model::Ingredient>& models, const Options& o, EventSink& events) {
  const Image content = reduced(to_rgb(read_image(o.picture), 255), o.side);
  std::vector<Image> cells = {content};
  WithoutProgress inner(events);
  const auto total = static_cast<double>((models.size() - 1) * static_cast<size_t>(o.steps - 1) + 1);
  for (size_t leg = 0; leg + 1 < models.size(); ++leg) {
    for (int k = leg ? 1 : 0; k < o.steps; ++k) {
      events.check("painting the path");
      std::vector<double> weights(models.size());
      weights[leg + 1] = static_cast<double>(k) / (o.steps - 1);
      weights[leg] = 1 - weights[leg + 1];
      const apply::Stylizer stylizer(model::mix(models, weights), {});
      cells.push_back(to_rgb(stylizer.apply(content, {}, inner), 255));
      events.progress("painting the path", static_cast<double>(cells.size() - 1), total, -1);
    }
  }
  // Cells are square: the margins above and below a broad picture go.
  const auto cell = static_cast<int>(std::max(content.width(), content.height()));
  const Image strip = contact_sheet(cells, static_cast<int>(cells.size()), cell, 255);
  return crop(strip, 0, (cell - content.height()) / 2, strip.width(), content.height());
}

int run(Options o) {
  if (o.weights.empty()) o.weights.assign(o.models.size(), 1.0 / static_cast<double>(o.models.size()));
  if (!o.picture.empty() && o.path.empty())
    o.path = to_utf8(fs::path(o.output).replace_extension(".path.png"));
  if (o.picture.empty() && !o.path.empty())
    fail(ErrorKind::usage, "--path {} needs a picture to paint: add --picture", o.path);
  for (const std::string& file : {o.output, o.path}) {
    if (!file.empty() && fs::exists(file) && !o.force)
      fail(ErrorKind::usage, "{} is there already; replace it with --force", file);
  }
  std::vector<model::Ingredient> models;
  for (const std::string& name : o.models) {
    const fs::path file = model::find_model(model::default_library(), name);
    models.push_back({name, model::load_model(file)});
  }
  model::Model mixed = model::mix(models, o.weights);
  if (!o.title.empty()) mixed.card["title"] = o.title;
  if (!o.path.empty()) {
    Console console(o.json);
    write_image(o.path, path_between(models, o, console));
  }
  model::save_model(o.output, mixed);
  if (o.json) {
    nlohmann::json out = {{"model", o.output}, {"card", mixed.card}};
    if (!o.path.empty()) out["path"] = o.path;
    fmt::print("{}\n", out.dump(2));
    return kDone;
  }
  fmt::print("{}: {}\n", o.output, mixed.card["title"].get<std::string>());
  for (const auto& part : mixed.card["mixed_of"])
    fmt::print("  {:.3f} of {}, whose weights resemble the first's {:.2f} of 1\n",
               part["weight"].get<double>(), part["name"].get<std::string>(),
               part["resemblance_to_first"].get<double>());
  if (!o.path.empty()) fmt::print("{}: the picture, then the way from one model to the next\n", o.path);
  return kDone;
}

}  // namespace

void add_mix(Registry registry) {
  auto o = std::make_shared<Options>();
  CLI::App* command =
      registry.app.add_subcommand("mix", "A model between models of one origin, by their weights");
  command->add_option("models", o->models, "two or more: files, runs' folders, or names of listed models")
      ->required()
      ->expected(2, 64);
  command->add_option("--title", o->title,
                      "what the model's card says it is [shares and names of its models]");
  command
      ->add_option("--weights", o->weights,
                   "one share a model, 0 or more, scaled to a sum of 1 (default: equal)")
      ->expected(2, 64);
  command->add_option("-o,--output", o->output, "the model to write, *.safetensors")->required();
  command->add_option("--picture", o->picture,
                      "paint this picture all along the way from one model to the next");
  command->add_option("--path", o->path, "the strip that --picture makes (default: OUTPUT.path.png)");
  command->add_option("--path-steps", o->steps, "pictures from one model to the next, both ends included")
      ->capture_default_str()
      ->check(CLI::Range(2, 32));
  command->add_option("--path-side", o->side, "longer side of each [px]")
      ->capture_default_str()
      ->check(CLI::Range(32, 2048));
  command->add_flag("--force", o->force, "replace existing files");
  command->add_flag("--json", o->json, "for machines");
  command->footer(
      "  linmo mix photo-to-ukiyoe photo-to-impressionism --weights .3 .7 -o between.safetensors --picture "
      "a.jpg\n\n"
      "Models of one origin mix: one tuned from the other (linmo tune, train --from), or both from a third.");
  command->callback([o, &code = registry.exit_code] { code = run(*o); });
}

}  // namespace linmo::cli
