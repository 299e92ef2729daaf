// SPDX-License-Identifier: Apache-2.0
#include "linmo/engine/stages.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "linmo/core/error.h"
#include "linmo/engine/tile_geometry.h"
#include "linmo/net/cost.h"

namespace linmo::engine {
namespace {

// Tiles of the outer parts: their values then fit into the processor's last cache. [input px]
constexpr int64_t kTile = 512;
// One in eight such squares is looked at for statistics. Smaller ones tell more, with more margin around
// them. [input px]
constexpr int64_t kPatch = 64;
constexpr int64_t kEveryRow = 2, kEveryColumn = 4;
// Smaller pictures are looked at whole: an eighth would be too little.
constexpr int64_t kWholePixels = 1 << 20;

size_t at(int i) {
  return static_cast<size_t>(i);
}

std::vector<bool> needed_layers(const net::Description& d) {
  std::vector<bool> needed(d.layers.size());
  needed[at(d.outputs[0])] = true;
  for (size_t i = d.layers.size(); i-- > 0;) {
    if (!needed[i]) continue;
    for (const int from : d.layers[i].inputs) needed[at(from)] = true;
    for (const auto& [memory, source] : d.memories) {
      // What the next picture needs; a source is later than its memory, as a rule, so it is looked at again.
      if (memory != static_cast<int>(i) || needed[at(source)]) continue;
      needed[at(source)] = true;
      i = std::max(i, at(source) + 1);
    }
  }
  return needed;
}

// A size that the network takes, large enough for every padding.
net::Shape usual_shape(const net::Description& d) {
  const int64_t side = round_up(256, d.size_multiple);
  return {d.in_channels(), side, side};
}

// Windows of one size along one axis that keep a patch of every few patches' length, somewhere: at even
// distances they would see one phase of what is periodic. Where: the golden ratio's multiples, begun at
// `shift`, fill the room evenly (a low-discrepancy sequence).
std::vector<Window> sample_windows(int64_t length, int64_t patch, int64_t halo, int64_t align, int64_t every,
                                   double shift) {
  const int64_t size = patch + 2 * halo, count = length / (every * patch);
  if (count < 2 || size >= length) return windows(length, std::min(size, length), halo);
  std::vector<Window> list;
  for (int64_t k = 0; k < count; ++k) {
    // Anywhere from the beginning of its part of the length, so that no place is likelier than another.
    const double place = 0.6180339887 * static_cast<double>(k) + shift;
    const double at = (static_cast<double>(k) + place - std::floor(place)) / static_cast<double>(count);
    const int64_t from =
        std::min(static_cast<int64_t>(at * static_cast<double>(length)), length - patch) / align * align;
    list.push_back({std::clamp<int64_t>(from - halo, 0, length - size), size, from, from + patch});
  }
  return list;
}

void copy(const View& from, Rect region, const View& to, int64_t y, int64_t x) {
  const auto bytes = static_cast<size_t>(region.width * from.channels * size_of(from.type));
  parallel(region.height,
           [&](int64_t row) { std::memcpy(to.at(y + row, x), from.at(region.y + row, region.x), bytes); });
}

}  // namespace

std::optional<Cut> find_cut(const net::Description& d) {
  const Geometry g = geometry(d);
  if (!g.local || d.outputs.empty()) return std::nullopt;
  const std::vector<bool> needed = needed_layers(d);
  const auto out = d.outputs[0];
  std::vector<int> last_use(d.layers.size(), -1);
  for (size_t i = 0; i < d.layers.size(); ++i) {
    if (!needed[i]) continue;
    for (const int from : d.layers[i].inputs) last_use[at(from)] = static_cast<int>(i);
  }
  double smallest = 1;
  for (int i = 0; i <= out; ++i) {
    if (needed[at(i)]) smallest = std::max(smallest, g.step[at(i)]);
  }
  Cut cut{-1, -1};
  for (int i = 1; i < out; ++i) {
    if (!needed[at(i)] || g.step[at(i)] != smallest) continue;
    bool alone = true;  // no earlier value is needed later
    for (int k = 0; k < i; ++k) alone = alone && last_use[at(k)] <= i;
    // A padded value is one with margins, which are for the layer that reads it to make.
    if (!alone || std::holds_alternative<net::Pad>(d.layers[at(i)].op)) continue;
    if (cut.before < 0) cut.before = i;
    cut.after = i;
  }
  if (cut.before < 0 || cut.after <= cut.before || smallest < 2) return std::nullopt;
  // Memories are of whole pictures, so all must lie in the middle with what they remember.
  for (const auto& [memory, source] : d.memories) {
    if (!needed[at(memory)] || std::min(memory, source) <= cut.before || std::max(memory, source) > cut.after)
      return std::nullopt;
  }
  const net::Shape shape = usual_shape(d);
  const int64_t middle = net::macs_until(d, shape, cut.after) - net::macs_until(d, shape, cut.before);
  if (4 * middle < net::macs_until(d, shape, out)) return std::nullopt;
  return cut;
}

net::Description part_of(const net::Description& d, int from, int to, int channels) {
  net::Description part;
  part.family = d.family;
  if (from < 0) {
    part.layers.assign(d.layers.begin(), d.layers.begin() + to + 1);
    part.outputs = {to};
    part.size_multiple = d.size_multiple;
    return part;
  }
  const std::vector<bool> needed = needed_layers(d);
  std::vector<int> index(d.layers.size(), -1);
  index[at(from)] = 0;
  part.layers.push_back({net::Input{channels}, {}, {}});
  for (int i = from + 1; i <= to; ++i) {
    if (!needed[at(i)]) continue;
    net::Layer layer = d.layers[at(i)];
    for (int& input : layer.inputs) input = index[at(input)];
    index[at(i)] = static_cast<int>(part.layers.size());
    part.layers.push_back(std::move(layer));
  }
  part.outputs = {index[at(to)]};
  for (const auto& [memory, source] : d.memories) {
    if (index[at(memory)] > 0 && index[at(source)] > 0)
      part.memories.emplace_back(index[at(memory)], index[at(source)]);
  }
  return part;
}

Stages::Part::Part(net::Description d, const model::TensorMap& tensors, bool quantised)
    : description(std::move(d)),
      geometry(engine::geometry(description)),
      weights(description, tensors, quantised ? stored_quantisation(description, tensors) : Quantisation{}),
      norms(whole_picture_norms(description)) {}

Stages::Stages(const net::Description& d, Cut cut, const model::TensorMap& tensors, Type type, bool quantised,
               const dnnl::engine& engine)
    : type_(type),
      engine_(engine),
      channels_(static_cast<int>(net::infer_shapes(d, usual_shape(d))[at(cut.before)].channels)),
      first_(part_of(d, -1, cut.before, 0), tensors, quantised),
      middle_(part_of(d, cut.before, cut.after, channels_), tensors, quantised),
      last_(part_of(d, cut.after, d.outputs[0],
                    static_cast<int>(net::infer_shapes(d, usual_shape(d))[at(cut.after)].channels)),
            tensors, quantised) {}

std::unique_ptr<Stages> Stages::make(const net::Description& d, const model::TensorMap& tensors, Type type,
                                     bool quantised, const dnnl::engine& engine) {
  const std::optional<Cut> cut = find_cut(d);
  if (!cut) return nullptr;
  return std::unique_ptr<Stages>(new Stages(d, *cut, tensors, type, quantised, engine));
}

// One picture's way through the parts.
class Stages::Run {
 public:
  Run(const Stages& stages, int64_t height, int64_t width, const Options& options)
      : s_(stages), height_(height), width_(width), exact_(options.exact || height * width < kWholePixels) {
    first_shapes_ =
        net::infer_shapes(s_.first_.description, {s_.first_.description.in_channels(), height, width});
    small_ = first_shapes_.back();
    last_shapes_ = net::infer_shapes(s_.last_.description, small_of(s_.last_));
    const int64_t tile = options.tile > 0 ? options.tile : kTile;
    const double step = s_.first_.geometry.step.back();
    first_tile_ = round_up(tile, s_.first_.geometry.align);
    last_tile_ = round_up(std::max<int64_t>(1, std::llround(static_cast<double>(tile) / step)),
                          s_.last_.geometry.align);
    patch_ = round_up(kPatch, s_.first_.geometry.align);
    last_patch_ = std::max<int64_t>(1, std::llround(static_cast<double>(kPatch) / step));
  }

