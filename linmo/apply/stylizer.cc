// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/stylizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linmo/apply/colour.h"
#include "linmo/core/error.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::apply {
namespace {

// Continues 0 … n − 1 by mirroring, as often as needed.
int64_t mirror(int64_t i, int64_t n) {
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1);
  i %= period;
  return i < n ? i : period - i;
}

// The picture continued to width × height on the right and below.
Image extend(const Image& picture, int64_t width, int64_t height) {
  if (width == picture.width() && height == picture.height()) return picture;
  Image out(width, height, picture.channels(), picture.depth());
  const auto copy = [&]<class T>(T) {
    const int channels = picture.channels();
    for (int64_t y = 0; y < height; ++y) {
      const std::span<const T> from = picture.row<T>(mirror(y, picture.height()));
      const std::span<T> to = out.row<T>(y);
      for (int64_t x = 0; x < width; ++x)
        std::copy_n(from.begin() + mirror(x, picture.width()) * channels, channels,
                    to.begin() + x * channels);
    }
  };
  if (picture.depth() == Depth::u8)
    copy(uint8_t{});
  else if (picture.depth() == Depth::u16)
    copy(uint16_t{});
  else
    copy(float{});
  return out;
}

// Reads samples of any depth as 0 … 1 and writes them back rounded.
class Samples {
 public:
  explicit Samples(Depth depth) : depth_(depth) {}
  float get(const std::byte* row, int64_t i) const {
    switch (depth_) {
      case Depth::u8:
        return static_cast<float>(reinterpret_cast<const uint8_t*>(row)[i]) * (1 / 255.0f);
      case Depth::u16:
        return static_cast<float>(reinterpret_cast<const uint16_t*>(row)[i]) * (1 / 65535.0f);
      case Depth::f32:
        break;
    }
    return reinterpret_cast<const float*>(row)[i];
  }
  void put(std::byte* row, int64_t i, float value) const {
    value = std::clamp(value, 0.0f, 1.0f);
    switch (depth_) {
      case Depth::u8:
        reinterpret_cast<uint8_t*>(row)[i] = static_cast<uint8_t>(value * 255.0f + 0.5f);
        return;
      case Depth::u16:
        reinterpret_cast<uint16_t*>(row)[i] = static_cast<uint16_t>(value * 65535.0f + 0.5f);
        return;
      case Depth::f32:
        reinterpret_cast<float*>(row)[i] = value;
        return;
    }
  }
  const std::byte* row(const Image& image, int64_t y) const {
    return image.bytes().data() + y * image.width() * image.channels() * static_cast<int>(depth_);
  }
  std::byte* row(Image& image, int64_t y) const {
    return image.samples<std::byte>().data() +
           y * image.width() * image.channels() * static_cast<int>(depth_);
  }

 private:
  Depth depth_;
};

int64_t round_up(int64_t x, int64_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}

}  // namespace

struct Stylizer::State {
  State(const model::Model& model, const engine::Options& options)
      : engine(model.network, model.tensors, options) {}

  // The least size not below height × width that the network takes.
  net::Shape fit(int64_t height, int64_t width) const {
    const net::Description& d = engine.network();
    const int64_t m = d.size_multiple;
    net::Shape shape{d.in_channels(), round_up(height, m), round_up(width, m)};
    for (int trial = 0;; ++trial) {
      try {
        net::infer_shapes(d, shape);
        return shape;
      } catch (const Error&) {
        if (trial == 64) throw;
        if (shape.height <= shape.width) shape.height += m;
        if (shape.width < shape.height) shape.width += m;
      }
    }
  }

  engine::Engine engine;
  double scale = 1;  // result's side over the network's input
};

