// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/glyphs.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "linmo/collection/csv.h"
#include "linmo/collection/manifest.h"
#include "linmo/collection/place.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/image/codec.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kMaxFontBytes = 1ULL << 28;
constexpr size_t kPlacementSample = 500;  // characters are enough for a mean
constexpr FT_Int32 kLoad = FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP | FT_LOAD_IGNORE_TRANSFORM;

int face_number(const std::string& text, std::string& path) {
  path = text;
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || fs::exists(from_utf8(text))) return 0;
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, number);
  if (error != std::errc() || stop != end || number < 0) return 0;
  path = text.substr(0, colon);
  return number;
}

bool is_blank_character(char32_t c) {
  return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x3000 || c == 0xFEFF ||
         (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) || (c >= 0xD800 && c <= 0xDFFF);
}

std::string encode_utf8(char32_t c) {
  std::string out;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return out;
}

// `text` is well-formed UTF-8.
std::vector<char32_t> decode_utf8(std::string_view text) {
  std::vector<char32_t> out;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0x7F >> length);
    for (size_t k = 1; k < length; ++k) c = c << 6 | (static_cast<uint8_t>(text[i + k]) & 0x3F);
    out.push_back(c);
    i += length;
  }
  return out;
}

char32_t parse_code_point(std::string_view text, std::string_view whole) {
  if (text.starts_with("U+")) text.remove_prefix(2);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || value > 0x10FFFF)
    fail(ErrorKind::usage, "\"{}\" is no range of characters; write it as in U+4E00-9FFF", whole);
  return value;
}

}  // namespace

struct Font::Face {
  std::vector<std::byte> bytes;  // FreeType reads from it as long as the face lives
  FT_Library library = nullptr;
  FT_Face face = nullptr;
  ~Face() {
    if (face) FT_Done_Face(face);
    if (library) FT_Done_FreeType(library);
  }
  // Loads the outline in font units; false for characters that the font lacks or cannot draw.
  bool load(char32_t character) const {
    const FT_UInt index = FT_Get_Char_Index(face, character);
    return index != 0 && FT_Load_Glyph(face, index, kLoad | FT_LOAD_NO_SCALE) == 0 &&
           face->glyph->format == FT_GLYPH_FORMAT_OUTLINE;
  }
};

Font::Font(const std::string& path_and_face) : face_(std::make_unique<Face>()) {
  std::string path;
  const int number = face_number(path_and_face, path);
  face_->bytes = read_file(from_utf8(path), kMaxFontBytes);
  if (FT_Init_FreeType(&face_->library) != 0) fail(ErrorKind::io, "FreeType could not be started");
  const auto* data = reinterpret_cast<const FT_Byte*>(face_->bytes.data());
  const auto size = static_cast<FT_Long>(face_->bytes.size());
  if (FT_New_Memory_Face(face_->library, data, size, number, &face_->face) != 0) {
    face_->face = nullptr;
    if (number > 0 && FT_New_Memory_Face(face_->library, data, size, 0, &face_->face) == 0)
      fail(ErrorKind::usage, "{} has faces 0 … {}, not {}", path, face_->face->num_faces - 1, number);
    fail(ErrorKind::input, "{} is not a font that can be read", path);
  }
  FT_Face face = face_->face;
  if (!FT_IS_SCALABLE(face) || face->units_per_EM == 0)
    fail(ErrorKind::input, "{} holds bitmaps only; a scalable (outline) font is needed", path);
  if (FT_Select_Charmap(face, FT_ENCODING_UNICODE) != 0)
    fail(ErrorKind::input, "{} does not map Unicode characters to its glyphs", path);
  name_ = to_valid_utf8(to_utf8(from_utf8(path).stem()));
  if (number > 0) name_ += fmt::format("-{}", number);
}

Font::~Font() = default;
Font::Font(Font&&) noexcept = default;

std::set<char32_t> Font::characters() const {
  std::set<char32_t> out;
  FT_UInt index = 0;
  FT_ULong character = FT_Get_First_Char(face_->face, &index);
  while (index != 0) {
    if (character <= 0x10FFFF) out.insert(static_cast<char32_t>(character));
    character = FT_Get_Next_Char(face_->face, character, &index);
  }
  return out;
}

