// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/duplicates.h"

#include <gtest/gtest.h>

#include <bit>

#include "linmo/collection/test_pictures.h"
#include "linmo/core/error.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"

namespace linmo {
namespace {

Fingerprint print_of(const Image& image, const std::string& id) {
  const Measures m = measure_picture(image, image.width());
  return {id, m.pixels_sha256, m.phash, m.thumbnail, image.width(), image.height(), m.uniform};
}

Image reencoded(const Image& image, int quality) {
  EncodeOptions options;
  options.quality = quality;
  return decode_image(encode_image(image, ImageFormat::jpeg, options), {}, "test");
}

// Variants of one picture that people meet: a poorer JPEG, a smaller copy, a copy cropped by 5 %.
std::vector<Image> variants(const Image& p) {
  const int64_t w = p.width(), h = p.height();
  return {reencoded(p, 60), reencoded(resize(p, w * 2 / 3, h * 2 / 3), 90), crop(p, w / 20, 0, w - w / 20, h),
          crop(p, w / 40, h / 40, w - w / 20, h - h / 20)};
}

TEST(Duplicates, FindsCopiesAndNothingElse) {
  constexpr size_t kPaintings = 60;
  std::vector<Fingerprint> prints;
  std::vector<size_t> truth;
  for (size_t i = 0; i < kPaintings; ++i) {
    const Image p = painting(i, 200 + static_cast<int64_t>(i % 3) * 40, 200);
    prints.push_back(print_of(p, std::to_string(prints.size())));
    truth.push_back(prints.size() - 1);
    const size_t original = truth.back();
    for (const Image& v : variants(p)) {
      prints.push_back(print_of(v, std::to_string(prints.size())));
      truth.push_back(original);
    }
  }
  const DuplicateReport report = find_duplicates(prints);
  size_t missed = 0;
  for (size_t i = 0; i < prints.size(); ++i) {
    if (report.group[i] == truth[i]) continue;
    // Never with a stranger; a crop may be missed.
    EXPECT_EQ(report.group[i], i);
    EXPECT_GE((i - truth[i]), 3u) << "a re-encoded or reduced copy was missed";
    ++missed;
  }
  EXPECT_LE(missed, kPaintings * 4 / 20);
}

TEST(Duplicates, TellsSameFileFromSamePixels) {
  Fingerprint a = print_of(painting(1), "a"), b = a, c = a, flat = print_of(Image(50, 50, 3), "f");
  c.file_sha256 = "c";  // the same picture with other metadata in the file
  Fingerprint other_flat = flat;
  other_flat.file_sha256 = "g";
  other_flat.pixels_sha256 = "other";
  const DuplicateReport r = find_duplicates(std::vector{a, flat, b, c, other_flat});
  ASSERT_EQ(r.duplicates.size(), 2u);
  EXPECT_EQ(r.duplicates[0].picture, 2u);
  EXPECT_EQ(r.duplicates[0].of, 0u);
  EXPECT_EQ(r.duplicates[0].kind, Duplicate::Kind::same_file);
  EXPECT_EQ(r.duplicates[1].picture, 3u);
  EXPECT_EQ(r.duplicates[1].kind, Duplicate::Kind::same_pixels);
  // Flat pictures are alike to any hash; only exact copies of them are duplicates.
  EXPECT_EQ(r.group, (std::vector<size_t>{0, 1, 0, 0, 4}));
}

TEST(Duplicates, MultiIndexSearchFindsWhatComparingAllFinds) {
  Random random(3);
  std::vector<Fingerprint> prints;
  const Thumbnail t = thumbnail(painting(1));
  for (int i = 0; i < 300; ++i) {
    // Clusters of hashes, up to some twenty bits apart.
    uint64_t hash = mix(static_cast<uint64_t>(i % 30), 9);
    for (int64_t flips = random.below(12); flips > 0; --flips) hash ^= uint64_t{1} << random.below(64);
    prints.push_back({std::to_string(i), std::to_string(i), hash, t, 10, 10, false});
  }
  for (const int distance : {0, 1, 2, 3, 7, 16, 21}) {
    const DuplicateReport fast = find_duplicates(prints, {.max_distance = distance});
    std::vector<size_t> group(prints.size());
    for (size_t i = 0; i < prints.size(); ++i) group[i] = i;
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = 0; i < prints.size(); ++i) {
        for (size_t j = 0; j < prints.size(); ++j) {
          if (std::popcount(prints[i].phash ^ prints[j].phash) <= distance && group[j] < group[i])
            group[i] = group[j], changed = true;
        }
      }
    }
    EXPECT_EQ(fast.group, group) << distance;
  }
  EXPECT_THROW(find_duplicates(prints, {.max_distance = 40}), Error);
}

TEST(Duplicates, ChecksTheSecondLookAndTheAspect) {
  Fingerprint a = print_of(painting(1), "a"), squashed = a, impostor = a;
  squashed.file_sha256 = squashed.pixels_sha256 = "s";
  squashed.width = a.width * 5 / 4;
  impostor.file_sha256 = impostor.pixels_sha256 = "i";
  impostor.thumbnail = thumbnail(painting(2));
  const DuplicateReport r = find_duplicates(std::vector{a, squashed, impostor});
  EXPECT_TRUE(r.duplicates.empty());
  EXPECT_EQ(find_duplicates(std::vector{a, squashed}, {.max_aspect = 1.3}).duplicates.size(), 1u);
}

TEST(Duplicates, RegistersCrops) {
  const Image p = painting(7, 300, 240);
  const Thumbnail whole = thumbnail(p), cropped = thumbnail(crop(p, 18, 6, 276, 226));
  EXPECT_GT(registered_correlation(whole, cropped), 0.97);
  EXPECT_GT(registered_correlation(cropped, whole), 0.97);
  EXPECT_GT(registered_correlation(whole, whole), 0.9999);
  EXPECT_LT(registered_correlation(whole, thumbnail(painting(8, 300, 240))), 0.9);
  EXPECT_EQ(registered_correlation(whole, Thumbnail{}), 0);
}

}  // namespace
}  // namespace linmo
