// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/ingest.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <atomic>
#include <fstream>

#include "linmo/collection/csv.h"
#include "linmo/collection/metadata.h"
#include "linmo/collection/test_pictures.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/convert.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

class IngestTest : public testing::Test {
 protected:
  IngestTest() {
    fs::create_directories(source_ / "中国/山水");
    fs::create_directories(source_ / "日本");
    for (uint64_t i = 0; i < 6; ++i)
      save(source_ / "中国/山水" / from_utf8(fmt::format("雪景{}.png", i)), painting(i));
    for (uint64_t i = 10; i < 14; ++i) save(source_ / "日本" / fmt::format("{}.jpg", i), painting(i));
  }
  CollectReport run(const CollectSettings& settings = {}, std::vector<fs::path> sources = {},
                    const std::vector<fs::path>& metadata = {}) {
    if (sources.empty()) sources = {source_.path()};
    return collect(sources, out_ / "c", metadata, settings, null_sink());
  }
  std::map<std::string, Picture> rows() const {
    std::map<std::string, Picture> out;
    for (const Picture& p : manifest().pictures) out[p.file] = p;
    return out;
  }
  Manifest manifest() const { return read_manifest(out_ / "c" / kManifestName); }
  std::string name() const { return to_utf8(source_.path().filename()); }

  TestFolder source_{"ingest_source"}, out_{"ingest_out"};
};

TEST_F(IngestTest, MakesACollection) {
  write_file(source_ / "readme.txt", "hello");
  write_file(source_ / "日本/broken.jpg", "no picture");
  save(source_ / "日本/tiny.png", painting(20, 30, 30));
  fs::copy_file(source_ / "日本/10.jpg", source_ / "日本/same.jpg");
  save(source_ / "日本/smaller.jpg", resize(painting(11), 107, 80));
  const CollectReport report = run({.licence = "CC0"});
  EXPECT_EQ(report.found, 15);
  EXPECT_EQ(report.pictures, 11);
  EXPECT_EQ(report.not_pictures, 1);
  EXPECT_EQ(report.exact_duplicates, 1);
  EXPECT_EQ(report.near_duplicates, 1);
  EXPECT_EQ(report.works, 10);
  ASSERT_EQ(report.refused.size(), 2u);
  EXPECT_EQ(report.cultures, (std::map<std::string, int64_t>{{"中国", 6}, {"日本", 5}}));
  const auto all = rows();
  const Picture& p = all.at(name() + "/中国/山水/雪景3.png");
  EXPECT_EQ(p.culture, "中国");
  EXPECT_EQ(p.category, "山水");
  EXPECT_EQ(p.licence, "CC0");
  EXPECT_EQ(p.width, 160);
  EXPECT_EQ(p.sha256.size(), 64u);
  EXPECT_TRUE(p.phash && p.sharpness && p.border);
  EXPECT_EQ(all.at(name() + "/日本/smaller.jpg").work, all.at(name() + "/日本/11.jpg").work);
  EXPECT_EQ(all.at(name() + "/日本/smaller.jpg").split, all.at(name() + "/日本/11.jpg").split);
  EXPECT_FALSE(all.contains(name() + "/日本/same.jpg"));
  for (const auto& [file, row] : all) EXPECT_TRUE(fs::exists(out_ / "c" / from_utf8(file))) << file;
  EXPECT_FALSE(fs::exists(out_ / "c" / from_utf8(name()) / "日本/same.jpg"));
  EXPECT_EQ(collection_files(out_ / "c").size(), 11u);
  EXPECT_EQ(parse_csv(read_text(out_ / "c" / kRefusedName), "r").rows.size(), 2u);
  EXPECT_EQ(parse_csv(read_text(out_ / "c" / kDuplicatesName), "d").rows.size(), 2u);
  EXPECT_GT(read_image(out_ / "c" / kContactSheetName).width(), 128);
  // Exact copies stay when asked for, as one work.
  const CollectReport kept = run({.keep_duplicates = true, .force = true});
  EXPECT_EQ(kept.pictures, 12);
  EXPECT_EQ(rows().at(name() + "/日本/same.jpg").work, rows().at(name() + "/日本/10.jpg").work);
}

TEST_F(IngestTest, GoesOnWithoutMeasuringAgain) {
  EXPECT_EQ(run().measured, 10);
  EXPECT_THROW(run(), Error);  // a collection is not overwritten unasked
  const std::string before = read_text(out_ / "c" / kManifestName);
  const CollectReport again = run({.resume = true});
  EXPECT_EQ(again.measured, 0);
  EXPECT_EQ(read_text(out_ / "c" / kManifestName), before);
  // What people wrote into the manifest stays; new pictures come in.
  Manifest edited = manifest();
  edited.extra_columns = {"note"};
  for (Picture& p : edited.pictures) p.extra = {""};
  edited.pictures[2].title = "雪";
  edited.pictures[2].extra = {"look again"};
  write_manifest(out_ / "c" / kManifestName, edited);
  save(source_ / "日本/99.jpg", painting(99));
  const CollectReport more = run({.resume = true});
  EXPECT_EQ(more.measured, 1);
  EXPECT_EQ(more.pictures, 11);
  const Manifest now = manifest();
  EXPECT_EQ(now.extra_columns, edited.extra_columns);
  for (size_t i = 0; i < edited.pictures.size(); ++i) EXPECT_EQ(now.pictures[i], edited.pictures[i]);
  EXPECT_EQ(now.pictures.back().file, name() + "/日本/99.jpg");
  EXPECT_EQ(run({.force = true}).measured, 11);
}

