// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/subject.h"

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/culture/descriptors/colour_space.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::culture {

Size fitted(int64_t width, int64_t height, int64_t side) {
  const int64_t longest = std::max(width, height);
  if (longest <= side) return {width, height};
  const auto scaled = [&](int64_t v) {
    return std::max<int64_t>(
        1, std::llround(static_cast<double>(v) * static_cast<double>(side) / static_cast<double>(longest)));
  };
  return {scaled(width), scaled(height)};
}

Scale make_scale(Image rgb8) {
  Scale scale;
  scale.rgb = std::move(rgb8);
  scale.luma = to_grey(scale.rgb);
  lab_planes(scale.rgb, scale.l, scale.a, scale.b);
  return scale;
}

Subject make_subject(const Image& rgb, int64_t standard_side) {
  const Size size = fitted(rgb.width(), rgb.height(), standard_side);
  if (std::min(size.width, size.height) < 16) {
    fail(ErrorKind::input,
         "{} × {} px is too narrow to be measured: a side needs 16 px when the other has {}", rgb.width(),
         rgb.height(), std::min(standard_side, std::max(rgb.width(), rgb.height())));
  }
  Image standard = rgb;
  if (size.width != rgb.width() || size.height != rgb.height())
    standard = resize(rgb, size.width, size.height, Filter::lanczos);
  Subject subject;
  subject.standard = make_scale(to_depth(standard, Depth::u8));
  const Size small = fitted(size.width, size.height, kSmallSide);
  if (small.width != size.width || small.height != size.height) {
    subject.reduced = make_scale(resize(subject.standard.rgb, small.width, small.height, Filter::box));
  }
  return subject;
}

}  // namespace linmo::culture
