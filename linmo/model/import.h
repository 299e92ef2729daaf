// SPDX-License-Identifier: Apache-2.0
// Generators of other programs as models: which network it is, its widths and its options are read off the
// checkpoint's keys and shapes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "linmo/model/model_file.h"

namespace linmo::model {

struct ImportHint {
  std::string name;     // of the model, for its card
  std::string licence;  // of the weights, as their publisher states it
  std::string source;   // the file, for messages and the card
  // CycleGAN's and pix2pix's test programs run batch norm with the statistics of the picture itself unless
  // they are given --eval; true is that --eval: the statistics gathered in training.
  bool running_statistics = false;
};

// Knows CycleGAN's and CUT's ResNets, pix2pix's U-Nets, SRGAN (leftthomas), fast-neural-style TransformerNet
// and AnimeGANv2. `tensors` is a state dict (pth.h). Old instance norms' running statistics are left out;
// those of batch norms stay, used or not. f64 becomes f32. Card: name, architecture (in words), licence,
// source. Throws ErrorKind::input naming what was found and what was expected.
Model import_checkpoint(TensorMap tensors, const ImportHint& hint);

// The state dict in a file of torch.save() or a safetensors file, whichever it is.
TensorMap read_checkpoint(const std::filesystem::path& path);

// The generator in a folder of CycleGAN, pix2pix or CUT checkpoints: latest_net_G_A.pth (`direction` AtoB),
// latest_net_G_B.pth (BtoA), or latest_net_G.pth. Throws ErrorKind::usage when `direction` is empty and
// needed.
std::filesystem::path find_checkpoint(const std::filesystem::path& folder, const std::string& direction);

}  // namespace linmo::model
