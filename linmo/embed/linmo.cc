// SPDX-License-Identifier: Apache-2.0
#include "linmo/embed/linmo.h"

#include <cmath>
#include <cstring>

#include "linmo/apply/stylizer.h"
#include "linmo/core/error.h"
#include "linmo/image/convert.h"
#include "linmo/model/styles.h"

namespace linmo {
namespace {

engine::Options engine_options(const StylizerOptions& options) {
  engine::Options o;
  if (options.threads < 0)
    fail(ErrorKind::usage, "{} threads cannot work; 0 takes all cores", options.threads);
  o.threads = options.threads;
  switch (options.precision) {
    case StylizerOptions::Precision::automatic:
      break;
    case StylizerOptions::Precision::fp32:
      o.precision = engine::Precision::fp32;
      break;
    case StylizerOptions::Precision::bf16:
      o.precision = engine::Precision::bf16;
      break;
    case StylizerOptions::Precision::int8:
      o.precision = engine::Precision::int8;
      break;
  }
  return o;
}

Depth depth_of(PictureFormat::Sample sample) {
  return static_cast<Depth>(sample);
}

void check(const PictureFormat& f) {
  constexpr int64_t kMostSide = 1 << 20;
  const bool known = f.sample == PictureFormat::Sample::u8 || f.sample == PictureFormat::Sample::u16 ||
                     f.sample == PictureFormat::Sample::f32;
  if (!known || f.channels < 1 || f.channels > 4 || f.width < 1 || f.height < 1 || f.width > kMostSide ||
      f.height > kMostSide)
    fail(ErrorKind::usage,
         "a picture of {} × {} with {} channels of {} bytes is not possible; sides are 1 … {}, channels 1 … "
         "4, "
         "samples 1, 2 or 4 bytes",
         f.width, f.height, f.channels, static_cast<int>(f.sample), kMostSide);
}

// Colours divided by alpha, or multiplied by it.
template <class T>
void scale_by_alpha(Image& image, bool divide) {
  const int channels = image.channels();
  const double full = std::is_integral_v<T> ? static_cast<double>(std::numeric_limits<T>::max()) : 1;
  const std::span<T> samples = image.samples<T>();
  for (size_t i = 0; i < samples.size(); i += static_cast<size_t>(channels)) {
    const double alpha = static_cast<double>(samples[i + static_cast<size_t>(channels) - 1]) / full;
    for (size_t c = 0; c + 1 < static_cast<size_t>(channels); ++c) {
      double value = static_cast<double>(samples[i + c]);
      value = divide ? (alpha > 0 ? std::min(value / alpha, full) : 0) : value * alpha;
      samples[i + c] = static_cast<T>(std::is_integral_v<T> ? std::floor(value + 0.5) : value);
    }
  }
}

void scale_by_alpha(Image& image, bool divide) {
  switch (image.depth()) {
    case Depth::u8:
      return scale_by_alpha<uint8_t>(image, divide);
    case Depth::u16:
      return scale_by_alpha<uint16_t>(image, divide);
    case Depth::f32:
      return scale_by_alpha<float>(image, divide);
  }
}

class Callback : public EventSink {
 public:
  explicit Callback(const std::function<bool(double)>& report) : report_(report) {}
  void on_event(const Event& event) override {
    if (event.kind == Event::Kind::progress && event.total > 0)
      done_ = std::max(done_, event.done / event.total);
    if (event.kind == Event::Kind::progress) ask();
  }
  bool stop_requested() const override { return stopped_; }
  // Throws when the answer is to stop.
  void ask(double done) {
    done_ = done;
    ask();
    if (stopped_) fail(ErrorKind::cancelled, "stylising was stopped by the program that asked for it");
  }

 private:
  void ask() {
    if (report_ && !stopped_) stopped_ = !report_(std::min(done_, 1.0));
  }
  const std::function<bool(double)>& report_;
  double done_ = 0;
  bool stopped_ = false;
};

}  // namespace

struct Stylizer::State {
  apply::Stylizer stylizer;
};

Stylizer::Stylizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stylizer::~Stylizer() = default;
Stylizer::Stylizer(Stylizer&&) noexcept = default;
Stylizer& Stylizer::operator=(Stylizer&&) noexcept = default;

Stylizer Stylizer::load(const std::filesystem::path& model_file, const StylizerOptions& options) {
  return Stylizer(std::unique_ptr<State>(
      new State{apply::Stylizer::load(model_file, engine_options(options), options.style)}));
}

Stylizer Stylizer::load(std::span<const std::byte> model, const StylizerOptions& options) {
  constexpr const char* kName = "the model in memory";
  const model::Model plain =
      model::in_style(model::model_from(model::parse_safetensors(model, kName), kName), options.style, kName);
  return Stylizer(std::unique_ptr<State>(new State{apply::Stylizer(plain, engine_options(options))}));
}

PictureFormat Stylizer::result_format(const PictureFormat& in) const {
  check(in);
  PictureFormat out = in;
  const auto side = [&](int64_t length) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(length) * state_->stylizer.enlargement()));
  };
  out.width = side(in.width);
  out.height = side(in.height);
  out.channels = in.channels % 2 == 0 ? 4 : 3;
  return out;
}

void Stylizer::apply(std::span<const std::byte> in, const PictureFormat& format, std::span<std::byte> out,
                     const StyleSettings& settings) const {
  const PictureFormat result = result_format(format);
  if (in.size() != format.bytes())
    fail(ErrorKind::usage, "the picture has {} bytes, not {} × {} × {} samples of {}", in.size(),
         format.width, format.height, format.channels, static_cast<int>(format.sample));
  if (out.size() != result.bytes())
    fail(ErrorKind::usage, "there is room for {} bytes, and the result has {}", out.size(), result.bytes());
  if (in.data() < out.data() + out.size() && out.data() < in.data() + in.size())
    fail(ErrorKind::usage, "the picture and the room for its result overlap");
  Callback sink(settings.progress);
  sink.ask(0);
  Image picture(format.width, format.height, format.channels, depth_of(format.sample));
  std::memcpy(picture.samples<std::byte>().data(), in.data(), in.size());
  const bool scaled = format.premultiplied && picture.has_alpha();
  if (scaled) scale_by_alpha(picture, true);
  apply::ApplySettings apply_settings;
  apply_settings.strength = settings.strength;
  apply_settings.keep_colour = settings.keep_colour;
  apply_settings.tiles.memory_bytes = settings.memory_bytes;
  apply_settings.tiles.exact = settings.exact;
  Image styled = state_->stylizer.apply(picture, apply_settings, sink);
  if (styled.channels() < 3) {  // a network of one channel
    const Image alpha = alpha_of(styled);
    const bool has_alpha = styled.has_alpha();
    styled = to_rgb(drop_alpha(styled), 0);
    if (has_alpha) styled = with_alpha(styled, alpha);
  }
  if (scaled) scale_by_alpha(styled, false);
  if (styled.bytes().size() != out.size())
    fail(ErrorKind::input, "the model made {} × {} pixels of {} × {}, not {} × {}", styled.width(),
         styled.height(), format.width, format.height, result.width, result.height);
  std::memcpy(out.data(), styled.bytes().data(), out.size());
  sink.ask(1);
}

std::string Stylizer::about() const {
  return state_->stylizer.engine().about();
}

const char* version() {
  return LINMO_VERSION;
}

}  // namespace linmo