  // Whether tiles fit together to the pixel.
  bool possible() const {
    const auto fits = [](const Part& part, const std::vector<net::Shape>& shapes) {
      bool good = proportional(part.geometry, shapes, part.description.outputs[0]) &&
                  shapes[0].height % part.geometry.align == 0 && shapes[0].width % part.geometry.align == 0;
      for (const int norm : part.norms) good = good && proportional(part.geometry, shapes, norm);
      return good;
    };
    return fits(s_.first_, first_shapes_) && fits(s_.last_, last_shapes_);
  }
  uint64_t bytes() const {
    const auto of = [&](const Part& part, int64_t height, int64_t width, Type result) {
      return static_cast<uint64_t>(compile(part.description, {part.description.in_channels(), height, width},
                                           s_.type_, part.weights.quantisation(), result)
                                       .arena_bytes);
    };
    const auto outer = [&](const Part& part, net::Shape in, int64_t tile, Type result) {
      const int64_t size = tile + 2 * halo(part);
      return of(part, std::min(size, in.height), std::min(size, in.width), result);
    };
    return of(s_.middle_, small_.height, small_.width, s_.type_) +
           std::max(outer(s_.first_, first_shapes_[0], first_tile_, s_.type_),
                    outer(s_.last_, last_shapes_[0], last_tile_, Type::f32));
  }

