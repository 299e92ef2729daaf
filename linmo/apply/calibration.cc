// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/calibration.h"

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::apply {

std::vector<engine::CalibrationPicture> calibration_pictures(const std::vector<std::filesystem::path>& paths,
                                                             const net::Description& network, int64_t count,
                                                             int64_t side, EventSink& events) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& path : paths) {
    for (const std::filesystem::path& file : list_files(path)) {
      if (file == path || is_picture_name(file)) files.push_back(file);
    }
  }
  const int64_t multiple = network.size_multiple;
  side = std::max<int64_t>(1, (side + multiple - 1) / multiple) * multiple;
  const int channels = network.in_channels();
  std::vector<engine::CalibrationPicture> pictures;
  const size_t step = std::max<size_t>(1, files.size() / static_cast<size_t>(std::max<int64_t>(1, count)));
  for (size_t i = 0; i < files.size() && static_cast<int64_t>(pictures.size()) < count; i += step) {
    events.check("reading pictures");
    try {
      DecodeOptions decoding;
      decoding.keep_16_bit = false;
      Image image = read_image(files[i], decoding);
      image = channels == 1 ? to_grey(to_rgb(image, 255)) : to_rgb(image, 255);
      const double scale =
          static_cast<double>(side) / static_cast<double>(std::min(image.width(), image.height()));
      const auto scaled = [&](int64_t length) {
        return std::max<int64_t>(side, std::llround(static_cast<double>(length) * scale));
      };
      const int64_t width = scaled(image.width()), height = scaled(image.height());
      image = crop(resize(image, width, height), (width - side) / 2, (height - side) / 2, side, side);
      engine::CalibrationPicture picture{side, side, {}};
      for (const uint8_t v : image.samples<uint8_t>())
        picture.values.push_back(static_cast<float>(v) * (2 / 255.0f) - 1);
      pictures.push_back(std::move(picture));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      events.warn(fmt::format("left out: {}", error.what()));
    }
  }
  if (pictures.empty())
    fail(ErrorKind::input, "there are no pictures to calibrate with in what --calibrate names");
  return pictures;
}

}  // namespace linmo::apply
