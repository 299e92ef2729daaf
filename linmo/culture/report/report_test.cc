// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/report/report.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "linmo/collection/csv.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/culture/figures/study_test.h"
#include "linmo/culture/report/pictures.h"
#include "linmo/culture/report/sections.h"
#include "linmo/image/codec.h"
#include "linmo/image/markup.h"

namespace linmo::culture {
namespace {
namespace fs = std::filesystem;

class Report : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("report-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string written(const Study& study, const std::string& name = "report.html") {
    write_report(study, folder_);
    return read_text(folder_ / name);
  }

  // A picture for every row.
  Study with_pictures() {
    Study study = test_study();
    for (size_t i = 0; i < study.pictures.size(); ++i) {
      Image image(40, 20, 3);
      for (auto& sample : image.samples<uint8_t>()) sample = static_cast<uint8_t>(17 * i);
      study.pictures[i] = folder_ / (std::to_string(i) + ".png");
      write_image(study.pictures[i], image);
    }
    return study;
  }

  fs::path folder_;
};

size_t count(std::string_view text, std::string_view part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

TEST_F(Report, TheWarningStandsFirst) {
  const std::string page = written(test_study());
  const size_t warning = page.find("All works of Europe come from a single source (museum 0)");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_LT(warning, page.find("measures of style"));
  Study calm = test_study();
  calm.warnings.clear();
  EXPECT_EQ(written(calm).find("class=\"loud\""), std::string::npos);
}

TEST_F(Report, SaysWhenAClassifierMayBeLucky) {
  Study study = test_study();
  EXPECT_NE(written(study).find("already give the collection away"), std::string::npos);
  for (LadderRung& r : study.ladder) r.p = .3;
  const std::string page = written(study);
  EXPECT_EQ(page.find("already give the collection away"), std::string::npos);
  EXPECT_EQ(page.find("hardly give the collection away"), std::string::npos);
  EXPECT_NE(page.find("name the collection in 80 of 100 cases; with so few"), std::string::npos);
  EXPECT_NE(page.find("With so few independent works, that may be chance (p 0.3)"), std::string::npos);
  for (LadderRung& r : study.ladder) r.auc = .52, r.auc_interval = {.4, .6};
  const std::string none = written(study);
  EXPECT_NE(none.find("hardly give the collection away"), std::string::npos);
  EXPECT_NE(none.find("style no longer tells them apart: 52 of 100"), std::string::npos);
}

TEST_F(Report, NeedsNothingButItself) {
  for (const char* name : {"report.html", "map.html"}) {
    const std::string page = written(with_pictures(), name);
    // SVG's namespace and the citations' words aside, nothing points out of the folder.
    EXPECT_EQ(count(page, "http"), count(page, "http://www.w3.org/2000/svg") + count(page, "http-equiv"))
        << name;
    for (const char* part : {"src=", "url(", "@import", "fetch(", "XMLHttpRequest", "href=\"/"})
      EXPECT_EQ(page.find(part), std::string::npos) << name << " " << part;
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos) << name;
  }
}

TEST_F(Report, WordsOfStrangersAreText) {
  for (const char* name : {"report.html", "map.html"}) {
    const std::string page = written(test_study(), name);
    EXPECT_EQ(page.find("</title><script>"), std::string::npos) << name;
    EXPECT_EQ(page.find("<b>浮世絵"), std::string::npos) << name;
    EXPECT_NE(page.find("浮世絵"), std::string::npos) << name;
    EXPECT_EQ(page.find("坏<file>"), std::string::npos) << name;
  }
  EXPECT_NE(written(test_study()).find("坏&lt;file&gt;.jpg"), std::string::npos);
}

TEST_F(Report, WorksThatAreDrawnSayWhichTheyAre) {
  const Study study = with_pictures();
  const std::string page = written(study);
  // What the studio makes a collection of: every figure names its group and file, a button stands with them.
  EXPECT_GT(count(page, "<button class=\"collect\""), 2u);
  EXPECT_EQ(count(page, "<button class=\"collect\""), count(page, "type=\"button\" hidden"));
  EXPECT_EQ(count(page, "<figure class=\"thumb\""), count(page, "data-group=\""));
  EXPECT_EQ(count(page, "<figure class=\"thumb\""), count(page, "data-file=\""));
  size_t named = 0;
  for (const auto& row : study.table.rows)
    named += count(page, "data-file=\"" + escape_html(row.file) + "\"");
  EXPECT_EQ(named, count(page, "data-file=\""));
}

TEST_F(Report, PicturesAreShownWhereTheLicenceAllowsIt) {
  const Study study = with_pictures();
  const std::string page = written(study);
  EXPECT_GT(count(page, "data:image/jpeg;base64,"), 5u);
  for (size_t i = 0; i < study.table.rows.size(); ++i) {
    const std::string id = "id=\"p" + std::to_string(i) + "\"";
    if (study.table.rows[i].metadata[6] != "CC0 1.0") {
      EXPECT_EQ(page.find(id), std::string::npos) << i;
    }
    EXPECT_LE(count(page, id), 1u) << i;  // each once, however often it is shown
  }
  EXPECT_NE(page.find("id=\"p1\""), std::string::npos);
  EXPECT_NE(page.find("its licence does not allow it"), std::string::npos);
}

TEST_F(Report, TheMapHasPicturesWhereTheLicenceAllowsIt) {
  Study study = with_pictures();
  study.pictures[1].clear();  // nobody knows where it lies
  const std::string page = written(study, "map.html");
  const auto part = [&](const std::string& id) {
    const size_t at = page.find(" id=\"" + id + "\">");
    if (at == page.npos) return std::string();
    const size_t from = page.find('>', at) + 1;
    return page.substr(from, page.find("</script>", from) - from);
  };
  const auto pictures = nlohmann::json::parse(part("pictures"));
  int64_t shown = 0;
  for (size_t i = 0; i < study.table.rows.size(); ++i) {
    const bool may = study.table.rows[i].metadata[6] == "CC0 1.0" && i != 1;
    EXPECT_EQ(pictures["place"][i], may ? shown : -1) << i;
    EXPECT_EQ(pictures["why"][i] == -1, may) << i;
    shown += may;
  }
  EXPECT_EQ(pictures["reasons"], (nlohmann::json{"page.not_shown_licence", "page.not_shown_missing"}));
  // 40 × 20 px, never enlarged, on one sheet of 8 × 8 cells.
  EXPECT_EQ(pictures["width"][3], 40);
  EXPECT_EQ(pictures["height"][3], 20);
  EXPECT_EQ(part("sheet1"), "");
  constexpr std::string_view kUri = "data:image/jpeg;base64,";
  ASSERT_TRUE(part("sheet0").starts_with(kUri));
  const std::string packed = part("sheet0").substr(kUri.size());
  std::string raw(packed.size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(raw.data()),
                      reinterpret_cast<const unsigned char*>(packed.data()), static_cast<int>(packed.size()));
  raw.resize(static_cast<size_t>(size));
  const Image sheet = decode_image(std::as_bytes(std::span(raw)), {}, "sheet");
  EXPECT_EQ(sheet.width(), 8 * pictures["side"].get<int64_t>());
  const int64_t side = pictures["side"];
  for (const size_t i : {3, 5, 35}) {
    const int64_t place = pictures["place"][i];
    const uint8_t value =
        sheet.row<uint8_t>(place / 8 * side + 10)[static_cast<size_t>(3 * (place % 8 * side + 20))];
    EXPECT_NEAR(value, static_cast<uint8_t>(17 * i), 3) << i;
  }
}

TEST_F(Report, TheSameBytesTwice) {
  const Study study = with_pictures();
  const std::string one = written(study), map = read_text(folder_ / "map.html");
  EXPECT_EQ(written(study), one);
  EXPECT_EQ(read_text(folder_ / "map.html"), map);
}

TEST_F(Report, EverySentenceOfThePageIsThereInAllLanguages) {
  // In the second nothing differs: legends name verdicts that no row has.
  std::vector<Study> studies(2, test_study());
  for (Comparison& c : studies[1].comparisons) c.verdict = Verdict::cannot_tell;
  for (size_t i = 0; i < 4; ++i) {
    const std::string page = written(studies[i % 2], i < 2 ? "report.html" : "map.html");
    const std::string head = "<script type=\"application/json\" id=\"texts\">";
    const size_t from = page.find(head) + head.size();
    const auto texts = nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
    for (const char* language : {"en", "zh-Hans", "ja"}) {
      size_t used = 0;
      // In attributes the JSON is escaped: &quot;k&quot;:&quot;KEY&quot;
      const std::string mark = "&quot;k&quot;:&quot;";
      for (size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1), ++used) {
        const size_t start = at + mark.size();
        const std::string key = page.substr(start, page.find("&quot;", start) - start);
        EXPECT_TRUE(texts[language].contains(key)) << language << " " << key;
      }
      EXPECT_GE(used, 10u);
    }
  }
}

