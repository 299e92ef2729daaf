// SPDX-License-Identifier: Apache-2.0
// Embedded colour profiles to sRGB through lcms2 (perceptual intent). Alpha passes untouched.
#pragma once

#include "linmo/image/codec.h"

namespace linmo {

// Converts 8- or 16-bit pixels in place. A profile that is damaged, or made for other pixels than these,
// leaves them as they are and adds a warning; one that amounts to sRGB already leaves them too.
void apply_profile(Image& image, std::span<const std::byte> icc, const DecodeOptions& options);

// Four-channel ink pixels (8 or 16 bit, CMYK order) → RGB of the same depth, by the profile, or by
// (1 − ink) × (1 − black) when there is none. `inverted`: full scale means no ink, as Adobe writes JPEGs.
Image cmyk_to_srgb(const Image& inks, bool inverted, std::span<const std::byte> icc,
                   const DecodeOptions& options);

// sRGB (IEC 61966-2-1), or its tone curve alone for grey pixels, as a profile to embed. The same bytes
// always.
std::vector<std::byte> srgb_profile(bool grey);

}  // namespace linmo
