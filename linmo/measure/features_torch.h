// SPDX-License-Identifier: Apache-2.0
// Feature networks that somebody exported as TorchScript; built only with libtorch, into linmo-train.
#pragma once

#include <filesystem>
#include <memory>

#include "linmo/measure/features.h"

namespace linmo::measure {

// Two kinds of program are known, told apart by the arguments of `forward`:
// - with `return_features`, as the InceptionV3 of the StyleGAN papers: takes uint8 pictures of any size
//   (1 × 3 × H × W) and resizes them itself; its figures are called FID and KID;
// - any other: takes 1 × 3 × 299 × 299 in −1 … 1 (inception_input()) and gives 1 × D, or 1 × D × H × W, which
//   is averaged over H × W; its figures are named after the file.
// threads 0: libtorch's choice. Throws ErrorKind::input when the file cannot be loaded or run.
std::unique_ptr<FeatureExtractor> open_torchscript(const std::filesystem::path& file, int threads);

}  // namespace linmo::measure
