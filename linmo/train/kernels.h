// SPDX-License-Identifier: Apache-2.0
// The operations between the convolutions, on channels-last CPU tensors (N × H × W × C in memory), each one
// pass over memory where libtorch takes several. All are differentiable once. fp64, fp32 and bf16; statistics
// and sums are fp32 or wider. Sums run over blocks of fixed size, so results do not depend on the thread
// count. Every function has a plain twin made of libtorch operations (kernels_test.cc compares them).
#pragma once

#include <ATen/core/Tensor.h>

#include "linmo/net/description.h"

namespace linmo::train {

// What may follow an instance norm within the same pass.
struct NormEpilogue {
  enum class Kind { none, relu, leaky_relu } kind = Kind::none;
  double slope = 0;  // leaky_relu
};

// Instance norm (Ulyanov 2016, biased variance), optional affine [C], or [N, C] with a row for each picture,
// activation, optional sum with `residual` (after the activation): act(γ·(x − mean)/√(var + eps) + β) +
// residual.
at::Tensor instance_norm(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta, double eps,
                         NormEpilogue epilogue, const at::Tensor& residual);
at::Tensor instance_norm_plain(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                               double eps, NormEpilogue epilogue, const at::Tensor& residual);

// x += bias [C], in place; x is channels-last already and no part of a graph. Throws ErrorKind::usage.
void add_bias(const at::Tensor& x, const at::Tensor& bias);
// Sums over N, H and W: [C], fp64 of fp64, otherwise fp32. Not differentiable.
at::Tensor channel_sums(const at::Tensor& x);

at::Tensor pad(const at::Tensor& x, const net::Pad& pad);
at::Tensor pad_plain(const at::Tensor& x, const net::Pad& pad);

// Nearest neighbour, × factor.
at::Tensor upsample_nearest(const at::Tensor& x, int factor);
at::Tensor upsample_nearest_plain(const at::Tensor& x, int factor);

}  // namespace linmo::train
