// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/features.h"

#include <ATen/ATen.h>

#include "linmo/core/files.h"
#include "linmo/model/library.h"
#include "linmo/model/model_file.h"
#include "linmo/net/features.h"

namespace linmo::train {

using at::Tensor;

Features::Features(const std::string& model) {
  const std::filesystem::path path = model::find_model(model::default_library(), model);
  const model::Model loaded = model::load_model(path);
  layers_ = net::feature_layers(loaded.network);
  network_ = std::make_shared<Network>(loaded.network, Init::xavier, 1, Random(0));
  network_->load(loaded.tensors, to_utf8(path));
}

std::vector<Tensor> Features::operator()(const Tensor& x) const {
  Pass pass;
  pass.train = false;
  pass.frozen = true;
  pass.want = layers_;
  return network_->run(x, pass);
}

std::vector<int64_t> Features::channels() const {
  const net::Description& d = network_->description();
  const auto shapes = net::infer_shapes(d, {d.in_channels(), 64, 64});
  std::vector<int64_t> list;
  for (const int layer : layers_) list.push_back(shapes[static_cast<size_t>(layer)].channels);
  return list;
}

std::vector<int64_t> Features::strides() const {
  const net::Description& d = network_->description();
  const auto shapes = net::infer_shapes(d, {d.in_channels(), 64, 64});
  std::vector<int64_t> list;
  for (const int layer : layers_)
    list.push_back(64 / std::max<int64_t>(1, shapes[static_cast<size_t>(layer)].height));
  return list;
}

Tensor unit_features(const Tensor& features) {
  return features / (features.norm(2, {1}, true) + 1e-10);
}

}  // namespace linmo::train