  int64_t run(const ReadPart& read, const WritePart& write, std::vector<Moments>* record,
              const std::function<void(double)>& tick, Memory* memory);

 private:
  net::Shape small_of(const Part& part) const {
    return {part.description.in_channels(), small_.height, small_.width};
  }
  static int64_t halo(const Part& part) {
    return halo_of(part.description, part.geometry, part.description.outputs[0]);
  }
  struct Tile {
    Rect window, kept;
  };
  static std::vector<Tile> tiles(net::Shape in, int64_t tile, int64_t halo) {
    std::vector<Tile> list;
    const int64_t size = tile + 2 * halo;
    each_tile(in.height, in.width, std::min(size, in.height), std::min(size, in.width), halo,
              [&](Rect window, Rect kept) {
                list.push_back({window, kept});
              });
    return list;
  }
  // The same of a sample, or of all where every pixel is wanted.
  std::vector<Tile> statistics_tiles(net::Shape in, int64_t tile, int64_t patch, int64_t halo,
                                     int64_t align) const {
    if (exact_) return tiles(in, tile, halo);
    std::vector<Tile> list;
    double row = 0;
    for (const Window& y : sample_windows(in.height, patch, halo, align, kEveryRow, 0)) {
      row += 0.4142135624;  // each row of patches elsewhere
      for (const Window& x : sample_windows(in.width, patch, halo, align, kEveryColumn, row))
        list.push_back({{x.start, y.start, x.size, y.size}, {x.from, y.from, x.to - x.from, y.to - y.from}});
    }
    return list;
  }

  // A part in tiles of one size.
  class Tiled {
   public:
    Tiled(const Run& run, const Part& part, Rect window, Type result)
        : part_(part),
          plan_(part.description, {part.description.in_channels(), window.height, window.width}, run.s_.type_,
                part.weights, run.s_.engine_, result),
          workspace_(plan_.make_workspace()) {}
    void run(std::span<const float> in, Rect crop, std::span<float> out, const NormControl& norms) const {
      plan_.run(*workspace_, in, Layout::interleaved, crop, out, norms);
    }
    View input() const { return plan_.input(*workspace_); }
    View output() const { return plan_.output(*workspace_); }

   private:
    const Part& part_;
    Plan plan_;
    std::unique_ptr<Workspace> workspace_;
  };

  // Moments of the part's norms, one after another, each with the earlier ones given. `feed` fills a tile's
  // input and returns the samples, or nothing where they lie in the tile's memory already.
  template <class Feed>
  std::vector<Moments> statistics(const Part& part, net::Shape in, int64_t tile, int64_t patch, double cost,
                                  Feed&& feed) {
    std::vector<Moments> found;
    if (part.norms.empty()) return found;
    const std::vector<Tile> list = statistics_tiles(in, tile, patch, halo(part), part.geometry.align);
    const Tiled tiled(*this, part, list[0].window, s_.type_);
    for (size_t k = 0; k < part.norms.size(); ++k) {
      Moments whole;
      for (const Tile& t : list) {
        Moments moments;
        NormControl control;
        control.given = &found;
        control.collect = static_cast<int>(k);
        control.collect_region = scaled(part.geometry, inside(t), part.norms[k]);
        control.collected = &moments;
        tiled.run(feed(tiled, t.window), {}, {}, control);
        whole.merge(moments);
        advance(cost * static_cast<double>(t.window.width * t.window.height) /
                static_cast<double>(part.norms.size()));
      }
      found.push_back(std::move(whole));
    }
    return found;
  }
  static Rect inside(const Tile& t) {
    return {t.kept.x - t.window.x, t.kept.y - t.window.y, t.kept.width, t.kept.height};
  }
  void advance(double work) {
    done_ += work;
    (*tick_)(std::min(1.0, done_ / total_));
  }

