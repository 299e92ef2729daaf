// SPDX-License-Identifier: Apache-2.0
// The inner loops of resize(), for every vector width that the machine may have. Their results do not depend
// on that width: lanes never mix, and products are rounded before they are added.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace linmo {

// For each output sample: which inputs it takes and by how much.
struct Taps {
  struct Range {
    int64_t first, count;
  };
  std::vector<Range> ranges;
  std::vector<float> weights;  // `most` a sample
  int64_t most = 0;

  const float* of(int64_t i) const { return weights.data() + i * most; }
};

constexpr int64_t kRowLanes = 8;  // rows that are filtered together

// kRowLanes rows of `samples` samples → block[sample][row] as float.
void interleave_rows(const std::array<const uint8_t*, kRowLanes>& rows, int64_t samples, float* block);
void interleave_rows(const std::array<const uint16_t*, kRowLanes>& rows, int64_t samples, float* block);
void interleave_rows(const std::array<const float*, kRowLanes>& rows, int64_t samples, float* block);

// Colours × alpha / top in a block[pixel][channel][row] whose last channel is alpha.
void premultiply_rows(std::span<float> block, int channels, float top);

// Horizontal pass: out[x][channel][row] = Σ weight · block[tap][channel][row], cut to 0 … top (not when top
// is 0).
void filter_across(const float* block, int channels, const Taps& taps, float top, float* out);

// Vertical pass: out[s] = Σ weights[k] · rows[k][s].
void mix_rows(std::span<const float* const> rows, const float* weights, std::span<float> out);

// Cut to the range of the type, rounded to nearest.
void round_row(std::span<const float> row, uint8_t* out);
void round_row(std::span<const float> row, uint16_t* out);

}  // namespace linmo
