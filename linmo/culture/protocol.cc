// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/protocol.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "linmo/collection/measures.h"
#include "linmo/collection/scan.h"
#include "linmo/core/error.h"
#include "linmo/culture/descriptors/marks.h"
#include "linmo/culture/descriptors/subject.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo::culture {
namespace {

constexpr int kVersion = 1;               // of the steps; part of every record
constexpr int64_t kMountSide = 512;       // px at which margins are looked for
constexpr int kMountRounds = 3;           // page, mount, frame
constexpr double kEdgeShare = 0.6;        // of the pixels along a margin that must differ from it
constexpr double kEdgeLevels = 8;         // by more than this in R, G or B
constexpr double kLeastLength = 1.0 / 3;  // of the picture's side that such an edge takes up
constexpr int64_t kLeastSide = 16;        // px of the reduced picture that must be left
constexpr double kLeastArea = 0.25;

struct Box {
  int64_t left, top, right, bottom;  // px between; right and bottom are the first outside
  int64_t width() const { return right - left; }
  int64_t height() const { return bottom - top; }
};

using Colour = std::array<double, 3>;

Colour mean_colour(const Image& rgb, const Box& box) {
  Colour sum{};
  for (int64_t y = box.top; y < box.bottom; ++y) {
    const uint8_t* p = rgb.row<uint8_t>(y).data() + 3 * box.left;
    for (int64_t x = box.left; x < box.right; ++x, p += 3)
      for (size_t c = 0; c < 3; ++c) sum[c] += p[c];
  }
  for (double& v : sum) v /= static_cast<double>(box.width() * box.height());
  return sum;
}

// Share of the pixels of a strip one pixel wide that differ from a colour.
double differing(const Image& rgb, const Box& line, const Colour& colour) {
  int64_t count = 0;
  for (int64_t y = line.top; y < line.bottom; ++y) {
    const uint8_t* p = rgb.row<uint8_t>(y).data() + 3 * line.left;
    for (int64_t x = line.left; x < line.right; ++x, p += 3) {
      double most = 0;
      for (size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(p[c] - colour[c]));
      count += most > kEdgeLevels;
    }
  }
  return static_cast<double>(count) / static_cast<double>(line.width() * line.height());
}

// A margin ends in a straight edge where most of the line behind the (blurred) border differs from it.
bool ends_straight(const Image& rgb, const Box& margin, const Box& behind) {
  if (margin.width() < 1 || margin.height() < 1) return false;
  return differing(rgb, behind, mean_colour(rgb, margin)) >= kEdgeShare;
}

// Takes the straight-edged margins off `box`; false when there are none.
bool take_margins(const Image& small, Box& box) {
  const Image inner = crop(small, box.left, box.top, box.width(), box.height());
  const Border b = find_border(inner);
  const int64_t w = inner.width(), h = inner.height();
  // The line 2 px further in is clear of the border's blur.
  constexpr int64_t kIn = 2;
  Box next = box;
  const int64_t top = b.top, bottom = h - b.bottom, left = b.left, right = w - b.right;
  if (bottom - top < kLeastSide || right - left < kLeastSide) return false;
  const bool tall = static_cast<double>(bottom - top) >= kLeastLength * static_cast<double>(h);
  const bool wide = static_cast<double>(right - left) >= kLeastLength * static_cast<double>(w);
  const auto line_y = [&](int64_t y) { return Box{left, y, right, y + 1}; };
  const auto line_x = [&](int64_t x) { return Box{x, top, x + 1, bottom}; };
  if (b.top > 0 && wide && ends_straight(inner, {0, 0, w, top}, line_y(top + kIn))) next.top += top + 1;
  if (b.bottom > 0 && wide && ends_straight(inner, {0, bottom, w, h}, line_y(bottom - 1 - kIn)))
    next.bottom -= b.bottom + 1;
  if (b.left > 0 && tall && ends_straight(inner, {0, top, left, bottom}, line_x(left + kIn)))
    next.left += left + 1;
  if (b.right > 0 && tall && ends_straight(inner, {right, top, w, bottom}, line_x(right - 1 - kIn)))
    next.right -= b.right + 1;
  const bool found =
      next.left != box.left || next.top != box.top || next.right != box.right || next.bottom != box.bottom;
  const double area = static_cast<double>(next.width()) * static_cast<double>(next.height());
  if (!found || next.width() < kLeastSide || next.height() < kLeastSide ||
      area < kLeastArea * static_cast<double>(small.pixels()))
    return false;
  box = next;
  return true;
}

double mean_lightness(const Image& rgb, const Border& mount) {
  double sum = 0;
  int64_t n = 0;
  // Every fourth pixel: a mean of thousands is as good as one of millions.
  for (int64_t y = 0; y < rgb.height(); y += 4) {
    const bool outside = y < mount.top || y >= rgb.height() - mount.bottom;
    const uint8_t* row = rgb.row<uint8_t>(y).data();
    for (int64_t x = 0; x < rgb.width(); x += 4) {
      if (!outside && x >= mount.left && x < rgb.width() - mount.right) continue;
      sum += lab_of_srgb(row[3 * x], row[3 * x + 1], row[3 * x + 2])[0];
      ++n;
    }
  }
  return n > 0 ? sum / static_cast<double>(n) : kMissing;
}

Image decode_whole(std::span<const std::byte> bytes, std::string_view name) {
  std::vector<std::string> warnings;
  DecodeOptions options;
  options.limits = kScanLimits;
  options.keep_16_bit = false;
  options.warnings = &warnings;
  Image image = decode_image(bytes, options, name);
  for (const std::string& warning : warnings) {
    if (warning.starts_with("truncated") || warning.starts_with("damaged"))
      fail(ErrorKind::input, "{} is {}; a picture that is not whole is not measured", name, warning);
  }
  return image;
}

// Counts seals and writing, and fills what is masked; returns what was filled.
std::string measure_marks(Image& rgb, const Protocol& protocol, PreparedPicture& out) {
  const Scale& scale = out.subject.standard;
  const std::vector<Mark> seals = find_seals(scale), columns = find_inscriptions(scale);
  NuisanceFeatures& f = out.nuisance;
  f.seals_count = static_cast<double>(seals.size());
  f.seals_share = covered(scale, seals);
  f.inscription_columns = static_cast<double>(columns.size());
  f.inscriptions_share = covered(scale, columns);
  const bool both = protocol.mask == "both";
  std::string record;
  std::vector<Mark> masked_seals, masked_columns;
  const auto mask = [&](const char* kind, const std::vector<Mark>& marks, std::vector<Mark>& masked) {
    record += fmt::format("{}{}:{}", record.empty() ? "" : ",", kind, marks.size());
    masked = marks;
  };
  if (both || protocol.mask == "inscriptions") mask("inscriptions", columns, masked_columns);
  if (both || protocol.mask == "seals") mask("seals", seals, masked_seals);
  if (!masked_seals.empty() || !masked_columns.empty()) {
    blank_out(rgb, covered_pixels(scale, masked_seals, masked_columns));
    out.subject = make_subject(rgb, protocol.size);
  }
  return record.empty() ? "none" : record;
}

}  // namespace

