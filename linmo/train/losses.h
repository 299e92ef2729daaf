// SPDX-License-Identifier: Apache-2.0
// Losses on fp32 tensors; every one is a mean, so values do not depend on the picture's size.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "linmo/core/random.h"

namespace linmo::train {

// What a discriminator's logits are worth. `real` and `fake` are the maps of one or more scales; the loss is
// the mean over scales.
//   log            Goodfellow 2014: D maximises log σ(real) + log(1 − σ(fake)). G maximises log σ(fake), or
//   with
//                  `saturating` minimises log(1 − σ(fake)) as the minimax game says.
//   cross_entropy  the same through binary cross-entropy with logits, with targets that can be smoothed
//                  (one-sided, Salimans 2016): real = 1 − label_smoothing.
//   least_squares  Mao 2017, targets 1 and 0: CycleGAN's and CUT's.
//   hinge          Lim & Ye 2017.
//   wasserstein    Arjovsky 2017; needs gradient_penalty().
enum class GanLossKind { log, cross_entropy, least_squares, hinge, wasserstein };

struct GanLoss {
  GanLossKind kind = GanLossKind::least_squares;
  double label_smoothing = 0;
  bool saturating = false;  // log only

  at::Tensor discriminator_real(const std::vector<at::Tensor>& real) const;
  at::Tensor discriminator_fake(const std::vector<at::Tensor>& fake) const;
  // What a discriminator minimises: half the sum of the two parts (CycleGAN, CUT, pix2pix), but for
  // Wasserstein's and hinge their sum.
  at::Tensor discriminator(const std::vector<at::Tensor>& real, const std::vector<at::Tensor>& fake) const;
  at::Tensor generator(const std::vector<at::Tensor>& fake) const;
};
GanLossKind gan_loss_from_name(const std::string& name);
const std::vector<std::string>& gan_loss_names();

// E[(‖∇ critic(x̂)‖₂ − 1)²], x̂ = α·real + (1 − α)·fake (Gulrajani 2017). `alpha`: N × 1 × 1 × 1. `critic` must
// be twice differentiable (Pass::plain). Logits are summed over places, as the official code does.
at::Tensor gradient_penalty(const std::function<std::vector<at::Tensor>(const at::Tensor&)>& critic,
                            const at::Tensor& real, const at::Tensor& fake, const at::Tensor& alpha);
// R1 (Mescheder 2018): E[‖∇ D(real)‖²]; the caller multiplies by γ/2.
at::Tensor r1_penalty(const std::function<std::vector<at::Tensor>(const at::Tensor&)>& critic,
                      const at::Tensor& real);

// PatchNCE (Park 2020, eq. 3): query and key are P × C features of the same places (unit length), P/`batch`
// of them a picture; the other places of the same picture are the negatives. Keys carry no gradient. Mean
// over P.
at::Tensor patch_nce(const at::Tensor& query, const at::Tensor& key, int64_t batch, double temperature);

}  // namespace linmo::train
