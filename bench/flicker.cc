// SPDX-License-Identifier: Apache-2.0
// How much stylised videos flicker, on videos whose motion is known: a camera pans, zooms and turns over a
// still photograph and adds its own noise to every frame.
//
//   build/release/bench/flicker MODEL… --pictures FOLDER [--count 8] [--frames 40] [--noise 4] [--pace 3]
//
// Prints for every model, frame by frame and through the smoothing of `linmo apply --smooth 0.8`, and for a
// recurrent one with its memory too:
//   moving, still   mean |frame − frame before, moved as the content was| over all places that both show, in
//                   grey levels of 255 (Lai et al. 2018, warping error; L1), with a moving camera and with
//                   one that stands still
//   detail          mean size of the results' horizontal and vertical differences [grey levels]: what
//   flickers
//                   less because it is blurred has less of it
// The content's own rows say what noise alone and what resampling alone come to.
#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <cstdio>

#include "linmo/apply/stylizer.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/model/library.h"
#include "linmo/video/smoother.h"

namespace linmo {
namespace {

using Complex = std::complex<double>;
constexpr int64_t kWidth = 384, kHeight = 256, kMargin = 96;

// Point p of a frame shows point position + turn · p of the picture, both in pixels from their middles.
struct Camera {
  Complex position, turn;
};

// Circles over the picture at about `pace` px a frame, zooming in and out by 10 % and turning by 3 degrees.
Camera camera_at(double frame, double pace, double start) {
  constexpr double kReach = 48;
  const double angle = start + frame * pace / kReach;
  return {std::polar(kReach, angle),
          std::polar(1 + 0.1 * std::sin(0.7 * angle), 0.05 * std::sin(0.9 * angle))};
}

// Catmull and Rom's cubic, a = −1/2.
std::array<double, 4> cubic(double t) {
  return {((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + 0.5) * t,
          (0.5 * t - 0.5) * t * t};
}

// RGB at a place in pixels from the upper left pixel's middle; false outside.
bool sample(const Image& image, Complex at, double* rgb) {
  const double x = at.real(), y = at.imag();
  if (!(x >= 0 && y >= 0 && x <= static_cast<double>(image.width() - 1) &&
        y <= static_cast<double>(image.height() - 1)))
    return false;
  const auto ix = static_cast<int64_t>(x), iy = static_cast<int64_t>(y);
  const auto wx = cubic(x - static_cast<double>(ix)), wy = cubic(y - static_cast<double>(iy));
  rgb[0] = rgb[1] = rgb[2] = 0;
  for (int64_t j = 0; j < 4; ++j) {
    const auto row = image.row<uint8_t>(std::clamp<int64_t>(iy + j - 1, 0, image.height() - 1));
    for (int64_t i = 0; i < 4; ++i) {
      const double w = wx[static_cast<size_t>(i)] * wy[static_cast<size_t>(j)];
      const int64_t column = std::clamp<int64_t>(ix + i - 1, 0, image.width() - 1);
      for (size_t c = 0; c < 3; ++c) rgb[c] += w * row[static_cast<size_t>(3 * column) + c];
    }
  }
  return true;
}

Complex middle(int64_t width, int64_t height) {
  return {static_cast<double>(width - 1) / 2, static_cast<double>(height - 1) / 2};
}

uint8_t grey(double v) {
  return static_cast<uint8_t>(std::lround(std::clamp(v, 0.0, 255.0)));
}

Image film(const Image& picture, const Camera& camera, double noise, Random& random) {
  Image frame(kWidth, kHeight, 3);
  const Complex own = middle(kWidth, kHeight), other = middle(picture.width(), picture.height());
  const double light = noise > 0 ? random.uniform(-0.01, 0.01) : 0;
  for (int64_t y = 0; y < kHeight; ++y) {
    const auto row = frame.row<uint8_t>(y);
    for (int64_t x = 0; x < kWidth; ++x) {
      const Complex p = Complex(static_cast<double>(x), static_cast<double>(y)) - own;
      double rgb[3] = {};
      sample(picture, other + camera.position + camera.turn * p, rgb);
      for (size_t c = 0; c < 3; ++c)
        row[static_cast<size_t>(3 * x) + c] = grey(rgb[c] * (1 + light) + noise * random.normal());
    }
  }
  return frame;
}

struct Sum {
  double total = 0, count = 0;
  double mean() const { return total / std::max(1.0, count); }
};

void add_flicker(Sum& sum, const Image& now, const Image& before, const Camera& a, const Camera& b) {
  const Complex own = middle(now.width(), now.height());
  for (int64_t y = 0; y < now.height(); ++y) {
    const auto row = now.row<uint8_t>(y);
    for (int64_t x = 0; x < now.width(); ++x) {
      const Complex p = Complex(static_cast<double>(x), static_cast<double>(y)) - own;
      double was[3];
      if (!sample(before, own + (a.position + a.turn * p - b.position) / b.turn, was)) continue;
      for (size_t c = 0; c < 3; ++c) sum.total += std::abs(row[static_cast<size_t>(3 * x) + c] - was[c]);
      sum.count += 3;
    }
  }
}

void add_detail(Sum& sum, const Image& image) {
  for (int64_t y = 1; y < image.height(); ++y) {
    const auto row = image.row<uint8_t>(y), above = image.row<uint8_t>(y - 1);
    for (size_t i = 3; i < row.size(); ++i)
      sum.total += std::abs(row[i] - row[i - 3]) + std::abs(row[i] - above[i]);
    sum.count += 2 * static_cast<double>(row.size() - 3);
  }
}

struct Options {
  std::vector<std::string> models;
  std::string pictures;
  int64_t count = 8, frames = 40;
  double noise = 4, pace = 3;
};

struct Figures {
  Sum flicker[2], detail;  // moving, still
};

// What one way of stylising makes of one sequence of frames, as it is and smoothed.
class Way {
 public:
  Way(std::string name, const apply::Stylizer* stylizer, bool remembers)
      : name(std::move(name)), stylizer_(stylizer), remembers_(remembers) {}

  void run(const std::vector<Image>& frames, const std::vector<Camera>& cameras, bool still) {
    engine::Memory memory;
    video::Smoother smoother(0.8);
    Image before, smooth_before;
    for (size_t t = 0; t < frames.size(); ++t) {
      Image now = stylizer_ ? stylizer_->apply(frames[t], {}, null_sink(), remembers_ ? &memory : nullptr)
                            : frames[t];
      Image smooth = smoother.next(frames[t], now);
      // The first quarter may still settle.
      if (t >= std::max<size_t>(1, frames.size() / 4)) {
        add_flicker(plain.flicker[still], now, before, cameras[t], cameras[t - 1]);
        add_flicker(smoothed.flicker[still], smooth, smooth_before, cameras[t], cameras[t - 1]);
        if (!still) add_detail(plain.detail, now), add_detail(smoothed.detail, smooth);
      }
      before = std::move(now);
      smooth_before = std::move(smooth);
    }
  }

  std::string name;
  Figures plain, smoothed;

 private:
  const apply::Stylizer* stylizer_;
  bool remembers_;
};

Options read(const std::vector<std::string>& arguments) {
  Options o;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    const bool more = i + 1 < arguments.size();
    if (a == "--pictures" && more)
      o.pictures = arguments[++i];
    else if (a == "--count" && more)
      o.count = std::stoll(arguments[++i]);
    else if (a == "--frames" && more)
      o.frames = std::stoll(arguments[++i]);
    else if (a == "--noise" && more)
      o.noise = std::stod(arguments[++i]);
    else if (a == "--pace" && more)
      o.pace = std::stod(arguments[++i]);
    else
      o.models.push_back(a);
  }
  if (o.pictures.empty() || o.frames < 4)
    fail(ErrorKind::usage,
         "usage: flicker MODEL… --pictures FOLDER [--count 8] [--frames 40] [--noise 4] [--pace 3]");
  return o;
}

int run(const std::vector<std::string>& arguments) {
  const Options o = read(arguments);
  std::vector<std::unique_ptr<apply::Stylizer>> stylizers;
  std::vector<Way> ways;
  ways.emplace_back("the content", nullptr, false);
  ways.emplace_back("the content without noise", nullptr, false);
  for (const std::string& name : o.models) {
    stylizers.push_back(std::make_unique<apply::Stylizer>(
        apply::Stylizer::load(model::find_model(model::default_library(), name))));
    const apply::Stylizer* s = stylizers.back().get();
    ways.emplace_back(name + ", each frame alone", s, false);
    if (s->engine().network().remembers()) ways.emplace_back(name + ", remembering", s, true);
  }
  int64_t used = 0;
  for (const std::filesystem::path& file : list_files(o.pictures)) {
    if (used == o.count || !format_of_extension(file)) continue;
    const Image whole = to_rgb(to_depth(read_image(file), Depth::u8), 255);
    const int64_t width = kWidth + 2 * kMargin;
    const Image picture =
        resize(whole, width, std::max(kHeight + 2 * kMargin, width * whole.height() / whole.width()));
    Random random(7, static_cast<uint64_t>(used));
    for (const bool still : {false, true}) {
      std::vector<Image> noisy, clean;
      std::vector<Camera> cameras;
      const double start = random.uniform(0, 6);
      for (int64_t t = 0; t < o.frames; ++t) {
        cameras.push_back(camera_at(still ? 0 : static_cast<double>(t), o.pace, start));
        noisy.push_back(film(picture, cameras.back(), o.noise, random));
        clean.push_back(film(picture, cameras.back(), 0, random));
      }
      for (size_t i = 0; i < ways.size(); ++i) ways[i].run(i == 1 ? clean : noisy, cameras, still);
    }
    ++used;
    fmt::print(stderr, "{}\n", to_utf8(file.filename()));
  }
  if (used == 0) fail(ErrorKind::input, "{} holds no pictures", o.pictures);
  fmt::print("| {} pictures, {} frames of {} × {}, noise {} | moving | still | detail |\n|---|---|---|---|\n",
             used, o.frames, kWidth, kHeight, o.noise);
  const auto row = [](const std::string& name, const Figures& f) {
    fmt::print("| {} | {:.2f} | {:.2f} | {:.1f} |\n", name, f.flicker[0].mean(), f.flicker[1].mean(),
               f.detail.mean());
  };
  for (size_t i = 0; i < ways.size(); ++i) {
    row(ways[i].name, ways[i].plain);
    if (i >= 2) row(ways[i].name + ", smoothed", ways[i].smoothed);
  }
  return 0;
}

}  // namespace
}  // namespace linmo

int main(int argc, char** argv) {
  try {
    return linmo::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "flicker: {}\n", error.what());
    return 1;
  }
}
