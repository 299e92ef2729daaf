// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/features.h"

#include "linmo/core/error.h"
#include "linmo/net/builder.h"

namespace linmo::net {

Description vgg19(VggInput input) {
  Builder b("vgg19", 3);
  // From [−1, 1]; the means of ImageNet in the two releases' units, red first.
  if (input == VggInput::caffe) {
    b.add(ScaleShift{{127.5}, {127.5 - 123.68, 127.5 - 116.779, 127.5 - 103.939}});
  } else {
    b.add(ScaleShift{{0.5 / 0.229, 0.5 / 0.224, 0.5 / 0.225},
                     {(0.5 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.5 - 0.406) / 0.225}});
  }
  const auto conv = [&](const char* name, int in, int out) {
    b.conv(name, in, out, 3, 1, 1);
    return b.relu();
  };
  const auto halve = [&] { b.add(Pool{true, 2, 2, 0, false}); };
  conv("conv1_1", 3, 64);
  b.tap("features.0", conv("conv1_2", 64, 64));
  halve();
  conv("conv2_1", 64, 128);
  b.tap("features.1", conv("conv2_2", 128, 128));
  halve();
  conv("conv3_1", 128, 256);
  b.tap("features.2", conv("conv3_2", 256, 256));
  conv("conv3_3", 256, 256);
  b.tap("features.3", conv("conv3_4", 256, 256));
  b.description().size_multiple = 4;
  return b.finish();
}

Description perceptual(const std::vector<int>& teacher_channels) {
  if (teacher_channels.size() != 4)
    fail(ErrorKind::usage, "the perceptual network learns from four stages of features, not {}",
         teacher_channels.size());
  Builder b("perceptual", 3);
  const auto conv = [&](const char* name, int in, int out, int stride = 1) {
    b.conv(name, in, out, 3, stride, 1);
    return b.relu();
  };
  conv("conv1_1", 3, 16);
  const int one = conv("conv1_2", 16, 32);
  conv("conv2_1", 32, 64, 2);
  const int two = conv("conv2_2", 64, 64);
  conv("conv3_1", 64, 96, 2);
  const int three = conv("conv3_2", 96, 96);
  const int four = conv("conv3_3", 96, 96);
  const int stages[] = {one, two, three, four}, channels[] = {32, 64, 96, 96};
  for (size_t i = 0; i < 4; ++i) {
    b.tap(fmt::format("features.{}", i), stages[i]);
    b.output(b.add(Conv{channels[i], teacher_channels[i], 1, 1, 1, 0, 0, 1, true, false},
                   fmt::format("to_teacher{}", i), stages[i]));
  }
  b.description().size_multiple = 4;
  return b.finish();
}

Description projected_head(int in, int width, int halvings, int styles) {
  Builder b("projected_head", in);
  int index = 0;
  const auto unit = [&](int kernel, int stride) {
    b.add(Conv{width, width, kernel, kernel, stride, 1, 1, 1, false, false}, fmt::format("conv{}", index));
    b.add(Norm{NormKind::instance, width, true}, fmt::format("norm{}", index++));
    b.leaky_relu(0.2);
  };
  b.conv("mix", in, width, 1);
  b.leaky_relu(0.2);
  for (int i = 0; i < halvings; ++i) unit(4, 2);
  unit(3, 1);
  b.conv("logits", width, styles, 3, 1, 1);
  return b.finish();
}

std::vector<int> feature_layers(const Description& d) {
  std::vector<int> layers;
  for (const auto& [name, layer] : d.taps) {
    if (name.starts_with("features.")) layers.push_back(layer);
  }
  if (layers.empty())
    fail(ErrorKind::usage, "a {} network has no stages of features; a perceptual or vgg19 network has",
         d.family);
  return layers;
}

}  // namespace linmo::net
