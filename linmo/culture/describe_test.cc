// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/describe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/culture/database.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/culture/descriptors/reference_pictures_test.h"
#include "linmo/culture/store.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"

namespace linmo::culture {
namespace {
namespace fs = std::filesystem;

class Describe : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "linmo-describe-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path picture(const std::string& name, int64_t side = 96, int seed = 0) const {
    const fs::path path = folder_ / from_utf8(name);
    fs::create_directories(path.parent_path());
    write_image(path, crop(noise_picture(3), seed, 0, side, side));
    return path;
  }
  void text(const std::string& name, std::string_view content) const {
    const fs::path path = folder_ / from_utf8(name);
    fs::create_directories(path.parent_path());
    write_file(path, content);
  }
  DescribeJob job(std::vector<fs::path> sources) const {
    DescribeJob j{std::move(sources), folder_ / "memory", {}};
    return j;
  }
  static std::vector<std::string> files(const FeatureTable& t) {
    std::vector<std::string> out;
    for (const FeatureRow& row : t.rows) out.push_back(row.file);
    return out;
  }

  fs::path folder_;
};

TEST_F(Describe, FolderWithBrokenPictures) {
  picture("山水/雪景.png", 96, 1);
  picture("山水/a.png", 80, 2);
  text("山水/坏.png", "not a picture");
  text("山水/notes.txt", "text");
  DescribeReport report;
  const FeatureTable table = describe(job({folder_ / from_utf8("山水")}), null_sink(), &report);
  EXPECT_EQ(files(table), (std::vector<std::string>{"a.png", "雪景.png"}));
  EXPECT_EQ(report.described, 2);
  EXPECT_EQ(report.computed, 2);
  EXPECT_EQ(report.not_pictures, 1);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].file, "坏.png");
  EXPECT_EQ(table.metadata("collection")[0], "山水");
  EXPECT_EQ(table.values("source_width"), (std::vector<double>{80, 96}));
  for (const FeatureRow& row : table.rows) {
    EXPECT_EQ(row.sha256.size(), 64u);
    EXPECT_EQ(row.values.size(), registry().size());
    EXPECT_FALSE(std::isnan(row.values[0]));
  }
}

TEST_F(Describe, OnlyWhatIsNewIsComputed) {
  picture("c/1.png", 96, 1);
  picture("c/2.png", 96, 2);
  DescribeReport first, second, third, other;
  const FeatureTable before = describe(job({folder_ / "c"}), null_sink(), &first);
  const FeatureTable after = describe(job({folder_ / "c"}), null_sink(), &second);
  EXPECT_EQ(first.computed, 2);
  EXPECT_EQ(second.computed, 0);
  EXPECT_EQ(format_wide(before), format_wide(after));
  // By content: a renamed picture is known, a new one is not.
  fs::rename(folder_ / "c/1.png", folder_ / "c/9.png");
  picture("c/3.png", 90, 3);
  describe(job({folder_ / "c"}), null_sink(), &third);
  EXPECT_EQ(third.computed, 1);
  // Another protocol is another computation.
  DescribeJob smaller = job({folder_ / "c"});
  smaller.settings.protocol.size = 64;
  describe(smaller, null_sink(), &other);
  EXPECT_EQ(other.computed, 3);
}

