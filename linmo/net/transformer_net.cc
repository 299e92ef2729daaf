// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/transformer_net.h"

#include <fmt/format.h>

#include "linmo/net/builder.h"

namespace linmo::net {

Description transformer_net(const TransformerNetOptions& o) {
  Builder b("transformer_net", 3);
  const int w = o.width;
  const auto conv = [&](const std::string& name, int in, int out, int kernel, int stride) {
    b.pad(PadMode::reflect, kernel / 2);
    b.conv(name + ".conv2d", in, out, kernel, stride, 0);
  };
  const auto norm = [&](const std::string& name, int channels) {
    b.add(Norm{NormKind::instance, channels, true, 1e-5, 0.1, 1}, name);
  };
  b.add(ScaleShift{{127.5}, {127.5}});
  conv("conv1", 3, w, 9, 1), norm("in1", w), b.relu();
  conv("conv2", w, 2 * w, 3, 2), norm("in2", 2 * w), b.relu();
  conv("conv3", 2 * w, 4 * w, 3, 2), norm("in3", 4 * w), b.relu();
  for (int i = 1; i <= o.blocks; ++i) {
    const std::string block = fmt::format("res{}", i);
    const int input = b.last();
    conv(block + ".conv1", 4 * w, 4 * w, 3, 1), norm(block + ".in1", 4 * w), b.relu();
    conv(block + ".conv2", 4 * w, 4 * w, 3, 1), norm(block + ".in2", 4 * w);
    b.join(Add{}, {input, b.last()});
  }
  b.add(Upsample{Interpolation::nearest, 2, false});
  conv("deconv1", 4 * w, 2 * w, 3, 1), norm("in4", 2 * w), b.relu();
  b.add(Upsample{Interpolation::nearest, 2, false});
  conv("deconv2", 2 * w, w, 3, 1), norm("in5", w), b.relu();
  conv("deconv3", w, 3, 9, 1);
  // y = x / 127.5 − 1, clamped to [−1, 1]: 1 − relu(2 − relu(y + 1)).
  b.add(ScaleShift{{1 / 127.5}, {0}});
  b.relu();
  b.add(ScaleShift{{-1}, {2}});
  b.relu();
  b.add(ScaleShift{{-1}, {1}});
  b.description().size_multiple = 4;
  return b.finish();
}

}  // namespace linmo::net
