// SPDX-License-Identifier: Apache-2.0
#include "app/server/paint.h"

#include <algorithm>
#include <cmath>

#include "app/server/samples.h"
#include "linmo/apply/batch.h"
#include "linmo/collection/manifest.h"
#include "linmo/collection/scan.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"
#include "linmo/image/icc.h"
#include "linmo/image/resize.h"
#include "linmo/model/styles.h"

namespace linmo::studio {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kWarmModels = 6, kSeenPictures = 4;
constexpr size_t kRefusedShown = 200, kSamplesShown = 8, kCheckedFiles = 20'000;

template <class T>
void add_weighted(const std::vector<Image>& pictures, const std::vector<double>& weights, Image& out) {
  const std::span<T> to = out.samples<T>();
  for (size_t i = 0; i < to.size(); ++i) {
    double sum = 0;
    for (size_t k = 0; k < pictures.size(); ++k) sum += weights[k] * pictures[k].samples<T>()[i];
    if constexpr (std::is_integral_v<T>)
      to[i] =
          static_cast<T>(std::clamp(std::lround(sum), 0L, static_cast<long>(std::numeric_limits<T>::max())));
    else
      to[i] = static_cast<T>(sum);
  }
}

Look look_of(const json& wish) {
  Look look;
  for (const json& part : wish.at("blend"))
    look.blend.push_back({from_utf8(part.at("path").get<std::string>()), part.at("style").get<std::string>(),
                          part.at("weight").get<double>()});
  look.settings.strength = wish.at("strength");
  look.settings.keep_colour = wish.at("keepColour");
  return look;
}

Frame encoded(const Image& image) {
  const ImageFormat format = image.has_alpha() ? ImageFormat::png : ImageFormat::jpeg;
  EncodeOptions options;
  options.quality = 90;
  options.png_level = 1;
  const std::vector<std::byte> bytes = encode_image(image, format, options);
  return {{{"type", image.has_alpha() ? "image/png" : "image/jpeg"},
           {"width", image.width()},
           {"height", image.height()}},
          std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())};
}

Frame probe(const fs::path& file) {
  const ImageInfo info = probe_image(file, kScanLimits);
  DecodeOptions options;
  options.limits = kScanLimits;
  options.shrink_to_side = 64;
  const Image picture = read_image(file, options);  // a header promises much
  return {{{"width", info.width},
           {"height", info.height},
           {"channels", info.channels},
           {"alpha", picture.has_alpha()},
           {"format", name(info.format)},
           {"extension", extension(info.format)}},
          ""};
}

Frame check(const fs::path& folder, EventSink& sink) {
  std::vector<fs::path> files = list_files(folder);
  const bool is_cut = files.size() > kCheckedFiles;
  if (is_cut) files.resize(kCheckedFiles);
  json refused = json::array(), samples = json::array();
  int64_t usable = 0, refusals = 0;
  for (const ScannedFile& file : check_pictures(files, kScanLimits, kMinSide, sink)) {
    if (file.accepted()) {
      if (++usable <= static_cast<int64_t>(kSamplesShown)) samples.push_back(to_utf8(file.path));
    } else if (file.refused() && ++refusals <= static_cast<int64_t>(kRefusedShown)) {
      refused.push_back({{"file", to_utf8(file.path.lexically_relative(folder))}, {"reason", file.reason}});
    }
  }
  return {{{"usable", usable},
           {"refused", refused},
           {"refusedCount", refusals},
           {"samples", samples},
           {"cut", is_cut}},
          ""};
}

}  // namespace

Image blended(const std::vector<Image>& pictures, const std::vector<double>& weights) {
  if (pictures.empty() || pictures.size() != weights.size()) fail(ErrorKind::usage, "a mixture needs styles");
  const Image& first = pictures.front();
  for (const Image& other : pictures)
    if (other.width() != first.width() || other.height() != first.height() ||
        other.channels() != first.channels() || other.depth() != first.depth())
      fail(ErrorKind::usage, "these styles cannot be mixed: they make pictures of different sizes");
  if (pictures.size() == 1 && weights[0] == 1) return first;
  Image out(first.width(), first.height(), first.channels(), first.depth());
  switch (first.depth()) {
    case Depth::u8:
      add_weighted<uint8_t>(pictures, weights, out);
      break;
    case Depth::u16:
      add_weighted<uint16_t>(pictures, weights, out);
      break;
    case Depth::f32:
      add_weighted<float>(pictures, weights, out);
      break;
  }
  return out;
}

