// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "linmo/core/error.h"
#include "linmo/core/random.h"

namespace linmo {
namespace {

std::vector<Picture> pictures(int count, int per_work = 1) {
  std::vector<Picture> out(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    out[i].file = fmt::format("{}.png", i);
    out[i].work = fmt::format("w{}", i / per_work);
    out[i].culture = i % 4 == 0 && per_work == 1 ? "B" : "A";
  }
  return out;
}

std::map<std::string, int> count(const std::vector<Picture>& list, std::string_view culture = {}) {
  std::map<std::string, int> counts;
  for (const Picture& p : list) {
    if (culture.empty() || p.culture == culture) counts[p.split]++;
  }
  return counts;
}

TEST(Split, ReadsShares) {
  const SplitShares s = parse_split("80,15,5");
  EXPECT_DOUBLE_EQ(s.train, 0.8);
  EXPECT_DOUBLE_EQ(s.val, 0.15);
  EXPECT_DOUBLE_EQ(s.test, 0.05);
  EXPECT_DOUBLE_EQ(parse_split("1,0").train, 1);
  for (const char* bad : {"", "1", "a,b", "1,2,3,4", "-1,2", "0,0", "1,", "0.5,nan", "1;2"})
    EXPECT_THROW(parse_split(bad), Error) << bad;
}

TEST(Split, GivesEveryCultureItsShares) {
  auto list = pictures(400);
  EXPECT_EQ(assign_splits(list, {}, 7), 0);
  EXPECT_EQ(count(list, "B"), (std::map<std::string, int>{{"train", 80}, {"val", 10}, {"test", 10}}));
  EXPECT_EQ(count(list, "A"), (std::map<std::string, int>{{"train", 240}, {"val", 30}, {"test", 30}}));
}

TEST(Split, DoesNotDependOnTheOrderOfRowsButOnTheSeed) {
  auto list = pictures(200), other = list, seeded = list;
  Random random(1);
  random.shuffle(std::span(other));
  assign_splits(list, {}, 7);
  assign_splits(other, {}, 7);
  assign_splits(seeded, {}, 8);
  std::sort(other.begin(), other.end(),
            [](const Picture& a, const Picture& b) { return std::stoi(a.file) < std::stoi(b.file); });
  EXPECT_EQ(list, other);
  EXPECT_NE(list, seeded);
}

TEST(Split, KeepsWorksTogether) {
  auto list = pictures(300, 3);
  assign_splits(list, {0.5, 0.25, 0.25}, 1);
  for (size_t i = 0; i < list.size(); i += 3) {
    EXPECT_EQ(list[i].split, list[i + 1].split);
    EXPECT_EQ(list[i].split, list[i + 2].split);
  }
  EXPECT_EQ(count(list)["train"], 150);
}

TEST(Split, KeepsWhatIsGivenAndLetsNothingLearntIntoTheTest) {
  auto list = pictures(4, 2);
  list[0].split = "test";
  list[1].split = "train";
  list[3].split = "test";
  EXPECT_EQ(assign_splits(list, {}, 1), 1);
  EXPECT_EQ(list[0].split, "train");
  EXPECT_EQ(list[1].split, "train");
  EXPECT_EQ(list[2].split, "test");
  EXPECT_EQ(list[3].split, "test");
}

TEST(Split, NeverUsesAShareOfZero) {
  auto list = pictures(30);
  assign_splits(list, parse_split("0.5,0.5"), 3);
  EXPECT_EQ(count(list)["test"], 0);
  auto one = pictures(1);
  assign_splits(one, {}, 3);
  EXPECT_EQ(one[0].split, "train");
}

}  // namespace
}  // namespace linmo
