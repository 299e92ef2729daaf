// SPDX-License-Identifier: Apache-2.0
// A network in three parts, for large pictures: what comes before the middle and after it runs in tiles whose
// margins are a few pixels, since few layers look at few neighbours there; the middle — residual blocks at a
// quarter of the side, most of the arithmetic — runs once over the whole picture, without margins, and its
// norms see every pixel of it. Only the middle's values are held for the whole picture.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "linmo/core/events.h"
#include "linmo/engine/plan.h"
#include "linmo/engine/tile_geometry.h"
#include "linmo/engine/tiled.h"

namespace linmo::engine {

// The middle is what the layers after `before` compute, as far as `after`.
struct Cut {
  int before = 0, after = 0;
  bool operator==(const Cut&) const = default;
};
// Where one value alone is handed on at the smallest size, and a good part of the arithmetic lies between;
// nothing for networks that have no such place (U-Nets, networks that add their input to the result), or
// that remember anything outside of it.
std::optional<Cut> find_cut(const net::Description& description);

// The layers after `from` as far as `to`, as a network that reads layer `from`'s result; from −1: the input.
net::Description part_of(const net::Description& description, int from, int to, int channels);

// Packed once; usable from several threads at once.
class Stages {
 public:
  // Nothing where find_cut() finds nothing.
  static std::unique_ptr<Stages> make(const net::Description& description, const model::TensorMap& tensors,
                                      Type type, bool quantised, const dnnl::engine& engine);

  // Whether pictures of this size can be run so, and the working memory of doing it.
  std::optional<uint64_t> memory_bytes(int64_t height, int64_t width) const;

  struct Options {
    bool exact = false;  // norms of the outer parts from every pixel, not from an eighth of them
    int64_t tile = 0;    // side of the outer parts' tiles [input px]; 0: what is fastest
  };
  // The network over a picture of height × width; both callbacks run on the calling thread, after each other:
  // `read` several times for the same part, `write` once for each, as WritePart says. `record`: where the
  // statistics of all norms go, and then `write` may be null. `tick`: called with the share of the work done.
  // `memory` as of Engine::run(), prepared for this size. Returns the number of tiles. Throws as
  // Engine::run().
  int64_t run(int64_t height, int64_t width, const ReadPart& read, const WritePart& write,
              const Options& options, std::vector<Moments>* record, const std::function<void(double)>& tick,
              Memory* memory = nullptr) const;

 private:
  struct Part {
    Part(net::Description d, const model::TensorMap& tensors, bool quantised);
    const net::Description description;
    const Geometry geometry;
    mutable WeightStore weights;
    const std::vector<int> norms;  // those that look at the whole picture
  };
  class Run;
  Stages(const net::Description& description, Cut cut, const model::TensorMap& tensors, Type type,
         bool quantised, const dnnl::engine& engine);

  const Type type_;
  const dnnl::engine engine_;
  const Cut cut_;
  const int channels_;  // of the value at `before`
  const Part first_, middle_, last_;
};

}  // namespace linmo::engine
