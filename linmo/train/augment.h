// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "linmo/core/random.h"

namespace linmo::train {

// DiffAugment (Zhao 2020): the same kinds of change on real and generated pictures, differentiable, so that a
// discriminator cannot learn few pictures by heart. x: N × C × H × W in [−1, 1]; `policy`: any of "color"
// (brightness ± ½, saturation × 0 … 2, contrast × ½ … 1½), "translation" (± ⅛, zeros move in), "cutout" (a ½
// × ½ square of zeros), with commas. Each picture draws its own numbers.
at::Tensor augment(const at::Tensor& x, const std::string& policy, Random& random);

}  // namespace linmo::train
