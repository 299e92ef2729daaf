// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/motion.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace linmo::train {
namespace {

using at::Tensor;
using Complex = std::complex<double>;

constexpr int64_t kBicubic = 2, kBorder = 1;  // of at::grid_sampler

// The map p → shift + turn · p, in pixels, as at::affine_grid_generator wants it: in halves of the sides.
Tensor affine_grid(const std::vector<Complex>& shift, const std::vector<Complex>& turn, int64_t side_to,
                   int64_t side_from_x, int64_t side_from_y) {
  const auto n = static_cast<int64_t>(shift.size());
  Tensor theta = at::empty({n, 2, 3});
  auto t = theta.accessor<float, 3>();
  const double to = static_cast<double>(side_to) / 2, x = static_cast<double>(side_from_x) / 2,
               y = static_cast<double>(side_from_y) / 2;
  for (int64_t i = 0; i < n; ++i) {
    const Complex a = turn[static_cast<size_t>(i)], c = shift[static_cast<size_t>(i)];
    const double rows[2][3] = {{a.real() * to / x, -a.imag() * to / x, c.real() / x},
                               {a.imag() * to / y, a.real() * to / y, c.imag() / y}};
    for (int64_t r = 0; r < 2; ++r)
      for (int64_t k = 0; k < 3; ++k) t[i][r][k] = static_cast<float>(rows[r][k]);
  }
  return at::affine_grid_generator(theta, {n, 1, side_to, side_to}, false);
}

Tensor inside(const Tensor& grid, double limit) {
  return (grid.abs() <= limit).all(3).unsqueeze(1);
}

}  // namespace

std::vector<Camera> draw_way(int64_t frames, double pace, Random& random) {
  const bool still = random.chance(0.25);
  const auto within = [&](double most) {  // of a disc
    return std::polar(most * std::sqrt(random.uniform()), random.uniform(0, 2 * std::numbers::pi));
  };
  Complex velocity = within(pace);
  const double zoom = random.uniform(-0.015, 0.015), spin = random.uniform(-0.01, 0.01);
  Camera camera;
  camera.turn = std::polar(std::exp(random.uniform(-0.05, 0.05)), random.uniform(-0.05, 0.05));
  std::vector<Camera> way;
  Complex low = 0, high = 0;
  for (int64_t i = 0; i < frames; ++i) {
    way.push_back(camera);
    low = {std::min(low.real(), camera.position.real()), std::min(low.imag(), camera.position.imag())};
    high = {std::max(high.real(), camera.position.real()), std::max(high.imag(), camera.position.imag())};
    const Complex change = within(0.15 * pace);
    if (still) continue;
    velocity += change;
    camera.position += velocity;
    camera.turn *= std::polar(std::exp(zoom), spin);
  }
  for (Camera& c : way) c.position -= (low + high) / 2.0;
  return way;
}

Tensor look(const Tensor& pictures, const std::vector<Camera>& cameras, int64_t side) {
  std::vector<Complex> shift, turn;
  for (const Camera& c : cameras) shift.push_back(c.position), turn.push_back(c.turn);
  const Tensor grid = affine_grid(shift, turn, side, pictures.size(3), pictures.size(2));
  // The kernel wants pictures as they are stored without channels_last.
  return at::grid_sampler(pictures.contiguous(), grid.to(pictures.scalar_type()), kBicubic, kBorder, false);
}

Flow flow_between(const std::vector<Camera>& now, const std::vector<Camera>& before, int64_t side,
                  int64_t canvas) {
  std::vector<Complex> shift, turn, position, own;
  for (size_t i = 0; i < now.size(); ++i) {
    shift.push_back((now[i].position - before[i].position) / before[i].turn);
    turn.push_back(now[i].turn / before[i].turn);
    position.push_back(now[i].position);
    own.push_back(now[i].turn);
  }
  Flow flow;
  flow.grid = affine_grid(shift, turn, side, side, side);
  const double edge = 1 - 1 / static_cast<double>(side);  // middles of the outermost pixels
  flow.mask = at::logical_and(inside(flow.grid, edge + 1e-6),
                              inside(affine_grid(position, own, side, canvas, canvas), 1))
                  .to(at::kFloat);
  return flow;
}

Tensor warp(const Tensor& before, const Flow& flow) {
  return at::grid_sampler(before.contiguous(), flow.grid.to(before.scalar_type()), kBicubic, kBorder, false);
}

Tensor warping_error(const Tensor& now, const Tensor& before, const Flow& flow) {
  const Tensor mask = flow.mask.to(now.scalar_type());
  return ((now - warp(before, flow)).abs() * mask).sum() /
         (mask.sum().clamp_min(1) * static_cast<double>(now.size(1)));
}

}  // namespace linmo::train
