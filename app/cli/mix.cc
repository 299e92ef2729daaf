// SPDX-License-Identifier: Apache-2.0
// linmo mix MODEL MODEL… --weights … -o MODEL: a model between models, or between the styles of one.
#include "linmo/model/mix.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <span>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/apply/stylizer.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"
#include "linmo/image/contact_sheet.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/model/library.h"
#include "linmo/model/styles.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

struct MixOptions {
  std::vector<std::string> models;
  std::vector<double> weights;
  std::string output, style, picture, path, title;
  int steps = 5;
  int64_t side = 384;
  bool force = false, json = false;
};

// What is mixed: models of one origin, or the styles of one model; by one weight each.
struct Mixture {
  size_t count = 0;
  std::function<model::Model(std::span<const double>)> of;
  std::vector<double> weights;  // those that are asked for
};

Mixture between_models(const MixOptions& o) {
  std::vector<model::Ingredient> models;
  for (const std::string& name : o.models) {
    const fs::path file = model::find_model(model::default_library(), name);
    models.push_back({name, model::load_model(file)});
    if (!model::style_names(models.back().model).empty())
      fail(ErrorKind::usage,
           "{} has several styles; make a model of one of them first: linmo mix {} --style NAME -o MODEL",
           name, name);
  }
  Mixture mixture{models.size(), {}, o.weights};
  if (mixture.weights.empty()) mixture.weights.assign(models.size(), 1);
  mixture.of = [models](std::span<const double> weights) { return model::mix(models, weights); };
  return mixture;
}

Mixture between_styles(const MixOptions& o) {
  const fs::path file = model::find_model(model::default_library(), o.models[0]);
  const model::Model model = model::load_model(file);
  const std::vector<std::string> names = model::style_names(model);
  if (names.empty())
    fail(ErrorKind::usage, "{} has one style: name another model to mix it with", to_utf8(file));
  if (!o.weights.empty())
    fail(ErrorKind::usage,
         "--weights are for several models; give the styles' own with --style, as in --style {}:0.6,{}:0.4",
         names[0], names[1]);
  const model::Blend asked =
      model::parse_blend(o.style.empty() ? fmt::format("{}", fmt::join(names, ",")) : o.style, names);
  Mixture mixture;
  mixture.count = asked.size();
  for (const auto& [style, weight] : asked) mixture.weights.push_back(weight);
  mixture.of = [model, asked](std::span<const double> weights) {
    model::Blend blend;
    for (size_t i = 0; i < asked.size(); ++i)
      if (weights[i] > 0) blend.emplace_back(asked[i].first, weights[i]);
    return model::with_blend(model, blend);
  };
  return mixture;
}

// One cell a mixture: from the first model or style to the second, the second to the third …
Image path_between(const Mixture& mixture, const MixOptions& o, EventSink& events) {
  const Image content = reduced(to_rgb(read_image(o.picture), 255), o.side);
  std::vector<Image> cells = {content};
  WithoutProgress inner(events);
  const auto total = static_cast<double>((mixture.count - 1) * static_cast<size_t>(o.steps - 1) + 1);
  for (size_t leg = 0; leg + 1 < mixture.count; ++leg) {
    for (int k = leg ? 1 : 0; k < o.steps; ++k) {
      events.check("painting the path");
      std::vector<double> weights(mixture.count);
      weights[leg + 1] = static_cast<double>(k) / (o.steps - 1);
      weights[leg] = 1 - weights[leg + 1];
      const apply::Stylizer stylizer(mixture.of(weights), {});
      cells.push_back(to_rgb(stylizer.apply(content, {}, inner), 255));
      events.progress("painting the path", static_cast<double>(cells.size() - 1), total, -1);
    }
  }
  // Cells are square: the margins above and below a broad picture go.
  const auto cell = static_cast<int>(std::max(content.width(), content.height()));
  const Image strip = contact_sheet(cells, static_cast<int>(cells.size()), cell, 255);
  return crop(strip, 0, (cell - content.height()) / 2, strip.width(), content.height());
}

