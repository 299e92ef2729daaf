// SPDX-License-Identifier: Apache-2.0
// Discriminators: picture → map (or maps) of logits; never a sigmoid, the losses take logits.
#pragma once

#include <string>
#include <vector>

#include "linmo/net/description.h"
#include "linmo/net/generators.h"

namespace linmo::net {

// Isola 2017, "NLayerDiscriminator" of the official code; 3 layers see 70 × 70 pixels.
struct PatchOptions {
  int in = 3, ndf = 64, layers = 3;
  NormChoice norm = NormChoice::instance;
  bool spectral_norm = false;
};
Description patch_discriminator(const PatchOptions& options);

// 1 × 1 convolutions: judges colour alone.
Description pixel_discriminator(int in, int ndf, NormChoice norm, bool spectral_norm = false);

// Wang 2018 (pix2pixHD): `scales` PatchGANs, each on half the size of the one before (average pool 3 × 3,
// stride 2, padding not counted). outputs[0] is the full-size one.
Description multiscale_discriminator(const PatchOptions& options, int scales);

struct DiscriminatorChoice {
  std::string name = "patch";  // patch (= basic, n_layers), pixel, multiscale
  int in = 3, ndf = 64, layers = 3, scales = 2;
  std::string norm = "instance";
  bool spectral_norm = false;
};
Description make_discriminator(const DiscriminatorChoice& choice);
std::vector<std::string> discriminator_names();

}  // namespace linmo::net
