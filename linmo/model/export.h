// SPDX-License-Identifier: Apache-2.0
// Models as checkpoints that PyTorch programs load: the way back from import.h. ONNX is in onnx.h.
#pragma once

#include <filesystem>

#include "linmo/model/model_file.h"

namespace linmo::model {

// The state dict that the network's original program loads, in f32: every parameter under PyTorch's key, the
// counters of batch norms (0 where the model has none), and the running statistics that an imported model
// kept although it does not use them.
TensorMap export_state(const Model& model);

// A state dict as a file of torch.save() in the format before 1.6, which every PyTorch reads, also with
// weights_only. Only f32 and i64 arrays; throws ErrorKind::usage for others. Atomic; equal content gives
// equal bytes.
void write_pth(const std::filesystem::path& path, const TensorMap& tensors);

}  // namespace linmo::model
