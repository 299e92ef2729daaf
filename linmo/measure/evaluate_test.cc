// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"
#include "linmo/measure/golden_test.h"
#include "linmo/measure/similarity.h"
#include "linmo/model/temporary_folder_test.h"

namespace linmo::measure {
namespace {

namespace fs = std::filesystem;

// Mean and deviation of each channel.
class Colours : public FeatureExtractor {
 public:
  std::vector<float> features(const std::vector<Image>& pictures) override {
    std::vector<float> all;
    for (const Image& image : pictures) {
      for (const Plane& plane : rgb_planes(image)) {
        double sum = 0, squares = 0;
        for (const float v : plane.values) sum += v, squares += v * v;
        const double n = static_cast<double>(plane.values.size());
        all.push_back(static_cast<float>(sum / n));
        all.push_back(static_cast<float>(std::sqrt(squares / n)));
      }
    }
    return all;
  }
  int64_t dimensions() const override { return 6; }
  std::string name() const override { return "colours"; }
  bool is_inception() const override { return false; }
};

class EvaluateTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"out", "style", "content", "truth"}) fs::create_directory(folder_ / name);
    EncodeOptions lossless;
    lossless.webp_lossless = true;
    for (int i = 0; i < 4; ++i) {
      const std::string name = fmt::format("山水{}", i);
      const Image truth = golden_picture(i, 32, 32, 60);
      Image output = truth;
      for (uint8_t& v : output.samples<uint8_t>()) v = static_cast<uint8_t>(v < 250 ? v + 5 : v);
      write_image(folder_ / "truth" / (name + ".png"), truth);
      write_image(folder_ / "out" / (name + ".webp"), output, lossless);
      write_image(folder_ / "content" / (name + ".png"), golden_picture(20 + i, 32, 32, 4));
      write_image(folder_ / "style" / fmt::format("other{}.png", i), golden_picture(40 + i, 32, 32, 60));
    }
    s_.outputs = path("out"), s_.size = 32;
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }
  static const Score* find(const Evaluation& e, const std::string& key) {
    for (const Score& s : e.scores) {
      if (s.key == key) return &s;
    }
    return nullptr;
  }

  TemporaryFolder temporary_;
  const fs::path folder_ = temporary_ / "";
  EvaluateSettings s_;
};

TEST_F(EvaluateTest, PairsByNameAndScoresTheInputToo) {
  s_.truth = path("truth"), s_.content = path("content"), s_.style = path("style");
  const Evaluation e = evaluate(s_, null_sink());
  const Score* l1_score = find(e, "l1");
  ASSERT_TRUE(l1_score);
  double want = 0, input = 0;
  for (int i = 0; i < 4; ++i) {
    const Image truth = golden_picture(i, 32, 32, 60);
    want += l1(read_image(folder_ / fmt::format("out/山水{}.webp", i)), truth) / 4;
    input += l1(golden_picture(20 + i, 32, 32, 4), truth) / 4;
  }
  EXPECT_NEAR(l1_score->value, want, 1e-12);
  EXPECT_NEAR(l1_score->input.value(), input, 1e-12);
  EXPECT_EQ(l1_score->n, 4);
  EXPECT_FALSE(l1_score->higher_is_better);
  EXPECT_GT(find(e, "ssim_luma")->value, 0.95);
  EXPECT_FALSE(find(e, "ms_ssim")) << "pictures are too small for it";
  ASSERT_TRUE(find(e, "content_edges"));
  EXPECT_FALSE(find(e, "content_edges")->input);
  ASSERT_TRUE(find(e, "swd"));
  EXPECT_TRUE(find(e, "swd")->input) << "the content against the style";
  EXPECT_TRUE(find(e, "swd_16") && find(e, "swd_32") && !find(e, "swd_64"));
  EXPECT_FALSE(find(e, "fid"));
  EXPECT_TRUE(e.unmatched.empty() && e.refused.empty());
  EXPECT_EQ(e.outputs, 4);
}

TEST_F(EvaluateTest, FeaturesThatAreNotInceptionsAreNotCalledFid) {
  s_.style = path("style"), s_.content = path("content");
  Colours colours;
  const Evaluation e = evaluate(s_, &colours, null_sink());
  EXPECT_FALSE(find(e, "fid") || find(e, "kid"));
  ASSERT_TRUE(find(e, "frechet") && find(e, "kernel") && find(e, "kernel_all"));
  EXPECT_EQ(find(e, "frechet")->features, "colours");
  EXPECT_TRUE(find(e, "kernel")->deviation.has_value());
  EXPECT_TRUE(find(e, "frechet")->input.has_value());
  s_.size = 0;
  const Evaluation whole = evaluate(s_, &colours, null_sink());
  EXPECT_FALSE(find(whole, "swd"));
  EXPECT_NEAR(find(whole, "frechet")->value, find(e, "frechet")->value, 1e-6) << "32 px squares either way";
}

