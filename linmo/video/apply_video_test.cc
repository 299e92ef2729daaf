// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/apply_video.h"

#include <gtest/gtest.h>

#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/image/convert.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/builder.h"
#include "linmo/video/smoother.h"

namespace linmo::video {
namespace {

namespace fs = std::filesystem;

apply::Stylizer affine(double scale, double shift) {
  net::Builder b("affine", 3);
  b.add(net::ScaleShift{{scale}, {shift}});
  model::Model m;
  m.network = b.finish();
  return apply::Stylizer(m, {engine::Precision::fp32, 1, 2});
}

// Grey frames, 4:2:0, each with its own level of luma.
fs::path y4m(const fs::path& path, int width, int height, const std::vector<int>& levels) {
  std::string text = fmt::format("YUV4MPEG2 W{} H{} F25:1 Ip A1:1 C420jpeg\n", width, height);
  for (const int level : levels) {
    text += "FRAME\n" + std::string(static_cast<size_t>(width * height), static_cast<char>(level));
    text +=
        std::string(static_cast<size_t>((width + 1) / 2 * ((height + 1) / 2) * 2), static_cast<char>(128));
  }
  write_file(path, text);
  return path;
}

double mean(const Image& image) {
  double sum = 0;
  for (const uint8_t v : image.samples<uint8_t>()) sum += v;
  return sum / static_cast<double>(image.samples<uint8_t>().size());
}

ErrorKind kind_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was refused";
  return ErrorKind::numeric;
}

// Stops a call after so many frames that it made itself.
struct StopAfter : EventSink {
  explicit StopAfter(int frames) : most(frames) {}
  void on_event(const Event& event) override { seen += event.kind == Event::Kind::progress; }
  bool stop_requested() const override { return seen >= most; }
  int most, seen = 0;
};

TEST(Video, OddAndOnePixelSidesBecomeEven) {
  const TemporaryFolder folder;
  struct Case {
    int width, height;
    int64_t max_side, wide, high;
  };
  for (const Case& c : {Case{7, 5, 0, 6, 4}, Case{400, 2, 8, 8, 2}, Case{2, 400, 9, 2, 8}})
    for (const double smooth : {0.0, 0.8}) {
      SCOPED_TRACE(fmt::format("{} x {}, smooth {}", c.width, c.height, smooth));
      const fs::path in = y4m(folder / "in.y4m", c.width, c.height, {60, 60, 200});
      apply_video(affine(1, 0), in, folder / "out.y4m", {.max_side = c.max_side, .smooth = smooth});
      VideoReader reader(folder / "out.y4m");
      EXPECT_EQ(reader.info().width, c.wide);
      EXPECT_EQ(reader.info().height, c.high);
      Frame frame;
      for (const int level : {60, 60, 200}) {
        ASSERT_TRUE(reader.next(frame));
        EXPECT_NEAR(mean(frame.image), (level - 16) * 255 / 219., 2);  // 16 … 235 stand for black … white
      }
      fs::remove(folder / "out.y4m");
    }
}

TEST(Video, EveryFrameIsStylisedInEveryContainer) {
  const TemporaryFolder folder;
  const std::vector<int> levels = {40, 90, 140, 190, 200};
  const fs::path in = y4m(folder / "入.y4m", 32, 24, levels);
  for (const char* name : {"出.mp4", "out.mkv", "out.mov", "out.y4m", "out.avi"}) {
    SCOPED_TRACE(name);
    const VideoResult r = apply_video(affine(-1, 0), in, folder / name, {.smooth = 0});
    EXPECT_EQ(r.frames, 5);
    VideoReader reader(folder / name);
    EXPECT_EQ(reader.info().width, 32);
    Frame frame;
    int64_t last = INT64_MIN;
    for (const int level : levels) {
      ASSERT_TRUE(reader.next(frame));
      EXPECT_GT(frame.pts, last);
      last = frame.pts;
      const double shown = (level - 16) * 255.0 / 219;  // y4m has video levels
      EXPECT_NEAR(mean(frame.image), 255 - shown, 3);
    }
    EXPECT_FALSE(reader.next(frame));
  }
  for (const fs::path& file : list_files(folder / "")) EXPECT_NE(file.extension(), ".part");
}

TEST(Video, OddSidesLoseARow) {
  const TemporaryFolder folder;
  const VideoResult r = apply_video(affine(1, 0), y4m(folder / "a.y4m", 33, 25, {50, 60}), folder / "b.mp4",
                                    {.max_side = 0, .smooth = 0.5});
  EXPECT_EQ(r.width, 32);
  EXPECT_EQ(r.height, 24);
}

TEST(Video, LeavesNothingBehindWhenItCannotFinish) {
  StopAfter sink(2);
  const TemporaryFolder folder;
  const fs::path in = y4m(folder / "a.y4m", 16, 16, {10, 20, 30, 40}), out = folder / "b.mp4";
  EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), in, out, {}, sink); }), ErrorKind::cancelled);
  EXPECT_EQ(list_files(folder / "").size(), 1u);
  EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), folder / "none.mp4", out, {}); }), ErrorKind::io);
  write_file(folder / "text.mp4", "not a video");
  write_file(folder / "list.mkv", "#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n");
  write_file(folder / "huge.y4m", "YUV4MPEG2 W30000 H30000 F25:1\nFRAME\n");
  EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), folder / "text.mp4", out, {}); }), ErrorKind::input);
  EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), folder / "list.mkv", out, {}); }), ErrorKind::input);
  const ErrorKind huge = kind_of([&] { apply_video(affine(1, 0), folder / "huge.y4m", out, {}); });
  EXPECT_TRUE(huge == ErrorKind::limit || huge == ErrorKind::input);
  EXPECT_FALSE(fs::exists(out));
  apply_video(affine(1, 0), in, out, {});
  EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), in, out, {}); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), in, in, {.force = true}); }), ErrorKind::usage);
}

