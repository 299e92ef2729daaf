// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/exif.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace linmo {
namespace {

constexpr uint32_t kOrientation = 0x0112, kExif = 0x8769, kGps = 0x8825, kMakerNote = 0x927C;
constexpr uint32_t kInteroperability = 0xA005;  // an offset to one more directory
constexpr uint32_t kThumbnailAt = 0x0201, kThumbnailBytes = 0x0202;
constexpr uint32_t kAscii = 2, kShort = 3;
constexpr uint64_t kMaxEntries = 1000, kMaxBytes = 1u << 20;  // of one directory
// Description, make, model, software, time, artist, copyright.
constexpr std::array<uint32_t, 7> kTexts = {270, 271, 272, 305, 306, 315, 33432};
constexpr std::array<uint32_t, 14> kTypeBytes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

struct Entry {
  uint32_t tag = 0, type = 0;
  uint64_t count = 0;
  std::vector<std::byte> value;  // in its block's byte order
  uint64_t at = 0;               // where the entry and …
  uint64_t value_at = 0;         // … its value lie
};

// Reads little- or big-endian numbers at any offset; nothing past the end.
class Block {
 public:
  explicit Block(std::span<const std::byte> bytes) : bytes_(bytes) {
    const bool ordered = bytes.size() >= 8 && bytes[0] == bytes[1] &&
                         (bytes[0] == std::byte{'M'} || bytes[0] == std::byte{'I'});
    if (!ordered) return;
    big_ = number(2, 2) == 43u && number(4, 2) == 8u && bytes.size() >= 16;
    valid_ = big_ || number(2, 2) == 42u;
  }

  bool valid() const { return valid_; }
  bool big_endian() const { return bytes_[0] == std::byte{'M'}; }
  bool big_tiff() const { return big_; }
  uint64_t size() const { return bytes_.size(); }
  uint64_t first_directory() const { return big_ ? *number(8, 8) : *number(4, 4); }

  std::optional<uint64_t> number(uint64_t offset, size_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < length; ++i) {
      const size_t at = big_endian() ? offset + i : offset + length - 1 - i;
      value = value << 8 | static_cast<uint64_t>(bytes_[at]);
    }
    return value;
  }

  uint64_t entry_bytes() const { return big_ ? 20 : 12; }
  uint64_t count_bytes() const { return big_ ? 8 : 2; }
  // Where the offset of the next directory lies.
  std::optional<uint64_t> link_of(uint64_t directory) const {
    const auto entries = number(directory, count_bytes());
    if (!entries || *entries > kMaxEntries) return std::nullopt;
    return directory + count_bytes() + *entries * entry_bytes();
  }

  // The entries of a directory that are whole.
  std::vector<Entry> entries(uint64_t directory) const {
    std::vector<Entry> list;
    const auto count = number(directory, count_bytes());
    const size_t field = big_ ? 8 : 4;
    uint64_t total = 0;
    for (uint64_t i = 0; count && i < std::min(*count, kMaxEntries); ++i) {
      Entry e;
      e.at = directory + count_bytes() + i * entry_bytes();
      if (!number(e.at, entry_bytes() > 12 ? 20 : 12)) break;
      e.tag = static_cast<uint32_t>(*number(e.at, 2));
      e.type = static_cast<uint32_t>(*number(e.at + 2, 2));
      e.count = *number(e.at + 4, field);
      const uint64_t each = e.type < kTypeBytes.size() ? kTypeBytes[e.type] : 0;
      if (each == 0 || e.count > kMaxBytes / each) continue;
      const uint64_t length = each * e.count;
      e.value_at = e.at + 4 + field;
      if (length > field) e.value_at = *number(e.value_at, field);
      if (e.value_at > bytes_.size() || length > bytes_.size() - e.value_at) continue;
      if ((total += length) > kMaxBytes) break;
      const auto value = bytes_.subspan(e.value_at, length);
      e.value.assign(value.begin(), value.end());
      list.push_back(std::move(e));
    }
    return list;
  }

 private:
  std::span<const std::byte> bytes_;
  bool valid_ = false, big_ = false;
};

const Entry* find(const std::vector<Entry>& entries, uint32_t tag) {
  const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.tag == tag; });
  return at == entries.end() ? nullptr : &*at;
}

// A short or long number, or an offset.
std::optional<uint64_t> number_of(const Block& block, const Entry* entry) {
  if (!entry || entry->count != 1) return std::nullopt;
  return block.number(entry->value_at, entry->value.size());
}

