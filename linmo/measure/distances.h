// SPDX-License-Identifier: Apache-2.0
// Distances between two sets of feature vectors. On InceptionV3's 2048 features these are FID and KID; on
// others they are the same formulas under another name.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linmo/core/events.h"

namespace linmo::measure {

// One row a picture.
struct Features {
  int64_t count = 0, dimensions = 0;
  std::vector<float> values;  // count × dimensions

  std::span<const float> row(int64_t i) const {
    return std::span(values).subspan(static_cast<size_t>(i * dimensions), static_cast<size_t>(dimensions));
  }
};

// The features themselves where there are no more than `most`, else so many of them, drawn by seed and
// stream.
Features at_most(const Features& features, int64_t most, uint64_t seed, uint64_t stream);

// Mean and covariance (divided by count − 1, as numpy.cov).
struct Gaussian {
  int64_t dimensions = 0;
  std::vector<double> mean;
  std::vector<double> covariance;  // dimensions × dimensions
};

Gaussian gaussian(const Features& features);  // throws ErrorKind::usage for fewer than two rows

// Squared Fréchet distance of two normal distributions (Dowson & Landau 1982; Heusel et al. 2017, "FID"):
// |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½), in double precision. Singular covariances are no special case: the
// trace of the root is the sum of the roots of the eigenvalues of Lᵀ Σ₂ L with Σ₁ = L Lᵀ, all real and ≥ 0.
double frechet_distance(const Gaussian& a, const Gaussian& b);

// The same from the features. With fewer pictures than features (the usual case) the trace of the root is the
// sum of the singular values of X₁X₂ᵀ / √((n₁−1)(n₂−1)), X the centred features: exact, and far cheaper.
double frechet_distance(const Features& a, const Features& b);

struct KernelSettings {
  int subsets = 100;
  int64_t subset_size = 1000;  // pictures of each set in a subset
  int64_t most = 5000;         // of a larger set so many are drawn once, and only these are looked at
  uint64_t seed = 0;
  int threads = 0;  // 0: all; the result does not depend on it
};

// Squared maximum mean discrepancy with the kernel (x·y/d + 1)³, unbiased, so it may be slightly negative
// (Bińkowski, Sutherland, Arbel & Gretton 2018, "KID").
struct KernelDistance {
  double mean = 0, deviation = 0;  // over the subsets, as torch-fidelity computes them (deviation with 1/n)
  double all = 0;                  // one estimate from all pictures
  int64_t subset_size = 0;         // that was used
};

// A set with no more than subset_size pictures makes the subsets half as large as the smaller set, for
// subsets that are the whole set have no spread to report. Throws ErrorKind::usage for fewer than two
// pictures or different dimensions, ErrorKind::cancelled when the sink asks to stop.
KernelDistance kernel_distance(const Features& a, const Features& b, const KernelSettings& settings = {},
                               EventSink& sink = null_sink());

}  // namespace linmo::measure
