// SPDX-License-Identifier: Apache-2.0
// Generators: picture in [−1, 1] → picture in [−1, 1].
#pragma once

#include <string>
#include <vector>

#include "linmo/net/description.h"

namespace linmo::net {

enum class NormChoice { instance, batch, none };
enum class Decoder { transposed, resize, antialias };

// Johnson 2016 / Zhu 2017 (CycleGAN) / Park 2020 (CUT, with antialias). Layer names are those of the official
// state dicts. Taps "nce.0" … "nce.4" are CUT's layers 0, 4, 8, 12, 16.
struct ResnetOptions {
  int in = 3, out = 3, ngf = 64, blocks = 9;
  NormChoice norm = NormChoice::instance;
  PadMode padding = PadMode::reflect;  // of the residual blocks; the 7 × 7 layers always reflect
  bool dropout = false;
  Decoder decoder = Decoder::transposed;
  bool antialias_down = false;  // CUT's encoder
};
Description resnet(const ResnetOptions& options);

// Isola 2017 (pix2pix): 2^downs-fold encoder-decoder with skips.
struct UnetOptions {
  int in = 3, out = 3, ngf = 64, downs = 8;
  NormChoice norm = NormChoice::batch;
  bool dropout = true;
};
Description unet(const UnetOptions& options);

// The source document's generator, exactly (Keras layers; its BatchNorm momentum .8 is 0.2 here, epsilon
// 1e-3). It enlarges 4×, so the content goes in at a quarter of its size.
Description seed_generator();

// linmo's own: few FLOPs, no transposed convolution (nearest ×2 + convolution cannot make a checkerboard),
// all zero padding. See spec/quality.md for the measurements behind the shape.
struct CompactOptions {
  int in = 3, out = 3, ngf = 32, blocks = 6;
  // Instance norm rescales each picture by itself, which turns the blank ground of drawings and letters grey;
  // batch norm (with --batch 4 or more) does not.
  NormChoice norm = NormChoice::instance;
  // The head paints a change of the content, tanh(2·content + head), instead of the whole picture: drawings
  // keep their ground from the first step, but strong changes of colour come later.
  bool residual = false;
  // The block in the middle becomes a ConvGRU (conv_gru.h) of 1.5 × ngf channels, whose state is added to
  // what it reads through a convolution: it costs what the block cost. Family "recurrent".
  bool recurrent = false;
};
Description compact(const CompactOptions& options);

// By the name users type: resnet_9blocks, resnet_6blocks, resnet_<n>blocks, unet_256, unet_128, seed,
// compact, recurrent (compact with a memory).
struct GeneratorChoice {
  std::string name = "compact";
  int in = 3, out = 3;
  int ngf = 0;                         // 0: the family's own (64; compact 32)
  std::string norm = "auto";           // instance, batch, none; auto: the family's own
  std::string padding = "reflect";     // reflect, zero, replicate
  std::string decoder = "transposed";  // transposed, resize, antialias (resnet)
  bool antialias_down = false;
  bool dropout = false;
  bool residual = false;  // compact, recurrent
};
Description make_generator(const GeneratorChoice& choice);  // throws ErrorKind::usage
std::vector<std::string> generator_names();

NormChoice norm_from_name(const std::string& name);  // throws ErrorKind::usage

}  // namespace linmo::net
