// SPDX-License-Identifier: Apache-2.0
// Where a video jumps to another scene.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linmo/image/image.h"

namespace linmo::video {

// Compares frames reduced to 32 × 32 means of luma (0 … 1): a cut where their mean absolute difference is
// more than 0.1 and more than three times that of the two frames before. The second condition lets fast pans
// and shaking pass; fades pass too, as they should.
class SceneCuts {
 public:
  // Whether `frame`, RGB of 8 bits, begins another scene than the frame before. The first one does not.
  bool next(const Image& frame);

  // As Smoother's.
  std::string save() const;
  void restore(std::string_view saved);

 private:
  std::vector<float> last_;
  float change_ = 0;
};

}  // namespace linmo::video
