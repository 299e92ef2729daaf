// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/sprites.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "linmo/core/error.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::apply {
namespace {

using Colour = std::array<uint8_t, 3>;
constexpr int64_t kSeen = 256;  // side that a small picture is enlarged to for the network [px]
constexpr int64_t kMostEnlargement = 16;

Image repeat_pixels(const Image& in, int64_t times) {
  Image out(in.width() * times, in.height() * times, in.channels(), in.depth());
  const int64_t pixel = in.channels() * static_cast<int64_t>(in.depth());
  const std::byte* from = in.bytes().data();
  std::byte* to = out.samples<std::byte>().data();
  for (int64_t y = 0; y < out.height(); ++y) {
    for (int64_t x = 0; x < out.width(); ++x, to += pixel)
      std::copy_n(from + (y / times * in.width() + x / times) * pixel, pixel, to);
  }
  return out;
}

void paste(const Image& part, Image& whole, int64_t x, int64_t y) {
  const int64_t pixel = whole.channels() * static_cast<int64_t>(whole.depth());
  for (int64_t row = 0; row < part.height(); ++row)
    std::copy_n(part.bytes().data() + row * part.width() * pixel, part.width() * pixel,
                whole.samples<std::byte>().data() + ((y + row) * whole.width() + x) * pixel);
}

bool is_invisible(const Image& picture) {
  if (!picture.has_alpha()) return false;
  const Image alpha = alpha_of(picture);
  return std::all_of(alpha.bytes().begin(), alpha.bytes().end(),
                     [](std::byte b) { return b == std::byte{0}; });
}

// A picture nobody sees, in the form of the others.
Image unpainted(const Image& picture, int64_t width, int64_t height) {
  Image rgb = to_rgb(drop_alpha(picture), 0);
  if (rgb.width() != width || rgb.height() != height) rgb = resize(rgb, width, height);
  Image alpha(width, height, 1, picture.depth());
  return with_alpha(rgb, alpha);
}

Image one(const Stylizer& stylizer, const Image& picture, const SpriteSettings& sprites,
          const ApplySettings& settings, EventSink& events) {
  if (!sprites.pixel_art) return stylizer.apply(picture, settings, events);
  const int64_t shorter = std::min(picture.width(), picture.height());
  const int64_t times = std::clamp<int64_t>((kSeen + shorter - 1) / shorter, 1, kMostEnlargement);
  // What is seen is enlarged hard; under transparent pixels the Stylizer puts their neighbours' colours.
  const Image large = stylizer.apply(repeat_pixels(picture, times), settings, events);
  const Image small = resize(drop_alpha(large), picture.width(), picture.height(), Filter::box);
  return picture.has_alpha() ? with_alpha(small, alpha_of(picture)) : small;
}

// f(colour, index of the pixel) of every pixel that shows.
template <class F>
void each_visible(const Image& eight, F&& f) {
  const auto samples = eight.samples<uint8_t>();
  const auto channels = static_cast<size_t>(eight.channels());
  const bool grey = channels < 3;
  for (size_t i = 0; i + channels <= samples.size(); i += channels) {
    if (eight.has_alpha() && samples[i + channels - 1] == 0) continue;
    f(Colour{samples[i], samples[i + (grey ? 0 : 1)], samples[i + (grey ? 0 : 2)]}, i);
  }
}

int distance(const Colour& a, const Colour& b) {
  int sum = 0;
  for (size_t c = 0; c < 3; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum;
}

struct Counted {
  Colour colour;
  int64_t count;
};

// Halves the box whose colours spread most, at the median of its widest channel, until there are enough.
std::vector<Colour> median_cut(std::vector<Counted> all, size_t wanted) {
  struct Box {
    size_t begin, end;
    int64_t weight;
    int spread, channel;
  };
  const auto box_of = [&](size_t begin, size_t end) {
    Box box{begin, end, 0, -1, 0};
    for (size_t i = begin; i < end; ++i) box.weight += all[i].count;
    for (size_t c = 0; c < 3; ++c) {
      const auto [low, high] = std::minmax_element(
          all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end),
          [c](const Counted& a, const Counted& b) { return a.colour[c] < b.colour[c]; });
      const int spread = high->colour[c] - low->colour[c];
      if (spread > box.spread) box.spread = spread, box.channel = static_cast<int>(c);
    }
    return box;
  };
  std::vector<Box> boxes = {box_of(0, all.size())};
  while (boxes.size() < wanted) {
    const auto widest = std::max_element(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
      return static_cast<double>(a.spread) * static_cast<double>(a.spread) * static_cast<double>(a.weight) <
             static_cast<double>(b.spread) * static_cast<double>(b.spread) * static_cast<double>(b.weight);
    });
    const Box box = *widest;
    if (box.spread <= 0) break;
    const auto c = static_cast<size_t>(box.channel);
    std::sort(all.begin() + static_cast<std::ptrdiff_t>(box.begin),
              all.begin() + static_cast<std::ptrdiff_t>(box.end), [c](const Counted& a, const Counted& b) {
                return a.colour[c] != b.colour[c] ? a.colour[c] < b.colour[c] : a.colour < b.colour;
              });
    size_t cut = box.begin;
    for (int64_t seen = 0; cut + 1 < box.end && seen + all[cut].count <= box.weight / 2; ++cut)
      seen += all[cut].count;
    cut = std::max(cut, box.begin + 1);
    *widest = box_of(box.begin, cut);
    boxes.push_back(box_of(cut, box.end));
  }
  std::vector<Colour> palette;
  for (const Box& box : boxes) {
    std::array<int64_t, 3> sum{};
    for (size_t i = box.begin; i < box.end; ++i) {
      for (size_t c = 0; c < 3; ++c) sum[c] += all[i].colour[c] * all[i].count;
    }
    Colour mean;
    for (size_t c = 0; c < 3; ++c) mean[c] = static_cast<uint8_t>((sum[c] + box.weight / 2) / box.weight);
    palette.push_back(mean);
  }
  return palette;
}

