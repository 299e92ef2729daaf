// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/pth.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/pickle.h"

namespace linmo::model {
namespace {

using pickle::Value;
using Kind = Value::Kind;

constexpr uint64_t kMaxFile = uint64_t{8} << 30;
constexpr int kMaxNesting = 32;
constexpr int64_t kMaxVisits = 1'000'000;
constexpr size_t kMaxRank = 64;
constexpr size_t kMaxName = 1024;  // bytes; one long text may be used for a million names

// 0x1950a86a20f9469cfc6c, the first number of a file older than the zip format.
constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr int64_t kLegacyProtocol = 1001;

struct NamedType {
  std::string_view name;
  std::optional<DType> dtype;  // nothing: bytes, whose type the tensor says
};
constexpr std::array<NamedType, 11> kStorages = {{{"FloatStorage", DType::f32},
                                                  {"DoubleStorage", DType::f64},
                                                  {"HalfStorage", DType::f16},
                                                  {"BFloat16Storage", DType::bf16},
                                                  {"LongStorage", DType::i64},
                                                  {"IntStorage", DType::i32},
                                                  {"CharStorage", DType::i8},
                                                  {"ByteStorage", DType::u8},
                                                  {"BoolStorage", DType::boolean},
                                                  {"UntypedStorage", {}},
                                                  {"_UntypedStorage", {}}}};
constexpr std::array<NamedType, 9> kTypes = {{{"torch.float32", DType::f32},
                                              {"torch.float64", DType::f64},
                                              {"torch.float16", DType::f16},
                                              {"torch.bfloat16", DType::bf16},
                                              {"torch.int64", DType::i64},
                                              {"torch.int32", DType::i32},
                                              {"torch.int8", DType::i8},
                                              {"torch.uint8", DType::u8},
                                              {"torch.bool", DType::boolean}}};

const NamedType* find_storage(std::string_view global) {
  for (const std::string_view module : {"torch.cuda.", "torch.storage.", "torch."}) {
    if (!global.starts_with(module)) continue;
    for (const NamedType& type : kStorages) {
      if (global.substr(module.size()) == type.name) return &type;
    }
  }
  return nullptr;
}

const NamedType* find_type(std::string_view global) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const NamedType& t) { return t.name == global; });
  return found == kTypes.end() ? nullptr : &*found;
}

struct Storage {
  std::string key;
  std::optional<DType> dtype;
  int64_t count = 0;                      // of numbers (bytes when there is no type) stored under the key
  int64_t view_begin = 0, view_size = 0;  // the part of them that this one is (old files)
  int64_t number_size() const { return dtype ? size_of(*dtype) : 1; }
};

struct View {
  size_t storage = 0;
  DType dtype = DType::f32;
  int64_t offset = 0;
  std::vector<int64_t> shape, stride;
};

std::optional<std::vector<int64_t>> whole_numbers(const Value& value) {
  if ((value.kind != Kind::tuple && value.kind != Kind::list) || value.items.size() > kMaxRank)
    return std::nullopt;
  std::vector<int64_t> out;
  for (const Value* item : value.items) {
    if (item->kind != Kind::integer || item->integer < 0) return std::nullopt;
    out.push_back(item->integer);
  }
  return out;
}

// What weights need of PyTorch, as data: storages and views of them, by number.
class Torch final : public pickle::Environment {
 public:
  std::vector<Storage> storages;
  std::vector<View> views;

