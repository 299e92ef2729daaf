// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/safetensors.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"

namespace linmo::model {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr size_t kMaxDimensions = 64;
constexpr std::string_view kMetadata = "__metadata__";
constexpr std::string_view kChecksum = "linmo_sha256";

struct Entry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape, offsets;
};

// Reads the header as it is parsed, so that a hostile one never becomes a large tree: an object of objects
// whose values are a string or a list of whole numbers, and nothing deeper.
class HeaderReader final : public json::json_sax_t {
 public:
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
  std::string problem;

  bool start_object(size_t) override {
    if (list_ || depth_ >= 2) return refuse("nests too deeply");
    if (++depth_ == 2) {
      in_metadata_ = key_ == kMetadata;
      if (!in_metadata_) entries.emplace_back().name = key_;
      fields_.clear();
    }
    return true;
  }
  bool end_object() override {
    if (depth_ == 2 && !in_metadata_) {
      // Unknown fields and fields given twice were refused, so three are all of them.
      if (fields_.size() != 3)
        return refuse(fmt::format("gives \"{}\" no dtype, shape or data_offsets", entries.back().name));
    }
    --depth_;
    return true;
  }
  bool key(std::string& text) override {
    if (!(depth_ == 1 ? names_ : fields_).insert(text).second)
      return refuse(fmt::format("has the key \"{}\" twice", text));
    key_ = text;
    return true;
  }
  bool string(std::string& text) override {
    if (depth_ != 2 || list_) return refuse("has a text in a wrong place");
    if (in_metadata_) {
      metadata[key_] = text;
      return true;
    }
    if (key_ != "dtype") return refuse(fmt::format("has the unknown field \"{}\"", key_));
    for (int i = 0; i <= static_cast<int>(DType::boolean); ++i) {
      const auto dtype = static_cast<DType>(i);
      if (text != name(dtype)) continue;
      entries.back().dtype = dtype;
      return true;
    }
    return refuse(fmt::format("gives \"{}\" the type \"{}\", which is not known", entries.back().name, text));
  }
  bool start_array(size_t) override {
    if (depth_ != 2 || list_ || in_metadata_) return refuse("has a list in a wrong place");
    if (key_ == "shape")
      list_ = &entries.back().shape;
    else if (key_ == "data_offsets")
      list_ = &entries.back().offsets;
    else
      return refuse(fmt::format("has the unknown field \"{}\"", key_));
    return true;
  }
  bool end_array() override {
    list_ = nullptr;
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!list_) return refuse("has a number in a wrong place");
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return refuse("has a number too large");
    if (list_->size() >= kMaxDimensions)
      return refuse(fmt::format("has a list longer than {}", kMaxDimensions));
    list_->push_back(static_cast<int64_t>(value));
    return true;
  }
  bool null() override { return refuse("has a null"); }
  bool boolean(bool) override { return refuse("has a boolean"); }
  bool number_integer(number_integer_t) override { return refuse("has a negative number"); }
  bool number_float(number_float_t, const std::string&) override { return refuse("has a fraction"); }
  bool binary(json::binary_t&) override { return refuse("has binary data"); }
  bool parse_error(size_t position, const std::string&, const json::exception&) override {
    return refuse(fmt::format("is not JSON at byte {}", position));
  }

 private:
  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }
  int depth_ = 0;
  bool in_metadata_ = false;
  std::string key_;
  std::vector<int64_t>* list_ = nullptr;
  std::set<std::string> names_, fields_;
};

uint64_t read_u64(std::span<const std::byte, 8> bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[static_cast<size_t>(i)]);
  return value;
}

// `read(offset, destination)` copies a piece of the file.
using ReadAt = std::function<void(uint64_t, std::span<std::byte>)>;

struct Header {
  std::vector<Entry> entries;  // in the order of their bytes, which follow each other without holes
  std::map<std::string, std::string> metadata;
  uint64_t data = 0;  // where the arrays begin
};

Header read_header(uint64_t size, const ReadAt& read, std::string_view file) {
  const auto refuse = [&](const std::string& why) {
    fail(ErrorKind::input, "{} is not a whole safetensors file: {}", file, why);
  };
  std::byte length_bytes[8];
  if (size < 8) refuse("it is shorter than 8 bytes");
  read(0, length_bytes);
  const uint64_t length = read_u64(length_bytes);
  if (length > kMaxHeader)
    refuse(fmt::format("its header claims {} bytes, more than {}", length, kMaxHeader));
  if (length > size - 8) refuse("it ends inside its header");
  std::string text(length, '\0');
  read(8, std::as_writable_bytes(std::span(text)));
  if (!text.starts_with('{')) refuse("its header does not begin with '{'");

  HeaderReader reader;
  if (!json::sax_parse(text, &reader)) refuse("its header " + reader.problem);

  std::vector<Entry>& entries = reader.entries;
  for (const Entry& e : entries) {
    const std::optional<int64_t> bytes = checked_bytes(e.dtype, e.shape);
    const std::vector<int64_t>& offsets = e.offsets;
    if (!bytes || offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] - offsets[0] != *bytes) {
      refuse(fmt::format("\"{}\" of type {} and shape [{}] cannot lie at [{}]", e.name, name(e.dtype),
                         fmt::join(e.shape, ", "), fmt::join(offsets, ", ")));
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.offsets < b.offsets; });
  const uint64_t data = 8 + length;
  uint64_t end = 0;
  for (const Entry& e : entries) {
    if (static_cast<uint64_t>(e.offsets[0]) != end)
      refuse(fmt::format("\"{}\" begins at {} where {} was expected (an overlap or a hole)", e.name,
                         e.offsets[0], end));
    end = static_cast<uint64_t>(e.offsets[1]);
  }
  if (end != size - data)
    refuse(fmt::format("its header describes {} bytes of arrays, but {} follow", end, size - data));
  return {std::move(entries), std::move(reader.metadata), data};
}

