// SPDX-License-Identifier: Apache-2.0
// A model: one .safetensors file whose metadata hold the network description, where it came from and what may
// be done with it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "linmo/model/tensor.h"
#include "linmo/net/description.h"

namespace linmo::model {

struct Model {
  net::Description network;
  TensorMap tensors;  // by state-dict key; every parameter of `network`, in f32, f16 or bf16
  // Free-form card: name, title, method, licence, data (provenance), metrics, linmo version, input range.
  nlohmann::json card = nlohmann::json::object();
};

void save_model(const std::filesystem::path& path, const Model& model);
// Checks that every parameter is there with its shape; throws ErrorKind::input with what is missing.
Model load_model(const std::filesystem::path& path);

}  // namespace linmo::model
