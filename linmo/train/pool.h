// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "linmo/core/random.h"

namespace linmo::train {

// Shrivastava 2017, as CycleGAN uses it: the discriminator sees, half of the time, a result of earlier steps,
// so that it does not forget what the generator used to do.
class PicturePool {
 public:
  explicit PicturePool(int64_t size) : size_(size) {}

  // N × C × H × W → the same shape: each picture either itself or one from the pool, which takes it in
  // instead.
  at::Tensor query(const at::Tensor& pictures, Random& random);

  const std::vector<at::Tensor>& pictures() const { return pictures_; }  // each 1 × C × H × W
  void set_pictures(std::vector<at::Tensor> pictures) { pictures_ = std::move(pictures); }

 private:
  int64_t size_;
  std::vector<at::Tensor> pictures_;
};

}  // namespace linmo::train
