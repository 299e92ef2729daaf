// SPDX-License-Identifier: Apache-2.0
// From a picture file to a training crop. Free of libtorch.
#pragma once

#include "linmo/core/random.h"
#include "linmo/image/image.h"
#include "linmo/train/data.h"
#include "linmo/train/settings.h"

namespace linmo::train {

// Side of the content's crops: of the frames that are cut from them, and a quarter more to move in, for
// recurrent; `settings.size` otherwise.
int64_t content_side(const TrainSettings& settings);

// Decodes, takes the half a Source means, composes transparency over white, and resizes as
// settings.preprocess says; RGB, 8 bit. `multiple`: sides of uncropped pictures are brought to multiples of
// it. Throws when the file cannot be decoded.
Image prepare_picture(const Source& source, const TrainSettings& settings, int64_t multiple);

// What is cut out of a prepared picture, drawn once for both pictures of a pair.
struct CropPlan {
  double x = 0, y = 0, width = 0, height = 0;  // of the picture's sides, as shares
  bool whole = false, flip = false;
};
CropPlan plan_crop(int64_t width, int64_t height, const TrainSettings& settings, Random& random);
Image cut_crop(const Image& picture, const CropPlan& plan, const TrainSettings& settings);

// The middle of a prepared picture, sides multiples of `multiple` and at most `most` px: for sample grids.
Image middle_of(const Image& picture, int64_t most, int64_t multiple);

}  // namespace linmo::train
