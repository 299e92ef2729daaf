// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/tiled.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/engine/stages.h"
#include "linmo/engine/tile_geometry.h"

namespace linmo::engine {
namespace {

// Patches of the mosaic: small ones cover the picture more evenly, large ones have fewer seams. Measured
// best of 48 … 256 at one megapixel (PSNR against exact 25, 26, 28, 29, 21 dB for 48, 64, 96, 128, 256).
constexpr int64_t kPatch = 128;
constexpr uint64_t kUsefulBytes = uint64_t{300} << 20;

class Runner {
 public:
  Runner(const Engine& engine, int64_t height, int64_t width, const TileOptions& options)
      : threads_(engine.threads()),
        engine_(engine),
        d_(engine.network()),
        height_(height),
        width_(width),
        options_(options),
        allowed_(options.memory_bytes),
        geometry_(geometry(d_)),
        shapes_(net::infer_shapes(d_, {d_.in_channels(), height, width})) {
    plan();
  }

  TileReport run(const ReadPart& read, const WritePart& write, EventSink& events, Memory* memory);
  const TileReport& report() const { return report_; }

 private:
  void plan();
  bool fits_in_stages(int64_t height, int64_t width, uint64_t beside = 0) const {
    const Stages* stages = engine_.stages();
    const std::optional<uint64_t> bytes = stages ? stages->memory_bytes(height, width) : std::nullopt;
    return bytes && *bytes + beside <= allowed_;
  }
  // f(window, kept part, both in input pixels) for every tile.
  template <class F>
  void each_tile(int64_t halo, F&& f) const {
    engine::each_tile(height_, width_, report_.window_height, report_.window_width, halo, f);
  }
  std::vector<Moments> exact_statistics(const ReadPart& read, EventSink& events);
  std::vector<Moments> sampled_statistics(const ReadPart& read, EventSink& events);
  // A quarter of the picture, at least a megapixel.
  double sample_pixels() const {
    return std::max(1048576.0, static_cast<double>(width_) * static_cast<double>(height_) / 4);
  }
  void load(const ReadPart& read, Rect window) {
    picture_.resize(static_cast<size_t>(window.width * window.height * d_.in_channels()));
    read(window, picture_);
  }
  void advance(EventSink& events, const std::string& what, double work) {
    done_ += work;
    tick(events, what, done_ / total_);
  }
  void tick(EventSink& events, const std::string& what, double share) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    events.progress(what, std::round(100 * share), 100, share > 0.02 ? seconds * (1 - share) / share : -1);
    events.check("stylising");
  }

