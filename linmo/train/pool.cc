// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/pool.h"

#include <ATen/ATen.h>

namespace linmo::train {

at::Tensor PicturePool::query(const at::Tensor& pictures, Random& random) {
  if (size_ == 0) return pictures.detach();
  std::vector<at::Tensor> result;
  for (int64_t i = 0; i < pictures.size(0); ++i) {
    const at::Tensor picture = pictures.narrow(0, i, 1).detach().clone();
    if (static_cast<int64_t>(pictures_.size()) < size_) {
      pictures_.push_back(picture);
      result.push_back(picture);
    } else if (random.chance(0.5)) {
      const auto k = static_cast<size_t>(random.below(size_));
      result.push_back(pictures_[k]);
      pictures_[k] = picture;
    } else {
      result.push_back(picture);
    }
  }
  // Pictures of other sizes (--preprocess none) are kept too; a batch is then always one picture.
  return result.size() == 1 ? result[0] : at::cat(result, 0);
}

}  // namespace linmo::train
