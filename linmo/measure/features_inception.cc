// SPDX-License-Identifier: Apache-2.0
#include <zip.h>

#include <algorithm>

#include "linmo/collection/parallel.h"
#include "linmo/core/files.h"
#include "linmo/engine/engine.h"
#include "linmo/measure/features.h"
#include "linmo/measure/plane.h"
#include "linmo/model/model_file.h"
#include "linmo/model/pth.h"
#include "linmo/model/safetensors.h"
#include "linmo/net/inception.h"

namespace linmo::measure {
namespace {

constexpr int64_t kSide = 299, kFeatures = 2048;

// Two samples and the weight of the second, for every position along one side.
struct Taps {
  size_t low = 0, high = 0;
  float weight = 0;
};

std::vector<Taps> bilinear_taps(int64_t from) {
  std::vector<Taps> taps(kSide);
  const double scale = static_cast<double>(from) / kSide;
  for (int64_t i = 0; i < kSide; ++i) {
    const double at = std::max(0.0, (static_cast<double>(i) + 0.5) * scale - 0.5);
    const int64_t low = std::min(static_cast<int64_t>(at), from - 1);
    taps[static_cast<size_t>(i)] = {static_cast<size_t>(low),
                                    static_cast<size_t>(std::min(low + 1, from - 1)),
                                    static_cast<float>(at - static_cast<double>(low))};
  }
  return taps;
}

class Inception : public FeatureExtractor {
 public:
  Inception(net::InceptionVariant variant, std::string name, model::TensorMap tensors, int threads)
      : name_(std::move(name)),
        engine_(net::make_inception(variant), std::move(tensors),
                {.precision = engine::Precision::fp32, .threads = 1, .cached_plans = 1}),
        threads_(threads) {}

  std::vector<float> features(const std::vector<Image>& pictures) override {
    std::vector<float> out(pictures.size() * kFeatures);
    // A picture a thread, rather than all threads on one: nobody waits for the slowest at every layer.
    for_each_parallel(pictures.size(), threads_, "features", null_sink(), [&](size_t i) {
      engine_.run(inception_input(pictures[i]), kSide, kSide,
                  std::span(out).subspan(i * kFeatures, kFeatures), engine::Layout::planar);
    });
    return out;
  }
  int64_t dimensions() const override { return kFeatures; }
  std::string name() const override { return name_; }
  bool is_inception() const override { return true; }

 private:
  std::string name_;
  engine::Engine engine_;
  int threads_;
};

std::string variant_of(const model::Safetensors& content, const std::string& file) {
  if (const auto said = content.metadata.find("inception_variant"); said != content.metadata.end()) {
    if (said->second == "fid" || said->second == "torchvision" || said->second == "keras")
      return said->second;
    fail(ErrorKind::input,
         "{}: its metadata name the InceptionV3 variant {}; known are fid, torchvision, keras", file,
         said->second);
  }
  const auto classes = content.tensors.find("fc.weight");
  const bool thousand = classes != content.tensors.end() && !classes->second.shape().empty() &&
                        classes->second.shape()[0] == 1000;
  return thousand || content.tensors.contains("AuxLogits.conv0.conv.weight") ? "torchvision" : "fid";
}

}  // namespace

bool is_torchscript(const std::filesystem::path& file) {
  int code = 0;
  const std::unique_ptr<zip_t, decltype(&zip_discard)> zip(zip_open(file.c_str(), ZIP_RDONLY, &code),
                                                           &zip_discard);
  if (!zip) return false;
  const zip_int64_t entries = zip_get_num_entries(zip.get(), 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    const char* entry = zip_get_name(zip.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    const std::string_view name = entry ? entry : "";
    const size_t slash = name.find('/');
    if (slash != std::string_view::npos && name.substr(slash) == "/constants.pkl") return true;
  }
  return false;
}

std::vector<float> inception_input(const Image& picture) {
  if (picture.pixels() < 1) fail(ErrorKind::usage, "an empty picture has no features");
  const std::vector<Taps> across = bilinear_taps(picture.width()), down = bilinear_taps(picture.height());
  std::vector<float> out;
  out.reserve(3 * kSide * kSide);
  for (const Plane& plane : rgb_planes(picture)) {
    for (const Taps& v : down) {
      const auto top = plane.row(static_cast<int64_t>(v.low)),
                 bottom = plane.row(static_cast<int64_t>(v.high));
      for (const Taps& h : across) {
        const float upper = top[h.low] + h.weight * (top[h.high] - top[h.low]);
        const float lower = bottom[h.low] + h.weight * (bottom[h.high] - bottom[h.low]);
        out.push_back((upper + v.weight * (lower - upper)) / 127.5f - 1);
      }
    }
  }
  return out;
}

std::unique_ptr<FeatureExtractor> open_inception(const std::filesystem::path& file, int threads) {
  const std::string name = to_utf8(file);
  model::Safetensors content;
  if (file.extension() == ".safetensors") {
    content = model::read_safetensors(file);
  } else {
    content.tensors = model::state_dict(model::read_pth(file));
  }
  if (!content.tensors.contains("Conv2d_1a_3x3.conv.weight")) {
    fail(ErrorKind::input,
         "{} is not an InceptionV3: it has no Conv2d_1a_3x3.conv.weight; give torchvision's or pytorch-fid's "
         "weights, or a TorchScript program",
         name);
  }
  const std::string variant = variant_of(content, name);
  const net::InceptionVariant which = variant == "fid"     ? net::InceptionVariant::fid
                                      : variant == "keras" ? net::InceptionVariant::keras
                                                           : net::InceptionVariant::torchvision;
  model::check_parameters(net::make_inception(which), content.tensors, name);
  const std::string label = variant == "fid" ? "InceptionV3 (pytorch-fid)" : "InceptionV3 (" + variant + ")";
  return std::make_unique<Inception>(which, label, std::move(content.tensors), threads);
}

}  // namespace linmo::measure
