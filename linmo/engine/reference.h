// SPDX-License-Identifier: Apache-2.0
// The plain twin of the engine: one loop after another in double precision, written from the definitions of
// the torch operations. Slow; for tests and for checking a doubtful result.
#pragma once

#include <span>
#include <vector>

#include "linmo/model/tensor.h"
#include "linmo/net/description.h"

namespace linmo::engine {

// A result of a layer, C × H × W.
struct ReferencePicture {
  net::Shape shape;
  std::vector<double> values;
  double& at(int64_t c, int64_t y, int64_t x) {
    return values[static_cast<size_t>((c * shape.height + y) * shape.width + x)];
  }
  double at(int64_t c, int64_t y, int64_t x) const {
    return values[static_cast<size_t>((c * shape.height + y) * shape.width + x)];
  }
};

// The results of all layers for one planar input (C × H × W). Batch norm uses its running statistics,
// dropout does nothing. `before`: the results for the picture before it, which memories hold; null: zeros.
std::vector<ReferencePicture> run_reference(const net::Description& description,
                                            const model::TensorMap& tensors, net::Shape input,
                                            std::span<const float> in,
                                            const std::vector<ReferencePicture>* before = nullptr);

}  // namespace linmo::engine