TEST_F(IngestTest, StopsAndGoesOn) {
  class Stop : public EventSink {
   public:
    void on_event(const Event&) override {}
    bool stop_requested() const override { return ++polls_ > 4; }

   private:
    mutable std::atomic<int> polls_{0};
  } stop;
  CollectSettings settings;
  settings.threads = 1;
  try {
    collect({source_.path()}, out_ / "c", {}, settings, stop);
    FAIL() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_NE(std::string(error.what()).find("--resume"), std::string::npos);
  }
  EXPECT_FALSE(fs::exists(out_ / "c" / kManifestName));
  const CollectReport rest = run({.resume = true});
  EXPECT_EQ(rest.pictures, 10);
  EXPECT_EQ(rest.measured, 6);
}

TEST_F(IngestTest, LinksOrLeavesPicturesWhereTheyAre) {
  CollectSettings settings;
  settings.placement = "link";
  run(settings);
  const fs::path linked = out_ / "c" / from_utf8(manifest().pictures[0].file);
  EXPECT_TRUE(fs::is_symlink(linked));
  EXPECT_EQ(read_file(linked), read_file(source_ / "中国/山水/雪景0.png"));
  settings.placement = "manifest-only";
  settings.force = true;
  run(settings);
  EXPECT_TRUE(manifest().pictures[0].file.starts_with("../"));
  EXPECT_TRUE(fs::exists(collection_files(out_ / "c")[0]));
  // A folder can become a collection itself; what was written there is no picture of it.
  for (const bool resume : {false, true}) {
    CollectSettings here;
    here.resume = resume;
    const CollectReport r = collect({source_.path()}, source_.path(), {}, here, null_sink());
    EXPECT_EQ(r.pictures, 10);
    EXPECT_EQ(r.exact_duplicates, 0);
    EXPECT_EQ(read_manifest(source_ / kManifestName).pictures[0].file, "中国/山水/雪景0.png");
  }
}

TEST_F(IngestTest, ReadsTablesAndNotesRowsWithoutPicture) {
  write_file(out_ / "meta.csv",
             "filename,title,culture,year,lat,work,split\n雪景1.png,First,Song,1100,3.5,album,test\n"
             "中国/山水/雪景2.png,Second,,,,album,\ngone.png,x,,,,,\n");
  const CollectReport report = run({.culture = "unknown"}, {}, {out_ / "meta.csv"});
  const auto all = rows();
  const Picture& first = all.at(name() + "/中国/山水/雪景1.png");
  EXPECT_EQ(first.title, "First");
  EXPECT_EQ(first.culture, "Song");
  EXPECT_EQ(first.date, "1100");
  EXPECT_EQ(first.work, "album");
  EXPECT_EQ(first.category, "");
  EXPECT_EQ(first.extra, std::vector<std::string>{"3.5"});
  const Picture& second = all.at(name() + "/中国/山水/雪景2.png");
  EXPECT_EQ(second.title, "Second");
  EXPECT_EQ(second.culture, "unknown");
  EXPECT_EQ(second.split, "test");  // one work, one split
  const Picture& third = all.at(name() + "/中国/山水/雪景0.png");
  EXPECT_EQ(third.category, "中国/山水");
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_NE(report.notes[0].find("gone.png"), std::string::npos);
}

TEST_F(IngestTest, TakesTablesThatLieInTheFolder) {
  write_file(source_ / "metadata.csv", "file;artist\n10.jpg;北斎\n");
  EXPECT_TRUE(run().notes.empty());
  EXPECT_EQ(rows().at(name() + "/日本/10.jpg").artist, "北斎");
  write_file(source_ / "metadata.csv", "something,else\n1,2\n");
  const CollectReport other = run({.force = true});
  EXPECT_EQ(other.pictures, 10);
  EXPECT_EQ(other.notes.size(), 1u);
}

TEST_F(IngestTest, KnowsCycleGanFolders) {
  const TestFolder layout("ingest_layout");
  uint64_t seed = 100;
  for (const char* folder : {"trainA", "trainB", "testA", "testB"}) {
    fs::create_directories(layout / folder);
    for (int i = 0; i < 2; ++i) save(layout / folder / fmt::format("{}.png", i), painting(seed++));
  }
  save(layout / "testA/from_train.png", resize(painting(100), 120, 90));
  const CollectReport report = run({}, {layout.path()});
  const auto all = rows();
  const std::string base = to_utf8(layout.path().filename());
  EXPECT_EQ(all.at(base + "/trainA/0.png").split, "train");
  EXPECT_EQ(all.at(base + "/trainA/0.png").category, "A");
  EXPECT_EQ(all.at(base + "/testB/1.png").split, "test");
  EXPECT_EQ(all.at(base + "/testB/1.png").category, "B");
  EXPECT_EQ(all.at(base + "/testB/1.png").culture, base);
  EXPECT_EQ(all.at(base + "/testA/from_train.png").split, "train");  // it must not be tested on
  EXPECT_EQ(report.notes.size(), 1u);
}

