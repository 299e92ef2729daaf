// SPDX-License-Identifier: Apache-2.0
// Python's pickle as a data format: an interpreter that builds plain values and runs nothing. What a file may
// name and "call" is decided by an Environment, whose answers are values again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linmo::model::pickle {

struct Value {
  enum class Kind { none, boolean, integer, big_integer, real, text, list, tuple, dict, global, handle };
  Kind kind = Kind::none;
  int64_t integer = 0;  // integer, boolean; handle: the environment's number for what it made
  double real = 0;
  // text; global: "module.name"; big_integer: little-endian two's complement; handle: what it is.
  std::string text = {};
  std::vector<Value*> items = {};  // list, tuple; dict: key, value, key, value …
};

// Owns all values of a file: pickles may hold cycles. Also counts the work, so that a file cannot ask for
// more than a bounded amount of it.
class Arena {
 public:
  Value* make(Value value);
  void spend(int64_t work);  // throws ErrorKind::limit when two million are used up

 private:
  std::deque<Value> values_;
  int64_t spent_ = 0;
};

// The only functions and classes that a pickle may use.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual bool knows(std::string_view global) const = 0;
  // Null when the arguments make no sense.
  virtual Value* call(Arena& arena, std::string_view global, const std::vector<Value*>& arguments) = 0;
  virtual Value* persistent(Arena& arena, const Value& id) = 0;
};

// Knows nothing: numbers, texts, lists, tuples and dicts only.
Environment& plain_environment();

// Reads one pickle (protocols 2 to 5) at `position` and moves it behind its end. `file` is the name for
// messages. Throws ErrorKind::input for anything damaged, for opcodes and globals that checkpoints do not
// need, and ErrorKind::limit for more than two million opcodes in one arena.
Value* read(std::span<const std::byte> bytes, size_t& position, Environment& environment, Arena& arena,
            std::string_view file);

}  // namespace linmo::model::pickle