TEST_F(EvaluateTest, BadAndLonelyPicturesAreListed) {
  write_file(folder_ / "out/broken.png", "not a picture");
  write_image(folder_ / "out/alone.png", golden_picture(1, 20, 20, 8));
  write_file(folder_ / "truth/山水1.png", "");
  s_.truth = path("truth");
  const Evaluation e = evaluate(s_, null_sink());
  EXPECT_EQ(find(e, "l1")->n, 3);
  ASSERT_EQ(e.unmatched.size(), 2U);
  EXPECT_TRUE(e.unmatched[0].ends_with("alone.png"));
  ASSERT_EQ(e.refused.size(), 2U);
  EXPECT_TRUE(e.refused[0].file.ends_with("broken.png"));
  EXPECT_TRUE(e.refused[1].file.ends_with("山水1.png"));
  const std::string text = to_text(e);
  EXPECT_NE(text.find("山水1.png"), std::string::npos);
  EXPECT_NE(text.find("alone.png"), std::string::npos);
  const nlohmann::json json = to_json(e);
  EXPECT_EQ(json.at("unmatched").size(), 2U);
  EXPECT_EQ(json.at("scores")[0].at("key"), "l1");
}

TEST_F(EvaluateTest, NamesBelowFoldersWinOverBareNames) {
  fs::create_directories(folder_ / "out/a");
  fs::create_directories(folder_ / "out/b");
  fs::create_directories(folder_ / "truth/a");
  fs::create_directories(folder_ / "truth/b");
  const Image one = golden_picture(1, 16, 16, 9), two = golden_picture(2, 16, 16, 9);
  write_image(folder_ / "out/a/x.png", one);
  write_image(folder_ / "truth/a/x.png", one);
  write_image(folder_ / "out/b/x.png", two);
  write_image(folder_ / "truth/b/x.png", two);
  s_.outputs = path("out/a"), s_.truth = path("truth");
  EXPECT_THROW(evaluate(s_, null_sink()), Error) << "two files called x";
  s_.outputs = path("out");
  const Evaluation e = evaluate(s_, null_sink());
  EXPECT_EQ(find(e, "l1")->n, 6);
  EXPECT_TRUE(e.unmatched.empty());
}

TEST_F(EvaluateTest, SizesAreMadeEqualToTheTruths) {
  fs::remove_all(folder_ / "out");
  fs::create_directory(folder_ / "out");
  Image even(64, 48, 3), truth(32, 32, 3);
  for (uint8_t& v : even.samples<uint8_t>()) v = 100;
  for (uint8_t& v : truth.samples<uint8_t>()) v = 100;
  write_image(folder_ / "out/even.png", even);
  write_image(folder_ / "truth/even.png", truth);
  s_.truth = path("truth");
  const Evaluation e = evaluate(s_, null_sink());
  EXPECT_NEAR(find(e, "l1")->value, 0, 1e-12);
  EXPECT_EQ(find(e, "psnr")->value, 100) << "equal pictures count as 100 dB";
}

TEST_F(EvaluateTest, DoesNotDependOnThreadsAndLimitDrawsTheSamePictures) {
  s_.style = path("style"), s_.truth = path("truth"), s_.limit = 3, s_.threads = 1;
  Colours colours;
  const std::string one = to_json(evaluate(s_, &colours, null_sink())).dump();
  s_.threads = 3;
  EXPECT_EQ(to_json(evaluate(s_, &colours, null_sink())).dump(), one);
  EXPECT_EQ(evaluate(s_, &colours, null_sink()).outputs, 3);
}

TEST_F(EvaluateTest, SettingsThatMakeNoSenseAreRefused) {
  const auto refused = [&](auto change) {
    EvaluateSettings s = s_;
    s.style = path("style");
    change(s);
    try {
      evaluate(s, null_sink());
    } catch (const Error& error) {
      return error.kind() == ErrorKind::usage || error.kind() == ErrorKind::input ||
             error.kind() == ErrorKind::io;
    }
    return false;
  };
  EXPECT_TRUE(refused([](EvaluateSettings& s) { s.outputs.clear(); }));
  EXPECT_TRUE(refused([](EvaluateSettings& s) { s.style.clear(); }));
  EXPECT_TRUE(refused([](EvaluateSettings& s) { s.size = 100; }));
  EXPECT_TRUE(refused([](EvaluateSettings& s) { s.size = 0; }));
  EXPECT_TRUE(refused([](EvaluateSettings& s) { s.features = "missing.safetensors"; }));
  EXPECT_TRUE(refused([](EvaluateSettings& s) { s.style = "missing"; }));
  EXPECT_TRUE(refused([&](EvaluateSettings& s) {
    fs::create_directory(folder_ / "empty");
    s.style = path("empty");
  }));
}

class Stopped : public EventSink {
 public:
  void on_event(const Event&) override {}
  bool stop_requested() const override { return true; }
};

