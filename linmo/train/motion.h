// SPDX-License-Identifier: Apache-2.0
// Videos that need no video: a window moves over a still picture, so that where every point of a frame was in
// the frame before is known exactly.
#pragma once

#include <ATen/core/Tensor.h>

#include <complex>
#include <vector>

#include "linmo/core/random.h"

namespace linmo::train {

// A camera that pans, zooms and turns: point p of a frame shows point position + turn · p of the picture,
// both in pixels from their middles, x + iy.
struct Camera {
  std::complex<double> position = 0, turn = 1;
};

// A smooth way of `frames` cameras with the middle of the way over the middle of the picture: a velocity of
// up to `pace` px a frame that changes a little, zoom by up to 1.5 % and turning by up to 0.01 rad a frame;
// every fourth way stands still.
std::vector<Camera> draw_way(int64_t frames, double pace, Random& random);

// What one camera for each picture of `pictures` (N × C × H × W) sees: N × C × side × side, bicubic; beyond
// the picture its edge goes on.
at::Tensor look(const at::Tensor& pictures, const std::vector<Camera>& cameras, int64_t side);

// Where the frame of `now` was in the frame of `before`, both of `side` px over pictures of `canvas` px.
struct Flow {
  at::Tensor grid;  // N × side × side × 2, for warp()
  at::Tensor mask;  // N × 1 × side × side: 1 where that place lies inside the frame before and the picture
};
Flow flow_between(const std::vector<Camera>& now, const std::vector<Camera>& before, int64_t side,
                  int64_t canvas);
// The frame before as it would look now: bicubic; gradients pass.
at::Tensor warp(const at::Tensor& before, const Flow& flow);

// Mean over the mask of |now − warp(before)|: how much a video flickers (Ruder et al. 2016, Lai et al. 2018;
// without their occlusions, which a still picture does not have).
at::Tensor warping_error(const at::Tensor& now, const at::Tensor& before, const Flow& flow);

}  // namespace linmo::train
