// SPDX-License-Identifier: Apache-2.0
// Models as ONNX files (https://github.com/onnx/onnx, onnx.proto), for other programs to run.
#pragma once

#include <filesystem>
#include <string>

#include "linmo/model/model_file.h"

namespace linmo::model {

struct OnnxOptions {
  int opset = 17;  // 13 … 17: the operators used here mean the same in all of them
};

// The network as one ONNX graph in fp32. Input "input" N × C × H × W and output "output" (further ones
// "output.1" …) in [−1, 1], with N, H and W open; the graph computes what the engine computes, batch norm
// with the statistics of training. What else one must know to use it is in the metadata: "size_multiple" (of
// H and W), "content_scale" (the picture is resized by this before it goes in), and the card's fields. Throws
// ErrorKind::usage for an opset that is not offered and for networks that exist for training only (spectral
// norm), ErrorKind::limit beyond the 2 GB that a Protocol Buffers file can hold.
std::string format_onnx(const Model& model, const OnnxOptions& options = {});
void write_onnx(const std::filesystem::path& path, const Model& model, const OnnxOptions& options = {});

}  // namespace linmo::model
