// SPDX-License-Identifier: Apache-2.0
#include "app/cli/leaderboard.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/cli/console.h"
#include "linmo/apply/batch.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/model/library.h"

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

// Where results go that nobody asked to keep; gone with this.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = to_utf8(fs::temp_directory_path() / "linmo-leaderboard-XXXXXX");
    if (!mkdtemp(name.data())) fail_io("make the folder", name);
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct Participant {
  std::string name;
  fs::path model;    // to be applied; empty: …
  fs::path outputs;  // … these are its results
};

// A run's folder stands for all its snapshots and its model.
std::vector<Participant> participants(const std::vector<std::string>& names) {
  std::vector<Participant> all;
  for (const std::string& name : names) {
    const fs::path path = name;
    if (!fs::is_directory(path)) {
      all.push_back({name, model::find_model(model::default_library(), name), {}});
      continue;
    }
    std::vector<fs::path> models;
    if (fs::is_directory(path / "snapshots")) {
      for (const auto& entry : fs::directory_iterator(path / "snapshots")) {
        if (entry.path().extension() == ".safetensors") models.push_back(entry.path());
      }
      std::sort(models.begin(), models.end());
    }
    // The last snapshot of a finished run is its model, unless --keep best chose another.
    const fs::path model = path / "model.safetensors";
    if (fs::exists(model) && (models.empty() || read_file(models.back()) != read_file(model)))
      models.push_back(model);
    if (models.empty()) all.push_back({name, {}, path});
    for (const fs::path& file : models) all.push_back({to_utf8(file), file, {}});
  }
  return all;
}

// A name for a folder, of a path.
std::string flat(std::string name) {
  for (char& c : name) {
    if (c == '/' || c == '\\' || c == ':') c = '_';
  }
  return name;
}

// An existing result is kept, so that a stopped leaderboard goes on where it was.
void paint(const Participant& p, const EvaluateCommand& command, const fs::path& folder, EventSink& sink) {
  engine::Options engine_options;
  engine_options.threads = static_cast<int>(command.settings.threads);
  const apply::Stylizer stylizer = apply::Stylizer::load(p.model, engine_options);
  apply::BatchOptions options;
  options.output = folder;
  options.format = ImageFormat::png;
  options.resume = true;
  sink.info("painting with " + p.name);
  const apply::BatchResult result =
      apply::run_batch(stylizer, {fs::path(command.settings.content)}, options, sink);
  if (result.stopped) fail(ErrorKind::cancelled, "the leaderboard was stopped");
  for (const apply::BatchFailure& f : result.failures) sink.warn(apply::sentence(f));
}

}  // namespace

int run_leaderboard(const EvaluateCommand& command, measure::FeatureExtractor* features) {
  if (!command.page.empty())
    fail(ErrorKind::usage, "--page shows one folder of outputs; leave it away, or --leaderboard");
  const std::vector<Participant> all = participants(command.leaderboard);
  const bool paints =
      std::any_of(all.begin(), all.end(), [](const Participant& p) { return !p.model.empty(); });
  if (paints && command.settings.content.empty())
    fail(ErrorKind::usage, "--leaderboard applies {} to the pictures of --content; name that folder",
         std::find_if(all.begin(), all.end(), [](const Participant& p) { return !p.model.empty(); })->name);
  std::vector<measure::Ranked> ranked;
  std::vector<std::string> failures;
  {
    Console console(command.quiet);
    std::optional<ScratchFolder> scratch;
    if (paints && command.settings.outputs.empty()) scratch.emplace();
    const fs::path below = scratch ? scratch->path() : fs::path(command.settings.outputs);
    std::vector<measure::Entrant> entrants;
    for (const Participant& p : all) {
      if (p.model.empty()) {
        entrants.push_back({p.name, to_utf8(p.outputs)});
        continue;
      }
      try {
        // A run that went on has another model under the same name: what the old one painted is not its own.
        const fs::path folder = below / (flat(p.name) + "-" + sha256_file(p.model).substr(0, 8));
        paint(p, command, folder, console);
        entrants.push_back({p.name, to_utf8(folder)});
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::io) throw;
        failures.push_back(fmt::format("{}: {}", p.name, error.what()));
      }
    }
    ranked = measure::evaluate_all(command.settings, entrants, features, console);
  }
  nlohmann::json machine = nlohmann::json::array();
  for (const measure::Ranked& r : ranked) {
    if (!r.failure.empty()) {
      failures.push_back(fmt::format("{}: {}", r.name, r.failure));
      continue;
    }
    nlohmann::json one = measure::to_json(r.evaluation);
    one["name"] = r.name;
    machine.push_back(std::move(one));
  }
  const bool whole = std::all_of(ranked.begin(), ranked.end(), [](const measure::Ranked& r) {
    return r.evaluation.refused.empty() && r.evaluation.unmatched.empty();
  });
  for (const std::string& failure : failures) say("failed: {}\n", failure);
  std::erase_if(ranked, [](const measure::Ranked& r) { return !r.failure.empty(); });
  if (ranked.empty()) fail(ErrorKind::input, "there is nothing to rank");
  const std::string text = machine.dump(2) + "\n";
  if (command.json == "-") {
    fmt::print("{}", text);
  } else {
    if (!command.json.empty()) write_file(command.json, text);
    fmt::print("{}", measure::to_leaderboard(std::move(ranked)));
  }
  return whole && failures.empty() ? kDone : kFailed;
}

}  // namespace linmo::cli
