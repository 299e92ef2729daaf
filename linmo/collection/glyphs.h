// SPDX-License-Identifier: Apache-2.0
// Characters of fonts as pictures: the same character in two hands is a paired set with ground truth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/core/events.h"
#include "linmo/core/settings.h"
#include "linmo/image/image.h"

namespace linmo {

// A face of a font file, through FreeType. Not for use from several threads at once.
class Font {
 public:
  // "fonts/ukai.ttc" or, for a face of a collection other than the first, "fonts/ukai.ttc:2". Throws
  // ErrorKind::input for what is no scalable font, ErrorKind::usage for a face that is not there.
  explicit Font(const std::string& path_and_face);
  ~Font();
  Font(Font&&) noexcept;

  const std::string& name() const { return name_; }  // the file's name without extension, "-2" for face 2
  std::set<char32_t> characters() const;             // all that the font maps to a glyph

  // The smallest box around the ink, in shares of the em square, y upwards from the baseline. Empty (right ≤
  // left) for a character that the font lacks or draws blank.
  struct Box {
    double left = 0, bottom = 0, right = 0, top = 0;
    bool empty() const { return right <= left || top <= bottom; }
  };
  Box ink(char32_t character) const;

  // Where a font's characters lie in a square picture; the same for all of them, so that a small mark stays
  // small and a low one low.
  struct Placement {
    double em = 0;               // px an em
    double x = 0, baseline = 0;  // px from the left and from the top to the glyph's origin
  };
  // The mean ink box of `characters` (of those that are not blank) is brought to the middle of the picture,
  // and the mean of its longer side to size × (1 − 2 margin): fonts whose hands fill their em squares
  // differently come out equally large and centred. Throws ErrorKind::input when all are blank.
  Placement place(const std::vector<char32_t>& characters, int64_t size, double margin) const;

  // Black on white, antialiased (256 levels of coverage, no hinting), size × size, RGB. What passes the edge
  // is cut off; `cut` (may be null) says whether something was.
  Image render(char32_t character, int64_t size, const Placement& placement, bool* cut = nullptr) const;

 private:
  struct Face;
  std::unique_ptr<Face> face_;
  std::string name_;
};

// "山水画" (each once, in code-point order, white space and control characters left out), or ranges as in
// "U+4E00-9FFF,U+3042". Throws ErrorKind::usage for a bad range, ErrorKind::input for text that is not UTF-8.
std::vector<char32_t> parse_characters(std::string_view text);

// "U+5C71_山.png"; only the number for what file systems or shells might mistake.
std::string glyph_file_name(char32_t character);

struct GlyphSettings {
  int64_t size = 128;
  double margin = 0.1;
  int64_t limit = 0;
  int64_t split = 0;
  int64_t seed = 1;

  void visit(FieldVisitor& v) {
    v.field({"size", "side of the pictures", "px", 8, 2048}, size);
    v.field({"margin", "white on each side of an average character, as a share of the side", "", 0, 0.4},
            margin);
    v.field({"limit", "at most so many characters, chosen by the seed; 0: all", "", 0, 1e7}, limit);
    v.field({"split", "put so many characters, chosen by the seed, into <font>_test", "", 0, 1e7}, split);
    v.field({"seed", "chooses the characters of limit and split", "", 0, 9e18}, seed);
  }
};

struct GlyphReport {
  std::vector<std::string> folders;  // one a font (and its _test)
  int64_t characters = 0;            // rendered, in each font
  int64_t test_characters = 0;       // of these
  int64_t lacking = 0;               // asked for, but not in every font
  int64_t blank = 0;                 // drawn blank by a font
  std::vector<int64_t> cut;          // for each font: characters that passed the edge
};

// Renders the characters that all fonts have into <output>/<font name>/ (with one font and no split:
// <output>/), equal names for equal characters. `wanted` empty: all that the fonts share. `common_with` (may
// be empty) names fonts that must have the characters too but are not rendered. Stops with
// ErrorKind::cancelled on request (whole files stay). Throws ErrorKind::input when nothing is left to render.
GlyphReport render_glyphs(const std::vector<std::string>& fonts, const std::vector<std::string>& common_with,
                          const std::vector<char32_t>& wanted, const std::filesystem::path& output,
                          const GlyphSettings& settings, EventSink& sink);

}  // namespace linmo
