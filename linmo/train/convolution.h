// SPDX-License-Identifier: Apache-2.0
// Convolutions through oneDNN, without what libtorch does around them in every call: weights are packed once
// a change (and turned into bf16 in the same pass), pictures are read and written channels-last as they lie,
// gradients of weights come out in fp32. fp32 and bf16; other types and grouped convolutions go through
// libtorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "linmo/net/description.h"

namespace linmo::train {

// The primitives and packed weights of one layer. Not for several threads at once.
class ConvolutionState;
std::shared_ptr<ConvolutionState> make_convolution_state();

// x: N × C × H × W. weight: the fp32 parameter, out × in × kernel × kernel; bias: fp32 or undefined.
// `constant` says that the weight changes only in ways that libtorch's version counter sees, so that its
// packed form may be kept. Differentiable once by x, weight and bias; the result has x's type.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const net::Conv& op, const std::shared_ptr<ConvolutionState>& state, bool constant);
at::Tensor convolution_plain(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                             const net::Conv& op);

// torch.nn.ConvTranspose2d, as the backward pass of a convolution: the same sums, and a path through oneDNN,
// which libtorch 1.13 lacks. weight: in × out × kernel × kernel.
at::Tensor transposed_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                  const net::ConvTranspose& op,
                                  const std::shared_ptr<ConvolutionState>& state, bool constant);
at::Tensor transposed_convolution_plain(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                        const net::ConvTranspose& op);

}  // namespace linmo::train
