// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/figures/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "linmo/collection/csv.h"

namespace linmo::culture {
namespace {

std::string stroke_attributes(const Stroke& s) {
  std::string out = fmt::format(R"( stroke="{}" stroke-width="{}")", s.colour, svg_number(s.width));
  if (!s.dash.empty()) out += fmt::format(R"( stroke-dasharray="{}")", s.dash);
  if (s.opacity != 1) out += fmt::format(R"( stroke-opacity="{}")", svg_number(s.opacity));
  return out;
}

std::string opacity_attribute(double opacity) {
  return opacity == 1 ? std::string() : fmt::format(R"( fill-opacity="{}")", svg_number(opacity));
}

// One character of valid UTF-8 at `i`, which moves on.
char32_t next_character(std::string_view text, size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  const int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  char32_t c = more == 0 ? lead : lead & (0x3f >> more);
  for (int k = 0; k < more && i < text.size(); ++k)
    c = c << 6 | (static_cast<unsigned char>(text[i++]) & 0x3f);
  return c;
}

double character_width(char32_t c) {
  return c >= 0x1100 ? 1 : .56;
}

}  // namespace

const char* const kFontStack =
    "'Noto Sans','Segoe UI','Helvetica Neue',Arial,'Noto Sans CJK SC','Noto Sans CJK JP','Source Han Sans "
    "SC',"
    "'PingFang SC','Hiragino Sans','Microsoft YaHei','Yu Gothic','IPAGothic','WenQuanYi Zen Hei',sans-serif";

std::string svg_number(double value) {
  std::string out = fmt::format("{:.2f}", std::isfinite(value) ? value : 0);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

const char* group_colour(int64_t group) {
  static constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#E69F00", "#56B4E9", "#000000", "#B8A900"};
  return kColours[group % 8];
}

int group_shape(int64_t group) {
  return static_cast<int>((group + group / 8) % 4);
}

void Svg::line(double x1, double y1, double x2, double y2, const Stroke& stroke) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{}/>\n", svg_number(x1), svg_number(y1),
                       svg_number(x2), svg_number(y2), stroke_attributes(stroke));
}

void Svg::rect(double x, double y, double width, double height, std::string_view fill, double opacity,
               const Stroke* stroke) {
  body_ +=
      fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{}{}/>\n", svg_number(x),
                  svg_number(y), svg_number(std::max(0., width)), svg_number(std::max(0., height)), fill,
                  opacity_attribute(opacity), stroke ? stroke_attributes(*stroke) : "");
}

void Svg::path(const std::vector<MapPoint>& points, bool is_closed, std::string_view fill,
               const Stroke& stroke, double fill_opacity) {
  if (points.empty()) return;
  std::string d;
  for (const MapPoint& p : points)
    d += fmt::format("{}{} {}", d.empty() ? "M" : "L", svg_number(p.x), svg_number(p.y));
  if (is_closed) d += "Z";
  body_ += fmt::format("<path d=\"{}\" fill=\"{}\"{}{}/>\n", d, fill, opacity_attribute(fill_opacity),
                       stroke_attributes(stroke));
}

void Svg::arrow(double x1, double y1, double x2, double y2, const Stroke& stroke) {
  line(x1, y1, x2, y2, stroke);
  const double angle = std::atan2(y2 - y1, x2 - x1), size = 6, spread = .4;
  path({{x2 - size * std::cos(angle - spread), y2 - size * std::sin(angle - spread)},
        {x2, y2},
        {x2 - size * std::cos(angle + spread), y2 - size * std::sin(angle + spread)}},
       false, "none", stroke);
}

void Svg::marker(int64_t group, double x, double y, double r, double opacity, std::string_view title) {
  std::string shape;
  const std::string paint = fmt::format("fill=\"{}\"{}", group_colour(group), opacity_attribute(opacity));
  // Of equal area, about; the first eight groups differ in colour and, in turn, in shape.
  switch (group_shape(group)) {
    case 0:
      shape = fmt::format("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", svg_number(x), svg_number(y), svg_number(r));
      break;
    case 1:
      shape = fmt::format("rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", svg_number(x - r * .89),
                          svg_number(y - r * .89), svg_number(r * 1.78), svg_number(r * 1.78));
      break;
    case 2:
      shape = fmt::format("path d=\"M{} {}l{} {}h{}z\"", svg_number(x), svg_number(y - r * 1.4),
                          svg_number(r * 1.25), svg_number(r * 2.2), svg_number(-r * 2.5));
      break;
    default:
      shape = fmt::format("path d=\"M{} {}l{} {}l{} {}l{} {}z\"", svg_number(x), svg_number(y - r * 1.25),
                          svg_number(r * 1.25), svg_number(r * 1.25), svg_number(-r * 1.25),
                          svg_number(r * 1.25), svg_number(-r * 1.25), svg_number(-r * 1.25));
  }
  if (title.empty())
    body_ += fmt::format("<{} {}/>\n", shape, paint);
  else
    body_ += fmt::format("<{} {}><title>{}</title></{}>\n", shape, paint, escape_html(title),
                         shape.substr(0, shape.find(' ')));
}

