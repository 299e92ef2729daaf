// SPDX-License-Identifier: Apache-2.0
// Fonts come with the packages of ./run demo; where they are missing, only what needs no font is tested.
#include "linmo/collection/glyphs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linmo/collection/manifest.h"
#include "linmo/collection/test_pictures.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

constexpr const char* kPrint = "/usr/share/fonts/truetype/arphic/ukai.ttc";
constexpr const char* kBrush = "/usr/share/fonts/truetype/kouzan-mouhitsu/kouzan-mouhitsu.ttf";

class FontTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kPrint) || !fs::exists(kBrush))
      GTEST_SKIP() << "fonts-arphic-ukai, fonts-kouzan-mouhitsu";
  }
};

TEST(Glyphs, ReadsCharacters) {
  EXPECT_EQ(parse_characters("水山 水\n"), (std::vector<char32_t>{U'山', U'水'}));
  EXPECT_EQ(parse_characters("U+5C71-5C73,U+20000"),
            (std::vector<char32_t>{0x5C71, 0x5C72, 0x5C73, 0x20000}));
  EXPECT_EQ(parse_characters("aé𠀀"), (std::vector<char32_t>{'a', 0xE9, 0x20000}));
  for (const char* bad : {"U+XY", "U+5-3", "U+110000", "\x80"})
    EXPECT_THROW(parse_characters(bad), Error) << bad;
}

TEST(Glyphs, NamesFiles) {
  EXPECT_EQ(glyph_file_name(U'山'), "U+5C71_山.png");
  EXPECT_EQ(glyph_file_name(U'𠀀'), "U+20000_𠀀.png");
  EXPECT_EQ(glyph_file_name(U'/'), "U+002F.png");
  EXPECT_EQ(glyph_file_name(U'a'), "U+0061_a.png");
}

TEST(Glyphs, RefusesWhatIsNoFont) {
  const TestFolder folder("no_font_test");
  write_file(folder / "x.ttf", "not a font");
  EXPECT_THROW(Font(to_utf8(folder / "x.ttf")), Error);
  EXPECT_THROW(Font(to_utf8(folder / "none.ttf")), Error);
}

// Where the ink lies: box of pixels darker than half.
struct Ink {
  int64_t left = 1 << 20, top = 1 << 20, right = -1, bottom = -1, total = 0;
};
Ink ink_of(const Image& image) {
  Ink ink;
  for (int64_t y = 0; y < image.height(); ++y) {
    for (int64_t x = 0; x < image.width(); ++x) {
      const int v = image.row<uint8_t>(y)[static_cast<size_t>(3 * x)];
      ink.total += 255 - v;
      if (v > 127) continue;
      ink.left = std::min(ink.left, x);
      ink.right = std::max(ink.right, x);
      ink.top = std::min(ink.top, y);
      ink.bottom = std::max(ink.bottom, y);
    }
  }
  return ink;
}

TEST_F(FontTest, FacesOfACollection) {
  EXPECT_EQ(Font(kPrint).name(), "ukai");
  EXPECT_EQ(Font(std::string(kPrint) + ":2").name(), "ukai-2");
  EXPECT_THROW(Font(std::string(kPrint) + ":99"), Error);
  EXPECT_TRUE(Font(kPrint).characters().contains(U'山'));
  EXPECT_TRUE(Font(kPrint).ink(0x10FFFE).empty());
  EXPECT_TRUE(Font(kPrint).ink(U' ').empty());
}

