// SPDX-License-Identifier: Apache-2.0
// Strokes and outlines: how wide, how dark beside what they bound, how bent.
#pragma once

#include "linmo/culture/descriptors/fields.h"
#include "linmo/culture/descriptors/spatial.h"
#include "linmo/culture/descriptors/subject.h"

namespace linmo::culture {

struct StrokeFeatures {
  double stroke_width = kMissing, stroke_width_iqr = kMissing, stroke_width_cv = kMissing;
  double ink_share = kMissing, line_share = kMissing;
  double outline_share = kMissing, outline_darkness = kMissing;
  double edge_curvature = kMissing, edge_straightness = kMissing;

  template <class V>
  void visit(V& v) {
    constexpr double inf = kUnbounded;
    const char* run = "linmo; after Epshtein, Ofek & Wexler 2010";
    v.group("line");
    v.field({"stroke_width", "‰ of the long side", 0, inf,
             "median over the length of strokes of the shortest run through ink (4 directions); ink: L* at "
             "least "
             "6 below its mean in 1/16 of the long side",
             run, FeatureInfo::core},
            stroke_width);
    v.field({"stroke_width_iqr", "‰ of the long side", 0, inf, "interquartile range of the same", run},
            stroke_width_iqr);
    v.field({"stroke_width_cv", "1", 0, inf, "standard deviation / mean of the same", run}, stroke_width_cv);
    v.field({"ink_share", "1", 0, 1, "share of pixels that are ink", "linmo"}, ink_share);
    v.field({"line_share", "1", 0, 1,
             "share of ink in strokes thinner than 1 % of the long side (line against mass)", "linmo"},
            line_share);
    v.field(
        {"outline_darkness", "L*", -100, 0,
         "mean over edge pixels (|∇L*| ≥ 2 per px at σ = 1.5 px and largest across the edge; 512 px scale) "
         "of the darkest L* within 1 % of the long side across the edge − the darkest behind it, up to 2 % "
         "on either side; 0 where there is no such line (key-block lines)",
         "linmo", FeatureInfo::core},
        outline_darkness);
    v.field({"outline_share", "1", 0, 1, "share of edge pixels where that is at least 5 L*", "linmo"},
            outline_share);
    v.field({"edge_curvature", "1/long side", 0, inf,
             "median |curvature| of the lines of equal lightness at edge pixels (σ = 3 px, 512 px scale)",
             "Lindeberg 1998"},
            edge_curvature);
    v.field({"edge_straightness", "1", 0, 1,
             "share of edge pixels where that radius is more than a quarter of the long side", "linmo"},
            edge_straightness);
  }
};

// Shortest run of set pixels through each set pixel along rows, columns and both diagonals (those counted
// √2 px a step), px; 0 elsewhere.
Plane stroke_widths(const Bits& ink);

StrokeFeatures measure_strokes(const Subject& subject);

}  // namespace linmo::culture
