// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/stylizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linmo/apply/colour.h"
#include "linmo/core/error.h"
#include "linmo/engine/picture_ops.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/model/styles.h"

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
  // Samples first … first + count − 1 as −1 … 1.
  void get_all(const std::byte* row, int64_t first, int64_t count, float* to) const {
    const auto all = [&]<class T>(T, float unit) {
      const T* from = reinterpret_cast<const T*>(row) + first;
      for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) * unit * 2 - 1;
    };
    if (depth_ == Depth::u8)
      all(uint8_t{}, 1 / 255.0f);
    else if (depth_ == Depth::u16)
      all(uint16_t{}, 1 / 65535.0f);
    else
      all(float{}, 1);
  }
  // The other way: clamped, rounded; NaN (a damaged model) becomes black rather than undefined.
  void put_all(std::byte* row, int64_t first, int64_t count, const float* from) const {
    const auto all = [&]<class T>(T, float top, float half) {
      T* to = reinterpret_cast<T*>(row) + first;
      for (int64_t i = 0; i < count; ++i) {
        const float v = (from[i] + 1) * 0.5f;
        to[i] = static_cast<T>((v > 0 ? std::min(v, 1.0f) : 0.0f) * top + half);
      }
    };
    if (depth_ == Depth::u8)
      all(uint8_t{}, 255, 0.5f);
    else if (depth_ == Depth::u16)
      all(uint16_t{}, 65535, 0.5f);
    else
      all(float{}, 1, 0);
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
  explicit State(engine::Engine e) : engine(std::move(e)) {}

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

Stylizer::Stylizer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Stylizer Stylizer::with_threads(int threads) const {
  auto state = std::make_unique<State>(state_->engine.with_threads(threads));
  state->scale = state_->scale;
  return Stylizer(std::move(state));
}

Stylizer::~Stylizer() = default;
Stylizer::Stylizer(Stylizer&&) noexcept = default;
Stylizer& Stylizer::operator=(Stylizer&&) noexcept = default;

Stylizer Stylizer::load(const std::filesystem::path& model_file, const engine::Options& options,
                        std::string_view style) {
  return Stylizer(model::load_in_style(model_file, style), options);
}

double Stylizer::enlargement() const {
  return state_->scale * state_->engine.network().content_scale;
}
const engine::Engine& Stylizer::engine() const {
  return state_->engine;
}

namespace {

// Samples of the network's result as colours, clamped; NaN (a damaged model) becomes black rather than
// undefined.
Rgb colour_at(const float* p, int64_t channels) {
  Rgb rgb;
  for (size_t c = 0; c < 3; ++c) {
    const float v = (p[channels == 3 ? c : 0] + 1) * 0.5f;
    rgb[c] = v > 0 ? std::min(v, 1.0f) : 0.0f;
  }
  return rgb;
}

// The picture continued to a multiple of `whole` and reduced by it: the mean over each square, as training
// feeds it.
Image reduce(const Image& picture, int64_t whole) {
  const int64_t w = round_up(picture.width(), whole), h = round_up(picture.height(), whole);
  return resize(extend(picture, w, h), w / whole, h / whole, Filter::box);
}

}  // namespace

// The sizes of one picture's way through the network, and what is done to each pixel.
struct Stylizer::Run {
  Run(const State& state, int64_t picture_width, int64_t picture_height, Depth depth,
      const ApplySettings& settings)
      : samples(depth), strength(static_cast<float>(settings.strength)), keep_colour(settings.keep_colour) {
    if (!(settings.strength >= 0 && settings.strength <= 1))
      fail(ErrorKind::usage, "the strength {} is not in 0 … 1", settings.strength);
    const net::Description& d = state.engine.network();
    if (settings.refine < 1 || settings.refine > 1000)
      fail(ErrorKind::usage, "{} steps of refinement are not in 1 … 1000", settings.refine);
    if (settings.refine > 1 && !d.remembers())
      fail(ErrorKind::usage,
           "this model remembers nothing, so it cannot refine a picture in {} steps; that is for models "
           "trained "
           "with --method recurrent",
           settings.refine);
    in_channels = d.in_channels();
    mixes = strength < 1 || keep_colour;
    const double reduction = 1 / d.content_scale;
    whole = std::max<int64_t>(1, std::llround(reduction));
    // With a whole reduction (seed: 4) the picture is continued to a multiple of it, so that the result fits
    // pixel by pixel; otherwise the result is resized.
    fits = std::abs(reduction - static_cast<double>(whole)) < 1e-9 || d.content_scale == 1;
    const auto scaled = [&](int64_t side, double by) {
      return std::max<int64_t>(1, std::llround(static_cast<double>(side) * by));
    };
    const auto content = [&](int64_t side) {
      return fits ? (side + whole - 1) / whole : scaled(side, d.content_scale);
    };
    content_width = content(picture_width);
    content_height = content(picture_height);
    width = scaled(picture_width, state.scale * d.content_scale);
    height = scaled(picture_height, state.scale * d.content_scale);
    in = state.fit(content_height, content_width);
    out = net::infer_shapes(d, in)[static_cast<size_t>(d.outputs[0])];
    const auto used = [&](int64_t side, int64_t wanted, int64_t limit) {
      return std::min<int64_t>(limit, fits ? wanted : std::llround(static_cast<double>(side) * state.scale));
    };
    used_width = used(content_width, width, out.width);
    used_height = used(content_height, height, out.height);
    direct = used_width == width && used_height == height;
  }

  // Channels of the result, from a picture of so many without alpha.
  int colours(int original_channels) const {
    return out.channels == 1 && (!mixes || original_channels < 3) ? 1 : 3;
  }

  // Feeds the network: `row(y)` gives rows of the content, whose channels may be more than are asked for.
  template <class Row>
  void read(engine::Rect part, int channels, std::span<float> to, Row&& row) const {
    // The part's columns that are the picture's; the rest continues it.
    const int64_t own = channels == in_channels ? std::min(part.width, content_width - part.x) : 0;
    engine::parallel(part.height, [&](int64_t y) {
      float* p = to.data() + y * part.width * in_channels;
      const std::byte* from_row = row(mirror(part.y + y, content_height));
      if (own > 0) samples.get_all(from_row, part.x * channels, own * channels, p);
      for (int64_t x = std::max<int64_t>(own, 0); x < part.width; ++x) {
        const int64_t from = mirror(part.x + x, content_width) * channels;
        for (int c = 0; c < in_channels; ++c)
          p[x * in_channels + c] = samples.get(from_row, from + (channels == 3 ? c : 0)) * 2 - 1;
      }
    });
  }

  // Puts pixels first … first + count − 1 of a row of the result, from the network's values of them.
  void put_row(std::byte* row, int64_t first, int64_t count, const float* values, const std::byte* original,
               int channels, int result_colours) const {
    if (!mixes && result_colours == out.channels)
      return samples.put_all(row, first * result_colours, count * result_colours, values);
    for (int64_t x = 0; x < count; ++x)
      put(row, first + x, colour_at(values + x * out.channels, out.channels), original, channels,
          result_colours);
  }

  // Puts a pixel of the result; `original`: the picture's row, of so many channels, where it mixes.
  void put(std::byte* row, int64_t x, const Rgb& styled, const std::byte* original, int channels,
           int result_colours) const {
    Rgb result = styled;
    if (mixes) {
      Rgb before;
      for (size_t c = 0; c < 3; ++c)
        before[c] = samples.get(original, x * channels + (channels == 3 ? static_cast<int64_t>(c) : 0));
      if (keep_colour) result = with_colour_of(result, before);
      for (size_t c = 0; c < 3; ++c) result[c] = before[c] + strength * (result[c] - before[c]);
    }
    for (int c = 0; c < result_colours; ++c)
      samples.put(row, x * result_colours + c, result[static_cast<size_t>(c)]);
  }

  Samples samples;
  float strength;
  bool keep_colour, mixes = false, fits = true, direct = true;
  int in_channels = 3;
  int64_t whole = 1;                              // reduction of the picture to the content
  int64_t content_width = 0, content_height = 0;  // what goes into the network …
  net::Shape in, out;                             // … continued to this, and what comes out …
  int64_t used_width = 0, used_height = 0;        // … of which this is the picture; the rest continues it
  int64_t width = 0, height = 0;                  // of the result
};

namespace {

void report_tiles(const engine::TileReport& report, const engine::Engine& engine, int64_t width,
                  int64_t height, EventSink& events) {
  if (report.mode == engine::TileReport::Mode::fast && !engine.statistics().empty())
    events.info(fmt::format(
        "{} × {}: {} tiles with statistics from a sample of the picture; --exact takes them from every pixel",
        width, height, report.tiles));
}

}  // namespace

Image Stylizer::apply(const Image& picture, const ApplySettings& settings, EventSink& events,
                      engine::Memory* memory) const {
  if (picture.empty()) fail(ErrorKind::input, "the picture has no pixels");
  const net::Description& d = state_->engine.network();
  const Depth depth = picture.depth();
  const Run run(*state_, picture.width(), picture.height(), depth, settings);
  const Samples& samples = run.samples;

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
  if (d.content_scale != 1) {
    prepare(run.fits ? reduce(*source, run.whole) : resize(*source, run.content_width, run.content_height));
  }
  const Image& content = *source;
  const auto read = [&](engine::Rect part, std::span<float> to) {
    run.read(part, content.channels(), to, [&](int64_t y) { return samples.row(content, y); });
  };

  // The picture at the result's size, for mixing.
  Image enlarged;
  const Image* before_style = &picture;
  if (run.mixes && (picture.has_alpha() || picture.width() != run.width || picture.height() != run.height)) {
    enlarged = picture.has_alpha() ? drop_alpha(bleed_colours(picture)) : picture;
    enlarged = resize(enlarged, run.width, run.height);
    before_style = &enlarged;
  }
  const Image& original = *before_style;
  const int colours = run.colours(original.channels());
  const auto original_row = [&](int64_t y) { return run.mixes ? samples.row(original, y) : nullptr; };

  Image result(run.width, run.height, colours, depth);
  Image unscaled;  // where the result must still be resized
  if (!run.direct) unscaled = Image(run.used_width, run.used_height, 3, Depth::f32);
  const auto write = [&](engine::Rect part, std::span<const float> from) {
    const int64_t columns = std::min(part.width, run.used_width - part.x);
    if (columns <= 0) return;
    engine::parallel(std::min(part.height, run.used_height - part.y), [&](int64_t row) {
      const int64_t y = part.y + row;
      const float* p = from.data() + row * part.width * run.out.channels;
      if (run.direct)
        return run.put_row(samples.row(result, y), part.x, columns, p, original_row(y), original.channels(),
                           colours);
      for (int64_t x = 0; x < columns; ++x) {
        const Rgb rgb = colour_at(p + x * run.out.channels, run.out.channels);
        std::copy(rgb.begin(), rgb.end(), unscaled.row<float>(y).begin() + 3 * (part.x + x));
      }
    });
  };
  engine::Memory own;
  if (!memory && settings.refine > 1) memory = &own;
  for (int step = 1; step < settings.refine; ++step)
    engine::run_tiled(
        state_->engine, run.in.height, run.in.width, read, [](engine::Rect, std::span<const float>) {},
        settings.tiles, events, memory);
  report_tiles(engine::run_tiled(state_->engine, run.in.height, run.in.width, read, write, settings.tiles,
                                 events, memory),
               state_->engine, picture.width(), picture.height(), events);
  if (!run.direct) {
    unscaled = resize(unscaled, run.width, run.height);
    for (int64_t y = 0; y < run.height; ++y) {
      const std::span<const float> from = unscaled.row<float>(y);
      for (int64_t x = 0; x < run.width; ++x) {
        const size_t i = static_cast<size_t>(3 * x);
        run.put(samples.row(result, y), x, {from[i], from[i + 1], from[i + 2]}, original_row(y),
                original.channels(), colours);
      }
    }
  }
  if (!picture.has_alpha()) return result;
  Image alpha = alpha_of(picture);
  if (alpha.width() != run.width || alpha.height() != run.height)
    alpha = resize(alpha, run.width, run.height);
  return with_alpha(result, alpha);
}

bool Stylizer::can_stream(int64_t width, int64_t height, const ApplySettings& settings) const {
  const Run run(*state_, width, height, Depth::u8, settings);
  return run.fits && run.direct && settings.refine == 1 &&
         (!run.mixes || (run.width == width && run.height == height));
}

void Stylizer::apply(RowReader& picture, const OpenResult& open, const ApplySettings& settings,
                     EventSink& events) const {
  if (picture.channels() % 2 == 0 || !can_stream(picture.width(), picture.height(), settings))
    fail(ErrorKind::usage, "a picture of {} × {} × {} cannot be stylised in bands", picture.width(),
         picture.height(), picture.channels());
  const Run run(*state_, picture.width(), picture.height(), picture.depth(), settings);
  const Samples& samples = run.samples;
  const bool to_one = run.in_channels == 1 && picture.channels() == 3;
  const bool changes = run.whole > 1 || to_one;

  // Rows of the content made from the picture's, for all tiles of one height.
  Image band;
  int64_t band_first = -1, band_rows = 0;
  const auto make_band = [&](int64_t first, int64_t rows) {
    // One row more above: the last one's continuation mirrors into it.
    const int64_t from = std::max<int64_t>(0, first - 1) * run.whole;
    const int64_t to = std::min(picture.height(), (first + rows) * run.whole);
    picture.seek(from, to - from);
    Image source(picture.width(), to - from, picture.channels(), picture.depth());
    for (int64_t y = from; y < to; ++y)
      std::memcpy(samples.row(source, y - from), picture.row(y),
                  source.bytes().size() / static_cast<size_t>(to - from));
    if (to_one) source = to_grey(source);
    band = run.whole > 1 ? reduce(source, run.whole) : std::move(source);
    band_first = from / run.whole;
    band_rows = band.height();
  };
  const auto read = [&](engine::Rect part, std::span<float> to) {
    int64_t first = part.y, last = part.y;
    for (int64_t y = part.y; y < part.y + part.height; ++y) {
      first = std::min(first, mirror(y, run.content_height));
      last = std::max(last, mirror(y, run.content_height));
    }
    last = std::min(last, run.content_height - 1);
    if (!changes) {
      picture.seek(first, last - first + 1);
      run.read(part, picture.channels(), to, [&](int64_t y) { return picture.row(y); });
      return;
    }
    if (first < band_first || band_first < 0 || last >= band_first + band_rows)
      make_band(first, last - first + 1);
    run.read(part, band.channels(), to, [&](int64_t y) { return samples.row(band, y - band_first); });
  };

  // Rows of the result that tiles side by side are filling.
  const int colours = run.colours(picture.channels());
  std::unique_ptr<RowWriter> file;
  Image done;
  int64_t done_first = -1;
  const auto flush = [&] {
    if (done.empty()) return;
    if (!file) file = open(run.width, run.height, colours, picture.depth());
    file->write(done);
    done = {};
  };
  const auto write = [&](engine::Rect part, std::span<const float> from) {
    const int64_t rows = std::min(part.y + part.height, run.height) - part.y;
    if (rows <= 0) return;
    if (part.y != done_first) {
      flush();
      done = Image(run.width, rows, colours, picture.depth());
      done_first = part.y;
    }
    if (run.mixes && !picture.holds(part.y, rows)) picture.seek(part.y, rows);
    const int64_t columns = std::min(part.width, run.width - part.x);
    if (columns <= 0) return;
    engine::parallel(rows, [&](int64_t y) {
      run.put_row(samples.row(done, y), part.x, columns, from.data() + y * part.width * run.out.channels,
                  run.mixes ? picture.row(part.y + y) : nullptr, picture.channels(), colours);
    });
  };
  report_tiles(
      engine::run_tiled(state_->engine, run.in.height, run.in.width, read, write, settings.tiles, events),
      state_->engine, picture.width(), picture.height(), events);
  flush();
  file->finish();
}

}  // namespace linmo::apply