  const ThreadCount threads_;
  const Engine& engine_;
  const net::Description& d_;
  const int64_t height_, width_;
  TileOptions options_;
  const uint64_t allowed_;  // options_.memory_bytes as it was asked for
  const Geometry geometry_;
  const std::vector<net::Shape> shapes_;
  TileReport report_;
  bool in_stages_ = false;
  std::vector<float> picture_, result_;
  double done_ = 0, total_ = 1;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

void Runner::plan() {
  const uint64_t whole = engine_.memory_bytes(height_, width_);
  report_.window_width = width_;
  report_.window_height = height_;
  if (options_.tile == 0 && whole <= options_.memory_bytes) return;
  if (options_.tile == 0 && fits_in_stages(height_, width_)) {
    report_.mode = options_.exact ? TileReport::Mode::exact : TileReport::Mode::fast;
    in_stages_ = true;
    return;
  }
  // More was measured to be slower (12 megapixels, compact, int8: 18 s with tiles of 1 GB, 13 s with 500 MB,
  // 9 s with 300 MB); why is not known.
  if (options_.tile == 0) options_.memory_bytes = std::min(options_.memory_bytes, kUsefulBytes);
  const auto refuse = [&](std::string_view why) {
    if (whole <= allowed_) return;  // only --tile asked for tiles: the whole picture will do
    fail(ErrorKind::limit,
         "a picture of {} × {} needs {} MB in one piece and {}; allow more memory or make it smaller", width_,
         height_, (whole >> 20) + 1, why);
  };
  const int out = d_.outputs[0];
  bool cut = geometry_.local && proportional(geometry_, shapes_, out) && width_ % geometry_.align == 0 &&
             height_ % geometry_.align == 0;
  for (const int layer : engine_.statistics()) cut = cut && proportional(geometry_, shapes_, layer);
  if (!cut) return refuse("the network cannot be run in tiles");
  const int64_t halo = halo_of(d_, geometry_, out), align = geometry_.align;
  const auto bytes = [&](int64_t side) {
    return engine_.memory_bytes(std::min(side, height_), std::min(side, width_));
  };
  const int64_t least = 2 * halo + align;
  int64_t side = 0;
  if (options_.tile > 0) {
    side = round_up(options_.tile, align) + 2 * halo;
    if (bytes(side) > options_.memory_bytes)
      fail(ErrorKind::limit, "tiles of {} px need {} MB; allow more memory or choose smaller tiles",
           options_.tile, (bytes(side) >> 20) + 1);
  } else {
    if (least >= std::max(width_, height_))
      return refuse("the network looks at all of it at once, so tiles do not help");
    if (bytes(least) > options_.memory_bytes) options_.memory_bytes = allowed_;
    if (bytes(least) > options_.memory_bytes) {
      return refuse(fmt::format("the smallest tile still {} MB, since the network looks {} px around itself",
                                (bytes(least) >> 20) + 1, halo));
    }
    int64_t low = least / align, high = round_up(std::max(width_, height_), align) / align;
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      (bytes(middle * align) <= options_.memory_bytes ? low : high) = middle;
    }
    side = low * align;
  }
  report_.window_width = std::min(side, width_);
  report_.window_height = std::min(side, height_);
  report_.halo = halo;
  report_.tiles = static_cast<int64_t>(windows(height_, report_.window_height, halo).size() *
                                       windows(width_, report_.window_width, halo).size());
  if (report_.tiles > 1) report_.mode = options_.exact ? TileReport::Mode::exact : TileReport::Mode::fast;
}

std::vector<Moments> Runner::exact_statistics(const ReadPart& read, EventSink& events) {
  const std::vector<int>& norms = engine_.statistics();
  std::vector<Moments> found;
  for (size_t k = 0; k < norms.size(); ++k) {
    const int layer = norms[k];
    Moments whole;
    each_tile(halo_of(d_, geometry_, layer), [&](Rect window, Rect kept) {
      load(read, window);
      Moments part;
      kept.x -= window.x;
      kept.y -= window.y;
      NormControl control;
      control.given = &found;
      control.collect = static_cast<int>(k);
      control.collect_region = scaled(geometry_, kept, layer);
      control.collected = &part;
      engine_.run_part(picture_, window.height, window.width, {}, {}, control);
      whole.merge(part);
      const double share = static_cast<double>(layer + 1) / static_cast<double>(d_.layers.size());
      advance(events, fmt::format("statistics {} of {}", k + 1, norms.size()),
              share * static_cast<double>(kept.width * kept.height));
    });
    found.push_back(std::move(whole));
  }
  return found;
}

// One run over a mosaic of patches cut from all over the picture at full size.
std::vector<Moments> Runner::sampled_statistics(const ReadPart& read, EventSink& events) {
  const int64_t channels = d_.in_channels(), patch = round_up(kPatch, geometry_.align);
  const auto across = [&](int64_t length, double count) {
    return std::clamp<int64_t>(static_cast<int64_t>(count), 1, std::max<int64_t>(1, length / patch));
  };
  const double aspect = static_cast<double>(width_) / static_cast<double>(height_);
  int64_t columns = 0, rows = 0;
  bool in_stages = false;
  for (double pixels = sample_pixels();; pixels *= 0.8) {
    const double patches = pixels / static_cast<double>(patch * patch);
    columns = across(width_, std::sqrt(patches * aspect));
    rows = across(height_, patches / static_cast<double>(columns));
    if (columns * rows == 1) break;
    const auto samples = static_cast<uint64_t>(rows * columns * patch * patch * channels);
    if (engine_.memory_bytes(rows * patch, columns * patch) <= options_.memory_bytes) break;
    if (in_stages = fits_in_stages(rows * patch, columns * patch, samples * sizeof(float)); in_stages) break;
  }
  const int64_t patch_width = std::min(patch, width_), patch_height = std::min(patch, height_);
  const int64_t mosaic_width = columns * patch_width, mosaic_height = rows * patch_height;
  std::vector<float> mosaic(static_cast<size_t>(mosaic_width * mosaic_height * channels));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      load(read, {(width_ - patch_width) * (2 * column + 1) / (2 * columns),
                  (height_ - patch_height) * (2 * row + 1) / (2 * rows), patch_width, patch_height});
      for (int64_t y = 0; y < patch_height; ++y) {
        const int64_t to = ((row * patch_height + y) * mosaic_width + column * patch_width) * channels;
        std::copy_n(picture_.begin() + y * patch_width * channels, patch_width * channels,
                    mosaic.begin() + to);
      }
    }
  }
  advance(events, "statistics", 0);
  std::vector<Moments> found;
  if (in_stages) {
    const auto part = [&](Rect r, std::span<float> to) {
      for (int64_t y = 0; y < r.height; ++y)
        std::copy_n(mosaic.begin() + ((r.y + y) * mosaic_width + r.x) * channels, r.width * channels,
                    to.begin() + y * r.width * channels);
    };
    engine_.stages()->run(mosaic_height, mosaic_width, part, {}, {true}, &found,
                          [&](double) { events.check("stylising"); });
  } else {
    NormControl control;
    control.record = &found;
    engine_.run_part(mosaic, mosaic_height, mosaic_width, {}, {}, control);
  }
  advance(events, "statistics", sample_pixels());
  return found;
}

