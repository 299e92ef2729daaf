// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: a fast operation compared with its plain twin, values and gradients.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace linmo::train {

inline at::Tensor picture(std::vector<int64_t> shape, at::ScalarType type, int64_t seed) {
  at::manual_seed(seed);
  // A mean far from zero: sums of squares about zero would lose the variance.
  return (at::randn(shape, at::kDouble) + 3).to(type).contiguous(at::MemoryFormat::ChannelsLast);
}

// Values and gradients of two ways to compute the same thing.
inline void expect_same(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& fast,
                        const std::function<at::Tensor(const std::vector<at::Tensor>&)>& plain,
                        const std::vector<at::Tensor>& inputs, double tolerance) {
  std::vector<at::Tensor> a, b;
  for (const at::Tensor& t : inputs) {
    a.push_back(t.defined() ? t.detach().clone().set_requires_grad(true) : t);
    b.push_back(t.defined() ? t.detach().clone().set_requires_grad(true) : t);
  }
  const at::Tensor ya = fast(a), yb = plain(b);
  ASSERT_EQ(ya.sizes(), yb.sizes());
  const auto close = [&](const at::Tensor& x, const at::Tensor& y, const char* what) {
    const double scale = std::max(1.0, y.to(at::kDouble).abs().max().item<double>());
    EXPECT_LE((x.to(at::kDouble) - y.to(at::kDouble)).abs().max().item<double>(), tolerance * scale) << what;
  };
  close(ya, yb, "value");
  const at::Tensor weight = picture(ya.sizes().vec(), ya.scalar_type(), 99);
  (ya * weight).to(at::kDouble).sum().backward();
  (yb * weight).to(at::kDouble).sum().backward();
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].defined())
      close(a[i].grad(), b[i].grad(), i == 0 ? "gradient of the input" : "gradient of a parameter");
  }
}

}  // namespace linmo::train
