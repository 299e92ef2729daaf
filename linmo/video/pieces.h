// SPDX-License-Identifier: Apache-2.0
// A video being made, in pieces on disk, so that hours of work outlast Ctrl-C and a power cut.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace linmo::video {

// Encoded pictures of some frames, the first of which needs none before it.
struct EncodedPacket {
  int64_t pts = 0, dts = 0, duration = 0;  // in the encoder's time base
  bool key = false;
  std::string bytes;
};
struct Piece {
  int64_t frames = 0, width = 0, height = 0;
  std::string header;  // the codec's own
  std::vector<EncodedPacket> packets;
};

// The folder beside the result in which it grows: one file a piece, and one that says how far the work is.
// All are safetensors with a checksum, whole or not there; a piece counts only when the state after it was
// written too.
class Pieces {
 public:
  // `identity`: text of everything that decides the result. What another identity left there is thrown away.
  // Throws ErrorKind::io.
  Pieces(std::filesystem::path folder, std::string identity);
  ~Pieces();  // leaves no empty folder
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  int64_t count() const { return count_; }
  int64_t frames() const { return frames_; }           // in all of them
  const std::string& state() const { return state_; }  // what add() was told last; empty at the beginning
  void add(const Piece& piece, std::string state);
  Piece read(int64_t index) const;  // throws ErrorKind::input when the file is damaged
  void remove();                    // the folder, once the result is there

 private:
  std::filesystem::path file(int64_t index) const;
  std::filesystem::path folder_;
  std::string identity_, state_;
  int64_t count_ = 0, frames_ = 0;
};

}  // namespace linmo::video
