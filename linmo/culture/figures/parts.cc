// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/figures/parts.h"

#include <fmt/format.h>

#include <cmath>

#include "linmo/collection/csv.h"

namespace linmo::culture {
namespace {

std::string with_minus(std::string text) {
  for (size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at + 3))
    text.replace(at, 1, "−");
  return text;
}

}  // namespace

std::string signed_text(double value, int decimals) {
  if (!std::isfinite(value)) return "–";
  const double cut = std::abs(value) < .5 * std::pow(10, -decimals) ? 0 : value;
  return with_minus(cut == 0 ? fmt::format("{:.{}f}", 0., decimals) : fmt::format("{:+.{}f}", cut, decimals));
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "–";
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size >= 999.5 && size < 1e7) return with_minus(fmt::format("{:.0f}", value));
  return with_minus(fmt::format("{:.3g}", value));
}

std::string percent_text(double share) {
  return std::isfinite(share) ? fmt::format("{:.0f} %", 100 * share) : "–";
}

std::string unit_text(const std::string& unit) {
  return unit == "1" || unit.empty() ? std::string() : " " + unit;
}

void draw_axes(Svg& svg, const Scale1& x, const Scale1& y, const Phrase& x_name, const Phrase& y_name) {
  const Stroke frame{.colour = "#555"}, grid{.colour = "#e4e4e4", .width = .75};
  const auto decimals = [](const std::vector<double>& t) {
    const double step = t.size() > 1 ? t[1] - t[0] : 1;
    return std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  };
  const std::vector<double> along_x = x.ticks(6), along_y = y.ticks(6);
  for (double v : along_x) {
    svg.line(x(v), y.from, x(v), y.to, grid);
    svg.text(x(v), y.from + 14, with_minus(fmt::format("{:.{}f}", v, decimals(along_x))),
             {.size = 10, .anchor = Anchor::middle});
  }
  for (double v : along_y) {
    svg.line(x.from, y(v), x.to, y(v), grid);
    svg.text(x.from - 5, y(v) + 3.5, with_minus(fmt::format("{:.{}f}", v, decimals(along_y))),
             {.size = 10, .anchor = Anchor::end});
  }
  svg.rect(x.from, y.to, x.to - x.from, y.from - y.to, "none", 1, &frame);
  svg.text((x.from + x.to) / 2, y.from + 30, x_name, {.anchor = Anchor::middle});
  svg.text(x.from - 40, (y.from + y.to) / 2, y_name, {.anchor = Anchor::middle, .turn = -90});
}

double draw_legend(Svg& svg, const Study& study, double x, double y, double width) {
  for (size_t g = 0; g < study.groups.size(); ++g) {
    svg.marker(static_cast<int64_t>(g), x + 5, y - 4, 4.5, 1);
    svg.text(x + 15, y, fitted(study.groups[g].name, 11, width - 15));
    svg.text(x + 15, y + 13, say("figure.works", {{"n", std::to_string(study.groups[g].units)}}),
             {.size = 9.5, .colour = "#555"});
    y += 32;
  }
  return y;
}

size_t drawn_step(size_t points, size_t most) {
  return points <= most ? 1 : (points + most - 1) / most;
}

std::string metadata_of(const Study& study, int64_t row, std::string_view column) {
  const int64_t at = study.table.columns.find_metadata(column);
  return at < 0 ? std::string() : study.table.rows[row].metadata[at];
}

std::string work_name(const Study& study, int64_t row) {
  const std::string title = to_valid_utf8(metadata_of(study, row, "title"));
  const std::string artist = to_valid_utf8(metadata_of(study, row, "artist"));
  if (title.empty()) return to_valid_utf8(study.table.rows[row].file);
  return artist.empty() ? title : title + " — " + artist;
}

}  // namespace linmo::culture