size_t nearest(const std::vector<Colour>& palette, const Colour& colour) {
  const auto less = [&](const Colour& a, const Colour& b) {
    return distance(a, colour) < distance(b, colour);
  };
  return static_cast<size_t>(std::min_element(palette.begin(), palette.end(), less) - palette.begin());
}

void refine(std::vector<Colour>& palette, const std::vector<Counted>& all) {
  for (int round = 0; round < 4; ++round) {
    std::vector<std::array<int64_t, 4>> sums(palette.size());
    for (const Counted& item : all) {
      auto& sum = sums[nearest(palette, item.colour)];
      for (size_t c = 0; c < 3; ++c) sum[c] += item.colour[c] * item.count;
      sum[3] += item.count;
    }
    for (size_t k = 0; k < palette.size(); ++k) {
      for (size_t c = 0; c < 3 && sums[k][3] > 0; ++c)
        palette[k][c] = static_cast<uint8_t>((sums[k][c] + sums[k][3] / 2) / sums[k][3]);
    }
  }
}

}  // namespace

int count_colours(const Image& picture, int most) {
  std::set<Colour> seen;
  each_visible(to_depth(picture, Depth::u8), [&](const Colour& colour, size_t) {
    if (static_cast<int>(seen.size()) <= most) seen.insert(colour);
  });
  return static_cast<int>(seen.size());
}

Image snap_to_palette(const Image& picture, int colours) {
  if (colours < 1 || colours > 256) fail(ErrorKind::usage, "a palette has 1 … 256 colours, not {}", colours);
  Image eight = to_depth(picture, Depth::u8);
  std::map<Colour, int64_t> counts;
  each_visible(eight, [&](const Colour& colour, size_t) { ++counts[colour]; });
  if (counts.empty() || static_cast<int>(counts.size()) <= colours) return to_depth(eight, picture.depth());
  std::vector<Counted> all;
  for (const auto& [colour, count] : counts) all.push_back({colour, count});
  std::vector<Colour> palette = median_cut(all, static_cast<size_t>(colours));
  refine(palette, all);
  std::map<Colour, Colour> snapped;
  for (const Counted& item : all) snapped[item.colour] = palette[nearest(palette, item.colour)];
  const auto samples = eight.samples<uint8_t>();
  const bool grey = eight.channels() < 3;
  each_visible(eight, [&](const Colour& colour, size_t i) {
    const Colour to = snapped.at(colour);
    for (size_t c = 0; c < (grey ? 1u : 3u); ++c) samples[i + c] = to[c];
  });
  return to_depth(eight, picture.depth());
}

Image apply_sprites(const Stylizer& stylizer, const Image& picture, const SpriteSettings& sprites,
                    const ApplySettings& settings, EventSink& events) {
  if (!sprites.any()) return stylizer.apply(picture, settings, events);
  if (sprites.cell_width < 0 || sprites.cell_height < 0 ||
      (sprites.cell_width == 0) != (sprites.cell_height == 0))
    fail(ErrorKind::usage, "cells of {} × {} are not possible", sprites.cell_width, sprites.cell_height);
  if (sprites.colours != 0 && (sprites.colours < 2 || sprites.colours > 256))
    fail(ErrorKind::usage, "a palette has 2 … 256 colours, not {}", sprites.colours);
  Image result;
  if (sprites.cell_width == 0) {
    result = one(stylizer, picture, sprites, settings, events);
  } else {
    const double exact = sprites.pixel_art ? 1 : stylizer.enlargement();
    const auto scale = static_cast<int64_t>(std::llround(exact));
    if (scale < 1 || std::abs(exact - static_cast<double>(scale)) > 1e-9)
      fail(ErrorKind::usage, "this model changes sizes by {}, so that cells would not fit together", exact);
    for (int64_t y = 0; y < picture.height(); y += sprites.cell_height) {
      for (int64_t x = 0; x < picture.width(); x += sprites.cell_width) {
        events.check("stylising");
        const Image cell = crop(picture, x, y, std::min(sprites.cell_width, picture.width() - x),
                                std::min(sprites.cell_height, picture.height() - y));
        Image styled = is_invisible(cell) ? unpainted(cell, cell.width() * scale, cell.height() * scale)
                                          : one(stylizer, cell, sprites, settings, null_sink());
        // A grey network's cells, where others are in colour.
        if (styled.channels() < 3) {
          const Image rgb = to_rgb(drop_alpha(styled), 0);
          styled = styled.has_alpha() ? with_alpha(rgb, alpha_of(styled)) : rgb;
        }
        if (result.empty())
          result =
              Image(picture.width() * scale, picture.height() * scale, styled.channels(), picture.depth());
        paste(styled, result, x * scale, y * scale);
      }
      events.progress("cells", static_cast<double>(std::min(y + sprites.cell_height, picture.height())),
                      static_cast<double>(picture.height()));
    }
  }
  if (!sprites.pixel_art) return result;
  constexpr int kMostOwn = 64;
  const int own = std::clamp(count_colours(picture, kMostOwn), 2, kMostOwn);
  return snap_to_palette(result, sprites.colours > 0 ? sprites.colours : own);
}

}  // namespace linmo::apply
