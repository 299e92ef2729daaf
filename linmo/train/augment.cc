// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/augment.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace linmo::train {
namespace {

using at::Tensor;

Tensor numbers(const Tensor& like, const std::function<double()>& draw) {
  Tensor t = at::empty({like.size(0), 1, 1, 1});
  for (int64_t i = 0; i < t.numel(); ++i) t.data_ptr<float>()[i] = static_cast<float>(draw());
  return t.to(like.options());
}

}  // namespace

Tensor augment(const Tensor& x, const std::string& policy, Random& random) {
  Tensor y = x;
  const int64_t n = x.size(0), h = x.size(2), w = x.size(3);
  if (policy.find("color") != std::string::npos) {
    y = y + numbers(y, [&] { return random.uniform() - 0.5; });
    const Tensor grey = y.mean(1, true);
    y = (y - grey) * numbers(y, [&] { return 2 * random.uniform(); }) + grey;
    const Tensor mean = y.mean({1, 2, 3}, true);
    y = (y - mean) * numbers(y, [&] { return random.uniform() + 0.5; }) + mean;
  }
  if (policy.find("translation") != std::string::npos) {
    const auto most_y = static_cast<int64_t>(std::llround(static_cast<double>(h) / 8)),
               most_x = static_cast<int64_t>(std::llround(static_cast<double>(w) / 8));
    const Tensor padded = at::constant_pad_nd(y, {most_x, most_x, most_y, most_y}, 0);
    std::vector<Tensor> moved;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t dy = random.below(2 * most_y + 1), dx = random.below(2 * most_x + 1);
      moved.push_back(padded.narrow(0, i, 1).narrow(2, dy, h).narrow(3, dx, w));
    }
    y = at::cat(moved, 0);
  }
  if (policy.find("cutout") != std::string::npos) {
    Tensor mask = at::ones({n, 1, h, w});
    for (int64_t i = 0; i < n; ++i) {
      const int64_t ch = h / 2, cw = w / 2;
      const int64_t top = random.below(h + 1 - ch % 2) - ch / 2, left = random.below(w + 1 - cw % 2) - cw / 2;
      const int64_t y0 = std::max<int64_t>(0, top), y1 = std::min(h, top + ch),
                    x0 = std::max<int64_t>(0, left), x1 = std::min(w, left + cw);
      mask[i].narrow(1, y0, y1 - y0).narrow(2, x0, x1 - x0).zero_();
    }
    y = y * mask.to(y.options());
  }
  return y;
}

}  // namespace linmo::train
