// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/descriptors/marks.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "linmo/culture/descriptors/kernels.h"

namespace linmo::culture {
namespace {

// ---- seals
// -------------------------------------------------------------------------------------------------

// All conditions at once: a branch would stop the vectors.
LINMO_SIMD void vermilion_run(const float* l, const float* a, const float* b, uint8_t* __restrict out,
                              int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float h = hue_degrees(b[i], a[i]);
    const bool light = (l[i] >= 25) & (l[i] <= 70), red = (h >= 15) & (h <= 55) & (a[i] > 0);
    out[i] = light & red & (a[i] * a[i] + b[i] * b[i] >= 28 * 28) ? 1 : 0;
  }
}

Bits vermilion(const Scale& s) {
  Bits out(s.width(), s.height());
  vermilion_run(s.l.values.data(), s.a.values.data(), s.b.values.data(), out.values.data(), s.pixels());
  return out;
}

LINMO_SIMD void darker_run(const float* l, const float* mean, float by, uint8_t* __restrict out,
                           int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = l[i] < mean[i] - by ? 1 : 0;
}

// column += enters − leaves; mean = column / rows.
LINMO_SIMD void mean_row(const float* enters, const float* leaves, double rows, double* __restrict column,
                         float* __restrict mean, int64_t count) {
  for (int64_t x = 0; x < count; ++x) {
    column[x] += static_cast<double>(enters[x]) - static_cast<double>(leaves[x]);
    mean[x] = static_cast<float>(column[x] / rows);
  }
}

// Means of windows of a row from its running sums, where they do not reach over its ends.
LINMO_SIMD void window_run(const double* sums, int64_t window, double size, float* __restrict out,
                           int64_t count) {
  for (int64_t x = 0; x < count; ++x) out[x] = static_cast<float>((sums[x + window] - sums[x]) / size);
}

constexpr int64_t kReach = 2;

// Closing by a square of 5 px: characters cut into a seal do not part it.
Bits closed(const Bits& in) {
  const auto complement = [](Bits bits) {
    for (uint8_t& v : bits.values) v ^= 1;
    return bits;
  };
  return complement(dilated(complement(dilated(in, kReach)), kReach));
}

struct Tally {
  double l = 0, chroma = 0;
  int64_t vermilion = 0, count = 0;
  void add(const Scale& s, const Bits& red, int64_t x, int64_t y) {
    const auto i = static_cast<size_t>(y * s.width() + x);
    l += s.l.values[i];
    chroma += std::hypot(s.a.values[i], s.b.values[i]);
    vermilion += red.values[i];
    ++count;
  }
  double mean(double v) const { return count > 0 ? v / static_cast<double>(count) : 0; }
};

bool is_seal(const Scale& s, const Bits& red, const Component& c) {
  const int64_t w = c.width(), h = c.height(), most = s.long_side() / 10;
  if (std::min(w, h) < 6 || std::max(w, h) > most * 2 || std::min(w, h) > most) return false;
  if (std::max(w, h) > 4 * std::min(w, h)) return false;
  Tally inside, ring;
  for (int64_t y = c.top; y <= c.bottom; ++y)
    for (int64_t x = c.left; x <= c.right; ++x)
      if (red.row(y)[x]) inside.add(s, red, x, y);
  if (static_cast<double>(inside.count) < 0.3 * static_cast<double>(w * h)) return false;
  // The ring leaves out the pixels next to the box, which are blurred.
  constexpr int64_t kGap = 2;
  const int64_t reach = kGap + std::max<int64_t>(3, std::min(w, h) / 3);
  for (int64_t y = std::max<int64_t>(0, c.top - reach); y <= std::min(s.height() - 1, c.bottom + reach);
       ++y) {
    for (int64_t x = std::max<int64_t>(0, c.left - reach); x <= std::min(s.width() - 1, c.right + reach);
         ++x) {
      if (x >= c.left - kGap && x <= c.right + kGap && y >= c.top - kGap && y <= c.bottom + kGap) continue;
      ring.add(s, red, x, y);
    }
  }
  if (ring.count == 0) return false;
  return ring.mean(ring.l) >= inside.mean(inside.l) + 5 &&
         static_cast<double>(ring.vermilion) < 0.1 * static_cast<double>(ring.count) &&
         ring.mean(ring.chroma) <= 0.5 * inside.mean(inside.chroma);
}

// ---- writing
// -----------------------------------------------------------------------------------------------

Plane local_mean(const Plane& in, int64_t reach) {
  Plane across = Plane::unset(in.width, in.height), out = Plane::unset(in.width, in.height);
  std::vector<double> sums(static_cast<size_t>(in.width) + 1);
  for (int64_t y = 0; y < in.height; ++y) {
    for (size_t x = 0; x < static_cast<size_t>(in.width); ++x) sums[x + 1] = sums[x] + in.row(y)[x];
    const auto mean_at = [&](int64_t x) {
      const auto first = static_cast<size_t>(std::max<int64_t>(0, x - reach)),
                 end = static_cast<size_t>(std::min(in.width, x + reach + 1));
      across.row(y)[static_cast<size_t>(x)] =
          static_cast<float>((sums[end] - sums[first]) / static_cast<double>(end - first));
    };
    const int64_t inner = in.width - 2 * reach;
    for (int64_t x = 0; x < std::min(reach, in.width); ++x) mean_at(x);
    if (inner > 0)
      window_run(sums.data(), 2 * reach + 1, static_cast<double>(2 * reach + 1), across.row(y).data() + reach,
                 inner);
    for (int64_t x = std::max(reach, reach + inner); x < in.width; ++x) mean_at(x);
  }
  std::vector<double> column(static_cast<size_t>(in.width));
  const std::vector<float> none(column.size());
  for (int64_t y = 0; y < std::min(reach, in.height); ++y)
    for (size_t x = 0; x < column.size(); ++x) column[x] += across.row(y)[x];
  for (int64_t y = 0; y < in.height; ++y) {
    const float* enters = y + reach < in.height ? across.row(y + reach).data() : none.data();
    const float* leaves = y - reach - 1 >= 0 ? across.row(y - reach - 1).data() : none.data();
    const auto rows =
        static_cast<double>(std::min(in.height, y + reach + 1) - std::max<int64_t>(0, y - reach));
    mean_row(enters, leaves, rows, column.data(), out.row(y).data(), in.width);
  }
  return out;
}

int64_t largest_character(const Scale& scale) {
  return scale.long_side() * 6 / 100;
}

Bits ink_of_writing(const Scale& scale, const Plane& mean) {
  Bits dark(scale.width(), scale.height());
  darker_run(scale.l.values.data(), mean.values.data(), 12, dark.values.data(), scale.pixels());
  return dark;
}

double overlap(const Component& a, const Component& b) {
  const double shared = static_cast<double>(std::min(a.right, b.right) - std::max(a.left, b.left) + 1);
  return shared / static_cast<double>(std::min(a.width(), b.width()));
}

bool follows(const Component& above, const Component& below) {
  const double gap = static_cast<double>(below.top - above.bottom - 1);
  const double a = static_cast<double>(std::max(above.width(), above.height())),
               b = static_cast<double>(std::max(below.width(), below.height()));
  return gap >= 0 && gap <= 1.3 * std::min(a, b) && std::max(a, b) <= 2.2 * std::min(a, b) &&
         overlap(above, below) >= 0.5;
}

}  // namespace