void Svg::disc(double x, double y, double radius, std::string_view fill, double opacity,
               const Stroke* stroke) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"{}{}/>\n", svg_number(x),
                       svg_number(y), svg_number(radius), fill, opacity_attribute(opacity),
                       stroke ? stroke_attributes(*stroke) : "");
}

void Svg::text(double x, double y, const Phrase& words, const TextStyle& style) {
  std::string attributes;
  if (style.anchor != Anchor::start)
    attributes += fmt::format(R"( text-anchor="{}")", style.anchor == Anchor::middle ? "middle" : "end");
  if (style.size != 11) attributes += fmt::format(R"( font-size="{}")", svg_number(style.size));
  if (style.bold) attributes += R"( font-weight="bold")";
  if (style.colour != "#222") attributes += fmt::format(R"( fill="{}")", style.colour);
  if (style.halo)
    attributes += R"( paint-order="stroke" stroke="#fff" stroke-width="3" stroke-linejoin="round")";
  if (style.turn != 0)
    attributes += fmt::format(R"x( transform="rotate({} {} {})")x", svg_number(style.turn), svg_number(x),
                              svg_number(y));
  if (!words.key.empty()) attributes += fmt::format(R"( data-t="{}")", escape_html(to_json(words)));
  body_ += fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", svg_number(x), svg_number(y), attributes,
                       escape_html(in_language(words, Language::en)));
}

std::string Svg::finish(const Phrase& title, const Phrase& description) const {
  const auto element = [](const char* name, const Phrase& words) {
    return fmt::format("<{0}{1}>{2}</{0}>\n", name,
                       words.key.empty() ? "" : fmt::format(" data-t=\"{}\"", escape_html(to_json(words))),
                       escape_html(in_language(words, Language::en)));
  };
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
             "role=\"img\" font-family=\"{2}\" font-size=\"11\" fill=\"#222\">\n",
             svg_number(width_), svg_number(height_), kFontStack) +
         element("title", title) + element("desc", description) +
         fmt::format("<rect width=\"{}\" height=\"{}\" fill=\"#fff\"/>\n", svg_number(width_),
                     svg_number(height_)) +
         body_ + "</svg>\n";
}

double text_width(std::string_view text, double size) {
  double width = 0;
  const std::string valid = to_valid_utf8(text);
  for (size_t i = 0; i < valid.size();) width += character_width(next_character(valid, i));
  return width * size;
}

std::string fitted(std::string_view text, double size, double width) {
  std::string valid = to_valid_utf8(text);
  if (text_width(valid, size) <= width) return valid;
  double used = size;  // of the …
  size_t i = 0;
  while (i < valid.size()) {
    size_t next = i;
    used += character_width(next_character(valid, next)) * size;
    if (used > width) break;
    i = next;
  }
  return valid.substr(0, i) + "…";
}

std::vector<double> Scale1::ticks(int about) const {
  const double raw = std::abs(high - low) / about, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
  std::vector<double> out;
  const double first = std::ceil(std::min(low, high) / step - 1e-9);
  for (int i = 0; i < 50; ++i) {
    const double v = (first + i) * step;
    if (v > std::max(low, high) + step * 1e-9) break;
    out.push_back(v == 0 ? 0 : v);
  }
  return out;
}

Scale1 scale_over(const std::vector<double>& values, double from, double to) {
  Scale1 out{INFINITY, -INFINITY, from, to};
  for (double v : values)
    if (std::isfinite(v)) {
      out.low = std::min(out.low, v);
      out.high = std::max(out.high, v);
    }
  if (!(out.low <= out.high)) out.low = 0, out.high = 1;
  const double room =
      out.high > out.low ? (out.high - out.low) * .04 : std::max(1e-6, std::abs(out.low) * .1);
  out.low -= room;
  out.high += room;
  return out;
}

std::vector<MapPoint> ellipse_of(const std::vector<MapPoint>& points, double share) {
  if (points.size() < 3) return {};
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  const auto n = static_cast<double>(points.size());
  for (const MapPoint& p : points) mx += p.x / n, my += p.y / n;
  for (const MapPoint& p : points) {
    xx += (p.x - mx) * (p.x - mx) / (n - 1);
    yy += (p.y - my) * (p.y - my) / (n - 1);
    xy += (p.x - mx) * (p.y - my) / (n - 1);
  }
  // Quantile of χ² with two degrees of freedom.
  const double radius = std::sqrt(-2 * std::log(1 - share));
  const double half = (xx + yy) / 2, root = std::hypot((xx - yy) / 2, xy);
  const double a = std::sqrt(half + root) * radius, b = std::sqrt(std::max(0., half - root)) * radius;
  const double angle = .5 * std::atan2(2 * xy, xx - yy);
  std::vector<MapPoint> out;
  constexpr int kSides = 48;
  for (int i = 0; i < kSides; ++i) {
    const double t = 2 * std::numbers::pi * i / kSides, u = a * std::cos(t), v = b * std::sin(t);
    out.push_back(
        {mx + u * std::cos(angle) - v * std::sin(angle), my + u * std::sin(angle) + v * std::cos(angle)});
  }
  return out;
}

}  // namespace linmo::culture
