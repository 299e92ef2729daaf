// SPDX-License-Identifier: Apache-2.0
// A trained model applied to pictures.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "linmo/core/events.h"
#include "linmo/engine/engine.h"
#include "linmo/engine/tiled.h"
#include "linmo/image/image.h"
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
  engine::TileOptions tiles;
};

// Usable from several threads at once.
class Stylizer {
 public:
  // Throws ErrorKind::input when the network does not turn pictures of one or three channels into such.
  Stylizer(const model::Model& model, const engine::Options& options);
  static Stylizer load(const std::filesystem::path& model_file, const engine::Options& options = {});
  ~Stylizer();
  Stylizer(Stylizer&&) noexcept;
  Stylizer& operator=(Stylizer&&) noexcept;

  // Any size from 1 × 1, any depth, grey or RGB, with or without alpha. The result has the picture's depth
  // and size (times enlargement()), RGB or what the network gives, and the picture's alpha; samples are
  // rounded to nearest. Sides that the network cannot take are continued by mirroring and cut back; under
  // transparent pixels the colours of their nearest visible neighbours go in, so edges get no fringe.
  // Throws ErrorKind::limit when the settings' memory does not suffice, ErrorKind::cancelled.
  Image apply(const Image& picture, const ApplySettings& settings = {},
              EventSink& events = null_sink()) const;

  // Result's side over the picture's: 1 for most, 2, 4, 8 for super-resolution.
  double enlargement() const;
  const engine::Engine& engine() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace linmo::apply