TEST_F(Report, FiguresOfAnEarlierStudyGo) {
  write_report(test_study(), folder_);
  EXPECT_TRUE(fs::exists(folder_ / "figures/plane.svg"));
  EXPECT_TRUE(fs::exists(folder_ / "figures/forest-2-3-all.svg"));
  write_file(folder_ / "figures/mine.svg", "x");
  Study less = test_study();
  less.plane.clear();
  less.groups.pop_back();
  for (Comparison& c : less.comparisons)
    if (c.second == 2) c.delta = kUnknown;
  less.places.pop_back();
  less.pca = {};
  less.collections = {};
  write_report(less, folder_);
  EXPECT_FALSE(fs::exists(folder_ / "figures/plane.svg"));
  EXPECT_FALSE(fs::exists(folder_ / "figures/forest-2-3-all.svg"));
  EXPECT_TRUE(fs::exists(folder_ / "figures/forest-1-2.svg"));
  EXPECT_TRUE(fs::exists(folder_ / "figures/mine.svg"));
}

TEST_F(Report, PicturesAreFoundByNameAndHash) {
  Study study = test_study();
  const std::vector<fs::path> folders{folder_ / "a", folder_ / "b"};
  Image image(8, 8, 3);
  for (const fs::path& f : folders) fs::create_directories(f);
  // Two files of one name: the hash says which. The second row's file is another picture than the table's.
  write_image(folders[0] / "雪.png", image);
  image.samples<uint8_t>()[0] = 255;
  write_image(folders[1] / "雪.png", image);
  study.table.rows[0].file = "画/雪.png";
  study.table.rows[0].sha256 = sha256(read_file(folders[1] / "雪.png"));
  study.table.rows[1].file = "雪.png";
  EXPECT_EQ(find_pictures(study, folders), static_cast<int64_t>(study.table.rows.size()) - 1);
  EXPECT_EQ(study.pictures[0], folders[1] / "雪.png");
  EXPECT_TRUE(study.pictures[1].empty());
  const std::vector<fs::path> nowhere{folder_ / "nowhere"};
  EXPECT_THROW(find_pictures(study, nowhere), Error);
}

