// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/scan.h"

#include <gtest/gtest.h>

#include <atomic>

#include "linmo/collection/parallel.h"
#include "linmo/collection/test_pictures.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

class StoppedSink : public EventSink {
 public:
  void on_event(const Event&) override {}
  bool stop_requested() const override { return true; }
};

std::map<std::string, ScannedFile> by_name(const std::vector<ScannedFile>& files) {
  std::map<std::string, ScannedFile> out;
  for (const ScannedFile& f : files) out[to_utf8(f.path.filename())] = f;
  return out;
}

// As PNG has it (ISO 3309).
uint32_t crc32(std::span<const std::byte> bytes) {
  uint32_t crc = ~0u;
  for (const std::byte b : bytes) {
    crc ^= static_cast<uint32_t>(b);
    for (int k = 0; k < 8; ++k) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

class ScanTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "山水");
    save(folder_ / "山水/雪景.jpg", painting(1));
    save(folder_ / "small.png", painting(2, 63, 200));
    write_file(folder_ / "no_extension", encode_image(painting(3), ImageFormat::png));
    write_file(folder_ / "really_jpeg.png", encode_image(painting(4), ImageFormat::jpeg));
    std::vector<std::byte> whole = encode_image(painting(5), ImageFormat::png);
    whole.resize(whole.size() / 3);
    write_file(folder_ / "cut.png", whole);
    write_file(folder_ / "empty.jpg", "");
    write_file(folder_ / "page.jpg", "<html>404</html>");
    write_file(folder_ / "notes.txt", "hello");
    write_file(folder_ / "anim.gif", "GIF89a");
    // A PNG whose header announces 300,000 × 300,000 pixels, with the right CRC.
    std::vector<std::byte> bomb = encode_image(painting(6), ImageFormat::png);
    const auto put = [&](size_t at, uint32_t value) {
      for (size_t i = 0; i < 4; ++i) bomb[at + i] = static_cast<std::byte>(value >> (24 - 8 * i));
    };
    put(16, 300'000);
    put(20, 300'000);
    put(29, crc32(std::span(bomb).subspan(12, 17)));
    write_file(folder_ / "bomb.png", bomb);
    paths_ = list_files(folder_.path());
    paths_.push_back(folder_ / "gone.jpg");
  }
  std::vector<ScannedFile> scan(int threads = 2) const {
    std::vector<ScannedFile> files(paths_.size());
    ScanOptions options;
    options.threads = threads;
    EXPECT_TRUE(scan_pictures(paths_, options, null_sink(),
                              [&](size_t i, ScannedFile&& f) { files[i] = std::move(f); }));
    return files;
  }

  TestFolder folder_{"scan_test"};
  std::vector<fs::path> paths_;
};

TEST_F(ScanTest, GivesEveryFileAVerdict) {
  const auto files = by_name(scan());
  ASSERT_EQ(files.size(), 11u);
  EXPECT_TRUE(files.at("雪景.jpg").accepted());
  EXPECT_EQ(files.at("雪景.jpg").format, "JPEG");
  EXPECT_EQ(files.at("雪景.jpg").width, 160);
  EXPECT_EQ(files.at("雪景.jpg").measures->phash,
            measure_picture(read_image(folder_ / "山水/雪景.jpg"), 160).phash);
  EXPECT_TRUE(files.at("no_extension").accepted());
  EXPECT_TRUE(files.at("really_jpeg.png").accepted());
  EXPECT_EQ(files.at("really_jpeg.png").format, "JPEG");
  EXPECT_EQ(files.at("small.png").verdict, Verdict::too_small);
  EXPECT_EQ(files.at("small.png").reason, "63 × 200 px; the shorter side needs 64");
  EXPECT_EQ(files.at("empty.jpg").verdict, Verdict::unreadable);
  EXPECT_EQ(files.at("page.jpg").verdict, Verdict::unreadable);
  EXPECT_EQ(files.at("gone.jpg").verdict, Verdict::unreadable);
  EXPECT_EQ(files.at("anim.gif").verdict, Verdict::unsupported);
  EXPECT_EQ(files.at("notes.txt").verdict, Verdict::not_a_picture);
  EXPECT_FALSE(files.at("notes.txt").refused());
  EXPECT_EQ(files.at("bomb.png").verdict, Verdict::too_large);
  // A truncated picture is either refused or accepted with a warning, as the decoder sees it; never silently.
  const ScannedFile& cut = files.at("cut.png");
  EXPECT_TRUE(!cut.accepted() || !cut.warnings.empty());
  for (const auto& [name, file] : files) EXPECT_EQ(file.accepted(), file.reason.empty()) << name;
}

TEST_F(ScanTest, DoesNotDependOnThreads) {
  const auto one = scan(1), three = scan(3);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].verdict, three[i].verdict);
    EXPECT_EQ(one[i].sha256, three[i].sha256);
    ASSERT_EQ(one[i].measures.has_value(), three[i].measures.has_value());
    if (one[i].measures) {
      EXPECT_EQ(one[i].measures->pixels_sha256, three[i].measures->pixels_sha256);
    }
  }
}

TEST_F(ScanTest, ChecksHeadersOnly) {
  const auto files = by_name(check_pictures(paths_));
  EXPECT_TRUE(files.at("雪景.jpg").accepted());
  EXPECT_EQ(files.at("雪景.jpg").height, 120);
  EXPECT_FALSE(files.at("雪景.jpg").measures);
  EXPECT_EQ(files.at("small.png").verdict, Verdict::too_small);
  EXPECT_EQ(files.at("bomb.png").verdict, Verdict::too_large);
  EXPECT_EQ(files.at("gone.jpg").verdict, Verdict::unreadable);
  EXPECT_TRUE(by_name(check_pictures(paths_, kScanLimits, 63)).at("small.png").accepted());
}

TEST_F(ScanTest, StopsOnRequest) {
  StoppedSink sink;
  EXPECT_THROW(check_pictures(paths_, kScanLimits, 64, sink), Error);
}

TEST(Parallel, DoesAllOnceAndStopsOnRequest) {
  std::vector<std::atomic<int>> hits(1000);
  EXPECT_TRUE(for_each_parallel(hits.size(), 4, "test", null_sink(), [&](size_t i) { ++hits[i]; }));
  for (const auto& hit : hits) EXPECT_EQ(hit, 1);
  class Stop : public EventSink {
   public:
    void on_event(const Event&) override {}
    bool stop_requested() const override { return ++polls > 10; }
    mutable std::atomic<int> polls{0};
  } stop;
  std::atomic<int> done{0};
  EXPECT_FALSE(for_each_parallel(1000, 2, "test", stop, [&](size_t) { ++done; }));
  EXPECT_EQ(done, 10);
}

TEST(Parallel, PassesExceptionsOn) {
  EXPECT_THROW(for_each_parallel(10, 3, "test", null_sink(),
                                 [](size_t i) {
                                   if (i == 4) fail(ErrorKind::io, "four");
                                 }),
               Error);
}

TEST(Parallel, GateLetsLargeOnesThroughAlone) {
  MemoryGate gate(100);
  std::atomic<int> inside{0};
  std::atomic<bool> crowded{false};
  for_each_parallel(50, 4, "test", null_sink(), [&](size_t i) {
    const bool large = i % 5 == 0;
    const MemoryGate::Pass pass(gate, large ? 500 : 60);
    if (++inside > 1) crowded = true;  // 60 + 60 is too much as well
    --inside;
  });
  EXPECT_FALSE(crowded);
}

}  // namespace
}  // namespace linmo
