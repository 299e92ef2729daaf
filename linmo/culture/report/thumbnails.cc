// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/report/thumbnails.h"

#include <algorithm>

#include "linmo/core/error.h"
#include "linmo/core/utf8.h"
#include "linmo/culture/figures/parts.h"
#include "linmo/culture/licence.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/markup.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

constexpr int64_t kSide = 112;         // px, long side
constexpr size_t kMostPictures = 600;  // of a page
constexpr int kQuality = 72;

}  // namespace

SmallCopy small_copy(const Study& study, int64_t row, int64_t side) {
  const std::string licence = metadata_of(study, row, "licence");
  if (!parse_licence(licence).may_embed)
    return {{}, licence.empty() ? "page.not_shown_unknown" : "page.not_shown_licence"};
  if (study.pictures[row].empty()) return {{}, "page.not_shown_missing"};
  try {
    DecodeOptions options;
    options.limits.max_pixels = 400'000'000;
    options.shrink_to_side = 2 * side;
    options.keep_16_bit = false;
    const Image whole = to_rgb(read_image(study.pictures[row], options), 255);
    const double scale = std::min(
        1., static_cast<double>(side) / static_cast<double>(std::max(whole.width(), whole.height())));
    const auto scaled = [&](int64_t v) {
      return std::max<int64_t>(1, std::llround(static_cast<double>(v) * scale));
    };
    return {resize(whole, scaled(whole.width()), scaled(whole.height())), nullptr};
  } catch (const Error&) {
    // Gone or changed since it was described; a page can do without.
    return {{}, "page.not_shown_missing"};
  }
}

const Thumbnails::Picture& Thumbnails::picture(int64_t row) {
  const auto [at, is_new] = pictures_.try_emplace(row);
  Picture& p = at->second;
  if (!is_new) return p;
  SmallCopy copy = small_copy(study_, row, kSide);
  if (!copy.image.empty() && shown_.size() >= kMostPictures) copy = {{}, "page.not_shown_missing"};
  p.why_not = copy.why_not;
  if (!copy.image.empty()) {
    p.width = copy.image.width();
    p.height = copy.image.height();
    p.data = picture_uri(copy.image, kQuality);
  }
  (p.data.empty() ? hidden_ : shown_).insert(row);
  return p;
}

void Thumbnails::draw(Page& page, int64_t row, const Phrase& note) {
  const Picture& p = picture(row);
  const int64_t group = study_.row_groups[row];
  page.open("figure.thumb", group < 0 ? std::string()
                                      : "data-group=\"" + escape_html(study_.groups[group].name) +
                                            "\" data-file=\"" +
                                            escape_html(to_valid_utf8(study_.table.rows[row].file)) + "\"");
  if (p.data.empty()) {
    page.element("div.none", say(p.why_not));
  } else {
    const std::string name = escape_html(work_name(study_, row));
    page.raw("<svg role=\"img\" viewBox=\"0 0 " + std::to_string(p.width) + " " + std::to_string(p.height) +
             "\" width=\"" + std::to_string(p.width) + "\" height=\"" + std::to_string(p.height) +
             "\" aria-label=\"" + name + "\"><use href=\"#p" + std::to_string(row) + "\"/></svg>\n");
  }
  page.open("figcaption");
  page.element("span.name", fitted(work_name(study_, row), 11, 300),
               "title=\"" + escape_html(work_name(study_, row)) + "\"");
  if (!note.key.empty() || !note.literal.empty()) page.element("span.note", note);
  page.close();
  page.close();
}

void Thumbnails::offer(Page& page) const {
  page.element("button.collect", say("map.collect"), "type=\"button\" hidden");
}

void Thumbnails::define(Page& page) const {
  page.raw("<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"store\"><defs>\n");
  for (const auto& [row, p] : pictures_)
    if (!p.data.empty())
      page.raw("<image id=\"p" + std::to_string(row) + "\" width=\"" + std::to_string(p.width) +
               "\" height=\"" + std::to_string(p.height) + "\" href=\"" + p.data + "\"/>\n");
  page.raw("</defs></svg>\n");
}

}  // namespace linmo::culture
