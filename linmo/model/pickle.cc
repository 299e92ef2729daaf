// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/pickle.h"

#include <bit>
#include <unordered_map>

#include "linmo/core/error.h"

namespace linmo::model::pickle {
namespace {

constexpr int64_t kMaxWork = 2'000'000;

class Plain final : public Environment {
 public:
  bool knows(std::string_view) const override { return false; }
  Value* call(Arena&, std::string_view, const std::vector<Value*>&) override { return nullptr; }
  Value* persistent(Arena&, const Value&) override { return nullptr; }
};

using Kind = Value::Kind;

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, size_t position, Environment& environment, Arena& arena,
          std::string_view file)
      : bytes_(bytes), position_(position), environment_(environment), arena_(arena), file_(file) {}

  Value* run() {
    while (!step(static_cast<uint8_t>(take(1)[0]))) arena_.spend(1);
    if (!marks_.empty() || stack_.size() != 1) damaged("it ends with values left over");
    return stack_.back();
  }
  size_t position() const { return position_; }

 private:
  [[noreturn]] void damaged(std::string_view why) const {
    fail(ErrorKind::input, "{} is damaged: at byte {} of its pickle, {}", file_, position_, why);
  }
  [[noreturn]] void refuse_global(std::string_view global) const {
    fail(ErrorKind::input,
         "{}: this file asks Python to run {}; linmo executes nothing. Save only the weights: "
         "torch.save(net.state_dict(), …)",
         file_, printable(global));
  }
  static std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 100)) out += c >= 0x20 && c < 0x7f ? c : '?';
    return out;
  }

  std::span<const std::byte> take(uint64_t count) {
    if (count > bytes_.size() - position_) damaged("it ends too early");
    const auto piece = bytes_.subspan(position_, count);
    position_ += count;
    return piece;
  }
  std::string take_text(uint64_t count) {
    const auto piece = take(count);
    return {reinterpret_cast<const char*>(piece.data()), piece.size()};
  }
  uint64_t take_unsigned(int count) {
    uint64_t value = 0;
    const auto piece = take(static_cast<uint64_t>(count));
    for (int i = count - 1; i >= 0; --i)
      value = value << 8 | static_cast<uint8_t>(piece[static_cast<size_t>(i)]);
    return value;
  }
  std::string take_line() {
    std::string line;
    for (;;) {
      const char c = static_cast<char>(take(1)[0]);
      if (c == '\n') return line;
      line += c;
    }
  }

  void push(Value value) { stack_.push_back(arena_.make(std::move(value))); }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Value* top() const {
    if (stack_.size() <= floor()) damaged("a value is missing");
    return stack_.back();
  }
  Value* pop() {
    Value* value = top();
    stack_.pop_back();
    return value;
  }
  std::vector<Value*> pop_to_mark() {
    if (marks_.empty()) damaged("a mark is missing");
    std::vector<Value*> items(stack_.begin() + static_cast<ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  Value* expect(Value* value, Kind kind) const {
    if (value->kind != kind) damaged("a value is of the wrong kind");
    return value;
  }

  void push_tuple(size_t count) {
    Value tuple{.kind = Kind::tuple};
    tuple.items.resize(count);
    for (size_t i = count; i-- > 0;) tuple.items[i] = pop();
    push(std::move(tuple));
  }
  void push_long(uint64_t count) {
    const auto piece = take(count);
    Value value{.kind = Kind::big_integer};
    if (count > 8) {
      value.text.assign(reinterpret_cast<const char*>(piece.data()), piece.size());
    } else {
      uint64_t bits = count > 0 && static_cast<uint8_t>(piece.back()) & 0x80 ? ~uint64_t{0} : 0;
      for (size_t i = piece.size(); i-- > 0;) bits = bits << 8 | static_cast<uint8_t>(piece[i]);
      value.kind = Kind::integer;
      value.integer = static_cast<int64_t>(bits);
    }
    push(std::move(value));
  }
  void push_global(std::string name) {
    if (!environment_.knows(name)) refuse_global(name);
    push({.kind = Kind::global, .text = std::move(name)});
  }
  void put(uint64_t index) { memo_[index] = top(); }
  void get(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) damaged("it reads a memo that was never written");
    stack_.push_back(found->second);
  }
  void call() {
    Value* arguments = expect(pop(), Kind::tuple);
    Value* function = expect(pop(), Kind::global);
    Value* result = environment_.call(arena_, function->text, arguments->items);
    if (!result) damaged(fmt::format("{} is given arguments that make no sense", function->text));
    stack_.push_back(result);
  }
  // Extra attributes of an object: only an OrderedDict has them (its _metadata), and nobody needs those.
  void build() {
    pop();
    expect(top(), Kind::dict);
  }
  void set_items(const std::vector<Value*>& items) {
    Value* dict = expect(top(), Kind::dict);
    if (items.size() % 2 != 0) damaged("a key has no value");
    dict->items.insert(dict->items.end(), items.begin(), items.end());
  }

  // True at the end.
  bool step(uint8_t opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (const uint64_t protocol = take_unsigned(1); protocol < 2 || protocol > 5)
          damaged(fmt::format("the pickle protocol is {}, not 2 to 5", protocol));
        return false;
      case 0x95:  // FRAME: only says how much follows
        take(8);
        return false;
      case '.':
        return true;
      case '(':
        marks_.push_back(stack_.size());
        return false;
      case '0':
        pop();
        return false;
      case '1':
        pop_to_mark();
        return false;
      case '2':
        stack_.push_back(top());
        return false;
      case 'N':
        push({});
        return false;
      case 0x88:
      case 0x89:
        push({.kind = Kind::boolean, .integer = opcode == 0x88});
        return false;
      case 'K':
        push({.kind = Kind::integer, .integer = static_cast<int64_t>(take_unsigned(1))});
        return false;
      case 'M':
        push({.kind = Kind::integer, .integer = static_cast<int64_t>(take_unsigned(2))});
        return false;
      case 'J':
        push({.kind = Kind::integer, .integer = static_cast<int32_t>(take_unsigned(4))});
        return false;
      case 0x8a:
        push_long(take_unsigned(1));
        return false;
      case 'G': {  // big-endian
        uint64_t bits = 0;
        for (const std::byte b : take(8)) bits = bits << 8 | static_cast<uint8_t>(b);
        push({.kind = Kind::real, .real = std::bit_cast<double>(bits)});
        return false;
      }
      case 'X':  // BINUNICODE, and Python 2's BINSTRING
      case 'T':
        push({.kind = Kind::text, .text = take_text(take_unsigned(4))});
        return false;
      case 0x8c:
      case 'U':
        push({.kind = Kind::text, .text = take_text(take_unsigned(1))});
        return false;
      case 0x8d:
        push({.kind = Kind::text, .text = take_text(take_unsigned(8))});
        return false;
      case ']':
        push({.kind = Kind::list});
        return false;
      case '}':
        push({.kind = Kind::dict});
        return false;
      case ')':
        push_tuple(0);
        return false;
      case 0x85:
      case 0x86:
      case 0x87:
        push_tuple(opcode - 0x84u);
        return false;
      case 't':
        push({.kind = Kind::tuple, .items = pop_to_mark()});
        return false;
      case 'a': {
        Value* item = pop();
        expect(top(), Kind::list)->items.push_back(item);
        return false;
      }
      case 'e': {
        const std::vector<Value*> items = pop_to_mark();
        Value* list = expect(top(), Kind::list);
        list->items.insert(list->items.end(), items.begin(), items.end());
        return false;
      }
      case 's': {
        Value* value = pop();
        Value* key = pop();
        set_items({key, value});
        return false;
      }
      case 'u':
        set_items(pop_to_mark());
        return false;
      case 'q':
        put(take_unsigned(1));
        return false;
      case 'r':
        put(take_unsigned(4));
        return false;
      case 0x94:
        put(memo_.size());
        return false;
      case 'h':
        get(take_unsigned(1));
        return false;
      case 'j':
        get(take_unsigned(4));
        return false;
      case 'c': {
        const std::string module = take_line();
        push_global(module + '.' + take_line());
        return false;
      }
      case 0x93: {
        const Value* name = expect(pop(), Kind::text);
        const Value* module = expect(pop(), Kind::text);
        push_global(module->text + '.' + name->text);
        return false;
      }
      case 'i': {  // INST makes an object of a class at once; no checkpoint of weights needs one
        const std::string module = take_line();
        refuse_global(module + '.' + take_line());
      }
      case 'R':
        call();
        return false;
      case 'b':
        build();
        return false;
      case 'Q': {
        const Value* id = pop();
        Value* result = environment_.persistent(arena_, *id);
        if (!result) damaged("it refers to something that is not a storage of numbers");
        stack_.push_back(result);
        return false;
      }
      default:
        damaged(fmt::format("opcode 0x{:02x} is none that a checkpoint of weights uses", opcode));
    }
  }

  std::span<const std::byte> bytes_;
  size_t position_;
  Environment& environment_;
  Arena& arena_;
  std::string_view file_;
  std::vector<Value*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Value*> memo_;
};

}  // namespace

Value* Arena::make(Value value) {
  return &values_.emplace_back(std::move(value));
}

void Arena::spend(int64_t work) {
  spent_ += work;
  if (spent_ > kMaxWork)
    fail(ErrorKind::limit, "a pickle of more than {} steps is none of weights", kMaxWork);
}

Environment& plain_environment() {
  static Plain plain;
  return plain;
}

Value* read(std::span<const std::byte> bytes, size_t& position, Environment& environment, Arena& arena,
            std::string_view file) {
  if (position > bytes.size()) fail(ErrorKind::input, "{} is damaged: it ends too early", file);
  Machine machine(bytes, position, environment, arena, file);
  Value* value = machine.run();
  position = machine.position();
  return value;
}

}  // namespace linmo::model::pickle
