// SPDX-License-Identifier: Apache-2.0
// AnimeGANv2's generator (Chen 2020) with the layer names of its PyTorch port, bryandlee/animegan2-pytorch.
// Pictures in [−1, 1]. Its norms look at the whole picture.
#pragma once

#include "linmo/net/description.h"

namespace linmo::net {

Description anime_gan_v2();

}  // namespace linmo::net
