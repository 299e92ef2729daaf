// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/export.h"

#include <cstring>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/net/styles.h"

namespace linmo::model {
namespace {

// Writes pickles of protocol 2 (Python's Lib/pickletools.py lists the opcodes).
class Pickle {
 public:
  Pickle() { text_ = "\x80\x02"; }
  void op(char code) { text_ += code; }
  void unicode(std::string_view value) {
    op('X');
    little(value.size(), 4);
    text_ += value;
  }
  void global(std::string_view module, std::string_view name) {
    text_ += 'c';
    text_.append(module).append("\n").append(name).append("\n");
  }
  void integer(int64_t value) {
    if (value >= INT32_MIN && value <= INT32_MAX) {
      op('J');
      little(static_cast<uint64_t>(value), 4);
    } else {
      op('\x8a');  // LONG1
      text_ += '\x08';
      little(static_cast<uint64_t>(value), 8);
    }
  }
  void tuple(std::span<const int64_t> values) {
    op('(');
    for (const int64_t value : values) integer(value);
    op('t');
  }
  void raw(std::string_view bytes) { text_ += bytes; }
  std::string finish() {
    op('.');
    return std::move(text_);
  }

 private:
  void little(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text_ += static_cast<char>((value >> (8 * i)) & 0xFF);
  }
  std::string text_;
};

// The head of every such file: magic number, protocol, and sizes of C types that nobody reads any more.
std::string preamble() {
  Pickle magic;
  magic.raw(std::string_view("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12));
  Pickle protocol;
  protocol.integer(1001);
  Pickle system;
  system.op('}');
  system.op('(');
  system.unicode("protocol_version");
  system.integer(1001);
  system.unicode("little_endian");
  system.op('\x88');  // True
  system.unicode("type_sizes");
  system.op('}');
  system.op('(');
  for (const auto& [name, size] : {std::pair{"short", 2}, {"int", 4}, {"long", 4}}) {
    system.unicode(name);
    system.integer(size);
  }
  system.op('u');
  system.op('u');
  return magic.finish() + protocol.finish() + system.finish();
}

// torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
void tensor_value(Pickle& out, const std::string& key, const Tensor& tensor, const std::string& storage) {
  const bool whole = tensor.dtype() == DType::i64;
  if (!whole && tensor.dtype() != DType::f32)
    fail(ErrorKind::usage, "{} has type {}; only F32 and I64 are written to .pth files", key,
         name(tensor.dtype()));
  std::vector<int64_t> strides(tensor.shape().size(), 1);
  for (size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * tensor.shape()[i];
  out.global("torch._utils", "_rebuild_tensor_v2");
  out.op('(');
  out.op('(');
  out.unicode("storage");
  out.global("torch", whole ? "LongStorage" : "FloatStorage");
  out.unicode(storage);
  out.unicode("cpu");
  out.integer(tensor.count());
  out.op('N');  // not a view of another storage
  out.op('t');
  out.op('Q');  // the tuple names the storage
  out.integer(0);
  out.tuple(tensor.shape());
  out.tuple(strides);
  out.op('\x89');  // False
  out.global("collections", "OrderedDict");
  out.op(')');
  out.op('R');
  out.op('t');
  out.op('R');
}

}  // namespace

TensorMap export_state(const Model& model) {
  net::require_one_style(model.network);
  check_parameters(model.network, model.tensors, "the model");
  TensorMap state = to_dtype(model.tensors, DType::f32);
  for (const net::ParameterInfo& p : net::parameters(model.network)) {
    if (p.kind == net::ParameterInfo::Kind::batches_tracked) state.try_emplace(p.name, DType::i64, p.shape);
  }
  return state;
}

void write_pth(const std::filesystem::path& path, const TensorMap& tensors) {
  Pickle dictionary, storages;
  dictionary.global("collections", "OrderedDict");
  dictionary.op(')');
  dictionary.op('R');
  dictionary.op('(');
  storages.op(']');
  storages.op('(');
  int number = 0;
  for (const auto& [key, tensor] : tensors) {
    const std::string storage = std::to_string(number++);
    dictionary.unicode(key);
    tensor_value(dictionary, key, tensor, storage);
    storages.unicode(storage);
  }
  dictionary.op('u');
  storages.op('e');
  AtomicFile file(path);
  file.write(preamble() + dictionary.finish() + storages.finish());
  for (const auto& [key, tensor] : tensors) {
    const int64_t count = tensor.count();
    file.write(std::as_bytes(std::span(&count, 1)));
    file.write(tensor.bytes());
  }
  file.commit();
}

}  // namespace linmo::model