TEST_F(Describe, ThreadsDoNotChangeValues) {
  for (int i = 0; i < 6; ++i) picture(fmt::format("c/{}.png", i), 64 + 8 * i, i);
  std::string texts[2];
  for (const int threads : {1, 3}) {
    DescribeJob j{{folder_ / "c"}, {}, {}};
    j.settings.threads = threads;
    texts[threads / 3] = format_wide(describe(j, null_sink()));
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST_F(Describe, AStoppedRunGoesOn) {
  for (int i = 0; i < 8; ++i) picture(fmt::format("c/{}.png", i), 64, i);
  class StopAfter : public EventSink {
   public:
    void on_event(const Event& event) override {
      if (event.kind == Event::Kind::progress) done_ = event.done;
    }
    bool stop_requested() const override { return done_ >= 1; }

   private:
    std::atomic<double> done_ = 0;
  } stopping;
  DescribeJob j = job({folder_ / "c"});
  j.settings.threads = 1;
  try {
    describe(j, stopping);
    FAIL() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
  DescribeReport report;
  EXPECT_EQ(describe(j, null_sink(), &report).rows.size(), 8u);
  EXPECT_LT(report.computed, 8);
  EXPECT_GT(report.computed, 0);
}

TEST_F(Describe, MetadataOfTablesAndSeveralSources) {
  picture("a/x/1.png", 64, 1);
  picture("a/2.png", 64, 2);
  text("a/manifest.csv",
       "file,culture,artist,date,category,licence,split,medium\r\n"
       "x/1.png,China,Fan Kuan,c. 1000,landscape,CC0,train,ink\r\n"
       "2.png,China,,18th century,,,test,\r\n"
       "gone.png,China,,,,,train,\r\n");
  // PixPlot's columns; the picture lies in a folder of its own.
  picture("b/pictures/p.png", 64, 3);
  text("b/works.csv", "filename,year,label,tags\np.png,1830-33,print,snow|moon\n");
  Works works;
  DescribeReport report;
  const FeatureTable table =
      describe(job({folder_ / "a", folder_ / "b/works.csv"}), null_sink(), &report, &works);
  EXPECT_EQ(files(table), (std::vector<std::string>{"a/x/1.png", "a/2.png", "works/p.png"}));
  EXPECT_EQ(works.works[2].path, folder_ / "b/pictures/p.png");
  EXPECT_EQ(table.metadata("culture"), (std::vector<std::string>{"China", "China", ""}));
  EXPECT_EQ(table.metadata("genre"), (std::vector<std::string>{"landscape", "", "print"}));
  EXPECT_EQ(table.metadata("year_from"), (std::vector<std::string>{"995", "1701", "1830"}));
  EXPECT_EQ(table.metadata("year_to"), (std::vector<std::string>{"1005", "1800", "1833"}));
  EXPECT_EQ(table.metadata("medium"), (std::vector<std::string>{"ink", "", ""}));
  EXPECT_EQ(table.metadata("licence")[0], "CC0");
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].file, "a/gone.png");
  // Splits.
  DescribeJob train = job({folder_ / "a"});
  train.settings.split = "train";
  EXPECT_EQ(files(describe(train, null_sink())), std::vector<std::string>{"x/1.png"});
}

TEST_F(Describe, IiifManifestsNameFilesBesideThem) {
  picture("m/img/x1.png", 64, 1);
  picture("m/other.png", 64, 2);
  text(
      "m/manifest.json",
      R"({"@context":"http://iiif.io/api/presentation/3/context.json","type":"Manifest","id":"https://m.example/9",
        "label":{"en":["Snow"]},"rights":"https://creativecommons.org/licenses/by/4.0/","items":[
        {"label":{"en":["1"]},"items":[{"items":[{"body":{"id":"https://m.example/iiif/3/x1/full/max/0/default.jpg"}}]}]},
        {"label":{"en":["2"]},"items":[{"items":[{"body":{"id":"https://m.example/iiif/3/x2/full/max/0/default.jpg"}}]}]}]})");
  DescribeReport report;
  const FeatureTable one = describe(job({folder_ / "m/manifest.json"}), null_sink(), &report);
  EXPECT_EQ(files(one), std::vector<std::string>{"img/x1.png"});
  EXPECT_EQ(one.metadata("title")[0], "Snow");
  EXPECT_EQ(one.metadata("canvas")[0], "1");
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].file, "x2");
  // The folder as a whole: what the manifest does not name is described as well.
  const FeatureTable all = describe(job({folder_ / "m"}), null_sink());
  EXPECT_EQ(files(all), (std::vector<std::string>{"img/x1.png", "other.png"}));
  EXPECT_EQ(all.metadata("title"), (std::vector<std::string>{"Snow", ""}));
}

TEST_F(Describe, SourcesThatMakeNoSense) {
  EXPECT_THROW(find_works({}, "", null_sink()), Error);
  EXPECT_THROW(describe(job({folder_ / "none"}), null_sink()), Error);
  text("e/notes.txt", "no pictures");
  EXPECT_THROW(describe(job({folder_ / "e"}), null_sink()), Error);
  picture("c/1.png");
  DescribeJob unwritable = job({folder_ / "c"});
  unwritable.cache = folder_ / "no such folder/memory";
  EXPECT_THROW(describe(unwritable, null_sink()), Error);
  text("memory", "this is no database, but it is long enough to be looked at as one, at least at its head");
  EXPECT_THROW(describe(job({folder_ / "c"}), null_sink()), Error);
}

TEST_F(Describe, StoreAndSchemaHoldWhatTheTableHolds) {
  picture("c/1.png", 64, 1);
  picture("c/2.png", 64, 2);
  const FeatureTable table = describe(job({folder_ / "c"}), null_sink());
  FeatureColumns columns = table.columns;
  columns.metadata.emplace_back("ID");     // a name that the store has
  columns.metadata.emplace_back("Title");  // … that differs by case alone
  columns.metadata.emplace_back("od\"d; DROP TABLE pictures");
  {
    FeatureStore store(folder_ / "f.sqlite", columns, "size = 1024\n");
    for (FeatureRow row : table.rows) {
      row.metadata.resize(columns.metadata.size(), "x");
      store.add(row);
    }
    EXPECT_FALSE(fs::exists(folder_ / "f.sqlite"));
    store.finish();
  }
  Database db(folder_ / "f.sqlite");
  Statement values = db.prepare("SELECT file, value FROM long WHERE descriptor = 'lab_l' ORDER BY file");
  for (const FeatureRow& row : table.rows) {
    ASSERT_TRUE(values.step());
    EXPECT_EQ(values.text(0), row.file);
    EXPECT_NEAR(std::stod(values.text(1)), row.values[0], 1e-9);
  }
  EXPECT_FALSE(values.step());
  Statement missing =
      db.prepare("SELECT count(*) FROM long WHERE descriptor = 'jpeg_quality' AND value IS NULL");
  ASSERT_TRUE(missing.step());
  EXPECT_EQ(missing.text(0), "2");  // PNGs

  const auto schema = nlohmann::json::parse(schema_json(table.columns, "size = 1024\n"));
  EXPECT_EQ(schema["properties"].size(), 3 + table.columns.metadata.size() + registry().size());
  EXPECT_EQ(schema["properties"]["lab_l"]["unit"], "L*");
  EXPECT_EQ(schema["properties"]["lab_l"]["maximum"], 100);
  EXPECT_TRUE(schema["properties"]["jpeg_quality"]["nuisance"].get<bool>());
}

}  // namespace
}  // namespace linmo::culture
