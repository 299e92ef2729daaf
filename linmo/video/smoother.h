// SPDX-License-Identifier: Apache-2.0
// Less flicker between the stylised frames of a video.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linmo/image/image.h"

namespace linmo::video {

// A network's answer to a still scene changes with the camera's noise. Where the content has not moved, the
// last result is taken over in part: out = style + w · (last out − style), w = strength · exp(−(d / 0.03)²),
// with d the mean absolute difference of both contents' luma (0 … 1) over 9 × 9 pixels. Where it has moved,
// w is 0 and nothing trails behind.
class Smoother {
 public:
  explicit Smoother(double strength)
      : strength_(strength) {}  // 0 (off) … 1 (excluded: nothing new would come)
  // `content` and `styled` of one frame, RGB of 8 bits; the content is resized to the result where they
  // differ. A frame of another size starts anew.
  Image next(const Image& content, const Image& styled);

  // What next() remembers, to go on elsewhere to the same bits. restore() throws ErrorKind::input for what
  // is not save()'s.
  std::string save() const;
  void restore(std::string_view saved);

 private:
  double strength_;
  std::vector<float> luma_, last_;
  int64_t width_ = 0, height_ = 0;
};

}  // namespace linmo::video
