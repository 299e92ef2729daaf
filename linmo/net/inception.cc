// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/inception.h"

#include "linmo/net/builder.h"

namespace linmo::net {
namespace {

// Every convolution is followed by a batch norm and a ReLU. Reductions to half the size have no padding.
class Inception {
 public:
  explicit Inception(InceptionVariant variant) : variant_(variant), b_("inception_v3", 3) {}

  int conv(const std::string& name, int in, int out, int kh, int kw, int stride, bool pad, int from) {
    const int ph = pad ? kh / 2 : 0, pw = pad ? kw / 2 : 0;
    b_.add(Conv{in, out, kh, kw, stride, ph, pw, 1, false, false}, name + ".conv", from);
    b_.add(Norm{NormKind::batch, out, true, 1e-3, 0.1, 1}, name + ".bn");
    return b_.relu();
  }
  int same(const std::string& name, int in, int out, int kh, int kw, int from) {
    return conv(name, in, out, kh, kw, 1, true, from);
  }
  int halve(int from) { return b_.add(Pool{true, 3, 2, 0, false}, {}, from); }
  int pool(int from, bool last = false) {
    const bool maximum = last && variant_ == InceptionVariant::fid;
    return b_.add(Pool{maximum, 3, 1, 1, variant_ == InceptionVariant::torchvision}, {}, from);
  }
  int join(std::vector<int> parts) { return b_.join(Concat{}, std::move(parts)); }

  int block_a(const std::string& n, int x, int in, int pooled) {
    const int one = same(n + ".branch1x1", in, 64, 1, 1, x);
    int five = same(n + ".branch5x5_1", in, 48, 1, 1, x);
    five = same(n + ".branch5x5_2", 48, 64, 5, 5, five);
    int three = same(n + ".branch3x3dbl_1", in, 64, 1, 1, x);
    three = same(n + ".branch3x3dbl_2", 64, 96, 3, 3, three);
    three = same(n + ".branch3x3dbl_3", 96, 96, 3, 3, three);
    return join({one, five, three, same(n + ".branch_pool", in, pooled, 1, 1, pool(x))});
  }
  int block_b(const std::string& n, int x, int in) {
    const int three = conv(n + ".branch3x3", in, 384, 3, 3, 2, false, x);
    int twice = same(n + ".branch3x3dbl_1", in, 64, 1, 1, x);
    twice = same(n + ".branch3x3dbl_2", 64, 96, 3, 3, twice);
    twice = conv(n + ".branch3x3dbl_3", 96, 96, 3, 3, 2, false, twice);
    return join({three, twice, halve(x)});
  }
  int block_c(const std::string& n, int x, int c) {
    const int one = same(n + ".branch1x1", 768, 192, 1, 1, x);
    int seven = same(n + ".branch7x7_1", 768, c, 1, 1, x);
    seven = same(n + ".branch7x7_2", c, c, 1, 7, seven);
    seven = same(n + ".branch7x7_3", c, 192, 7, 1, seven);
    int twice = same(n + ".branch7x7dbl_1", 768, c, 1, 1, x);
    twice = same(n + ".branch7x7dbl_2", c, c, 7, 1, twice);
    twice = same(n + ".branch7x7dbl_3", c, c, 1, 7, twice);
    twice = same(n + ".branch7x7dbl_4", c, c, 7, 1, twice);
    twice = same(n + ".branch7x7dbl_5", c, 192, 1, 7, twice);
    return join({one, seven, twice, same(n + ".branch_pool", 768, 192, 1, 1, pool(x))});
  }
  int block_d(const std::string& n, int x) {
    int three = same(n + ".branch3x3_1", 768, 192, 1, 1, x);
    three = conv(n + ".branch3x3_2", 192, 320, 3, 3, 2, false, three);
    int seven = same(n + ".branch7x7x3_1", 768, 192, 1, 1, x);
    seven = same(n + ".branch7x7x3_2", 192, 192, 1, 7, seven);
    seven = same(n + ".branch7x7x3_3", 192, 192, 7, 1, seven);
    seven = conv(n + ".branch7x7x3_4", 192, 192, 3, 3, 2, false, seven);
    return join({three, seven, halve(x)});
  }
  int block_e(const std::string& n, int x, int in, bool last) {
    const int one = same(n + ".branch1x1", in, 320, 1, 1, x);
    const int three = same(n + ".branch3x3_1", in, 384, 1, 1, x);
    const int three_a = same(n + ".branch3x3_2a", 384, 384, 1, 3, three);
    const int three_b = same(n + ".branch3x3_2b", 384, 384, 3, 1, three);
    int twice = same(n + ".branch3x3dbl_1", in, 448, 1, 1, x);
    twice = same(n + ".branch3x3dbl_2", 448, 384, 3, 3, twice);
    const int twice_a = same(n + ".branch3x3dbl_3a", 384, 384, 1, 3, twice);
    const int twice_b = same(n + ".branch3x3dbl_3b", 384, 384, 3, 1, twice);
    const int pooled = same(n + ".branch_pool", in, 192, 1, 1, pool(x, last));
    return join({one, three_a, three_b, twice_a, twice_b, pooled});
  }

  Description build() {
    int x = conv("Conv2d_1a_3x3", 3, 32, 3, 3, 2, false, 0);
    x = conv("Conv2d_2a_3x3", 32, 32, 3, 3, 1, false, x);
    x = same("Conv2d_2b_3x3", 32, 64, 3, 3, x);
    x = halve(x);
    x = same("Conv2d_3b_1x1", 64, 80, 1, 1, x);
    x = conv("Conv2d_4a_3x3", 80, 192, 3, 3, 1, false, x);
    x = halve(x);
    x = block_a("Mixed_5b", x, 192, 32);
    x = block_a("Mixed_5c", x, 256, 64);
    x = block_a("Mixed_5d", x, 288, 64);
    x = block_b("Mixed_6a", x, 288);
    x = block_c("Mixed_6b", x, 128);
    x = block_c("Mixed_6c", x, 160);
    x = block_c("Mixed_6d", x, 160);
    x = block_c("Mixed_6e", x, 192);
    x = block_d("Mixed_7a", x);
    x = block_e("Mixed_7b", x, 1280, false);
    x = block_e("Mixed_7c", x, 2048, true);
    b_.add(GlobalPool{}, {}, x);
    return b_.finish();
  }

 private:
  InceptionVariant variant_;
  Builder b_;
};

}  // namespace

Description make_inception(InceptionVariant variant) {
  return Inception(variant).build();
}

}  // namespace linmo::net
