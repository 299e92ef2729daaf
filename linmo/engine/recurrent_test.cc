// SPDX-License-Identifier: Apache-2.0
// Networks that remember in the engine: against PyTorch (tests/golden/make_recurrent.py) and the plain twin.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/engine/engine.h"
#include "linmo/engine/program.h"
#include "linmo/engine/random_weights.h"
#include "linmo/engine/reference.h"
#include "linmo/engine/tiled.h"
#include "linmo/model/golden_cases_test.h"
#include "linmo/model/golden_test.h"
#include "linmo/net/builder.h"
#include "linmo/net/cost.h"

namespace linmo::engine {
namespace {

std::vector<float> frame(net::Shape shape, uint64_t seed) {
  Random random(seed, 77);
  std::vector<float> values(static_cast<size_t>(shape.count()));
  for (float& v : values) v = static_cast<float>(random.uniform(-1, 1));
  return values;
}

net::Description generator() {
  return net::compact({.ngf = 8, .blocks = 3, .recurrent = true});
}

// Memories in every place that the program treats in its own way: a delay of two pictures, the picture
// itself, a result behind an upsampling, one that is read and one that nothing else reads.
net::Description odd_memories() {
  net::Builder b("odd", 3);
  const int last = b.memory(3, 0), one_before = b.memory(3, 0);
  const int mixed = b.join(net::Concat{}, {0, last, one_before});
  b.conv("a", 9, 16, 3, 1, 1);
  const int features = b.relu();
  const int kept = b.memory(16, features);
  b.join(net::Multiply{}, {features, kept, features});
  b.add(net::ScaleShift{{0.5}, {0.1}});
  const int changed = b.join(net::Add{}, {features, b.last()});
  b.add(net::Pool{false, 2, 2, 0, false});
  b.add(net::Upsample{net::Interpolation::nearest, 2, false});
  b.conv("b", 16, 16, 3, 1, 1);
  const int wide = b.relu();
  const int wide_before = b.memory(16, mixed);
  b.join(net::Add{}, {wide, wide_before});
  b.conv("c", 16, 3, 3, 1, 1);
  b.tanh();
  const int out = b.last();
  const int result_before = b.memory(3, 0);
  b.remember(last, 0);
  b.remember(one_before, last);
  b.remember(kept, changed);
  b.remember(wide_before, wide);
  b.remember(result_before, out);  // read by nothing
  b.output(out);
  b.description().size_multiple = 2;
  return b.finish();
}

double error(std::span<const float> ours, std::span<const double> truth) {
  double worst = 0, scale = 1e-3;
  for (const double t : truth) scale = std::max(scale, std::abs(t));
  for (size_t i = 0; i < ours.size(); ++i) {
    if (!std::isfinite(ours[i])) return INFINITY;
    worst = std::max(worst, std::abs(static_cast<double>(ours[i]) - truth[i]));
  }
  return worst / scale;
}

void check(const net::Description& d, int64_t height, int64_t width, Precision precision, double tolerance) {
  const net::Shape input{3, height, width};
  const model::TensorMap tensors = random_weights(d, 5);
  const Engine engine(d, tensors, {precision, 2, 2});
  Memory memory;
  std::vector<ReferencePicture> before;
  std::vector<float> out;
  for (uint64_t t = 0; t < 4; ++t) {
    const std::vector<float> in = frame(input, t);
    before = run_reference(d, tensors, input, in, t > 0 ? &before : nullptr);
    const ReferencePicture& truth = before[static_cast<size_t>(d.outputs[0])];
    out.resize(truth.values.size());
    engine.run(in, height, width, out, Layout::planar, &memory);
    EXPECT_LT(error(out, truth.values), tolerance) << d.family << ", frame " << t;
  }
  EXPECT_FALSE(memory.empty());
}

TEST(EngineMemory, EqualsThePlainTwinOverFourFrames) {
  for (const auto& d : {generator(), odd_memories()}) {
    check(d, 16, 20, Precision::fp32, 1e-4);
    if (cpu_has_bf16()) check(d, 16, 20, Precision::bf16, 0.15);
  }
  check(net::compact({.ngf = 16, .blocks = 2, .norm = net::NormChoice::batch, .recurrent = true}), 8, 12,
        Precision::fp32, 1e-4);
}

TEST(EngineMemory, EqualsPyTorchOverThreeFrames) {
  const golden::File file("recurrent");
  for (const golden::Case& c : golden::recurrent_cases()) {
    SCOPED_TRACE(c.name);
    const std::string stream = file.about(c.name + ".stream");
    const model::TensorMap tensors = golden::weights(c.network, stream);
    const net::Shape one{c.input[1], c.input[2], c.input[3]};
    const Engine engine(c.network, tensors, {Precision::fp32, 1, 1});
    std::vector<Memory> memories(static_cast<size_t>(c.input[0]));
    std::vector<std::vector<ReferencePicture>> before(memories.size());
    for (int t = 0; t < 3; ++t) {
      const std::vector<float> in = golden::noise(fmt::format("{}/frame.{}", stream, t), c.input).floats();
      std::vector<float> ours(in.size());
      std::vector<double> plain, state;
      for (size_t i = 0; i < memories.size(); ++i) {
        const auto of = static_cast<size_t>(one.count());
        const auto picture = std::span<const float>(in).subspan(i * of, of);
        engine.run(picture, one.height, one.width, std::span(ours).subspan(i * of, of), Layout::planar,
                   &memories[i]);
        before[i] = run_reference(c.network, tensors, one, picture, t > 0 ? &before[i] : nullptr);
        const auto append = [&](std::vector<double>& to, int layer) {
          const auto& values = before[i][static_cast<size_t>(layer)].values;
          to.insert(to.end(), values.begin(), values.end());
        };
        append(plain, c.network.outputs[0]);
        append(state, c.network.memories[0].second);
      }
      const std::string output = fmt::format("{}/output.{}", c.name, t);
      file.expect_close<double>(output, plain, 2e-7);
      file.expect_close<double>(fmt::format("{}/state.{}", c.name, t), state, 2e-7);
      file.expect_close<float>(output, ours, 2e-5);
    }
  }
}

TEST(EngineMemory, SameForAnyThreadCountAndAfterSaving) {
  const net::Description d = generator();
  const model::TensorMap tensors = random_weights(d, 2);
  const Engine one(d, tensors, {Precision::automatic, 1, 2}), two(d, tensors, {Precision::automatic, 2, 2});
  Memory a, b;
  std::vector<float> first(3 * 16 * 12), second(first.size());
  for (uint64_t t = 0; t < 3; ++t) {
    const std::vector<float> in = frame({3, 16, 12}, t);
    one.run(in, 16, 12, first, Layout::interleaved, &a);
    Memory elsewhere;
    elsewhere.restore(b.save());
    two.run(in, 16, 12, second, Layout::interleaved, &elsewhere);
    b = elsewhere;
    EXPECT_EQ(first, second) << t;
  }
  EXPECT_EQ(a.save(), b.save());
}

TEST(EngineMemory, BeginsAnewWhereItMust) {
  const net::Description d = generator();
  const Engine engine(d, random_weights(d, 2), {Precision::fp32, 1, 2});
  Memory memory;
  const std::vector<float> small = frame({3, 8, 8}, 1), large = frame({3, 16, 12}, 2);
  std::vector<float> a(large.size()), b(large.size()), ignored(small.size());
  engine.run(large, 16, 12, a);  // without memory: the same as the first of a sequence
  engine.run(small, 8, 8, ignored, Layout::interleaved, &memory);
  engine.run(large, 16, 12, b, Layout::interleaved, &memory);  // another size
  EXPECT_EQ(a, b);
  engine.run(large, 16, 12, b, Layout::interleaved, &memory);
  EXPECT_NE(a, b);
  memory.clear();
  engine.run(large, 16, 12, b, Layout::interleaved, &memory);
  EXPECT_EQ(a, b);

  const std::string saved = memory.save();
  for (size_t size : {size_t{1}, size_t{30}, saved.size() - 1})
    EXPECT_THROW(memory.restore(std::string_view(saved).substr(0, size)), Error) << size;
  EXPECT_THROW(memory.restore(saved + "x"), Error);
  engine.run(large, 16, 12, b, Layout::interleaved, &memory);  // a failed restore() changes nothing
  EXPECT_NE(a, b);
  const net::Description other = odd_memories();
  const Engine stranger(other, random_weights(other, 1), {Precision::fp32, 1, 1});
  EXPECT_THROW(stranger.run(large, 16, 12, b, Layout::interleaved, &memory), Error);
}

TEST(EngineMemory, LayersBetweenMemoryAndItsSourceAreNotQuantised) {
  const net::Description d = net::compact({.recurrent = true});
  int loop = 0;
  for (size_t i = 0; i < d.layers.size(); ++i) {
    const std::string& name = d.layers[i].name;
    if (!std::holds_alternative<net::Conv>(d.layers[i].op) || !name.starts_with("gru.")) continue;
    EXPECT_EQ(can_quantise(d, static_cast<int>(i)), name == "gru.out") << name;
    ++loop;
  }
  EXPECT_EQ(loop, 4);
}

std::vector<float> tiled(const Engine& engine, std::span<const float> in, int64_t side,
                         const TileOptions& tiles, Memory* memory, int64_t* count = nullptr) {
  std::vector<float> out(in.size());
  const auto read = [&](Rect part, std::span<float> to) {
    for (int64_t y = 0; y < part.height; ++y)
      std::copy_n(in.begin() + ((part.y + y) * side + part.x) * 3, part.width * 3,
                  to.begin() + y * part.width * 3);
  };
  const auto write = [&](Rect part, std::span<const float> from) {
    for (int64_t y = 0; y < part.height; ++y)
      std::copy_n(from.begin() + y * part.width * 3, part.width * 3,
                  out.begin() + ((part.y + y) * side + part.x) * 3);
  };
  const TileReport report = run_tiled(engine, side, side, read, write, tiles, null_sink(), memory);
  if (count) *count = report.tiles;
  return out;
}

// Pictures that do not fit into memory run in stages, of which the middle remembers.
TEST(EngineMemory, InStagesAsInOnePiece) {
  const net::Description d = net::compact({.ngf = 8, .blocks = 3, .recurrent = true});
  const Engine engine(d, random_weights(d, 2), {Precision::fp32, 1, 2});
  constexpr int64_t kSide = 1024;  // one outer tile is much less than all of it
  TileOptions tiles;
  tiles.memory_bytes = engine.memory_bytes(kSide, kSide) * 9 / 10;
  tiles.exact = true;
  Memory whole, parts;
  double change = 0;
  std::vector<float> last;
  for (uint64_t t = 0; t < 3; ++t) {
    const std::vector<float> in = frame({3, kSide, kSide}, t % 2);
    std::vector<float> expected(in.size());
    engine.run(in, kSide, kSide, expected, Layout::interleaved, &whole);
    int64_t count = 0;
    const std::vector<float> out = tiled(engine, in, kSide, tiles, &parts, &count);
    EXPECT_GT(count, 1);
    double worst = 0;
    for (size_t i = 0; i < out.size(); ++i) {
      worst = std::max(worst, static_cast<double>(std::abs(out[i] - expected[i])));
      if (t == 2) change = std::max(change, static_cast<double>(std::abs(out[i] - last[i])));
    }
    EXPECT_LT(worst, 1e-3) << "frame " << t;
    if (t == 0) last = out;
  }
  EXPECT_GT(change, 0.01) << "the first frame again, after two others, is not the first";
}

TEST(EngineMemory, WithoutStagesAPictureMustFit) {
  const net::Description d = odd_memories();  // remembers the picture itself
  const Engine engine(d, random_weights(d, 2), {Precision::fp32, 1, 2});
  Memory memory;
  TileOptions tiles;
  tiles.memory_bytes = engine.memory_bytes(512, 512) / 2;
  const std::vector<float> in = frame({3, 512, 512}, 1);
  EXPECT_THROW(tiled(engine, in, 512, tiles, &memory), Error);
  tiled(engine, in, 512, tiles, nullptr);
  tiles.memory_bytes *= 3;
  tiled(engine, in, 512, tiles, &memory);
  EXPECT_FALSE(memory.empty());
}

}  // namespace
}  // namespace linmo::engine
