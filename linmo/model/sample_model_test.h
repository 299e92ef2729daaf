// SPDX-License-Identifier: Apache-2.0
// A small model of zeros, for the tests of this folder.
#pragma once

#include "linmo/model/model_file.h"
#include "linmo/net/generators.h"

namespace linmo::model {

inline Model sample_model(net::NormChoice norm = net::NormChoice::batch) {
  Model m;
  m.network = net::resnet({.ngf = 4, .blocks = 1, .norm = norm});
  for (const net::ParameterInfo& p : net::parameters(m.network)) {
    const bool counter = p.kind == net::ParameterInfo::Kind::batches_tracked;
    m.tensors[p.name] = Tensor(counter ? DType::i64 : DType::f32, p.shape);
  }
  m.card = {{"name", "雪景"}, {"licence", "CC0"}};
  return m;
}

}  // namespace linmo::model
