// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/perceptual.h"

#include <algorithm>
#include <cmath>

#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/image/resize.h"
#include "linmo/measure/plane.h"
#include "linmo/net/features.h"

namespace linmo::measure {
namespace {

constexpr int64_t kLeastSide = 16;

// The features of a stage, planar.
struct Stage {
  size_t channels = 0, places = 0;
  std::vector<float> values;
};

// What a network sees: planar, −1 … 1, sides a multiple of four.
struct Seen {
  int64_t width = 0, height = 0;
  std::vector<float> values;
};

Seen seen(const Image& picture) {
  const int64_t w = picture.width(), h = picture.height();
  if (std::min(w, h) < kLeastSide)
    return seen(resize(picture, std::max(w, kLeastSide), std::max(h, kLeastSide), Filter::bicubic));
  Seen s{w / 4 * 4, h / 4 * 4, {}};
  s.values.reserve(static_cast<size_t>(3 * s.width * s.height));
  for (const Plane& plane : rgb_planes(picture)) {
    for (int64_t y = 0; y < s.height; ++y) {
      for (const float v : plane.row(y).first(static_cast<size_t>(s.width)))
        s.values.push_back(v / 127.5f - 1);
    }
  }
  return s;
}

Stage run(const engine::Engine& engine, const Seen& in) {
  const net::Description& d = engine.network();
  const net::Shape shape = net::infer_shapes(d, {3, in.height, in.width})[static_cast<size_t>(d.outputs[0])];
  Stage stage{static_cast<size_t>(shape.channels), static_cast<size_t>(shape.height * shape.width),
              std::vector<float>(static_cast<size_t>(shape.count()))};
  engine.run(in.values, in.height, in.width, stage.values, engine::Layout::planar);
  return stage;
}

// What a perceptual network offers in place of its teacher's stages; otherwise the stages themselves.
std::vector<int> compared_layers(const net::Description& d) {
  const std::vector<int> own = net::feature_layers(d);
  return d.outputs.size() == own.size() ? d.outputs : own;
}

class Perceptual : public FeatureExtractor {
 public:
  // `stages`: how many channels each has.
  Perceptual(const model::Model& model, net::Description pooled, const std::vector<int64_t>& stages,
             int threads)
      : engine_(std::move(pooled), model.tensors,
                {.precision = engine::Precision::fp32, .threads = 1, .cached_plans = 1}),
        name_(feature_name(model)),
        threads_(threads) {
    const net::Description& d = engine_.network();
    dimensions_ = net::infer_shapes(d, {3, 64, 64})[static_cast<size_t>(d.outputs[0])].channels;
    unit_.assign(static_cast<size_t>(dimensions_), 1);
    const std::vector<float> reference = features({reference_picture()});
    auto first = reference.begin();
    auto unit = unit_.begin();
    for (const int64_t channels : stages) {
      double squares = 0;
      for (int64_t c = 0; c < channels; ++c) squares += static_cast<double>(first[c]) * first[c];
      const double rms = std::sqrt(squares / static_cast<double>(channels));
      std::fill_n(unit, channels, rms > 0 ? static_cast<float>(1 / rms) : 1);
      first += channels, unit += channels;
    }
  }

  std::vector<float> features(const std::vector<Image>& pictures) override {
    std::vector<float> out(pictures.size() * static_cast<size_t>(dimensions_));
    for_each_parallel(pictures.size(), threads_, "features", null_sink(), [&](size_t i) {
      const Seen in = seen(pictures[i]);
      const auto own =
          std::span(out).subspan(i * static_cast<size_t>(dimensions_), static_cast<size_t>(dimensions_));
      engine_.run(in.values, in.height, in.width, own, engine::Layout::planar);
      for (size_t k = 0; k < own.size(); ++k) own[k] *= unit_[k];
    });
    return out;
  }
  int64_t dimensions() const override { return dimensions_; }
  std::string name() const override { return name_; }
  bool is_inception() const override { return false; }

