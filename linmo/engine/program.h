// SPDX-License-Identifier: Apache-2.0
// A network description turned into the few kinds of steps that the engine has, for one picture size. What
// can be done in one go is one step: convolution + batch norm + activation; norm + activation + residual +
// activation + padding of what comes next. Transposed convolutions and nearest upsampling before a
// convolution become four convolutions at the small size, one for each of the 2 × 2 output phases.
#pragma once

#include <map>
#include <variant>
#include <vector>

#include "linmo/engine/kernels.h"
#include "linmo/net/description.h"

namespace linmo::engine {

// Margins kept around a picture and filled by the step that makes it.
struct Border {
  int left = 0, right = 0, top = 0, bottom = 0;
  net::PadMode mode = net::PadMode::reflect;
  bool any() const { return left || right || top || bottom; }
};

// How the pixels of a value lie in memory, always channels-last.
enum class Arrangement {
  plain,   // (H + margins) × (W + margins) × C
  phases,  // four pictures H/2 × W/2 × C one after another: even/odd rows × even/odd columns
  blocks,  // H/2 × W/2 × C′: the 2 × 2 pixels' channels side by side, padded to C′
};

struct Value {
  net::Shape shape;  // without margins
  Type type = Type::f32;
  Arrangement arrangement = Arrangement::plain;
  int64_t stored_channels = 0;  // C, or C′ of blocks
  Border border;
  int64_t stored_height() const {
    return arrangement == Arrangement::plain ? shape.height + border.top + border.bottom : shape.height / 2;
  }
  int64_t stored_width() const {
    return arrangement == Arrangement::plain ? shape.width + border.left + border.right : shape.width / 2;
  }
  int64_t bytes() const {
    return stored_height() * stored_width() * stored_channels * size_of(type) *
           (arrangement == Arrangement::phases ? 4 : 1);
  }
};

// How a convolution's input is quantised: round(x / scale[c]) in u8 (no value is negative) or s8.
struct QuantisedInput {
  Type type = Type::u8;
  std::vector<float> scale;  // a number a channel
  bool operator==(const QuantisedInput&) const = default;
};
using Quantisation =
    std::map<int, QuantisedInput>;  // by convolution layer; the others stay in floating point

// A value as a layer sees it: with its margins when a Pad layer was made part of it.
struct Ref {
  int value = -1;
  bool with_border = false;
};

struct InputStep {
  int out = 0;
};

// One oneDNN convolution.
struct ConvStep {
  enum class Form { plain, transposed_phase, upsampled_phase, block, deconvolution };
  Form form = Form::plain;
  int layer = 0;
  int batch_norm = -1;  // layer folded into the weights
  int phase_y = 0, phase_x = 0;
  Ref in;
  int out = 0;
  int in_channels = 0, out_channels = 0, groups = 1, kernel_h = 1, kernel_w = 1, stride = 1;
  int left = 0, right = 0, top = 0, bottom = 0;  // zero padding
  int activation = -1;                           // layer
  bool quantised = false;                        // the input is as Quantisation says of `layer`
};

struct MapStep {
  Ref in, residual;
  int out = -1;                 // −1: only `quantised` is wanted
  int quantised = -1;           // value that takes the result in 8 bits, −1: none
  int quantised_for = -1;       // the convolution layer whose QuantisedInput it follows
  int norm = -1;                // Norm or ScaleShift layer
  int statistics = -1;          // index among the norms that look at the whole picture
  int before = -1, after = -1;  // Activation layers around the residual
};

// What was remembered of the picture before.
struct MemoryStep {
  int memory = 0;  // index in Description::memories
  int out = 0;
};

// Upsample, BlurDown, BlurUp, Pool, GlobalPool, PixelShuffle, PixelUnshuffle, Concat, Multiply.
struct LayerStep {
  int layer = 0;
  std::vector<Ref> in;
  int out = 0;
};

using Step = std::variant<InputStep, ConvStep, MapStep, LayerStep, MemoryStep>;

struct Program {
  std::vector<net::Shape> shapes;  // of every layer of the description
  std::vector<Value> values;
  std::vector<Step> steps;
  Ref output;
  std::vector<Ref> remembered;  // for the next picture, by Description::memories; value −1: nobody reads it
  std::vector<int> statistics;  // layers
  // Memory plan: where each value lies in one arena, and the arena's size. Values may share a place: a step
  // that works pixel by pixel writes over what it read last.
  std::vector<int64_t> offset;
  int64_t arena_bytes = 0;
};

// `type` is that of the values between layers, `result` (fp32, or `type` again) of what comes out.
// Convolutions in `quantisation` compute in 8 bits as far as the engine can (can_quantise()).
Program compile(const net::Description& description, net::Shape input, Type type,
                const Quantisation& quantisation = {}, Type result = Type::f32);

// Convolutions that 8 bits can be had for: not grouped, channels in sixteens in and out, and not between a
// memory and what it remembers, whose range single pictures do not show and whose errors would add up.
bool can_quantise(const net::Description& description, int layer);

// The norms that look at the whole picture (instance, group, layer) among the layers that outputs[0] needs,
// for this picture or the next.
std::vector<int> whole_picture_norms(const net::Description& description);

// Taps of one phase of a transposed convolution: result y·stride + phase = Σ_t w[first + stride·t] ·
// in[y + shift − t], t in 0 … count − 1.
struct Taps {
  int first = 0, count = 0, shift = 0;
};
Taps transposed_taps(int kernel, int stride, int pad, int phase);

// Taps of one phase of (nearest × 2, convolution with `pad`): lowest and highest offset in the small picture.
struct Reach {
  int low = 0, high = 0;
};
Reach upsampled_reach(int kernel, int pad, int phase);
inline int floor_half(int x) {
  return x >= 0 ? x / 2 : -((1 - x) / 2);
}

}  // namespace linmo::engine
