// SPDX-License-Identifier: Apache-2.0
// Any bytes: probing and decoding end with an answer or an Error, and they agree on the size.
#include <cstdint>
#include <cstdlib>

#include "linmo/image/codec.h"
#include "linmo/image/exif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  // Any bytes as an EXIF block, or as the TIFF that one is taken from.
  const auto upright = linmo::exif_upright(bytes);
  if (linmo::exif_orientation(upright) != 1 || upright.size() > size) std::abort();
  const auto taken = linmo::exif_of_tiff(bytes);
  if (linmo::exif_of_tiff(taken) != taken) std::abort();
  if (!taken.empty()) linmo::exif_for_tiff(taken, 8, size % 2 == 0);
  std::vector<std::string> warnings;
  linmo::DecodeOptions options;
  options.limits.max_pixels = 1 << 16;
  options.limits.max_side = 1 << 12;
  options.keep_16_bit = size % 2 == 0;
  options.warnings = &warnings;
  try {
    const linmo::ImageInfo info = linmo::probe_image(bytes, options.limits, "input");
    if (linmo::exif_orientation(linmo::exif_upright(info.exif)) != 1) std::abort();
    const linmo::Image image = linmo::decode_image(bytes, options, "input");
    if (image.width() != info.width || image.height() != info.height || image.channels() != info.channels) {
      std::abort();
    }
    options.shrink_to_side = 4;
    linmo::decode_image(bytes, options, "input");
  } catch (const linmo::Error&) {
    // Refused, as it should be.
  }
  return 0;
}