 private:
  engine::Engine engine_;
  std::string name_;
  int threads_;
  int64_t dimensions_ = 0;
  std::vector<float> unit_;  // what each number is multiplied by
};

}  // namespace

std::unique_ptr<FeatureExtractor> open_perceptual(const model::Model& model, int threads) {
  net::Description pooled = model.network;
  std::vector<int> parts;
  std::vector<int64_t> channels;
  const std::vector<net::Shape> shapes = net::infer_shapes(pooled, {3, 64, 64});
  for (const int layer : net::feature_layers(pooled)) {
    channels.push_back(shapes[static_cast<size_t>(layer)].channels);
    pooled.layers.push_back({net::GlobalPool{}, {}, {layer}});
    parts.push_back(static_cast<int>(pooled.layers.size()) - 1);
  }
  pooled.layers.push_back({net::Concat{}, {}, parts});
  pooled.outputs = {static_cast<int>(pooled.layers.size()) - 1};
  return std::make_unique<Perceptual>(model, std::move(pooled), channels, threads);
}

Image reference_picture() {
  constexpr int64_t kSide = 256;
  std::vector<double> sum(3 * kSide * kSide);
  double amplitude = 1;
  for (int64_t side = 4; side <= kSide; side *= 2, amplitude /= 2) {
    Random random(0, static_cast<uint64_t>(side));
    Image octave(side, side, 3, Depth::f32);
    for (float& v : octave.samples<float>()) v = static_cast<float>(random.normal());
    const Image large = side == kSide ? octave : resize(octave, kSide, kSide, Filter::bicubic);
    for (size_t i = 0; i < sum.size(); ++i)
      sum[i] += amplitude * static_cast<double>(large.samples<float>()[i]);
  }
  Image picture(kSide, kSide, 3, Depth::u8);
  for (size_t i = 0; i < sum.size(); ++i)
    picture.samples<uint8_t>()[i] = static_cast<uint8_t>(std::clamp(128 + 45 * sum[i], 0., 255.));
  return picture;
}

std::string feature_name(const model::Model& model) {
  return model.card.value("name", model.network.family) + " features";
}

bool is_feature_model(const std::filesystem::path& file) {
  try {
    net::feature_layers(model::load_model_header(file).network);
    return true;
  } catch (const Error&) {
    return false;  // not a model, or a model of another kind: others will say what is wrong with it
  }
}

PerceptualDistance::PerceptualDistance(const model::Model& model) {
  for (const int layer : compared_layers(model.network)) {
    net::Description one = model.network;
    one.outputs = {layer};
    stages_.emplace_back(
        std::move(one), model.tensors,
        engine::Options{.precision = engine::Precision::fp32, .threads = 1, .cached_plans = 2});
  }
}

double PerceptualDistance::operator()(const Image& a, const Image& b) const {
  if (a.width() != b.width() || a.height() != b.height())
    fail(ErrorKind::usage, "pictures of different sizes have no perceptual distance: {}×{} and {}×{}",
         a.width(), a.height(), b.width(), b.height());
  const Seen seen_a = seen(a), seen_b = seen(b);
  double distance = 0;
  for (const engine::Engine& engine : stages_) {
    const Stage p = run(engine, seen_a), q = run(engine, seen_b);
    double sum = 0;
    for (size_t i = 0; i < p.places; ++i) {
      double uu = 0, vv = 0, squares = 0;
      for (size_t k = i; k < p.values.size(); k += p.places) {
        uu += static_cast<double>(p.values[k]) * p.values[k];
        vv += static_cast<double>(q.values[k]) * q.values[k];
      }
      const double u = std::sqrt(uu) + 1e-10, v = std::sqrt(vv) + 1e-10;
      for (size_t k = i; k < p.values.size(); k += p.places) {
        const double d = p.values[k] / u - q.values[k] / v;
        squares += d * d;
      }
      sum += squares;
    }
    distance += sum / static_cast<double>(p.places);
  }
  return distance;
}

}  // namespace linmo::measure
