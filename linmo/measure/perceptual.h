// SPDX-License-Identifier: Apache-2.0
// Pictures compared through a feature network of the project's own kind (net/features.h): `features`, which
// comes with linmo, or VGG-19.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "linmo/engine/engine.h"
#include "linmo/image/image.h"
#include "linmo/measure/features.h"
#include "linmo/model/model_file.h"

namespace linmo::measure {

// Every stage's channels, averaged over the picture: what distances between sets are computed on. Networks
// give numbers of any size, and the kernel of the kernel distance is meant for such near 1, so each stage is
// divided by its root mean square on reference_picture(); all stages then count alike. Never called FID or
// KID, which are InceptionV3's.
std::unique_ptr<FeatureExtractor> open_perceptual(const model::Model& model, int threads);

// Always the same 256 × 256 px of coloured noise whose amplitude falls with frequency as photographs' does
// (1/f, Field 1987).
Image reference_picture();

// What stands beside figures made with it: the model's name, or else its kind, and "features".
std::string feature_name(const model::Model& model);

// Whether a model file holds a feature network (taps "features.0" …).
bool is_feature_model(const std::filesystem::path& file);

// The distance of LPIPS (Zhang 2018, "The unreasonable effectiveness of deep features as a perceptual
// metric", eq. 1) with all channels weighing alike: features at every place scaled to unit length, squared
// difference summed over channels, averaged over places, summed over stages. 0 for equal pictures; at most 4
// a stage. A perceptual network is asked for its image of the teacher's features. May be called from several
// threads.
class PerceptualDistance {
 public:
  explicit PerceptualDistance(const model::Model& model);
  // Of two pictures of equal size, colours as they look on white paper; cropped to a multiple of four, and
  // enlarged to 16 px where a side is smaller.
  double operator()(const Image& a, const Image& b) const;

 private:
  std::vector<engine::Engine> stages_;
};

}  // namespace linmo::measure