Font::Box Font::ink(char32_t character) const {
  if (!face_->load(character)) return {};
  FT_BBox box;
  FT_Outline_Get_CBox(&face_->face->glyph->outline, &box);
  if (face_->face->glyph->outline.n_points == 0) return {};
  const double em = face_->face->units_per_EM;
  return {static_cast<double>(box.xMin) / em, static_cast<double>(box.yMin) / em,
          static_cast<double>(box.xMax) / em, static_cast<double>(box.yMax) / em};
}

Font::Placement Font::place(const std::vector<char32_t>& characters, int64_t size, double margin) const {
  const size_t step = std::max<size_t>(1, characters.size() / kPlacementSample);
  double x = 0, y = 0, extent = 0;
  int64_t count = 0;
  for (size_t i = 0; i < characters.size(); i += step) {
    const Box box = ink(characters[i]);
    if (box.empty()) continue;
    x += (box.left + box.right) / 2;
    y += (box.bottom + box.top) / 2;
    extent += std::max(box.right - box.left, box.top - box.bottom);
    ++count;
  }
  if (count == 0) fail(ErrorKind::input, "the font {} draws all of the characters blank", name_);
  const auto n = static_cast<double>(count);
  const auto side = static_cast<double>(size);
  Placement p;
  p.em = side * (1 - 2 * margin) / (extent / n);
  p.x = side / 2 - x / n * p.em;
  p.baseline = side / 2 + y / n * p.em;
  return p;
}

Image Font::render(char32_t character, int64_t size, const Placement& placement, bool* cut) const {
  Image image(size, size, 3);
  std::ranges::fill(image.samples<uint8_t>(), uint8_t{255});
  if (cut) *cut = false;
  if (!face_->load(character)) return image;
  FT_Outline& outline = face_->face->glyph->outline;
  // Font units → 26.6 pixels, y upwards from the bottom of the picture, in one step: no rounding to whole
  // pixels.
  const double scale = placement.em / face_->face->units_per_EM * 64;
  const double dx = placement.x * 64, dy = (static_cast<double>(size) - placement.baseline) * 64;
  constexpr double kFar = 1 << 24;  // keeps hostile coordinates within FreeType's arithmetic
  for (short i = 0; i < outline.n_points; ++i) {
    FT_Vector& point = outline.points[i];
    point.x = std::lround(std::clamp(static_cast<double>(point.x) * scale + dx, -kFar, kFar));
    point.y = std::lround(std::clamp(static_cast<double>(point.y) * scale + dy, -kFar, kFar));
  }
  if (cut) {
    FT_BBox box;
    FT_Outline_Get_CBox(&outline, &box);
    *cut = box.xMin < 0 || box.yMin < 0 || box.xMax > size * 64 || box.yMax > size * 64;
  }
  std::vector<uint8_t> coverage(static_cast<size_t>(size * size), 0);
  FT_Bitmap bitmap = {};
  bitmap.rows = bitmap.width = static_cast<unsigned>(size);
  bitmap.pitch = static_cast<int>(size);
  bitmap.buffer = coverage.data();
  bitmap.num_grays = 256;
  bitmap.pixel_mode = FT_PIXEL_MODE_GRAY;
  if (FT_Outline_Get_Bitmap(face_->library, &outline, &bitmap) != 0) return image;
  const auto samples = image.samples<uint8_t>();
  for (size_t i = 0; i < coverage.size(); ++i) {
    const auto value = static_cast<uint8_t>(255 - coverage[i]);
    samples[3 * i] = samples[3 * i + 1] = samples[3 * i + 2] = value;
  }
  return image;
}

std::vector<char32_t> parse_characters(std::string_view text) {
  if (!is_utf8(text)) fail(ErrorKind::input, "the characters are not given as UTF-8 text");
  std::set<char32_t> out;
  if (text.starts_with("U+")) {
    for (std::string_view rest = text; !rest.empty();) {
      const size_t comma = rest.find(',');
      const std::string_view range = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      const size_t dash = range.find('-');
      const char32_t first = parse_code_point(range.substr(0, dash), range);
      const char32_t last =
          dash == std::string_view::npos ? first : parse_code_point(range.substr(dash + 1), range);
      if (last < first) fail(ErrorKind::usage, "the range {} runs backwards", range);
      for (char32_t c = first; c <= last; ++c) out.insert(c);
    }
  } else {
    for (const char32_t c : decode_utf8(text)) out.insert(c);
  }
  std::erase_if(out, is_blank_character);
  return {out.begin(), out.end()};
}