TEST(Texts, EverySentenceHasTheSameValuesInAllLanguages) {
  const auto places = [](const char* text) {
    std::vector<std::string> out;
    const std::string_view s = text;
    for (size_t at = s.find('{'); at != std::string_view::npos; at = s.find('{', at + 1))
      out.emplace_back(s.substr(at, s.find('}', at) - at));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());  // a value may be said twice
    return out;
  };
  for (const std::span<const Text>& part :
       {page_texts(), finding_texts(), method_texts(), figure_texts(), descriptor_texts()})
    for (const Text& t : part) {
      EXPECT_EQ(places(t.en), places(t.zh)) << t.key;
      EXPECT_EQ(places(t.en), places(t.ja)) << t.key;
      EXPECT_EQ(find_text(t.key), &t) << t.key;  // no key twice
    }
}

TEST(Texts, DescriptorsHaveNames) {
  for (const Descriptor& d : registry())
    if (!d.is_parity && !d.is_nuisance) {
      EXPECT_TRUE(find_text("d." + d.name)) << d.name;
    }
  for (const Text& t : descriptor_texts()) {
    const std::string name = std::string(t.key).substr(2);
    EXPECT_TRUE(std::any_of(registry().begin(), registry().end(), [&](const auto& d) {
      return d.name == name;
    })) << name;
  }
}

TEST(Texts, ValuesAreNotReadAsPatterns) {
  const Phrase p = say("w.one_source", {{"group", "{source}"}, {"source", "$& {group}"}});
  EXPECT_EQ(in_language(p, Language::ja).find("{source} の作品はすべて一つの出所（$& {group}）"), 0u);
  EXPECT_THROW(in_language(say("w.one_source"), Language::en), Error);
  EXPECT_THROW(in_language(say("no.such"), Language::en), Error);
}

}  // namespace
}  // namespace linmo::culture
