// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/convolution.h"

#include "linmo/train/optimiser.h"
#include "linmo/train/twins_test.h"

namespace linmo::train {
namespace {

using at::Tensor;

struct Case {
  at::ScalarType type;
  double tolerance;  // fp32: sums of up to 2,000 products; bf16 results keep 8 bits
};
const std::vector<Case> kTypes = {{at::kFloat, 5e-6}, {at::kBFloat16, 2e-2}, {at::kDouble, 1e-12}};

at::ScalarType parameter_type(at::ScalarType type) {
  return type == at::kDouble ? at::kDouble : at::kFloat;
}

// The twin in double precision, on the same rounded pictures; its weights rounded as the fast path rounds
// them.
Tensor rounded(const Tensor& weight, at::ScalarType type) {
  return weight.to(type).to(at::kDouble);
}

TEST(Convolution, EqualsItsTwin) {
  struct Shape {
    int in, out, kernel, stride, pad;
    std::vector<int64_t> picture;
  };
  for (const Shape& s : std::vector<Shape>{{3, 16, 7, 1, 0, {1, 3, 14, 12}},
                                           {16, 3, 7, 1, 0, {2, 16, 14, 12}},  // four results at once
                                           {16, 3, 7, 1, 3, {1, 16, 8, 6}},    // with padding
                                           {16, 3, 7, 1, 0, {1, 16, 13, 12}},  // an odd height: one at a time
                                           {5, 1, 4, 1, 1, {1, 5, 7, 9}},
                                           {5, 7, 3, 2, 1, {3, 5, 9, 5}},
                                           {32, 48, 4, 2, 1, {1, 32, 16, 18}},
                                           {17, 33, 1, 1, 0, {1, 17, 1, 5}},
                                           {8, 8, 3, 1, 1, {1, 8, 1, 1}}}) {
    for (const Case& c : kTypes) {
      for (const bool bias : {false, true}) {
        SCOPED_TRACE(::testing::Message() << s.in << " -> " << s.out << " kernel " << s.kernel << " type "
                                          << c.type << " bias " << bias);
        net::Conv op;
        op.in = s.in;
        op.out = s.out;
        op.kernel_h = op.kernel_w = s.kernel;
        op.stride = s.stride;
        op.pad_h = op.pad_w = s.pad;
        op.bias = bias;
        const auto wide = parameter_type(c.type);
        const Tensor x = picture(s.picture, c.type, 1);
        const Tensor w = rounded(at::randn({s.out, s.in, s.kernel, s.kernel}, wide) * 0.1, c.type).to(wide);
        const Tensor b = bias ? at::randn({s.out}, wide) : Tensor();
        const auto state = make_convolution_state();
        expect_same(
            [&](const std::vector<Tensor>& in) { return convolution(in[0], in[1], in[2], op, state, true); },
            [&](const std::vector<Tensor>& in) {
              const auto d = [](const Tensor& t) { return t.defined() ? t.to(at::kDouble) : t; };
              return convolution_plain(d(in[0]), d(in[1]), d(in[2]), op).to(c.type);
            },
            {x, w, b}, c.tolerance);
      }
    }
  }
}

TEST(Convolution, TransposedEqualsItsTwin) {
  struct Shape {
    int kernel, stride, pad, output_pad;
  };
  for (const Shape s : {Shape{3, 2, 1, 1}, Shape{4, 2, 1, 0}, Shape{2, 2, 0, 0}, Shape{6, 3, 2, 1},
                        Shape{5, 1, 2, 0}, Shape{3, 2, 1, 0}}) {
    for (const Case& c : kTypes) {
      for (const bool bias : {false, true}) {
        SCOPED_TRACE(::testing::Message() << "kernel " << s.kernel << " type " << c.type << " bias " << bias);
        const net::ConvTranspose op{16, 8, s.kernel, s.stride, s.pad, s.output_pad, bias};
        const auto wide = parameter_type(c.type);
        const Tensor x = picture({2, 16, 5, 6}, c.type, 6);
        const Tensor w = rounded(at::randn({16, 8, s.kernel, s.kernel}, wide) * 0.1, c.type).to(wide);
        const Tensor b = bias ? at::randn({8}, wide) : Tensor();
        const auto state = make_convolution_state();
        expect_same(
            [&](const std::vector<Tensor>& in) {
              return transposed_convolution(in[0], in[1], in[2], op, state, true);
            },
            [&](const std::vector<Tensor>& in) {
              const auto d = [](const Tensor& t) { return t.defined() ? t.to(at::kDouble) : t; };
              return transposed_convolution_plain(d(in[0]), d(in[1]), d(in[2]), op).to(c.type);
            },
            {x, w, b}, c.tolerance);
      }
    }
  }
}

net::Conv square(int in, int out) {
  net::Conv op;
  op.in = in;
  op.out = out;
  op.pad_h = op.pad_w = 1;
  op.bias = false;
  return op;
}

TEST(Convolution, SeesWeightsThatHaveChanged) {
  const net::Conv op = square(4, 8);
  const auto state = make_convolution_state();
  const Tensor x = picture({1, 4, 6, 6}, at::kFloat, 1);
  Tensor w = at::randn({8, 4, 3, 3}).set_requires_grad(true);
  const auto agrees = [&] {
    const Tensor fast = convolution(x, w.detach(), {}, op, state, true);
    return at::allclose(fast, convolution_plain(x, w.detach(), {}, op), 1e-5, 1e-5);
  };
  EXPECT_TRUE(agrees());
  {
    const at::NoGradGuard guard;
    w.mul_(2);
  }
  EXPECT_TRUE(agrees()) << "after a libtorch operation";
  Adam adam({w}, {.rate = 0.1});
  convolution(x, w, {}, op, state, true).sum().backward();
  adam.step(1);
  EXPECT_TRUE(agrees()) << "after the optimiser";
}

TEST(Convolution, RunsBackwardsWithTheWeightsItRanForwardsWith) {
  const net::Conv op = square(4, 8);
  const auto state = make_convolution_state();
  Tensor x = picture({1, 4, 6, 6}, at::kFloat, 1).set_requires_grad(true);
  Tensor w = at::randn({8, 4, 3, 3});
  Tensor plain_x = x.detach().clone().set_requires_grad(true);
  convolution_plain(plain_x, w.clone(), {}, op).sum().backward();
  const Tensor y = convolution(x, w, {}, op, state, true);
  w.mul_(3);
  convolution(x.detach(), w, {}, op, state, true);  // packs the new ones
  y.sum().backward();
  EXPECT_TRUE(at::allclose(x.grad(), plain_x.grad(), 1e-5, 1e-5));
}

}  // namespace
}  // namespace linmo::train
