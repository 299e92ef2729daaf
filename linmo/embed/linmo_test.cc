// SPDX-License-Identifier: Apache-2.0
#include "linmo/embed/linmo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/embed/linmo_c.h"
#include "linmo/engine/random_weights.h"
#include "linmo/image/convert.h"
#include "linmo/model/styles.h"
#include "linmo/model/temporary_folder_test.h"
#include "linmo/net/builder.h"
#include "linmo/net/generators.h"

namespace linmo {
namespace {

struct Models {
  TemporaryFolder folder;
  std::filesystem::path save(net::Description d, const char* name) const {
    model::Model m;
    m.tensors = engine::random_weights(d, 3);
    m.network = std::move(d);
    model::save_model(folder / name, m);
    return folder / name;
  }
  std::filesystem::path negative() const {
    net::Builder b("negative", 3);
    b.add(net::ScaleShift{{-1}, {0}});
    return save(b.finish(), "底片.safetensors");
  }
  std::filesystem::path compact() const {
    return save(net::compact({.ngf = 8, .blocks = 1}), "compact.safetensors");
  }
  std::filesystem::path two_styles() const {
    model::Model m;
    m.network = net::compact({.ngf = 8, .blocks = 1});
    m.tensors = engine::random_weights(m.network, 3);
    m = model::with_styles(m, {"山水", "ukiyoe"});
    Random random(9);
    for (auto& [name, tensor] : m.tensors) {
      std::vector<float> values = tensor.floats();
      for (float& v : values) v += static_cast<float>(0.3 * random.uniform());
      tensor = model::Tensor::from_floats(tensor.shape(), values);
    }
    model::save_model(folder / "两.safetensors", m);
    return folder / "两.safetensors";
  }
};

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

ErrorKind kind_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
    return error.kind();
  }
  ADD_FAILURE() << "nothing was refused";
  return ErrorKind::numeric;
}

TEST(Embed, PixelsInPixelsOut) {
  const Models models;
  const Stylizer s = Stylizer::load(models.negative(), {.precision = StylizerOptions::Precision::fp32});
  const PictureFormat rgb{.width = 2, .height = 1};
  EXPECT_EQ(s.result_format(rgb), rgb);
  std::vector<std::byte> out(6);
  s.apply(bytes({0, 10, 255, 3, 4, 5}), rgb, out);
  EXPECT_EQ(out, bytes({255, 245, 0, 252, 251, 250}));
  // Grey becomes RGB; alpha stays.
  const PictureFormat grey{.width = 1, .height = 1, .channels = 2};
  EXPECT_EQ(s.result_format(grey).channels, 4);
  out.resize(4);
  s.apply(bytes({100, 200}), grey, out);
  EXPECT_EQ(out, bytes({155, 155, 155, 200}));
  // Other samples.
  const float in_float[3] = {0.25f, 0.5f, 1.0f};
  float out_float[3] = {};
  s.apply(std::as_bytes(std::span(in_float)), {.width = 1, .height = 1, .sample = PictureFormat::Sample::f32},
          std::as_writable_bytes(std::span(out_float)));
  EXPECT_NEAR(out_float[0], 0.75f, 1e-6);
  EXPECT_NEAR(out_float[2], 0.0f, 1e-6);
  const uint16_t in16[3] = {0, 1000, 65535};
  uint16_t out16[3] = {};
  s.apply(std::as_bytes(std::span(in16)), {.width = 1, .height = 1, .sample = PictureFormat::Sample::u16},
          std::as_writable_bytes(std::span(out16)));
  EXPECT_EQ(out16[1], 64535);  // 65535 − 1000
}

TEST(Embed, PremultipliedColoursStayPremultiplied) {
  const Models models;
  const Stylizer s = Stylizer::load(models.negative());
  const PictureFormat f{.width = 2, .height = 1, .channels = 4, .premultiplied = true};
  std::vector<std::byte> out(8);
  // Half-transparent grey of 100 / 128 · 255 = 199 → 56, times 128 / 255; and a transparent pixel.
  s.apply(bytes({100, 100, 100, 128, 0, 0, 0, 0}), f, out);
  EXPECT_EQ(out, bytes({28, 28, 28, 128, 0, 0, 0, 0}));
}

