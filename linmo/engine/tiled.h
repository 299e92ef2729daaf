// SPDX-License-Identifier: Apache-2.0
// Pictures of any size in bounded memory, through tiles that cannot be seen in the result.
//
// Two things make tiles visible. A network looks `halo` pixels around each output pixel: every tile is
// computed with that much of its surroundings, which is thrown away; at the picture's own borders the tile
// ends where the picture ends, so that padding acts there and nowhere else. And instance norm (group and
// layer norm too) divides by statistics of the whole picture: these are found first and then given to all
// tiles.
//   exact  one pass over all tiles for each such norm, as far as that norm, with the earlier ones given,
//          then one pass for the picture: equal to the untiled result but for rounding, at about
//          1 + (number of norms)/2 times the arithmetic.
//   fast   the statistics come from one run over a mosaic of small patches that are cut at full size from
//          all over the picture (a quarter of it, at least a megapixel, less where memory does not hold
//          that), then one pass for the picture. Against the exact result, photographs of 5 megapixels,
//          sampled 1 megapixel (1 GB), untrained networks of 6 blocks (whose error is larger than a trained
//          one's): PSNR 29 dB (compact), 31 dB (resnet). Statistics from the picture reduced to a megapixel,
//          the obvious other way, give 20 and 22 dB: reducing takes away the detail whose size the norms
//          measure.
// Where the network can be cut and memory holds its middle, both are done in stages instead (stages.h):
// faster and, when fast, closer.
#pragma once

#include <functional>

#include "linmo/core/events.h"
#include "linmo/engine/engine.h"

namespace linmo::engine {

struct TileOptions {
  uint64_t memory_bytes = 1ULL << 30;  // bound on the working memory (weights and the picture itself aside)
  int64_t tile = 0;  // side of the tiles [input px]; 0: as memory allows, to 300 MB (more is slower)
  bool exact = false;
};

struct TileReport {
  enum class Mode { whole, exact, fast } mode = Mode::whole;
  int64_t tiles = 1;
  int64_t window_width = 0, window_height = 0;  // what is computed at once, halo included [input px]
  int64_t halo = 0;
};

// Fills a span with a part of the input picture, H × W × C interleaved; the whole one is height × width.
using ReadPart = std::function<void(Rect part, std::span<float> to)>;
// Takes a finished part of the result, in the result's own coordinates, once each: from the top in bands of
// parts of one height, within a band from the left, each after the window around it was read. Whoever holds
// no whole picture needs the rows of one window at a time (statistics are read from the top, too). In stages
// (stages.h) all reading, several times from the top, comes before the first part of the result.
using WritePart = std::function<void(Rect part, std::span<const float> from)>;

// What run_tiled() will do. Throws ErrorKind::limit when it cannot be done: memory too small for the least
// tile, or a network that looks at the whole picture (a U-Net, global pooling) and a picture too large for
// it.
TileReport plan_tiles(const Engine& engine, int64_t height, int64_t width, const TileOptions& options);

// Both callbacks run on the calling thread. `memory` as of Engine::run(). Throws as plan_tiles();
// ErrorKind::limit when there is a memory and the picture fits neither as a whole nor in stages, whose middle
// is whole; ErrorKind::cancelled when the sink asks.
TileReport run_tiled(const Engine& engine, int64_t height, int64_t width, const ReadPart& read,
                     const WritePart& write, const TileOptions& options, EventSink& events = null_sink(),
                     Memory* memory = nullptr);

}  // namespace linmo::engine
