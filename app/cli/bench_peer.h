// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime as a child process, to be measured in turn with linmo's engine on the same network and
// picture.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "linmo/model/model_file.h"

namespace linmo::cli {

class OnnxRuntime {
 public:
  // `python`: a Python with the packages of bench/requirements.txt. `pictures`: C × size × size values each,
  // the first to be measured, the others to prepare ONNX Runtime's own int8 with (quantize_static: u8
  // activations, s8 weights, one unit a channel). Throws ErrorKind::io when it cannot be started or does not
  // answer.
  OnnxRuntime(const std::string& python, const model::Model& model, int64_t size,
              const std::vector<std::vector<float>>& pictures, int threads);
  ~OnnxRuntime();
  OnnxRuntime(const OnnxRuntime&) = delete;
  OnnxRuntime& operator=(const OnnxRuntime&) = delete;

  // {"version": "1.20.1", "psnr_int8": dB of its int8 against its fp32}
  const nlohmann::json& about() const { return about_; }
  // "fp32" or "int8": milliseconds of one run, after one that is not timed.
  double run(const std::string& precision);

 private:
  nlohmann::json answer();
  std::string python_;
  std::filesystem::path folder_;
  pid_t process_ = -1;
  int channel_ = -1;
  std::string rest_;  // received, not yet used
  nlohmann::json about_;
};

}  // namespace linmo::cli