Safetensors read_from(uint64_t size, const ReadAt& read, std::string_view file) {
  Header header = read_header(size, read, file);
  Safetensors content;
  content.metadata = std::move(header.metadata);
  const auto expected = content.metadata.extract(std::string(kChecksum));
  Sha256 hash;
  for (const Entry& e : header.entries) {
    Tensor tensor(e.dtype, e.shape);
    read(header.data + static_cast<uint64_t>(e.offsets[0]), tensor.mutable_bytes());
    if (expected) hash.update(tensor.bytes());
    content.tensors.emplace(e.name, std::move(tensor));
  }
  if (expected && hash.finish() != expected.mapped()) {
    fail(ErrorKind::input,
         "{} is damaged: its numbers do not match the checksum that it carries; fetch or make it again",
         file);
  }
  return content;
}

std::string json_text(std::string_view text) {
  try {
    return json(text).dump();
  } catch (const json::exception&) {
    fail(ErrorKind::usage, "a safetensors header holds UTF-8 text only");
  }
}

using Piece = TensorMap::const_pointer;

std::vector<Piece> in_file_order(const TensorMap& tensors) {
  std::vector<Piece> order;
  for (const auto& item : tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(),
                   [](Piece a, Piece b) { return size_of(a->second.dtype()) > size_of(b->second.dtype()); });
  return order;
}

// The header with its length in front, padded so that the arrays begin at a multiple of 16.
std::string format_header(const Safetensors& content, const std::vector<Piece>& order, bool checksum) {
  std::map<std::string, std::string> metadata = content.metadata;
  metadata.erase(std::string(kChecksum));
  if (checksum) {
    Sha256 hash;
    for (const Piece piece : order) hash.update(piece->second.bytes());
    metadata.emplace(kChecksum, hash.finish());
  }
  std::string text = "{";
  if (!metadata.empty()) {
    text += json_text(kMetadata) + ":{";
    for (const auto& [key, value] : metadata) {
      if (!text.ends_with('{')) text += ',';
      text += json_text(key) + ':' + json_text(value);
    }
    text += '}';
  }
  size_t offset = 0;
  for (const Piece piece : order) {
    const auto& [key, tensor] = *piece;
    if (key == kMetadata) fail(ErrorKind::usage, "an array cannot be named {}", kMetadata);
    const size_t size = tensor.bytes().size();
    if (checked_bytes(tensor.dtype(), tensor.shape()) != static_cast<int64_t>(size))
      fail(ErrorKind::usage, "the array {} was never filled", key);
    if (text.size() > 1) text += ',';
    text += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", json_text(key),
                        name(tensor.dtype()), fmt::join(tensor.shape(), ","), offset, offset + size);
    offset += size;
  }
  text += '}';
  text.resize((text.size() + 8 + 15) / 16 * 16 - 8, ' ');
  if (text.size() > kMaxHeader)
    fail(ErrorKind::limit, "a safetensors header may have {} bytes, this one needs {}", kMaxHeader,
         text.size());
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
  return length + text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const Safetensors& content, bool checksum) {
  const std::vector<Piece> order = in_file_order(content.tensors);
  const std::string header = format_header(content, order, checksum);
  AtomicFile file(path);
  file.write(header);
  for (const Piece piece : order) file.write(piece->second.bytes());
  file.commit();
}

std::vector<std::byte> format_safetensors(const Safetensors& content, bool checksum) {
  const std::vector<Piece> order = in_file_order(content.tensors);
  const std::string header = format_header(content, order, checksum);
  std::vector<std::byte> bytes;
  const auto append = [&](std::span<const std::byte> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  };
  append(std::as_bytes(std::span(header)));
  for (const Piece piece : order) append(piece->second.bytes());
  return bytes;
}

namespace {
class File {
 public:
  explicit File(const std::filesystem::path& path) : name_(to_utf8(path)) {
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    if (error) fail(ErrorKind::io, "cannot read {}: {}", name_, error.message());
    stream_.open(path, std::ios::binary);
    if (!stream_) fail_io("read", path);
  }
  uint64_t size() const { return size_; }
  const std::string& name() const { return name_; }
  void operator()(uint64_t offset, std::span<std::byte> out) {
    if (out.empty()) return;
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (!stream_) fail(ErrorKind::io, "cannot read {}: it ended early or the disk failed", name_);
  }

 private:
  std::string name_;
  uint64_t size_ = 0;
  std::ifstream stream_;
};
}  // namespace

Safetensors read_safetensors(const std::filesystem::path& path) {
  File file(path);
  return read_from(file.size(), std::ref(file), file.name());
}

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
  File file(path);
  Header header = read_header(file.size(), std::ref(file), file.name());
  header.metadata.erase(std::string(kChecksum));
  return std::move(header.metadata);
}

Safetensors parse_safetensors(std::span<const std::byte> bytes, std::string_view name) {
  return read_from(
      bytes.size(),
      [&](uint64_t offset, std::span<std::byte> out) {
        if (!out.empty()) std::memcpy(out.data(), bytes.data() + offset, out.size());
      },
      name);
}

}  // namespace linmo::model
