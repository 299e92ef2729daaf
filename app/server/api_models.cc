// SPDX-License-Identifier: Apache-2.0
// The wall of styles: cards, import, export.
#include <algorithm>

#include "app/server/job_requests.h"
#include "app/server/studio.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"
#include "linmo/model/styles.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

json about(const Studio& studio, const fs::path& file, const model::Model& model, const std::string& style) {
  const json& card = model.card;
  const std::string name = to_utf8(file.stem()), id = style.empty() ? name : name + ":" + style;
  const json title = card.value("title", json(name));
  json out = {
      {"id", id},
      {"name", id},
      {"title", style.empty() || !title.is_string() ? title : json(title.get<std::string>() + ": " + style)},
      {"sizeBytes", fs::file_size(file)},
      {"bundled", !studio.folders.is_users_model(file)},
      {"family", model.network.family}};
  for (const char* key : {"licence", "method"})
    if (const std::string text = model::card_text(card, key); !text.empty()) out[key] = text;
  if (card.contains("data") && card["data"].is_object() && card["data"].contains("credit"))
    out["credit"] = card["data"]["credit"];
  return out;
}

// A card for each style of a model.
json cards_of(const Studio& studio, const fs::path& file) {
  const model::Model model = model::load_model_header(file);
  const std::vector<std::string> names = model::style_names(model);
  if (names.empty()) return json::array({about(studio, file, model, "")});
  json all = json::array();
  for (const std::string& style : names) all.push_back(about(studio, file, model, style));
  return all;
}