// Where the orientation's 16-bit value lies.
std::optional<uint64_t> orientation_offset(const Block& block) {
  if (!block.valid() || block.big_tiff()) return std::nullopt;
  const uint64_t directory = block.first_directory();
  const auto count = block.number(directory, 2);
  for (uint64_t i = 0; count && i < *count; ++i) {
    const uint64_t at = directory + 2 + i * 12;
    if (!block.number(at, 2)) return std::nullopt;
    if (block.number(at, 2) == kOrientation && block.number(at + 2, 2) == kShort && block.number(at + 8, 2))
      return at + 8;
  }
  return std::nullopt;
}

// Unlinks the second directory, which describes the thumbnail, and takes the bytes of both away.
void drop_thumbnail(std::vector<std::byte>& exif) {
  const Block block(exif);
  if (!block.valid() || block.big_tiff()) return;
  const uint64_t directory = block.first_directory();
  const auto link = block.link_of(directory);
  if (directory < 8 || !link || !block.number(*link, 4)) return;
  const uint64_t second = *block.number(*link, 4), kept = *link + 4;
  std::vector<std::pair<uint64_t, uint64_t>> gone;  // begin, end
  const auto take = [&](uint64_t begin, uint64_t length) {
    if (begin >= kept && begin < exif.size())
      gone.emplace_back(begin, begin + std::min(length, exif.size() - begin));
  };
  if (const auto end = block.link_of(second); second != 0 && end) {
    const std::vector<Entry> entries = block.entries(second);
    const auto at = number_of(block, find(entries, kThumbnailAt));
    const auto length = number_of(block, find(entries, kThumbnailBytes));
    if (at && length) take(*at, *length);
    for (const Entry& e : entries) {
      if (e.value.size() > 4) take(e.value_at, e.value.size());
    }
    take(second, *end + 4 - second);
  }
  std::fill_n(exif.begin() + static_cast<int64_t>(*link), 4, std::byte{0});
  std::sort(gone.begin(), gone.end());
  for (const auto& [begin, end] : gone)
    std::fill(exif.begin() + static_cast<int64_t>(begin), exif.begin() + static_cast<int64_t>(end),
              std::byte{0});
  for (auto last = gone.rbegin(); last != gone.rend() && last->second >= exif.size(); ++last)
    exif.resize(last->first);
}

// Lays directories out one after another, each followed by its values.
class Layouter {
 public:
  Layouter(uint64_t at, bool big_endian, bool big_tiff) : at_(at), big_endian_(big_endian), big_(big_tiff) {}

  // Returns the directory's offset.
  uint64_t add(const std::vector<Entry>& entries) {
    const uint64_t begin = at_ + bytes.size(), field = big_ ? 8 : 4;
    uint64_t value_at = begin + (big_ ? 8 : 2) + entries.size() * (big_ ? 20 : 12) + field;
    std::vector<std::byte> values;
    put(entries.size(), big_ ? 8 : 2);
    for (const Entry& e : entries) {
      put(e.tag, 2);
      put(e.type, 2);
      put(e.count, field);
      if (e.value.size() <= field) {
        bytes.insert(bytes.end(), e.value.begin(), e.value.end());
        bytes.resize(bytes.size() + field - e.value.size());
        continue;
      }
      put(value_at, field);
      values.insert(values.end(), e.value.begin(), e.value.end());
      values.resize(values.size() + e.value.size() % 2);
      value_at += e.value.size() + e.value.size() % 2;
    }
    put(0, field);
    bytes.insert(bytes.end(), values.begin(), values.end());
    return begin;
  }
  void put(uint64_t value, uint64_t length) {
    for (uint64_t i = 0; i < length; ++i)
      bytes.push_back(static_cast<std::byte>(value >> 8 * (big_endian_ ? length - 1 - i : i)));
  }

  std::vector<std::byte> bytes;

 private:
  uint64_t at_;
  bool big_endian_, big_;
};

struct Directories {
  std::vector<Entry> texts, exif, gps;
};

