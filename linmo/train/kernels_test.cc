// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/kernels.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/train/twins_test.h"

namespace linmo::train {
namespace {

using at::Tensor;

// Awkward sizes: one pixel wide, odd channels, several blocks of 256 pixels.
const std::vector<std::vector<int64_t>> kShapes = {
    {1, 3, 5, 1}, {2, 1, 7, 3}, {1, 17, 33, 29}, {3, 32, 8, 8}, {1, 5, 1, 600}};

struct Case {
  at::ScalarType type;
  double
      tolerance;  // rounding of the stored values: bf16 keeps 8 bits, and sums over a picture of them differ
};
const std::vector<Case> kTypes = {{at::kDouble, 1e-12}, {at::kFloat, 2e-5}, {at::kBFloat16, 3e-2}};

TEST(Kernels, InstanceNormEqualsItsTwin) {
  for (const Case& type : kTypes) {
    for (const auto& shape : kShapes) {
      const Tensor x = picture(shape, type.type, 1), residual = picture(shape, type.type, 2);
      const auto wide = type.type == at::kDouble ? at::kDouble : at::kFloat;
      // For all pictures, and a row for each.
      const std::vector<std::pair<Tensor, Tensor>> affine = {
          {Tensor(), Tensor()},
          {at::rand({shape[1]}, wide) + 0.5, at::randn({shape[1]}, wide)},
          {at::rand({shape[0], shape[1]}, wide) + 0.5, at::randn({shape[0], shape[1]}, wide)}};
      using Kind = NormEpilogue::Kind;
      for (const NormEpilogue e :
           {NormEpilogue{Kind::none, 0}, NormEpilogue{Kind::relu, 0}, NormEpilogue{Kind::leaky_relu, 0.2}}) {
        for (const auto& [gamma, beta] : affine) {
          for (const bool with_residual : {false, true}) {
            SCOPED_TRACE(::testing::Message()
                         << "channels " << shape[1] << " epilogue " << static_cast<int>(e.kind) << " affine "
                         << gamma << " type " << type.type);
            const auto call = [&](auto norm) {
              return [=](const std::vector<Tensor>& in) { return norm(in[0], in[1], in[2], 1e-5, e, in[3]); };
            };
            expect_same(call(instance_norm), call(instance_norm_plain),
                        {x, gamma, beta, with_residual ? residual : Tensor()}, type.tolerance);
          }
        }
      }
    }
  }
}

TEST(Kernels, InstanceNormDoesNotDependOnThreads) {
  const Tensor x = picture({2, 24, 61, 47}, at::kFloat, 5);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor one = instance_norm(x, {}, {}, 1e-5, {}, {});
  at::set_num_threads(2);
  const Tensor two = instance_norm(x, {}, {}, 1e-5, {}, {});
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one, two));
}

TEST(Kernels, BiasAndSumsOfChannelsEqualTheirTwins) {
  for (const Case& type : kTypes) {
    for (const auto& shape : kShapes) {
      const Tensor x = picture(shape, type.type, 7).contiguous(at::MemoryFormat::ChannelsLast);
      const auto wide = type.type == at::kDouble ? at::kDouble : at::kFloat;
      const Tensor bias = at::randn({shape[1]}, wide);
      const Tensor expected = (x.to(at::kDouble) + bias.view({1, -1, 1, 1})).to(type.type);
      const Tensor sums = channel_sums(x), expected_sums = at::sum(x.to(at::kDouble), {0, 2, 3});
      EXPECT_EQ(sums.scalar_type(), wide);
      EXPECT_TRUE(at::allclose(sums.to(at::kDouble), expected_sums, 1e-5, 1e-4)) << shape[1] << type.type;
      const Tensor y = x.clone();
      add_bias(y, bias);
      // Rounded once either way; fp32's sum may round twice.
      EXPECT_TRUE(at::allclose(y.to(at::kDouble), expected.to(at::kDouble), type.tolerance, type.tolerance))
          << shape[1] << type.type;
    }
  }
  EXPECT_THROW(add_bias(at::zeros({1, 3, 4, 4}), at::zeros({3})), Error);
}

TEST(Kernels, PadEqualsItsTwin) {
  for (const Case& type : kTypes) {
    if (type.type == at::kBFloat16)
      continue;  // libtorch 1.13 cannot reflect bf16; the copies below are type-blind
    for (const net::PadMode mode : {net::PadMode::zero, net::PadMode::reflect, net::PadMode::replicate}) {
      for (const auto& p :
           {net::Pad{mode, 3, 3, 3, 3}, net::Pad{mode, 0, 1, 0, 1}, net::Pad{mode, 2, 0, 1, 3}}) {
        expect_same([&](const std::vector<Tensor>& in) { return pad(in[0], p); },
                    [&](const std::vector<Tensor>& in) { return pad_plain(in[0], p); },
                    {picture({2, 5, 6, 9}, type.type, 3)}, type.tolerance);
      }
    }
  }
}

TEST(Kernels, PadOfBf16EqualsFp32) {
  const Tensor x = picture({1, 9, 7, 6}, at::kBFloat16, 3);
  for (const net::PadMode mode : {net::PadMode::zero, net::PadMode::reflect, net::PadMode::replicate}) {
    const net::Pad p{mode, 3, 2, 1, 3};
    expect_same(
        [&](const std::vector<Tensor>& in) { return pad(in[0], p); },
        [&](const std::vector<Tensor>& in) { return pad_plain(in[0].to(at::kFloat), p).to(at::kBFloat16); },
        {x}, 1e-2);
  }
}

TEST(Kernels, UpsampleEqualsItsTwin) {
  for (const Case& type : kTypes) {
    for (const int factor : {1, 2, 3}) {
      expect_same([&](const std::vector<Tensor>& in) { return upsample_nearest(in[0], factor); },
                  [&](const std::vector<Tensor>& in) {
                    return upsample_nearest_plain(in[0].to(at::kDouble), factor).to(type.type);
                  },
                  {picture({2, 5, 4, 7}, type.type, 4)}, type.tolerance);
    }
  }
}

}  // namespace
}  // namespace linmo::train
