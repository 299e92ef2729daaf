// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/checkpoint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/safetensors.h"

namespace linmo::train {
namespace fs = std::filesystem;
namespace {

constexpr size_t kKept = 2;

std::vector<fs::path> checkpoints(const fs::path& run) {  // newest first
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(run / "checkpoints", error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with("step_") && name.ends_with(".safetensors")) files.push_back(it->path());
    // What a killed writer left behind.
    if (name.starts_with(".step_") && name.ends_with(".part")) fs::remove(it->path(), error);
  }
  std::sort(files.rbegin(), files.rend());
  return files;
}

void load(const fs::path& file, Method& method, CheckpointMeta& meta) {
  const model::Safetensors content = model::read_safetensors(file);
  const auto it = content.metadata.find("linmo_checkpoint");
  if (it == content.metadata.end()) fail(ErrorKind::input, "{} is not a checkpoint of linmo", to_utf8(file));
  const auto json = nlohmann::json::parse(it->second, nullptr, false);
  if (json.is_discarded()) fail(ErrorKind::input, "{}: the checkpoint's header is damaged", to_utf8(file));
  const auto styles = json.value("styles", std::vector<std::string>());
  if (styles != method.styles())
    fail(ErrorKind::input,
         "{}: the run has the styles {}, and its folder of styles has {}; begin another run", to_utf8(file),
         fmt::join(styles, ", "), fmt::join(method.styles(), ", "));
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : content.tensors) shapes[name] = tensor.shape();
  method.prepare_state(shapes);
  const at::NoGradGuard guard;
  for (const StateItem& item : method.state()) {
    const auto found = content.tensors.find(item.name);
    if (found == content.tensors.end() || at::IntArrayRef(found->second.shape()) != item.tensor.sizes()) {
      fail(ErrorKind::input, "{}: {} is missing or has another shape; was the run made with other settings?",
           to_utf8(file), item.name);
    }
    at::Tensor target = item.tensor;
    target.copy_(to_torch(found->second));
  }
  meta.step = json.at("step").get<int64_t>();
  meta.elapsed = json.at("elapsed").get<double>();
  meta.rate_scale = json.at("rate_scale").get<double>();
  meta.rollbacks = json.at("rollbacks").get<int64_t>();
  meta.fingerprint = json.at("fingerprint").get<std::string>();
}

}  // namespace

void save_checkpoint(const fs::path& run, const Method& method, const CheckpointMeta& meta) {
  model::Safetensors content;
  for (const StateItem& item : method.state()) content.tensors[item.name] = from_torch(item.tensor);
  const nlohmann::json json = {
      {"step", meta.step},           {"elapsed", meta.elapsed},         {"rate_scale", meta.rate_scale},
      {"rollbacks", meta.rollbacks}, {"fingerprint", meta.fingerprint}, {"styles", method.styles()}};
  content.metadata["linmo_checkpoint"] = json.dump();
  fs::create_directories(run / "checkpoints");
  model::write_safetensors(run / "checkpoints" / fmt::format("step_{:09}.safetensors", meta.step), content);
  const std::vector<fs::path> all = checkpoints(run);
  for (size_t i = kKept; i < all.size(); ++i) {
    std::error_code error;
    fs::remove(all[i], error);
  }
}

std::optional<CheckpointMeta> load_newest_checkpoint(const fs::path& run, Method& method, EventSink& sink) {
  std::string last;
  for (const fs::path& file : checkpoints(run)) {
    try {
      CheckpointMeta meta;
      load(file, method, meta);
      return meta;
    } catch (const Error& error) {
      last = error.what();
      sink.warn(fmt::format("{}; trying the one before it", error.what()));
    } catch (const nlohmann::json::exception& error) {
      last = error.what();
      sink.warn(fmt::format("{}: the header is damaged; trying the one before it", to_utf8(file)));
    }
  }
  if (!last.empty())
    fail(ErrorKind::input, "no checkpoint of {} can be read; the last problem: {}", to_utf8(run), last);
  return std::nullopt;
}

}  // namespace linmo::train