  const Stages& s_;
  const int64_t height_, width_;
  const bool exact_;
  std::vector<net::Shape> first_shapes_, last_shapes_;
  net::Shape small_;
  int64_t first_tile_ = 0, last_tile_ = 0, patch_ = 0, last_patch_ = 0;
  std::vector<float> picture_, result_;
  const std::function<void(double)>* tick_ = nullptr;
  double done_ = 0, total_ = 1;
};

int64_t Stages::Run::run(const ReadPart& read, const WritePart& write, std::vector<Moments>* record,
                         const std::function<void(double)>& tick, Memory* memory) {
  tick_ = &tick;
  // Multiply-adds of each part a pixel of its input; statistics cost about as much as their part, or a
  // quarter.
  const auto cost = [](const Part& part, const std::vector<net::Shape>& shapes) {
    return static_cast<double>(net::cost(part.description, shapes[0]).macs) /
           static_cast<double>(shapes[0].width * shapes[0].height);
  };
  const double first_cost = cost(s_.first_, first_shapes_), last_cost = cost(s_.last_, last_shapes_);
  const double middle_work =
      static_cast<double>(net::cost(s_.middle_.description, small_of(s_.middle_)).macs);
  // What advance() will have counted in the end.
  const auto area = [](const std::vector<Tile>& list) {
    double sum = 0;
    for (const Tile& t : list) sum += static_cast<double>(t.window.width * t.window.height);
    return sum;
  };
  const auto outer_work = [&](const Part& part, net::Shape in, int64_t tile, int64_t patch, double each) {
    double sum = area(tiles(in, tile, halo(part)));
    if (!part.norms.empty()) sum += area(statistics_tiles(in, tile, patch, halo(part), part.geometry.align));
    return sum * each;
  };
  total_ = middle_work + outer_work(s_.first_, first_shapes_[0], first_tile_, patch_, first_cost) +
           outer_work(s_.last_, last_shapes_[0], last_tile_, last_patch_, last_cost);

  const auto load = [&](const Tiled&, Rect window) -> std::span<const float> {
    picture_.resize(static_cast<size_t>(window.width * window.height * s_.first_.description.in_channels()));
    read(window, picture_);
    return picture_;
  };
  Plan middle(s_.middle_.description, small_of(s_.middle_), s_.type_, s_.middle_.weights, s_.engine_,
              s_.type_);
  const std::unique_ptr<Workspace> workspace = middle.make_workspace();
  std::vector<Moments> given = statistics(s_.first_, first_shapes_[0], first_tile_, patch_, first_cost, load);
  NormControl control;
  control.given = &given;
  int64_t count = 0;
  {
    const std::vector<Tile> list = tiles(first_shapes_[0], first_tile_, halo(s_.first_));
    const Tiled tiled(*this, s_.first_, list[0].window, s_.type_);
    const int out = s_.first_.description.outputs[0];
    const View to = middle.input(*workspace);
    for (const Tile& t : list) {
      tiled.run(load(tiled, t.window), {}, {}, control);
      const Rect target = scaled(s_.first_.geometry, t.kept, out);
      copy(tiled.output(), scaled(s_.first_.geometry, inside(t), out), to, target.y, target.x);
      advance(first_cost * static_cast<double>(t.window.width * t.window.height));
    }
    count += static_cast<int64_t>(list.size());
  }
  if (record) *record = std::move(given);

  std::vector<Moments> own;
  NormControl middle_control;
  if (record) middle_control.record = &own, own.resize(s_.middle_.norms.size());
  const double before = done_;
  middle.run(*workspace, {}, Layout::interleaved, {}, {}, middle_control, nullptr, memory, [&](double share) {
    done_ = before + share * middle_work;
    advance(0);
  });
  if (record) record->insert(record->end(), own.begin(), own.end());

  const View from = middle.output(*workspace);
  const auto take = [&](const Tiled& tiled, Rect window) -> std::span<const float> {
    copy(from, window, tiled.input(), 0, 0);
    return {};
  };
  given = statistics(s_.last_, last_shapes_[0], last_tile_, last_patch_, last_cost, take);
  if (record) record->insert(record->end(), given.begin(), given.end());
  if (!write) return count;
  const std::vector<Tile> list = tiles(last_shapes_[0], last_tile_, halo(s_.last_));
  const Tiled tiled(*this, s_.last_, list[0].window, Type::f32);
  const int out = s_.last_.description.outputs[0];
  const int64_t channels = last_shapes_[at(out)].channels;
  for (const Tile& t : list) {
    const Rect local = scaled(s_.last_.geometry, inside(t), out);
    result_.resize(static_cast<size_t>(local.width * local.height * channels));
    tiled.run(take(tiled, t.window), local, result_, control);
    write(scaled(s_.last_.geometry, t.kept, out), result_);
    advance(last_cost * static_cast<double>(t.window.width * t.window.height));
  }
  return count + static_cast<int64_t>(list.size());
}

std::optional<uint64_t> Stages::memory_bytes(int64_t height, int64_t width) const {
  try {
    const Run run(*this, height, width, {});
    if (run.possible()) return run.bytes();
  } catch (const Error&) {  // too small for the network's padding
  }
  return std::nullopt;
}

int64_t Stages::run(int64_t height, int64_t width, const ReadPart& read, const WritePart& write,
                    const Options& options, std::vector<Moments>* record,
                    const std::function<void(double)>& tick, Memory* memory) const {
  try {
    Run run(*this, height, width, options);
    return run.run(read, write, record, tick, memory);
  } catch (const dnnl::error& error) {
    refuse(error, first_.description.family, height, width);
  }
}

}  // namespace linmo::engine
