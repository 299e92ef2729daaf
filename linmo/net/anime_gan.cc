// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/anime_gan.h"

#include <fmt/format.h>

#include "linmo/net/builder.h"

namespace linmo::net {
namespace {

class AnimeGan {
 public:
  explicit AnimeGan(Builder& b) : b_(b) {}

  // Reflection, convolution, norm over C × H × W, LeakyReLU; inside a Sequential the convolution is module 1
  // and the norm module 2.
  void unit(const std::string& name, int in, int out, int kernel = 3, int stride = 1, int groups = 1) {
    if (stride == 2)
      b_.add(Pad{PadMode::reflect, 0, 1, 0, 1});
    else if (kernel > 1)
      b_.pad(PadMode::reflect, kernel / 2);
    const bool bias = groups > 1;
    b_.add(Conv{in, out, kernel, kernel, stride, 0, 0, groups, bias, false}, name + ".1");
    norm(name + ".2", out);
    b_.leaky_relu(0.2);
  }
  void inverted_block(const std::string& name, int in, int out) {
    const int input = b_.last();
    const int middle = 2 * in;
    unit(name + ".layers.0", in, middle, 1);
    unit(name + ".layers.1", middle, middle, 3, 1, middle);
    b_.conv(name + ".layers.2", middle, out, 1, 1, 0, false);
    norm(name + ".layers.3", out);
    if (in == out) b_.join(Add{}, {input, b_.last()});
  }

 private:
  void norm(const std::string& name, int channels) {
    b_.add(Norm{NormKind::layer, channels, true, 1e-5, 0.1, 1}, name);
  }
  Builder& b_;
};

}  // namespace

Description anime_gan_v2() {
  Builder b("anime_gan_v2", 3);
  AnimeGan g(b);
  g.unit("block_a.0", 3, 32, 7);
  g.unit("block_a.1", 32, 64, 3, 2);
  g.unit("block_a.2", 64, 64);
  g.unit("block_b.0", 64, 128, 3, 2);
  g.unit("block_b.1", 128, 128);
  g.unit("block_c.0", 128, 128);
  g.inverted_block("block_c.1", 128, 256);
  for (int i = 2; i <= 4; ++i) g.inverted_block(fmt::format("block_c.{}", i), 256, 256);
  g.unit("block_c.5", 256, 128);
  b.add(Upsample{Interpolation::bilinear, 2, true});
  g.unit("block_d.0", 128, 128);
  g.unit("block_d.1", 128, 128);
  b.add(Upsample{Interpolation::bilinear, 2, true});
  g.unit("block_e.0", 128, 64);
  g.unit("block_e.1", 64, 64);
  g.unit("block_e.2", 64, 32, 7);
  b.conv("out_layer.0", 32, 3, 1, 1, 0, false);
  b.tanh();
  b.description().size_multiple = 4;
  return b.finish();
}

}  // namespace linmo::net
