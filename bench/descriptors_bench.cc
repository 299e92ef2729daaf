// SPDX-License-Identifier: Apache-2.0
// What each group of descriptors costs a picture of one megapixel: bench/descriptors_bench, on one thread.
// The picture is made up (noise of all scales with even parts); LINMO_PICTURE=FILE takes another.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cmath>
#include <cstdlib>

#include "linmo/core/random.h"
#include "linmo/culture/descriptors/complexity.h"
#include "linmo/culture/descriptors/composition.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/culture/descriptors/edges.h"
#include "linmo/culture/descriptors/strokes.h"
#include "linmo/culture/descriptors/texture.h"
#include "linmo/culture/descriptors/tone.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

Image make_picture() {
  if (const char* file = std::getenv("LINMO_PICTURE")) {
    const Image image = drop_alpha(read_image(file));
    return resize(to_rgb(image, 255), 1024, 1024, Filter::lanczos);
  }
  Image out(1024, 1024, 3, Depth::f32);
  for (float& v : out.samples<float>()) v = 0.5f;
  for (int64_t side = 8; side <= 1024; side *= 4) {
    Image layer(side, side, 3, Depth::f32);
    Random random(static_cast<uint64_t>(side));
    for (float& v : layer.samples<float>()) v = static_cast<float>(random.uniform() - 0.5);
    layer = resize(layer, 1024, 1024, Filter::bilinear);
    const auto from = layer.samples<float>();
    const auto to = out.samples<float>();
    for (size_t i = 0; i < to.size(); ++i) to[i] += from[i] * 2 / static_cast<float>(std::sqrt(side));
  }
  for (float& v : out.samples<float>()) v = std::clamp(v, 0.0f, 0.8f) / 0.8f;  // light parts are even
  return to_depth(out, Depth::u8);
}

const Image& picture() {
  static const Image kPicture = make_picture();
  return kPicture;
}
const Subject& subject() {
  static const Subject kSubject = make_subject(picture());
  return kSubject;
}

void prepare(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(make_subject(picture()));
}
void colour(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(measure_colour(subject(), nullptr, nullptr));
}
void tone(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(measure_tone(subject()));
}
void edges(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(measure_edges(subject()));
}
void strokes(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(measure_strokes(subject()));
}
void texture(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(measure_texture(subject()));
}
void complexity(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(measure_complexity(subject()));
}
void composition(benchmark::State& state) {
  Void found;
  measure_tone(subject(), &found);
  for (auto _ : state) benchmark::DoNotOptimize(measure_composition(subject(), found));
}
void all_with_preparation(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(describe(make_subject(picture())));
}

// As a program that describes one picture after another should: memory that is freed is kept, not given back
// to the system and asked for again.
[[maybe_unused]] const bool kKeepsMemory =
    mallopt(M_MMAP_THRESHOLD, 32 << 20) && mallopt(M_TRIM_THRESHOLD, 1 << 30);

BENCHMARK(prepare)->Unit(benchmark::kMillisecond);
BENCHMARK(colour)->Unit(benchmark::kMillisecond);
BENCHMARK(tone)->Unit(benchmark::kMillisecond);
BENCHMARK(edges)->Unit(benchmark::kMillisecond);
BENCHMARK(strokes)->Unit(benchmark::kMillisecond);
BENCHMARK(texture)->Unit(benchmark::kMillisecond);
BENCHMARK(complexity)->Unit(benchmark::kMillisecond);
BENCHMARK(composition)->Unit(benchmark::kMillisecond);
BENCHMARK(all_with_preparation)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace linmo::culture