const apply::Stylizer& Painter::model(const fs::path& file, const std::string& style) {
  const auto time = fs::last_write_time(file);
  const auto at = std::find_if(models_.begin(), models_.end(), [&](const Warm& warm) {
    return warm.file == file && warm.style == style && warm.time == time;
  });
  if (at != models_.end()) {
    models_.splice(models_.begin(), models_, at);
  } else {
    auto stylizer = std::make_unique<apply::Stylizer>(apply::Stylizer::load(file, {}, style));
    models_.push_front({file, style, time, std::move(stylizer)});
    if (models_.size() > kWarmModels) models_.pop_back();
  }
  return *models_.front().stylizer;
}

Image Painter::reduced_picture(const fs::path& file, int64_t size) {
  const auto at = std::find_if(pictures_.begin(), pictures_.end(),
                               [&](const Seen& seen) { return seen.file == file && seen.size == size; });
  if (at != pictures_.end()) {
    pictures_.splice(pictures_.begin(), pictures_, at);
    return pictures_.front().image;
  }
  DecodeOptions options;
  options.limits = kScanLimits;
  options.shrink_to_side = size;
  options.keep_16_bit = false;
  Image image = reduced(read_image(file, options), size);
  if (image.pixels() <= 2 << 20) {  // larger ones are looked at once
    pictures_.push_front({file, size, image});
    if (pictures_.size() > kSeenPictures) pictures_.pop_back();
  }
  return image;
}

Image Painter::painted(const Image& picture, const Look& look, EventSink& sink) {
  const auto painter = [&](const Look::Part& part) -> const apply::Stylizer& {
    return model(part.model, part.style);
  };
  if (look.blend.size() == 1) return painter(look.blend[0]).apply(picture, look.settings, sink);
  std::vector<Image> results;
  std::vector<double> weights;
  for (const Look::Part& part : look.blend) {
    if (part.weight == 0) continue;
    results.push_back(painter(part).apply(picture, look.settings, sink));
    weights.push_back(part.weight);
  }
  return blended(results, weights);
}

Frame Painter::paint(const json& wish, EventSink& sink) {
  const Look look = look_of(wish);
  const fs::path input = from_utf8(wish.at("path").get<std::string>());
  const fs::path output = from_utf8(wish.at("output").get<std::string>());
  if (look.blend.size() == 1) {
    apply::BatchOptions options;
    options.output = output;
    options.force = true;
    options.apply = look.settings;
    options.limits = kScanLimits;
    const apply::BatchResult result =
        apply::run_batch(model(look.blend[0].model, look.blend[0].style), {input}, options, sink);
    if (result.stopped) fail(ErrorKind::cancelled, "stopped");
    if (!result.failures.empty()) fail(ErrorKind::input, "{}", result.failures[0].reason);
  } else {
    const ImageInfo info = probe_image(input, kScanLimits);
    DecodeOptions decode;
    decode.limits = kScanLimits;
    const Image result = painted(read_image(input, decode), look, sink);
    EncodeOptions encode;
    encode.exif = info.exif;
    if (!info.icc.empty())
      encode.icc = srgb_profile(result.channels() <= 2 && format_of_extension(output) != ImageFormat::webp);
    write_image(output, result, encode);
  }
  return {{{"bytes", fs::file_size(output)}}, ""};
}

Frame Painter::fulfil(const json& wish, EventSink& sink) {
  const std::string what = wish.at("do");
  const auto path = [&](const char* name) { return from_utf8(wish.at(name).get<std::string>()); };
  if (what == "probe") return probe(path("path"));
  if (what == "picture") return encoded(reduced_picture(path("path"), wish.at("size")));
  if (what == "preview")
    return encoded(painted(reduced_picture(path("path"), wish.at("size")), look_of(wish), sink));
  if (what == "paint") return paint(wish, sink);
  if (what == "check") return check(path("folder"), sink);
  if (what == "model") {
    // Of several styles one will do: all have the same network.
    const std::vector<std::string> names = model::style_names(model::load_model_header(path("path")));
    model(path("path"), names.empty() ? "" : names[0]);
    return {json::object(), ""};
  }
  if (what == "card") {
    const int64_t size = wish.at("size");
    const Image drawn = sample_of(wish.at("subject").get<std::string>(), size, size * 2 / 3);
    return encoded(wish.contains("path")
                       ? reduced(model(path("path"), wish.at("style")).apply(drawn, {}, sink), size)
                       : drawn);
  }
  fail(ErrorKind::usage, "the worker does not know \"{}\"", what);
}

}  // namespace linmo::studio