int run_mix(MixOptions o) {
  if (o.models.size() > 1 && !o.style.empty())
    fail(ErrorKind::usage, "--style chooses among the styles of one model, and {} are named",
         o.models.size());
  if (!o.picture.empty() && o.path.empty())
    o.path = to_utf8(fs::path(o.output).replace_extension(".path.png"));
  if (o.picture.empty() && !o.path.empty())
    fail(ErrorKind::usage, "--path {} needs a picture to paint: add --picture", o.path);
  for (const std::string& file : {o.output, o.path}) {
    if (!file.empty() && fs::exists(file) && !o.force)
      fail(ErrorKind::usage, "{} is there already; replace it with --force", file);
  }
  const Mixture mixture = o.models.size() > 1 ? between_models(o) : between_styles(o);
  model::Model mixed = mixture.of(mixture.weights);
  if (!o.title.empty()) mixed.card["title"] = o.title;
  if (!o.path.empty()) {
    Console console(o.json);
    if (mixture.count < 2) fail(ErrorKind::usage, "a path needs two styles or more; name them with --style");
    write_image(o.path, path_between(mixture, o, console));
  }
  model::save_model(o.output, mixed);
  if (o.json) {
    nlohmann::json out = {{"model", o.output}, {"card", mixed.card}};
    if (!o.path.empty()) out["path"] = o.path;
    fmt::print("{}\n", out.dump(2));
    return kDone;
  }
  fmt::print("{}: {}\n", o.output, mixed.card["title"].get<std::string>());
  for (const auto& part : mixed.card.value("mixed_of", nlohmann::json::array()))
    fmt::print("  {:.3f} of {}, whose weights resemble the first's {:.2f} of 1\n",
               part["weight"].get<double>(), part["name"].get<std::string>(),
               part["resemblance_to_first"].get<double>());
  if (!o.path.empty())
    fmt::print("{}: the picture, then the way from one {} to the next\n", o.path,
               o.models.size() > 1 ? "model" : "style");
  return kDone;
}

}  // namespace

void add_mix(Registry registry) {
  auto o = std::make_shared<MixOptions>();
  CLI::App* command = registry.app.add_subcommand(
      "mix", "A model between models of one origin, or between the styles of one model");
  command
      ->add_option("models", o->models,
                   "two or more, or one of several styles: files, runs' folders, or names of listed models")
      ->required()
      ->expected(1, 64);
  command->add_option(
      "--style", o->style,
      "of one model: the styles and their shares, as ukiyoe:0.6,impressionism:0.4 (default: all, "
      "equal)");
  command->add_option("--title", o->title,
                      "what the model's card says it is [shares and names of its models]");
  command
      ->add_option("--weights", o->weights,
                   "one share a model, 0 or more, scaled to a sum of 1 (default: equal)")
      ->expected(2, 64);
  command->add_option("-o,--output", o->output, "the model to write, *.safetensors")->required();
  command->add_option("--picture", o->picture,
                      "paint this picture all along the way from one model, or style, to the next");
  command->add_option("--path", o->path, "the strip that --picture makes (default: OUTPUT.path.png)");
  command
      ->add_option("--path-steps", o->steps,
                   "pictures from one model or style to the next, both ends included")
      ->capture_default_str()
      ->check(CLI::Range(2, 32));
  command->add_option("--path-side", o->side, "longer side of each [px]")
      ->capture_default_str()
      ->check(CLI::Range(32, 2048));
  command->add_flag("--force", o->force, "replace existing files");
  command->add_flag("--json", o->json, "for machines");
  command->footer(
      "  linmo mix photo-to-ukiyoe photo-to-impressionism --weights .3 .7 -o between.safetensors --picture "
      "a.jpg\n"
      "  linmo mix RUN --style ukiyoe:.3,impressionism:.7 -o between.safetensors\n\n"
      "Models of one origin mix: one tuned from the other (linmo tune, train --from), or both from a third.");
  command->callback([o, &code = registry.exit_code] { code = run_mix(*o); });
}

}  // namespace linmo::cli
