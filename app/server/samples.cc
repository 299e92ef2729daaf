// SPDX-License-Identifier: Apache-2.0
#include "app/server/samples.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace linmo::studio {
namespace {

// A stroke in a cell of side 1: across at height `at`, or down at `at` from the left, from … to.
struct Stroke {
  bool is_across;
  double at, from, to;
};

constexpr Stroke kKing[] = {
    {true, .2, .18, .82}, {true, .5, .24, .76}, {true, .84, .1, .9}, {false, .5, .2, .84}};
constexpr Stroke kField[] = {{false, .2, .15, .88}, {false, .8, .15, .88}, {false, .5, .17, .82},
                             {true, .17, .2, .8},   {true, .49, .2, .8},   {true, .82, .2, .8}};
constexpr Stroke kMountain[] = {
    {false, .5, .08, .82}, {false, .15, .4, .85}, {false, .85, .4, .88}, {true, .82, .15, .85}};
constexpr Stroke kMiddle[] = {{true, .3, .16, .84},
                              {true, .62, .16, .84},
                              {false, .16, .26, .68},
                              {false, .84, .26, .68},
                              {false, .5, .06, .96}};
constexpr Stroke kSun[] = {{false, .26, .1, .92},
                           {false, .74, .1, .92},
                           {true, .13, .26, .74},
                           {true, .48, .26, .74},
                           {true, .86, .26, .74}};
constexpr Stroke kUp[] = {{false, .46, .08, .85}, {true, .42, .46, .8}, {true, .86, .08, .92}};
constexpr std::array<std::span<const Stroke>, 6> kCharacters = {kKing, kField, kMountain, kMiddle, kSun, kUp};

// Thin strokes across that end in a little roof, thick ones down, as in the printed (Song) hand.
bool is_ink(std::span<const Stroke> strokes, double u, double v) {
  constexpr double kThin = 0.022, kThick = 0.045, kRoof = 0.065, kHigh = 0.085;
  for (const Stroke& s : strokes) {
    if (!s.is_across) {
      if (std::abs(u - s.at) < kThick && v >= s.from - kThin && v <= s.to) return true;
      continue;
    }
    if (u >= s.from && u <= s.to && std::abs(v - s.at) < kThin) return true;
    const double beside = std::abs(s.to - u - kRoof) / kRoof;
    if (beside <= 1 && v <= s.at && v >= s.at - kHigh * (1 - beside)) return true;
  }
  return false;
}

}  // namespace

Image sample_landscape(int64_t width, int64_t height) {
  // A ridge: sums of waves with falling heights, the same every time.
  const auto ridge = [](double u, double phase) {
    double sum = 0;
    for (int octave = 0; octave < 6; ++octave)
      sum +=
          std::pow(0.55, octave) * std::sin(u * (3.1 * std::pow(1.9, octave)) + phase * (1 + octave) * 1.7);
    return sum;
  };
  const auto grain = [](int64_t x, int64_t y) {
    const double s =
        std::sin(static_cast<double>(x) * 12.9898 + static_cast<double>(y) * 78.233) * 43758.5453;
    return s - std::floor(s) - 0.5;
  };
  struct Hill {
    double base, rise, phase, colour[3];
  };
  constexpr Hill hills[] = {{0.50, 0.10, 0.4, {150, 170, 190}},
                            {0.60, 0.09, 2.1, {108, 138, 140}},
                            {0.66, 0.05, 4.4, {78, 112, 88}}};
  Image out(width, height, 3);
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const double u = static_cast<double>(x) / static_cast<double>(width) * aspect,
                   v = static_cast<double>(y) / static_cast<double>(height);
      const double mirrored = v > 0.74 ? 0.74 - (v - 0.74) * 0.9 : v;  // the lake shows what is above it
      double colour[3] = {128 + 110 * mirrored, 172 + 60 * mirrored, 222 - 10 * mirrored};
      const double cloud = ridge(u * 1.7 + 3 * mirrored, 1.3) + ridge(5 * mirrored - u, 2.2);
      if (mirrored < 0.42 && cloud > 0.5)
        for (double& c : colour) c += (250 - c) * std::min(0.75, (cloud - 0.5) * 0.7);
      const double sun = std::hypot(u - 0.72 * aspect, mirrored - 0.2);
      if (sun < 0.06) colour[0] = 255, colour[1] = 232, colour[2] = 176;
      for (const Hill& hill : hills) {
        const double top = hill.base - hill.rise * ridge(u, hill.phase) * 0.6;
        if (mirrored <= top) continue;
        const double shade = 1 - 0.5 * (mirrored - top) + 0.10 * ridge(u * 9 + mirrored * 14, hill.phase + 1);
        for (int c = 0; c < 3; ++c) colour[c] = hill.colour[c] * shade;
      }
      if (v > 0.74)
        for (double& c : colour)
          c = 0.8 * c + 0.2 * (60 + 60 * v) + 6 * std::sin(v * 240 + 3 * std::sin(u * 7));
      if (v > 0.93 - 0.05 * ridge(u * 1.3, 0.7)) {  // the near shore
        const double blade = 30 * grain(x / 2, y / 3);
        colour[0] = 72 + blade, colour[1] = 96 + blade, colour[2] = 48 + 0.5 * blade;
      }
      for (int c = 0; c < 3; ++c)
        out.row<uint8_t>(y)[static_cast<size_t>(3 * x + c)] =
            static_cast<uint8_t>(std::clamp(colour[c] + 8 * grain(x, y), 0.0, 255.0));
    }
  }
  return out;
}

Image sample_characters(int64_t width, int64_t height) {
  constexpr int64_t kAcross = 6, kFiner = 4;  // cells; points a pixel each way
  constexpr double kMargin = 0.08;
  const double cell = static_cast<double>(width) / kAcross;
  Image out(width, height, 3);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      int ink = 0;
      for (int64_t k = 0; k < kFiner * kFiner; ++k) {
        const double u = (static_cast<double>(x) + (static_cast<double>(k % kFiner) + .5) / kFiner) / cell,
                     v = (static_cast<double>(y) + (static_cast<double>(k / kFiner) + .5) / kFiner) / cell;
        // Rows begin at different characters, so that no column repeats one.
        const auto which = static_cast<size_t>(u) + 2 * static_cast<size_t>(v);
        const auto within = [](double t) { return (t - std::floor(t) - kMargin) / (1 - 2 * kMargin); };
        ink += is_ink(kCharacters[which % kCharacters.size()], within(u), within(v));
      }
      for (int64_t c = 0; c < 3; ++c)
        out.row<uint8_t>(y)[static_cast<size_t>(3 * x + c)] =
            static_cast<uint8_t>(255 - 255 * ink / (kFiner * kFiner));
    }
  }
  return out;
}

Image sample_of(std::string_view subject, int64_t width, int64_t height) {
  return subject == "characters" ? sample_characters(width, height) : sample_landscape(width, height);
}

}  // namespace linmo::studio
