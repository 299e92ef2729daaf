// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/resize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "linmo/image/convert.h"
#include "linmo/image/test_pictures.h"

namespace linmo {
namespace {

constexpr Filter kFilters[] = {Filter::box, Filter::bilinear, Filter::bicubic, Filter::lanczos};

double support(Filter filter) {
  return filter == Filter::box ? 0.5 : filter == Filter::bilinear ? 1 : filter == Filter::bicubic ? 2 : 3;
}

double weight(Filter filter, double x) {
  const double a = std::abs(x);
  if (filter == Filter::box) return x > -0.5 && x <= 0.5 ? 1 : 0;
  if (filter == Filter::bilinear) return a < 1 ? 1 - a : 0;
  if (filter == Filter::bicubic) {
    if (a < 1) return 1.5 * a * a * a - 2.5 * a * a + 1;
    return a < 2 ? -0.5 * a * a * a + 2.5 * a * a - 4 * a + 2 : 0;
  }
  if (a == 0) return 1;
  const double p = std::numbers::pi * a;
  return a < 3 ? 3 * std::sin(p) * std::sin(p / 3) / (p * p) : 0;
}

// The plain twin: one line of samples, in double, straight from the definition.
std::vector<double> resize_line(const std::vector<double>& line, int64_t to, Filter filter) {
  const auto from = static_cast<int64_t>(line.size());
  const double scale = double(from) / double(to), stretch = std::max(1.0, scale);
  std::vector<double> out;
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (double(i) + 0.5) * scale, reach = support(filter) * stretch;
    double sum = 0, weights = 0;
    for (int64_t k = 0; k < from; ++k) {
      const double position = double(k) + 0.5;
      if (position < centre - reach - 0.5 || position > centre + reach + 0.5) continue;
      const double w = weight(filter, (position - centre) / stretch);
      sum += w * line[static_cast<size_t>(k)];
      weights += w;
    }
    out.push_back(sum / weights);
  }
  return out;
}

// Float pictures only: premultiplied, both passes, straight again.
Image resize_slowly(const Image& image, int64_t width, int64_t height, Filter filter) {
  const int channels = image.channels();
  const auto value = [&](int64_t x, int64_t y, int c) {
    const auto pixel = image.row<float>(y).subspan(static_cast<size_t>(x * channels));
    const bool colour = image.has_alpha() && c < channels - 1;
    return double{pixel[static_cast<size_t>(c)]} *
           (colour ? double{pixel[static_cast<size_t>(channels) - 1]} : 1);
  };
  Image out(width, height, channels, Depth::f32);
  for (int c = channels - 1; c >= 0; --c) {
    std::vector<std::vector<double>> rows;
    for (int64_t y = 0; y < image.height(); ++y) {
      std::vector<double> line;
      for (int64_t x = 0; x < image.width(); ++x) line.push_back(value(x, y, c));
      rows.push_back(resize_line(line, width, filter));
    }
    for (int64_t x = 0; x < width; ++x) {
      std::vector<double> column;
      for (const auto& row : rows) column.push_back(row[static_cast<size_t>(x)]);
      const auto line = resize_line(column, height, filter);
      for (int64_t y = 0; y < height; ++y) {
        const auto pixel = out.row<float>(y).subspan(static_cast<size_t>(x * channels));
        double v = line[static_cast<size_t>(y)];
        if (image.has_alpha() && c < channels - 1) {
          v = pixel[static_cast<size_t>(channels) - 1] > 0 ? v / pixel[static_cast<size_t>(channels) - 1] : 0;
        }
        pixel[static_cast<size_t>(c)] = static_cast<float>(v);
      }
    }
  }
  return out;
}

struct Size {
  int64_t width, height;
};
constexpr Size kSizes[] = {{1, 1}, {1, 19}, {23, 1}, {17, 16}, {40, 33}, {7, 90}};

TEST(Resize, FloatEqualsThePlainTwinOnAwkwardSizes) {
  for (const auto [w, h] : kSizes) {
    for (const int channels : {1, 3}) {
      const Image image = noise(w, h, channels, Depth::f32);
      for (const auto [tw, th] : kSizes) {
        for (const Filter filter : kFilters) {
          const Image fast = resize(image, tw, th, filter), slow = resize_slowly(image, tw, th, filter);
          ASSERT_EQ(fast.width(), tw);
          ASSERT_EQ(fast.height(), th);
          for (size_t i = 0; i < slow.samples<float>().size(); ++i) {
            // Float sums of up to 90 products below 1.
            ASSERT_NEAR(fast.samples<float>()[i], slow.samples<float>()[i], 1e-5)
                << w << "x" << h << " to " << tw << "x" << th << ", filter " << static_cast<int>(filter);
          }
        }
      }
    }
  }
}

TEST(Resize, AlphaWeighsColours) {
  for (const int channels : {2, 4}) {
    Image image = noise(21, 14, channels, Depth::f32);
    for (const auto [tw, th] : kSizes) {
      for (const Filter filter : {Filter::box, Filter::bilinear}) {  // no overshoot: alpha stays above 0
        const Image fast = resize(image, tw, th, filter), slow = resize_slowly(image, tw, th, filter);
        for (size_t i = 0; i < slow.samples<float>().size(); ++i) {
          ASSERT_NEAR(fast.samples<float>()[i], slow.samples<float>()[i], 1e-4);
        }
      }
    }
  }
}

TEST(Resize, HiddenColoursDoNotBleed) {
  Image image(8, 8, 4);  // red where it shows, green where it does not
  for (int64_t y = 0; y < 8; ++y) {
    for (size_t x = 0; x < 8; ++x) {
      const auto pixel = image.row<uint8_t>(y).subspan(x * 4, 4);
      pixel[x < 4 ? 0 : 1] = 255;
      pixel[3] = x < 4 ? 255 : 0;
    }
  }
  for (const Filter filter : kFilters) {
    const Image out = resize(image, 5, 5, filter);
    for (size_t i = 0; i < out.samples<uint8_t>().size(); i += 4) {
      const auto pixel = out.samples<uint8_t>().subspan(i, 4);
      EXPECT_EQ(pixel[1], 0);
      EXPECT_TRUE(pixel[3] == 0 || pixel[0] == 255);
    }
  }
}

TEST(Resize, IntegersAreTheFloatsRounded) {
  for (const int channels : {1, 2, 3, 4}) {
    const Image deep = resize(noise(45, 31, channels, Depth::u16), 20, 17, Filter::bilinear);
    const Image real =
        resize(to_depth(noise(45, 31, channels, Depth::u16), Depth::f32), 20, 17, Filter::bilinear);
    EXPECT_LE(greatest_difference<uint16_t>(deep, to_depth(real, Depth::u16)), 1);
    const Image bytes = resize(noise(45, 31, channels), 20, 17, Filter::bilinear);
    const Image shown = resize(to_depth(noise(45, 31, channels), Depth::f32), 20, 17, Filter::bilinear);
    EXPECT_LE(greatest_difference<uint8_t>(bytes, to_depth(shown, Depth::u8)), 1);
  }
}

TEST(Resize, EqualsPillowWithinOneLevel) {
  const char* names[] = {"box", "bilinear", "bicubic", "lanczos"};
  struct Source {
    std::string name;
    int64_t width, height;
    int channels;
  };
  for (const auto& [name, width, height, channels] : {Source{"rgb", 19, 13, 3}, Source{"grey", 5, 17, 1}}) {
    const auto load = [&, c = channels](const std::string& file, int64_t w, int64_t h) {
      const auto bytes = read_file(golden_file("resize_" + file + ".raw"));
      Image image(w, h, c);
      EXPECT_EQ(bytes.size(), image.bytes().size()) << file;
      std::memcpy(image.samples<std::byte>().data(), bytes.data(),
                  std::min(bytes.size(), image.bytes().size()));
      return image;
    };
    const Image source = load(fmt::format("{}_{}x{}", name, width, height), width, height);
    for (size_t f = 0; f < 4; ++f) {
      for (const auto [w, h] : {Size{7, 5}, Size{31, 29}, Size{1, 1}, Size{18, 13}, Size{40, 3}}) {
        const Image expected = load(fmt::format("{}_{}_{}x{}", name, names[f], w, h), w, h);
        const int difference = greatest_difference<uint8_t>(resize(source, w, h, kFilters[f]), expected);
        EXPECT_GE(difference, 0);
        EXPECT_LE(difference, 1) << name << " " << names[f] << " " << w << "x" << h;
      }
    }
  }
}

TEST(Resize, NearestTakesTheSampleUnderTheCentre) {
  const Image image = noise(10, 6, 3, Depth::u16);
  const Image out = resize(image, 3, 13, Filter::nearest);
  for (int64_t y = 0; y < 13; ++y) {
    for (size_t x = 0; x < 3; ++x) {
      const size_t sx = (2 * x + 1) * 10 / 6;  // floor((x + ½) · 10/3)
      EXPECT_EQ(out.row<uint16_t>(y)[x * 3 + 2], image.row<uint16_t>((2 * y + 1) * 6 / 26)[sx * 3 + 2]);
    }
  }
}

TEST(Resize, SameSizeIsACopyAndNothingIsRefused) {
  const Image image = noise(9, 4, 4);
  for (const Filter filter : kFilters) EXPECT_EQ(resize(image, 9, 4, filter), image);
  EXPECT_THROW(resize(image, 0, 4), Error);
  EXPECT_THROW(resize(image, 4, -1), Error);
  EXPECT_THROW(resize(Image(), 4, 4), Error);
}

}  // namespace
}  // namespace linmo
