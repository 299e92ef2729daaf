// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/dates.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "linmo/culture/eras.h"

namespace linmo::culture {
namespace {

constexpr size_t kLongestDate = 300;
constexpr int kCirca = 5, kFirstYear = -20000, kLastYear = 2200;

enum class Kind { number, word, dash, other };

struct Token {
  Kind kind;
  std::string text;  // word: lower case without accents; CJK: one character
  int value = 0, digits = 0;
  bool spaced = false;  // a space stands before it
};

// ---- from text to tokens
// -----------------------------------------------------------------------------------

std::vector<char32_t> decode(std::string_view text) {
  std::vector<char32_t> out;
  for (size_t i = 0; i < text.size() && out.size() < kLongestDate;) {
    const auto c = static_cast<unsigned char>(text[i]);
    const int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    char32_t point = more == 3 ? c & 7u : more == 2 ? c & 15u : more == 1 ? c & 31u : c;
    size_t k = 1;
    for (; k <= static_cast<size_t>(more) && i + k < text.size(); ++k)
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 63u);
    i += k;
    out.push_back(point);
  }
  return out;
}

// Lower case, no accents (the Latin letters that romanised names use), ASCII digits and dashes.
char32_t plain(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c - U'A' + U'a';
  if (c >= U'０' && c <= U'９') return c - U'０' + U'0';
  switch (c) {
    case U'ā':
    case U'á':
    case U'à':
    case U'â':
    case U'ä':
    case U'Ā':
      return U'a';
    case U'ē':
    case U'é':
    case U'è':
    case U'ê':
    case U'Ē':
    case U'É':
      return U'e';
    case U'ī':
    case U'í':
    case U'ì':
    case U'Ī':
      return U'i';
    case U'ō':
    case U'ó':
    case U'ò':
    case U'ô':
    case U'ö':
    case U'ŏ':
    case U'Ō':
    case U'Ŏ':
      return U'o';
    case U'ū':
    case U'ú':
    case U'ù':
    case U'ü':
    case U'Ū':
      return U'u';
    case U'–':
    case U'—':
    case U'−':
    case U'‐':
    case U'‑':
    case U'~':
    case U'〜':
    case U'～':
    case U'至':
      return U'-';
    default:
      return c;
  }
}

bool is_cjk(char32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0xF900 && c <= 0xFAFF);
}

std::string encode(char32_t c) {
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  return {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
          static_cast<char>(0x80 | (c & 63))};
}

int cjk_digit(char32_t c) {
  constexpr std::u32string_view kDigits = U"〇一二三四五六七八九";
  const size_t at = kDigits.find(c);
  if (at != std::u32string_view::npos) return static_cast<int>(at);
  return c == U'元' ? -1 : c == U'零' ? 0 : -1;
}

