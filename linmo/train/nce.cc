// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/nce.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/core/error.h"

namespace linmo::train {

using at::Tensor;

NceHeads::NceHeads(const std::vector<int64_t>& tap_channels, int64_t width, double gain, Random random) {
  for (size_t tap = 0; tap < tap_channels.size(); ++tap) {
    const int64_t ins[] = {tap_channels[tap], width};
    for (size_t layer = 0; layer < 2; ++layer) {
      Tensor weight = at::empty({width, ins[layer]});
      const double s = gain * std::sqrt(2.0 / static_cast<double>(width + ins[layer]));
      for (int64_t i = 0; i < weight.numel(); ++i)
        weight.data_ptr<float>()[i] = static_cast<float>(s * random.normal());
      state_.push_back({fmt::format("mlp_{}.{}.weight", tap, layer * 2), weight.set_requires_grad(true)});
      state_.push_back(
          {fmt::format("mlp_{}.{}.bias", tap, layer * 2), at::zeros({width}).set_requires_grad(true)});
    }
  }
}

Tensor NceHeads::project(size_t tap, const Tensor& features, const Tensor& places) const {
  const int64_t channels = features.size(1);
  const auto& w = [&](size_t i) -> const Tensor& { return state_[tap * 4 + i].tensor; };
  // Rows of a channels-last map are places already.
  const Tensor rows = features.permute({0, 2, 3, 1}).reshape({features.size(0), -1, channels});
  const Tensor picked = rows.index_select(1, places).reshape({-1, channels});
  // In the precision of the encoder: as fp32, these products cost a tenth of a bf16 step.
  const auto type = precision_ == Precision::bf16 ? at::kBFloat16 : w(0).scalar_type();
  const auto linear = [&](const Tensor& x, size_t i) { return at::linear(x, w(i).to(type), w(i + 1).to(type)); };
  const Tensor out = linear(at::relu(linear(picked.to(type), 0)), 2).to(w(0).scalar_type());
  return out / (out.norm(2, {1}, true) + 1e-7);
}

Tensor draw_places(int64_t height, int64_t width, int64_t count, Random& random) {
  const int64_t all = height * width;
  std::vector<int64_t> places(static_cast<size_t>(all));
  std::iota(places.begin(), places.end(), int64_t{0});
  const int64_t n = std::min(count, all);
  if (n < all) {
    for (int64_t i = 0; i < n; ++i)
      std::swap(places[static_cast<size_t>(i)], places[static_cast<size_t>(i + random.below(all - i))]);
  }
  places.resize(static_cast<size_t>(n));
  return at::tensor(places, at::kLong);
}

}  // namespace linmo::train
