// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/srgan.h"

#include <fmt/format.h>

#include "linmo/net/builder.h"
#include "linmo/net/norms.h"

namespace linmo::net {

Description srgan(const SrganOptions& o) {
  Builder b("srgan", 3);
  const int w = o.features;
  const auto prelu = [&](const std::string& name) { b.add(Activation{ActivationKind::prelu, 0, 1}, name); };
  b.add(ScaleShift{{0.5}, {0.5}});
  b.conv("block1.0", 3, w, 9, 1, 4);
  prelu("block1.1");
  const int first = b.last();
  for (int i = 0; i < o.blocks; ++i) {
    const std::string block = fmt::format("block{}", i + 2);
    const int input = b.last();
    b.conv(block + ".conv1", w, w, 3, 1, 1);
    add_norm(b, NormChoice::batch, w, block + ".bn1");
    prelu(block + ".prelu");
    b.conv(block + ".conv2", w, w, 3, 1, 1);
    add_norm(b, NormChoice::batch, w, block + ".bn2");
    b.join(Add{}, {input, b.last()});
  }
  const std::string last = fmt::format("block{}", o.blocks + 2);
  b.conv(last + ".0", w, w, 3, 1, 1);
  if (o.last_norm)
    add_norm(b, NormChoice::batch, w, last + ".1");
  else
    prelu(last + ".1");
  b.join(Add{}, {first, b.last()});
  const std::string up = fmt::format("block{}", o.blocks + 3);
  for (int i = 0; i < o.upsamples; ++i) {
    b.conv(fmt::format("{}.{}.conv", up, i), w, 4 * w, 3, 1, 1);
    b.add(PixelShuffle{2});
    prelu(fmt::format("{}.{}.prelu", up, i));
  }
  b.conv(fmt::format("{}.{}", up, o.upsamples), w, 3, 9, 1, 4);
  b.tanh();  // the original's (tanh + 1) / 2 in [0, 1] is tanh in [−1, 1]
  return b.finish();
}

}  // namespace linmo::net
