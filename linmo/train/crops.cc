// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/crops.h"

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::train {
namespace {

int64_t scaled(int64_t side, double factor) {
  return std::max<int64_t>(1, std::llround(static_cast<double>(side) * factor));
}

int64_t to_multiple(int64_t side, int64_t multiple) {
  return std::max(multiple, (side + multiple / 2) / multiple * multiple);
}

}  // namespace

int64_t content_side(const TrainSettings& s) {
  return s.method == "recurrent" ? s.size + s.size / 4 : s.size;
}

Image prepare_picture(const Source& source, const TrainSettings& s, int64_t multiple) {
  DecodeOptions options;
  options.limits = kScanLimits;
  options.keep_16_bit = false;
  const bool reduces = s.preprocess != "crop" && s.preprocess != "none" && source.part == Source::Part::whole;
  if (reduces) options.shrink_to_side = s.load_size;
  Image picture = to_rgb(to_depth(read_image(source.file, options), Depth::u8), 255);
  if (source.part != Source::Part::whole) {
    if (picture.width() < 2)
      fail(ErrorKind::input, "{} is too narrow to hold two pictures side by side", to_utf8(source.file));
    const int64_t half = picture.width() / 2;
    picture = crop(picture, source.part == Source::Part::left ? 0 : picture.width() - half, 0, half,
                   picture.height());
  }
  int64_t w = picture.width(), h = picture.height();
  const auto to_side = [&](int64_t from, int64_t side) {
    const double factor = static_cast<double>(side) / static_cast<double>(from);
    w = scaled(w, factor);
    h = scaled(h, factor);
  };
  if (s.preprocess == "resize_and_crop") {
    w = h = s.load_size;
  } else if (s.preprocess == "scale_width_and_crop" || s.preprocess == "scale_width") {
    to_side(w, s.load_size);
  } else if (s.preprocess == "scale_shortside_and_crop") {
    to_side(std::min(w, h), s.load_size);
  }
  if (s.preprocess == "none" || s.preprocess == "scale_width") {
    w = to_multiple(w, multiple);
    h = to_multiple(h, multiple);
  } else if (std::min(w, h) < s.size) {
    to_side(std::min(w, h), s.size);  // too small for the crop
    w = std::max(w, s.size);
    h = std::max(h, s.size);
  }
  return w == picture.width() && h == picture.height() ? picture : resize(picture, w, h, Filter::bicubic);
}

CropPlan plan_crop(int64_t width, int64_t height, const TrainSettings& s, Random& random) {
  CropPlan plan;
  plan.whole = s.preprocess == "none" || s.preprocess == "scale_width";
  if (!plan.whole) {
    double w = static_cast<double>(s.size), h = w;
    if (s.aspect_jitter > 0) {
      // One side of the window shrinks or grows (as far as the picture goes); the crop is stretched back.
      const double factor = std::exp(random.uniform(-1, 1) * std::log1p(s.aspect_jitter));
      if (random.chance(0.5))
        w = std::min(w * factor, static_cast<double>(width));
      else
        h = std::min(h * factor, static_cast<double>(height));
    }
    const double x = std::floor(random.uniform() * (static_cast<double>(width) - w + 1));
    const double y = std::floor(random.uniform() * (static_cast<double>(height) - h + 1));
    plan.x = std::clamp(x, 0.0, static_cast<double>(width) - w) / static_cast<double>(width);
    plan.y = std::clamp(y, 0.0, static_cast<double>(height) - h) / static_cast<double>(height);
    plan.width = w / static_cast<double>(width);
    plan.height = h / static_cast<double>(height);
  }
  plan.flip = s.flip && random.chance(0.5);
  return plan;
}

Image cut_crop(const Image& picture, const CropPlan& plan, const TrainSettings& s) {
  Image result;
  if (plan.whole) {
    result = picture;
  } else {
    const auto at = [](double share, int64_t side) {
      return std::llround(share * static_cast<double>(side));
    };
    const int64_t w = std::clamp<int64_t>(at(plan.width, picture.width()), 1, picture.width());
    const int64_t h = std::clamp<int64_t>(at(plan.height, picture.height()), 1, picture.height());
    const int64_t x = std::clamp<int64_t>(at(plan.x, picture.width()), 0, picture.width() - w);
    const int64_t y = std::clamp<int64_t>(at(plan.y, picture.height()), 0, picture.height() - h);
    result = crop(picture, x, y, w, h);
    if (w != s.size || h != s.size) result = resize(result, s.size, s.size, Filter::bilinear);
  }
  return plan.flip ? flip_horizontal(result) : result;
}

Image middle_of(const Image& picture, int64_t most, int64_t multiple) {
  const auto side = [&](int64_t s) { return std::min(s, most) / multiple * multiple; };
  const int64_t w = side(picture.width()), h = side(picture.height());
  if (w < multiple || h < multiple)
    return resize(picture, std::max(w, multiple), std::max(h, multiple), Filter::bicubic);
  return crop(picture, (picture.width() - w) / 2, (picture.height() - h) / 2, w, h);
}

}  // namespace linmo::train
