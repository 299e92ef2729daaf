// SPDX-License-Identifier: Apache-2.0
// How alike two pictures of one size are. Alpha is composed over white; any depth, on the scale 0 … 255.
// Every function throws ErrorKind::usage when the sizes differ.
#pragma once

#include <optional>

#include "linmo/image/image.h"
#include "linmo/measure/plane.h"

namespace linmo::measure {

// Mean absolute difference of the RGB samples, as a share of full scale: 0 (same) … 1.
double l1(const Image& a, const Image& b);

// Peak signal-to-noise ratio of the RGB samples [dB], 10·log10(255² / mean squared error); infinite for equal
// pictures.
double psnr(const Image& a, const Image& b);

// Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004): 11 × 11 Gaussian window with σ 1.5, K₁ =
// .01, K₂ = .03, L = 255, population covariances, mean over all places where the window lies wholly inside.
// −1 … 1, 1 = same. Nothing when a side is shorter than 11 px.
std::optional<double> ssim(const Plane& a, const Plane& b);
std::optional<double> ssim_rgb(const Image& a, const Image& b);   // mean of the three channels'
std::optional<double> ssim_luma(const Image& a, const Image& b);  // of BT.601 luma

// Multi-scale SSIM (Wang, Simoncelli & Bovik 2003) on luma: five scales with weights .0448, .2856, .3001,
// .2363, .1333, each the mean of 2 × 2 pixels of the one before (an odd last row or column counts double);
// contrast · structure of all scales, luminance of the coarsest. A negative factor counts as 0. 0 … 1.
// Nothing when a side is shorter than 161 px (11 at the coarsest scale).
std::optional<double> ms_ssim(const Image& a, const Image& b);

// Whether edges run the same way in the same places, whatever their colours. With the Sobel gradient g of
// luma (borders mirrored), each pixel gets the vector v = |g|·(cos 2θ, sin 2θ), θ the direction of g:
// doubled, so that light-to-dark and dark-to-light edges are one. The result is Σ v_a·v_b / √(Σ|v_a|² ·
// Σ|v_b|²): 1 for equal edges, 0 for unrelated ones, −1 when all edges stand at right angles. Two pictures
// without any edge give 1, one without against one with give 0.
double edge_orientation_correlation(const Image& a, const Image& b);

}  // namespace linmo::measure
