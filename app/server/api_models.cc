// SPDX-License-Identifier: Apache-2.0
// The wall of styles: cards, import, export.
#include <unistd.h>

#include <algorithm>

#include "app/server/job_requests.h"
#include "app/server/studio.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/model/model_file.h"

namespace linmo::studio {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

json about(const Studio& studio, const fs::path& file) {
  const model::Model model = model::load_model_header(file);
  const json& card = model.card;
  const std::string id = to_utf8(file.stem());
  json out = {{"id", id},
              {"name", id},
              {"title", card.value("title", json(id))},
              {"sizeBytes", fs::file_size(file)},
              {"bundled", !studio.folders.is_users_model(file)},
              {"family", model.network.family}};
  for (const char* key : {"licence", "method"})
    if (card.contains(key) && card[key].is_string()) out[key] = card[key];
  if (card.contains("data") && card["data"].is_object() && card["data"].contains("credit"))
    out["credit"] = card["data"]["credit"];
  return out;
}

// Runs a command of linmo in the sandbox and waits for it; throws HttpError 422 with what it said.
Task<void> run_short_command(Studio& studio, std::vector<std::string> command, fs::path writable) {
  ChildSetup setup;
  setup.sandbox.starts_programs = true;
  setup.sandbox.read = studio.folders.readable();
  setup.sandbox.write = {std::move(writable)};
  setup.sandbox.memory_bytes = studio.settings.worker_bytes;
  command.insert(command.begin(), {"studio-run", setup.to_text(::getpid()), "--"});
  const fs::path log = studio.folders.work() / (random_hex(8) + ".log");
  const pid_t child = studio.processes.start(command, 1, log);
  const int code = co_await studio.processes.ended(child);
  const std::string said = read_text(log, 1 << 20);
  fs::remove(log);
  if (code == 0) co_return;
  const size_t at = said.rfind("linmo: ");
  throw HttpError(422, "model",
                  at == std::string::npos ? fmt::format("linmo ended with code {}.", code)
                                          : safe_text(said.substr(at + 7)));
}

Task<Response> import_model(Studio& studio, Request& request) {
  const std::string file_name = safe_name(request.text("name"), "model.pth");
  const std::string extension = to_utf8(from_utf8(file_name).extension());
  if (extension != ".pth" && extension != ".pt" && extension != ".safetensors")
    throw HttpError(422, "model", "Styles come as .safetensors, .pth or .pt files; this is none of these.");
  if (request.file.empty()) throw HttpError(400, "request", "The body is empty.");
  const std::string name = to_utf8(from_utf8(file_name).stem());
  for (const fs::path& other : studio.folders.all_models())
    if (to_utf8(other.stem()) == name)
      throw HttpError(409, "exists", fmt::format("There is a style {} already; rename the file.", name));
  const fs::path folder = studio.folders.work() / random_hex(8);
  fs::create_directories(folder);
  struct Remove {
    fs::path path;
    ~Remove() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  } remove{folder};
  const fs::path uploaded = folder / ("upload" + extension), made = folder / from_utf8(name + ".safetensors");
  fs::rename(request.file, uploaded);
  request.file.clear();
  bool is_ours = false;
  if (extension == ".safetensors") {
    try {
      model::load_model(uploaded);
      is_ours = true;
    } catch (const Error&) {
    }
  }
  if (is_ours) {
    fs::rename(uploaded, made);
  } else {
    std::vector<std::string> command = {"import", uploaded.string(), "-o", made.string()};
    co_await run_short_command(studio, command, folder);
  }
  // Also what can be read must be something that paints.
  const fs::path checked = studio.folders.incoming() / (random_hex(8) + ".safetensors");
  fs::rename(file_below(folder, name + ".safetensors"), checked);
  std::exception_ptr problem;
  try {
    const json wish = {{"do", "model"}, {"path", to_utf8(checked)}};
    co_await studio.eyes.ask(wish, std::chrono::seconds(60));
  } catch (...) {
    problem = std::current_exception();
  }
  if (problem) {
    fs::remove(checked);
    std::rethrow_exception(problem);
  }
  const fs::path installed = studio.folders.models() / from_utf8(name + ".safetensors");
  fs::rename(checked, installed);
  studio.events.tell("model", {{"id", name}});
  co_return Response::json(about(studio, installed), 201);
}

// {"name": …, "blend": [{"model": …, "weight": …}, …]}: by their weights, where they have one origin.
Task<Response> mix_models(Studio& studio, Request& request) {
  const json asked = request.json(), look = look_of_request(asked, studio.folders);
  const std::string name = asked.contains("name") && asked["name"].is_string() ? asked["name"] : "";
  if (name.empty() || safe_name(name, "") != name)
    throw HttpError(400, "request", "\"name\" must be 1 to 120 bytes of text without slashes");
  for (const fs::path& other : studio.folders.all_models())
    if (to_utf8(other.stem()) == name)
      throw HttpError(409, "exists", fmt::format("There is a style {} already; choose another name.", name));
  const fs::path folder = studio.folders.work() / random_hex(8), made = folder / "mixed.safetensors";
  fs::create_directories(folder);
  std::vector<std::string> command = {"mix"}, weights = {"--weights"};
  for (const json& part : look["blend"]) {
    command.push_back(part["path"]);
    weights.push_back(fmt::format("{:.6f}", part["weight"].get<double>()));
  }
  command.insert(command.end(), weights.begin(), weights.end());
  command.insert(command.end(), {"-o", made.string()});
  std::exception_ptr problem;
  try {
    co_await run_short_command(studio, command, folder);
    model::Model mixed = model::load_model(made);
    mixed.card["title"] = name;
    model::save_model(studio.folders.models() / from_utf8(name + ".safetensors"), mixed);
  } catch (...) {
    problem = std::current_exception();
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (problem) std::rethrow_exception(problem);
  studio.events.tell("model", {{"id", name}});
  co_return Response::json(about(studio, studio.folders.models() / from_utf8(name + ".safetensors")), 201);
}

Task<Response> export_model(Studio& studio, Request& request) {
  const std::string id = request.parameter("id"), format = request.text("format", "safetensors");
  const fs::path file = studio.folders.find_model(id);
  if (format != "onnx" && format != "pth" && format != "safetensors")
    throw HttpError(400, "query", "format must be onnx, pth or safetensors");
  if (format == "safetensors") {  // linmo's own, card and all
    Response response = Response::of_file(file, "application/octet-stream");
    response.download_as(id + ".safetensors");
    co_return response;
  }
  const fs::path folder = studio.folders.cards() / random_hex(8);
  fs::create_directories(folder);
  const fs::path made = folder / ("export." + format);
  std::vector<std::string> command = {"export", file.string(), "-o", made.string()};
  std::exception_ptr problem;
  Response response;
  try {
    co_await run_short_command(studio, command, folder);
    // Small enough to be held: the file can be removed at once.
    response.body = read_text(file_below(folder, "export." + format), 1ULL << 30);
  } catch (...) {
    problem = std::current_exception();
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (problem) std::rethrow_exception(problem);
  response.type = "application/octet-stream";
  response.download_as(id + "." + format);
  co_return response;
}

// A drawn landscape, before or after the model; made once for each state of a model's file.
Task<Response> card(Studio& studio, Request& request) {
  constexpr int64_t size = 384;
  const fs::path file = studio.folders.find_model(request.parameter("id"));
  const bool before = request.text("kind", "after") == "before";
  const std::string key =
      before ? "" : fmt::format("{} {}", to_utf8(file), fs::last_write_time(file).time_since_epoch().count());
  if (!studio.cards.contains(key)) {
    json wish = {{"do", "card"}, {"size", size}};
    if (!before) wish["path"] = to_utf8(file);
    Frame frame = co_await studio.eyes.ask(wish, std::chrono::seconds(120));
    if (studio.cards.size() > 500) studio.cards.clear();
    studio.cards[key] = {frame.value.at("type"), std::move(frame.bytes)};
  }
  Response response;
  std::tie(response.type, response.body) = studio.cards[key];
  response.headers.emplace_back("Cache-Control", "private, max-age=3600");
  co_return response;
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
                    list.push_back(about(studio, file));
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
                const fs::path file = studio.folders.find_model(request.parameter("id"));
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
