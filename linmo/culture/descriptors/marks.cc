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

Bits vermilion(const Scale& s) {
  Bits out(s.width(), s.height());
  for (size_t i = 0; i < out.values.size(); ++i) {
    const float l = s.l.values[i], a = s.a.values[i], b = s.b.values[i];
    if (l < 25 || l > 70 || a <= 0 || a * a + b * b < 28 * 28) continue;
    const float h = hue_degrees(b, a);
    out.values[i] = h >= 15 && h <= 55;
  }
  return out;
}

constexpr int64_t kReach = 2;

// Pixels with a set pixel within kReach rows and columns.
Bits dilated(const Bits& in) {
  const auto w = static_cast<size_t>(in.width);
  Bits across(in.width, in.height), out(in.width, in.height);
  std::vector<uint8_t> line(w + 2 * kReach, 0);
  for (int64_t y = 0; y < in.height; ++y) {
    std::copy_n(in.row(y), w, line.begin() + kReach);
    const uint8_t* from = line.data();
    uint8_t* to = across.row(y);
    for (size_t x = 0; x < w; ++x) to[x] = from[x] | from[x + 1] | from[x + 2] | from[x + 3] | from[x + 4];
  }
  for (int64_t y = 0; y < in.height; ++y) {
    const int64_t last = std::min(in.height - 1, y + kReach);
    uint8_t* to = out.row(y);
    for (int64_t k = std::max<int64_t>(0, y - kReach); k <= last; ++k) {
      const uint8_t* from = across.row(k);
      for (size_t x = 0; x < w; ++x) to[x] |= from[x];
    }
  }
  return out;
}

// Closing by a square of 5 px: characters cut into a seal do not part it.
Bits closed(const Bits& in) {
  const auto complement = [](Bits bits) {
    for (uint8_t& v : bits.values) v ^= 1;
    return bits;
  };
  return complement(dilated(complement(dilated(in))));
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
  Plane across(in.width, in.height), out(in.width, in.height);
  std::vector<double> sums(static_cast<size_t>(in.width) + 1);
  for (int64_t y = 0; y < in.height; ++y) {
    for (size_t x = 0; x < static_cast<size_t>(in.width); ++x) sums[x + 1] = sums[x] + in.row(y)[x];
    for (int64_t x = 0; x < in.width; ++x) {
      const auto first = static_cast<size_t>(std::max<int64_t>(0, x - reach)),
                 end = static_cast<size_t>(std::min(in.width, x + reach + 1));
      across.row(y)[static_cast<size_t>(x)] =
          static_cast<float>((sums[end] - sums[first]) / static_cast<double>(end - first));
    }
  }
  std::vector<double> column(static_cast<size_t>(in.width));
  const auto add = [&](int64_t y, double sign) {
    for (size_t x = 0; x < column.size(); ++x) column[x] += sign * across.row(y)[x];
  };
  for (int64_t y = 0; y < std::min(reach, in.height); ++y) add(y, 1);
  for (int64_t y = 0; y < in.height; ++y) {
    if (y + reach < in.height) add(y + reach, 1);
    if (y - reach - 1 >= 0) add(y - reach - 1, -1);
    const auto rows =
        static_cast<double>(std::min(in.height, y + reach + 1) - std::max<int64_t>(0, y - reach));
    for (size_t x = 0; x < column.size(); ++x) out.row(y)[x] = static_cast<float>(column[x] / rows);
  }
  return out;
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
  const auto side = static_cast<double>(scale.long_side());
  const auto least = static_cast<int64_t>(std::max(4.0, 0.006 * side)),
             most = static_cast<int64_t>(0.06 * side);
  const Plane mean = local_mean(scale.l, most);
  Bits dark(scale.width(), scale.height());
  for (size_t i = 0; i < dark.values.size(); ++i) dark.values[i] = scale.l.values[i] < mean.values[i] - 12;
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

void blank_out(Image& rgb, const std::vector<Mark>& marks) {
  constexpr int64_t kWider = 2;
  for (const Mark& m : marks) {
    const int64_t left = m.left - kWider - 1, right = m.right + kWider + 1, top = m.top - kWider - 1,
                  bottom = m.bottom + kWider + 1;  // the ring; it may lie outside
    for (int64_t y = std::max<int64_t>(0, top + 1); y < std::min(rgb.height(), bottom); ++y) {
      for (int64_t x = std::max<int64_t>(0, left + 1); x < std::min(rgb.width(), right); ++x) {
        double sum[3] = {}, weights = 0;
        const auto take = [&](int64_t px, int64_t py, int64_t distance) {
          if (px < 0 || py < 0 || px >= rgb.width() || py >= rgb.height()) return;
          const double w = 1.0 / static_cast<double>(distance);
          const uint8_t* p = rgb.row<uint8_t>(py).data() + 3 * px;
          for (int c = 0; c < 3; ++c) sum[c] += w * p[c];
          weights += w;
        };
        take(left, y, x - left);
        take(right, y, right - x);
        take(x, top, y - top);
        take(x, bottom, bottom - y);
        if (weights <= 0) continue;
        uint8_t* p = rgb.row<uint8_t>(y).data() + 3 * x;
        for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(std::lround(sum[c] / weights));
      }
    }
  }
}

}  // namespace linmo::culture
