// SPDX-License-Identifier: Apache-2.0
// Networks that turn a picture into a list of numbers, on which distances between sets are computed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "linmo/image/image.h"

namespace linmo::measure {

class FeatureExtractor {
 public:
  virtual ~FeatureExtractor() = default;
  // pictures.size() × dimensions() numbers, a row a picture. Pictures of any size, depth and channels.
  virtual std::vector<float> features(const std::vector<Image>& pictures) = 0;
  virtual int64_t dimensions() const = 0;
  // Stands beside every figure made with it, e.g. "InceptionV3 (pytorch-fid)".
  virtual std::string name() const = 0;
  // Only distances on InceptionV3's features are called FID and KID.
  virtual bool is_inception() const = 0;
};

// InceptionV3 from a state dict with torchvision's keys: safetensors, or torch.save() (.pth). Which variant
// it is (net::InceptionVariant) is told by the metadata entry "inception_variant" (fid, torchvision or
// keras), or else by the classifier that the file also holds: torchvision's 1000 classes or auxiliary logits;
// FID's 1008 or none. Runs on the engine in fp32. threads 0: all. Throws ErrorKind::input for other files.
std::unique_ptr<FeatureExtractor> open_inception(const std::filesystem::path& file, int threads);

// Whether a file is a TorchScript archive, which only libtorch can run (features_torch.h).
bool is_torchscript(const std::filesystem::path& file);

// A picture as InceptionV3 takes it: 3 × 299 × 299, planar, −1 … 1. Resized as pytorch-fid does (bilinear
// between pixel centres, without anti-aliasing, the aspect ratio not kept). For torchvision's pretrained
// weights this is the same input: its normalisation and its transform_input cancel to 2x − 1.
std::vector<float> inception_input(const Image& picture);

}  // namespace linmo::measure