TEST_F(EvaluateTest, StopsWhenAsked) {
  s_.style = path("style");
  Stopped stopped;
  try {
    evaluate(s_, stopped);
    FAIL() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
}

TEST_F(EvaluateTest, SaysHowFarAMeanMayBeFromTheTruth) {
  for (int i = 4; i < 40; ++i) {
    const std::string name = fmt::format("{}.png", i);
    write_image(folder_ / "out" / name, golden_picture(i, 32, 32, 60));
    write_image(folder_ / "truth" / name, golden_picture(100 + i, 32, 32, 60));
  }
  s_.truth = path("truth");
  const Evaluation e = evaluate(s_, null_sink());
  const Score* score = find(e, "psnr");
  ASSERT_TRUE(score && score->interval);
  EXPECT_EQ(score->n, 40);
  ASSERT_EQ(e.pictures.size(), 40U);
  double mean = 0, squares = 0;
  for (const PictureScores& p : e.pictures) mean += p.values.at("psnr") / 40;
  for (const PictureScores& p : e.pictures) squares += std::pow(p.values.at("psnr") - mean, 2);
  EXPECT_NEAR(score->value, mean, 1e-9);
  // The normal approximation, which 40 means of means are near to; the bootstrap's spread has 1/n.
  const double deviation = std::sqrt(squares / 40 / 40);
  EXPECT_NEAR(score->interval->first, mean - 1.96 * deviation, .35 * deviation);
  EXPECT_NEAR(score->interval->second, mean + 1.96 * deviation, .35 * deviation);
  s_.threads = 1;
  EXPECT_EQ(find(evaluate(s_, null_sink()), "psnr")->interval, score->interval);
}

TEST_F(EvaluateTest, SeesTracesOfTheGenerator) {
  fs::remove_all(folder_ / "out");
  fs::create_directory(folder_ / "out");
  for (int i = 0; i < 2; ++i) {
    Image content = golden_picture(i, 128, 128, 40);
    write_image(folder_ / "content" / fmt::format("{}.png", i), content);
    for (int64_t y = 0; y < 128; ++y) {
      for (int64_t x = 0; x < 128; ++x) {
        for (int64_t c = 0; c < content.channels(); ++c) {
          uint8_t& v =
              content.samples<uint8_t>()[static_cast<size_t>((y * 128 + x) * content.channels() + c)];
          const int stripe = (x % 4 < 2 ? 30 : 0) + (y == 0 || x == 0 || y == 127 || x == 127 ? 90 : 0);
          v = static_cast<uint8_t>(std::min(255, v + stripe));
        }
      }
    }
    write_image(folder_ / "out" / fmt::format("{}.png", i), content);
  }
  s_.content = path("content");
  const Evaluation e = evaluate(s_, null_sink());
  for (const char* key : {"grid_peak", "edge_step"}) {
    const Score* score = find(e, key);
    ASSERT_TRUE(score && score->input) << key;
    EXPECT_EQ(score->against, "itself");
    EXPECT_GT(score->value, 1.3 * *score->input) << key;
  }
}

TEST_F(EvaluateTest, FindsCopiesAndShowsThemOnAPage) {
  write_image(folder_ / "style" / "<原作>.png", golden_picture(77, 32, 32, 60));
  write_image(folder_ / "out" / "copy & paste.png", golden_picture(77, 32, 32, 60));
  s_.style = path("style"), s_.content = path("content");
  Colours colours;
  const Evaluation e = evaluate(s_, &colours, null_sink());
  const auto copy = std::find_if(e.pictures.begin(), e.pictures.end(),
                                 [](const auto& p) { return p.output.ends_with("copy & paste.png"); });
  ASSERT_NE(copy, e.pictures.end());
  EXPECT_TRUE(copy->nearest.ends_with("<原作>.png")) << copy->nearest;
  EXPECT_EQ(copy->copied, 0);
  for (const PictureScores& p : e.pictures) {
    if (&p == &*copy) continue;
    EXPECT_GT(p.copied.value(), 0) << p.output;
  }
  const std::string page = to_page(e, "出力 <1>");
  EXPECT_NE(page.find("出力 &lt;1&gt;"), std::string::npos);
  EXPECT_NE(page.find("copy &amp; paste.png: share 0.0000"), std::string::npos);
  EXPECT_NE(page.find("alt=\"style: &lt;原作&gt;.png\" src=\"data:image/jpeg;base64,"), std::string::npos);
  EXPECT_EQ(page.find("<原作>"), std::string::npos);
  EXPECT_NE(page.find("<h2>Worst</h2>"), std::string::npos);
  EXPECT_NE(page.find("Outputs without a counterpart"), std::string::npos);
  fs::remove_all(folder_ / "out");  // gone since
  EXPECT_NE(to_page(e, "x").find("<h2>Best</h2>"), std::string::npos);
}

}  // namespace
}  // namespace linmo::measure
