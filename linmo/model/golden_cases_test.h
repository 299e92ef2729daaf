// SPDX-License-Identifier: Apache-2.0
// The networks of tests/golden/make_networks.py, as this project describes them.
#pragma once

#include <string>
#include <vector>

#include "linmo/net/builder.h"
#include "linmo/net/discriminators.h"
#include "linmo/net/generators.h"

namespace linmo::golden {

struct Case {
  std::string file, name;
  net::Description network;
  std::vector<int64_t> input;  // N × C × H × W
  bool train = true;           // batch norm uses the batch's statistics
};

inline net::Description resnet(net::NormChoice norm, net::PadMode padding, net::Decoder decoder,
                               bool antialias_down = false, bool dropout = false, int blocks = 1,
                               int ngf = 4) {
  net::ResnetOptions o;
  o.ngf = ngf;
  o.blocks = blocks;
  o.norm = norm;
  o.padding = padding;
  o.decoder = decoder;
  o.antialias_down = antialias_down;
  o.dropout = dropout;
  return net::resnet(o);
}

inline std::vector<Case> generator_cases() {
  using N = net::NormChoice;
  using P = net::PadMode;
  using D = net::Decoder;
  const std::string a = "networks_resnet", b = "networks_other";
  return {
      {a, "resnet_cyclegan", resnet(N::instance, P::reflect, D::transposed), {2, 3, 16, 20}},
      {a, "resnet_batch", resnet(N::batch, P::zero, D::resize), {2, 3, 20, 16}},
      {a,
       "resnet_batch_eval",
       resnet(N::batch, P::reflect, D::transposed, false, true),
       {1, 3, 16, 16},
       false},
      {a,
       "resnet_dropout_zero",
       resnet(N::instance, P::zero, D::transposed, false, true),
       {1, 3, 16, 16},
       false},
      {a, "resnet_none", resnet(N::none, P::replicate, D::transposed), {1, 3, 16, 24}},
      {a, "resnet_resize", resnet(N::instance, P::replicate, D::resize, false, false, 2), {1, 3, 16, 16}},
      {a, "resnet_down", resnet(N::batch, P::replicate, D::transposed, true), {2, 3, 16, 16}},
      {a, "resnet_up", resnet(N::none, P::reflect, D::antialias), {1, 3, 12, 16}},
      {a, "resnet_cut", resnet(N::instance, P::reflect, D::antialias, true, false, 5, 2), {2, 3, 16, 20}},
      {a, "resnet_taps", resnet(N::instance, P::reflect, D::transposed, false, false, 7, 2), {1, 3, 16, 20}},
      {b, "unet", net::unet({3, 3, 2, 5, N::batch, false}), {2, 3, 32, 64}},
      {b, "unet_eval", net::unet({3, 3, 2, 5, N::batch, true}), {1, 3, 32, 32}, false},
      {b, "unet_instance", net::unet({3, 3, 2, 5, N::instance, false}), {1, 3, 64, 32}},
      {b, "seed", net::seed_generator(), {2, 3, 4, 3}},
      {b, "seed_eval", net::seed_generator(), {1, 3, 5, 6}, false},
      {b, "compact", net::compact({3, 3, 4, 2, N::instance}), {2, 3, 20, 16}},
      {b, "compact_batch", net::compact({3, 3, 4, 3, N::batch}), {2, 3, 12, 16}},
      {b, "compact_residual", net::compact({3, 3, 2, 1, N::instance, true}), {1, 3, 12, 16}},
  };
}

inline std::vector<Case> discriminator_cases() {
  using N = net::NormChoice;
  const std::string f = "networks_discriminators";
  return {
      {f, "patch1", net::patch_discriminator({3, 4, 1, N::instance}), {2, 3, 16, 20}},
      {f, "patch2", net::patch_discriminator({6, 4, 2, N::batch}), {2, 6, 20, 24}},
      {f, "patch3", net::patch_discriminator({3, 4, 3, N::instance}), {1, 3, 32, 40}},
      {f, "patch4", net::patch_discriminator({3, 2, 4, N::none}), {1, 3, 48, 64}},
      {f, "patch5", net::patch_discriminator({3, 2, 5, N::instance}), {1, 3, 128, 96}},
      {f, "patch3_batch_eval", net::patch_discriminator({3, 2, 3, N::batch}), {1, 3, 32, 32}, false},
      {f, "pixel", net::pixel_discriminator(3, 4, N::instance), {2, 3, 9, 7}},
      {f, "pixel_batch", net::pixel_discriminator(3, 4, N::batch), {2, 3, 9, 7}},
      {f, "multiscale", net::multiscale_discriminator({3, 4, 2, N::instance}, 3), {1, 3, 50, 64}},
      {f, "spectral", net::patch_discriminator({3, 4, 3, N::none, true}), {2, 3, 32, 32}},
      {f, "spectral_instance", net::patch_discriminator({3, 4, 2, N::instance, true}), {1, 3, 20, 24}},
  };
}

// tests/golden/make_recurrent.py: three frames each.
inline std::vector<Case> recurrent_cases() {
  using N = net::NormChoice;
  const std::string f = "recurrent";
  return {
      {f, "instance", net::compact({3, 3, 4, 3, N::instance, false, true}), {2, 3, 16, 12}},
      {f, "batch", net::compact({3, 3, 2, 2, N::batch, true, true}), {1, 3, 12, 20}, false},
  };
}

}  // namespace linmo::golden
