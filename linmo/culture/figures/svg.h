// SPDX-License-Identifier: Apache-2.0
// Drawings as SVG: vectors for print, text as text (searchable, translated by the report's page), the same
// bytes for the same drawing. Units are CSS pixels (1/96 inch).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linmo/culture/study.h"
#include "linmo/culture/texts/texts.h"
#include "linmo/image/markup.h"

namespace linmo::culture {

// At most two decimals, no trailing zeros, no "-0".
std::string svg_number(double value);

// Families with Chinese, Japanese and Korean characters on all common systems.
extern const char* const kFontStack;

// Okabe & Ito's colours ("Color universal design", 2008), which people with any form of colour blindness tell
// apart. After the eighth they begin again, with another shape.
const char* group_colour(int64_t group);
int group_shape(int64_t group);  // 0 circle, 1 square, 2 triangle, 3 diamond

struct Stroke {
  std::string colour = "#222";
  double width = 1;
  std::string dash = {};
  double opacity = 1;
};

enum class Anchor { start, middle, end };

struct TextStyle {
  double size = 11;
  Anchor anchor = Anchor::start;
  std::string colour = "#222";
  bool bold = false;
  double turn = 0;    // degrees, clockwise
  bool halo = false;  // white around the letters, to be read over lines and points
};

class Svg {
 public:
  Svg(double width, double height) : width_(width), height_(height) {}

  void line(double x1, double y1, double x2, double y2, const Stroke& stroke = {});
  // `fill` "none": outline only.
  void rect(double x, double y, double width, double height, std::string_view fill, double opacity = 1,
            const Stroke* stroke = nullptr);
  void path(const std::vector<MapPoint>& points, bool is_closed, std::string_view fill, const Stroke& stroke,
            double fill_opacity = 1);
  void arrow(double x1, double y1, double x2, double y2, const Stroke& stroke);
  // Shapes: circle, square, triangle, diamond, by the group's number. `title` is shown on pointing.
  void marker(int64_t group, double x, double y, double radius, double opacity, std::string_view title = {});
  void disc(double x, double y, double radius, std::string_view fill, double opacity,
            const Stroke* stroke = nullptr);
  void text(double x, double y, const Phrase& words, const TextStyle& style = {});

  // The whole file. The title and description are read to those who cannot see it.
  std::string finish(const Phrase& title, const Phrase& description) const;

  double width() const { return width_; }
  double height() const { return height_; }

 private:
  double width_, height_;
  std::string body_;
};

// About how wide a text is drawn: Latin letters .56 of the size, CJK characters 1.
double text_width(std::string_view text, double size);
// Cut to a width, with … at the end.
std::string fitted(std::string_view text, double size, double width);

// A straight scale from numbers to places on the paper, with round numbers along it.
struct Scale1 {
  double low = 0, high = 1;  // numbers
  double from = 0, to = 1;   // places
  double operator()(double v) const { return from + (v - low) / (high - low) * (to - from); }
  std::vector<double> ticks(int about) const;
};
// Widened by 4 %; 0 … 1 where there is nothing finite, and never of no width.
Scale1 scale_over(const std::vector<double>& values, double from, double to);

// The ellipse that holds `share` of a normal distribution with the points' mean and covariance; empty for
// fewer than three points.
std::vector<MapPoint> ellipse_of(const std::vector<MapPoint>& points, double share);

}  // namespace linmo::culture