// 三 → 3, 十八 → 18, 五十 → 50, 一八三〇 → 1830; how many characters were read.
size_t cjk_number(const std::vector<char32_t>& in, size_t at, int& value) {
  size_t i = at;
  int whole = 0, digit = -1, plain_value = 0;
  bool tens = false;
  for (; i < in.size() && i - at < 8; ++i) {
    if (const int d = cjk_digit(in[i]); d >= 0) {
      digit = d;
      plain_value = std::min(plain_value * 10 + d, 100'000);
    } else if (in[i] == U'十' || in[i] == U'百') {
      whole += std::max(digit, digit < 0 ? 1 : 0) * (in[i] == U'十' ? 10 : 100);
      digit = -1;
      tens = true;
    } else {
      break;
    }
  }
  value = tens ? whole + std::max(digit, 0) : plain_value;
  return i - at;
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<char32_t> in = decode(text);
  std::ranges::transform(in, in.begin(), plain);
  std::vector<Token> out;
  bool spaced = false;
  const auto put = [&](Token token) {
    token.spaced = std::exchange(spaced, false);
    out.push_back(std::move(token));
  };
  for (size_t i = 0; i < in.size();) {
    const char32_t c = in[i];
    if (c >= U'0' && c <= U'9') {
      Token t{Kind::number, "", 0, 0};
      for (; i < in.size() && in[i] >= U'0' && in[i] <= U'9'; ++i, ++t.digits)
        t.value = std::min(t.value * 10 + static_cast<int>(in[i] - U'0'), 1'000'000);
      put(std::move(t));
    } else if (int value = 0; is_cjk(c) || c == U'〇') {
      if (const size_t read = cjk_number(in, i, value); read > 0) {
        // As characters too: names of periods may begin with a numeral (五代).
        Token t{Kind::number, "", value, static_cast<int>(read)};
        for (size_t k = i; k < i + read; ++k) t.text += encode(in[k]);
        i += read;
        put(std::move(t));
      } else {
        put({Kind::word, encode(c), 0, 0});
        ++i;
      }
    } else if (c >= U'a' && c <= U'z') {
      Token t{Kind::word, "", 0, 0};
      // Apostrophes are left out (Kan'ei), full stops inside too (b.c.e.).
      for (; i < in.size(); ++i) {
        const bool inside = i + 1 < in.size() && in[i + 1] >= U'a' && in[i + 1] <= U'z';
        if (in[i] >= U'a' && in[i] <= U'z')
          t.text += static_cast<char>(in[i]);
        else if (!((in[i] == U'\'' || in[i] == U'’' || in[i] == U'ʻ') && inside) &&
                 !(in[i] == U'.' && inside && t.text.size() <= 3))
          break;
      }
      put(std::move(t));
    } else if (c == U'-' || c == U'/') {
      put({Kind::dash, c == U'-' ? "-" : "/", 0, 0});
      ++i;
    } else if (c == U' ' || c == U'\t' || c == U'.' || c == U'\'' || c == U'’' || c == U'\u3000') {
      spaced = true;
      ++i;
    } else {
      put({Kind::other, encode(c), 0, 0});
      ++i;
    }
  }
  return out;
}

// ---- from tokens to ranges
// ---------------------------------------------------------------------------------

enum class Precision { period, century, decade, year };

// Part of a span, in twelfths.
struct Part {
  int begin = 0, end = 12;
  bool whole() const { return begin == 0 && end == 12; }
};

struct Range {
  Precision precision;
  int from, to;
  bool open_from = false, open_to = false;
  Part part{};  // that was taken of …
  int whole_from = 0, whole_to = 0;
  int span() const { return to - from; }
};

// Years are counted without a gap while computing: 1 BCE is 0.
int continuous(int year) {
  return year < 0 ? year + 1 : year;
}
int historical(int year) {
  return year <= 0 ? year - 1 : year;
}

void take_part(int& from, int& to, Part part) {
  const int first = continuous(from), count = continuous(to) - first + 1;
  from = historical(first + count * part.begin / 12);
  to = historical(first + (count * part.end + 11) / 12 - 1);
}

template <size_t N>
bool is_one(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::ranges::find(list, text) != list.end();
}

class Reader {
 public:
  explicit Reader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Years read() {
    while (at_ < tokens_.size()) step();
    close();
    const Range* best = nullptr;
    for (const Range& r : ranges_) {
      if (best &&
          (r.precision < best->precision || (r.precision == best->precision && r.span() >= best->span())))
        continue;
      best = &r;
    }
    if (!best || best->from < kFirstYear || best->to > kLastYear || best->from > best->to) return {};
    Years years{best->from, best->to};
    if (best->open_from) years.from.reset();
    if (best->open_to) years.to.reset();
    return years;
  }

 private:
  const Token* peek(size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
  }
  bool word_at(size_t ahead, std::string_view text) const {
    const Token* t = peek(ahead);
    return t && t->kind == Kind::word && t->text == text;
  }
  template <size_t N>
  bool any_at(size_t ahead, const std::array<std::string_view, N>& list) const {
    const Token* t = peek(ahead);
    return t && t->kind == Kind::word && is_one(t->text, list);
  }

  void step() {
    if (take_era()) return;
    const Token& t = tokens_[at_];
    if (t.kind == Kind::number) return take_number();
    if (t.kind == Kind::word) return take_word(t.text);
    if (t.kind == Kind::dash) {
      joined_ = open_.has_value();
    } else if (t.text != "?" && t.text != "[" && t.text != "]") {
      close();
    }
    ++at_;
  }

  void take_word(const std::string& w) {
    static constexpr std::array<std::string_view, 6> kCirca{"c",     "ca", "circa", "about", "approximately",
                                                            "around"};
    static constexpr std::array<std::string_view, 4> kJoin{"to", "until", "through", "or"};
    static constexpr std::array<std::string_view, 4> kAfter{"after", "since", "from", "post"};
    static constexpr std::array<std::string_view, 3> kBefore{"before", "by", "pre"};
    static constexpr std::array<std::string_view, 4> kBce{"bce", "bc", "b.c", "bceand"};
    static constexpr std::array<std::string_view, 2> kCe{"ce", "ad"};
    ++at_;
    if (is_one(w, kCirca) || w == "約" || w == "约" || w == "頃") {
      circa_ = true;
      if (w == "頃" && open_ && open_->precision == Precision::year && open_->span() == 0) widen(*open_);
    } else if (w == "early" || w == "初") {
      set_part({0, 4}, w == "初");
    } else if (w == "mid" || w == "middle") {
      set_part({4, 8}, false);
    } else if (w == "late" || w == "later" || w == "末") {
      set_part({8, 12}, w == "末");
    } else if (w == "前" && word_at(0, "半")) {
      ++at_;
      set_part({0, 6}, true);
    } else if (w == "後" && word_at(0, "半")) {
      ++at_;
      set_part({6, 12}, true);
    } else if (w == "前" && word_at(0, "期")) {
      ++at_;
      set_part({0, 4}, true);
    } else if (w == "中" && (word_at(0, "期") || word_at(0, "葉") || word_at(0, "叶"))) {
      ++at_;
      set_part({4, 8}, true);
    } else if ((w == "後" || w == "后" || w == "晚" || w == "晩") && word_at(0, "期")) {
      ++at_;
      set_part({8, 12}, true);
    } else if (w == "first" || w == "second" || w == "third" || w == "fourth" || w == "last") {
      ordinal_ = w == "first" ? 1 : w == "second" ? 2 : w == "third" ? 3 : w == "fourth" ? 4 : -1;
      fraction();
    } else if (is_one(w, kJoin) || w == "and") {
      joined_ = open_.has_value();
    } else if (w == "between") {
      close();
    } else if (is_one(w, kAfter)) {
      close();
      after_ = true;
    } else if (is_one(w, kBefore)) {
      close();
      before_ = true;
    } else if (is_one(w, kBce)) {
      make_bce();
    } else if (w == "公" || w == "紀" || w == "西") {
      // 公元前, 紀元前, 西暦: what follows decides.
    } else if (w == "前" && peek() && peek()->kind == Kind::number) {
      bce_next_ = true;
    } else if (is_one(w, kCe)) {
      ce_next_ = true;
      if (open_) open_ce_ = true;
    } else if (w == "century" || w == "cent" || w == "centuries") {
      close();
    }
  }

  void set_part(Part part, bool follows) {
    if (follows && open_ && open_->precision != Precision::year) {
      take_part(open_->from, open_->to, part);
      return;
    }
    part_ = part;
  }

  // "first half of", "second quarter": ordinal_ is set.
  void fraction() {
    const bool half = word_at(0, "half"), quarter = word_at(0, "quarter"), third = word_at(0, "third");
    if (!half && !quarter && !third) return;
    const int width = half ? 6 : quarter ? 3 : 4, count = 12 / width;
    const int n = ordinal_ < 0 ? count : ordinal_;
    if (n >= 1 && n <= count) part_ = {(n - 1) * width, n * width};
    ++at_;
    if (word_at(0, "of")) ++at_;
    if (word_at(0, "the")) ++at_;
  }

  void take_number() {
    static constexpr std::array<std::string_view, 4> kSuffix{"st", "nd", "rd", "th"};
    static constexpr std::array<std::string_view, 4> kCentury{"century", "centuries", "cent", "c"};
    const Token t = tokens_[at_++];
    if (any_at(0, kSuffix) && !peek()->spaced) {
      ++at_;
      ordinal_ = t.value;
      if (word_at(0, "half") || word_at(0, "quarter") || word_at(0, "third")) return fraction();
      // "18th–19th century", "18th or early 19th century": the first is a century if a later one is.
      if (any_at(0, kCentury) || (peek() && peek()->kind == Kind::dash && any_at(1, kCentury)) ||
          century_follows()) {
        if (peek() && peek()->kind == Kind::dash && any_at(1, kCentury)) ++at_;
        if (any_at(0, kCentury)) ++at_;
        add_century(t.value);
      }
      return;
    }
    if (word_at(0, "世") && (word_at(1, "紀") || word_at(1, "纪"))) {
      at_ += 2;
      return add_century(t.value);
    }
    if (word_at(0, "세") && word_at(1, "기")) {
      at_ += 2;
      return add_century(t.value);
    }
    if (word_at(0, "s") && t.digits >= 3 && t.value <= kLastYear) {
      ++at_;
      const int width = t.value % 100 == 0 ? 100 : 10;
      if (t.value % 10 == 0) {
        add({width == 100 ? Precision::century : Precision::decade, t.value, t.value + width - 1});
      }
      return;
    }
    if (word_at(0, "年") && word_at(1, "代") && t.value % 10 == 0) {
      at_ += 2;
      return add({Precision::decade, t.value, t.value + 9});
    }
    const bool marked = bce_next_ || ce_next_ || marker_follows();
    if (joined_ && open_ && open_->precision == Precision::year && open_->from >= 1000 && t.digits <= 2 &&
        !marked) {
      return take_short_year(t.value);
    }
    if (t.value < 1 || t.digits > 4 || (t.digits < 3 && !marked)) {
      if (t.digits > 4) close();
      return;
    }
    if (t.value > kLastYear) return;
    add({Precision::year, t.value, t.value});
    if (word_at(0, "年")) ++at_;
  }

  // The second number of "1830-33"; of "1889-06-12" it is a month.
  void take_short_year(int value) {
    joined_ = false;
    const bool date = peek() && peek()->kind == Kind::dash && peek(1) && peek(1)->kind == Kind::number &&
                      peek(1)->digits <= 2;
    if (date) {
      at_ += 2;
      return;
    }
    const int year = open_->to - open_->to % 100 + value;
    if (value < 100 && year > open_->to) open_->to = year;
  }

  bool marker_follows() const {
    // Over the second half of a range: "206–100 BCE".
    for (size_t k = 0; k < 4; ++k) {
      const Token* t = peek(k);
      if (!t) return false;
      if (t->kind == Kind::word &&
          (t->text == "bce" || t->text == "bc" || t->text == "ce" || t->text == "ad"))
        return true;
      if (t->kind == Kind::other ||
          (t->kind == Kind::word && t->text != "to" && t->text != "or" && t->text != "c" && t->text != "ca"))
        return false;
    }
    return false;
  }

  bool century_follows() const {
    for (size_t k = 0; k < 8; ++k) {
      const Token* t = peek(k);
      if (!t || t->kind == Kind::other) return false;
      if (t->kind == Kind::word && (t->text == "century" || t->text == "centuries" || t->text == "cent" ||
                                    (t->text == "c" && k > 0 && peek(k - 1)->kind == Kind::word)))
        return true;
      if (t->kind == Kind::number && t->digits > 2) return false;
    }
    return false;
  }

  void add_century(int n) {
    if (n < 1 || n > 22) return;
    add({Precision::century, 100 * n - 99, 100 * n});
    ordinal_ = 0;
  }

  // The longest name of a period that stands here, with the year of a reign if one follows.
  bool take_era() {
    static constexpr std::array<std::string_view, 7> kReign{"nen",   "year",    "era", "period",
                                                            "reign", "dynasty", "mark"};
    const Era* best = nullptr;
    size_t best_length = 0;
    for (const Era& era : kEras) {
      std::string_view names = era.names;
      while (!names.empty()) {
        const size_t end = std::min(names.find('|'), names.size());
        const size_t length = match(names.substr(0, end));
        if (length > best_length) {
          best = &era;
          best_length = length;
        }
        names.remove_prefix(std::min(names.size(), end + 1));
      }
    }
    if (!best) return false;
    at_ += best_length;
    if (best->counts_years) {
      size_t ahead = 0;
      if (any_at(0, kReign)) ahead = 1;
      const Token* t = peek(ahead);
      const bool first = t && t->kind == Kind::word && t->text == "元" && peek(ahead + 1) &&
                         peek(ahead + 1)->text == "年";  // 元年: the first year
      const int year = first ? 1 : t && t->kind == Kind::number && t->digits <= 3 ? t->value : 0;
      if (year >= 1 && year <= 64 && best->from + year - 1 <= best->to + 1) {
        at_ += ahead + 1;
        if (word_at(0, "年")) ++at_;
        // "Tenpō 3 (1832)": the years in brackets are compared like any others.
        add({Precision::year, best->from + year - 1, best->from + year - 1});
        return true;
      }
    }
    add({Precision::period, best->from, best->to});
    while (any_at(0, kReign) || word_at(0, "時") || word_at(0, "时") || word_at(0, "代") || word_at(0, "朝"))
      ++at_;
    return true;
  }

  // Tokens that a name takes up here, 0 where it does not stand here.
  size_t match(std::string_view name) const {
    const bool latin = name.front() >= 'a' && name.front() <= 'z';
    size_t count = 0;
    while (!name.empty()) {
      const Token* t = peek(count);
      if (!t || t->text.empty()) return 0;
      if (count > 0 && latin && t->kind == Kind::dash) return 0;
      if (!name.starts_with(t->text)) return 0;
      if (latin && t->text.size() < name.size() && name[t->text.size()] != ' ') return 0;
      name.remove_prefix(t->text.size());
      if (name.starts_with(' ')) name.remove_prefix(1);
      ++count;
    }
    return count;
  }

  static void widen(Range& r) {
    r.from = historical(continuous(r.from) - kCirca);
    r.to = historical(continuous(r.to) + kCirca);
  }

  void add(Range r) {
    const bool joined = std::exchange(joined_, false) && open_ && open_->precision == r.precision;
    r.part = std::exchange(part_, Part{});
    r.whole_from = r.from;
    r.whole_to = r.to;
    if (!r.part.whole()) take_part(r.from, r.to, r.part);
    if (std::exchange(bce_next_, false)) flip(r);
    ce_next_ = false;
    if (joined) {
      // "206 BCE–220 CE" goes on, "1830–1829" does not.
      if (r.to >= open_->to) open_->to = r.to;
      joined_from_ = r;
      range_open_ = true;
      return;
    }
    close();
    open_ = first_ = r;
    open_circa_ = std::exchange(circa_, false);
    open_after_ = std::exchange(after_, false);
    open_before_ = std::exchange(before_, false);
  }

  // Years of the common era are years before it; "early" is then the other end.
  static void flip(Range& r) {
    if (r.part.whole()) {
      r.from = -std::exchange(r.to, -r.from);
      return;
    }
    r.from = -r.whole_to;
    r.to = -r.whole_from;
    take_part(r.from, r.to, r.part);
  }

  // "500–400 BCE": both are.
  void make_bce() {
    if (!open_) return;
    if (open_->from < 0) return;
    if (range_open_ && !open_ce_) {
      // The range was cut when the second, smaller number came.
      Range first = first_, second = joined_from_;
      flip(first);
      flip(second);
      open_->from = std::min(first.from, second.from);
      open_->to = std::max(first.to, second.to);
      return;
    }
    flip(*open_);
  }

  void close() {
    if (!open_) return;
    if (open_circa_ && open_->precision == Precision::year && open_->span() == 0) widen(*open_);
    // "from 1830 to 1833" is closed on both sides.
    open_->open_to = open_after_ && !range_open_;
    open_->open_from = open_before_ && !range_open_;
    ranges_.push_back(*open_);
    open_.reset();
    open_ce_ = range_open_ = joined_ = false;
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  std::vector<Range> ranges_;
  std::optional<Range> open_;      // the range that may still go on
  Range first_{}, joined_from_{};  // what it began and went on with
  bool open_circa_ = false, open_after_ = false, open_before_ = false, open_ce_ = false, range_open_ = false;
  bool joined_ = false, circa_ = false, after_ = false, before_ = false, bce_next_ = false, ce_next_ = false;
  int ordinal_ = 0;
  Part part_;
};

}  // namespace

Years parse_years(std::string_view text) {
  return Reader(tokens_of(text)).read();
}

}  // namespace linmo::culture