TEST_F(FontTest, BringsFontsToOneSizeAndPlace) {
  const std::vector<char32_t> characters = parse_characters("U+5C71-5D71");
  constexpr int64_t kSize = 128;
  for (const char* file : {kPrint, kBrush}) {
    const Font font(file);
    std::vector<char32_t> drawn;
    for (const char32_t c : characters) {
      if (!font.ink(c).empty()) drawn.push_back(c);
    }
    ASSERT_GT(drawn.size(), 100u) << file;
    const Font::Placement placement = font.place(drawn, kSize, 0.1);
    double x = 0, y = 0, extent = 0;
    for (const char32_t c : drawn) {
      bool cut = true;
      const Ink ink = ink_of(font.render(c, kSize, placement, &cut));
      EXPECT_FALSE(cut) << glyph_file_name(c);
      x += static_cast<double>(ink.left + ink.right + 1) / 2;
      y += static_cast<double>(ink.top + ink.bottom + 1) / 2;
      extent += static_cast<double>(std::max(ink.right - ink.left, ink.bottom - ink.top) + 1);
    }
    const auto n = static_cast<double>(drawn.size());
    EXPECT_NEAR(x / n, kSize / 2.0, 1) << file;
    EXPECT_NEAR(y / n, kSize / 2.0, 1) << file;
    EXPECT_NEAR(extent / n, kSize * 0.8, 1.5) << file;
  }
}

TEST_F(FontTest, DrawsBlackOnWhiteAntialiased) {
  const Font font(kPrint);
  const Font::Placement big = font.place({U'山', U'水', U'雪'}, 128, 0.1);
  const Font::Placement small = font.place({U'山', U'水', U'雪'}, 64, 0.1);
  const Image a = font.render(U'雪', 128, big), b = font.render(U'雪', 64, small);
  // Coverage: the ink of the half-size picture is a quarter.
  EXPECT_NEAR(static_cast<double>(ink_of(a).total) / static_cast<double>(ink_of(b).total), 4, 0.05);
  std::set<uint8_t> levels;
  for (size_t i = 0; i < a.samples<uint8_t>().size(); i += 3) {
    levels.insert(a.samples<uint8_t>()[i]);
    ASSERT_EQ(a.samples<uint8_t>()[i], a.samples<uint8_t>()[i + 1]);
    ASSERT_EQ(a.samples<uint8_t>()[i], a.samples<uint8_t>()[i + 2]);
  }
  EXPECT_TRUE(levels.contains(0) && levels.contains(255));
  EXPECT_GT(levels.size(), 30u);
  // Enlarged past the edge, it is cut off and says so.
  Font::Placement huge = big;
  huge.em *= 2;
  bool cut = false;
  font.render(U'雪', 128, huge, &cut);
  EXPECT_TRUE(cut);
}

TEST_F(FontTest, RendersEqualNamesForAllFonts) {
  const TestFolder folder("glyphs_test");
  GlyphSettings settings;
  settings.size = 32;
  settings.split = 3;
  settings.limit = 12;
  const auto wanted = parse_characters("U+4E00-4E40,U+10FFF0");
  const GlyphReport report =
      render_glyphs({kPrint, kBrush}, {}, wanted, folder.path(), settings, null_sink());
  EXPECT_EQ(report.characters, 12);
  EXPECT_GE(report.lacking, 1);
  const auto names = [&](const char* sub) {
    std::set<std::string> out;
    for (const fs::path& p : list_files(folder / sub)) out.insert(to_utf8(p.filename()));
    return out;
  };
  EXPECT_EQ(names("ukai").size(), 9u);
  EXPECT_EQ(names("ukai_test").size(), 3u);
  EXPECT_EQ(names("ukai"), names("kouzan-mouhitsu"));
  EXPECT_EQ(names("ukai_test"), names("kouzan-mouhitsu_test"));
  for (const std::string& name : names("ukai_test")) EXPECT_FALSE(names("ukai").contains(name));
  const Image one = read_image(list_files(folder / "ukai").front());
  EXPECT_EQ(one.width(), 32);
  EXPECT_EQ(one.channels(), 3);
  // The same seed chooses the same characters.
  const TestFolder again("glyphs_again_test");
  render_glyphs({kPrint}, {kBrush}, wanted, again.path(), {32, 0.1, 12, 3, 1}, null_sink());
  for (const std::string& name : names("ukai")) {
    EXPECT_EQ(read_file(again / "ukai" / from_utf8(name)), read_file(folder / "ukai" / from_utf8(name)));
  }
  EXPECT_THROW(render_glyphs({kPrint}, {}, {0x10FFF0}, folder.path(), settings, null_sink()), Error);
}

}  // namespace
}  // namespace linmo
