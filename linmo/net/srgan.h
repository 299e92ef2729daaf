// SPDX-License-Identifier: Apache-2.0
// SRResNet, the generator of SRGAN (Ledig 2017), with the layer names of leftthomas/SRGAN. It enlarges the
// picture 2^upsamples-fold. Trained on [0, 1] pictures; the description takes and gives [−1, 1].
#pragma once

#include "linmo/net/description.h"

namespace linmo::net {

struct SrganOptions {
  int features = 64, blocks = 5;
  int upsamples = 2;  // each doubles both sides
  // After the residual blocks' last convolution: a batch norm (the paper), or a PReLU (files of 2017).
  bool last_norm = true;
};
Description srgan(const SrganOptions& options);

}  // namespace linmo::net
