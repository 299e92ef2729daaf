// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/quantise.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linmo/core/error.h"
#include "linmo/engine/picture_ops.h"
#include "linmo/engine/program.h"
#include "linmo/engine/weights.h"
#include "linmo/net/cost.h"

namespace linmo::engine {
namespace {

constexpr size_t kSamples = 4096;  // a channel

// A sample of what one convolution reads.
struct Inputs {
  size_t channels = 0;
  int64_t stride = 1, seen = 0;          // pixels
  std::vector<std::vector<float>> kept;  // by channel
  void add(std::span<const float> row) {
    for (size_t p = 0; p < row.size() / channels; ++p) {
      if (seen++ % stride != 0) continue;
      for (size_t c = 0; c < channels; ++c) kept[c].push_back(row[p * channels + c]);
    }
  }
};

// The range whose quantisation in `levels` steps has the least squared error.
float best_range(const std::vector<float>& values, int levels) {
  float largest = 0;
  for (const float v : values) largest = std::max(largest, std::abs(v));
  float best = largest;
  double least = std::numeric_limits<double>::infinity();
  for (float range = largest; range > 0.4f * largest; range -= 0.05f * largest) {
    const float unit = range / static_cast<float>(levels);
    double error = 0;
    for (const float v : values) {
      const float back =
          std::clamp(std::round(v / unit), -static_cast<float>(levels), static_cast<float>(levels));
      const auto difference = static_cast<double>(v - back * unit);
      error += difference * difference;
    }
    if (error < least) least = error, best = range;
  }
  return best;
}

// Squared error of a convolution's results, of one pixel and up to a factor, from rounding its inputs and its
// weights: every rounding errs by unit²/12 and is multiplied by the other's mean square.
double expected_error(const ConvWeights& w, const std::vector<float>& scale,
                      const std::vector<double>& squares) {
  const std::vector<float> units = weight_scales(w, scale);
  const size_t each = w.weight.size() / w.bias.size(), taps = each / scale.size();
  double reach = 0;  // Σ E[(x / scale)²] · taps
  for (size_t i = 0; i < scale.size(); ++i)
    reach += squares[i] / (static_cast<double>(scale[i]) * static_cast<double>(scale[i])) *
             static_cast<double>(taps);
  double error = 0;
  for (size_t k = 0; k < w.weight.size(); ++k) {
    const double product = static_cast<double>(w.weight[k]) * static_cast<double>(scale[k % each / taps]);
    error += product * product;
  }
  for (const float unit : units) error += static_cast<double>(unit) * static_cast<double>(unit) * reach;
  return error;
}

QuantisedInput choose_scales(const ConvWeights& w, const Inputs& inputs) {
  QuantisedInput result;
  std::vector<double> squares(inputs.channels);
  float lowest = 0;
  for (size_t c = 0; c < inputs.channels; ++c) {
    for (const float v : inputs.kept[c]) {
      lowest = std::min(lowest, v);
      squares[c] +=
          static_cast<double>(v) * static_cast<double>(v) / static_cast<double>(inputs.kept[c].size());
    }
  }
  result.type = lowest < 0 ? Type::s8 : Type::u8;
  const int levels = lowest < 0 ? 127 : 255;
  const size_t each = w.weight.size() / w.bias.size(), taps = each / inputs.channels;
  std::vector<float> range(inputs.channels), weight(inputs.channels);
  parallel(static_cast<int64_t>(inputs.channels), [&](int64_t c) {
    const auto i = static_cast<size_t>(c);
    range[i] = best_range(inputs.kept[i], levels);
  });
  const float widest = std::max(1e-12f, *std::max_element(range.begin(), range.end()));
  for (size_t k = 0; k < w.weight.size(); ++k) {
    float& largest = weight[k % each / taps];
    largest = std::max(largest, std::abs(w.weight[k]));
  }
  const float heaviest = std::max(1e-12f, *std::max_element(weight.begin(), weight.end()));
  double least = std::numeric_limits<double>::infinity();
  for (const float exponent : {0.0f, 0.25f, 0.5f, 0.75f, 1.0f}) {
    // Channel c is multiplied by gain[c] before it is quantised with one unit for all channels.
    std::vector<float> gain(inputs.channels);
    float reach = 0;
    for (size_t c = 0; c < gain.size(); ++c) {
      const float a = std::max(range[c] / widest, 1e-4f), b = std::max(weight[c] / heaviest, 1e-4f);
      gain[c] = std::pow(b, 1 - exponent) / std::pow(a, exponent);
      if (exponent == 0) gain[c] = 1;
      reach = std::max(reach, range[c] * gain[c]);
    }
    std::vector<float> scale(inputs.channels);
    for (size_t c = 0; c < scale.size(); ++c)
      scale[c] = std::max(reach / gain[c] / static_cast<float>(levels), 1e-20f);
    const double error = expected_error(w, scale, squares);
    if (error < least) least = error, result.scale = std::move(scale);
  }
  return result;
}

double psnr(double squares, double count) {
  return squares > 0 ? 10 * std::log10(4 * count / squares) : 99;
}

class Quantiser {
 public:
  Quantiser(const net::Description& d, model::TensorMap& tensors,
            const std::vector<CalibrationPicture>& pictures, const QuantiseOptions& options,
            EventSink& events)
      : d_(d), tensors_(tensors), pictures_(pictures), options_(options), events_(events) {
    for (size_t i = 0; i < d.layers.size(); ++i) {
      for (const char* suffix : {"u8_scale", "s8_scale"})
        tensors_.erase(fmt::format("{}.{}", d.layers[i].name, suffix));
    }
  }

