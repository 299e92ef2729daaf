// SPDX-License-Identifier: Apache-2.0
// A model: one .safetensors file whose metadata hold the network description, where it came from and what may
// be done with it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/model/safetensors.h"
#include "linmo/model/tensor.h"
#include "linmo/net/description.h"

namespace linmo::model {

struct Model {
  net::Description network;
  TensorMap tensors;  // by state-dict key; every parameter of `network`, in f32, f16 or bf16
  // Free-form card: name, title, method, licence, data (provenance), metrics, linmo version, input range; of
  // a network of several styles, their names (styles.h).
  nlohmann::json card = nlohmann::json::object();
};

// What a card says under a key; empty where it says nothing or something else than text.
std::string card_text(const nlohmann::json& card, const char* key);

void save_model(const std::filesystem::path& path, const Model& model);
// Checks that every parameter is there with its shape; throws ErrorKind::input with what is missing.
Model load_model(const std::filesystem::path& path);
// Network and card alone, for lists: the tensors are neither read nor checked.
Model load_model_header(const std::filesystem::path& path);
// load_model() from a container in memory; `file` is its name for messages.
Model model_from(Safetensors content, std::string_view file);

// What keeps `tensors` from being the parameters of `network`, one sentence each: missing, wrong shape, wrong
// type. num_batches_tracked may be missing; arrays that the network does not know are not looked at.
std::vector<std::string> parameter_problems(const net::Description& network, const TensorMap& tensors);
// Throws ErrorKind::input with the first five of them.
void check_parameters(const net::Description& network, const TensorMap& tensors, std::string_view file);

}  // namespace linmo::model
