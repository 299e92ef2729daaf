// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/figures/figures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linmo/culture/figures/parts.h"
#include "linmo/culture/figures/study_test.h"

namespace linmo::culture {
namespace {

TEST(Figures, EveryFigureIsDrawnAndWellFormed) {
  const Study study = test_study();
  const std::vector<Figure> figures = draw_figures(study);
  std::vector<std::string> names;
  for (const Figure& f : figures) {
    names.push_back(f.name);
    EXPECT_EQ(xml_fault(f.svg), "") << f.name;
    EXPECT_EQ(f.svg.find("nan"), std::string::npos) << f.name;
    EXPECT_EQ(f.svg.find("inf\""), std::string::npos) << f.name;
    EXPECT_EQ(f.svg.find("<script"), std::string::npos) << f.name;
    for (Language language : kLanguages) {
      EXPECT_FALSE(in_language(f.title, language).empty()) << f.name;
      EXPECT_FALSE(in_language(f.caption, language).empty()) << f.name;
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"forest-1-2", "forest-1-3", "forest-2-3", "palettes",
                                             "composition", "pca", "collections", "dendrogram", "plane",
                                             "forest-1-2-all", "forest-1-3-all", "forest-2-3-all"}));
}

TEST(Figures, TheSameBytesTwice) {
  const std::vector<Figure> one = draw_figures(test_study()), two = draw_figures(test_study());
  ASSERT_EQ(one.size(), two.size());
  for (size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].svg, two[i].svg) << one[i].name;
}

TEST(Figures, HeatMapsNeedTheirColumn) {
  Study study = test_study();
  const auto says = [](const Figure& f, const char* key) {
    return f.svg.find(std::string(">") + find_text(key)->en + "<") != f.svg.npos;
  };
  const Figure all = draw_composition(study);
  EXPECT_TRUE(says(all, "figure.void_map") && says(all, "figure.mass_dark") &&
              says(all, "figure.mass_salience"));
  EXPECT_FALSE(says(all, "figure.mass_edges"));  // of which these works have none
  for (FeatureRow& row : study.table.rows)
    row.metadata[static_cast<size_t>(study.table.columns.find_metadata("layout"))] =
        "portrait";  // another's column
  const Figure none = draw_composition(study);
  EXPECT_TRUE(says(none, "figure.void_map"));
  EXPECT_FALSE(says(none, "figure.mass_dark"));
}

TEST(Figures, NamesOfStrangersAreText) {
  const Study study = test_study();
  const std::string svg = draw_biplot(study).svg;
  EXPECT_NE(svg.find("&lt;b&gt;浮世絵&amp;"), std::string::npos);
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
}

TEST(Figures, EveryPointIsDrawn) {
  Study study = test_study();
  const auto shapes = [](const std::string& svg) {
    size_t n = 0;
    for (size_t at = svg.find("fill-opacity=\"0.45\""); at != std::string::npos;
         at = svg.find("fill-opacity=\"0.45\"", at + 1))
      ++n;
    return n;
  };
  EXPECT_EQ(shapes(draw_biplot(study).svg), study.pca.points.size());
  // More than is drawn: every k-th, and the caption says how many.
  while (study.pca.points.size() < 3 * kMostPoints) {
    study.pca.points.push_back(study.pca.points.front());
    study.pca.groups.push_back(study.pca.groups.front());
  }
  const Figure many = draw_biplot(study);
  EXPECT_EQ(shapes(many.svg), kMostPoints);
  EXPECT_NE(in_language(many.caption, Language::en).find("4000 works are drawn"), std::string::npos);
}

TEST(Figures, NothingIsDrawnOfNothing) {
  Study study = test_study();
  study.pca = {};
  study.plane = {};
  study.collections = {};
  EXPECT_TRUE(draw_biplot(study).svg.empty());
  EXPECT_TRUE(draw_plane(study).svg.empty());
  EXPECT_TRUE(draw_collections(study).svg.empty());
  EXPECT_TRUE(draw_dendrogram(study).svg.empty());
  for (Comparison& c : study.comparisons) c.delta = kUnknown;
  EXPECT_TRUE(draw_forest(study, 0, 1, true).svg.empty());
}

TEST(Svg, Escaping) {
  EXPECT_EQ(escape_html("a<b>&\"'\x01\x80雪"), "a&lt;b&gt;&amp;&quot;&#39;\uFFFD\uFFFD雪");
  Svg svg(10, 10);
  svg.text(1, 2, Phrase("</text><script>alert(1)</script>"));
  svg.marker(2, 1, 1, 1, 1, "\"<&>");
  const std::string file = svg.finish("<t>", "&d");
  EXPECT_EQ(xml_fault(file), "");
  EXPECT_EQ(file.find("<script"), std::string::npos);
}

TEST(Svg, Numbers) {
  EXPECT_EQ(svg_number(1.5), "1.5");
  EXPECT_EQ(svg_number(-0.001), "0");
  EXPECT_EQ(svg_number(100), "100");
  EXPECT_EQ(svg_number(NAN), "0");
  EXPECT_EQ(signed_text(-.344, 2), "−0.34");
  EXPECT_EQ(signed_text(.001, 2), "0.00");
  EXPECT_EQ(number_text(12345.6), "12346");
  EXPECT_EQ(number_text(-.0123456), "−0.0123");
}

TEST(Svg, TextIsCutToItsWidth) {
  EXPECT_EQ(fitted("山水", 10, 20), "山水");
  EXPECT_EQ(fitted("山水雪景", 10, 30), "山水…");
}

TEST(Svg, EllipseHoldsItsShare) {
  // Points on a cross: covariance diag(2/3·..), no correlation, so that the axes lie level and upright.
  const std::vector<MapPoint> ellipse = ellipse_of({{2, 0}, {-2, 0}, {0, 1}, {0, -1}}, .95);
  double x = 0, y = 0;
  for (const MapPoint& p : ellipse) x = std::max(x, p.x), y = std::max(y, p.y);
  const double chi = std::sqrt(5.991464547107979);  // χ²(2), 95 %
  EXPECT_NEAR(x, std::sqrt(8. / 3) * chi, 1e-9);
  EXPECT_NEAR(y, std::sqrt(2. / 3) * chi, 1e-9);
}

TEST(Scale, TicksAreRound) {
  const Scale1 scale{.low = -.13, .high = .52, .from = 0, .to = 100};
  const std::vector<double> ticks = scale.ticks(6);
  ASSERT_EQ(ticks.size(), 7u);
  EXPECT_NEAR(ticks[0], -.1, 1e-12);
  EXPECT_NEAR(ticks[6], .5, 1e-12);
  const Scale1 flat = scale_over({3, 3}, 0, 1);
  EXPECT_LT(flat.low, 3);
  EXPECT_GT(flat.high, 3);
}

}  // namespace
}  // namespace linmo::culture