TileReport Runner::run(const ReadPart& read, const WritePart& write, EventSink& events, Memory* memory) {
  const int out = d_.outputs[0];
  std::vector<Moments> given;
  NormControl control;
  if (memory && d_.remembers() && report_.tiles > 1 && !in_stages_)
    fail(
        ErrorKind::limit,
        "a picture of {} × {} needs {} MB in one piece, and what the network remembers is of whole pictures; "
        "allow more memory or make it smaller",
        width_, height_, (engine_.memory_bytes(height_, width_) >> 20) + 1);
  total_ = static_cast<double>(width_) * static_cast<double>(height_);
  events.check("stylising");
  if (in_stages_) {
    if (memory) engine_.prepare(*memory, {d_.in_channels(), height_, width_});
    report_.tiles = engine_.stages()->run(
        height_, width_, read, write, {options_.exact}, nullptr,
        [&](double share) { tick(events, "stylising", share); }, memory);
    return report_;
  }
  if (report_.mode != TileReport::Mode::whole && !engine_.statistics().empty()) {
    if (report_.mode == TileReport::Mode::exact) {
      double passes = 1;
      for (const int layer : engine_.statistics())
        passes += static_cast<double>(layer + 1) / static_cast<double>(d_.layers.size());
      total_ *= passes;
      given = exact_statistics(read, events);
    } else {
      total_ += sample_pixels();
      given = sampled_statistics(read, events);
    }
    control.given = &given;
  }
  if (report_.tiles == 1) {
    load(read, {0, 0, width_, height_});
    const net::Shape s = shapes_[static_cast<size_t>(out)];
    result_.resize(static_cast<size_t>(s.count()));
    engine_.run(picture_, height_, width_, result_, Layout::interleaved, memory);
    write({0, 0, s.width, s.height}, result_);
    return report_;
  }
  const int64_t channels = shapes_[static_cast<size_t>(out)].channels;
  each_tile(report_.halo, [&](Rect window, Rect kept) {
    load(read, window);
    const Rect target = scaled(geometry_, kept, out);
    const Rect local =
        scaled(geometry_, {kept.x - window.x, kept.y - window.y, kept.width, kept.height}, out);
    result_.resize(static_cast<size_t>(local.width * local.height * channels));
    engine_.run_part(picture_, window.height, window.width, local, result_, control);
    write(target, result_);
    advance(events, "tiles", static_cast<double>(kept.width * kept.height));
  });
  return report_;
}

}  // namespace

TileReport plan_tiles(const Engine& engine, int64_t height, int64_t width, const TileOptions& options) {
  return Runner(engine, height, width, options).report();
}

TileReport run_tiled(const Engine& engine, int64_t height, int64_t width, const ReadPart& read,
                     const WritePart& write, const TileOptions& options, EventSink& events, Memory* memory) {
  return Runner(engine, height, width, options).run(read, write, events, memory);
}

}  // namespace linmo::engine
