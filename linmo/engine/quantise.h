// SPDX-License-Identifier: Apache-2.0
// Prepares a trained network for 8-bit integers, without training: finds how large the numbers are that its
// convolutions read, and which convolutions bear it.
#pragma once

#include <string>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/engine/engine.h"

namespace linmo::engine {

// What the network will be fed: H × W × in_channels, interleaved, as Engine::run() takes it.
struct CalibrationPicture {
  int64_t height = 0, width = 0;
  std::vector<float> values;
};

struct QuantiseOptions {
  // The least PSNR against fp32 over the calibration pictures [dB, results limited to −1 … 1 and their range
  // of 2 as the peak]. Layers leave int8, the most harmful for their cost first, until it is reached.
  double target = 38;
  int threads = 0;
};

struct QuantisedLayer {
  std::string name;
  int64_t macs = 0;  // at the first calibration picture's size
  double psnr = 0;   // [dB] of the result with this layer alone in int8
  bool is_signed = false;
  bool int8 = false;  // it stays in int8
};

struct QuantiseReport {
  std::vector<QuantisedLayer> layers;  // those that int8 can be had for, in the order in which they run
  double psnr = 0, worst = 0;  // [dB] of the result against fp32: over all pictures, and the worst one
  double psnr_all = 0;         // if all those layers had been in int8
  double psnr_floating = 0;    // of the precision that the other layers have
  double int8_share = 0;       // of the network's multiply-adds
};

// Adds "<layer>.u8_scale" or "<layer>.s8_scale" to `tensors` (and removes earlier ones): for each input
// channel, what one unit of the 8-bit input stands for. Ranges are chosen for the least squared error over a
// sample of the layer's inputs; between channels the burden is shared with the weights (as SmoothQuant, Xiao
// 2023, eq. 4, with the exponent that gives the least error). Throws ErrorKind::input without pictures,
// ErrorKind::usage on a CPU that does not compute in int8, ErrorKind::cancelled.
QuantiseReport quantise(const net::Description& network, model::TensorMap& tensors,
                        const std::vector<CalibrationPicture>& pictures, const QuantiseOptions& options = {},
                        EventSink& events = null_sink());

}  // namespace linmo::engine
