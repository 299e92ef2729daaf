// SPDX-License-Identifier: Apache-2.0
// What the worker can do with pictures and models. Runs in the sandbox.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/server/worker.h"
#include "linmo/apply/stylizer.h"
#include "linmo/core/events.h"

namespace linmo::studio {

// A mixture of styles in pixels: the weighted mean of what each model makes of the picture. In pixels, as
// networks that were trained apart have no common weights to average.
struct Look {
  struct Part {
    std::filesystem::path model;
    std::string style;  // of a model of several
    double weight = 1;
  };
  std::vector<Part> blend;  // their weights add up to 1
  apply::ApplySettings settings;
};

// Σ weight · picture, rounded to nearest. Throws ErrorKind::usage where sizes, channels or depths differ.
Image blended(const std::vector<Image>& pictures, const std::vector<double>& weights);

class Painter {
 public:
  // {"do": …} and what it takes:
  //   probe {path} → width, height, channels, alpha, format; reads all of the picture once
  //   picture {path, size} → an encoded picture whose longer side is at most `size`
  //   preview {path, size, blend, strength, keepColour} → the same, painted
  //   paint {path, output, blend, strength, keepColour} → the file `output`, as `linmo apply` writes it
  //   check {folder} → usable, refused, samples
  //   model {path} → whether it can be loaded and paints
  //   card {subject, path, style, size} → sample_of() the subject, painted by a model where one is named
  // "blend" is [{"path": model, "style": of several, "weight": w}, …].
  Frame fulfil(const nlohmann::json& wish, EventSink& sink);

 private:
  const apply::Stylizer& model(const std::filesystem::path& file, const std::string& style);
  Image reduced_picture(const std::filesystem::path& file, int64_t size);
  Image painted(const Image& picture, const Look& look, EventSink& sink);
  Frame paint(const nlohmann::json& wish, EventSink& sink);

  struct Warm {
    std::filesystem::path file;
    std::string style;
    std::filesystem::file_time_type time;
    std::unique_ptr<apply::Stylizer> stylizer;
  };
  std::list<Warm> models_;  // last used first
  struct Seen {
    std::filesystem::path file;
    int64_t size;
    Image image;
  };
  std::list<Seen> pictures_;
};

}  // namespace linmo::studio
