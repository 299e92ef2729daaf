// SPDX-License-Identifier: Apache-2.0
// Reads files of torch.save() (zip, PyTorch 1.6 and later; and the format before it) without Python, libtorch
// or running anything: a pickle may build dicts, lists and tensors, and nothing else.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/model/tensor.h"

namespace linmo::model {

struct Checkpoint {
  // Every tensor, row-major whatever its strides were, named by its path through dicts and lists, joined by
  // '.'. Other values (epochs, names …) are left out.
  TensorMap tensors;
  // The paths of the dicts that hold tensors: "" for a plain state dict, "state_dict", "g_ema" …
  std::vector<std::string> dicts;
};

// Throws ErrorKind::input for files that are damaged, big-endian, TorchScript, or that name any function or
// class beyond those of plain weights; ErrorKind::limit for more arrays or nesting than such files have.
Checkpoint read_pth(const std::filesystem::path& path);
Checkpoint parse_pth(std::span<const std::byte> bytes, std::string_view name);

// The dict of `checkpoint.dicts` that most likely is the network wanted: moving averages before generators
// before "state_dict" and the like before others, never an optimiser or discriminator if there is anything
// else, then the largest. Throws ErrorKind::input when there are no tensors.
std::string main_dict(const Checkpoint& checkpoint);
// That dict's tensors, without the prefixes of wrappers ("module." of DataParallel, "_orig_mod." of
// torch.compile) and without num_batches_tracked, which only training could use.
TensorMap state_dict(const Checkpoint& checkpoint);

}  // namespace linmo::model