  bool knows(std::string_view global) const override {
    static constexpr std::array<std::string_view, 7> functions = {
        "collections.OrderedDict",
        "torch.Size",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state"};
    return std::find(functions.begin(), functions.end(), global) != functions.end() || find_storage(global) ||
           find_type(global);
  }

  Value* call(pickle::Arena& arena, std::string_view global, const std::vector<Value*>& arguments) override {
    if (global == "collections.OrderedDict") return ordered_dict(arena, arguments);
    if (global == "torch.Size") {
      const bool fits = arguments.size() == 1 && arguments[0]->kind == Kind::tuple;
      return fits ? arguments[0] : nullptr;
    }
    if (global.starts_with("torch._utils._rebuild_parameter")) {
      const bool fits = arguments.size() >= 3 && is(arguments[0], "tensor");
      return fits ? arguments[0] : nullptr;
    }
    if (global == "torch._utils._rebuild_tensor") return tensor(arena, arguments, 4, nullptr);
    if (global == "torch._utils._rebuild_tensor_v2") {
      // A seventh argument may ask for a conjugated or negated view.
      if (arguments.size() > 6 && !arguments[6]->items.empty()) return nullptr;
      return tensor(arena, arguments, 6, nullptr);
    }
    if (global == "torch._utils._rebuild_tensor_v3") {
      if (arguments.size() < 7 || arguments[6]->kind != Kind::global) return nullptr;
      if (arguments.size() > 7 && !arguments[7]->items.empty()) return nullptr;
      const NamedType* type = find_type(arguments[6]->text);
      return type ? tensor(arena, arguments, 7, type) : nullptr;
    }
    return nullptr;  // a type, which is named but never called
  }

  // ("storage", class, key, device, count[, (view key, begin, size) or None])
  Value* persistent(pickle::Arena& arena, const Value& id) override {
    const std::vector<Value*>& a = id.items;
    if (id.kind != Kind::tuple || a.size() < 5 || a[0]->text != "storage" || a[1]->kind != Kind::global ||
        a[2]->kind != Kind::text || a[4]->kind != Kind::integer) {
      return nullptr;
    }
    const NamedType* type = find_storage(a[1]->text);
    Storage s;
    if (!type) return nullptr;
    if (a[2]->text.size() > kMaxName) return nullptr;
    s.key = a[2]->text;
    s.dtype = type->dtype;
    s.count = s.view_size = a[4]->integer;
    const std::array<int64_t, 1> size = {s.count};
    if (!checked_bytes(s.dtype.value_or(DType::u8), size)) return nullptr;
    if (a.size() > 5 && a[5]->kind == Kind::tuple) {
      const std::vector<Value*>& view = a[5]->items;
      if (view.size() != 3 || view[1]->kind != Kind::integer || view[2]->kind != Kind::integer)
        return nullptr;
      s.view_begin = view[1]->integer;
      s.view_size = view[2]->integer;
      if (s.view_begin < 0 || s.view_size < 0 || s.view_begin > s.count ||
          s.view_size > s.count - s.view_begin)
        return nullptr;
    }
    storages.push_back(std::move(s));
    return arena.make(
        {.kind = Kind::handle, .integer = static_cast<int64_t>(storages.size()) - 1, .text = "storage"});
  }

  static bool is(const Value* value, std::string_view what) {
    return value->kind == Kind::handle && value->text == what;
  }

 private:
  static Value* ordered_dict(pickle::Arena& arena, const std::vector<Value*>& arguments) {
    Value dict{.kind = Kind::dict};
    if (arguments.size() > 1) return nullptr;
    if (arguments.size() == 1) {  // Python 2 gives the pairs at once
      if (arguments[0]->kind != Kind::list) return nullptr;
      arena.spend(static_cast<int64_t>(arguments[0]->items.size()));
      for (const Value* pair : arguments[0]->items) {
        if ((pair->kind != Kind::list && pair->kind != Kind::tuple) || pair->items.size() != 2)
          return nullptr;
        dict.items.insert(dict.items.end(), pair->items.begin(), pair->items.end());
      }
    }
    return arena.make(std::move(dict));
  }

  Value* tensor(pickle::Arena& arena, const std::vector<Value*>& a, size_t count, const NamedType* type) {
    if (a.size() < count || !is(a[0], "storage") || a[1]->kind != Kind::integer || a[1]->integer < 0)
      return nullptr;
    const auto shape = whole_numbers(*a[2]), stride = whole_numbers(*a[3]);
    if (!shape || !stride || shape->size() != stride->size()) return nullptr;
    View v{static_cast<size_t>(a[0]->integer), DType::f32, a[1]->integer, *shape, *stride};
    const Storage& s = storages[v.storage];
    if (!s.dtype && !type) return nullptr;
    v.dtype = type ? *type->dtype : *s.dtype;
    if (!checked_bytes(v.dtype, *shape) || !lies_inside(v, s)) return nullptr;
    views.push_back(std::move(v));
    return arena.make(
        {.kind = Kind::handle, .integer = static_cast<int64_t>(views.size()) - 1, .text = "tensor"});
  }

  static bool lies_inside(const View& v, const Storage& s) {
    int64_t last = v.offset;
    for (size_t i = 0; i < v.shape.size(); ++i) {
      int64_t reach;
      if (v.shape[i] == 0) return true;
      if (__builtin_mul_overflow(v.shape[i] - 1, v.stride[i], &reach) ||
          __builtin_add_overflow(last, reach, &last))
        return false;
    }
    return last < s.view_size * s.number_size() / size_of(v.dtype);
  }
};

// The bytes stored under a key.
class Store {
 public:
  virtual ~Store() = default;
  virtual std::span<const std::byte> bytes(const Storage& storage) = 0;
};

// Walks the values, and copies each tensor out of its storage.
class Collector {
 public:
  Collector(const Torch& torch, Store& store, uint64_t budget, std::string_view file)
      : torch_(torch), store_(store), budget_(budget), file_(file) {}