Border find_mount(const Image& rgb) {
  const Size size = fitted(rgb.width(), rgb.height(), kMountSide);
  const bool reduced = size.width != rgb.width();
  const Image small = reduced ? resize(rgb, size.width, size.height, Filter::box) : rgb;
  if (std::min(size.width, size.height) < kLeastSide) return {};
  Box box{0, 0, size.width, size.height};
  for (int round = 0; round < kMountRounds && take_margins(small, box); ++round) {
  }
  const double x = static_cast<double>(rgb.width()) / static_cast<double>(size.width);
  const double y = static_cast<double>(rgb.height()) / static_cast<double>(size.height);
  const auto scaled = [](int64_t v, double s) {
    return static_cast<int64_t>(std::ceil(static_cast<double>(v) * s));
  };
  return {scaled(box.left, x), scaled(box.top, y), scaled(size.width - box.right, x),
          scaled(size.height - box.bottom, y)};
}

uint64_t memory_needed(std::span<const std::byte> bytes, const Protocol& protocol, std::string_view name) {
  const ImageInfo info = probe_image(bytes, kScanLimits, name);
  // Decoding (up to 16 bits a sample), an RGB copy and a cropped one; about 40 planes of floats at the
  // standard scale.
  const auto stored = static_cast<uint64_t>(info.width) * static_cast<uint64_t>(info.height);
  const Size size = fitted(info.width, info.height, protocol.size);
  return stored * static_cast<uint64_t>(info.channels * (info.bits > 8 ? 2 : 1) + 6) +
         static_cast<uint64_t>(size.width) * static_cast<uint64_t>(size.height) * 160;
}

PreparedPicture prepare(std::span<const std::byte> bytes, const Protocol& protocol, std::string_view name) {
  const ImageInfo info = probe_image(bytes, kScanLimits, name);
  Image image = decode_whole(bytes, name);
  const bool alpha = image.has_alpha();
  Image rgb = to_rgb(image, 255);
  image = {};
  PreparedPicture out;
  NuisanceFeatures& f = out.nuisance;
  f.source_width = static_cast<double>(rgb.width());
  f.source_height = static_cast<double>(rgb.height());
  const double pixels = f.source_width * f.source_height;
  f.source_megapixels = pixels / 1e6;
  f.bytes_per_pixel = static_cast<double>(bytes.size()) / pixels;
  f.bit_depth = info.bits;
  f.icc_profile = info.icc.empty() ? 0 : 1;
  if (info.jpeg_quality > 0) f.jpeg_quality = info.jpeg_quality;
  if (info.chroma_pixels > 0) f.chroma_subsampling = info.chroma_pixels;
  const std::string source = fmt::format("{}x{}", rgb.width(), rgb.height());

  Border mount;
  if (!protocol.keep_mount) mount = find_mount(rgb);
  if (mount != Border{}) {
    const int64_t w = rgb.width() - mount.left - mount.right, h = rgb.height() - mount.top - mount.bottom;
    f.mount_lightness = mean_lightness(rgb, mount);
    f.mount_share = 1 - static_cast<double>(w * h) / pixels;
    rgb = crop(rgb, mount.left, mount.top, w, h);
  } else if (!protocol.keep_mount) {
    f.mount_share = 0;
  }
  f.source_aspect = static_cast<double>(rgb.width()) / static_cast<double>(rgb.height());
  measure_scan(rgb, f);

  const Size size = fitted(rgb.width(), rgb.height(), protocol.size);
  f.reduction = static_cast<double>(std::max(size.width, size.height)) /
                static_cast<double>(std::max(rgb.width(), rgb.height()));
  if (size.width != rgb.width() || size.height != rgb.height())
    rgb = resize(rgb, size.width, size.height, Filter::lanczos);
  out.subject = make_subject(rgb, protocol.size);
  const std::string masked = measure_marks(rgb, protocol, out);
  out.record = fmt::format(
      "protocol={} format={} source={} orientation={} icc={} alpha={} crop={},{},{},{} size={}x{} mask={}",
      kVersion, linmo::name(info.format), source, info.orientation, info.icc.empty() ? "none" : "applied",
      alpha ? "white" : "none", mount.left, mount.top, mount.right, mount.bottom, size.width, size.height,
      masked);
  return out;
}

}  // namespace linmo::culture
