// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/random_weights.h"

#include <cmath>
#include <functional>
#include <numeric>

#include "linmo/core/random.h"

namespace linmo::engine {

model::TensorMap random_weights(const net::Description& description, uint64_t seed) {
  using Kind = net::ParameterInfo::Kind;
  model::TensorMap tensors;
  uint64_t stream = 0;
  for (const net::ParameterInfo& p : net::parameters(description)) {
    Random random(seed, stream++);
    const int64_t count = std::accumulate(p.shape.begin(), p.shape.end(), int64_t{1}, std::multiplies<>());
    if (p.kind == Kind::batches_tracked) {
      tensors.emplace(p.name, model::Tensor(model::DType::i64, p.shape));
      continue;
    }
    std::vector<float> values(static_cast<size_t>(count));
    double low = -0.1, high = 0.1;
    if (p.kind == Kind::weight) {
      const auto taps = static_cast<double>(p.shape[2] * p.shape[3]);
      high = std::sqrt(6 / (taps * static_cast<double>(p.shape[0] + p.shape[1])));
      low = -high;
    } else if (p.kind == Kind::norm_weight || p.kind == Kind::running_var) {
      low = 0.7, high = 1.3;
    } else if (p.kind == Kind::prelu) {
      low = 0.1, high = 0.4;
    }
    for (float& v : values) v = static_cast<float>(random.uniform(low, high));
    if (p.kind == Kind::filter) {
      const bool down = p.shape[2] == 3;
      const std::vector<float> line = down ? std::vector<float>{1, 2, 1} : std::vector<float>{1, 3, 3, 1};
      const size_t side = line.size();
      for (size_t k = 0; k < values.size(); ++k)
        values[k] = line[k / side % side] * line[k % side] / 16;  // 4/64 of the 4 × 4 one is 1/16 too
    }
    tensors.emplace(p.name, model::Tensor::from_floats(p.shape, values));
  }
  return tensors;
}

}  // namespace linmo::engine