TEST(Embed, ModelsFromMemoryAreTheSame) {
  const Models models;
  const std::vector<std::byte> file = read_file(models.compact());
  const Stylizer a = Stylizer::load(models.compact()), b = Stylizer::load(file, {.threads = 1});
  const PictureFormat f{.width = 19, .height = 13};
  std::vector<std::byte> in(f.bytes()), one(f.bytes()), two(f.bytes());
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::byte>(i * 37 % 251);
  a.apply(in, f, one);
  b.apply(in, f, two);
  EXPECT_EQ(one, two);
  a.apply(in, f, two, {.strength = 0});
  EXPECT_EQ(in, two);
  EXPECT_FALSE(a.about().empty());
  EXPECT_EQ(kind_of([&] { Stylizer::load(std::span(file).first(file.size() / 2)); }), ErrorKind::input);
}

TEST(Embed, AModelOfSeveralStylesIsLoadedInOne) {
  const Models models;
  const std::filesystem::path file = models.two_styles();
  const PictureFormat f{.width = 20, .height = 16};
  const std::vector<std::byte> in(f.bytes(), std::byte{90});
  const auto paint = [&](const Stylizer& s) {
    std::vector<std::byte> out(f.bytes());
    s.apply(in, f, out);
    return out;
  };
  const auto ink = paint(Stylizer::load(file, {.style = "山水"}));
  EXPECT_EQ(paint(Stylizer::load(read_file(file), {.style = "山水:2,ukiyoe:0"})), ink);
  EXPECT_NE(paint(Stylizer::load(file, {.style = "ukiyoe"})), ink);
  EXPECT_EQ(kind_of([&] { Stylizer::load(file); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { Stylizer::load(file, {.style = "monet"}); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { Stylizer::load(models.negative(), {.style = "ukiyoe"}); }), ErrorKind::usage);

  linmo_stylizer* s = nullptr;
  ASSERT_EQ(linmo_load_style(to_utf8(file).c_str(), "山水", LINMO_AUTOMATIC, 0, &s), LINMO_OK)
      << linmo_error();
  const linmo_format format{20, 16, 3, LINMO_U8, 0};
  std::vector<std::byte> out(f.bytes());
  ASSERT_EQ(linmo_apply(s, in.data(), in.size(), &format, out.data(), out.size(), nullptr), LINMO_OK);
  EXPECT_EQ(out, ink);
  linmo_free(s);
  const std::vector<std::byte> bytes_of_file = read_file(file);
  ASSERT_EQ(
      linmo_load_bytes_style(bytes_of_file.data(), bytes_of_file.size(), "ukiyoe", LINMO_AUTOMATIC, 0, &s),
      LINMO_OK);
  linmo_free(s);
  EXPECT_EQ(linmo_load(to_utf8(file).c_str(), LINMO_AUTOMATIC, 0, &s), LINMO_USAGE);
  EXPECT_NE(std::string(linmo_error()).find("山水, ukiyoe"), std::string::npos) << linmo_error();
}

TEST(Embed, ManyThreadsOneModel) {
  const Models models;
  const Stylizer s =
      Stylizer::load(models.compact(), {.precision = StylizerOptions::Precision::fp32, .threads = 1});
  const PictureFormat f{.width = 32, .height = 24};
  std::vector<std::byte> in(f.bytes(), std::byte{77});
  in[5] = std::byte{200};
  std::vector<std::vector<std::byte>> results(4, std::vector<std::byte>(f.bytes()));
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { s.apply(in, f, result); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

TEST(Embed, ProgressCanStop) {
  const Models models;
  const Stylizer s = Stylizer::load(models.compact());
  const PictureFormat f{.width = 900, .height = 700};
  std::vector<std::byte> in(f.bytes()), out(f.bytes());
  std::vector<double> seen;
  StyleSettings settings{.memory_bytes = 16 << 20};  // tiles
  settings.progress = [&](double done) {
    seen.push_back(done);
    return true;
  };
  s.apply(in, f, out, settings);
  ASSERT_GE(seen.size(), 3u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.front(), 0);
  EXPECT_EQ(seen.back(), 1);
  settings.progress = [](double done) { return done < 0.3; };
  EXPECT_EQ(kind_of([&] { s.apply(in, f, out, settings); }), ErrorKind::cancelled);
  settings.progress = [](double) -> bool { throw std::runtime_error("mine"); };
  EXPECT_THROW(s.apply(in, f, out, settings), std::runtime_error);
}

TEST(Embed, RefusesWhatDoesNotFit) {
  const Models models;
  const Stylizer s = Stylizer::load(models.negative());
  std::vector<std::byte> in(12), out(12);
  const PictureFormat f{.width = 2, .height = 2};
  EXPECT_EQ(kind_of([&] { s.apply(std::span(in).first(11), f, out); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { s.apply(in, f, std::span(out).first(11)); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { s.apply(in, f, in); }), ErrorKind::usage);
  for (const PictureFormat& bad :
       {PictureFormat{.width = 0, .height = 2}, PictureFormat{.width = 2, .height = -2},
        PictureFormat{.width = 2, .height = 2, .channels = 5},
        PictureFormat{.width = 1 << 30, .height = 1 << 30},
        PictureFormat{.width = 2, .height = 2, .sample = PictureFormat::Sample{3}}})
    EXPECT_EQ(kind_of([&] { s.result_format(bad); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { s.apply(in, f, out, {.strength = 2}); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([] { Stylizer::load("/nowhere/model.safetensors"); }), ErrorKind::io);
  EXPECT_EQ(kind_of([&] { Stylizer::load(models.negative(), {.threads = -1}); }), ErrorKind::usage);
}

TEST(EmbedC, TheSameThroughC) {
  const Models models;
  linmo_stylizer* s = nullptr;
  ASSERT_EQ(linmo_load(to_utf8(models.negative()).c_str(), LINMO_FP32, 1, &s), LINMO_OK) << linmo_error();
  EXPECT_STREQ(linmo_error(), "");
  const linmo_format in{2, 1, 3, LINMO_U8, 0};
  linmo_format out{};
  size_t size = 0;
  ASSERT_EQ(linmo_result_format(s, &in, &out, &size), LINMO_OK);
  EXPECT_EQ(size, 6u);
  EXPECT_EQ(out.channels, 3);
  const uint8_t pixels[6] = {0, 10, 255, 3, 4, 5};
  uint8_t result[6] = {};
  ASSERT_EQ(linmo_apply(s, pixels, 6, &in, result, 6, nullptr), LINMO_OK) << linmo_error();
  EXPECT_EQ(result[1], 245);
  linmo_settings settings;
  linmo_settings_init(&settings);
  settings.strength = 0;
  int calls = 0;
  settings.user = &calls;
  settings.progress = [](void* user, double) { return ++*static_cast<int*>(user); };
  ASSERT_EQ(linmo_apply(s, pixels, 6, &in, result, 6, &settings), LINMO_OK);
  EXPECT_EQ(std::memcmp(pixels, result, 6), 0);
  EXPECT_GE(calls, 2);
  settings.progress = [](void*, double) { return 0; };
  EXPECT_EQ(linmo_apply(s, pixels, 6, &in, result, 6, &settings), LINMO_CANCELLED);
  linmo_free(s);
  linmo_free(nullptr);
}

TEST(EmbedC, EveryMistakeIsAStatusAndASentence) {
  const Models models;
  linmo_stylizer* s = reinterpret_cast<linmo_stylizer*>(&s);
  EXPECT_EQ(linmo_load("/nowhere.safetensors", LINMO_AUTOMATIC, 0, &s), LINMO_IO);
  EXPECT_EQ(s, nullptr);
  EXPECT_NE(std::string(linmo_error()).find("nowhere"), std::string::npos);
  EXPECT_EQ(linmo_load(nullptr, LINMO_AUTOMATIC, 0, &s), LINMO_USAGE);
  EXPECT_EQ(linmo_load("x", LINMO_AUTOMATIC, 0, nullptr), LINMO_USAGE);
  EXPECT_EQ(linmo_load_bytes("{}", 2, LINMO_AUTOMATIC, 0, &s), LINMO_INPUT);
  ASSERT_EQ(linmo_load(to_utf8(models.negative()).c_str(), LINMO_AUTOMATIC, 0, &s), LINMO_OK);
  linmo_format f{2, 1, 3, 300, 0}, out{};
  EXPECT_EQ(linmo_result_format(s, &f, &out, nullptr), LINMO_USAGE);
  f.sample = LINMO_U8;
  uint8_t buffer[12] = {};
  EXPECT_EQ(linmo_apply(s, buffer, 6, &f, buffer + 6, 5, nullptr), LINMO_USAGE);
  EXPECT_EQ(linmo_apply(s, nullptr, 6, &f, buffer, 6, nullptr), LINMO_USAGE);
  linmo_settings unset{};
  EXPECT_EQ(linmo_apply(s, buffer, 6, &f, buffer + 6, 6, &unset), LINMO_USAGE);
  linmo_free(s);
  EXPECT_STREQ(linmo_version(), LINMO_VERSION);
}

}  // namespace
}  // namespace linmo