  Checkpoint collect(const Value& root) {
    visit(root, "", "", 0);
    out_.dicts.assign(dicts_.begin(), dicts_.end());
    return std::move(out_);
  }

 private:
  void visit(const Value& value, const std::string& path, const std::string& dict, int depth) {
    if (depth > kMaxNesting)
      fail(ErrorKind::limit, "{} nests more than {} dicts or lists", file_, kMaxNesting);
    if (++visits_ > kMaxVisits) fail(ErrorKind::limit, "{} holds more than {} values", file_, kMaxVisits);
    if (path.size() > kMaxName)
      fail(ErrorKind::limit, "{} holds a name of more than {} bytes", file_, kMaxName);
    const auto below = [&](const std::string& name) { return path.empty() ? name : path + '.' + name; };
    if (Torch::is(&value, "tensor")) {
      const View& view = torch_.views[static_cast<size_t>(value.integer)];
      if (!out_.tensors.emplace(path, materialise(view)).second)
        fail(ErrorKind::input, "{} has two tensors named {}", file_, path);
      dicts_.insert(dict);
    } else if (value.kind == Kind::dict) {
      for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
        const Value& key = *value.items[i];
        if (key.kind == Kind::text)
          visit(*value.items[i + 1], below(key.text), path, depth + 1);
        else if (key.kind == Kind::integer)
          visit(*value.items[i + 1], below(std::to_string(key.integer)), path, depth + 1);
      }
    } else if (value.kind == Kind::list || value.kind == Kind::tuple) {
      for (size_t i = 0; i < value.items.size(); ++i)
        visit(*value.items[i], below(std::to_string(i)), path, depth + 1);
    }
  }

  Tensor materialise(const View& v) {
    const Storage& s = torch_.storages[v.storage];
    const auto size = static_cast<uint64_t>(*checked_bytes(v.dtype, v.shape));
    // A view may repeat one number (stride 0) a million million times.
    if (size > budget_)
      fail(ErrorKind::limit, "{}: its tensors would take far more memory than the file's size warrants",
           file_);
    budget_ -= size;
    Tensor tensor(v.dtype, v.shape);
    const std::span<std::byte> out = tensor.mutable_bytes();
    if (out.empty()) return tensor;
    const auto unit = static_cast<size_t>(size_of(v.dtype));
    const std::byte* in =
        store_.bytes(s).data() + s.view_begin * s.number_size() + static_cast<size_t>(v.offset) * unit;
    // `run` numbers of the innermost dimensions lie in order; the dimensions outside are counted through.
    size_t outer = v.shape.size();
    int64_t run = 1;
    while (outer > 0 && (v.stride[outer - 1] == run || v.shape[outer - 1] == 1)) run *= v.shape[--outer];
    const size_t run_bytes = static_cast<size_t>(run) * unit;
    std::vector<int64_t> index(outer, 0);
    int64_t position = 0;
    for (size_t done = 0; done < out.size(); done += run_bytes) {
      std::memcpy(out.data() + done, in + static_cast<size_t>(position) * unit, run_bytes);
      for (size_t d = outer; d-- > 0;) {
        if (++index[d] < v.shape[d]) {
          position += v.stride[d];
          break;
        }
        position -= v.stride[d] * (v.shape[d] - 1);
        index[d] = 0;
      }
    }
    return tensor;
  }

