// SPDX-License-Identifier: Apache-2.0
// Writes a Description layer by layer. Every method returns the index of the layer it added; `from` is the
// layer to read, −1 the last one.
#pragma once

#include <string>

#include "linmo/net/description.h"

namespace linmo::net {

class Builder {
 public:
  Builder(std::string family, int in_channels) {
    d_.family = std::move(family);
    d_.layers.push_back({Input{in_channels}, {}, {}});
  }

  int last() const { return static_cast<int>(d_.layers.size()) - 1; }
  int add(Op op, std::string name = {}, int from = -1) {
    d_.layers.push_back({std::move(op), std::move(name), {from < 0 ? last() : from}});
    return last();
  }
  int join(Op op, std::vector<int> inputs) {
    d_.layers.push_back({std::move(op), {}, std::move(inputs)});
    return last();
  }
  int conv(std::string name, int in, int out, int kernel, int stride = 1, int pad = 0, bool bias = true) {
    return add(Conv{in, out, kernel, kernel, stride, pad, pad, 1, bias, false}, std::move(name));
  }
  int pad(PadMode mode, int all) { return add(Pad{mode, all, all, all, all}); }
  int relu() { return add(Activation{ActivationKind::relu, 0, 1}); }
  int leaky_relu(double slope) { return add(Activation{ActivationKind::leaky_relu, slope, 1}); }
  int tanh() { return add(Activation{ActivationKind::tanh, 0, 1}); }
  // A memory as high and wide as `like`; remember() says what it will hold.
  int memory(int channels, int like) { return add(Memory{channels}, {}, like); }
  void remember(int memory, int layer) { d_.memories.emplace_back(memory, layer); }
  void tap(std::string name, int layer) { d_.taps.emplace_back(std::move(name), layer); }
  void output(int layer) { d_.outputs.push_back(layer); }

  Description& description() { return d_; }
  // Makes the last layer the output if none was named, checks everything.
  Description finish() {
    if (d_.outputs.empty()) d_.outputs = {last()};
    validate(d_);
    return std::move(d_);
  }

 private:
  Description d_;
};

}  // namespace linmo::net