  QuantiseReport run();

 private:
  struct Result {
    double psnr, worst, squares;
  };
  static size_t at(int i) { return static_cast<size_t>(i); }
  void calibrate();
  Result measure(const std::vector<int>& layers, Precision precision = Precision::int8) const;
  void store(model::TensorMap& to, int layer) const {
    const QuantisedInput& q = found_.at(layer);
    to[fmt::format("{}.{}", d_.layers[at(layer)].name, q.type == Type::u8 ? "u8_scale" : "s8_scale")] =
        model::Tensor::from_floats({static_cast<int64_t>(q.scale.size())}, q.scale);
  }

  const net::Description& d_;
  model::TensorMap& tensors_;
  const std::vector<CalibrationPicture>& pictures_;
  const QuantiseOptions options_;
  EventSink& events_;
  std::vector<std::vector<float>> truth_;  // fp32 results
  std::vector<int> candidates_;
  Quantisation found_;
};

void Quantiser::calibrate() {
  const Engine engine(d_, tensors_, {Precision::fp32, options_.threads, 1});
  std::map<int, Inputs> inputs;
  std::map<int, ConvStep> steps;
  const net::Shape size{d_.in_channels(), pictures_[0].height, pictures_[0].width};
  for (const Step& step : compile(d_, size, Type::f32).steps) {
    const auto* conv = std::get_if<ConvStep>(&step);
    // The head makes the picture out of few channels: there is little to gain and everything to lose.
    if (!conv || !can_quantise(d_, conv->layer) || conv->form == ConvStep::Form::block ||
        conv->form == ConvStep::Form::deconvolution || inputs.contains(conv->layer))
      continue;
    Inputs& of = inputs[conv->layer];
    of.channels = static_cast<size_t>(conv->in_channels);
    of.kept.resize(of.channels);
    steps[conv->layer] = *conv;
    candidates_.push_back(conv->layer);
  }
  if (candidates_.empty())
    fail(ErrorKind::input, "the network {} has no convolution that could compute in int8", d_.family);
  double pixels = 0;
  for (const CalibrationPicture& p : pictures_) pixels += static_cast<double>(p.height * p.width);
  const std::vector<net::Shape> shapes = net::infer_shapes(d_, size);
  for (auto& [layer, of] : inputs) {
    const net::Shape in = shapes[at(d_.layers[at(layer)].inputs[0])];
    const double share =
        static_cast<double>(in.height * in.width) / static_cast<double>(size.height * size.width);
    of.stride =
        std::max<int64_t>(1, static_cast<int64_t>(pixels * share / static_cast<double>(kSamples))) | 1;
  }
  for (size_t i = 0; i < pictures_.size(); ++i) {
    events_.check("calibrating");
    const CalibrationPicture& p = pictures_[i];
    const net::Shape out = net::infer_shapes(d_, {d_.in_channels(), p.height, p.width})[at(d_.outputs[0])];
    truth_.emplace_back(static_cast<size_t>(out.count()));
    engine.run_observed(p.values, p.height, p.width, truth_.back(),
                        [&](int layer, std::span<const float> row) {
                          if (const auto of = inputs.find(layer); of != inputs.end()) of->second.add(row);
                        });
    events_.progress("calibrating", static_cast<double>(i + 1), static_cast<double>(pictures_.size()), -1);
  }
  for (const int layer : candidates_)
    found_[layer] = choose_scales(conv_weights(d_, tensors_, steps[layer]), inputs[layer]);
}

Quantiser::Result Quantiser::measure(const std::vector<int>& layers, Precision precision) const {
  model::TensorMap tensors = tensors_;  // the numbers themselves are shared
  for (const int layer : layers) store(tensors, layer);
  const Engine engine(d_, std::move(tensors), {precision, options_.threads, 1});
  double squares = 0, count = 0, worst = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < pictures_.size(); ++i) {
    events_.check("measuring");
    const CalibrationPicture& p = pictures_[i];
    std::vector<float> result(truth_[i].size());
    engine.run(p.values, p.height, p.width, result);
    double own = 0;
    for (size_t k = 0; k < result.size(); ++k) {
      const auto difference = static_cast<double>(std::clamp(result[k], -1.0f, 1.0f)) -
                              static_cast<double>(std::clamp(truth_[i][k], -1.0f, 1.0f));
      own += difference * difference;
    }
    squares += own;
    count += static_cast<double>(result.size());
    worst = std::min(worst, psnr(own, static_cast<double>(result.size())));
  }
  return {psnr(squares, count), worst, squares / count};
}

QuantiseReport Quantiser::run() {
  if (pictures_.empty()) fail(ErrorKind::input, "there are no pictures to calibrate with");
  if (!cpu_has_int8())
    fail(ErrorKind::usage,
         "this processor does not compute in int8 (VNNI), so the result could not be checked; prepare the "
         "model "
         "on one that does");
  calibrate();
  QuantiseReport report;
  const net::Shape size{d_.in_channels(), pictures_[0].height, pictures_[0].width};
  const double floating = measure({}, Precision::automatic).squares;
  report.psnr_floating = psnr(floating, 1);
  std::vector<std::pair<double, int>> harm;  // squared error a multiply-add
  for (const int layer : candidates_) {
    const Result alone = measure({layer});
    QuantisedLayer q;
    q.name = d_.layers[at(layer)].name;
    q.macs = net::macs_until(d_, size, layer) - net::macs_until(d_, size, layer - 1);
    q.psnr = alone.psnr;
    q.is_signed = found_[layer].type == Type::s8;
    harm.emplace_back(std::max(0.0, alone.squares - floating) / std::max(1.0, static_cast<double>(q.macs)),
                      layer);
    report.layers.push_back(std::move(q));
    events_.progress("measuring", static_cast<double>(report.layers.size()),
                     static_cast<double>(candidates_.size()), -1);
  }
  std::sort(harm.begin(), harm.end());
  std::vector<int> chosen;
  for (const auto& [error, layer] : harm) chosen.push_back(layer);
  Result result = measure(chosen);
  report.psnr_all = result.psnr;
  while (result.psnr < options_.target && !chosen.empty()) {
    chosen.pop_back();
    if (!chosen.empty()) result = measure(chosen);
  }
  if (chosen.empty())
    fail(ErrorKind::input, "no layer of the network computes in int8 with {} dB; ask for less (--psnr)",
         options_.target);
  report.psnr = result.psnr;
  report.worst = result.worst;
  double in_int8 = 0;
  for (size_t k = 0; k < candidates_.size(); ++k) {
    const bool kept = std::find(chosen.begin(), chosen.end(), candidates_[k]) != chosen.end();
    report.layers[k].int8 = kept;
    if (!kept) continue;
    store(tensors_, candidates_[k]);
    in_int8 += static_cast<double>(report.layers[k].macs);
  }
  report.int8_share = in_int8 / static_cast<double>(net::cost(d_, size).macs);
  return report;
}

}  // namespace

QuantiseReport quantise(const net::Description& network, model::TensorMap& tensors,
                        const std::vector<CalibrationPicture>& pictures, const QuantiseOptions& options,
                        EventSink& events) {
  return Quantiser(network, tensors, pictures, options, events).run();
}

}  // namespace linmo::engine