Stylizer::Stylizer(const model::Model& model, const engine::Options& options)
    : state_(std::make_unique<State>(model, options)) {
  const net::Description& d = state_->engine.network();
  const net::Shape in = state_->fit(64, 64);
  const net::Shape out = net::infer_shapes(d, in)[static_cast<size_t>(d.outputs[0])];
  state_->scale = static_cast<double>(out.width) / static_cast<double>(in.width);
  const auto picture = [](int64_t channels) { return channels == 1 || channels == 3; };
  if (!picture(in.channels) || !picture(out.channels))
    fail(ErrorKind::input, "the network {} turns {} channels into {}, not pictures into pictures", d.family,
         in.channels, out.channels);
  if (out.width * in.height != out.height * in.width || state_->scale * d.content_scale < 1.0 / 64 ||
      state_->scale * d.content_scale > 16)
    fail(ErrorKind::input, "the network {} turns pictures of {} × {} into {} × {}: not something to apply",
         d.family, in.width, in.height, out.width, out.height);
}

Stylizer::~Stylizer() = default;
Stylizer::Stylizer(Stylizer&&) noexcept = default;
Stylizer& Stylizer::operator=(Stylizer&&) noexcept = default;

Stylizer Stylizer::load(const std::filesystem::path& model_file, const engine::Options& options) {
  return Stylizer(model::load_model(model_file), options);
}

double Stylizer::enlargement() const {
  return state_->scale * state_->engine.network().content_scale;
}
const engine::Engine& Stylizer::engine() const {
  return state_->engine;
}