  const Torch& torch_;
  Store& store_;
  uint64_t budget_;
  std::string_view file_;
  Checkpoint out_;
  std::set<std::string> dicts_;
  int64_t visits_ = 0;
};

// Enough for every honest file (tensors that share a storage are copied apart), and not more.
uint64_t memory_budget(size_t file_size) {
  return (uint64_t{64} << 20) + 64 * uint64_t{file_size};
}

class Zip final : public Store {
 public:
  Zip(std::span<const std::byte> bytes, std::string_view file)
      : file_(file), budget_(memory_budget(bytes.size())) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    if (source) zip_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
    if (source && !zip_) zip_source_free(source);
    const std::string why = zip_ ? "" : zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!zip_) damaged(why);
    // All lies in one folder, named after the file at the time.
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip_.get(), 0); ++i) {
      const char* entry = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
      const std::string_view name = entry ? entry : "";
      const size_t slash = name.find('/');
      if (slash == std::string_view::npos) continue;
      if (name.substr(slash) == "/constants.pkl") {
        fail(ErrorKind::input,
             "{} is a TorchScript program, which linmo does not run; save the weights instead: "
             "torch.save(net.state_dict(), …)",
             file_);
      }
      if (name.substr(slash) == "/data.pkl" && folder_.empty()) folder_ = name.substr(0, slash + 1);
    }
    if (folder_.empty())
      fail(ErrorKind::input, "{} is a zip file, but none of torch.save(): it has no data.pkl", file_);
    if (const auto order = entry("byteorder")) {
      const std::string_view text(reinterpret_cast<const char*>(order->data()), order->size());
      if (text != "little")
        fail(ErrorKind::input, "{} was written on a big-endian machine, which is not read", file_);
    }
  }

  std::vector<std::byte> pickle() {
    auto bytes = entry("data.pkl");
    if (!bytes) damaged("data.pkl cannot be read");
    return std::move(*bytes);
  }

  std::span<const std::byte> bytes(const Storage& storage) override {
    const auto found = storages_.find(storage.key);
    std::span<const std::byte> all;
    if (found != storages_.end()) {
      all = found->second;
    } else {
      auto read = entry("data/" + storage.key);
      if (!read) damaged(fmt::format("the storage {} is missing", storage.key));
      all = storages_[storage.key] = std::move(*read);
    }
    if (all.size() != static_cast<uint64_t>(storage.count * storage.number_size())) {
      damaged(fmt::format("the storage {} has {} bytes instead of {}", storage.key, all.size(),
                          storage.count * storage.number_size()));
    }
    return all;
  }

 private:
  [[noreturn]] void damaged(std::string_view why) const {
    fail(ErrorKind::input, "{} is damaged: {}", file_, why);
  }

  std::optional<std::vector<std::byte>> entry(const std::string& name) {
    const zip_int64_t index = zip_name_locate(zip_.get(), (folder_ + name).c_str(), ZIP_FL_ENC_RAW);
    if (index < 0) return std::nullopt;
    zip_stat_t stat;
    if (zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(index), 0, &stat) != 0 ||
        !(stat.valid & ZIP_STAT_SIZE))
      damaged(zip_strerror(zip_.get()));
    if (stat.size > budget_)
      fail(ErrorKind::limit, "{}: {} would unpack to far more than the file's size warrants", file_, name);
    budget_ -= stat.size;
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        zip_fopen_index(zip_.get(), static_cast<zip_uint64_t>(index), 0), &zip_fclose);
    if (!file) damaged(zip_strerror(zip_.get()));
    std::vector<std::byte> bytes(stat.size);
    const zip_int64_t got = zip_fread(file.get(), bytes.data(), bytes.size());
    // The checksum is looked at when the end is read.
    std::byte more;
    if (got != static_cast<zip_int64_t>(bytes.size()) || zip_fread(file.get(), &more, 1) != 0)
      damaged(fmt::format("{} cannot be unpacked ({})", name, zip_file_strerror(file.get())));
    return bytes;
  }

  std::string_view file_;
  uint64_t budget_;
  std::unique_ptr<zip_t, void (*)(zip_t*)> zip_{nullptr, &zip_discard};
  std::string folder_;
  std::map<std::string, std::vector<std::byte>> storages_;
};

