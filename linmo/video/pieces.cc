// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/pieces.h"

#include <cstring>
#include <span>
#include <system_error>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"

namespace linmo::video {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostBytes = uint64_t{4} << 30;

// Numbers and texts one after another; the last text is the SHA-256 of all before it.
class Writer {
 public:
  void number(int64_t value) {
    char bytes[8];
    std::memcpy(bytes, &value, 8);
    out_.append(bytes, 8);
  }
  void text(const std::string& value) {
    number(static_cast<int64_t>(value.size()));
    out_ += value;
  }
  std::string finish() {
    text(sha256(std::as_bytes(std::span(out_))));
    return std::move(out_);
  }

 private:
  std::string out_;
};

class Reader {
 public:
  Reader(std::string bytes, const fs::path& file) : bytes_(std::move(bytes)), file_(file) {
    constexpr size_t kHash = 64;  // in hexadecimal digits
    if (bytes_.size() < kHash + 8) damaged();
    const size_t end = bytes_.size() - kHash - 8;
    if (sha256(std::as_bytes(std::span(bytes_).first(end))) != bytes_.substr(end + 8)) damaged();
    bytes_.resize(end);
  }
  int64_t number() {
    if (bytes_.size() - at_ < 8) damaged();
    int64_t value = 0;
    std::memcpy(&value, bytes_.data() + at_, 8);
    at_ += 8;
    return value;
  }
  std::string text() {
    const int64_t size = number();
    if (size < 0 || static_cast<uint64_t>(size) > bytes_.size() - at_) damaged();
    at_ += static_cast<size_t>(size);
    return bytes_.substr(at_ - static_cast<size_t>(size), static_cast<size_t>(size));
  }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  [[noreturn]] void damaged() const {
    fail(ErrorKind::input, "{} is damaged; delete its folder to begin again", to_utf8(file_));
  }
  std::string bytes_;
  fs::path file_;
  size_t at_ = 0;
};

}  // namespace

Pieces::Pieces(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {
  const fs::path state = folder_ / "state";
  if (fs::exists(state)) {
    try {
      Reader in(read_text(state, kMostBytes), state);
      if (in.text() == identity_) {
        count_ = in.number();
        frames_ = in.number();
        state_ = in.text();
        for (int64_t i = 0; i < count_; ++i) read(i);  // all whole, or all again
        return;
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input) throw;
    }
  }
  remove();
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code) fail(ErrorKind::io, "cannot make the folder {}: {}", to_utf8(folder_), code.message());
  state_.clear();
}

Pieces::~Pieces() {
  if (count_ == 0) remove();
}

fs::path Pieces::file(int64_t index) const {
  return folder_ / fmt::format("{:06}", index);
}

void Pieces::add(const Piece& piece, std::string state) {
  Writer out;
  for (const int64_t n : {piece.frames, piece.width, piece.height}) out.number(n);
  out.text(piece.header);
  for (const EncodedPacket& p : piece.packets) {
    for (const int64_t n : {p.pts, p.dts, p.duration, static_cast<int64_t>(p.key)}) out.number(n);
    out.text(p.bytes);
  }
  write_file(file(count_), out.finish());
  Writer after;
  after.text(identity_);
  after.number(count_ + 1);
  after.number(frames_ + piece.frames);
  after.text(state);
  write_file(folder_ / "state", after.finish());
  ++count_;
  frames_ += piece.frames;
  state_ = std::move(state);
}

Piece Pieces::read(int64_t index) const {
  Reader in(read_text(file(index), kMostBytes), file(index));
  Piece piece;
  piece.frames = in.number();
  piece.width = in.number();
  piece.height = in.number();
  piece.header = in.text();
  while (!in.at_end()) {
    EncodedPacket p;
    p.pts = in.number();
    p.dts = in.number();
    p.duration = in.number();
    p.key = in.number() != 0;
    p.bytes = in.text();
    piece.packets.push_back(std::move(p));
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
}

}  // namespace linmo::video
