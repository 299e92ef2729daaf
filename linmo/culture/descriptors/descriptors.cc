// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/descriptors.h"

#include "linmo/culture/descriptors/complexity.h"
#include "linmo/culture/descriptors/edges.h"
#include "linmo/culture/descriptors/reliability.h"
#include "linmo/culture/descriptors/strokes.h"
#include "linmo/culture/descriptors/texture.h"
#include "linmo/culture/descriptors/tone.h"

namespace linmo::culture {
namespace {

class Lister : public FeatureVisitor {
 public:
  std::vector<Descriptor> entries;
  std::vector<double> values;
  void group(std::string_view name) override { group_ = name; }
  void field(const FeatureInfo& info, double& value) override {
    Descriptor d;
    d.name = info.name;
    d.group = group_;
    d.unit = info.unit;
    d.low = info.low;
    d.high = info.high;
    d.formula = info.formula;
    d.source = info.source;
    d.is_parity = (info.flags & FeatureInfo::parity) != 0;
    d.is_core = (info.flags & FeatureInfo::core) != 0;
    d.is_nuisance = group_ == "nuisance";
    entries.push_back(std::move(d));
    values.push_back(value);
  }

 private:
  std::string group_;
};

template <class... Groups>
Lister list(Groups... groups) {
  Lister lister;
  FeatureVisitor& visitor = lister;
  (groups.visit(visitor), ...);
  return lister;
}

}  // namespace

const std::vector<Descriptor>& registry() {
  static const std::vector<Descriptor> kEntries = [] {
    std::vector<Descriptor> entries =
        list(ColourFeatures{}, ToneFeatures{}, EdgeFeatures{}, StrokeFeatures{}, TextureFeatures{},
             ComplexityFeatures{}, CompositionFeatures{}, NuisanceFeatures{})
            .entries;
    for (Descriptor& d : entries) {
      for (const KnownReliability& known : known_reliability()) {
        if (d.name == known.name) d.reliability = known.reliability;
      }
    }
    return entries;
  }();
  return kEntries;
}

Description describe(const Subject& subject, const NuisanceFeatures& of_file) {
  Description out;
  Void found;
  const ToneFeatures tone = measure_tone(subject, &found);
  const Lab* paper = found.paper ? &*found.paper : nullptr;
  const ColourFeatures colour = measure_colour(subject, paper, &out.palette);
  NuisanceFeatures nuisance = of_file;
  measure_cast(subject.standard, paper, nuisance);
  out.values = list(colour, tone, measure_edges(subject), measure_strokes(subject), measure_texture(subject),
                    measure_complexity(subject), measure_composition(subject, found, &out.layout), nuisance)
                   .values;
  return out;
}

}  // namespace linmo::culture