// Gone, with all in it, when a request ends as it may.
class Scratch {
 public:
  explicit Scratch(const Studio& studio) : folder(studio.folders.work() / random_hex(8)) {
    fs::create_directories(folder);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path folder;
};

// Runs a command of linmo, which may write to the scratch folder, and waits for it; throws HttpError 422 with
// what it said.
Task<void> run_short_command(Studio& studio, std::vector<std::string> command, const Scratch& scratch) {
  ChildSetup setup;
  setup.sandbox.starts_programs = true;
  setup.sandbox.read = studio.folders.readable();
  setup.sandbox.write = {scratch.folder};
  setup.sandbox.memory_bytes = studio.settings.worker_bytes;
  const fs::path log = scratch.folder / "log";
  const pid_t child = studio.processes.start(confined(setup, std::move(command)), 1, log);
  const int code = co_await studio.processes.ended(child);
  if (code == 0) co_return;
  const std::string said = complaint(log);
  throw HttpError(422, "model", said.empty() ? fmt::format("linmo ended with code {}.", code) : said);
}

void check_is_new(const Studio& studio, const std::string& name) {
  for (const fs::path& other : studio.folders.all_models())
    if (to_utf8(other.stem()) == name)
      throw HttpError(409, "exists", fmt::format("There is a style {} already; choose another name.", name));
}

// Why a worker cannot paint with a model; empty where it can.
Task<std::string> refusal_of(Studio& studio, fs::path file) {
  const json wish = {{"do", "model"}, {"path", to_utf8(file)}};
  std::string refusal;
  try {
    co_await studio.eyes.ask(wish, std::chrono::seconds(60));
  } catch (const HttpError& error) {
    refusal = error.what();
  }
  co_return refusal;
}

// Puts a model on the wall.
Response installed(Studio& studio, const fs::path& file, const std::string& name) {
  const fs::path place = studio.folders.models() / from_utf8(name + ".safetensors");
  fs::rename(file, place);
  studio.events.tell("model", {{"id", name}});
  return Response::json(cards_of(studio, place).at(0), 201);
}

Task<Response> import_model(Studio& studio, Request& request) {
  const std::string file_name = safe_name(request.text("name"), "model.pth");
  const std::string extension = to_utf8(from_utf8(file_name).extension());
  if (extension != ".pth" && extension != ".pt" && extension != ".safetensors")
    throw HttpError(422, "model", "Styles come as .safetensors, .pth or .pt files; this is none of these.");
  if (request.file.empty()) throw HttpError(400, "request", "The body is empty.");
  const std::string name = to_utf8(from_utf8(file_name).stem());
  check_is_new(studio, name);
  const Scratch scratch(studio);
  const fs::path uploaded = scratch.folder / ("upload" + extension);
  fs::rename(request.file, uploaded);
  request.file.clear();
  // A .safetensors file is one of linmo's own if a worker can paint with it, and otherwise perhaps another
  // program's.
  std::string refusal = "not tried";
  if (extension == ".safetensors") refusal = co_await refusal_of(studio, uploaded);
  if (refusal.empty()) co_return installed(studio, uploaded, name);
  const fs::path made = scratch.folder / from_utf8(name + ".safetensors");
  std::vector<std::string> command = {"import", uploaded.string(), "-o", made.string()};
  try {
    co_await run_short_command(studio, command, scratch);
  } catch (const HttpError& error) {
    throw HttpError(error.status, error.kind, for_its_owner(error.what(), to_utf8(uploaded), file_name));
  }
  refusal = co_await refusal_of(studio, file_below(scratch.folder, name + ".safetensors"));
  if (!refusal.empty()) throw HttpError(422, "model", refusal);
  co_return installed(studio, made, name);
}

// {"name": …, "blend": [{"model": …, "weight": …}, …]}: by their weights, where they have one origin or are
// styles of one model.
Task<Response> mix_models(Studio& studio, Request& request) {
  const json asked = request.json(), look = look_of_request(asked, studio.folders);
  const std::string name = name_field(asked);
  check_is_new(studio, name);
  const Scratch scratch(studio);
  const fs::path made = scratch.folder / "mixed.safetensors";
  std::vector<std::string> command = {"mix"}, weights = {"--weights"}, styles;
  for (const json& part : look["blend"]) {
    const std::string path = part["path"], style = part["style"];
    const std::string weight = fmt::format("{:.6f}", part["weight"].get<double>());
    if (!style.empty()) styles.push_back(style + ":" + weight);
    if (style.empty() || command.back() != path) command.push_back(path);
    weights.push_back(weight);
  }
  if (styles.empty())
    command.insert(command.end(), weights.begin(), weights.end());
  else
    command.push_back(fmt::format("--style={}", fmt::join(styles, ",")));
  command.insert(command.end(), {"--title=" + name, "-o", made.string()});
  try {
    co_await run_short_command(studio, command, scratch);
  } catch (const HttpError& error) {
    std::string said = error.what();
    for (const json& part : look["blend"]) {
      const std::string path = part["path"];
      said = for_its_owner(said, path, to_utf8(from_utf8(path).stem()));
    }
    throw HttpError(error.status, error.kind, said);
  }
  co_return installed(studio, file_below(scratch.folder, "mixed.safetensors"), name);
}

Task<Response> export_model(Studio& studio, Request& request) {
  const std::string id = request.parameter("id"), format = request.text("format", "safetensors");
  const Style named = studio.folders.find_style(id);
  if (format != "onnx" && format != "pth" && format != "safetensors")
    throw HttpError(400, "query", "format must be onnx, pth or safetensors");
  Response response;
  response.type = "application/octet-stream";
  response.download_as(id + "." + format);
  if (format == "safetensors") {  // linmo's own, card and all
    response.file = named.file;
    co_return response;
  }
  const Scratch scratch(studio);
  const std::string made = "export." + format;
  std::vector<std::string> command = {"export", named.file.string(), "-o", (scratch.folder / made).string()};
  if (!named.style.empty()) command.push_back("--style=" + named.style);
  co_await run_short_command(studio, command, scratch);
  // Small enough to be held: the file can go at once.
  response.body = read_text(file_below(scratch.folder, made), 1ULL << 30);
  co_return response;
}

// A drawn sample, before or after the model; made once for each state of a model's file.
Task<Response> card(Studio& studio, Request& request) {
  constexpr int64_t size = 384;
  const Style named = studio.folders.find_style(request.parameter("id"));
  const bool before = request.text("kind", "after") == "before";
  const std::string subject = model::card_text(model::load_model_header(named.file).card, "subject");
  const std::string key =
      before ? subject
             : fmt::format("{} {} {}", to_utf8(named.file),
                           fs::last_write_time(named.file).time_since_epoch().count(), named.style);
  if (!studio.cards.contains(key)) {
    json wish = {{"do", "card"}, {"subject", subject}, {"size", size}};
    if (!before) wish.update({{"path", to_utf8(named.file)}, {"style", named.style}});
    Worker::Wish asked;
    asked.value = wish;
    asked.gives_way = true;  // whoever waits for a picture does not wait for the wall
    asked.patience = std::chrono::seconds(120);
    Frame frame = co_await studio.eyes.ask(asked);
    if (studio.cards.size() > 500) studio.cards.clear();
    studio.cards[key] = std::move(frame);
  }
  co_return picture_answer(studio.cards[key], 3600);
}

// One's own first, then what photographs are painted with: most people come with one.
std::vector<fs::path> in_order_of_use(const Studio& studio) {
  std::vector<fs::path> files = studio.folders.all_models();
  const auto rank = [&](const fs::path& file) {
    return studio.folders.is_users_model(file) ? 0 : to_utf8(file.stem()).starts_with("photo-") ? 1 : 2;
  };
  std::stable_sort(files.begin(), files.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return files;
}

}  // namespace

void add_model_routes(Studio& studio) {
  Router& router = studio.router;
  router.add({"GET", "/api/v1/models", [&studio](Request&) -> Task<Response> {
                json list = json::array();
                for (const fs::path& file : in_order_of_use(studio)) {
                  try {
                    for (json& card : cards_of(studio, file)) list.push_back(std::move(card));
                  } catch (const Error&) {  // `linmo models` says what is wrong with it
                  }
                }
                co_return Response::json(list);
              }});
  router.add({"POST", "/api/v1/models", [&studio](Request& request) { return import_model(studio, request); },
              true});
  router.add(
      {"POST", "/api/v1/models/mix", [&studio](Request& request) { return mix_models(studio, request); }});
  router.add({"DELETE", "/api/v1/models/{id}", [&studio](Request& request) -> Task<Response> {
                const fs::path file = studio.folders.find_style(request.parameter("id")).file;
                if (!studio.folders.is_users_model(file))
                  throw HttpError(403, "bundled", "Styles that came with linmo cannot be deleted here.");
                fs::remove(file);
                studio.events.tell("model", {{"id", request.parameter("id")}});
                co_return Response::nothing();
              }});
  router.add(
      {"GET", "/api/v1/models/{id}/card.jpg", [&studio](Request& request) { return card(studio, request); }});
  router.add({"GET", "/api/v1/models/{id}/export",
              [&studio](Request& request) { return export_model(studio, request); }});
}

}  // namespace linmo::studio
