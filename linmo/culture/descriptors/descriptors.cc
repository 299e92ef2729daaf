// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/descriptors.h"

#include "linmo/culture/descriptors/complexity.h"
#include "linmo/culture/descriptors/edges.h"
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

Lister list(ColourFeatures colour, ToneFeatures tone, EdgeFeatures edges, ComplexityFeatures complexity,
            NuisanceFeatures nuisance) {
  Lister lister;
  FeatureVisitor& visitor = lister;
  colour.visit(visitor);
  tone.visit(visitor);
  edges.visit(visitor);
  complexity.visit(visitor);
  nuisance.visit(visitor);
  return lister;
}

}  // namespace

const std::vector<Descriptor>& registry() {
  static const std::vector<Descriptor> kEntries = list({}, {}, {}, {}, {}).entries;
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
  out.values = list(colour, tone, measure_edges(subject), measure_complexity(subject), nuisance).values;
  return out;
}

}  // namespace linmo::culture
