// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/batch.h"

#include <gtest/gtest.h>

#include "linmo/core/files.h"
#include "linmo/engine/random_weights.h"
#include "linmo/image/icc.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/builder.h"

namespace linmo::apply {
namespace {

namespace fs = std::filesystem;

Stylizer negative() {
  net::Builder b("negative", 3);
  b.add(net::ScaleShift{{-1}, {0}});
  model::Model m;
  m.network = b.finish();
  return Stylizer(m, {engine::Precision::fp32, 1, 2});
}

void picture(const fs::path& path, uint8_t value) {
  fs::create_directories(path.parent_path());
  Image image(6, 4, 3);
  for (uint8_t& v : image.samples<uint8_t>()) v = value;
  write_image(path, image);
}
uint8_t first_sample(const fs::path& path) {
  return read_image(path).samples<uint8_t>()[0];
}

struct Folders {
  TemporaryFolder temporary;
  fs::path in = temporary / "in", out = temporary / "out";
  BatchOptions options() const {
    BatchOptions o;
    o.output = out;
    return o;
  }
};

TEST(Batch, MirrorsFoldersAndListsWhatFails) {
  Folders f;
  picture(f.in / "a.png", 10);
  picture(f.in / "山水" / "雪景.jpg", 200);
  picture(f.in / "山水" / "b.tif", 20);
  write_file(f.in / "notes.txt", "no picture");
  write_file(f.in / "broken.png", "not a PNG at all");
  write_file(f.in / "empty.jpg", "");
  const BatchResult r = run_batch(negative(), {f.in}, f.options());
  EXPECT_EQ(r.written.size(), 3u);
  EXPECT_EQ(r.ignored, 1);
  ASSERT_EQ(r.failures.size(), 2u);
  for (const BatchFailure& failure : r.failures) EXPECT_FALSE(failure.reason.empty());
  EXPECT_EQ(first_sample(f.out / "a.png"), 245);
  EXPECT_NEAR(first_sample(f.out / "山水" / "雪景.jpg"), 55, 3);
  EXPECT_EQ(first_sample(f.out / "山水" / "b.tif"), 235);
  EXPECT_FALSE(fs::exists(f.out / "broken.png"));
}

TEST(Batch, ReducesPicturesWhoseLongerSideIsMore) {
  const Folders f;
  picture(f.in / "a.png", 200);
  BatchOptions options = f.options();
  options.max_side = 3;  // of 6 × 4
  run_batch(negative(), {f.in}, options);
  EXPECT_EQ(probe_image(f.out / "a.png").width, 3);
  EXPECT_EQ(probe_image(f.out / "a.png").height, 2);
  EXPECT_EQ(first_sample(f.out / "a.png"), 55);
  options.max_side = 7;
  options.force = true;
  run_batch(negative(), {f.in}, options);
  EXPECT_EQ(probe_image(f.out / "a.png").width, 6);
}

TEST(Batch, NamesNeverCollide) {
  Folders f;
  picture(f.in / "a.png", 10);
  picture(f.in / "a.jpg", 100);
  picture(f.in / "sub" / "a.png", 30);
  picture(f.temporary / "other" / "a.png", 40);
  BatchOptions o = f.options();
  o.format = ImageFormat::png;
  const BatchResult r = run_batch(negative(), {f.in, f.temporary / "other"}, o);
  EXPECT_TRUE(r.failures.empty());
  EXPECT_EQ(r.written.size(), 4u);
  EXPECT_EQ(list_files(f.out).size(), 4u);
  EXPECT_TRUE(fs::exists(f.out / "a-jpg.png") || fs::exists(f.out / "a-2.png"));
  EXPECT_EQ(first_sample(f.out / "sub" / "a.png"), 225);
}

TEST(Batch, NeverOverwritesSilently) {
  Folders f;
  picture(f.in / "a.png", 10);
  picture(f.in / "b.png", 20);
  picture(f.out / "a.png", 77);
  BatchOptions o = f.options();
  BatchResult r = run_batch(negative(), {f.in}, o);
  ASSERT_EQ(r.failures.size(), 1u);
  EXPECT_NE(r.failures[0].reason.find("--force"), std::string::npos);
  EXPECT_EQ(first_sample(f.out / "a.png"), 77);
  EXPECT_EQ(first_sample(f.out / "b.png"), 235);
  o.resume = true;
  r = run_batch(negative(), {f.in}, o);
  EXPECT_EQ(r.skipped, 2);
  EXPECT_TRUE(r.failures.empty());
  EXPECT_EQ(first_sample(f.out / "a.png"), 77);
  o.resume = false;
  o.force = true;
  r = run_batch(negative(), {f.in}, o);
  EXPECT_EQ(r.written.size(), 2u);
  EXPECT_EQ(first_sample(f.out / "a.png"), 245);
  // Not even then an input.
  o.output = f.in;
  r = run_batch(negative(), {f.in}, o);
  EXPECT_EQ(r.failures.size(), 2u);
  EXPECT_EQ(first_sample(f.in / "a.png"), 10);
}

TEST(Batch, ResultsInsideTheInputFolderAreNotInputs) {
  Folders f;
  picture(f.in / "a.png", 10);
  BatchOptions o = f.options();
  o.output = f.in / "styled";
  EXPECT_EQ(run_batch(negative(), {f.in}, o).written.size(), 1u);
  o.resume = true;
  const BatchResult again = run_batch(negative(), {f.in}, o);
  EXPECT_EQ(again.skipped, 1);
  EXPECT_TRUE(again.written.empty());
}

TEST(Batch, OneFileToOneFile) {
  Folders f;
  picture(f.in / "a.png", 10);
  picture(f.in / "b.png", 10);
  BatchOptions o;
  o.output = f.temporary / "new" / "result.webp";
  EXPECT_EQ(run_batch(negative(), {f.in / "a.png"}, o).written.size(), 1u);
  EXPECT_EQ(probe_image(o.output).format, ImageFormat::webp);
  EXPECT_THROW(plan_batch({f.in / "a.png", f.in / "b.png"}, o), Error);
  EXPECT_THROW(plan_batch({f.in}, o), Error);
  EXPECT_THROW(plan_batch({}, o), Error);
  EXPECT_THROW(plan_batch({f.in / "missing.png"}, f.options()), Error);
}

TEST(Batch, LargePicturesGoInBandsAndEndTheSame) {
  Folders f;
  fs::create_directories(f.in);
  Image image(50, 40, 3);
  for (size_t i = 0; i < image.samples<uint8_t>().size(); ++i)
    image.samples<uint8_t>()[i] = static_cast<uint8_t>(i * 7);
  EncodeOptions encode;
  encode.webp_lossless = true;
  for (const char* file : {"a.png", "b.tif", "c.jpg", "d.webp"}) write_image(f.in / file, image, encode);
  BatchOptions o = f.options();
  ASSERT_EQ(run_batch(negative(), {f.in}, o).written.size(), 4u);
  o.output = f.temporary / "bands";
  o.whole_bytes = 100;
  EXPECT_EQ(run_batch(negative(), {f.in}, o).written.size(), 4u);
  for (const char* file : {"a.png", "b.tif", "c.jpg", "d.webp"})
    EXPECT_EQ(read_image(o.output / file), read_image(f.out / file)) << file;
  std::vector<std::byte> cut = read_file(f.in / "a.png");
  cut.resize(200);
  write_file(f.in / "cut.png", cut);
  o.resume = true;
  const BatchResult r = run_batch(negative(), {f.in}, o);
  EXPECT_EQ(r.failures.size(), 1u);
  EXPECT_FALSE(fs::exists(o.output / "cut.png"));
}

// An EXIF block with a maker, an exposure time, and orientation 6.
std::vector<std::byte> exif_block() {
  constexpr std::string_view kBlock(
      "II*\0\x08\0\0\0\x03\0"
      "\x0F\x01\x02\0\x05\0\0\0\x50\0\0\0"
      "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
      "\x69\x87\x04\0\x01\0\0\0\x32\0\0\0\0\0\0\0"
      "\x01\0\x9A\x82\x05\0\x01\0\0\0\x44\0\0\0\0\0\0\0"
      "\x01\0\0\0\xFA\0\0\0\0\0\0\0Acme\0",
      85);
  const auto bytes = std::as_bytes(std::span(kBlock.data(), kBlock.size()));
  return {bytes.begin(), bytes.end()};
}

TEST(Batch, ExifAndAProfileGoWithTheResultUnlessStripped) {
  Folders f;
  fs::create_directories(f.in);
  Image image(31, 20, 3);
  EncodeOptions encode;
  encode.exif = exif_block();
  encode.icc = srgb_profile(false);
  write_image(f.in / "a.jpg", image, encode);
  write_image(f.in / "plain.png", image);
  for (const ImageFormat format :
       {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp, ImageFormat::tiff}) {
    for (const bool bands : {false, true}) {
      BatchOptions o = f.options();
      o.force = true;
      o.format = format;
      if (bands) o.whole_bytes = 10;
      const BatchResult r = run_batch(negative(), {f.in / "a.jpg", f.in / "plain.png"}, o);
      ASSERT_EQ(r.written.size(), 2u);
      const ImageInfo info = probe_image(r.written[0]);
      EXPECT_EQ(info.icc, srgb_profile(false)) << name(format);
      EXPECT_EQ(info.orientation, 1);
      const std::string_view exif(reinterpret_cast<const char*>(info.exif.data()), info.exif.size());
      EXPECT_NE(exif.find("Acme"), std::string_view::npos) << name(format) << bands;
      EXPECT_NE(exif.find(std::string_view("\x01\0\0\0\xFA\0\0\0", 8)), std::string_view::npos)
          << name(format);
      EXPECT_TRUE(probe_image(r.written[1]).icc.empty());
      EXPECT_TRUE(probe_image(r.written[1]).exif.empty());
      o.strip = true;
      const ImageInfo bare = probe_image(run_batch(negative(), {f.in / "a.jpg"}, o).written.at(0));
      EXPECT_TRUE(bare.icc.empty());
      EXPECT_TRUE(bare.exif.empty());
    }
  }
}

TEST(Batch, AnOutputThatCannotBeWrittenIsSaidAtOnce) {
  Folders f;
  picture(f.in / "a.png", 10);
  BatchOptions o;
  o.output = "/proc/linmo-cannot-write-here";
  try {
    run_batch(negative(), {f.in}, o);
    FAIL() << "wrote into /proc";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(std::string(error.what()).find("output folder"), std::string::npos) << error.what();
  }
}

TEST(Batch, StopsBetweenPicturesWithWholeFiles) {
  struct StopAfterOne : EventSink {
    void on_event(const Event& event) override { stop = stop || event.kind == Event::Kind::progress; }
    bool stop_requested() const override { return stop; }
    bool stop = false;
  } sink;
  Folders f;
  for (int i = 0; i < 5; ++i) picture(f.in / (std::to_string(i) + ".png"), 10);
  BatchOptions o = f.options();
  BatchResult r = run_batch(negative(), {f.in}, o, sink);
  EXPECT_TRUE(r.stopped);
  EXPECT_EQ(r.written.size(), 1u);
  o.resume = true;
  r = run_batch(negative(), {f.in}, o);
  EXPECT_FALSE(r.stopped);
  EXPECT_EQ(r.skipped, 1);
  EXPECT_EQ(list_files(f.out).size(), 5u);
}

}  // namespace
}  // namespace linmo::apply