std::vector<Mark> find_seals(const Scale& scale) {
  const Bits red = vermilion(scale);
  std::vector<Mark> marks;
  if (red.count() == 0) return marks;
  for (const Component& c : components(closed(red), true))
    if (is_seal(scale, red, c)) marks.push_back({c.left, c.top, c.right, c.bottom});
  return marks;
}

std::vector<Mark> find_inscriptions(const Scale& scale) {
  const int64_t least = std::max<int64_t>(4, scale.long_side() * 6 / 1000), most = largest_character(scale);
  const Plane mean = local_mean(scale.l, most);
  const Bits dark = ink_of_writing(scale, mean);
  std::vector<Component> marks;
  // Strokes of one character lie apart; closing joins them.
  for (const Component& c : components(closed(dark), true)) {
    if (std::max(c.width(), c.height()) < least || std::max(c.width(), c.height()) > most) continue;
    if (std::max(c.width(), c.height()) > 5 * std::min(c.width(), c.height())) continue;
    marks.push_back(c);
  }
  std::ranges::sort(marks, [](const Component& a, const Component& b) {
    return a.top != b.top ? a.top < b.top : a.left < b.left;
  });
  std::optional<Plane> deviation;  // few pictures have candidates
  std::vector<bool> used(marks.size(), false);
  std::vector<Mark> columns;
  for (size_t start = 0; start < marks.size(); ++start) {
    if (used[start]) continue;
    std::vector<size_t> chain{start};
    // The nearest mark below that fits, as long as there is one.
    for (;;) {
      const Component& last = marks[chain.back()];
      size_t next = 0;
      for (size_t k = chain.back() + 1; k < marks.size() && marks[k].top <= last.bottom + 2 * most; ++k) {
        if (used[k] || !follows(last, marks[k])) continue;
        if (next == 0 || marks[k].top < marks[next].top) next = k;
      }
      if (next == 0) break;
      chain.push_back(next);
    }
    if (chain.size() < 5) continue;
    Mark box{marks[start].left, marks[start].top, marks[start].right, marks[start].bottom};
    double width = 0;
    for (const size_t k : chain) {
      box.left = std::min(box.left, marks[k].left);
      box.right = std::max(box.right, marks[k].right);
      box.bottom = std::max(box.bottom, marks[k].bottom);
      width += static_cast<double>(marks[k].width());
    }
    width /= static_cast<double>(chain.size());
    // A line of writing stands straight.
    if (static_cast<double>(box.width()) > 2.2 * width) continue;
    if (!deviation) deviation = local_deviation(scale.l, 5);
    int64_t even = 0, ground = 0;
    for (int64_t y = box.top; y <= box.bottom; ++y) {
      for (int64_t x = box.left; x <= box.right; ++x) {
        const auto i = static_cast<size_t>(y * scale.width() + x);
        if (dark.values[i]) continue;
        ++ground;
        even += scale.l.values[i] >= mean.values[i] && deviation->values[i] < 12;
      }
    }
    if (2 * even < ground) continue;
    for (const size_t k : chain) used[k] = true;
    columns.push_back(box);
  }
  return columns;
}