Directories directories_of(const Block& block) {
  Directories found;
  if (!block.valid()) return found;
  const std::vector<Entry> first = block.entries(block.first_directory());
  for (const Entry& e : first) {
    if (e.type == kAscii && std::find(kTexts.begin(), kTexts.end(), e.tag) != kTexts.end())
      found.texts.push_back(e);
  }
  const auto read = [&](uint32_t pointer) {
    const auto at = number_of(block, find(first, pointer));
    std::vector<Entry> entries = at ? block.entries(*at) : std::vector<Entry>{};
    std::erase_if(entries, [](const Entry& e) {
      // Types of BigTIFF's own have no place in an EXIF block, and offsets lose their meaning.
      return e.tag == kMakerNote || e.tag == kInteroperability || e.type == 13;
    });
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.tag < b.tag; });
    return entries;
  };
  found.exif = read(kExif);
  found.gps = read(kGps);
  return found;
}

// To this machine's byte order.
void swap_values(std::vector<Entry>& entries) {
  for (Entry& e : entries) {
    // A rational is two numbers of four bytes.
    const size_t each = e.type == 5 || e.type == 10 ? 4 : kTypeBytes[e.type];
    for (size_t i = 0; i + each <= e.value.size(); i += each)
      std::reverse(e.value.begin() + static_cast<int64_t>(i),
                   e.value.begin() + static_cast<int64_t>(i + each));
  }
}

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
  const Block block(exif);
  const auto offset = orientation_offset(block);
  if (!offset) return 1;
  const uint64_t value = *block.number(*offset, 2);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

std::vector<std::byte> exif_upright(std::span<const std::byte> exif) {
  std::vector<std::byte> upright(exif.begin(), exif.end());
  const Block block(exif);
  if (const auto offset = orientation_offset(block)) {
    upright[*offset] = std::byte{static_cast<unsigned char>(block.big_endian() ? 0 : 1)};
    upright[*offset + 1] = std::byte{static_cast<unsigned char>(block.big_endian() ? 1 : 0)};
  }
  drop_thumbnail(upright);
  return upright;
}

std::vector<std::byte> exif_of_tiff(std::span<const std::byte> file) {
  const Block block(file);
  Directories found = directories_of(block);
  if (found.texts.empty() && found.exif.empty() && found.gps.empty()) return {};
  const bool big_endian = block.big_endian();
  Layouter out(0, big_endian, false);
  out.put(big_endian ? 0x4D4D : 0x4949, 2);
  out.put(42, 2);
  out.put(8, 4);
  // The first directory comes first, and points at the others.
  std::vector<Entry> first = found.texts;
  const auto pointer = [&](uint32_t tag, uint64_t value) {
    Layouter number(0, big_endian, false);
    number.put(value, 4);
    return Entry{tag, 4, 1, number.bytes, 0, 0};
  };
  if (!found.exif.empty()) first.push_back(pointer(kExif, 0));
  if (!found.gps.empty()) first.push_back(pointer(kGps, 0));
  std::stable_sort(first.begin(), first.end(), [](const Entry& a, const Entry& b) { return a.tag < b.tag; });
  Layouter trial(8, big_endian, false);
  trial.add(first);
  uint64_t next = 8 + trial.bytes.size();
  for (const uint32_t tag : {kExif, kGps}) {
    for (Entry& e : first) {
      if (e.tag != tag) continue;
      e = pointer(tag, next);
      Layouter size(0, big_endian, false);
      size.add(tag == kExif ? found.exif : found.gps);
      next += size.bytes.size();
    }
  }
  out.add(first);
  if (!found.exif.empty()) out.add(found.exif);
  if (!found.gps.empty()) out.add(found.gps);
  return out.bytes;
}

ExifForTiff exif_for_tiff(std::span<const std::byte> exif, uint64_t at, bool big_tiff) {
  const Block block(exif);
  Directories found = directories_of(block);
  ExifForTiff result;
  if (!block.valid()) return result;
  for (const Entry& e : found.texts) {
    std::string text(reinterpret_cast<const char*>(e.value.data()), e.value.size());
    text.resize(std::min(text.size(), text.find('\0')));
    if (!text.empty()) result.texts.emplace_back(e.tag, std::move(text));
  }
  constexpr bool kBigEndian = std::endian::native == std::endian::big;
  if (block.big_endian() != kBigEndian) {
    swap_values(found.exif);
    swap_values(found.gps);
  }
  Layouter out(at, kBigEndian, big_tiff);
  if (!found.exif.empty()) result.exif_at = out.add(found.exif);
  if (!found.gps.empty()) result.gps_at = out.add(found.gps);
  result.bytes = std::move(out.bytes);
  return result;
}

}  // namespace linmo
