// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/model_file.h"

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/safetensors.h"
#include "linmo/model/styles.h"

namespace linmo::model {
namespace {

using nlohmann::json;

constexpr const char* kKey = "linmo";
constexpr int kFormat = 1;

bool stores_weights(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

// Everything but the tensors.
Model model_header_from(const std::map<std::string, std::string>& metadata, std::string_view file) {
  const auto found = metadata.find(kKey);
  if (found == metadata.end()) {
    fail(ErrorKind::input,
         "{} holds arrays but no linmo network in its header; convert checkpoints of other programs with: "
         "linmo import",
         file);
  }
  Model model;
  try {
    const json header = json::parse(found->second);
    const int64_t format = header.at("format").get<int64_t>();
    if (format != kFormat) {
      fail(ErrorKind::input,
           "this is a model of format {}, and this linmo reads format {}; use a newer linmo", format,
           kFormat);
    }
    model.network = net::description_from_json(header.at("network"));
    model.card = header.at("card");
    if (!model.card.is_object()) fail(ErrorKind::input, "the card must be a JSON object");
    style_names(model);  // for its errors
  } catch (const json::exception& error) {
    fail(ErrorKind::input, "{}: the header is damaged ({})", file, error.what());
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", file, error.what());
  }
  return model;
}

}  // namespace

std::string card_text(const nlohmann::json& card, const char* key) {
  const auto found = card.is_object() ? card.find(key) : card.end();
  return found != card.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<std::string> parameter_problems(const net::Description& network, const TensorMap& tensors) {
  std::vector<std::string> problems;
  for (const net::ParameterInfo& p : net::parameters(network)) {
    const bool counter = p.kind == net::ParameterInfo::Kind::batches_tracked;
    const auto found = tensors.find(p.name);
    if (found == tensors.end()) {
      // PyTorch before 0.4.1 did not count batches, and applying does not need the count.
      if (!counter) problems.push_back(fmt::format("{} is missing", p.name));
    } else if (found->second.shape() != p.shape) {
      problems.push_back(fmt::format("{} has shape [{}], not [{}]", p.name,
                                     fmt::join(found->second.shape(), ", "), fmt::join(p.shape, ", ")));
    } else if (!counter && !stores_weights(found->second.dtype())) {
      problems.push_back(
          fmt::format("{} has type {}, not F32, F16 or BF16", p.name, name(found->second.dtype())));
    }
  }
  return problems;
}

void check_parameters(const net::Description& network, const TensorMap& tensors, std::string_view file) {
  std::vector<std::string> problems = parameter_problems(network, tensors);
  if (problems.empty()) return;
  constexpr size_t kShown = 5;
  const size_t count = problems.size();
  problems.resize(std::min(count, kShown));
  fail(ErrorKind::input, "{} does not hold the numbers of its network ({}): {}{}", file, network.family,
       fmt::join(problems, "; "), count > kShown ? fmt::format("; and {} more", count - kShown) : "");
}

void save_model(const std::filesystem::path& path, const Model& model) {
  if (!model.card.is_object()) fail(ErrorKind::usage, "a model's card must be a JSON object");
  net::validate(model.network);
  style_names(model);
  check_parameters(model.network, model.tensors, to_utf8(path));
  const json header = {{"format", kFormat}, {"network", net::to_json(model.network)}, {"card", model.card}};
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception& error) {
    fail(ErrorKind::usage, "a model's card must be UTF-8 text ({})", error.what());
  }
  write_safetensors(path, {model.tensors, {{kKey, text}, {"format", "pt"}}});
}

Model load_model(const std::filesystem::path& path) {
  return model_from(read_safetensors(path), to_utf8(path));
}

Model model_from(Safetensors content, std::string_view file) {
  Model model = model_header_from(content.metadata, file);
  model.tensors = std::move(content.tensors);
  check_parameters(model.network, model.tensors, file);
  return model;
}

Model load_model_header(const std::filesystem::path& path) {
  return model_header_from(read_safetensors_metadata(path), to_utf8(path));
}

}  // namespace linmo::model
