// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace linmo::culture {

// |F|² of a real square of side n (a power of two, 8 … 4096), row-major; F is the unnormalised discrete
// Fourier transform (numpy.fft.fft2). Only the half plane that the other half mirrors: rows v = 0 … n−1,
// columns u = 0 … n/2, at v · (n/2 + 1) + u.
std::vector<double> power_spectrum(std::span<const double> square, int64_t n);

// Mean power at every whole radius 0 … n/2: frequencies (u, v) centred, ρ = round(√(u² + v²)), over the whole
// plane −n/2 … n/2 − 1.
std::vector<double> radial_mean(std::span<const double> power, int64_t n);

}  // namespace linmo::culture
