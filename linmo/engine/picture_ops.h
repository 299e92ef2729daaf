// SPDX-License-Identifier: Apache-2.0
// Whole-picture operations on channels-last views, on several threads.
#pragma once

#include <functional>
#include <span>

#include "linmo/engine/engine.h"
#include "linmo/engine/program.h"

namespace linmo::engine {

// A picture in the arena: sample (y, x, c) lies at data + (y·row + x·pixel + c) values; of phases, pixel
// (y, x) is pixel (y/2, x/2) of picture 2·(y mod 2) + x mod 2.
struct View {
  std::byte* data = nullptr;
  Type type = Type::f32;
  int64_t height = 0, width = 0, channels = 0;
  int64_t row = 0, pixel = 0;
  int64_t phase = 0;  // values from one phase's picture to the next; 0: plain
  std::byte* at(int64_t y, int64_t x) const { return data + (y * row + x * pixel) * size_of(type); }
};
View view_of(const Value& value, std::byte* data, bool with_border);

void fill_border(const Value& value, std::byte* data);

struct MapTables {
  const float *scale, *shift;
  Curve before, after;
};
// `residual.data`, `out.data`, `quantised.data` null: none. `out` may be one of the sources. quant_factor: of
// `quantised`, a number a channel.
void map_picture(const View& in, const View& residual, const View& out, const MapTables& tables,
                 const View& quantised = {}, const float* quant_factor = nullptr);

Moments moments(const View& in, Rect region);

void upsample(const View& in, const View& out, const net::Upsample& op);
void blur_down(const View& in, const View& out, const float* filter);
void blur_up(const View& in, const View& out, const float* filter);
void pool(const View& in, const View& out, const net::Pool& op);
void global_pool(const View& in, const View& out);
void pixel_shuffle(const View& in, const View& out, int factor);
void pixel_unshuffle(const View& in, const View& out, int factor);
void concat(std::span<const View> in, const View& out);
void multiply(std::span<const View> in, const View& out);

void import_picture(std::span<const float> in, Layout layout, const View& out);
// `blocks`: the picture's 2 × 2 pixels lie side by side in `in`'s channels.
void export_picture(const View& in, bool blocks, Rect crop, int64_t channels, Layout layout,
                    std::span<float> out);

// oneDNN and our own loops take their number of threads from the calling thread's OpenMP setting; it is put
// back afterwards.
class ThreadCount {
 public:
  explicit ThreadCount(int threads);
  ~ThreadCount();
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

// f(0) … f(n − 1) on the threads of the calling thread's OpenMP setting.
void parallel(int64_t n, const std::function<void(int64_t)>& f);

}  // namespace linmo::engine