Image Stylizer::apply(const Image& picture, const ApplySettings& settings, EventSink& events) const {
  if (picture.empty()) fail(ErrorKind::input, "the picture has no pixels");
  if (!(settings.strength >= 0 && settings.strength <= 1))
    fail(ErrorKind::usage, "the strength {} is not in 0 … 1", settings.strength);
  const net::Description& d = state_->engine.network();
  const Depth depth = picture.depth();
  const auto final_size = [&](int64_t side) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(side) * enlargement()));
  };
  const int64_t width = final_size(picture.width()), height = final_size(picture.height());

  // What goes into the network: without alpha, at its scale.
  // Large pictures are copied only where they must change.
  Image prepared;
  const Image* source = &picture;
  const auto prepare = [&](Image image) {
    prepared = std::move(image);
    source = &prepared;
  };
  if (picture.has_alpha()) prepare(drop_alpha(bleed_colours(picture)));
  if (d.in_channels() == 1 && source->channels() == 3) prepare(to_grey(*source));
  const double reduction = 1 / d.content_scale;
  const auto whole = static_cast<int64_t>(std::llround(reduction));
  // With a whole reduction (seed: 4) the picture is continued to a multiple of it, so that the result fits
  // pixel by pixel; otherwise the result is resized.
  const bool fits = std::abs(reduction - static_cast<double>(whole)) < 1e-9 || d.content_scale == 1;
  if (d.content_scale != 1) {
    const auto scaled = [&](int64_t side) {
      return std::max<int64_t>(1, std::llround(static_cast<double>(side) * d.content_scale));
    };
    if (fits) {
      const int64_t w = round_up(source->width(), whole), h = round_up(source->height(), whole);
      // The mean over each square, as training feeds it.
      prepare(resize(extend(*source, w, h), w / whole, h / whole, Filter::box));
    } else {
      prepare(resize(*source, scaled(source->width()), scaled(source->height())));
    }
  }
  const Image& content = *source;
  const net::Shape in = state_->fit(content.height(), content.width());
  const net::Shape out = net::infer_shapes(d, in)[static_cast<size_t>(d.outputs[0])];

  const Samples samples(depth);
  const int content_channels = content.channels(), in_channels = d.in_channels();
  const auto read = [&](engine::Rect part, std::span<float> to) {
    float* p = to.data();
    for (int64_t y = 0; y < part.height; ++y) {
      const std::byte* row = samples.row(content, mirror(part.y + y, content.height()));
      for (int64_t x = 0; x < part.width; ++x) {
        const int64_t from = mirror(part.x + x, content.width()) * content_channels;
        for (int c = 0; c < in_channels; ++c)
          *p++ = samples.get(row, from + (content_channels == 3 ? c : 0)) * 2 - 1;
      }
    }
  };

  // The part of the network's result that is the picture; the rest continues it.
  const auto used = [&](int64_t side, int64_t wanted, int64_t limit) {
    return std::min<int64_t>(limit, fits ? wanted : std::llround(static_cast<double>(side) * state_->scale));
  };
  const int64_t used_width = used(content.width(), width, out.width);
  const int64_t used_height = used(content.height(), height, out.height);
  const bool direct = used_width == width && used_height == height;
  const bool mixes = settings.strength < 1 || settings.keep_colour;
  // The picture at the result's size, for mixing.
  Image enlarged;
  const Image* before_style = &picture;
  if (mixes && (picture.has_alpha() || picture.width() != width || picture.height() != height)) {
    enlarged = picture.has_alpha() ? drop_alpha(bleed_colours(picture)) : picture;
    enlarged = resize(enlarged, width, height);
    before_style = &enlarged;
  }
  const Image& original = *before_style;
  const int colours = static_cast<int>(out.channels) == 1 && (!mixes || original.channels() < 3) ? 1 : 3;
  const auto strength = static_cast<float>(settings.strength);
  const auto mix = [&](std::byte* row, int64_t x, int64_t y, const Rgb& styled) {
    Rgb result = styled;
    if (mixes) {
      const std::byte* from = samples.row(original, y);
      Rgb before;
      for (size_t c = 0; c < 3; ++c)
        before[c] = samples.get(
            from, x * original.channels() + (original.channels() == 3 ? static_cast<int64_t>(c) : 0));
      if (settings.keep_colour) result = with_colour_of(result, before);
      for (size_t c = 0; c < 3; ++c) result[c] = before[c] + strength * (result[c] - before[c]);
    }
    for (int c = 0; c < colours; ++c) samples.put(row, x * colours + c, result[static_cast<size_t>(c)]);
  };

  // Samples of the result, clamped; NaN (a damaged model) becomes black rather than undefined.
  const auto colour_at = [&](const float* p) {
    Rgb rgb;
    for (size_t c = 0; c < 3; ++c) {
      const float v = (p[out.channels == 3 ? c : 0] + 1) * 0.5f;
      rgb[c] = v > 0 ? std::min(v, 1.0f) : 0.0f;
    }
    return rgb;
  };
  Image result(width, height, colours, depth);
  Image unscaled;  // where the result must still be resized
  if (!direct) unscaled = Image(used_width, used_height, 3, Depth::f32);
  const auto write = [&](engine::Rect part, std::span<const float> from) {
    for (int64_t y = part.y; y < std::min(part.y + part.height, used_height); ++y) {
      const float* p = from.data() + (y - part.y) * part.width * out.channels;
      for (int64_t x = part.x; x < std::min(part.x + part.width, used_width); ++x, p += out.channels) {
        const Rgb rgb = colour_at(p);
        if (direct)
          mix(samples.row(result, y), x, y, rgb);
        else
          std::copy(rgb.begin(), rgb.end(), unscaled.row<float>(y).begin() + 3 * x);
      }
    }
  };
  const engine::TileReport report =
      engine::run_tiled(state_->engine, in.height, in.width, read, write, settings.tiles, events);
  if (report.mode == engine::TileReport::Mode::fast && !state_->engine.statistics().empty())
    events.info(fmt::format(
        "{} × {}: {} tiles with statistics from a sample of the picture; --exact takes them from every pixel",
        picture.width(), picture.height(), report.tiles));
  if (!direct) {
    unscaled = resize(unscaled, width, height);
    for (int64_t y = 0; y < height; ++y) {
      const std::span<const float> from = unscaled.row<float>(y);
      for (int64_t x = 0; x < width; ++x) {
        const size_t i = static_cast<size_t>(3 * x);
        mix(samples.row(result, y), x, y, {from[i], from[i + 1], from[i + 2]});
      }
    }
  }
  if (!picture.has_alpha()) return result;
  Image alpha = alpha_of(picture);
  if (alpha.width() != width || alpha.height() != height) alpha = resize(alpha, width, height);
  return with_alpha(result, alpha);
}

}  // namespace linmo::apply
