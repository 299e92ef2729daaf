// SPDX-License-Identifier: Apache-2.0
// The JSON of a model's header: an Error, or a network that can be asked for its shapes and parameters.
#include "linmo/core/error.h"
#include "linmo/model/styles.h"
#include "linmo/net/cost.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace linmo;
  try {
    const nlohmann::json header = nlohmann::json::parse(data, data + size, nullptr, false);
    const std::string text(reinterpret_cast<const char*>(data), size);
    model::TensorMap tensors;
    if (header.is_object() && header.contains("network")) {
      const net::Description network = net::description_from_json(header["network"]);
      (void)net::cost(network, {network.in_channels(), 16, 16});
      (void)net::receptive_field(network);
      // So that the body below gets past the check of its parameters, where they are few.
      for (const net::ParameterInfo& p : net::parameters(network)) {
        const auto bytes = model::checked_bytes(model::DType::f32, p.shape);
        if (!bytes || *bytes > 1 << 16) return 0;
        tensors[p.name] = model::Tensor(model::DType::f32, p.shape);
      }
    }
    const model::Model model = model::model_from({std::move(tensors), {{"linmo", text}}}, "input");
    const std::vector<std::string> styles = model::style_names(model);
    if (!styles.empty()) {
      const model::Model one = model::with_blend(model, {{styles.back(), 1}});
      model::check_parameters(one.network, one.tensors, "the model of one style");
    }
  } catch (const Error&) {
  }
  return 0;
}
