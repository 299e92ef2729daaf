// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/pieces.h"

#include <charconv>
#include <cstring>
#include <system_error>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/safetensors.h"

namespace linmo::video {
namespace {

namespace fs = std::filesystem;
using model::DType;
using model::Safetensors;
using model::Tensor;

Tensor bytes_tensor(const std::string& bytes) {
  Tensor t(DType::u8, {static_cast<int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(t.mutable_bytes().data(), bytes.data(), bytes.size());
  return t;
}

// What a file of ours must hold; its checksum has been compared when it was read.
class Content {
 public:
  explicit Content(const fs::path& file) : file_(file), content_(model::read_safetensors(file)) {}
  std::string text(const std::string& key) const {
    const auto found = content_.metadata.find(key);
    if (found == content_.metadata.end()) damaged();
    return found->second;
  }
  int64_t number(const std::string& key) const {
    const std::string value = text(key);
    int64_t n = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (error != std::errc() || end != value.data() + value.size() || n < 0) damaged();
    return n;
  }
  const Tensor& tensor(const std::string& key, DType type) const {
    const auto found = content_.tensors.find(key);
    if (found == content_.tensors.end() || found->second.dtype() != type) damaged();
    return found->second;
  }
  std::string bytes(const std::string& key) const {
    const auto data = tensor(key, DType::u8).bytes();
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
  [[noreturn]] void damaged() const {
    fail(ErrorKind::input, "{} is damaged; delete its folder to begin again", to_utf8(file_));
  }

 private:
  fs::path file_;
  Safetensors content_;
};

constexpr size_t kColumns = 5;  // pts, dts, duration, key frame or not, bytes

}  // namespace

Pieces::Pieces(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {
  if (fs::exists(folder_ / "state")) {
    try {
      const Content state(folder_ / "state");
      if (state.text("identity") == identity_) {
        count_ = state.number("pieces");
        frames_ = state.number("frames");
        state_ = state.bytes("state");
        for (int64_t i = 0; i < count_; ++i) read(i);  // all whole, or all again
        return;
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::io) throw;
    }
  }
  remove();
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code) fail(ErrorKind::io, "cannot make the folder {}: {}", to_utf8(folder_), code.message());
}

Pieces::~Pieces() {
  if (count_ == 0) remove();
}

fs::path Pieces::file(int64_t index) const {
  return folder_ / fmt::format("{:06}", index);
}

void Pieces::add(const Piece& piece, std::string state) {
  std::vector<int64_t> table;
  std::string data;
  for (const EncodedPacket& p : piece.packets) {
    for (const int64_t n :
         {p.pts, p.dts, p.duration, static_cast<int64_t>(p.key), static_cast<int64_t>(p.bytes.size())})
      table.push_back(n);
    data += p.bytes;
  }
  Tensor packets(DType::i64, {static_cast<int64_t>(piece.packets.size()), static_cast<int64_t>(kColumns)});
  if (!table.empty())
    std::memcpy(packets.mutable_bytes().data(), table.data(), table.size() * sizeof(int64_t));
  Safetensors out;
  out.tensors = {{"packets", packets}, {"data", bytes_tensor(data)}, {"header", bytes_tensor(piece.header)}};
  out.metadata = {{"frames", std::to_string(piece.frames)},
                  {"width", std::to_string(piece.width)},
                  {"height", std::to_string(piece.height)}};
  model::write_safetensors(file(count_), out);
  // Counts from here on.
  Safetensors after;
  after.tensors = {{"state", bytes_tensor(state)}};
  after.metadata = {{"identity", identity_},
                    {"pieces", std::to_string(count_ + 1)},
                    {"frames", std::to_string(frames_ + piece.frames)}};
  model::write_safetensors(folder_ / "state", after);
  ++count_;
  frames_ += piece.frames;
  state_ = std::move(state);
}

Piece Pieces::read(int64_t index) const {
  const Content in(file(index));
  Piece piece;
  piece.frames = in.number("frames");
  piece.width = in.number("width");
  piece.height = in.number("height");
  piece.header = in.bytes("header");
  const Tensor& packets = in.tensor("packets", DType::i64);
  if (packets.shape().size() != 2 || packets.shape()[1] != static_cast<int64_t>(kColumns)) in.damaged();
  std::vector<int64_t> table(static_cast<size_t>(packets.count()));
  if (!table.empty()) std::memcpy(table.data(), packets.bytes().data(), packets.bytes().size());
  const std::string data = in.bytes("data");
  size_t at = 0;
  for (size_t i = 0; i < table.size(); i += kColumns) {
    const auto size = static_cast<size_t>(table[i + 4]);
    if (size > data.size() - at) in.damaged();
    piece.packets.push_back({table[i], table[i + 1], table[i + 2], table[i + 3] != 0, data.substr(at, size)});
    at += size;
  }
  return piece;
}

// Only what is ours, in case the folder is not.
void Pieces::remove() {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = to_utf8(entry.path().filename());
    const bool piece = name.size() == 6 && name.find_first_not_of("0123456789") == std::string::npos;
    const bool killed = name.starts_with(".") && name.ends_with(".part");  // while it was being written
    if (piece || killed || name == "state") fs::remove(entry.path(), ignored);
  }
  fs::remove(folder_, ignored);
  count_ = frames_ = 0;
  state_.clear();
}

}  // namespace linmo::video