TEST_F(IngestTest, UnpacksArchives) {
  const fs::path zip_path = out_ / "画.zip";
  int code = 0;
  zip_t* zip = zip_open(zip_path.c_str(), ZIP_CREATE, &code);
  std::vector<std::vector<std::byte>> keep;
  const auto add = [&](const std::string& name, std::vector<std::byte> bytes) {
    keep.push_back(std::move(bytes));
    zip_file_add(zip, name.c_str(), zip_source_buffer(zip, keep.back().data(), keep.back().size(), 0),
                 ZIP_FL_ENC_UTF_8);
  };
  const std::string table = "file,title\na/1.png,One\n";
  add("a/1.png", encode_image(painting(1), ImageFormat::png));
  add("a/copy.png", encode_image(painting(1), ImageFormat::png));
  add("a/tiny.png", encode_image(painting(2, 20, 20), ImageFormat::png));
  add("../evil.png", encode_image(painting(3), ImageFormat::png));
  add("../../outside/evil.png", encode_image(painting(3), ImageFormat::png));
  add("b/2.jpg", encode_image(painting(4), ImageFormat::jpeg));
  add("notes.txt", {std::byte{'x'}});
  add("metadata.csv", {reinterpret_cast<const std::byte*>(table.data()),
                       reinterpret_cast<const std::byte*>(table.data()) + table.size()});
  ASSERT_EQ(zip_close(zip), 0);
  const CollectReport report = run({}, {zip_path});
  EXPECT_EQ(report.pictures, 2);
  EXPECT_EQ(report.refused.size(), 3u);
  EXPECT_EQ(report.exact_duplicates, 1);
  EXPECT_EQ(rows().at("画/a/1.png").title, "One");
  EXPECT_EQ(rows().at("画/b/2.jpg").culture, "b");
  EXPECT_EQ(list_files(out_ / "c/画").size(), 2u);  // no refused, no duplicate, nothing outside
  EXPECT_FALSE(fs::exists(out_ / "evil.png"));
  EXPECT_FALSE(fs::exists(out_ / "outside"));  // not even the folder
  EXPECT_EQ(run({.resume = true}, {zip_path}).pictures, 2);
  // A damaged archive is refused, and the rest goes on.
  write_file(out_ / "bad.zip", "PK\3\4 and no more");
  const CollectReport more = run({.resume = true}, {out_ / "bad.zip", source_ / "日本/10.jpg"});
  EXPECT_EQ(more.pictures, 3);
  EXPECT_EQ(more.refused.size(), 1u);
  CollectSettings settings;
  settings.placement = "manifest-only";
  settings.force = true;
  EXPECT_THROW(run(settings, {zip_path}), Error);
}

TEST_F(IngestTest, NeverReplacesAnotherFile) {
  fs::create_directories(out_ / "c" / from_utf8(name()) / "日本");
  const fs::path mine = out_ / "c" / from_utf8(name()) / "日本/10.jpg";
  write_file(mine, "mine");
  run();
  EXPECT_EQ(read_text(mine), "mine");
  EXPECT_TRUE(rows().contains(name() + "/日本/10-2.jpg"));
  EXPECT_FALSE(rows().contains(name() + "/日本/10.jpg"));
}

TEST_F(IngestTest, TakesNamesThatAreNotUtf8) {
  const std::string odd = "caf\xE9.png";
  save(source_ / "日本/x.png", painting(70));
  fs::rename(source_ / "日本/x.png", source_ / "日本" / odd);
  const CollectReport report = run();
  EXPECT_EQ(report.pictures, 11);
  EXPECT_TRUE(rows().contains(name() + "/日本/caf\uFFFD.png"));
}

TEST_F(IngestTest, SaysWhatIsMissing) {
  EXPECT_THROW(run({}, {source_ / "nowhere"}), Error);
  const TestFolder empty("ingest_empty");
  EXPECT_THROW(run({}, {empty.path()}), Error);
  EXPECT_THROW(run({.split = "x"}), Error);
  EXPECT_THROW(run({.min_side = 0}), Error);
}

TEST(Metadata, ReadsFolders) {
  const FolderHints hints = read_folders("trainA/Hokusai/1.png");
  EXPECT_EQ(hints.split, "train");
  EXPECT_EQ(hints.domain, "A");
  EXPECT_EQ(hints.names, std::vector<std::string>{"Hokusai"});
  EXPECT_EQ(read_folders("val/x.png").split, "val");
  EXPECT_EQ(read_folders("trains/x.png").names, std::vector<std::string>{"trains"});
  EXPECT_TRUE(read_folders("x.png").names.empty());
}

}  // namespace
}  // namespace linmo
