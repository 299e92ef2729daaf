// SPDX-License-Identifier: Apache-2.0
// Feature networks: what a picture looks like to a network that was not trained for our task. Pictures in
// [−1, 1] go in; taps "features.0" … are stages from fine to coarse. Also the small discriminators that read
// such features.
#pragma once

#include "linmo/net/description.h"

namespace linmo::net {

// VGG-19 (Simonyan & Zisserman 2014) through conv3_4, keys as in the Caffe release; the in channels of
// conv1_1 are RGB. Taps: relu1_2 (64 channels), relu2_2 (128), relu3_2 and relu3_4 (256), at 1, ½, ¼ and ¼ of
// the size.
enum class VggInput {
  caffe,        // 0 … 255 less the mean of each channel
  torchvision,  // 0 … 1, less the mean, by the deviation
};
Description vgg19(VggInput input);

// linmo's own, to be trained as a student of a larger one (train/methods/distil.cc): taps "features.0" … of
// its own at 1, ½, ¼ and ¼ of the size; outputs are linear maps of these to the teacher's channels.
Description perceptual(const std::vector<int>& teacher_channels);

// Sauer 2021 ("Projected GANs converge faster"), without its random mixing: a discriminator of one stage of
// features. A 1 × 1 mixing to `width` channels, `halvings` strided convolutions, one at rest, then a map of
// logits; with several styles a map for each (Liu 2019, "Few-shot unsupervised image-to-image translation": a
// picture is judged by its own style's).
Description projected_head(int in, int width, int halvings, int styles = 1);

// Stages of a feature network, from "features.0" on: layer indices. Throws ErrorKind::usage when there are
// none.
std::vector<int> feature_layers(const Description& description);

}  // namespace linmo::net