std::string glyph_file_name(char32_t c) {
  const bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  // From the CJK radicals on; private use, variation selectors and specials have no agreed picture.
  const bool east_asian =
      (c >= 0x2E80 && c < 0xD800) || (c >= 0xF900 && c < 0xFE00) || (c >= 0x20000 && c < 0x40000);
  return letter || east_asian ? fmt::format("U+{:04X}_{}.png", static_cast<uint32_t>(c), encode_utf8(c))
                              : fmt::format("U+{:04X}.png", static_cast<uint32_t>(c));
}

namespace {

// The characters to render, in an order that the seed chooses.
std::vector<char32_t> choose(const std::vector<Font>& fonts, const std::vector<Font>& others,
                             const std::vector<char32_t>& wanted, const GlyphSettings& settings,
                             GlyphReport& report) {
  std::vector<std::set<char32_t>> sets;
  for (const std::vector<Font>* list : {&fonts, &others}) {
    for (const Font& font : *list) sets.push_back(font.characters());
  }
  std::vector<char32_t> asked = wanted;
  if (asked.empty()) asked.assign(sets.front().begin(), sets.front().end());
  std::erase_if(asked, is_blank_character);
  std::vector<char32_t> chosen;
  for (const char32_t c : asked) {
    if (!std::ranges::all_of(sets, [&](const auto& set) { return set.contains(c); })) {
      ++report.lacking;
    } else if (!std::ranges::all_of(fonts, [&](const Font& font) { return !font.ink(c).empty(); })) {
      ++report.blank;
    } else {
      chosen.push_back(c);
    }
  }
  Random random(static_cast<uint64_t>(settings.seed));
  random.shuffle(std::span(chosen));
  if (settings.limit > 0 && settings.limit < static_cast<int64_t>(chosen.size()))
    chosen.resize(static_cast<size_t>(settings.limit));
  return chosen;
}

}  // namespace

GlyphReport render_glyphs(const std::vector<std::string>& font_files,
                          const std::vector<std::string>& common_with, const std::vector<char32_t>& wanted,
                          const fs::path& output, const GlyphSettings& settings, EventSink& sink) {
  if (font_files.empty()) fail(ErrorKind::usage, "no font to render");
  std::vector<Font> fonts, others;
  for (const std::string& file : font_files) fonts.emplace_back(file);
  for (const std::string& file : common_with) others.emplace_back(file);
  GlyphReport report;
  const std::vector<char32_t> chosen = choose(fonts, others, wanted, settings, report);
  if (chosen.empty()) {
    fail(ErrorKind::input, "no character to render: {} are not in every font, {} are blank", report.lacking,
         report.blank);
  }
  if (settings.split >= static_cast<int64_t>(chosen.size()))
    fail(ErrorKind::usage, "a test split of {} leaves nothing of {} characters", settings.split,
         chosen.size());
  const size_t train = chosen.size() - static_cast<size_t>(settings.split);
  report.characters = static_cast<int64_t>(chosen.size());
  report.test_characters = settings.split;
  // Equal for every seed and limit that gives the same characters: the mean is taken over sorted ones.
  std::vector<char32_t> sorted = chosen;
  std::sort(sorted.begin(), sorted.end());

  std::set<std::string> names;
  double done = 0;
  for (const Font& font : fonts) {
    std::string name = font.name();
    for (int n = 2; !names.insert(name).second; ++n) name = fmt::format("{}-{}", font.name(), n);
    const bool flat = fonts.size() == 1 && settings.split == 0;
    const fs::path train_folder = flat ? output : output / from_utf8(name);
    const fs::path test_folder = output / from_utf8(name + "_test");
    for (const fs::path& folder : {train_folder, test_folder}) {
      if (folder == test_folder && settings.split == 0) continue;
      make_folder(folder);
      report.folders.push_back(to_utf8(folder));
    }
    const Font::Placement placement = font.place(sorted, settings.size, settings.margin);
    int64_t cut_count = 0;
    for (size_t i = 0; i < chosen.size(); ++i) {
      sink.check("rendering characters");
      bool cut = false;
      const Image image = font.render(chosen[i], settings.size, placement, &cut);
      cut_count += cut;
      const fs::path& folder = i < train ? train_folder : test_folder;
      place_bytes(folder / from_utf8(glyph_file_name(chosen[i])), encode_image(image, ImageFormat::png));
      done += 1;
      sink.progress("rendering " + name, done, static_cast<double>(chosen.size() * fonts.size()));
    }
    report.cut.push_back(cut_count);
  }
  return report;
}

}  // namespace linmo
