// SPDX-License-Identifier: Apache-2.0
// A trained model applied to pictures.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "linmo/core/events.h"
#include "linmo/engine/engine.h"
#include "linmo/engine/tiled.h"
#include "linmo/image/image.h"
#include "linmo/image/rows.h"
#include "linmo/model/model_file.h"

namespace linmo::apply {

struct ApplySettings {
  // 0: the untouched picture, 1: the model's result, in between a mixture of the two pictures' coded values.
  // In pixels rather than in the network's features, because then both ends are exact for every network: a
  // network whose style part is turned off does not in general give the picture back.
  double strength = 1;
  // The result's lightness with the content's colour: L of OKLab (Ottosson 2020) from the one, hue and
  // chroma from the other; where that leaves sRGB the chroma is reduced, never the hue turned.
  bool keep_colour = false;
  // Runs of a recurrent network over the one picture, each with what the one before remembered; the last one
  // is the result.
  int refine = 1;
  engine::TileOptions tiles;
};

// Usable from several threads at once.
class Stylizer {
 public:
  // Throws ErrorKind::input when the network does not turn pictures of one or three channels into such.
  Stylizer(const model::Model& model, const engine::Options& options);
  // `style`: which of a model of several styles, or a blend (model/styles.h); throws as model::in_style().
  static Stylizer load(const std::filesystem::path& model_file, const engine::Options& options = {},
                       std::string_view style = {});
  // The same, sharing the weights, with another number of threads.
  Stylizer with_threads(int threads) const;
  ~Stylizer();
  Stylizer(Stylizer&&) noexcept;
  Stylizer& operator=(Stylizer&&) noexcept;

  // Any size from 1 × 1, any depth, grey or RGB, with or without alpha. The result has the picture's depth
  // and size (times enlargement()), RGB or what the network gives, and the picture's alpha; samples are
  // rounded to nearest. Sides that the network cannot take are continued by mirroring and cut back; under
  // transparent pixels the colours of their nearest visible neighbours go in, so edges get no fringe.
  // `memory`: of a recurrent network's stream of pictures of one size; read and replaced.
  // Throws ErrorKind::limit when the settings' memory does not suffice, as engine::run_tiled();
  // ErrorKind::usage for settings that this network cannot follow; ErrorKind::cancelled.
  Image apply(const Image& picture, const ApplySettings& settings = {}, EventSink& events = null_sink(),
              engine::Memory* memory = nullptr) const;

  // Whether a picture without alpha of this size can go through the other apply(): where the result must be
  // resized, or mixed with a picture of another size, it is needed whole.
  bool can_stream(int64_t width, int64_t height, const ApplySettings& settings) const;
  using OpenResult =
      std::function<std::unique_ptr<RowWriter>(int64_t width, int64_t height, int channels, Depth depth)>;
  // The same result, read and written in bands: beside the settings' memory, as many rows of both pictures
  // are held as a tile has, never a picture. `open` is asked for the file once. Throws as the other, as
  // RowReader and RowWriter do, and ErrorKind::usage where can_stream() says no.
  void apply(RowReader& picture, const OpenResult& open, const ApplySettings& settings = {},
             EventSink& events = null_sink()) const;

  // Result's side over the picture's: 1 for most, 2, 4, 8 for super-resolution.
  double enlargement() const;
  const engine::Engine& engine() const;

 private:
  struct State;
  struct Run;
  explicit Stylizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace linmo::apply