TEST(Video, GoesOnAfterAStopWithTheSameFrames) {
  const TemporaryFolder folder;
  std::vector<int> levels;
  for (int i = 0; i < 23; ++i) levels.push_back(40 + 37 * i % 160);
  const fs::path in = y4m(folder / "a.y4m", 32, 24, levels), pieces = folder / ".b.mkv.pieces";
  VideoOptions o;
  o.smooth = 0.8;
  o.identity = "model 1";
  o.piece_frames = 5;
  EXPECT_EQ(apply_video(affine(1, 0), in, folder / "whole.mkv", o).frames, 23);
  StopAfter early(2);
  EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), in, folder / "b.mkv", o, early); }),
            ErrorKind::cancelled);
  EXPECT_FALSE(fs::exists(pieces)) << "an empty folder is left";
  fs::create_directories(pieces);
  write_file(pieces / ".000000.123.0.part", "killed while it was written");
  for (const int frames : {7, 1, 6, 3}) {
    StopAfter sink(frames);
    EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), in, folder / "b.mkv", o, sink); }),
              ErrorKind::cancelled);
    EXPECT_FALSE(fs::exists(folder / "b.mkv"));
    EXPECT_TRUE(fs::exists(pieces));
  }
  const VideoResult r = apply_video(affine(1, 0), in, folder / "b.mkv", o);
  EXPECT_EQ(r.resumed_at, 10);  // 5, none more, 10, none more
  EXPECT_EQ(r.frames, 23);
  // Not the bytes: see docs/apply.md.
  VideoReader whole(folder / "whole.mkv"), parts(folder / "b.mkv");
  Frame of_whole, of_parts;
  for (int i = 0; i < 23; ++i) {
    ASSERT_TRUE(whole.next(of_whole) && parts.next(of_parts));
    EXPECT_EQ(of_whole.pts, of_parts.pts);
    EXPECT_NEAR(mean(of_whole.image), mean(of_parts.image), 0.5) << i;
  }
  EXPECT_FALSE(fs::exists(pieces));
  VideoReader reader(folder / "b.mkv");
  Frame frame;
  int seen = 0;
  for (int64_t last = -1; reader.next(frame); ++seen, last = frame.pts) EXPECT_GT(frame.pts, last);
  EXPECT_EQ(seen, 23);
}