double covered(const Scale& scale, const std::vector<Mark>& marks) {
  Bits bits(scale.width(), scale.height());
  for (const Mark& m : marks)
    for (int64_t y = m.top; y <= m.bottom; ++y) std::fill(bits.row(y) + m.left, bits.row(y) + m.right + 1, 1);
  return bits.share();
}

Bits covered_pixels(const Scale& scale, const std::vector<Mark>& seals, const std::vector<Mark>& columns) {
  Bits out(scale.width(), scale.height());
  for (const Mark& m : seals)
    for (int64_t y = m.top; y <= m.bottom; ++y) std::fill(out.row(y) + m.left, out.row(y) + m.right + 1, 1);
  if (!columns.empty()) {
    const Bits dark = ink_of_writing(scale, local_mean(scale.l, largest_character(scale)));
    for (const Mark& m : columns)
      for (int64_t y = m.top; y <= m.bottom; ++y)
        for (int64_t x = m.left; x <= m.right; ++x) out.row(y)[x] |= dark.row(y)[x];
  }
  constexpr int64_t kWider = 2;  // what is blurred around them
  return dilated(out, kWider);
}

void blank_out(Image& rgb, const Bits& mask) {
  const int64_t w = rgb.width(), h = rgb.height();
  // Of every masked pixel, the nearest one in each direction that is not; −1 or the picture's end: there is
  // none.
  std::vector<int64_t> above(static_cast<size_t>(w), -1), left(static_cast<size_t>(w)), right(left);
  std::vector<int32_t> below(static_cast<size_t>(w * h));
  for (int64_t y = h - 1; y >= 0; --y)
    for (int64_t x = 0; x < w; ++x)
      below[static_cast<size_t>(y * w + x)] =
          mask.row(y)[x] ? (y + 1 < h ? below[static_cast<size_t>((y + 1) * w + x)] : static_cast<int32_t>(h))
                         : static_cast<int32_t>(y);
  const Image from = rgb;
  for (int64_t y = 0; y < h; ++y) {
    int64_t last = -1;
    for (int64_t x = 0; x < w; ++x) left[static_cast<size_t>(x)] = last = mask.row(y)[x] ? last : x;
    last = w;
    for (int64_t x = w - 1; x >= 0; --x) right[static_cast<size_t>(x)] = last = mask.row(y)[x] ? last : x;
    uint8_t* to = rgb.row<uint8_t>(y).data();
    for (int64_t x = 0; x < w; ++x) {
      const auto i = static_cast<size_t>(x);
      if (!mask.row(y)[x]) {
        above[i] = y;
        continue;
      }
      double sum[3] = {}, weights = 0;
      const auto take = [&](int64_t px, int64_t py, int64_t distance) {
        if (px < 0 || py < 0 || px >= w || py >= h) return;
        const double weight = 1.0 / static_cast<double>(distance);
        const uint8_t* p = from.row<uint8_t>(py).data() + 3 * px;
        for (int c = 0; c < 3; ++c) sum[c] += weight * p[c];
        weights += weight;
      };
      const int64_t under = below[static_cast<size_t>(y * w + x)];
      take(left[i], y, x - left[i]);
      take(right[i], y, right[i] - x);
      take(x, above[i], y - above[i]);
      take(x, under, under - y);
      if (weights <= 0) continue;
      for (int c = 0; c < 3; ++c) to[3 * x + c] = static_cast<uint8_t>(std::lround(sum[c] / weights));
    }
  }
}

}  // namespace linmo::culture
