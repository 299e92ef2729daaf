// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/discriminators.h"

#include <algorithm>

#include "linmo/core/error.h"
#include "linmo/net/builder.h"
#include "linmo/net/norms.h"

namespace linmo::net {
namespace {

// Adds one PatchGAN that reads `from`; names are `prefix` + the module's index in the official Sequential.
int add_patch(Builder& b, const PatchOptions& o, const std::string& prefix, int from) {
  const bool bias = o.norm != NormChoice::batch;
  int index = 0;
  const auto conv = [&](int in, int out, int stride, bool with_bias, int source = -1) {
    return b.add(Conv{in, out, 4, 4, stride, 1, 1, 1, with_bias, o.spectral_norm},
                 fmt::format("{}{}", prefix, index++), source);
  };
  const auto activate = [&] {
    ++index;
    b.leaky_relu(0.2);
  };
  conv(o.in, o.ndf, 2, true, from);
  activate();
  int channels = o.ndf;
  for (int n = 1; n <= o.layers; ++n) {
    const int next = o.ndf * std::min(1 << n, 8);
    conv(channels, next, n == o.layers ? 1 : 2, bias);
    add_norm(b, o.norm, next, fmt::format("{}{}", prefix, index++));
    activate();
    channels = next;
  }
  return conv(channels, 1, 1, true);
}

void check(const PatchOptions& o) {
  if (o.layers < 1 || o.layers > 5)
    fail(ErrorKind::usage, "a patch discriminator has 1 … 5 layers, not {}", o.layers);
}

}  // namespace

Description patch_discriminator(const PatchOptions& o) {
  check(o);
  Builder b("n_layers", o.in);
  add_patch(b, o, "model.", 0);
  return b.finish();
}

Description pixel_discriminator(int in, int ndf, NormChoice norm, bool spectral_norm) {
  Builder b("pixel", in);
  const bool bias = norm != NormChoice::batch;
  const auto conv = [&](std::string name, int from, int to, bool with_bias) {
    b.add(Conv{from, to, 1, 1, 1, 0, 0, 1, with_bias, spectral_norm}, std::move(name));
  };
  conv("net.0", in, ndf, true);
  b.leaky_relu(0.2);
  conv("net.2", ndf, ndf * 2, bias);
  add_norm(b, norm, ndf * 2, "net.3");
  b.leaky_relu(0.2);
  conv("net.5", ndf * 2, 1, bias);
  return b.finish();
}

Description multiscale_discriminator(const PatchOptions& o, int scales) {
  check(o);
  if (scales < 1 || scales > 5)
    fail(ErrorKind::usage, "a multiscale discriminator has 1 … 5 scales, not {}", scales);
  Builder b("multiscale", o.in);
  int input = 0;
  for (int i = 0; i < scales; ++i) {
    if (i > 0) input = b.add(Pool{false, 3, 2, 1, false}, {}, input);
    // pix2pixHD numbers them from the smallest picture.
    b.output(add_patch(b, o, fmt::format("layer{}.", scales - 1 - i), input));
  }
  return b.finish();
}

std::vector<std::string> discriminator_names() {
  return {"patch", "pixel", "multiscale"};
}

Description make_discriminator(const DiscriminatorChoice& c) {
  const PatchOptions patch{c.in, c.ndf, c.layers, norm_from_name(c.norm), c.spectral_norm};
  if (c.name == "patch" || c.name == "basic" || c.name == "n_layers") return patch_discriminator(patch);
  if (c.name == "pixel") return pixel_discriminator(c.in, c.ndf, patch.norm, c.spectral_norm);
  if (c.name == "multiscale") return multiscale_discriminator(patch, c.scales);
  fail(ErrorKind::usage, "the discriminator \"{}\" is not known; choose one of: {}", c.name,
       fmt::join(discriminator_names(), ", "));
}

}  // namespace linmo::net