TEST(Video, PiecesOfAnotherModelAndDamagedOnesAreMadeAgain) {
  const TemporaryFolder folder;
  const fs::path in = y4m(folder / "a.y4m", 32, 24, std::vector<int>(20, 90)), out = folder / "b.mp4";
  VideoOptions o;
  o.identity = "model 1";
  o.piece_frames = 4;
  const auto stopped = [&] {
    StopAfter sink(13);
    EXPECT_EQ(kind_of([&] { apply_video(affine(1, 0), in, out, o, sink); }), ErrorKind::cancelled);
  };
  stopped();
  o.identity = "model 2";
  EXPECT_EQ(apply_video(affine(-1, 0), in, out, o).resumed_at, 0);
  fs::remove(out);
  stopped();
  const fs::path second = folder / ".b.mp4.pieces" / "000001";
  std::string bytes = read_text(second);
  bytes[bytes.size() / 2] ^= 1;
  write_file(second, bytes);
  EXPECT_EQ(apply_video(affine(-1, 0), in, out, o).resumed_at, 0);
}

TEST(Video, RawPixelsAreDescribedInWords) {
  const RawVideo raw = raw_video_from("640x480@29.97:yuv420p");
  EXPECT_EQ(raw.width, 640);
  EXPECT_EQ(raw.height, 480);
  EXPECT_DOUBLE_EQ(raw.frames_per_second, 29.97);
  EXPECT_EQ(raw.pixels, "yuv420p");
  EXPECT_EQ(raw_video_from("2x2@1").pixels, "rgb24");
  for (const char* bad : {"", "640", "640x480", "640x480@0", "1x480@25", "99999x99999@25", "640x480@25 x",
                          "640x480@25:colours"})
    EXPECT_EQ(kind_of([&] { raw_video_from(bad); }), ErrorKind::usage) << bad;
}

TEST(Smoother, StillScenesFlickerLessAndMovingOnesDoNotTrail) {
  Random random(1, 1);
  const auto noisy = [&](int level, double spread) {
    Image image(40, 30, 3);
    for (uint8_t& v : image.samples<uint8_t>())
      v = static_cast<uint8_t>(std::clamp(level + random.uniform(-spread, spread), 0.0, 255.0));
    return image;
  };
  const auto difference = [](const Image& a, const Image& b) {
    double sum = 0;
    for (size_t i = 0; i < a.samples<uint8_t>().size(); ++i)
      sum += std::abs(a.samples<uint8_t>()[i] - b.samples<uint8_t>()[i]);
    return sum / static_cast<double>(a.samples<uint8_t>().size());
  };
  Smoother smoother(0.8);
  Image before, before_plain;
  double flicker = 0, plain_flicker = 0;
  for (int i = 0; i < 12; ++i) {
    const Image plain = noisy(120, 30);  // the style magnifies the noise of the content
    const Image out = smoother.next(noisy(100, 3), plain);
    if (i > 3) flicker += difference(out, before), plain_flicker += difference(plain, before_plain);
    before = out;
    before_plain = plain;
  }
  EXPECT_LT(flicker, 0.4 * plain_flicker);
  // A cut: the new picture is there at once.
  const Image cut = noisy(30, 10);
  EXPECT_LT(difference(smoother.next(noisy(200, 3), cut), cut), 0.5);
  // And what is steady is reached: no value is stuck behind rounding.
  Image out;
  for (int i = 0; i < 60; ++i) out = smoother.next(noisy(200, 0), noisy(33, 0));
  EXPECT_NEAR(mean(out), 33, 0.6);
  Smoother off(0);
  EXPECT_EQ(off.next(cut, cut), cut);
}

}  // namespace
}  // namespace linmo::video
