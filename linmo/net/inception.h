// SPDX-License-Identifier: Apache-2.0
// InceptionV3 (Szegedy et al. 2016) up to its last average pooling: 3 × 299 × 299 in [−1, 1] → 2048 × 1 × 1,
// the features that FID and KID are computed on. Keys are torchvision's, which pytorch-fid uses too.
#pragma once

#include "linmo/net/description.h"

namespace linmo::net {

// Programs that carry InceptionV3 differ in the pooling branch of the mixed blocks.
enum class InceptionVariant {
  fid,          // pytorch-fid: averages leave the border's padding out; the last block takes the maximum
  torchvision,  // averages count the padding as zeros
  keras,        // averages leave the padding out
};

Description make_inception(InceptionVariant variant);

}  // namespace linmo::net
