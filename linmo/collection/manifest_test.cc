// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/manifest.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

TEST(Manifest, WritesWhatItReads) {
  Manifest m;
  m.extra_columns = {"lat", "curator's \"note\""};
  Picture p;
  p.file = "山水/雪景, winter.jpg";
  p.sha256 = std::string(64, 'a');
  p.width = 640;
  p.height = 480;
  p.bytes = 123456789012;
  p.format = "jpeg";
  p.culture = "中国";
  p.description = "two\nlines";
  p.work = "w1";
  p.split = "test";
  p.phash = 0x00ff00ff00ff0001;
  p.sharpness = 0.1;  // shortest text that reads back as the same double
  p.border = Border{1, 2, 3, 4};
  p.warnings = "truncated; small";
  p.extra = {"35.0", "x"};
  m.pictures = {p};
  m.pictures.push_back({});
  m.pictures[1].file = "b.png";
  m.pictures[1].extra = {"", ""};
  const Manifest again = parse_manifest(format_manifest(m), "m");
  EXPECT_EQ(again.extra_columns, m.extra_columns);
  EXPECT_EQ(again.pictures, m.pictures);
}

TEST(Manifest, UnderstandsPixPlot) {
  const Manifest m = parse_manifest(
      "filename,category,tags,description,permalink,year,label,lat,lng\n"
      "1.jpg,,a|b,d,http://x,1850,portrait,1.5,2\n2.jpg,still life,,,,,portrait,,\n",
      "metadata.csv");
  ASSERT_EQ(m.pictures.size(), 2u);
  EXPECT_EQ(m.pictures[0].file, "1.jpg");
  EXPECT_EQ(m.pictures[0].date, "1850");
  EXPECT_EQ(m.pictures[0].category, "portrait");
  EXPECT_EQ(m.pictures[1].category, "still life");
  EXPECT_EQ(m.extra_columns, (std::vector<std::string>{"label", "lat", "lng"}));
  EXPECT_EQ(m.pictures[0].extra, (std::vector<std::string>{"portrait", "1.5", "2"}));
}

TEST(Manifest, PrefersItsOwnNames) {
  const Manifest m = parse_manifest("year,date,file,License\n1,2,a,CC0\n", "m");
  EXPECT_EQ(m.pictures[0].date, "2");
  EXPECT_EQ(m.pictures[0].licence, "CC0");
  EXPECT_EQ(m.extra_columns, std::vector<std::string>{"year"});
}

TEST(Manifest, SaysWhatIsWrong) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"name\nx\n", "no column \"file\""},
           {"file,width\na,1\nb,2x\n", "row 2: width is \"2x\""},
           {"file,border\na,1 2 3\n", "border needs four numbers"},
           {"file,border\na,1 2 3 x\n", "row 1"},
           {"file,title\n,t\n", "row 1: the file is not named"}}) {
    try {
      parse_manifest(text, "m.csv");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  }
}

TEST(Manifest, ListsTheFilesOfASplit) {
  const fs::path folder = fs::path(testing::TempDir()) / "linmo_manifest_test";
  fs::remove_all(folder);
  fs::create_directories(folder / "山");
  write_file(folder / "z.png", "z");
  write_file(folder / "山" / "水.png", "s");
  EXPECT_EQ(collection_files(folder, "train").size(), 2u);  // no manifest: all
  Manifest m;
  m.pictures.resize(2);
  m.pictures[0].file = "山/水.png";
  m.pictures[0].split = "train";
  m.pictures[1].file = "z.png";
  m.pictures[1].split = "test";
  write_manifest(folder / kManifestName, m);
  EXPECT_EQ(collection_files(folder).size(), 2u);
  ASSERT_EQ(collection_files(folder, "train").size(), 1u);
  EXPECT_EQ(read_text(collection_files(folder, "train")[0]), "s");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace linmo