// The format before PyTorch 1.6: pickles of a magic number, a protocol, the machine, the object and the list
// of storage keys; then for each key the count of its numbers (64 bits) and the numbers.
class Legacy final : public Store {
 public:
  Legacy(std::span<const std::byte> bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  Value* read_object(Torch& torch, pickle::Arena& arena) {
    const auto plain = [&] {
      return pickle::read(bytes_, position_, pickle::plain_environment(), arena, file_);
    };
    const Value* magic = plain();
    if (magic->kind != Kind::big_integer || magic->text != kMagic)
      fail(ErrorKind::input, "{} is a Python pickle, but none of torch.save()", file_);
    const Value* protocol = plain();
    if (protocol->kind != Kind::integer || protocol->integer != kLegacyProtocol)
      damaged("its protocol is not 1001");
    const Value* machine = plain();
    for (size_t i = 0; i + 1 < machine->items.size(); i += 2) {
      if (machine->items[i]->text == "little_endian" && machine->items[i + 1]->integer == 0)
        fail(ErrorKind::input, "{} was written on a big-endian machine, which is not read", file_);
    }
    Value* object = pickle::read(bytes_, position_, torch, arena, file_);
    const Value* keys = plain();
    if (keys->kind != Kind::list) damaged("the list of its storages is missing");
    std::map<std::string_view, const Storage*> known;
    for (const Storage& s : torch.storages) {
      const Storage* first = known.emplace(s.key, &s).first->second;
      if (first->count != s.count || first->dtype != s.dtype)
        damaged(fmt::format("the storage {} is described in two ways", s.key));
    }
    for (const Value* key : keys->items) {
      const auto found = known.find(key->text);
      if (found == known.end()) damaged(fmt::format("nothing says what the storage {} holds", key->text));
      const Storage& s = *found->second;
      const auto size = static_cast<uint64_t>(s.count * s.number_size());
      uint64_t count = 0;
      if (bytes_.size() - position_ < 8) damaged("it ends inside its numbers");
      for (size_t i = 8; i-- > 0;) count = count << 8 | static_cast<uint8_t>(bytes_[position_ + i]);
      position_ += 8;
      if (count != static_cast<uint64_t>(s.count))
        damaged(fmt::format("the storage {} has {} numbers instead of {}", s.key, count, s.count));
      if (bytes_.size() - position_ < size) damaged("it ends inside its numbers");
      storages_[s.key] = bytes_.subspan(position_, size);
      position_ += size;
    }
    return object;
  }

  std::span<const std::byte> bytes(const Storage& storage) override {
    const auto found = storages_.find(storage.key);
    if (found == storages_.end()) damaged(fmt::format("the storage {} is missing", storage.key));
    return found->second;
  }

 private:
  [[noreturn]] void damaged(std::string_view why) const {
    fail(ErrorKind::input, "{} is damaged: {}", file_, why);
  }

  std::span<const std::byte> bytes_;
  std::string_view file_;
  size_t position_ = 0;
  std::map<std::string, std::span<const std::byte>> storages_;
};

// The tensors of a dict and of those inside it, named as it names them.
TensorMap tensors_of(const Checkpoint& checkpoint, const std::string& dict) {
  if (dict.empty()) return checkpoint.tensors;
  TensorMap tensors;
  const std::string prefix = dict + '.';
  for (auto it = checkpoint.tensors.lower_bound(prefix);
       it != checkpoint.tensors.end() && it->first.starts_with(prefix); ++it) {
    tensors[it->first.substr(prefix.size())] = it->second;
  }
  return tensors;
}

// How likely a dict is the network wanted, by the names on the way to it.
int likelihood(std::string_view path) {
  static const std::set<std::string, std::less<>> generators = {"generator", "gen", "g",     "netg",
                                                                "netg_a",    "g_a", "g_a2b", "netg_a2b"};
  static const std::set<std::string, std::less<>> usual = {
      "state_dict", "model_state_dict", "model", "params", "net", "network", "weights"};
  int best = 0;
  while (!path.empty()) {
    const size_t dot = std::min(path.find('.'), path.size());
    std::string part(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
    std::transform(part.begin(), part.end(), part.begin(), [](unsigned char c) { return std::tolower(c); });
    if (part.find("optim") != std::string::npos || part.find("disc") != std::string::npos || part == "d" ||
        part.starts_with("d_") || part.starts_with("netd"))
      return -1;
    if (part.find("ema") != std::string::npos)
      best = std::max(best, 3);
    else if (generators.contains(part))
      best = std::max(best, 2);
    else if (usual.contains(part))
      best = std::max(best, 1);
  }
  return best;
}

}  // namespace

Checkpoint parse_pth(std::span<const std::byte> bytes, std::string_view file) {
  const auto starts_with = [&](std::string_view text) {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
  };
  Torch torch;
  pickle::Arena arena;
  if (starts_with("PK")) {
    Zip zip(bytes, file);
    const std::vector<std::byte> data = zip.pickle();
    size_t position = 0;
    const Value* root = pickle::read(data, position, torch, arena, file);
    return Collector(torch, zip, memory_budget(bytes.size()), file).collect(*root);
  }
  if (starts_with("\x80")) {
    Legacy legacy(bytes, file);
    const Value* root = legacy.read_object(torch, arena);
    return Collector(torch, legacy, memory_budget(bytes.size()), file).collect(*root);
  }
  fail(ErrorKind::input, "{} is not a PyTorch checkpoint: it is neither a zip file nor a pickle{}", file,
       bytes.empty() ? " (it is empty)" : "");
}

Checkpoint read_pth(const std::filesystem::path& path) {
  return parse_pth(read_file(path, kMaxFile), to_utf8(path));
}

std::string main_dict(const Checkpoint& checkpoint) {
  if (checkpoint.dicts.empty()) fail(ErrorKind::input, "the checkpoint holds no tensors");
  const std::string* best = nullptr;
  std::pair<int, int64_t> best_rank;
  for (const std::string& dict : checkpoint.dicts) {
    std::pair<int, int64_t> rank = {likelihood(dict), 0};
    for (const auto& [name, tensor] : tensors_of(checkpoint, dict)) rank.second += tensor.count();
    if (best && rank <= best_rank) continue;
    best = &dict;
    best_rank = rank;
  }
  return *best;
}

TensorMap state_dict(const Checkpoint& checkpoint) {
  TensorMap tensors = tensors_of(checkpoint, main_dict(checkpoint));
  std::erase_if(tensors, [](const auto& item) { return item.first.ends_with("num_batches_tracked"); });
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view wrapper : {"module.", "_orig_mod."}) {
      const auto wrapped = [&](const auto& item) { return item.first.starts_with(wrapper); };
      if (tensors.empty() || !std::all_of(tensors.begin(), tensors.end(), wrapped)) continue;
      TensorMap bare;
      for (auto& [name, tensor] : tensors) bare[name.substr(wrapper.size())] = std::move(tensor);
      tensors = std::move(bare);
      again = true;
    }
  }
  return tensors;
}

}  // namespace linmo::model
