// SPDX-License-Identifier: Apache-2.0
#include "app/cli/train_options.h"

#include <algorithm>
#include <memory>

#include "app/cli/options.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/library.h"
#include "linmo/model/model_file.h"

namespace linmo::cli {
namespace {

constexpr const char* kDescription =
    "Learn the style of a folder of pictures.\n\n"
    "  linmo train --content PHOTOS --style PAINTINGS -o RUN --time 30m\n"
    "  linmo train --content PRINT --style BRUSH -o RUN --method paired --steps 5000\n"
    "  linmo train --content PHOTOS --style FOLDER_OF_FOLDERS -o RUN --method multi\n"
    "  linmo train -o RUN --resume\n";

constexpr const char* kTuneDescription =
    R"(Adjust a trained generator to a new style, from a few pictures, in minutes.

  linmo tune photo-to-impressionism --style VANGOGH --content PHOTOS -o RUN
  linmo apply RUN PICTURES -o FOLDER
  linmo tune RUN --add-style vangogh --style VANGOGH --content PHOTOS -o RUN

--add-style: a model of several styles (linmo train --method multi) learns one more, and nothing of the others
changes. --from-style: of such a model, the style from which a model of one is made.
--content: pictures like those that it will be applied to. Without it the style's own pictures serve, and
the result comes less near to the style. The options are those of linmo train, with other defaults;
linmo train -o RUN --resume goes on with an interrupted run.
)";

struct Parser {
  train::TrainSettings settings;
  std::string run, recipe;
  bool resume = false, quiet = false;
  CLI::App app;

  // linmo train, or linmo tune, whose model is `tuned`.
  explicit Parser(std::string* tuned = nullptr)
      : app(tuned ? kTuneDescription : kDescription, tuned ? "linmo tune" : "linmo train") {
    if (tuned) {
      app.add_option("model", *tuned, "the model to adjust: a file, a run's folder, or a listed model's name")
          ->required();
      app.add_option("-o,--output,--run", run, "folder for the run, as of linmo train")->required();
      app.add_flag("-q,--quiet", quiet, "only warnings and errors");
      return;
    }
    app.add_option("-o,--output,--run", run,
                   "folder for the run: model, samples, curves, report, checkpoints")
        ->required();
    app.add_flag("--resume", resume, "go on with the run in -o, to the same bits as if it had not stopped");
    app.add_option("--recipe", recipe,
                   "TOML file of settings (those below, with _ for -); the command line wins");
    app.add_flag("-q,--quiet", quiet, "only warnings and errors");
  }

  void parse(std::vector<std::string> arguments) {
    OptionAdder adder(app);
    settings.visit(adder);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app.parse(arguments);
    } catch (const CLI::CallForHelp& help) {
      std::exit(app.exit(help));
    } catch (const CLI::ParseError& error) {
      fail(ErrorKind::usage, "{}\nSee: {} --help", error.what(), app.get_name());
    }
  }
};

// Key → value as text, to see what a resumed run's command line changes.
class Values : public FieldVisitor {
 public:
  void field(const FieldInfo& info, int64_t& value) override {
    list.emplace_back(info.key, fmt::format("{}", value));
  }
  void field(const FieldInfo& info, double& value) override {
    list.emplace_back(info.key, fmt::format("{}", value));
  }
  void field(const FieldInfo& info, bool& value) override {
    list.emplace_back(info.key, value ? "true" : "false");
  }
  void field(const FieldInfo& info, std::string& value) override { list.emplace_back(info.key, value); }
  std::vector<std::pair<std::string, std::string>> list;
};

// Whole paths, without a slash at the end: a run that was begun here may go on from another folder, and is
// named after its folders. `from` and `features` may be names of bundled models, which stay names.
void make_whole(train::TrainSettings& s) {
  namespace fs = std::filesystem;
  const auto whole = [](std::string& place) {
    if (place.empty()) return;
    fs::path path = fs::absolute(place).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    place = to_utf8(path);
  };
  for (std::string* folder : {&s.content, &s.style, &s.test}) whole(*folder);
  for (std::string* model : {&s.from, &s.features})
    if (fs::is_regular_file(*model) || fs::is_regular_file(fs::path(*model) / "model.safetensors"))
      whole(*model);
}

}  // namespace

TrainCommand parse_train(const std::vector<std::string>& arguments) {
  Parser first;
  first.parse(arguments);
  const std::filesystem::path run = first.run;
  Parser second;
  std::vector<std::pair<std::string, std::string>> saved;
  if (!first.recipe.empty()) from_toml(read_text(first.recipe), first.recipe, second.settings);
  if (first.resume) {
    const std::filesystem::path file = run / "settings.toml";
    if (!std::filesystem::exists(file)) {
      fail(ErrorKind::usage,
           "{} holds no run to resume (settings.toml is missing); leave --resume away to begin one",
           to_utf8(run));
    }
    from_toml(read_text(file), to_utf8(file), second.settings);
    make_whole(second.settings);
    Values values;
    second.settings.visit(values);
    saved = values.list;
  }
  const train::TrainSettings before = second.settings;
  second.parse(arguments);
  train::TrainSettings& s = second.settings;
  // A budget on the command line replaces the other kind in the recipe or the run.
  if (s.time != before.time && s.steps == before.steps) s.steps = 0;
  if (s.steps != before.steps && s.time == before.time) s.time.clear();
  if (first.resume && s.stop_at == before.stop_at) s.stop_at = 0;  // it was for that time
  s.resolve();
  make_whole(s);
  if (first.resume) {
    Values now;
    s.visit(now);
    for (size_t i = 0; i < saved.size(); ++i) {
      if (saved[i].second != now.list[i].second && train::fixed_on_resume(saved[i].first)) {
        fail(ErrorKind::usage,
             "--resume cannot change {} from \"{}\" to \"{}\"; begin a new run with another -o",
             saved[i].first, saved[i].second, now.list[i].second);
      }
    }
  }
  return {s, run, second.resume, second.quiet};
}

TrainCommand parse_tune(const std::vector<std::string>& arguments) {
  std::string model;
  auto parser = std::make_unique<Parser>(&model);
  train::prepare_tuning(parser->settings);
  parser->parse(arguments);
  if (!parser->settings.add_style.empty()) {  // that has other defaults
    parser = std::make_unique<Parser>(&model);
    train::prepare_adding(parser->settings);
    parser->parse(arguments);
  }
  train::TrainSettings& s = parser->settings;
  if (s.steps > 0 && s.time == train::kTuneTime) s.time.clear();
  s.from = model;
  if (s.style.empty()) fail(ErrorKind::usage, "say whose look is to be learnt: --style FOLDER");
  if (s.content.empty()) s.content = s.style;
  // Tuned on single pictures, a generator that remembers would forget how.
  const std::filesystem::path file = model::find_model(model::default_library(), model);
  if (s.method == "swift" && model::load_model_header(file).network.remembers()) s.method = "recurrent";
  s.resolve();
  make_whole(s);
  return {s, parser->run, false, parser->quiet};
}

}  // namespace linmo::cli
